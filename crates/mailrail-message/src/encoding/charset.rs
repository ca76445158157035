//! Charsets: from bytes to Unicode.

use alloc::borrow::Cow;
use alloc::string::String;

use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};

use super::utf7;

/// A charset that can be decoded.
#[derive(Debug, Clone, Copy)]
pub(super) enum Charset {
    /// One of the WHATWG's.
    Encoding(&'static Encoding),
    /// UTF-7 (RFC 2152).
    Utf7,
    /// The modified UTF-7 of IMAP (RFC 3501 §5.1.3).
    ModifiedUtf7,
    /// What says no more than that it is text: UTF-8 where it is valid, else windows-1252.
    Guess,
}

/// Names that mailers use and the WHATWG's list lacks: in lower case, with `-` for `_` and without a leading `x-`. Sorted.
const ALIASES: [(&str, &str); 40] = [
    ("5601", "euc-kr"),
    ("646", "us-ascii"),
    ("8859-1", "iso-8859-1"),
    ("8859-15", "iso-8859-15"),
    ("8859-2", "iso-8859-2"),
    ("ansi", "windows-1252"),
    ("big5hkscs", "big5"),
    ("big5hkscs-2004", "big5"),
    ("cn-big5", "big5"),
    ("cn-gb", "gbk"),
    ("cseuckrksc", "euc-kr"),
    ("euccn", "gbk"),
    ("eucgb2312-cn", "gbk"),
    ("eucjis", "euc-jp"),
    ("eucjp", "euc-jp"),
    ("eucjp-ms", "euc-jp"),
    ("euckr", "euc-kr"),
    ("euctw", "big5"),
    ("gb-18030", "gb18030"),
    ("gb18030-2000", "gb18030"),
    ("gb2312-80", "gbk"),
    ("hebrew-iso-8859-8", "iso-8859-8"),
    ("hz-gb", "gbk"),
    ("iso-2022-jp-ext", "iso-2022-jp"),
    ("iso-2022-jp-ms", "iso-2022-jp"),
    ("iso-2022-jp1", "iso-2022-jp"),
    ("iso-latin-1", "iso-8859-1"),
    ("jis7", "iso-2022-jp"),
    ("koi8u", "koi8-u"),
    ("ks-c-5601", "euc-kr"),
    ("latin-1", "iso-8859-1"),
    ("latin-2", "iso-8859-2"),
    ("latin-9", "iso-8859-15"),
    ("mac-roman", "macintosh"),
    ("ms936", "gbk"),
    ("sjis-win", "shift_jis"),
    ("tis620", "windows-874"),
    ("uhc", "euc-kr"),
    ("unicode-1-1-utf-8", "utf-8"),
    ("western", "windows-1252"),
];

/// Code pages by their numbers, as Microsoft counts.
const CODE_PAGES: [(u16, &str); 20] = [
    (874, "windows-874"),
    (932, "shift_jis"),
    (936, "gbk"),
    (943, "shift_jis"),
    (949, "euc-kr"),
    (950, "big5"),
    (951, "big5"),
    (1200, "utf-16le"),
    (1201, "utf-16be"),
    (10_000, "macintosh"),
    (20_127, "us-ascii"),
    (20_866, "koi8-r"),
    (20_932, "euc-jp"),
    (21_866, "koi8-u"),
    (50_220, "iso-2022-jp"),
    (50_221, "iso-2022-jp"),
    (51_932, "euc-jp"),
    (51_949, "euc-kr"),
    (54_936, "gb18030"),
    (65_001, "utf-8"),
];

/// What mailers put before the number of a code page.
const CODE_PAGE_PREFIXES: [&str; 9] =
    ["cp", "cp-", "ms", "ibm", "ibm-", "win", "win-", "windows", "windows-"];

/// Names of ASCII. Text under one of them is often more than ASCII.
const ASCII: [&str; 8] = [
    "ascii",
    "us-ascii",
    "us",
    "ansi_x3.4-1968",
    "ansi_x3.4-1986",
    "iso646-us",
    "iso-ir-6",
    "usascii",
];

/// The longest name that is looked for.
const LONGEST: usize = 48;

/// The names that most mail says, so that they need no search.
static COMMON: [(&[u8], &Encoding); 14] = [
    (b"utf-8", UTF_8),
    (b"iso-8859-1", WINDOWS_1252),
    (b"windows-1252", WINDOWS_1252),
    (b"iso-8859-15", encoding_rs::ISO_8859_15),
    (b"iso-8859-2", encoding_rs::ISO_8859_2),
    (b"iso-2022-jp", encoding_rs::ISO_2022_JP),
    (b"shift_jis", encoding_rs::SHIFT_JIS),
    (b"koi8-r", encoding_rs::KOI8_R),
    (b"windows-1251", encoding_rs::WINDOWS_1251),
    (b"gb2312", encoding_rs::GBK),
    (b"gbk", encoding_rs::GBK),
    (b"gb18030", encoding_rs::GB18030),
    (b"big5", encoding_rs::BIG5),
    (b"euc-kr", encoding_rs::EUC_KR),
];

pub(super) fn find(label: &[u8]) -> Option<Charset> {
    match COMMON.iter().find(|(name, _)| is_label(label, name)) {
        Some((_, found)) => Some(Charset::Encoding(found)),
        None => find_rare(label),
    }
}

#[inline]
fn is_label(label: &[u8], name: &[u8]) -> bool {
    label.len() == name.len() && label.eq_ignore_ascii_case(name)
}

fn find_rare(label: &[u8]) -> Option<Charset> {
    let is_around =
        |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b'"' | b'\'' | b'<' | b'>');
    let start = label.iter().position(|byte| !is_around(byte))?;
    let label = label.get(start..)?;
    // What a mailer wrote behind the name without quotes.
    let end = label.iter().position(|byte| is_around(byte) || matches!(byte, b';' | b','));
    let label = label.get(..end.unwrap_or(label.len()))?;
    if label.eq_ignore_ascii_case(b"utf-8") {
        return Some(Charset::Encoding(UTF_8));
    }
    if ASCII.iter().any(|name| label.eq_ignore_ascii_case(name.as_bytes())) {
        return Some(Charset::Guess);
    }
    if let Some(found) = Encoding::for_label_no_replacement(label) {
        return Some(Charset::Encoding(found));
    }
    let mut plain = [0; LONGEST];
    let plain = plain.get_mut(..label.len())?;
    for (to, from) in plain.iter_mut().zip(label) {
        *to = if *from == b'_' { b'-' } else { from.to_ascii_lowercase() };
    }
    find_plain(core::str::from_utf8(plain).ok()?)
}

