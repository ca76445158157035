//! What the machines that ask name servers share: their way from one step to the next.

use crate::{
    Error,
    answer::Answer,
    asker::{Asker, Said},
};
use alloc::vec::Vec;
use core::mem;
use mailrail_wire::{Input, Step, Time};

/// How far a machine is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Stage {
    Asking,
    /// Another event than the last is ready: an [`Asker`]'s word.
    Server(usize),
    Validate,
    /// The last event is ready.
    Done,
    Over,
    Failed(Error),
}

/// An event of such a machine; `F` is what it has found in the end.
pub(crate) enum Told<F> {
    Found(F),
    Server(usize),
    WantValidation(Vec<u8>),
}

/// A machine that asks, and makes something of the answers.
pub(crate) trait Machine {
    /// Tells its questions apart.
    type Token: Copy;
    type Found;

    fn parts(&mut self) -> (&mut Asker<Self::Token>, &mut Stage);

    /// Goes on with what came of a question.
    ///
    /// # Errors
    ///
    /// What ends it all.
    fn take(&mut self, token: Self::Token, result: Result<Answer, Error>) -> Result<(), Error>;

    /// All is known that will be.
    ///
    /// # Errors
    ///
    /// Where that is nothing.
    fn finish(&mut self) -> Result<(), Error>;

    /// What was found, once.
    fn found(&mut self) -> Self::Found;
}

/// [`Connection::poll`](mailrail_wire::Connection::poll).
pub(crate) fn poll<M: Machine>(
    machine: &mut M,
    now: Time,
    input: &mut Input,
) -> Result<Step, Error> {
    loop {
        let (asker, stage) = machine.parts();
        match stage {
            Stage::Failed(error) => return Err(error.clone()),
            Stage::Done => return Ok(Step::Event),
            Stage::Over => return Ok(Step::Close),
            _ => *stage = Stage::Asking,
        }
        let came = match asker.poll(now, input) {
            Said::Step(step) => return Ok(step),
            Said::Server(server) => {
                *stage = Stage::Server(server);
                return Ok(Step::Event);
            }
            Said::Validate => {
                *stage = Stage::Validate;
                return Ok(Step::Event);
            }
            Said::Answered(token, result) => machine.take(token, result),
            Said::Idle => machine.finish().map(|()| *machine.parts().1 = Stage::Done),
        };
        if let Err(error) = came {
            *machine.parts().1 = Stage::Failed(error);
        }
    }
}

/// [`Connection::event`](mailrail_wire::Connection::event).
pub(crate) fn event<M: Machine>(machine: &mut M) -> Result<Told<M::Found>, Error> {
    let (asker, stage) = machine.parts();
    match mem::replace(stage, Stage::Asking) {
        Stage::Done => {
            *stage = Stage::Over;
            Ok(Told::Found(machine.found()))
        }
        Stage::Server(server) => {
            asker.told();
            Ok(Told::Server(server))
        }
        Stage::Validate => asker.unvalidated().map(Told::WantValidation).ok_or(Error::NoEvent),
        other => {
            *stage = other;
            Err(Error::NoEvent)
        }
    }
}
