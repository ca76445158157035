//! Parameters of `Content-Type` and `Content-Disposition` (RFC 2045 §5.1, continuations and charsets RFC 2231).

use alloc::borrow::Cow;
use alloc::vec::Vec;

use crate::encoding::{charset, encoded_word, percent};
use crate::grammar::{Cursor, begins_parameter, unescape};
use crate::limits::ValueLimits;
use crate::scan::{from, is_fws, slice, trim_end};

/// The parameters of a field; read when they are asked for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Parameters<'a> {
    input: &'a [u8],
    limits: ValueLimits,
}

impl Default for Parameters<'_> {
    /// None.
    fn default() -> Self {
        Self::NONE
    }
}

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
    /// The language that RFC 2231 lets it say: a tag such as `en-us`.
    pub language: Option<Cow<'a, str>>,
}

/// What RFC 2231 has in a parameter's name.
///
/// ```abnf
/// attribute := attribute-name [ "*" 1*DIGIT ] [ "*" ]
/// ```
pub(crate) struct Name<'a> {
    pub(crate) base: &'a str,
    /// The number of this piece; `None` where the value is in one piece.
    pub(crate) piece: Option<u32>,
    pub(crate) is_encoded: bool,
}

impl<'a> Name<'a> {
    pub(crate) fn parse(name: &'a str) -> Self {
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
pub(crate) enum Form {
    /// `name*=utf-8''value`
    Encoded,
    /// `name*0=`, `name*1*=` …
    Pieces,
    /// `name=value`
    Plain,
}

impl Name<'_> {
    pub(crate) const fn form(&self) -> Form {
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
    pub(crate) const NONE: Self = Self::new(&[], ValueLimits::DEFAULT);

    pub(crate) const fn new(input: &'a [u8], limits: ValueLimits) -> Self {
        Self { input, limits }
    }

    /// The parameters as they are written.
    pub const fn raw(self) -> RawParameters<'a> {
        RawParameters { cursor: Cursor::new(self.input, self.limits), left: self.limits.parameters }
    }

    /// The decoded value of a parameter; case does not count in its name.
    pub fn get(self, name: &str) -> Option<Cow<'a, str>> {
        // Mostly there is one of the name, in one piece and plain.
        let mut same =
            self.raw().filter(|raw| Name::parse(raw.name).base.eq_ignore_ascii_case(name));
        let first = same.next()?;
        if same.next().is_none() && Name::parse(first.name).form() == Form::Plain {
            return Some(encoded_word::decode_cow(first.value, self.limits));
        }
        self.joined(Some(name)).next().map(|parameter| parameter.value)
    }

    /// The parameters as they are written, all in one.
    pub(crate) const fn input(self) -> &'a [u8] {
        self.input
    }

    /// Where the first parameter starts that is beyond the limit: bytes from the first one.
    pub(crate) fn overflow(self) -> Option<usize> {
        let mut raw = self.raw();
        raw.by_ref().for_each(drop);
        raw.cursor.gap();
        (raw.left == 0 && raw.cursor.peek().is_some()).then(|| raw.cursor.at())
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
            parameters.extend(join(same, self.limits).map(|parameter| (order, parameter)));
        }
        parameters.sort_by_key(|(order, _)| *order);
        parameters.into_iter().map(|(_, parameter)| parameter)
    }
}

/// The value that the pieces of one parameter make up.
fn join<'a>(pieces: &[Piece<'a>], limits: ValueLimits) -> Option<Parameter<'a>> {
    let first = pieces.first()?;
    let name = first.name.base;
    if first.name.form() == Form::Plain {
        // Mailers write encoded words here, though RFC 2047 §5 forbids it.
        let value = encoded_word::decode_cow(first.value.clone(), limits);
        return Some(Parameter { name, value, language: None });
    }
    let mut bytes = Vec::new();
    let mut label: Option<&[u8]> = None;
    let mut language = None;
    let mut is_encoded = false;
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
        is_encoded = true;
        let mut value = &*piece.value;
        if next == 1 {
            // initial-section: [charset] "'" [language] "'" value
            let mut marks = memchr::memchr_iter(b'\'', value);
            if let (Some(first), Some(second)) = (marks.next(), marks.next()) {
                label = Some(slice(value, 0..first)).filter(|label| !label.is_empty());
                language = Some(slice(value, first + 1..second)).filter(|tag| !tag.is_empty());
                value = from(value, second + 1);
            }
        }
        percent::decode_into(value, &mut bytes);
    }
    if next == 0 {
        // Pieces that do not start at 0: what was written is better than nothing.
        bytes.extend(pieces.iter().flat_map(|piece| piece.value.iter()));
    }
    let value = if is_encoded {
        charset::decode_piece(label, &bytes).into_owned()
    } else {
        // Encoded words that were cut in pieces as if they were plain text.
        encoded_word::decode_within(&bytes, limits).into_owned()
    };
    let language = language.map(|tag| Cow::Owned(charset::guess_piece(tag).into_owned()));
    Some(Parameter { name, value: Cow::Owned(value), language })
}

