//! Parameters of `Content-Type` and `Content-Disposition` (RFC 2045 §5.1, continuations and charsets RFC 2231).

use alloc::borrow::Cow;
use alloc::vec::Vec;

use crate::encoding::{charset, encoded_word, percent};
use crate::grammar::{cfws, comment, is_token, quoted, token, unescape};
use crate::scan::{from, is_fws, slice, trim_end, trim_start};

/// The parameters of a field; read when they are asked for.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct Parameters<'a>(pub(crate) &'a [u8]);

impl core::fmt::Debug for Parameters<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_list().entries(self.raw()).finish()
    }
}

/// A parameter as it is written, its quotes gone: IMAP's BODYSTRUCTURE has them so.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RawParameter<'a> {
    /// Its name, with the `*` marks of RFC 2231.
    pub name: &'a str,
    /// Its value.
    pub value: Cow<'a, [u8]>,
}

/// A parameter whose continuations are joined and whose value is decoded.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Parameter<'a> {
    /// Its name, as it is written.
    pub name: &'a str,
    /// Its value.
    pub value: Cow<'a, str>,
}

/// What RFC 2231 has in a parameter's name.
///
/// ```abnf
/// attribute := attribute-name [ "*" 1*DIGIT ] [ "*" ]
/// ```
struct Name<'a> {
    base: &'a str,
    /// The number of this piece; `None` where the value is in one piece.
    piece: Option<u32>,
    is_encoded: bool,
}

impl<'a> Name<'a> {
    fn parse(name: &'a str) -> Self {
        let (rest, is_encoded) = match name.strip_suffix('*') {
            Some(rest) => (rest, true),
            None => (name, false),
        };
        match rest.split_once('*') {
            Some((base, digits)) => match digits.parse() {
                Ok(piece) => Self { base, piece: Some(piece), is_encoded },
                Err(_) => Self { base: name, piece: None, is_encoded: false },
            },
            None => Self { base: rest, piece: None, is_encoded },
        }
    }
}

/// One way in which a value may be given, the better ones first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Form {
    /// `name*=utf-8''value`
    Encoded,
    /// `name*0=`, `name*1*=` …
    Pieces,
    /// `name=value`
    Plain,
}

impl Name<'_> {
    const fn form(&self) -> Form {
        match (self.piece, self.is_encoded) {
            (Some(_), _) => Form::Pieces,
            (None, true) => Form::Encoded,
            (None, false) => Form::Plain,
        }
    }
}

struct Piece<'a> {
    name: Name<'a>,
    value: Cow<'a, [u8]>,
    order: usize,
}

impl<'a> Parameters<'a> {
    /// The parameters as they are written.
    pub const fn raw(self) -> RawParameters<'a> {
        RawParameters { rest: self.0 }
    }

    /// The decoded value of a parameter; case does not count in its name.
    pub fn get(self, name: &str) -> Option<Cow<'a, str>> {
        self.joined(Some(name)).next().map(|parameter| parameter.value)
    }

    /// The value of a parameter that is ASCII, such as a boundary, as bytes.
    pub(crate) fn bytes(self, name: &str) -> Option<Cow<'a, [u8]>> {
        let plain = self.raw().find(|raw| raw.name.eq_ignore_ascii_case(name));
        plain.map(|raw| raw.value).or_else(|| match self.get(name)? {
            Cow::Borrowed(text) => Some(Cow::Borrowed(text.as_bytes())),
            Cow::Owned(text) => Some(Cow::Owned(text.into_bytes())),
        })
    }

    /// All parameters, each once, in the order of their first pieces.
    pub fn decoded(self) -> Vec<Parameter<'a>> {
        self.joined(None).collect()
    }

    /// Joins the pieces of all parameters, or of one. Sorting keeps it from being quadratic in their number.
    fn joined(self, wanted: Option<&str>) -> impl Iterator<Item = Parameter<'a>> + use<'a> {
        let mut pieces: Vec<Piece<'a>> = self
            .raw()
            .enumerate()
            .map(|(order, raw)| Piece { name: Name::parse(raw.name), value: raw.value, order })
            .filter(|piece| wanted.is_none_or(|name| piece.name.base.eq_ignore_ascii_case(name)))
            .collect();
        let lower = |name: &'a str| name.bytes().map(|byte| byte.to_ascii_lowercase());
        pieces.sort_by(|a, b| {
            let by_name = lower(a.name.base).cmp(lower(b.name.base));
            by_name.then(a.name.form().cmp(&b.name.form())).then(a.name.piece.cmp(&b.name.piece))
        });
        let mut parameters: Vec<(usize, Parameter<'a>)> = Vec::new();
        for same in pieces.chunk_by(|a, b| a.name.base.eq_ignore_ascii_case(b.name.base)) {
            let order = same.iter().map(|piece| piece.order).min().unwrap_or_default();
            parameters.extend(join(same).map(|parameter| (order, parameter)));
        }
        parameters.sort_by_key(|(order, _)| *order);
        parameters.into_iter().map(|(_, parameter)| parameter)
    }
}

