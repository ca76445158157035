//! A message with other header fields, and every other byte as it was.

use alloc::borrow::Cow;
use alloc::vec::Vec;
use core::ops::Range;

use memchr::memchr2;

use crate::builder::field::FieldValue;
use crate::error::Error;
use crate::header::{Field, Headers};
use crate::message::Message;
use crate::scan::{from, slice};
use crate::structure::Span;

/// Changes to the header of a message: fields are added, removed and replaced, and nothing is encoded anew.
///
/// Of a message whose body is elsewhere, it is enough to have the header parsed. All of its fields are seen, those too that
/// lie behind [`Limits::fields`](crate::Limits::fields) and [`Limits::header_bytes`](crate::Limits::header_bytes) and that
/// [`Message::headers`] does not list: no number of fields hides one from being removed. New fields end their lines as
/// the message does.
///
/// # Examples
/// ```
/// use mailrail_message::{Edit, FieldValue, Message};
///
/// let message = Message::parse(b"Bcc: x@north.test\r\nsubject:  odd\r\n\r\nText\r\n");
/// let mut edit = Edit::new(&message);
/// edit.remove("Bcc");
/// edit.prepend("Delivered-To", FieldValue::Structured("bob@south.test".into()))?;
/// let edited = edit.finish();
/// assert_eq!(edited.into_vec(), b"Delivered-To: bob@south.test\r\nsubject:  odd\r\n\r\nText\r\n");
/// # Ok::<(), mailrail_message::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Edit<'m> {
    message: &'m Message<'m>,
    /// Where all fields of its header stand.
    spans: Cow<'m, [Span]>,
    front: Vec<u8>,
    back: Vec<u8>,
    /// One for each of them.
    changes: Vec<Change>,
    line_end: &'static [u8],
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Change {
    Keep,
    Remove,
    Replace(Vec<u8>),
}

impl<'m> Edit<'m> {
    /// No changes yet.
    pub fn new(message: &'m Message<'m>) -> Self {
        let raw = message.raw();
        let line_end: &[u8] = match memchr2(b'\r', b'\n', raw).map(|at| from(raw, at)) {
            Some([b'\n', ..]) => b"\n",
            Some([b'\r', b'\n', ..]) | None => b"\r\n",
            Some(_) => b"\r",
        };
        let spans = message.root().all_spans();
        let changes = spans.iter().map(|_| Change::Keep).collect();
        Self { message, spans, front: Vec::new(), back: Vec::new(), changes, line_end }
    }

