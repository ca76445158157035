//! The transfer encodings beside plain ones, for any bytes, whole and in chunks.
#![cfg(test)]

use mailrail_message::encoding::{base64, quoted_printable};
use proptest::prelude::*;

/// Base64 digit by digit.
fn plain_base64(text: &[u8]) -> Vec<u8> {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let (mut bytes, mut number, mut digits) = (Vec::new(), 0_u32, 0);
    for byte in text.iter().take_while(|byte| **byte != b'=') {
        let Some(digit) = DIGITS.iter().position(|digit| digit == byte) else { continue };
        number = number << 6 | u32::try_from(digit).unwrap();
        digits += 1;
        if digits == 4 {
            bytes.extend_from_slice(&number.to_be_bytes()[1..]);
            (number, digits) = (0, 0);
        }
    }
    if digits > 1 {
        let left = (number << (6 * (4 - digits))).to_be_bytes();
        bytes.extend_from_slice(&left[1..digits]);
    }
    bytes
}

/// Quoted-printable line by line, from the right.
fn plain_quoted_printable(text: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut at = 0;
    let ends = |text: &[u8]| match text {
        [b'\r', b'\n', ..] => Some(2),
        [b'\r' | b'\n', ..] => Some(1),
        [] => Some(0),
        _ => None,
    };
    while at < text.len() {
        let rest = &text[at..];
        let space = rest[1..].iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        let spaces = rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        let hex = |at: usize| rest.get(at).and_then(|digit| char::from(*digit).to_digit(16));
        match (rest[0], hex(1), hex(2)) {
            (b'=', Some(high), Some(low)) => {
                bytes.push(u8::try_from(high * 16 + low).unwrap());
                at += 3;
            }
            (b'=', ..) if space <= 1000 && ends(&rest[1 + space..]).is_some() => {
                at += 1 + space + ends(&rest[1 + space..]).unwrap();
            }
            (b' ' | b'\t', ..) => {
                let next = &rest[spaces..];
                let is_end = matches!(next, [] | [b'\n', ..] | [b'\r', b'\n', ..]);
                if !is_end || spaces > 1000 {
                    bytes.extend_from_slice(&rest[..spaces]);
                }
                at += spaces;
            }
            (byte, ..) => {
                bytes.push(byte);
                at += 1;
            }
        }
    }
    bytes
}

/// Text of pieces that mean something.
fn soup(pieces: &'static [&'static str]) -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        9 => proptest::sample::select(pieces).prop_map(|piece| piece.as_bytes().to_vec()),
        1 => proptest::collection::vec(any::<u8>(), 1..4),
        1 => (1..1200_usize).prop_map(|length| vec![b' '; length]),
    ];
    proptest::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

const LINE: &str = "VGhpcyBpcyBhIGxpbmUgb2YgYmFzZTY0LCBmb3VyIHRpbWVzIG5pbmV0ZWVuIGRpZ2l0cyBsb25n";

fn base64_soup() -> impl Strategy<Value = Vec<u8>> {
    const PIECES: &[&str] = &[
        "VGhpcyBpcyBhIGxpbmUgb2YgYmFzZTY0LCBmb3VyIHRpbWVzIG5pbmV0ZWVuIGRpZ2l0cyBsb25n\r\n",
        "VGhpcyBpcyBhIGxpbmUgb2YgYmFzZTY0LCBmb3VyIHRpbWVzIG5pbmV0ZWVuIGRpZ2l0cyBsb25n\r\n",
        "VGhpcyBpcyBhIGxpbmUgb2YgYmFzZTY0LCBmb3VyIHRpbWVzIG5pbmV0ZWVuIGRpZ2l0cyBsb25n\n",
        "VGhpcyBpcyBhIGxpbmUgb2YgYmFzZTY0LCBmb3VyIHRpbWVzIG5pbmV0ZWVuIGRpZ2l0cyBsb2==\r\n",
        "AAAA\r\n",
        "AAAA\r\n",
        "AAAA\n",
        "AAA\r\n",
        "AA\r\nA",
        "A",
        "AA",
        "AAAA",
        "=",
        "==",
        "-",
        "\r\n",
        "\n",
        "\r",
    ];
    soup(PIECES)
}

