//! Charsets: from bytes to Unicode.

use alloc::borrow::Cow;

use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};

/// Names that mailers use and the WHATWG's list lacks.
const ALIASES: [(&str, &str); 10] = [
    ("cp932", "shift_jis"),
    ("cp936", "gbk"),
    ("cp949", "euc-kr"),
    ("cp950", "big5"),
    ("iso-latin-1", "iso-8859-1"),
    ("latin-1", "iso-8859-1"),
    ("utf_8", "utf-8"),
    ("utf-8mb4", "utf-8"),
    ("8859-1", "iso-8859-1"),
    ("x-gb18030", "gb18030"),
];

fn find(label: &[u8]) -> Option<&'static Encoding> {
    let label = label.trim_ascii();
    Encoding::for_label_no_replacement(label).or_else(|| {
        let (_, name) =
            ALIASES.iter().find(|(alias, _)| label.eq_ignore_ascii_case(alias.as_bytes()))?;
        Encoding::for_label(name.as_bytes())
    })
}

/// Whether a charset of this name is known.
pub fn is_known(label: &[u8]) -> bool {
    find(label).is_some()
}

/// Decodes text in a charset of this name; what is no valid code becomes U+FFFD.
///
/// Without a name, under a name that nobody knows, and for us-ascii with bytes that ASCII does not have, the text is UTF-8 if
/// it is valid UTF-8, else windows-1252. A byte order mark of the charset is dropped.
pub fn decode<'a>(label: Option<&[u8]>, bytes: &'a [u8]) -> Cow<'a, str> {
    choose(label, bytes).decode_with_bom_removal(bytes).0
}

/// The same for a piece of a header, where a byte order mark is a letter like any other.
pub(crate) fn decode_piece<'a>(label: Option<&[u8]>, bytes: &'a [u8]) -> Cow<'a, str> {
    choose(label, bytes).decode_without_bom_handling(bytes).0
}

fn choose(label: Option<&[u8]>, bytes: &[u8]) -> &'static Encoding {
    let is_ascii = |label: &[u8]| label.trim_ascii().eq_ignore_ascii_case(b"us-ascii");
    label.filter(|label| !is_ascii(label)).and_then(find).unwrap_or_else(|| {
        match core::str::from_utf8(bytes) {
            Ok(_) => UTF_8,
            Err(_) => WINDOWS_1252,
        }
    })
}

pub(crate) fn decode_cow<'a>(label: Option<&[u8]>, bytes: Cow<'a, [u8]>) -> Cow<'a, str> {
    match bytes {
        Cow::Borrowed(bytes) => decode(label, bytes),
        Cow::Owned(bytes) => Cow::Owned(decode(label, &bytes).into_owned()),
    }
}

/// Text of a header, which says no charset.
pub(crate) fn guess_cow(bytes: Cow<'_, [u8]>) -> Cow<'_, str> {
    match bytes {
        Cow::Borrowed(bytes) => decode_piece(None, bytes),
        Cow::Owned(bytes) => Cow::Owned(decode_piece(None, &bytes).into_owned()),
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
        assert_eq!(decode(None, b"plain"), "plain");
        assert!(is_known(b"koi8-r") && !is_known(b"x-nobody"));
    }
}
