//! The transfer encodings make the same of any bytes, whole and in chunks, and keep every byte.

#![no_main]

use libfuzzer_sys::fuzz_target;
use mailrail_message::encoding::{base64, quoted_printable};

fuzz_target!(|input: (u16, u16, &[u8])| {
    let (first, second, bytes) = input;
    let (head, rest) = bytes.split_at(usize::from(first).min(bytes.len()));
    let (middle, tail) = rest.split_at(usize::from(second).min(rest.len()));
    let chunks = [head, middle, tail];

    let (mut decoder, mut decoded) = (base64::Decoder::default(), Vec::new());
    chunks.iter().for_each(|chunk| decoder.decode(chunk, &mut decoded));
    decoder.finish(&mut decoded);
    assert_eq!(decoded, base64::decode(bytes));
    assert_eq!(base64::decode(&base64::encode(bytes)), bytes);

    let (mut decoder, mut decoded) = (quoted_printable::Decoder::default(), Vec::new());
    chunks.iter().for_each(|chunk| decoder.decode(chunk, &mut decoded));
    decoder.finish(&mut decoded);
    assert_eq!(decoded, *quoted_printable::decode(bytes));

    let (mut encoder, mut code) = (quoted_printable::Encoder::default(), Vec::new());
    chunks.iter().for_each(|chunk| encoder.encode(chunk, &mut code));
    encoder.finish(&mut code);
    for code in [code, quoted_printable::encode(bytes)] {
        assert_eq!(*quoted_printable::decode(&code), *bytes);
        for line in code.split(|byte| *byte == b'\n') {
            assert!(line.len() <= 77 && !line.ends_with(b" ") && !line.ends_with(b" \r"));
        }
    }
});