    /// All fields of the header.
    fn headers(&self) -> Headers<'_> {
        let range = self.message.root().header_range();
        Headers::new(self.message.raw(), range, &self.spans, &self.message.limits)
    }

    /// The field as it is written into this message.
    fn encoded(&self, name: &str, value: &FieldValue<'_>) -> Result<Vec<u8>, Error> {
        let mut field = Vec::new();
        value.write(&mut field, name, false)?;
        Ok(self.with_line_ends(field))
    }

    fn with_line_ends(&self, field: Vec<u8>) -> Vec<u8> {
        match self.line_end {
            b"\r\n" => field,
            [end, ..] => field
                .into_iter()
                .filter(|byte| *byte != b'\r')
                .map(|byte| if byte == b'\n' { *end } else { byte })
                .collect(),
            [] => field,
        }
    }

    /// Adds a field before all others, those prepended earlier too: the place of trace fields (RFC 5321 §4.4).
    ///
    /// # Errors
    /// If name or value cannot stand in a message; then nothing is changed.
    pub fn prepend<'v>(
        &mut self,
        name: &str,
        value: impl Into<FieldValue<'v>>,
    ) -> Result<&mut Self, Error> {
        let field = self.encoded(name, &value.into())?;
        Ok(self.prepend_bytes(field))
    }

    fn prepend_bytes(&mut self, mut field: Vec<u8>) -> &mut Self {
        field.append(&mut self.front);
        self.front = field;
        self
    }

    /// Adds fields that are encoded already before all others, such as those of [`Received::encode`](crate::Received::encode).
    ///
    /// # Errors
    /// If they are not whole fields that end in CRLF; then nothing is changed.
    pub fn prepend_encoded(&mut self, fields: &[u8]) -> Result<&mut Self, Error> {
        let parsed = Message::parse(fields);
        let covered: usize = parsed.headers().iter().map(|field| field.raw().len()).sum();
        let is_whole = fields.ends_with(b"\r\n") && parsed.defects().is_empty();
        if covered != fields.len() || !is_whole || fields.contains(&0) {
            return Err(Error::InvalidFieldName);
        }
        let fields = self.with_line_ends(fields.to_vec());
        Ok(self.prepend_bytes(fields))
    }

    /// Adds a field behind all others.
    ///
    /// # Errors
    /// If name or value cannot stand in a message; then nothing is changed.
    pub fn append<'v>(
        &mut self,
        name: &str,
        value: impl Into<FieldValue<'v>>,
    ) -> Result<&mut Self, Error> {
        let field = self.encoded(name, &value.into())?;
        self.back.extend_from_slice(&field);
        Ok(self)
    }

    /// Removes all fields of a name; case does not count. Fields that this edit adds are not looked at.
    pub fn remove(&mut self, name: &str) -> &mut Self {
        let mut changes = core::mem::take(&mut self.changes);
        for (field, change) in self.headers().iter().zip(&mut changes) {
            if field.is_named(name) {
                *change = Change::Remove;
            }
        }
        self.changes = changes;
        self
    }

    /// Removes one field of the message's header; one of another part stays.
    pub fn remove_field(&mut self, field: Field<'_>) -> &mut Self {
        self.change(&field.range(), Change::Remove);
        self
    }

    /// Puts one field in the place of the first one of this name, and removes its others; behind all fields where there was none.
    ///
    /// # Errors
    /// If name or value cannot stand in a message; then nothing is changed.
    pub fn replace<'v>(
        &mut self,
        name: &str,
        value: impl Into<FieldValue<'v>>,
    ) -> Result<&mut Self, Error> {
        let field = self.encoded(name, &value.into())?;
        let first = self.headers().field(name).map(Field::range);
        self.remove(name);
        match first {
            Some(first) => self.change(&first, Change::Replace(field)),
            None => self.back.extend_from_slice(&field),
        }
        Ok(self)
    }

    fn change(&mut self, field: &Range<usize>, to: Change) {
        let at = self.spans.iter().position(|own| own.range() == *field);
        if let Some(change) = at.and_then(|at| self.changes.get_mut(at)) {
            *change = to;
        }
    }

    /// The message with its changes.
    pub fn finish(self) -> Edited<'m> {
        let raw = self.message.raw();
        let mut pieces = Pieces { pieces: Vec::new(), kept: 0..0, raw };
        let first = self.spans.first().map(|span| span.range());
        let start = first.unwrap_or_else(|| self.message.root().header_range()).start;
        pieces.keep(0..start);
        pieces.add(self.front);
        let mut end = start;
        for (span, change) in self.spans.iter().zip(self.changes) {
            // What stands between fields and is none of them stays.
            pieces.keep(end..span.start);
            match change {
                Change::Keep => pieces.keep(span.range()),
                Change::Remove => {}
                Change::Replace(field) => pieces.add(field),
            }
            end = span.range().end;
        }
        let is_open = |before: &[u8]| {
            !before.is_empty() && !before.ends_with(b"\n") && !before.ends_with(b"\r")
        };
        if !self.back.is_empty() && is_open(slice(raw, 0..end)) {
            pieces.add(self.line_end.to_vec());
        }
        pieces.add(self.back);
        pieces.keep(end..raw.len());
        pieces.finish()
    }
}