fn quoted_printable_soup() -> impl Strategy<Value = Vec<u8>> {
    const PIECES: &[&str] = &[
        "=C3=A9",
        "=",
        "=\r\n",
        "=\n",
        "= \r\n",
        "=4",
        "==",
        "=3D",
        "=zz",
        " ",
        "\t",
        "\r\n",
        "\n",
        "\r",
        " \r\n",
        "plain text that is longer than what is copied in one go, and without anything in it",
        "a",
        "=20",
        "From ",
        ".",
    ];
    soup(PIECES)
}

/// Cuts that are asked for as parts of what is left.
fn chunks<'t>(mut text: &'t [u8], cuts: &[u16]) -> Vec<&'t [u8]> {
    let mut chunks = Vec::new();
    for cut in cuts {
        let (chunk, rest) = text.split_at(text.len() * usize::from(*cut) / 65_536);
        chunks.push(chunk);
        text = rest;
    }
    chunks.push(text);
    chunks
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn base64_is_what_the_plain_way_makes(text in base64_soup(), cuts in proptest::collection::vec(any::<u16>(), 0..6)) {
        let expected = plain_base64(&text);
        prop_assert_eq!(&base64::decode(&text), &expected);
        let (mut decoder, mut bytes) = (base64::Decoder::default(), Vec::new());
        for chunk in chunks(&text, &cuts) {
            decoder.decode(chunk, &mut bytes);
        }
        decoder.finish(&mut bytes);
        prop_assert_eq!(bytes, expected);
    }

    #[test]
    fn base64_with_one_fault_is_what_the_plain_way_makes(
        lines in 1..600_usize, at in any::<prop::sample::Index>(), fault in proptest::sample::select(&b"=-\r\nA \0"[..]), is_added in any::<bool>(),
    ) {
        let mut text = format!("{LINE}\r\n").repeat(lines).into_bytes();
        let at = at.index(text.len());
        match is_added {
            true => text.insert(at, fault),
            false => text[at] = fault,
        }
        prop_assert!(base64::decode(&text) == plain_base64(&text));
    }

    #[test]
    fn quoted_printable_is_what_the_plain_way_makes(text in quoted_printable_soup(), cuts in proptest::collection::vec(any::<u16>(), 0..6)) {
        let expected = plain_quoted_printable(&text);
        prop_assert_eq!(&*quoted_printable::decode(&text), &*expected, "{}", text.escape_ascii());
        let (mut decoder, mut bytes) = (quoted_printable::Decoder::default(), Vec::new());
        for chunk in chunks(&text, &cuts) {
            decoder.decode(chunk, &mut bytes);
        }
        decoder.finish(&mut bytes);
        prop_assert_eq!(bytes, expected, "{} {:?}", text.escape_ascii(), cuts);
    }

    #[test]
    fn quoted_printable_keeps_every_byte(text in quoted_printable_soup(), cuts in proptest::collection::vec(any::<u16>(), 0..6)) {
        let code = quoted_printable::encode(&text);
        let (mut encoder, mut in_chunks) = (quoted_printable::Encoder::default(), Vec::new());
        for chunk in chunks(&text, &cuts) {
            encoder.encode(chunk, &mut in_chunks);
        }
        encoder.finish(&mut in_chunks);
        // Nothing is cut elsewhere where no line is long.
        if text.len() < 4000 {
            prop_assert_eq!(&code, &in_chunks);
        }
        for code in [code, in_chunks] {
            prop_assert_eq!(plain_quoted_printable(&code), text.clone());
            for line in code.split(|byte| *byte == b'\n') {
                prop_assert!(line.len() <= 77);
                let line = line.strip_suffix(b"\r").unwrap_or(line);
                prop_assert!(line.iter().all(|byte| matches!(byte, b' '..=b'~' | b'\t')));
                prop_assert!(!line.ends_with(b" ") && !line.ends_with(b"\t"));
                prop_assert!(!line.starts_with(b"From ") && line != b".");
            }
        }
    }
}
