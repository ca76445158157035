//! The faults of parameters, which reading them passes over.

use alloc::string::String;
use alloc::vec::Vec;

use memchr::memmem;

use crate::defect::DefectKind;
use crate::encoding::charset;
use crate::grammar::Cursor;
use crate::header::parameter::{Form, Name, Parameters};
use crate::limits::ValueLimits;
use crate::scan::{from, slice};

/// A value or a piece of one (RFC 2231 §3): its name without marks, its form, its number, and where it stands.
type Piece = (String, Form, u32, usize);

/// The first fault of each kind, and where it is: bytes from the start of the parameters.
///
/// ```abnf
/// parameters = *([CFWS] ";" [CFWS] attribute [CFWS] "=" [CFWS] (token / quoted-string)) [CFWS]
/// ```
pub(super) fn faults(parameters: Parameters<'_>, limits: ValueLimits) -> Vec<(usize, DefectKind)> {
    let mut found = Found::default();
    let mut pieces: Vec<Piece> = Vec::new();
    let mut cursor = Cursor::new(parameters.input(), limits);
    for left in (0..limits.parameters).rev() {
        cursor.gap();
        if cursor.peek().is_none() {
            break;
        }
        if !cursor.eat(b';') {
            found.is_invalid(cursor.at());
            break;
        }
        cursor.gap();
        let start = cursor.at();
        let Some(token) = cursor.token().filter(|_| cursor.eat_spaced(b'=')) else {
            found.is_invalid(cursor.at());
            break;
        };
        let place = cursor.at();
        let value = match cursor.quoted() {
            Some(value) => value,
            None => cursor.token().unwrap_or_default().as_bytes().into(),
        };
        if is_word(slice(cursor.input(), place..next_semicolon(&cursor, place))) {
            found.add(place, DefectKind::MisplacedEncodedWord);
        }
        let name = Name::parse(token);
        pieces.push((name.base.to_ascii_lowercase(), name.form(), name.piece.unwrap_or(0), start));
        // No number starts with a zero but that.
        let mut digits = token.split('*').skip(1);
        if digits.any(|digits| digits.len() > 1 && digits.starts_with('0')) {
            found.is_invalid(start);
        }
        if value.is_empty() && cursor.at() == place {
            found.is_invalid(place);
            break;
        }
        extended(&name, &value, start, place, &mut found);
        if left == 0 {
            break;
        }
    }
    pieces.sort();
    // Each number is there once, and each value that has none.
    for same in pieces.chunk_by(|(a, form, ..), (b, other, ..)| (a, form) == (b, other)) {
        let wrong = same.iter().zip(0..).find(|((_, _, piece, _), number)| piece != number);
        wrong.into_iter().for_each(|((.., at), _)| found.is_invalid(*at));
    }
    found.0
}

/// What RFC 2231 wants of a parameter that says it is in pieces or encoded.
fn extended(name: &Name<'_>, value: &[u8], start: usize, place: usize, found: &mut Found) {
    // What is left of a mark is no number.
    if name.base.contains('*') {
        found.is_invalid(start);
    }
    if name.form() == Form::Plain || !name.is_encoded {
        return;
    }
    let mut text = value;
    if name.piece.is_none_or(|piece| piece == 0) {
        let mut parts = value.splitn(3, |byte| *byte == b'\'');
        let (label, _, Some(code)) = (parts.next().unwrap_or_default(), parts.next(), parts.next())
        else {
            return found.is_invalid(place);
        };
        text = code;
        if !label.is_empty() && !charset::is_known(label) {
            found.add(place, DefectKind::UnknownCharset);
        }
    }
    let is_escape = |rest: &[u8]| matches!(rest, [high, low, ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit());
    if memchr::memchr_iter(b'%', text).any(|at| !is_escape(from(text, at + 1))) {
        found.is_invalid(place);
    }
}

/// Where the value at `place` ends at the latest, of which the cursor has read the first token or quoted string.
fn next_semicolon(cursor: &Cursor<'_>, place: usize) -> usize {
    let read = cursor.at().max(place);
    let rest = from(cursor.input(), read);
    // An encoded word is no token: its rest stands behind what was read, but no further than a line.
    let rest = slice(rest, 0..rest.len().min(76));
    read + memchr::memchr2(b';', b'"', rest).unwrap_or(rest.len())
}

/// Whether an encoded word stands somewhere in it.
pub(super) fn is_word(value: &[u8]) -> bool {
    let Some(at) = memmem::find(value, b"=?") else { return false };
    let mut marks = memchr::memchr_iter(b'?', from(value, at + 2));
    let (first, second) = (marks.next(), marks.next());
    let is_short = first.zip(second).is_some_and(|(first, second)| second == first + 2);
    is_short && memmem::find(from(value, at + 2), b"?=").is_some()
}

/// The first fault of each kind.
#[derive(Default)]
struct Found(Vec<(usize, DefectKind)>);

impl Found {
    fn add(&mut self, at: usize, kind: DefectKind) {
        if !self.0.iter().any(|(_, other)| *other == kind) {
            self.0.push((at, kind));
        }
    }

    fn is_invalid(&mut self, at: usize) {
        self.add(at, DefectKind::InvalidParameter);
    }
}