/// Pieces while they are put together; neighbours of the original are one.
struct Pieces<'m> {
    raw: &'m [u8],
    kept: Range<usize>,
    pieces: Vec<Cow<'m, [u8]>>,
}

impl<'m> Pieces<'m> {
    fn keep(&mut self, range: Range<usize>) {
        if range.start == self.kept.end {
            self.kept.end = range.end;
        } else {
            self.flush();
            self.kept = range;
        }
    }

    fn flush(&mut self) {
        let end = self.kept.end;
        let kept = slice(self.raw, core::mem::replace(&mut self.kept, end..end));
        if !kept.is_empty() {
            self.pieces.push(Cow::Borrowed(kept));
        }
    }

    fn add(&mut self, bytes: Vec<u8>) {
        if !bytes.is_empty() {
            self.flush();
            self.pieces.push(Cow::Owned(bytes));
        }
    }

    fn finish(mut self) -> Edited<'m> {
        self.flush();
        Edited { pieces: self.pieces.into_iter() }
    }
}

/// A message that was edited: an iterator over the pieces of its bytes, most of them borrowed. Made by [`Edit::finish`].
#[derive(Clone)]
pub struct Edited<'m> {
    pieces: alloc::vec::IntoIter<Cow<'m, [u8]>>,
}

impl core::fmt::Debug for Edited<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Edited").field("size", &self.size()).finish()
    }
}

impl Edited<'_> {
    /// How many bytes are still to come.
    pub fn size(&self) -> usize {
        self.pieces.as_slice().iter().map(|piece| piece.len()).sum()
    }

    /// All that is still to come, in one piece.
    pub fn into_vec(self) -> Vec<u8> {
        let mut all = Vec::with_capacity(self.size());
        for piece in self {
            all.extend_from_slice(&piece);
        }
        all
    }
}

impl<'m> Iterator for Edited<'m> {
    type Item = Cow<'m, [u8]>;

    fn next(&mut self) -> Option<Cow<'m, [u8]>> {
        self.pieces.next()
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::String;

    use super::*;

    fn edited(raw: &str, edit: impl FnOnce(&mut Edit<'_>)) -> String {
        let message = Message::parse(raw.as_bytes());
        let mut changes = Edit::new(&message);
        edit(&mut changes);
        String::from_utf8(changes.finish().into_vec()).unwrap()
    }

    #[test]
    fn fields_are_added_where_they_belong() {
        let add = |edit: &mut Edit<'_>| {
            edit.prepend("B", "2").unwrap().prepend("A", "1").unwrap().append("Z", "9").unwrap();
        };
        for (raw, expected) in [
            ("M: 5\r\n\r\nx", "A: 1\r\nB: 2\r\nM: 5\r\nZ: 9\r\n\r\nx"),
            ("M: 5\n\nx", "A: 1\nB: 2\nM: 5\nZ: 9\n\nx"),
            ("M: 5\r\rx", "A: 1\rB: 2\rM: 5\rZ: 9\r\rx"),
            ("M: 5", "A: 1\r\nB: 2\r\nM: 5\r\nZ: 9\r\n"),
            ("\r\nx", "A: 1\r\nB: 2\r\nZ: 9\r\n\r\nx"),
            ("", "A: 1\r\nB: 2\r\nZ: 9\r\n"),
        ] {
            assert_eq!(edited(raw, add), expected, "{raw:?}");
        }
    }

