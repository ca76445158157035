//! The commands that wait: to be sent, or for their answers.

use super::{Tag, Verb, pipeline};
use crate::{Command, Misuse};
use alloc::{boxed::Box, collections::VecDeque};
use pipeline::Touches;

/// Holds no memory when it is empty.
#[derive(Debug, Default)]
pub(super) struct Queue {
    /// What is sent; the last of them may not be written to its end.
    sent: VecDeque<Sent>,
    held: VecDeque<Held>,
    /// How many commands there were.
    count: u32,
    /// What must be answered before anything else can be given.
    decisive: Option<u32>,
    /// How many of the commands may change sequence numbers.
    renumbering: u32,
}

#[derive(Debug, Clone, Copy)]
struct Sent {
    tag: u32,
    verb: Verb,
    touches: Touches,
    renumbers: bool,
}

/// A command that is not sent yet.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) tag: u32,
    pub(super) command: Box<Command<'static>>,
    /// It is an IDLE, and to be ended as soon as it has begun.
    pub(super) done: bool,
}

impl Queue {
    /// Whether a further command can be given behind those that wait.
    pub(super) const fn is_open(&self) -> bool {
        self.decisive.is_none()
    }

    /// Whether sequence numbers may change before a further command is sent.
    pub(super) const fn is_renumbering(&self) -> bool {
        self.renumbering > 0
    }

    pub(super) fn hold(&mut self, command: Command<'static>) -> Tag {
        self.count = self.count.wrapping_add(1);
        let tag = self.count;
        if pipeline::decides(Verb::of(&command)) {
            self.decisive = Some(tag);
        }
        self.renumbering += u32::from(pipeline::renumbers(&command));
        self.held.push_back(Held { tag, command: Box::new(command), done: false });
        Tag(tag)
    }

    /// Lets commands be given behind an IDLE that will be ended.
    pub(super) const fn open(&mut self) {
        self.decisive = None;
    }

    /// Ends an IDLE that is not sent yet.
    pub(super) fn end_idle(&mut self) -> Result<(), Misuse> {
        match self.held.back_mut() {
            Some(Held { command, done: done @ false, .. }) if **command == Command::Idle => {
                *done = true;
                Ok(())
            }
            _ => Err(Misuse::NotNow),
        }
    }

    /// The next command that may be sent now: it counts as sent.
    pub(super) fn release(&mut self, most: usize) -> Option<Held> {
        let next = self.held.front()?;
        let touches = Touches::of(&next.command);
        let may = self.sent.is_empty()
            || self.sent.len() < most
                && self.sent.iter().all(|sent| touches.may_follow(sent.touches));
        if !may {
            return None;
        }
        let held = self.held.pop_front()?;
        if self.held.is_empty() {
            self.held = VecDeque::new();
        }
        self.sent.push_back(Sent {
            tag: held.tag,
            verb: Verb::of(&held.command),
            touches,
            renumbers: pipeline::renumbers(&held.command),
        });
        Some(held)
    }

    /// Whether a command of that number is sent and not answered.
    pub(super) fn has_sent(&self, tag: u32) -> bool {
        self.sent.iter().any(|sent| sent.tag == tag)
    }

    /// Whether it was the last to be sent.
    pub(super) fn is_last_sent(&self, tag: u32) -> bool {
        self.sent.back().is_some_and(|sent| sent.tag == tag)
    }

    /// Whether such a command is sent and not answered.
    pub(super) fn awaits(&self, verb: Verb) -> bool {
        self.sent.iter().any(|sent| sent.verb == verb)
    }

    /// Whether no answer is awaited.
    pub(super) fn is_quiet(&self) -> bool {
        self.sent.is_empty()
    }

    /// Takes out the command that is answered now.
    pub(super) fn answered(&mut self, tag: u32) -> Option<Verb> {
        let at = self.sent.iter().position(|sent| sent.tag == tag)?;
        let sent = self.sent.remove(at)?;
        self.renumbering -= u32::from(sent.renumbers);
        if self.decisive == Some(tag) {
            self.decisive = None;
        }
        if self.sent.is_empty() {
            self.sent = VecDeque::new();
        }
        Some(sent.verb)
    }
}