/// The value that the pieces of one parameter make up.
fn join<'a>(pieces: &[Piece<'a>]) -> Option<Parameter<'a>> {
    let first = pieces.first()?;
    let name = first.name.base;
    if first.name.form() == Form::Plain {
        // Mailers write encoded words here, though RFC 2047 §5 forbids it.
        let value = match &first.value {
            Cow::Borrowed(value) => encoded_word::decode(value),
            Cow::Owned(value) => Cow::Owned(encoded_word::decode(value).into_owned()),
        };
        return Some(Parameter { name, value });
    }
    let mut bytes = Vec::new();
    let mut label: Option<&[u8]> = None;
    let mut next = 0;
    for piece in pieces {
        // A second value under the same number does not count, and a missing number ends it.
        match piece.name.piece {
            Some(number) if number != next => continue,
            None if next > 0 => break,
            _ => next += 1,
        }
        if !piece.name.is_encoded {
            bytes.extend_from_slice(&piece.value);
            continue;
        }
        let mut value = &*piece.value;
        if next == 1 {
            // initial-section: [charset] "'" [language] "'" value
            let mut marks = memchr::memchr_iter(b'\'', value);
            if let (Some(first), Some(second)) = (marks.next(), marks.next()) {
                label = Some(slice(value, 0..first));
                value = from(value, second + 1);
            }
        }
        percent::decode_into(value, &mut bytes);
    }
    if next == 0 {
        // Pieces that do not start at 0: what was written is better than nothing.
        bytes.extend(pieces.iter().flat_map(|piece| piece.value.iter()));
    }
    let label = label.filter(|label| !label.is_empty());
    let value = Cow::Owned(charset::decode_piece(label, &bytes).into_owned());
    Some(Parameter { name, value })
}

/// The parameters of a field as they are written. Made by [`Parameters::raw`].
///
/// Unquoted values may hold what they must not: they end at `;`, and at white space only where another parameter follows.
#[derive(Debug, Clone)]
pub struct RawParameters<'a> {
    rest: &'a [u8],
}

impl<'a> RawParameters<'a> {
    fn value(&mut self) -> Cow<'a, [u8]> {
        (self.rest, ()) = cfws(self.rest).unwrap_or((&[], ()));
        if let Ok((rest, text)) = quoted(self.rest) {
            self.rest = rest;
            return unescape(text);
        }
        let start = self.rest;
        let start = start.strip_prefix(b"\"").unwrap_or(start);
        self.rest = start;
        let mut end = 0;
        loop {
            let run = self.rest.iter().position(|byte| is_fws(*byte) || *byte == b';');
            self.rest = from(self.rest, run.unwrap_or(self.rest.len()));
            end = end.max(start.len() - self.rest.len());
            let next = trim_start(self.rest, is_fws);
            match next.first() {
                None | Some(b';') => {
                    self.rest = next;
                    break;
                }
                Some(b'(') => {
                    self.rest = next;
                    break;
                }
                Some(_) if begins_parameter(next) => {
                    self.rest = next;
                    break;
                }
                Some(_) => self.rest = next,
            }
        }
        unescape(trim_end(slice(start, 0..end), is_fws))
    }
}