/// Finds a name that is in lower case and has `-` for `_`.
fn find_plain(name: &str) -> Option<Charset> {
    let name = name.strip_prefix("charset=").unwrap_or(name);
    let name = name.strip_prefix("x-").unwrap_or(name);
    // The year of an ISO standard, as in iso-8859-1:1987.
    let name = name.split_once(':').map_or(name, |(name, _)| name);
    match name {
        "utf-7" | "utf7" | "unicode-1-1-utf-7" | "unicode-2-0-utf-7" | "csunicode11utf7" => {
            return Some(Charset::Utf7);
        }
        "utf-7-imap" | "utf7-imap" | "imap-utf-7" | "imap4-utf-7" => {
            return Some(Charset::ModifiedUtf7);
        }
        _ => {}
    }
    let code_page = || {
        let number = CODE_PAGE_PREFIXES.iter().find_map(|prefix| {
            let digits = name.strip_prefix(prefix)?;
            digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse::<u16>().ok())?
        })?;
        match CODE_PAGES.binary_search_by_key(&number, |(page, _)| *page) {
            Ok(at) => CODE_PAGES.get(at).map(|(_, name)| Cow::Borrowed(*name)),
            Err(_) if (1250..=1258).contains(&number) => {
                Some(Cow::Owned(alloc::format!("windows-{number}")))
            }
            Err(_) if (28_591..=28_606).contains(&number) => {
                Some(Cow::Owned(alloc::format!("iso-8859-{}", number - 28_590)))
            }
            Err(_) => None,
        }
    };
    let known = match ALIASES.binary_search_by_key(&name, |(alias, _)| alias) {
        Ok(at) => ALIASES.get(at).map(|(_, name)| Cow::Borrowed(*name)),
        Err(_) if name.starts_with("utf8") || name.starts_with("utf-8") => Some("utf-8".into()),
        Err(_) => code_page(),
    };
    let name = known.as_deref().unwrap_or(name);
    if name == "us-ascii" {
        return Some(Charset::Guess);
    }
    // ISO 8859 with its hyphens in other places.
    let number = name.strip_prefix("iso").map(|rest| rest.trim_start_matches('-'));
    let number = number.and_then(|rest| rest.strip_prefix("8859"));
    let iso = number.map(|rest| alloc::format!("iso-8859-{}", rest.trim_start_matches('-')));
    let found = Encoding::for_label_no_replacement(name.as_bytes());
    found.or_else(|| Encoding::for_label_no_replacement(iso?.as_bytes())).map(Charset::Encoding)
}

