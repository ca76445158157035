//! Some of the fields of a header block, as IMAP's `HEADER.FIELDS` and `HEADER.FIELDS.NOT` want them.

use crate::header::Fields;

/// Pieces of the message that make up a smaller header block, its empty line the last one.
/// Made by [`Headers::select`](crate::Headers::select).
#[derive(Debug, Clone)]
pub struct Select<'m, 'n, N> {
    fields: Fields<'m>,
    names: &'n [N],
    wanted: bool,
    line_ends: u8,
}

impl<'m, 'n, N: AsRef<[u8]>> Select<'m, 'n, N> {
    pub(crate) const fn new(fields: Fields<'m>, names: &'n [N], wanted: bool) -> Self {
        Self { fields, names, wanted, line_ends: 1 }
    }

    /// How many bytes all pieces together have.
    pub fn size(&self) -> usize
    where
        N: Clone,
    {
        Self { fields: self.fields.clone(), ..*self }.map(<[u8]>::len).sum()
    }
}

impl<'m, N: AsRef<[u8]>> Iterator for Select<'m, '_, N> {
    type Item = &'m [u8];

    fn next(&mut self) -> Option<&'m [u8]> {
        let (names, wanted) = (self.names, self.wanted);
        let listed = |name: &str| {
            names.iter().any(|other| other.as_ref().eq_ignore_ascii_case(name.as_bytes()))
        };
        if let Some(field) = self.fields.find(|field| listed(field.name()) == wanted) {
            let raw = field.raw();
            // Only the last field of a message that is cut short has no line end of its own.
            if !raw.ends_with(b"\n") && !raw.ends_with(b"\r") {
                self.line_ends = 2;
            }
            return Some(raw);
        }
        self.line_ends = self.line_ends.checked_sub(1)?;
        Some(b"\r\n")
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use crate::Message;

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
}
