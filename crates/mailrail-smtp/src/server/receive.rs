//! How a server receives messages.

use super::{
    BLOCK, Server,
    event::Refusal,
    judge::is_over,
    replies::{self, Canned},
    state::{Chunks, Meter, Ready, Receiving, State, Then},
};
use crate::{
    command::{Bdat, Body},
    line_ends::LineEndings,
};
use mailrail_wire::{Input, Unstuffed, Unstuffer};

/// The deadline moves on when about so many bytes were skipped.
const SKIPPED: u64 = 1_024;

impl Server {
    /// A message by DATA.
    pub(super) fn receiving(&self) -> State {
        let text = if self.config.pass_bare_line_ends {
            Unstuffer::unchecked()
        } else {
            Unstuffer::default()
        };
        State::Receiving(Receiving { text, meter: Meter::default() })
    }

    /// A chunk by BDAT, that is wanted.
    pub(super) fn receive_chunk(&mut self, bdat: Bdat) {
        let is_binary =
            self.session.body == Some(Body::BinaryMime) || self.config.pass_bare_line_ends;
        self.session.chunks.get_or_insert_with(|| {
            let endings = (!is_binary).then(LineEndings::default);
            Chunks { endings, ..Chunks::default() }.into()
        });
        self.state = State::Chunk(bdat);
    }

    /// A chunk that is not wanted.
    pub(super) fn skip_chunk(&mut self, bdat: Bdat, reply: Canned) -> Option<Ready> {
        let times = self.replies_to_chunk(bdat);
        self.state = State::Skipping(bdat.size, Then::Say(reply, times));
        let had_begun = self.session.chunks.as_ref().is_some_and(|chunks| !chunks.failed);
        if self.session.recipients.is_some_and(|recipients| recipients > 0) && self.offer.chunking {
            self.session.fail_chunks();
        }
        had_begun.then_some(Ready::Aborted(Refusal::TooLarge))
    }

    /// One, but for the last chunk in LMTP (RFC 2033 §4.3).
    pub(super) const fn replies_to_chunk(&self, bdat: Bdat) -> usize {
        match self.session.recipients {
            Some(recipients) if self.config.lmtp && bdat.last => recipients,
            _ => 1,
        }
    }

    /// Notes bytes of the message; a refusal where they are its first reason.
    fn measure(
        &self,
        meter: &mut Meter,
        bytes: &[u8],
        used: usize,
        has_bare: bool,
    ) -> Option<Refusal> {
        let len = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        meter.size = meter.size.saturating_add(len);
        meter.progress = meter.progress.saturating_add(used);
        if meter.refused.is_none() {
            meter.refused = if has_bare {
                Some(Refusal::BareLineEnd)
            } else if is_over(self.offer.size, meter.size) {
                Some(Refusal::TooLarge)
            } else if self.config.refuse_eight_bit
                && matches!(self.session.body, None | Some(Body::SevenBit))
                && !bytes.is_ascii()
            {
                Some(Refusal::EightBit)
            } else {
                return None;
            };
            return meter.refused;
        }
        None
    }

    /// The deadline moves on when enough has come.
    const fn has_progressed(meter: &mut Meter) -> bool {
        let is_block = meter.progress >= BLOCK;
        if is_block {
            meter.progress = 0;
        }
        is_block
    }

    pub(super) fn look_at_message(&mut self, input: &mut Input) -> Option<Ready> {
        let State::Receiving(receiving) = &mut self.state else { return None };
        let mut receiving = core::mem::take(receiving);
        let ready = self.read_message(&mut receiving, input);
        if let State::Receiving(kept) = &mut self.state {
            *kept = receiving;
        }
        ready
    }

    fn read_message(&mut self, receiving: &mut Receiving, input: &mut Input) -> Option<Ready> {
        let Receiving { text, meter } = receiving;
        loop {
            let (skip, len) = match text.next(input.bytes()) {
                Unstuffed::More => return None,
                Unstuffed::Text { skip, len } => (skip, len),
                Unstuffed::End(len) => {
                    input.take(len);
                    return self.end_of_message(meter.refused);
                }
            };
            let bytes = input.bytes().get(skip..skip + len).unwrap_or_default();
            let refusal = self.measure(meter, bytes, skip + len, text.has_bare_line_end());
            if Self::has_progressed(meter) {
                self.deadline = None;
            }
            if refusal.is_none() && meter.refused.is_none() && len > 0 {
                return Some(Ready::Message { skip, len });
            }
            input.take(skip + len);
            if let Some(refusal) = refusal {
                return Some(Ready::Aborted(refusal));
            }
        }
    }

