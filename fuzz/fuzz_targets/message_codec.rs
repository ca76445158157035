//! The transfer encodings make the same of any bytes, whole and in chunks, and keep every byte; a message that is converted
//! fits its way and keeps its parts.

#![no_main]

use libfuzzer_sys::fuzz_target;
use mailrail_message::encoding::{base64, quoted_printable};
use mailrail_message::{BodyType, Message, Part, PartKind};

fn convert(raw: &[u8], way: BodyType) {
    let message = Message::parse(raw);
    let Ok(converted) = message.convert(way) else { return };
    let size = converted.size();
    let bytes = converted.into_vec();
    let (mut conversion, mut pieces) = (message.conversion(way).expect("the same"), Vec::new());
    for mut chunk in raw.chunks(3) {
        while let Some(piece) = conversion.piece(&mut chunk) {
            pieces.extend_from_slice(&piece);
        }
    }
    assert!(pieces == bytes && conversion.is_done());
    assert_eq!(bytes.len() as u64, size);
    assert!(BodyType::of(&bytes) <= way);
    let leaf = |part: Part<'_>| match part.kind() {
        PartKind::Leaf => Some((part.path(), part.decoded().into_owned())),
        _ => None,
    };
    // One with UTF-8 in its header becomes a leaf.
    if !message.parts().any(|part| part.content_type().is("message", "global")) {
        let after = Message::parse(&bytes);
        assert!(message.parts().filter_map(leaf).eq(after.parts().filter_map(leaf)));
    }
}

fuzz_target!(|input: (u16, u16, &[u8])| {
    let (first, second, bytes) = input;
    let (head, rest) = bytes.split_at(usize::from(first).min(bytes.len()));
    let (middle, tail) = rest.split_at(usize::from(second).min(rest.len()));
    let chunks = [head, middle, tail];
    convert(bytes, BodyType::SevenBit);
    convert(bytes, BodyType::EightBitMime);

    let (mut encoder, mut text) = (base64::Encoder::default(), Vec::new());
    chunks.iter().for_each(|chunk| encoder.encode(chunk, &mut text));
    encoder.finish(&mut text);
    assert_eq!(text, base64::encode(bytes));
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
