//! `section` and `partial`

use super::IString;
use crate::{
    SyntaxError,
    encode::Sink,
    grammar::{Parsed, fault, list1, name, named, number64, nz_number},
};
use alloc::vec::Vec;
use core::num::{NonZeroU32, NonZeroU64};
use nom::{
    Parser,
    bytes::complete::take_while1,
    character::complete::char,
    combinator::map,
    sequence::{delimited, preceded, separated_pair},
};

/// A section of a message (RFC 3501 §6.4.5): a body part, and what of it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Section<'a> {
    part: Vec<NonZeroU32>,
    text: Option<SectionText<'a>>,
}

/// What of a message, or of a body part, a section is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SectionText<'a> {
    /// `HEADER`: the header of the message.
    Header,
    /// `HEADER.FIELDS`: of its header, the fields of these names.
    HeaderFields(Vec<IString<'a>>),
    /// `HEADER.FIELDS.NOT`: of its header, the fields of other names.
    HeaderFieldsNot(Vec<IString<'a>>),
    /// `TEXT`: the message without its header.
    Text,
    /// `MIME`: the header of a body part.
    Mime,
}

impl<'a> Section<'a> {
    /// The whole message: `BODY[]`.
    #[must_use]
    pub const fn whole() -> Self {
        Self { part: Vec::new(), text: None }
    }

    /// What `text` says of a body part: its number at each depth, from the outside; none for the
    /// message itself. Without `text` it is all of it.
    ///
    /// # Errors
    ///
    /// Where it asks for the MIME header of the message itself, or names no header field.
    pub fn new(part: Vec<NonZeroU32>, text: Option<SectionText<'a>>) -> Result<Self, SyntaxError> {
        match &text {
            Some(SectionText::Mime) if part.is_empty() => Err(SyntaxError::new(0, "a part")),
            Some(SectionText::HeaderFields(names) | SectionText::HeaderFieldsNot(names))
                if names.is_empty() =>
            {
                Err(SyntaxError::new(0, "a header field name"))
            }
            _ => Ok(Self { part, text }),
        }
    }

    /// The number of the body part at each depth, from the outside; empty for the message itself.
    #[must_use]
    pub fn part(&self) -> &[NonZeroU32] {
        &self.part
    }

    /// What of it; all where there is none.
    #[must_use]
    pub const fn text(&self) -> Option<&SectionText<'a>> {
        self.text.as_ref()
    }

    /// The same section, borrowing nothing.
    #[must_use]
    pub fn into_owned(self) -> Section<'static> {
        let owned = |names: Vec<IString<'_>>| names.into_iter().map(IString::into_owned).collect();
        let text = self.text.map(|text| match text {
            SectionText::Header => SectionText::Header,
            SectionText::HeaderFields(names) => SectionText::HeaderFields(owned(names)),
            SectionText::HeaderFieldsNot(names) => SectionText::HeaderFieldsNot(owned(names)),
            SectionText::Text => SectionText::Text,
            SectionText::Mime => SectionText::Mime,
        });
        Section { part: self.part, text }
    }

    /// ```abnf
    /// section      = "[" [section-spec] "]"
    /// section-spec = section-msgtext / (section-part ["." section-text])
    /// section-part = nz-number *("." nz-number)
    /// ```
    pub(crate) fn parse(i: &'a [u8]) -> Parsed<'a, Self> {
        let (mut rest, _) = named("a section", char('[')).parse(i)?;
        let (mut part, mut text) = (Vec::new(), None);
        loop {
            match rest {
                [b']', after @ ..] => {
                    rest = after;
                    break;
                }
                [b'0'..=b'9', ..] => {
                    let (after, n) = nz_number(rest)?;
                    part.push(n);
                    rest = after;
                    // Behind a dot there is more; a dot before the bracket is none of the rules.
                    match rest {
                        [b'.', after @ ..] if !after.starts_with(b"]") => rest = after,
                        [b']', ..] => {}
                        _ => return fault(rest, "the rest of a section"),
                    }
                }
                _ => {
                    let (after, found) = SectionText::parse(rest)?;
                    text = Some(found);
                    rest = named("the end of a section", char(']')).parse(after)?.0;
                    break;
                }
            }
        }
        match Self::new(part, text) {
            Ok(section) => Ok((rest, section)),
            Err(_) => fault(i, "a section"),
        }
    }

    pub(crate) fn encode(&self, out: &mut impl Sink) {
        out.text(b"[");
        for (n, part) in self.part.iter().enumerate() {
            if n > 0 {
                out.text(b".");
            }
            out.number(part.get().into());
        }
        if let Some(text) = &self.text {
            if !self.part.is_empty() {
                out.text(b".");
            }
            text.encode(out);
        }
        out.text(b"]");
    }
}

