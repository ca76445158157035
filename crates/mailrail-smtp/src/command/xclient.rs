//! XCLIENT and XFORWARD, of Postfix: what a proxy in front knows of the client.

use crate::{
    SyntaxError,
    grammar::{self, byte, class, fail, keyword, many, whole},
    types::{Text, write_xtext},
};
use alloc::{borrow::Cow, vec::Vec};
use core::fmt::Write as _;
use mailrail_wire::Output;

/// Attributes: names such as `ADDR`, each with a value. A value is `[UNAVAILABLE]` or
/// `[TEMPUNAVAIL]` where it is not known.
///
/// ```
/// use mailrail_smtp::command::Attributes;
///
/// let mut attributes = Attributes::default();
/// attributes.add("ADDR", "192.0.2.1")?;
/// assert_eq!(attributes.find("addr"), Some("192.0.2.1"));
/// # Ok::<_, mailrail_smtp::SyntaxError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Attributes<'a>(Vec<(Cow<'a, str>, Cow<'a, str>)>);

impl<'a> Attributes<'a> {
    /// Adds one.
    ///
    /// # Errors
    ///
    /// Where the name is no keyword, or the value holds a control character.
    pub fn add(
        &mut self,
        name: impl Into<Cow<'a, str>>,
        value: impl Into<Cow<'a, str>>,
    ) -> Result<(), SyntaxError> {
        let (name, value) = (name.into(), value.into());
        whole(name.as_bytes(), keyword)?;
        if let Some((offset, _)) =
            value.char_indices().find(|(_, char)| !grammar::is_printable(*char))
        {
            return Err(SyntaxError { offset, expected: "a printable character" });
        }
        self.0.push((name, value));
        Ok(())
    }

    /// Each name, with its value decoded.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (&**name, &**value))
    }

    /// The last value of that name, whose case does not count.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&str> {
        let mut values = self.0.iter().rev();
        values.find(|(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| &**value)
    }

    /// The same, borrowing nothing.
    #[must_use]
    pub fn into_owned(self) -> Attributes<'static> {
        let owned = |text: Cow<'a, str>| Cow::Owned(text.into_owned());
        Attributes(self.0.into_iter().map(|(name, value)| (owned(name), owned(value))).collect())
    }

    /// `1*( SP attribute-name"="attribute-value )`, where values are `xtext`.
    pub(super) fn parse_arguments(text: &'a [u8]) -> Result<Self, SyntaxError> {
        whole(text, |mut text| {
            let mut attributes = Vec::new();
            loop {
                let (rest, ()) = byte(b' ', "a space and an attribute")(text)?;
                let (rest, name) = keyword(rest)?;
                let (at, ()) = byte(b'=', "=")(rest)?;
                let (rest, value) = match at {
                    [] | [b' ', ..] => (at, &[][..]),
                    _ => many(at, "a value", class::GRAPHIC)?,
                };
                let value = grammar::xtext(value).map(Text::into_cow);
                let is_printable = |value: &Cow<'_, str>| value.chars().all(grammar::is_printable);
                let Some(value) = value.filter(is_printable) else { return fail(at, "xtext") };
                attributes.push((Text::read(name).into_cow(), value));
                if rest.is_empty() {
                    return Ok((rest, Self(attributes)));
                }
                text = rest;
            }
        })
    }

    pub(super) fn encode(&self, verb: &str, out: &mut Output) {
        out.text(verb.as_bytes());
        for (name, value) in &self.0 {
            // Writing to an `Output` never fails.
            let _ = write!(out, " {name}=");
            let _ = write_xtext(value, out);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes() {
        let read = Attributes::parse_arguments(
            b" NAME=spike.porcupine.org ADDR=[UNAVAILABLE] HELO=a+20b LOGIN=",
        )
        .unwrap();
        assert_eq!((read.find("helo"), read.find("login")), (Some("a b"), Some("")));
        assert_eq!(read.iter().next(), Some(("NAME", "spike.porcupine.org")));
        for text in [&b""[..], b" ", b" A", b" A=b=c", b" A=b ", b" A=+0D+0A", b" =b", b"A=b"] {
            assert!(Attributes::parse_arguments(text).is_err(), "{text:?}");
        }
        let mut attributes = Attributes::default();
        assert!(attributes.add("A B", "").is_err() && attributes.add("A", "\r\n").is_err());
    }
}
