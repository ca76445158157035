//! `body`: what BODYSTRUCTURE and BODY tell

use super::{Envelope, IString, NString, nstring_into_owned, write_nstring};
use crate::{
    encode::Sink,
    grammar::{NESTING, Parsed, arg, close, fault, list1, named, nil, number64, sp, unknown_value},
};
use alloc::{boxed::Box, vec::Vec};
use nom::{Parser, character::complete::char, combinator::map, sequence::preceded};

/// The MIME structure of a message (RFC 3501 §7.4.2).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BodyStructure<'a> {
    /// A body part without parts of its own, but for a message in it.
    Part(Box<BodyPart<'a>>),
    /// Several parts.
    Multipart(Box<Multipart<'a>>),
}

/// A parameter: its name and its value.
pub type Parameter<'a> = (IString<'a>, IString<'a>);

/// A body part (`body-type-1part`).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct BodyPart<'a> {
    /// The media type, `TEXT` in `TEXT/PLAIN`.
    pub media_type: IString<'a>,
    /// The media subtype, `PLAIN` in `TEXT/PLAIN`.
    pub media_subtype: IString<'a>,
    /// The parameters of `Content-Type`.
    pub parameters: Vec<Parameter<'a>>,
    /// `Content-ID`
    pub id: NString<'a>,
    /// `Content-Description`
    pub description: NString<'a>,
    /// `Content-Transfer-Encoding`
    pub encoding: IString<'a>,
    /// How many octets it has, as encoded.
    pub octets: u64,
    /// What the media type adds. TEXT needs [`BodyPartKind::Text`], MESSAGE/RFC822 needs
    /// [`BodyPartKind::Message`], others need neither: a reader goes by the media type.
    pub kind: BodyPartKind<'a>,
    /// `Content-MD5`; written only with an extension.
    pub md5: NString<'a>,
    /// What BODYSTRUCTURE has more than BODY.
    pub extension: Option<BodyExtension<'a>>,
}

/// What the media type of a body part adds to what is told about it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BodyPartKind<'a> {
    /// Nothing.
    Basic,
    /// A text.
    Text {
        /// How many lines it has, as encoded.
        lines: u64,
    },
    /// A message.
    Message {
        /// What its header says.
        envelope: Box<Envelope<'a>>,
        /// How it is built.
        body: BodyStructure<'a>,
        /// How many lines it has, as encoded.
        lines: u64,
    },
}

/// Several body parts (`body-type-mpart`).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Multipart<'a> {
    /// The parts. The grammar has no multipart without any: one is written as having an empty
    /// TEXT/PLAIN part.
    pub parts: Vec<BodyStructure<'a>>,
    /// `MIXED` in `MULTIPART/MIXED`.
    pub media_subtype: IString<'a>,
    /// The parameters of `Content-Type`; written only with an extension.
    pub parameters: Vec<Parameter<'a>>,
    /// What BODYSTRUCTURE has more than BODY.
    pub extension: Option<BodyExtension<'a>>,
}

/// What BODYSTRUCTURE has more than BODY (`body-ext-1part` and `body-ext-mpart`). What extensions
/// may add behind it is read over.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct BodyExtension<'a> {
    /// `Content-Disposition`
    pub disposition: Option<Disposition<'a>>,
    /// `Content-Language`
    pub language: Vec<IString<'a>>,
    /// `Content-Location`
    pub location: NString<'a>,
}

/// `Content-Disposition`
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Disposition<'a> {
    /// `INLINE`, `ATTACHMENT` or another.
    pub kind: IString<'a>,
    /// Its parameters.
    pub parameters: Vec<Parameter<'a>>,
}

