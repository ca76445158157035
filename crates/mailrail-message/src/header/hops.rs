//! How many servers a message has passed.

use memchr::memchr;

/// Counts the `Received` fields of a message that passes in pieces: a server that finds many (100 or more) takes it for one
/// that goes round in circles (RFC 5321 §6.3). It looks at the header alone, and keeps none of it.
///
/// # Examples
/// ```
/// use mailrail_message::Hops;
///
/// let mut hops = Hops::default();
/// for piece in ["Recei", "ved: from a by b\r\n with SMTP\r\nSubj", "ect: x\r\n\r\nReceived: no"] {
///     hops.pass(piece.as_bytes());
/// }
/// assert_eq!(hops.count(), 1);
/// ```
#[derive(Debug, Clone, Default)]
pub struct Hops {
    count: usize,
    place: Place,
}

#[derive(Debug, Clone, Copy)]
enum Place {
    /// In a line that began with so many letters of the name.
    Name(usize),
    /// In a line that is of no interest.
    Rest,
    /// Behind the header.
    Body,
}

impl Default for Place {
    fn default() -> Self {
        Self::Name(0)
    }
}

const NAME: &[u8] = b"received";

impl Hops {
    /// Looks at the next piece of the message.
    pub fn pass(&mut self, mut piece: &[u8]) {
        while let Some((&byte, rest)) = piece.split_first() {
            match self.place {
                Place::Body => return,
                Place::Rest => {
                    let Some(end) = memchr(b'\n', piece) else { return };
                    piece = piece.get(end + 1..).unwrap_or_default();
                    self.place = Place::default();
                    continue;
                }
                Place::Name(at) => {
                    self.place = match (byte, NAME.get(at)) {
                        (b'\r', _) if at == 0 => Place::Name(0),
                        (b'\n', _) if at == 0 => Place::Body,
                        // A line end: looked at again, as what ends the line.
                        (b'\n', _) => {
                            self.place = Place::Rest;
                            continue;
                        }
                        (letter, Some(wanted)) if letter.to_ascii_lowercase() == *wanted => {
                            Place::Name(at + 1)
                        }
                        // The obsolete syntax has white space in front of the colon.
                        (b' ' | b'\t', None) => Place::Name(at),
                        (b':', None) => {
                            self.count = self.count.saturating_add(1);
                            Place::Rest
                        }
                        _ => Place::Rest,
                    };
                }
            }
            piece = rest;
        }
    }

    /// The `Received` fields so far.
    #[must_use]
    pub const fn count(&self) -> usize {
        self.count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_is_counted_at_every_cut() {
        for (text, count) in [
            (&b""[..], 0),
            (b"Received: a\r\nRECEIVED : b\r\n Received: folded\r\nreceived:\r\n\r\nReceived: no", 3),
            (b"Received-SPF: a\r\nX-Received: b\r\nReceive: c\r\nReceived\r\nReceived d: e\r\n", 0),
            (b"\r\nReceived: a\r\n", 0),
            (b"Received: a\nReceived: b\n\nReceived: c\n", 2),
            (b"Rec\nReceived: a\r\n", 1),
        ] {
            for cut in 0..=text.len() {
                let (front, back) = text.split_at(cut);
                let mut hops = Hops::default();
                hops.pass(front);
                hops.pass(back);
                assert_eq!(hops.count(), count, "{:?}", text.escape_ascii().to_string());
            }
        }
    }
}
