//! The lines of an exchange, as SMTP, POP3 and IMAP send them (RFC 4954 §4, RFC 5034 §4,
//! RFC 9051 §6.2.2): base64, with `=` for an initial response of no bytes and `*` for a client
//! that gives up.
//!
//! All functions work on the base64 text alone; what stands before it (`334 `, `+ `) and the
//! line's end are the protocol's.

use crate::Error;
use alloc::vec::Vec;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use mailrail_wire::{Output, Secret};
use zeroize::Zeroizing;

/// The line with which a client gives up.
pub const CANCEL: &[u8] = b"*";

/// A client's line in an exchange.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "the protocols know no third kind of line")]
pub enum Line {
    /// The response to the challenge; may be empty.
    Response(Secret<Vec<u8>>),
    /// The client gives up.
    Cancel,
}

/// Writes a challenge or the response to one. The base64 text is wiped from memory but in `output`,
/// from where the transport copies it anyway.
///
/// ```
/// use bytes::Buf;
/// use mailrail_sasl::exchange;
///
/// let mut output = mailrail_wire::Output::default();
/// exchange::encode(b"\0tim\0tanstaaftanstaaf", &mut output);
/// assert_eq!(output.chunk(), b"AHRpbQB0YW5zdGFhZnRhbnN0YWFm");
/// ```
pub fn encode(message: &[u8], output: &mut Output) {
    output.text(Zeroizing::new(STANDARD.encode(message)).as_bytes());
}

/// Writes an initial response, which goes with the command: `=` where it has no bytes.
pub fn encode_initial(response: &[u8], output: &mut Output) {
    if response.is_empty() { output.text(b"=") } else { encode(response, output) }
}

/// How many bytes [`encode_initial`] writes for a response of that length.
#[must_use]
pub const fn initial_len(response: usize) -> usize {
    if response == 0 { 1 } else { response.div_ceil(3).saturating_mul(4) }
}

/// Reads a challenge (the client does).
///
/// # Errors
///
/// [`Error::NotBase64`]; the client cancels the exchange then.
pub fn decode(text: &[u8]) -> Result<Secret<Vec<u8>>, Error> {
    STANDARD.decode(text).map(Secret::new).map_err(|_| Error::NotBase64)
}

/// Reads an initial response (the server does).
///
/// # Errors
///
/// [`Error::NotBase64`].
pub fn decode_initial(text: &[u8]) -> Result<Secret<Vec<u8>>, Error> {
    if text == b"=" { Ok(Secret::default()) } else { decode(text) }
}

/// Whether [`decode_initial`] reads that text: to look does not allocate.
#[must_use]
pub fn is_initial(text: &[u8]) -> bool {
    let digit = |byte: u8| match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    };
    // The bits of the last digit that stand for nothing are 0.
    let (digits, spare) = match text {
        [digits @ .., b'=', b'='] => (digits, 0b1111),
        [digits @ .., b'='] => (digits, 0b11),
        _ => (text, 0),
    };
    let is_clean = digits.last().is_none_or(|&last| digit(last).is_some_and(|d| d & spare == 0));
    let is_whole = text.len().is_multiple_of(4) && (spare == 0 || !digits.is_empty());
    text == b"=" || is_whole && is_clean && digits.iter().all(|&byte| digit(byte).is_some())
}

/// Reads the line that follows a challenge (the server does).
///
/// # Errors
///
/// [`Error::NotBase64`].
pub fn decode_line(text: &[u8]) -> Result<Line, Error> {
    if text == CANCEL { Ok(Line::Cancel) } else { decode(text).map(Line::Response) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Buf as _;
    use proptest::prelude::*;

    fn written(write: impl FnOnce(&mut Output)) -> Vec<u8> {
        let mut output = Output::default();
        write(&mut output);
        output.copy_to_bytes(output.remaining()).to_vec()
    }

    #[test]
    fn signs() {
        assert_eq!(written(|out| encode_initial(b"", out)), b"=");
        assert_eq!(written(|out| encode(b"", out)), b"");
        assert_eq!(decode_initial(b"="), Ok(Secret::default()));
        assert_eq!(decode(b"="), Err(Error::NotBase64));
        assert_eq!(decode_line(b"*"), Ok(Line::Cancel));
        assert_eq!(decode_line(b""), Ok(Line::Response(Secret::default())));
        assert_eq!(decode(b"*"), Err(Error::NotBase64));
    }

    #[test]
    fn what_is_not_base64() {
        for text in [&b"a"[..], b"YQ", b"YR==", b"Y Q=", b"YQ==\r", b"YQ==YQ==", b"-_8="] {
            assert_eq!(decode(text), Err(Error::NotBase64), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn reads_what_it_writes(message in any::<Vec<u8>>()) {
            let initial = written(|out| encode_initial(&message, out));
            prop_assert_eq!(initial.len(), initial_len(message.len()));
            prop_assert_eq!(decode_initial(&initial), Ok(Secret::new(message.clone())));
            let line = written(|out| encode(&message, out));
            prop_assert_eq!(decode_line(&line), Ok(Line::Response(Secret::new(message))));
        }

        /// No two lines mean the same.
        #[test]
        fn writes_what_it_reads(text in "[A-D/+=*]{0,12}") {
            prop_assert_eq!(is_initial(text.as_bytes()), decode_initial(text.as_bytes()).is_ok());
            if let Ok(message) = decode(text.as_bytes()) {
                prop_assert_eq!(written(|out| encode(message.expose(), out)), text.as_bytes());
            }
        }
    }
}
