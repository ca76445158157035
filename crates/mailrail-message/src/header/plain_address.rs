//! Mailboxes as nearly all of them are written: found in one go, without a token made of each word.

use alloc::borrow::Cow;

use crate::grammar::{is_atext_or_dot, is_in_plain_address, quoted_plainly};
use crate::header::address_list::RawMailbox;
use crate::scan::{from, is_fws, slice};
use crate::steps;

/// A mailbox that is written without comments, folds and escapes.
pub(crate) struct PlainMailbox<'a> {
    /// The display name.
    pub(crate) name: Option<&'a [u8]>,
    /// `local@domain`
    pub(crate) address: &'a [u8],
    /// How long the local part is.
    pub(crate) local: usize,
    /// How much of the input it takes, up to the comma behind it.
    pub(crate) length: usize,
}

impl<'a> PlainMailbox<'a> {
    pub(crate) fn raw(&self) -> RawMailbox<'a> {
        RawMailbox {
            name: self.name.map(Cow::Borrowed),
            route: None,
            local: Cow::Borrowed(slice(self.address, 0..self.local)),
            host: Cow::Borrowed(from(self.address, self.local + 1)),
        }
    }
}

/// The mailbox that the input starts with, if it is of this form; commas may stand before it:
///
/// ```abnf
/// plain-mailbox = plain-address / [plain-phrase] "<" plain-address ">"
/// plain-phrase  = DQUOTE *qtext DQUOTE *SP / words [SP]
/// plain-address = words-without-"?" "@" words-without-"?"
/// words         = 1*(atext / ".")            ; in a phrase with single spaces between
/// ```
/// A question mark might be of an encoded word, which may hold anything.
pub(crate) fn plain_mailbox(input: &[u8]) -> Option<PlainMailbox<'_>> {
    let start = skip(input, 0, |byte| is_fws(byte) || byte == b',');
    let mut name = None;
    let mut at = start;
    if input.get(start) == Some(&b'"') {
        let inner = quoted_plainly(from(input, start))?;
        name = Some(inner);
        at = skip(input, start + inner.len() + 2, |byte| byte == b' ');
        if input.get(at) != Some(&b'<') {
            return None;
        }
    } else {
        loop {
            let word = at;
            at = skip(input, at, is_atext_or_dot);
            match input.get(at)? {
                b'@' if word == start => break,
                b'<' if at == start => break,
                b'<' => {
                    // The space before it is none of the name.
                    let end = if at == word { at - 1 } else { at };
                    name = Some(slice(input, start..end));
                    break;
                }
                b' ' if at > word => at += 1,
                _ => return None,
            }
        }
    }
    let is_in_angle = input.get(at) == Some(&b'<');
    let address = if is_in_angle { at + 1 } else { start };
    let at = words(input, address)?;
    if input.get(at) != Some(&b'@') {
        return None;
    }
    let local = at - address;
    let mut end = words(input, at + 1)?;
    let address = slice(input, address..end);
    if is_in_angle {
        if input.get(end) != Some(&b'>') {
            return None;
        }
        end += 1;
    }
    let length = skip(input, end, is_fws);
    steps::count(length);
    matches!(input.get(length), None | Some(b',' | b';')).then_some(PlainMailbox {
        name,
        address,
        local,
        length,
    })
}

/// Where the next byte stands that is not to be skipped.
#[inline]
fn skip(input: &[u8], start: usize, skips: impl Fn(u8) -> bool) -> usize {
    let rest = from(input, start);
    start + rest.iter().position(|byte| !skips(*byte)).unwrap_or(rest.len())
}

/// Where the bytes of an address end that start here.
#[inline]
fn words(input: &[u8], start: usize) -> Option<usize> {
    let end = skip(input, start, is_in_plain_address);
    (end > start).then_some(end)
}
