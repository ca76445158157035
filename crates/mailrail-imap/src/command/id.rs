//! `ID`

use crate::{
    encode::{Encoded, Sink},
    grammar::{Parsed, arg, list0, named, nil, sp},
    types::{IString, NString, nstring_into_owned, write_nstring},
};
use alloc::vec::Vec;
use nom::{Parser, combinator::map, sequence::separated_pair};

/// Says what program it is (RFC 2971): the command and the response alike.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Id<'a> {
    /// Names and values, `"name" "mailrail"`; written as NIL where there are none.
    pub fields: Vec<(IString<'a>, NString<'a>)>,
}

impl<'a> Id<'a> {
    /// The same command, borrowing nothing.
    #[must_use]
    pub fn into_owned(self) -> Id<'static> {
        let own = |(name, value): (IString<'_>, _)| (name.into_owned(), nstring_into_owned(value));
        Id { fields: self.fields.into_iter().map(own).collect() }
    }

    /// ```abnf
    /// id             = "ID" SP id-params-list
    /// id-params-list = "(" [string SP nstring *(SP string SP nstring)] ")" / nil
    /// ```
    pub(crate) fn parse(i: &'a [u8]) -> Parsed<'a, Self> {
        let field = separated_pair(IString::parse, sp, IString::parse_nstring);
        let (i, fields) = match i {
            [b' ', b'(', ..] => arg(list0(field)).parse(i)?,
            _ => arg(named("a list or NIL", map(nil, |()| Vec::new()))).parse(i)?,
        };
        Ok((i, Self { fields }))
    }

    pub(super) fn encode(&self, out: &mut Encoded) {
        self.write(out);
    }

    pub(crate) fn write(&self, out: &mut impl Sink) {
        out.text(b"ID ");
        if self.fields.is_empty() {
            return out.text(b"NIL");
        }
        out.list(&self.fields, |out, (name, value)| {
            name.encode(out);
            out.text(b" ");
            write_nstring(value, out);
        });
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Command, both_ways};

    #[test]
    fn ids_of_the_rfc() {
        both_ways("a023 ID (\"name\" \"sodr\" \"version\" \"19.34\" \"vendor\" NIL)\r\n");
        both_ways("a042 ID NIL\r\n");
        assert!(Command::parse(b"a ID ()\r\n").is_ok());
        assert!(Command::parse(b"a ID\r\n").is_err());
    }
}
