//! Mechanisms of one message: the client says all at once, the server asks once.

use crate::{Answer, Error, Progress, Question};
use alloc::vec::Vec;
use mailrail_wire::Secret;
use zeroize::Zeroize as _;

/// A client whose one field does its work.
macro_rules! client {
    ($client:ty, $name:literal) => {
        impl $crate::ClientMechanism for $client {
            fn name(&self) -> &'static str {
                $name
            }

            fn initial_response(&mut self) -> Result<Option<Secret<Vec<u8>>>, Error> {
                self.0.initial_response()
            }

            fn step(&mut self, challenge: &[u8]) -> Result<Secret<Vec<u8>>, Error> {
                self.0.step(challenge)
            }

            fn is_complete(&self) -> bool {
                self.0.is_complete()
            }
        }
    };
}
pub(crate) use client;

/// A server whose one field does its work, with what reads the client's message.
macro_rules! server {
    ($server:ty, $name:literal, $read:expr) => {
        impl $crate::ServerMechanism for $server {
            fn name(&self) -> &'static str {
                $name
            }

            fn step(&mut self, response: Option<&[u8]>) -> Result<Progress, Error> {
                self.0.step(response, $read)
            }

            fn answer(&mut self, answer: Answer) -> Result<Progress, Error> {
                self.0.answer(&answer)
            }
        }
    };
}
pub(crate) use server;

/// The client's message, until it is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Single(Option<Secret<Vec<u8>>>);

impl Single {
    pub(crate) fn new(message: impl Into<Vec<u8>>) -> Self {
        Self(Some(Secret::new(message.into())))
    }

    pub(crate) fn take(&mut self) -> Result<Secret<Vec<u8>>, Error> {
        self.0.take().ok_or(Error::Finished)
    }

    pub(crate) fn initial_response(&mut self) -> Result<Option<Secret<Vec<u8>>>, Error> {
        self.take().map(Some)
    }

    /// The message as the response to the empty challenge (RFC 4422 §5); there is no other one.
    pub(crate) fn step(&mut self, challenge: &[u8]) -> Result<Secret<Vec<u8>>, Error> {
        if challenge.is_empty() { self.take() } else { Err(Error::Malformed) }
    }

    pub(crate) const fn is_complete(&self) -> bool {
        self.0.is_none()
    }
}

impl Drop for Single {
    fn drop(&mut self) {
        if let Some(message) = self.0.take() {
            message.into_exposed().zeroize();
        }
    }
}

/// How far a server is that asks one question about one message.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) enum Asked {
    #[default]
    NotYet,
    Now,
    Answered,
}

impl Asked {
    /// Waits for the message, and asks about it.
    pub(crate) fn step(
        &mut self,
        response: Option<&[u8]>,
        read: impl FnOnce(&[u8]) -> Option<Question>,
    ) -> Result<Progress, Error> {
        match (&*self, response) {
            (Self::NotYet, None) => Ok(Progress::Challenge(Secret::default())),
            (Self::NotYet, Some(message)) => {
                *self = Self::Answered;
                let question = read(message).ok_or(Error::Malformed)?;
                *self = Self::Now;
                Ok(Progress::Question(question))
            }
            (Self::Now, _) => Err(Error::Misplaced),
            (Self::Answered, _) => Err(Error::Finished),
        }
    }

    /// Takes yes or no.
    pub(crate) fn answer(&mut self, answer: &Answer) -> Result<Progress, Error> {
        let outcome = match (&*self, answer) {
            (Self::Now, Answer::Accept) => Ok(Progress::Done),
            (Self::Now, Answer::Reject) => Err(Error::Rejected),
            _ => return Err(Error::Misplaced),
        };
        *self = Self::Answered;
        outcome
    }
}

/// `1*SAFE`: text that is there and holds no NUL.
pub(crate) fn safe(field: &'static str, value: &str) -> Result<(), Error> {
    match value {
        "" => Err(Error::Empty { field }),
        value if value.contains('\0') => Err(Error::Nul { field }),
        _ => Ok(()),
    }
}