/// Whether a charset of this name is known: one of the WHATWG's encodings under any of their names or those that mailers
/// give them, UTF-7, and IMAP's modified UTF-7 (as `utf-7-imap`).
pub fn is_known(label: &[u8]) -> bool {
    find(label).is_some()
}

impl Charset {
    /// That of a name, known or not.
    pub(super) fn of(label: Option<&[u8]>) -> Self {
        label.and_then(find).unwrap_or(Self::Guess)
    }

    /// Whether it is UTF-8.
    pub(super) fn is_utf8(self) -> bool {
        matches!(self, Self::Encoding(encoding) if encoding == UTF_8)
    }

    fn may_be_utf8(self) -> bool {
        matches!(self, Self::Guess) || self.is_utf8()
    }

    /// Decodes a body.
    fn decode(self, bytes: &[u8]) -> Cow<'_, str> {
        if self.may_be_utf8() {
            let text = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes);
            // Faster than the standard library where the text is only borrowed.
            let text = UTF_8.decode_without_bom_handling_and_without_replacement(text);
            if let Some(text) = text {
                return text;
            }
        }
        match self {
            Self::Encoding(encoding) => encoding.decode_with_bom_removal(bytes).0,
            other => other.decode_piece(bytes),
        }
    }

    /// Whether the pieces of a text in this charset stand each for itself, so that they must not be joined before decoding.
    pub(super) const fn is_shifted(self) -> bool {
        matches!(self, Self::Utf7 | Self::ModifiedUtf7)
    }

    /// Puts a decoded piece of a header behind a text. A byte order mark is a letter like any other.
    pub(super) fn append_piece(self, bytes: &[u8], text: &mut String) {
        match self {
            Self::Encoding(encoding) if encoding != UTF_8 => {
                let mut decoder = encoding.new_decoder_without_bom_handling();
                text.reserve(decoder.max_utf8_buffer_length(bytes.len()).unwrap_or_default());
                // There is room for all of it.
                let _ = decoder.decode_to_string(bytes, text, true);
            }
            other => text.push_str(&other.decode_piece(bytes)),
        }
    }

    fn decode_piece(self, bytes: &[u8]) -> Cow<'_, str> {
        match self {
            Self::Encoding(encoding) if encoding != UTF_8 => {
                encoding.decode_without_bom_handling(bytes).0
            }
            Self::Encoding(_) => String::from_utf8_lossy(bytes),
            Self::Guess => guess_piece(bytes),
            Self::Utf7 => Cow::Owned(utf7::decode(bytes)),
            Self::ModifiedUtf7 => Cow::Owned(utf7::decode_modified(bytes)),
        }
    }
}

/// Decodes text in a charset of this name; what is no valid code becomes U+FFFD.
///
/// Without a name, under a name that nobody knows, and for us-ascii, the text is UTF-8 if
/// it is valid UTF-8, else windows-1252. A byte order mark of the charset is dropped.
pub fn decode<'a>(label: Option<&[u8]>, bytes: &'a [u8]) -> Cow<'a, str> {
    decode_cow(label, Cow::Borrowed(bytes))
}

/// The same for a piece of a header, where a byte order mark is a letter like any other.
pub(crate) fn decode_piece<'a>(label: Option<&[u8]>, bytes: &'a [u8]) -> Cow<'a, str> {
    Charset::of(label).decode_piece(bytes)
}

/// Whether bytes are no valid text in a charset of this name. Where it is guessed they always are.
pub(crate) fn has_faults(label: Option<&[u8]>, bytes: &[u8]) -> bool {
    match label.and_then(find).unwrap_or(Charset::Guess) {
        Charset::Encoding(encoding) => encoding.decode_with_bom_removal(bytes).1,
        Charset::Guess => false,
        Charset::Utf7 => utf7::decode(bytes).contains(char::REPLACEMENT_CHARACTER),
        Charset::ModifiedUtf7 => utf7::decode_modified(bytes).contains(char::REPLACEMENT_CHARACTER),
    }
}

/// Text of a header that says no charset.
pub(crate) fn guess_piece(bytes: &[u8]) -> Cow<'_, str> {
    match core::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => WINDOWS_1252.decode_without_bom_handling(bytes).0,
    }
}

/// Whether a body under this name is UTF-8 if it is valid as such.
pub(crate) fn may_be_utf8(label: Option<&[u8]>) -> bool {
    Charset::of(label).may_be_utf8()
}

