//! EHLO and HELO (RFC 5321 §4.1.1.1).

use crate::{
    Host, SyntaxError,
    grammar::{byte, whole},
    types::host,
};
use core::fmt::Write as _;
use mailrail_wire::Output;

/// ```text
/// ehlo = "EHLO" SP ( Domain / address-literal ) CRLF
/// helo = "HELO" SP Domain CRLF
/// ```
pub(super) fn parse_arguments(text: &[u8]) -> Result<Host<'_>, SyntaxError> {
    whole(text, |text| host(byte(b' ', "a space and a domain")(text)?.0))
}

pub(super) fn encode(verb: &str, host: &Host<'_>, out: &mut Output) {
    // Writing to an `Output` never fails.
    let _ = write!(out, "{verb} {host}");
}
