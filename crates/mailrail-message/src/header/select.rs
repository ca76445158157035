//! Some of the fields of a header block, as IMAP's `HEADER.FIELDS` and `HEADER.FIELDS.NOT` want them.

use alloc::vec::Vec;
use core::cmp::Ordering;

use crate::header::{Field, Fields};
use crate::steps;

/// Pieces of the message that make up a smaller header block, its empty line the last one.
/// Made by [`Headers::select`](crate::Headers::select).
///
/// The names are sorted, so that many of them and many fields do not make each other dear.
#[derive(Debug, Clone)]
pub struct Select<'m, 'n> {
    fields: Fields<'m>,
    names: Vec<&'n [u8]>,
    wanted: bool,
    /// The last field has no line end of its own.
    is_open: bool,
    is_done: bool,
}

/// Names in the order of their letters, whose case does not count.
fn compare(a: &[u8], b: &[u8]) -> Ordering {
    steps::count(1 + a.len().min(b.len()));
    let lower = |name: &'_ [u8]| -> Ordering {
        let other = b.iter().map(u8::to_ascii_lowercase);
        name.iter().map(u8::to_ascii_lowercase).cmp(other)
    };
    lower(a)
}

impl<'m, 'n> Select<'m, 'n> {
    pub(crate) fn new<N: AsRef<[u8]>>(fields: Fields<'m>, names: &'n [N], wanted: bool) -> Self {
        let mut names: Vec<_> = names.iter().map(AsRef::as_ref).collect();
        names.sort_by(|a, b| compare(a, b));
        Self { fields, names, wanted, is_open: false, is_done: false }
    }

    /// How many bytes all pieces together have.
    pub fn size(&self) -> usize {
        self.clone().map(<[u8]>::len).sum()
    }

    /// The next of the fields.
    pub(crate) fn field(&mut self) -> Option<Field<'m>> {
        let (names, wanted) = (&self.names, self.wanted);
        let is_listed =
            |name: &str| names.binary_search_by(|other| compare(other, name.as_bytes())).is_ok();
        let field = self.fields.find(|field| is_listed(field.name()) == wanted)?;
        self.is_open = !field.raw().ends_with(b"\n") && !field.raw().ends_with(b"\r");
        Some(field)
    }

    /// What ends the block behind the last field. Only a field that the end of the message cuts short has no line end of its own.
    pub(crate) const fn end(&self) -> &'static [u8] {
        if self.is_open { b"\r\n\r\n" } else { b"\r\n" }
    }
}

impl<'m> Iterator for Select<'m, '_> {
    type Item = &'m [u8];

    fn next(&mut self) -> Option<&'m [u8]> {
        if self.is_done {
            return None;
        }
        if let Some(field) = self.field() {
            return Some(field.raw());
        }
        self.is_done = true;
        Some(self.end())
    }
}

#[cfg(test)]
mod tests {
    use alloc::format;
    use alloc::string::String;
    use alloc::vec::Vec;

    use crate::{Limits, Message};

    #[test]
    fn fields_come_as_they_stand() {
        let message = Message::parse(b"A: 1\r\nSubject: x\r\n y\r\nb: 2\r\n\r\nbody");
        let headers = message.headers();
        let some: Vec<u8> = headers.select(&["subject", "B"]).flatten().copied().collect();
        assert_eq!(some, b"Subject: x\r\n y\r\nb: 2\r\n\r\n");
        let others = headers.select_not(&["subject"]);
        assert_eq!(others.size(), 14);
        assert_eq!(others.flatten().copied().collect::<Vec<u8>>(), b"A: 1\r\nb: 2\r\n\r\n");
        assert_eq!(headers.select(&["none"]).collect::<Vec<_>>(), [b"\r\n"]);
    }

    #[test]
    fn a_field_that_is_cut_short_gets_its_line_end() {
        let message = Message::parse(b"A: 1");
        let all: Vec<u8> = message.headers().select(&["a"]).flatten().copied().collect();
        assert_eq!(all, b"A: 1\r\n\r\n");
    }

    #[test]
    fn many_names_and_many_fields_are_not_multiplied() {
        let header: String = (0..5000).map(|number| format!("X-{number}: y\r\n")).collect();
        let names: Vec<String> = (5000..10_000).map(|number| format!("x-{number}")).collect();
        let limits = Limits { fields: usize::MAX, ..Limits::default() };
        let message = Message::parse_with(header.as_bytes(), &limits);
        let steps = crate::steps::of(|| {
            assert_eq!(message.headers().select(&names).size(), 2);
            assert_eq!(message.headers().select_not(&names).size(), header.len() + 2);
        });
        assert!(steps < 64 * header.len() as u64, "{steps} of {}", header.len());
    }
}