/// Decodes a body, which stays where it is if nothing has to be changed.
pub(crate) fn decode_cow<'a>(label: Option<&[u8]>, bytes: Cow<'a, [u8]>) -> Cow<'a, str> {
    let charset = Charset::of(label);
    match bytes {
        Cow::Borrowed(bytes) => charset.decode(bytes),
        Cow::Owned(bytes) if charset.may_be_utf8() && !bytes.starts_with(BYTE_ORDER_MARK) => {
            Cow::Owned(match String::from_utf8(bytes) {
                Ok(text) => text,
                Err(error) => charset.decode(error.as_bytes()).into_owned(),
            })
        }
        Cow::Owned(bytes) => match charset.decode(&bytes) {
            // Nothing had to be changed: the bytes are the text.
            Cow::Borrowed(text) if text.len() == bytes.len() => {
                Cow::Owned(String::from_utf8(bytes).unwrap_or_default())
            }
            text => Cow::Owned(text.into_owned()),
        },
    }
}

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Text of a header, which says no charset.
pub(crate) fn guess_cow(bytes: Cow<'_, [u8]>) -> Cow<'_, str> {
    match bytes {
        Cow::Borrowed(bytes) => guess_piece(bytes),
        Cow::Owned(bytes) => Cow::Owned(match String::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => guess_piece(error.as_bytes()).into_owned(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn charsets() {
        assert_eq!(decode(Some(b"ISO-8859-1"), b"caf\xe9"), "caf\u{e9}");
        assert_eq!(decode(Some(b"latin-1"), b"caf\xe9"), "caf\u{e9}");
        assert_eq!(decode(Some(b"iso-2022-jp"), b"\x1b$B$\"\x1b(B"), "\u{3042}");
        assert_eq!(decode(Some(b"utf-8"), b"\xef\xbb\xbfa\xff"), "a\u{fffd}");
        assert_eq!(decode(Some(b"us-ascii"), "caf\u{e9}".as_bytes()), "caf\u{e9}");
        assert_eq!(decode(Some(b"x-nobody"), b"caf\xe9"), "caf\u{e9}");
        assert_eq!(decode(Some(b"unicode-1-1-utf-7"), b"caf+AOk-"), "caf\u{e9}");
        assert_eq!(decode(Some(b"utf-7-imap"), b"caf&AOk-"), "caf\u{e9}");
        assert_eq!(decode(None, b"plain"), "plain");
        assert!(is_known(b"koi8-r") && !is_known(b"x-nobody") && !is_known(b""));
        let is_shifted = |label| Charset::of(Some(label)).is_shifted();
        assert!(is_shifted(&b"UTF-7"[..]) && !is_shifted(b"iso-2022-jp"));
    }

    #[test]
    fn names_that_mailers_write() {
        assert!(ALIASES.is_sorted() && CODE_PAGES.is_sorted());
        for (name, encoding) in COMMON {
            let found = find_rare(name);
            assert!(matches!(found, Some(Charset::Encoding(found)) if found == encoding));
        }
        for (alias, name) in ALIASES {
            assert!(is_known(alias.as_bytes()) && is_known(name.as_bytes()), "{alias}");
        }
        for (page, name) in CODE_PAGES {
            assert!(is_known(alloc::format!("cp{page}").as_bytes()), "{name}");
        }
        for (label, name) in [
            ("\"utf-8\"", "utf-8"),
            (" 'iso-8859-2' ", "iso-8859-2"),
            ("utf8", "utf-8"),
            ("UTF_8", "utf-8"),
            ("utf8mb4", "utf-8"),
            ("utf-8; format=flowed", "utf-8"),
            ("charset=koi8-r", "koi8-r"),
            ("cp1251", "windows-1251"),
            ("CP-1252", "windows-1252"),
            ("Windows1250", "windows-1250"),
            ("win-1257", "windows-1257"),
            ("cp28605", "iso-8859-15"),
            ("iso8859_15", "iso-8859-15"),
            ("ISO_8859-2:1987", "iso-8859-2"),
            ("ISO-8859-7:1987", "iso-8859-7"),
            ("x-sjis", "shift_jis"),
            ("x-euc-jp", "euc-jp"),
            ("gb2312", "gbk"),
            ("ks_c_5601-1987", "euc-kr"),
            ("ibm943", "shift_jis"),
        ] {
            let found = match find(label.as_bytes()) {
                Some(Charset::Encoding(found)) => found.name(),
                _ => "none",
            };
            assert_eq!(found.to_ascii_lowercase(), name, "{label}");
        }
    }
}