impl<'a> BodyStructure<'a> {
    /// The same structure, borrowing nothing.
    #[must_use]
    pub fn into_owned(self) -> BodyStructure<'static> {
        match self {
            Self::Part(part) => BodyStructure::Part(Box::new(part.into_owned())),
            Self::Multipart(parts) => BodyStructure::Multipart(Box::new(parts.into_owned())),
        }
    }

    /// `body = "(" (body-type-1part / body-type-mpart) ")"`, nested no deeper than [`NESTING`].
    pub(crate) fn parse(i: &'a [u8]) -> Parsed<'a, Self> {
        Self::nested(i, NESTING)
    }

    fn nested(i: &'a [u8], depth: usize) -> Parsed<'a, Self> {
        let Some(depth) = depth.checked_sub(1) else { return fault(i, "less nesting") };
        let (rest, _) = named("a body structure", char('(')).parse(i)?;
        match rest {
            [b'(', ..] => {
                map(|i| Multipart::parse(i, depth), |it| Self::Multipart(Box::new(it))).parse(rest)
            }
            _ => map(|i| BodyPart::parse(i, depth), |it| Self::Part(Box::new(it))).parse(rest),
        }
    }

    pub(crate) fn encode(&self, out: &mut impl Sink) {
        match self {
            Self::Part(part) => part.encode(out),
            Self::Multipart(parts) => parts.encode(out),
        }
    }
}

impl<'a> BodyPart<'a> {
    fn into_owned(self) -> BodyPart<'static> {
        BodyPart {
            media_type: self.media_type.into_owned(),
            media_subtype: self.media_subtype.into_owned(),
            parameters: own_parameters(self.parameters),
            id: nstring_into_owned(self.id),
            description: nstring_into_owned(self.description),
            encoding: self.encoding.into_owned(),
            octets: self.octets,
            kind: match self.kind {
                BodyPartKind::Basic => BodyPartKind::Basic,
                BodyPartKind::Text { lines } => BodyPartKind::Text { lines },
                BodyPartKind::Message { envelope, body, lines } => BodyPartKind::Message {
                    envelope: Box::new(envelope.into_owned()),
                    body: body.into_owned(),
                    lines,
                },
            },
            md5: nstring_into_owned(self.md5),
            extension: self.extension.map(BodyExtension::into_owned),
        }
    }

    /// ```abnf
    /// body-type-1part = (body-type-basic / body-type-msg / body-type-text) [SP body-ext-1part]
    /// body-fields     = body-fld-param SP body-fld-id SP body-fld-desc SP body-fld-enc SP body-fld-octets
    /// ```
    fn parse(i: &'a [u8], depth: usize) -> Parsed<'a, Self> {
        let (i, media_type) = IString::parse(i)?;
        let (i, media_subtype) = arg(IString::parse).parse(i)?;
        let (i, parameters) = arg(parameters).parse(i)?;
        let (i, id) = arg(IString::parse_nstring).parse(i)?;
        let (i, description) = arg(IString::parse_nstring).parse(i)?;
        let (i, encoding) = arg(IString::parse).parse(i)?;
        let (i, octets) = arg(number64).parse(i)?;
        let message = media_type.as_bytes().eq_ignore_ascii_case(b"MESSAGE")
            && [&b"RFC822"[..], b"GLOBAL"]
                .iter()
                .any(|subtype| media_subtype.as_bytes().eq_ignore_ascii_case(subtype));
        let (i, kind) = if media_type.as_bytes().eq_ignore_ascii_case(b"TEXT") {
            map(arg(number64), |lines| BodyPartKind::Text { lines }).parse(i)?
        } else if message && i.starts_with(b" (") {
            let (i, envelope) = arg(Envelope::parse).parse(i)?;
            let (i, body) = arg(|i| BodyStructure::nested(i, depth)).parse(i)?;
            let (i, lines) = arg(number64).parse(i)?;
            (i, BodyPartKind::Message { envelope: Box::new(envelope), body, lines })
        } else {
            (i, BodyPartKind::Basic)
        };
        let mut part = Self {
            media_type,
            media_subtype,
            parameters,
            id,
            description,
            encoding,
            octets,
            kind,
            md5: None,
            extension: None,
        };
        let mut rest = i;
        if let [b' ', i @ ..] = rest {
            let (i, md5) = IString::parse_nstring(i)?;
            let (i, extension) = BodyExtension::parse(i)?;
            (part.md5, part.extension, rest) = (md5, Some(extension), i);
        }
        close(rest).map(|(rest, ())| (rest, part))
    }

    fn encode(&self, out: &mut impl Sink) {
        out.text(b"(");
        self.media_type.encode(out);
        out.text(b" ");
        self.media_subtype.encode(out);
        write_parameters(&self.parameters, out);
        for string in [&self.id, &self.description] {
            out.text(b" ");
            write_nstring(string, out);
        }
        out.text(b" ");
        self.encoding.encode(out);
        out.text(b" ");
        out.number(self.octets);
        match &self.kind {
            BodyPartKind::Basic => {}
            BodyPartKind::Text { lines } => {
                out.text(b" ");
                out.number(*lines);
            }
            BodyPartKind::Message { envelope, body, lines } => {
                out.text(b" ");
                envelope.encode(out);
                out.text(b" ");
                body.encode(out);
                out.text(b" ");
                out.number(*lines);
            }
        }
        if let Some(extension) = &self.extension {
            out.text(b" ");
            write_nstring(&self.md5, out);
            extension.encode(out);
        }
        out.text(b")");
    }
}

impl<'a> Multipart<'a> {
    fn into_owned(self) -> Multipart<'static> {
        Multipart {
            parts: self.parts.into_iter().map(BodyStructure::into_owned).collect(),
            media_subtype: self.media_subtype.into_owned(),
            parameters: own_parameters(self.parameters),
            extension: self.extension.map(BodyExtension::into_owned),
        }
    }

    /// `body-type-mpart = 1*body SP media-subtype [SP body-ext-mpart]`
    fn parse(i: &'a [u8], depth: usize) -> Parsed<'a, Self> {
        let (mut rest, mut parts) = (i, Vec::new());
        while let [b'(', ..] = rest {
            let (after, part) = BodyStructure::nested(rest, depth)?;
            parts.push(part);
            rest = after;
        }
        let (rest, media_subtype) = arg(IString::parse).parse(rest)?;
        let mut multipart = Self { parts, media_subtype, parameters: Vec::new(), extension: None };
        let mut rest = rest;
        if let [b' ', i @ ..] = rest {
            let (i, parameters) = parameters(i)?;
            let (i, extension) = BodyExtension::parse(i)?;
            (multipart.parameters, multipart.extension, rest) = (parameters, Some(extension), i);
        }
        close(rest).map(|(rest, ())| (rest, multipart))
    }

    fn encode(&self, out: &mut impl Sink) {
        out.text(b"(");
        if self.parts.is_empty() {
            out.text(b"(\"TEXT\" \"PLAIN\" NIL NIL NIL \"7BIT\" 0 0)");
        }
        self.parts.iter().for_each(|part| part.encode(out));
        out.text(b" ");
        self.media_subtype.encode(out);
        if let Some(extension) = &self.extension {
            write_parameters(&self.parameters, out);
            extension.encode(out);
        }
        out.text(b")");
    }
}

impl<'a> BodyExtension<'a> {
    fn into_owned(self) -> BodyExtension<'static> {
        BodyExtension {
            disposition: self.disposition.map(|it| Disposition {
                kind: it.kind.into_owned(),
                parameters: own_parameters(it.parameters),
            }),
            language: self.language.into_iter().map(IString::into_owned).collect(),
            location: nstring_into_owned(self.location),
        }
    }

    /// ```abnf
    /// [SP body-fld-dsp [SP body-fld-lang [SP body-fld-loc *(SP body-extension)]]]
    /// body-fld-dsp  = "(" string SP body-fld-param ")" / nil
    /// body-fld-lang = nstring / "(" string *(SP string) ")"
    /// ```
    fn parse(i: &'a [u8]) -> Parsed<'a, Self> {
        let mut found = Self::default();
        let [b' ', i @ ..] = i else { return Ok((i, found)) };
        let i = match i {
            [b'(', rest @ ..] => {
                let (i, kind) = IString::parse(rest)?;
                let (i, parameters) = arg(parameters).parse(i)?;
                found.disposition = Some(Disposition { kind, parameters });
                close(i)?.0
            }
            _ => named("a disposition or NIL", nil).parse(i)?.0,
        };
        let [b' ', i @ ..] = i else { return Ok((i, found)) };
        let i = if i.starts_with(b"(") {
            let (i, language) = list1(IString::parse).parse(i)?;
            found.language = language;
            i
        } else {
            let (i, language) = IString::parse_nstring(i)?;
            found.language.extend(language);
            i
        };
        let [b' ', i @ ..] = i else { return Ok((i, found)) };
        let (mut i, location) = IString::parse_nstring(i)?;
        found.location = location;
        while let [b' ', more @ ..] = i {
            i = unknown_value(more)?.0;
        }
        Ok((i, found))
    }

    fn encode(&self, out: &mut impl Sink) {
        match &self.disposition {
            None => out.text(b" NIL"),
            Some(disposition) => {
                out.text(b" (");
                disposition.kind.encode(out);
                write_parameters(&disposition.parameters, out);
                out.text(b")");
            }
        }
        out.text(b" ");
        match &self.language[..] {
            [] => out.text(b"NIL"),
            [language] => language.encode(out),
            languages => out.list(languages, |out, language| language.encode(out)),
        }
        out.text(b" ");
        write_nstring(&self.location, out);
    }
}

/// `body-fld-param = "(" string SP string *(SP string SP string) ")" / nil`
fn parameters(i: &[u8]) -> Parsed<'_, Vec<Parameter<'_>>> {
    match i {
        [b'(', ..] => list1((IString::parse, preceded(sp, IString::parse))).parse(i),
        _ => named("parameters or NIL", map(nil, |()| Vec::new())).parse(i),
    }
}

fn write_parameters(parameters: &[Parameter<'_>], out: &mut impl Sink) {
    out.text(b" ");
    if parameters.is_empty() {
        return out.text(b"NIL");
    }
    out.list(parameters, |out, (name, value)| {
        name.encode(out);
        out.text(b" ");
        value.encode(out);
    });
}

fn own_parameters(parameters: Vec<Parameter<'_>>) -> Vec<Parameter<'static>> {
    parameters.into_iter().map(|(name, value)| (name.into_owned(), value.into_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::{Buf, Bytes};
    use mailrail_wire::Output;

    fn encoded(body: &BodyStructure<'_>) -> Bytes {
        let mut out = Output::default();
        body.encode(&mut out);
        out.copy_to_bytes(out.remaining())
    }

    #[test]
    fn structures_of_the_rfc() {
        for wire in [
            // RFC 3501 §8
            "(\"TEXT\" \"PLAIN\" (\"CHARSET\" \"US-ASCII\") NIL NIL \"7BIT\" 3028 92)",
            // RFC 3501 §7.4.2
            "((\"TEXT\" \"PLAIN\" (\"CHARSET\" \"US-ASCII\") NIL NIL \"7BIT\" 1152 23)(\"TEXT\" \"PLAIN\" (\"CHARSET\" \"US-ASCII\" \"NAME\" \"cc.diff\") \"<960723163407.20117h@cac.washington.edu>\" \"Compiler diff\" \"BASE64\" 4554 73) \"MIXED\")",
            "((\"IMAGE\" \"PNG\" NIL NIL NIL \"BASE64\" 12 NIL (\"ATTACHMENT\" (\"FILENAME\" \"a\")) (\"de\" \"en\") \"x\")(\"MESSAGE\" \"RFC822\" NIL NIL NIL \"7BIT\" 9 (NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL) (\"TEXT\" \"PLAIN\" NIL NIL NIL \"7BIT\" 0 0 NIL NIL NIL NIL) 2 \"md5\" NIL \"de\" NIL) \"MIXED\" (\"BOUNDARY\" \"b\") NIL NIL NIL)",
        ] {
            let (rest, body) = BodyStructure::parse(wire.as_bytes()).unwrap();
            assert!(rest.is_empty());
            assert_eq!(encoded(&body.into_owned()), wire);
        }
    }

    #[test]
    fn extensions_are_read_over() {
        let wire = b"(\"A\" \"B\" NIL NIL NIL \"7BIT\" 1 NIL NIL NIL NIL (1 (\"a\" NIL)) 7) x";
        let (rest, body) = BodyStructure::parse(wire).unwrap();
        assert_eq!(rest, b" x");
        assert_eq!(encoded(&body), "(\"A\" \"B\" NIL NIL NIL \"7BIT\" 1 NIL NIL NIL NIL)");
    }

    #[test]
    fn nesting_has_an_end() {
        assert!(BodyStructure::parse(&[b'('; 100_000]).is_err());
    }

    #[test]
    fn no_parts_are_one() {
        let empty = Multipart {
            parts: Vec::new(),
            media_subtype: IString::try_from("MIXED").unwrap(),
            parameters: Vec::new(),
            extension: None,
        };
        let wire = encoded(&BodyStructure::Multipart(Box::new(empty)));
        assert!(BodyStructure::parse(&wire).is_ok());
    }
}