/// Whether `token "="` stands here.
fn begins_parameter(input: &[u8]) -> bool {
    let after = trim_start(input, is_token);
    after.len() < input.len() && after.first() == Some(&b'=')
}

impl<'a> Iterator for RawParameters<'a> {
    type Item = RawParameter<'a>;

    fn next(&mut self) -> Option<RawParameter<'a>> {
        loop {
            self.rest = trim_start(self.rest, |byte| is_fws(byte) || byte == b';');
            match self.rest.first()? {
                b'(' => (self.rest, _) = comment(self.rest),
                _ => {
                    let Ok((after, name)) = token(self.rest) else {
                        self.rest = from(self.rest, 1);
                        continue;
                    };
                    (self.rest, ()) = cfws(after).unwrap_or((&[], ()));
                    if let Some(value) = self.rest.strip_prefix(b"=") {
                        self.rest = value;
                        return Some(RawParameter { name, value: self.value() });
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::format;
    use alloc::string::String;

    use super::*;

    fn shown(text: &str) -> String {
        let all = Parameters(text.as_bytes()).decoded();
        all.iter().map(|p| format!("{}={}", p.name, p.value)).collect::<Vec<_>>().join("|")
    }

    #[test]
    fn ordinary_values() {
        assert_eq!(shown("; charset=us-ascii (Plain text)"), "charset=us-ascii");
        assert_eq!(shown(";Charset=\"us-ascii\"; a=\"b;\\\"c\""), "Charset=us-ascii|a=b;\"c");
        assert_eq!(shown(" ; a = b ;; c=\r\n d;"), "a=b|c=d");
    }

    #[test]
    fn wrong_values_that_mailers_write() {
        assert_eq!(shown("; name=two words.pdf; x=y"), "name=two words.pdf|x=y");
        assert_eq!(shown("; charset=utf-8 format=flowed"), "charset=utf-8|format=flowed");
        assert_eq!(shown("; name=file(1).txt"), "name=file(1).txt");
        assert_eq!(shown("; name=\"=?utf-8?q?=C3=A9?=.txt\""), "name=\u{e9}.txt");
        assert_eq!(shown("; name=\"open; a=b"), "name=open|a=b");
        assert_eq!(shown("; flag; a=b"), "a=b");
        assert_eq!(shown("; =x; a=b"), "a=b");
    }

    #[test]
    fn continuations_and_charsets() {
        assert_eq!(shown("; url*0=\"ftp://\"; url*1=\"x.test/\""), "url=ftp://x.test/");
        assert_eq!(
            shown("; t*=us-ascii'en-us'This%20is%20%2A%2A%2Afun%2A%2A%2A"),
            "t=This is ***fun***"
        );
        assert_eq!(shown("; t*1=b; t*0*=iso-8859-1''%E9; t*3=d"), "t=\u{e9}b");
        assert_eq!(shown("; t*0*=utf-8''%C3; t*1*=%A9; t=old"), "t=\u{e9}");
        assert_eq!(shown("; filename=e.txt; filename*=utf-8''%c3%a9.txt"), "filename=\u{e9}.txt");
        assert_eq!(shown("; t*1=b"), "t=b");
        assert_eq!(shown("; t*x=b"), "t*x=b");
    }

    #[test]
    fn names_are_found_in_any_case() {
        let parameters = Parameters(b"; BOUNDARY=\"x\"");
        assert_eq!(parameters.get("boundary").as_deref(), Some("x"));
        assert_eq!(parameters.get("charset"), None);
    }
}