    #[test]
    fn nothing_else_is_touched() {
        let raw = "odd :  a\r\n b \r\nbcc: x\r\nSubject: =?x?=\r\nBCC : y\r\n\r\nSubject: body\r\n";
        assert_eq!(edited(raw, |_| {}), raw);
        assert_eq!(
            edited(raw, |edit| {
                edit.remove("Bcc");
            }),
            "odd :  a\r\n b \r\nSubject: =?x?=\r\n\r\nSubject: body\r\n"
        );
        assert_eq!(
            edited(raw, |edit| {
                edit.replace("Bcc", "z").unwrap().replace("New", "1").unwrap();
            }),
            "odd :  a\r\n b \r\nBcc: z\r\nSubject: =?x?=\r\nNew: 1\r\n\r\nSubject: body\r\n"
        );
        let message = Message::parse(raw.as_bytes());
        let mut edit = Edit::new(&message);
        edit.remove_field(message.headers().all("bcc").nth(1).unwrap());
        let pieces: Vec<_> = edit.finish().collect();
        assert_eq!(pieces.len(), 2);
        assert_eq!(pieces.concat(), raw.replace("BCC : y\r\n", "").as_bytes());
    }

    fn without_bcc(edit: &mut Edit<'_>) {
        edit.remove("bcc");
    }

    /// A field must not escape because others hide it.
    #[test]
    fn fields_behind_the_limits_are_removed_too() {
        let fill = "X: y\r\n".repeat(20);
        let raw =
            alloc::format!("{fill}Bcc: a@b.test,\r\n c@d.test\r\n{fill}BCC: e\r\n\r\nBcc: body");
        for (fields, header_bytes) in [(3, usize::MAX), (usize::MAX, 30), (0, 0), (20, 120)] {
            let mut limits = crate::Limits::default();
            // Not even the defect tells that there is more.
            (limits.fields, limits.header_bytes, limits.defects) = (fields, header_bytes, 0);
            let message = Message::parse_with(raw.as_bytes(), &limits);
            assert_eq!(message.headers().field("Bcc").map(|field| field.name()), None);
            let mut edit = Edit::new(&message);
            edit.remove("Bcc").append("Z", "9").unwrap();
            let expected = alloc::format!("{fill}{fill}Z: 9\r\n\r\nBcc: body");
            assert_eq!(edit.finish().into_vec(), expected.as_bytes());
            let mut edit = Edit::new(&message);
            edit.replace("Bcc", "z").unwrap();
            let expected = alloc::format!("{fill}Bcc: z\r\n{fill}\r\nBcc: body");
            assert_eq!(edit.finish().into_vec(), expected.as_bytes());
        }
        // A server's own limits: more bytes, and more fields, than are listed.
        let fill = "X:\r\n".repeat(crate::Limits::DEFAULT.fields + 1);
        let raw = alloc::format!("{fill}Bcc: a@b.test\r\n\r\nBody");
        assert_eq!(edited(&raw, without_bcc), raw.replace("Bcc: a@b.test\r\n", ""));
        let fill = alloc::format!("X: {}\r\n", "y".repeat(crate::Limits::DEFAULT.header_bytes));
        let raw = alloc::format!("{fill}Bcc: a@b.test\r\n\r\nBody");
        assert_eq!(edited(&raw, without_bcc), raw.replace("Bcc: a@b.test\r\n", ""));
    }

    #[test]
    fn nothing_can_be_slipped_in() {
        let message = Message::parse(b"A: b\r\n\r\n");
        let mut edit = Edit::new(&message);
        for bad in ["x\r\nBcc: y", "x\n\nbody", "x\0"] {
            assert!(edit.prepend("X", bad).is_err() && edit.replace("A", bad).is_err());
        }
        assert!(edit.append("X: y\r\nZ", "w").is_err());
        for bad in [
            &b"A: b"[..],
            b"A: b\r\n\r\n",
            b"A: b\r\nbody\r\n",
            b" A: b\r\n",
            b"A: b\0\r\n",
            b"\r\n",
        ] {
            assert!(edit.prepend_encoded(bad).is_err(), "{:?}", bad.escape_ascii());
        }
        assert!(edit.prepend_encoded(b"A: b\r\n c\r\nD: e\r\n").is_ok());
        assert_eq!(edit.finish().into_vec(), b"A: b\r\n c\r\nD: e\r\nA: b\r\n\r\n");
    }
}
