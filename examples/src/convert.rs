//! A message made fit for a server that does not take it as it is.

use bytes::Bytes;
use mailrail_message::{BodyType, Message};
use mailrail_smtp::{Misuse, Submission, command::Body};
use std::collections::VecDeque;

/// What goes out in the place of a message, once it is converted.
#[derive(Default)]
pub(crate) struct Converted(Option<VecDeque<Bytes>>);

impl Converted {
    /// Answers [`WantConversion`](mailrail_smtp::submission::Event::WantConversion): converts the
    /// whole message, where that can be done.
    pub(crate) fn convert(
        &mut self,
        whole: &[u8],
        to: Body,
        submission: &mut Submission,
    ) -> Result<(), Misuse> {
        let way = match to {
            Body::EightBitMime => BodyType::EightBitMime,
            _ => BodyType::SevenBit,
        };
        let message = Message::parse(whole);
        let converted = match message.convert(way) {
            Ok(converted) => converted,
            Err(error) => {
                tracing::info!(%error, "it cannot be converted");
                return submission.not_converted();
            }
        };
        submission.converted(converted.size())?;
        self.0 = Some(converted.map(|piece| piece.into_owned().into()).collect());
        Ok(())
    }

    /// The next piece, or the end; none where the message goes as it is.
    pub(crate) fn next(&mut self) -> Option<Option<Bytes>> {
        self.0.as_mut().map(VecDeque::pop_front)
    }
}