    /// The message is whole, and told or refused.
    fn end_of_message(&mut self, refused: Option<Refusal>) -> Option<Ready> {
        self.deadline = None;
        self.state = State::Commands;
        let Some(refusal) = refused else { return Some(Ready::EndOfMessage) };
        let times = if self.config.lmtp { self.session.recipients.unwrap_or_default() } else { 1 };
        self.session.end_message();
        for _ in 0..times {
            self.say(&canned(refusal));
        }
        None
    }

    pub(super) fn look_at_chunk(&mut self, input: &mut Input) -> Option<Ready> {
        let State::Chunk(bdat) = self.state else { return None };
        let mut chunks = self.session.chunks.take()?;
        let ready = self.read_chunk(bdat, &mut chunks, input);
        // Where the message has ended, so have its chunks.
        if self.session.recipients.is_some() {
            self.session.chunks = Some(chunks);
        }
        ready
    }

    fn read_chunk(
        &mut self,
        mut bdat: Bdat,
        chunks: &mut Chunks,
        input: &mut Input,
    ) -> Option<Ready> {
        loop {
            if bdat.size == 0 {
                return self.end_of_chunk(bdat.last, chunks);
            }
            let all = input.bytes();
            let len = usize::try_from(bdat.size).unwrap_or(usize::MAX).min(all.len());
            let bytes = all.get(..len).filter(|bytes| !bytes.is_empty())?;
            let mut has_bare =
                chunks.endings.as_mut().is_some_and(|endings| endings.has_bare(bytes));
            bdat.size = bdat.size.saturating_sub(u64::try_from(len).unwrap_or(u64::MAX));
            if bdat.last && bdat.size == 0 {
                has_bare |= chunks.endings.as_ref().is_some_and(LineEndings::is_cut);
            }
            self.state = State::Chunk(bdat);
            let refusal = self.measure(&mut chunks.meter, bytes, len, has_bare);
            if Self::has_progressed(&mut chunks.meter) {
                self.deadline = None;
            }
            if refusal.is_none() && chunks.meter.refused.is_none() {
                return Some(Ready::Message { skip: 0, len });
            }
            input.take(len);
            if let Some(refusal) = refusal {
                return Some(Ready::Aborted(refusal));
            }
        }
    }

    fn end_of_chunk(&mut self, last: bool, chunks: &mut Chunks) -> Option<Ready> {
        let is_cut = || chunks.endings.as_ref().is_some_and(LineEndings::is_cut);
        if last && chunks.meter.refused.is_none() && is_cut() {
            // The last chunk is empty, and the one before it ended in a CR.
            chunks.meter.refused = Some(Refusal::BareLineEnd);
            return Some(Ready::Aborted(Refusal::BareLineEnd));
        }
        if last {
            return self.end_of_message(chunks.meter.refused);
        }
        self.deadline = None;
        self.state = State::Commands;
        let Some(refusal) = chunks.meter.refused else { return Some(Ready::EndOfChunk) };
        chunks.failed = true;
        self.say(&canned(refusal));
        None
    }

    /// Skips what has come of a chunk.
    pub(super) fn skip(&mut self, input: &mut Input) {
        let State::Skipping(left, then) = &mut self.state else { return };
        let most = usize::try_from(*left).unwrap_or(usize::MAX);
        let len = u64::try_from(input.take(most).len()).unwrap_or(u64::MAX);
        let before = *left;
        *left = left.saturating_sub(len);
        if *left > 0 {
            // The deadline moves on when enough has come.
            if *left / SKIPPED != before / SKIPPED {
                self.deadline = None;
            }
            return;
        }
        let then = core::mem::replace(then, Then::Say(replies::OK, 0));
        self.state = State::Commands;
        self.deadline = None;
        match then {
            Then::Said(reply) => self.output.payload(reply),
            Then::Say(reply, times) => {
                for _ in 0..times {
                    // What was pipelined behind a refused chunk is no error of its own.
                    if self.session.chunks.is_some() {
                        self.say(&reply);
                    } else {
                        self.answer(&reply);
                    }
                }
            }
        }
    }
}

const fn canned(refusal: Refusal) -> Canned {
    match refusal {
        Refusal::TooLarge => replies::TOO_LARGE,
        Refusal::BareLineEnd => replies::BARE_LINE_END,
        Refusal::EightBit => replies::EIGHT_BIT,
    }
}