impl<'a> SectionText<'a> {
    /// ```abnf
    /// section-text    = section-msgtext / "MIME"
    /// section-msgtext = "HEADER" / "HEADER.FIELDS" [".NOT"] SP header-list / "TEXT"
    /// header-list     = "(" header-fld-name *(SP header-fld-name) ")"
    /// ```
    fn parse(i: &'a [u8]) -> Parsed<'a, Self> {
        let letters = take_while1(|b: u8| b.is_ascii_alphabetic() || b == b'.');
        let (rest, word) = named("a section text", letters).parse(i)?;
        let names = preceded(char(' '), list1(IString::parse_astring));
        match name(&mut [0; 20], word) {
            b"HEADER" => Ok((rest, Self::Header)),
            b"TEXT" => Ok((rest, Self::Text)),
            b"MIME" => Ok((rest, Self::Mime)),
            b"HEADER.FIELDS" => map(names, Self::HeaderFields).parse(rest),
            b"HEADER.FIELDS.NOT" => map(names, Self::HeaderFieldsNot).parse(rest),
            _ => fault(i, "a section text"),
        }
    }

    fn encode(&self, out: &mut impl Sink) {
        let (word, names): (&[u8], _) = match self {
            Self::Header => (b"HEADER", None),
            Self::HeaderFields(names) => (b"HEADER.FIELDS ", Some(names)),
            Self::HeaderFieldsNot(names) => (b"HEADER.FIELDS.NOT ", Some(names)),
            Self::Text => (b"TEXT", None),
            Self::Mime => (b"MIME", None),
        };
        out.text(word);
        if let Some(names) = names {
            out.list(names, |out, name| name.encode_astring(out));
        }
    }
}

/// A part of a section's octets (RFC 3501 §6.4.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Partial {
    /// How many octets are left out before it.
    pub offset: u64,
    /// How many octets to give, at most.
    pub length: NonZeroU64,
}

impl Partial {
    /// `partial = "<" number64 "." nz-number64 ">"`
    pub(crate) fn parse(i: &[u8]) -> Parsed<'_, Self> {
        let pair = separated_pair(number64, char('.'), number64);
        let (rest, (offset, length)) =
            named("a partial range", delimited(char('<'), pair, char('>'))).parse(i)?;
        match NonZeroU64::new(length) {
            Some(length) => Ok((rest, Self { offset, length })),
            None => fault(i, "a length above 0"),
        }
    }

    pub(crate) fn encode(self, out: &mut impl Sink) {
        out.text(b"<");
        out.number(self.offset);
        out.text(b".");
        out.number(self.length.get());
        out.text(b">");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Buf;
    use mailrail_wire::Output;

    #[test]
    fn sections_of_the_rfc() {
        for wire in [
            &b"[]"[..],
            b"[HEADER]",
            b"[TEXT]",
            b"[1]",
            b"[4.1.MIME]",
            b"[4.2.2.1]",
            b"[3.HEADER]",
            b"[HEADER.FIELDS (DATE FROM)]",
            b"[4.2.HEADER.FIELDS.NOT (\"a b\")]",
        ] {
            let (rest, section) = Section::parse(wire).unwrap();
            let mut out = Output::default();
            section.encode(&mut out);
            assert_eq!((rest, &out.copy_to_bytes(out.remaining())[..]), (&b""[..], wire));
        }
        for bad in [
            "[",
            "[MIME]",
            "[0]",
            "[1.]",
            "[1..2]",
            "[.1]",
            "[1TEXT]",
            "[HEADER.FIELDS ()]",
            "[FOO]",
            "[TEXT.1]",
        ] {
            assert!(Section::parse(bad.as_bytes()).is_err(), "{bad}");
        }
    }

    #[test]
    fn partial_ranges() {
        let (_, partial) = Partial::parse(b"<0.2048>").unwrap();
        assert_eq!((partial.offset, partial.length.get()), (0, 2_048));
        assert!(Partial::parse(b"<0.0>").is_err() && Partial::parse(b"<0>").is_err());
        assert!(Partial::parse(b"<9223372036854775808.1>").is_err());
    }
}
