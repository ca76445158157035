//! mailrail-message's writing side in one table beside mail-builder and encodify: see [`mailrail_benches::side_by_side`].

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use mailrail_benches::side_by_side::{Row, print};
use mailrail_benches::text;
use mailrail_benches::writers::{noise, ours, quoted_samples, theirs};
use mailrail_message::Attachment;
use mailrail_message::encoding::{base64 as ours64, quoted_printable};
use std::hint::black_box;

fn main() {
    let plain = String::from_utf8(text(3 << 10, usize::MAX)).expect("ASCII");
    let html =
        format!("<html><body><p>{}</p></body></html>\r\n", plain.replace("\r\n", "<br>\r\n"));
    let file = Bytes::from(noise(1 << 20));
    let samples = quoted_samples();
    let codes: Vec<_> =
        samples.iter().map(|(_, text)| quoted_printable::encode(text.as_bytes())).collect();
    let names: Vec<_> = samples
        .iter()
        .map(|(name, _)| {
            (format!("quoted-printable decode: {name}"), format!("quoted-printable encode: {name}"))
        })
        .collect();
    let base = ours64::encode(&file);
    let by_line = |decode: &dyn Fn(&[u8], &mut [u8]) -> usize| {
        let (mut bytes, mut at) = (vec![0; file.len() + 3], 0);
        for line in black_box(&base).chunks(78) {
            at += decode(&line[..line.len() - 2], &mut bytes[at..]);
        }
        at
    };
    let utf8_names: Vec<_> =
        samples.iter().map(|(name, _)| format!("UTF-8 by core, beside simdutf8: {name}")).collect();
    let mut rows = vec![
        Row {
            name: "build: text of 3 KiB",
            ours: Box::new(|| ours().text(black_box(&*plain)).into_vec([7; 16]).unwrap().len()),
            theirs: Box::new(|| {
                theirs().text_body(black_box(&*plain)).write_to_vec().unwrap().len()
            }),
        },
        Row {
            name: "build: with HTML and 1 MiB attached",
            ours: Box::new(|| {
                let attachment =
                    Attachment::new("application/pdf", file.clone()).with_name("plan.pdf");
                let builder = ours().text(&*plain).html(&*html).attach(attachment);
                builder.into_vec([7; 16]).unwrap().len()
            }),
            theirs: Box::new(|| {
                let message = theirs().text_body(&*plain).html_body(&*html);
                let message = message.attachment("application/pdf", "plan.pdf", &file[..]);
                message.write_to_vec().unwrap().len()
            }),
        },
    ];
    for (((decode, encode), (_, text)), code) in names.iter().zip(&samples).zip(&codes) {
        assert!(quoted_printable::decode(code) == text.as_bytes());
        rows.push(Row {
            name: decode,
            ours: Box::new(move || quoted_printable::decode(black_box(code)).len()),
            theirs: Box::new(move || encodify::qp::BODY.decode(black_box(code)).unwrap().len()),
        });
        rows.push(Row {
            name: encode,
            ours: Box::new(move || quoted_printable::encode(black_box(text.as_bytes())).len()),
            theirs: Box::new(move || encodify::qp::BODY.encode(black_box(text)).len()),
        });
    }
    rows.push(Row {
        name: "base64 decode: 1 MiB",
        ours: Box::new(|| ours64::decode(black_box(&base)).len()),
        theirs: Box::new(|| encodify::base64::MIME.decode(black_box(&base)).unwrap().len()),
    });
    rows.push(Row {
        name: "base64 encode: 1 MiB",
        ours: Box::new(|| ours64::encode(black_box(&file)).len()),
        theirs: Box::new(|| encodify::base64::MIME.encode(black_box(&file)).len()),
    });
    rows.push(Row {
        name: "base64 decode: 1 MiB, beside base64-simd",
        ours: Box::new(|| ours64::decode(black_box(&base)).len()),
        theirs: Box::new(|| {
            by_line(&|line, out| {
                let out = base64_simd::Out::from_slice(out);
                base64_simd::STANDARD.decode(line, out).unwrap().len()
            })
        }),
    });
    rows.push(Row {
        name: "base64 decode: 1 MiB, beside base64",
        ours: Box::new(|| ours64::decode(black_box(&base)).len()),
        theirs: Box::new(|| by_line(&|line, out| STANDARD.decode_slice(line, out).unwrap())),
    });
    for (name, (_, text)) in utf8_names.iter().zip(&samples) {
        let text = text.as_bytes();
        rows.push(Row {
            name,
            ours: Box::new(move || usize::from(std::str::from_utf8(black_box(text)).is_ok())),
            theirs: Box::new(move || {
                usize::from(simdutf8::basic::from_utf8(black_box(text)).is_ok())
            }),
        });
    }
    print(&rows);
}