/// The parameters of a field as they are written. Made by [`Parameters::raw`].
///
/// Unquoted values may hold what they must not: they end at `;`, and at white space only where another parameter follows.
#[derive(Clone)]
pub struct RawParameters<'a> {
    cursor: Cursor<'a>,
    /// How many more may be read.
    left: usize,
}

impl core::fmt::Debug for RawParameters<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("RawParameters").field("at", &self.cursor.at()).finish_non_exhaustive()
    }
}

impl<'a> RawParameters<'a> {
    fn value(&mut self) -> Cow<'a, [u8]> {
        let cursor = &mut self.cursor;
        cursor.gap();
        if let Some(text) = cursor.quoted() {
            return text;
        }
        // A quote that nothing closes.
        cursor.eat(b'"');
        let start = cursor.at();
        let mut end = start;
        loop {
            cursor.take_while(|byte| !is_fws(byte) && byte != b';');
            end = end.max(cursor.at());
            cursor.take_while(is_fws);
            match cursor.peek() {
                None | Some(b';' | b'(') => break,
                Some(_) if begins_parameter(cursor.rest()) => break,
                Some(_) => {}
            }
        }
        unescape(trim_end(slice(cursor.input(), start..end), is_fws))
    }
}

impl<'a> Iterator for RawParameters<'a> {
    type Item = RawParameter<'a>;

    fn next(&mut self) -> Option<RawParameter<'a>> {
        if self.left == 0 {
            return None;
        }
        loop {
            self.cursor.gap();
            let next = self.cursor.peek()?;
            let Some(name) = self.cursor.token() else {
                // A semicolon, or what has no place here.
                self.cursor.eat(next);
                continue;
            };
            if self.cursor.eat_spaced(b'=') {
                self.left -= 1;
                return Some(RawParameter { name, value: self.value() });
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
        let all = Parameters::new(text.as_bytes(), ValueLimits::DEFAULT).decoded();
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
    fn encoded_words_in_pieces_are_joined() {
        assert_eq!(
            shown("; name*0=\"=?utf-8?b?w6nD\"; name*1=\"qQ==?=.txt\""),
            "name=\u{e9}\u{e9}.txt"
        );
    }

    #[test]
    fn languages_are_told() {
        let all = Parameters::new(b"; t*0*=us-ascii'en-us'a; t*1=b; u*=''x", ValueLimits::DEFAULT);
        let all = all.decoded();
        assert_eq!((all[0].language.as_deref(), &*all[0].value), (Some("en-us"), "ab"));
        assert_eq!((all[1].language.as_deref(), &*all[1].value), (None, "x"));
    }

    #[test]
    fn past_the_limit_nothing_is_listed() {
        let limits = ValueLimits { parameters: 2, ..ValueLimits::DEFAULT };
        let all = Parameters::new(b";a=1;b=2;c=3", limits);
        assert_eq!(all.raw().count(), 2);
        assert_eq!(all.overflow(), Some(8));
        assert_eq!(all.get("c"), None);
        assert_eq!(Parameters::new(b";a=1;b=2 ", limits).overflow(), None);
    }

    #[test]
    fn every_input_is_read_once() {
        let limits = ValueLimits { parameters: usize::MAX, ..ValueLimits::DEFAULT };
        for unit in
            [";a=1", ";a*0=1", ";a=\"", ";a=(", "; a = \"\\\"", " a b c", ";;;;", "=", ";a=x y z"]
        {
            let text = unit.repeat(200_000 / unit.len());
            let steps = crate::steps::of(|| {
                drop(Parameters::new(text.as_bytes(), limits).get("zz"));
                drop(Parameters::new(text.as_bytes(), ValueLimits::DEFAULT).decoded());
            });
            assert!(steps < 8 * text.len() as u64, "{unit}: {steps}");
        }
    }

    #[test]
    fn names_are_found_in_any_case() {
        let parameters = Parameters::new(b"; BOUNDARY=\"x\"", ValueLimits::DEFAULT);
        assert_eq!(parameters.get("boundary").as_deref(), Some("x"));
        assert_eq!(parameters.get("charset"), None);
    }
}
