//! A message on its way out, as it is or made fit for a server that does not take it so.

use bytes::Bytes;
use mailrail_message::{BodyType, Conversion, Message};
use mailrail_smtp::{Misuse, Submission, command::Body};
use std::{borrow::Cow, io};

/// How `whole` is made fit; none where that cannot be.
pub(crate) fn plan(whole: &[u8], to: Body) -> Option<Conversion> {
    let way = match to {
        Body::EightBitMime => BodyType::EightBitMime,
        _ => BodyType::SevenBit,
    };
    let plan = Message::parse(whole).conversion(way);
    plan.inspect_err(|error| tracing::info!(%error, "it cannot be converted")).ok()
}

/// The pieces that go out, of those that are read.
#[derive(Default)]
pub(crate) struct Pieces {
    conversion: Option<Conversion>,
    /// What is read and has not gone out.
    read: Bytes,
}

impl Pieces {
    /// Answers [`WantConversion`](mailrail_smtp::submission::Event::WantConversion): the message is
    /// read from its start again, and converted on its way, where there is a plan.
    pub(crate) fn convert(
        &mut self,
        plan: Option<Conversion>,
        submission: &mut Submission,
    ) -> Result<(), Misuse> {
        match &plan {
            Some(conversion) => submission.converted(conversion.size())?,
            None => submission.not_converted()?,
        }
        self.conversion = plan;
        Ok(())
    }

    /// The next piece of what was read last, until it has all gone out.
    pub(crate) fn next(&mut self) -> Option<Bytes> {
        let Some(conversion) = &mut self.conversion else {
            return Some(std::mem::take(&mut self.read)).filter(|piece| !piece.is_empty());
        };
        let mut rest = &*self.read;
        let piece = match conversion.piece(&mut rest) {
            Some(Cow::Borrowed(kept)) => Some(self.read.slice_ref(kept)),
            Some(Cow::Owned(made)) => Some(made.into()),
            None => None,
        };
        self.read = self.read.slice_ref(rest);
        piece
    }

    /// Goes on with what was read.
    ///
    /// # Errors
    ///
    /// At the end, where the message has become another one since it was looked at.
    pub(crate) fn read(&mut self, piece: Option<Bytes>) -> io::Result<()> {
        let is_done = self.conversion.as_ref().is_none_or(Conversion::is_done);
        match piece {
            Some(piece) => self.read = piece,
            None if is_done => {}
            None => return Err(io::Error::other("the message has changed")),
        }
        Ok(())
    }
}
