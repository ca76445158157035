//! mailrail-wire: lines a second, stuffing and unstuffing in bytes a second, beside plain searches
//! over the same bytes.

use bytes::{Buf, Bytes};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use mailrail_benches::text;
use mailrail_wire::{Found, Input, LineFinder, Output, Stuffed, Stuffer, Unstuffed, Unstuffer};
use memchr::{memchr_iter, memmem};
use std::hint::black_box;

const LEN: usize = 1 << 20;
const CHUNKS: [usize; 2] = [1_460, 65_536];

fn lines(c: &mut Criterion) {
    let mut group = c.benchmark_group("lines");
    let stream = b"RCPT TO:<somebody@south.test>\r\n".repeat(10_000);
    group.throughput(Throughput::Elements(10_000));
    for chunk in CHUNKS {
        group.bench_with_input(BenchmarkId::new("LineFinder", chunk), &chunk, |b, &chunk| {
            b.iter(|| {
                let (mut input, mut finder, mut found) =
                    (Input::default(), LineFinder::default(), 0);
                for piece in stream.chunks(chunk) {
                    input.extend(piece);
                    while let Found::Line(len) = finder.find(input.bytes(), 512) {
                        black_box(input.take(len));
                        found += 1;
                    }
                }
                assert_eq!(found, 10_000);
            });
        });
    }
    group.finish();
}

/// How many pieces a text falls into, and how many bytes of text they hold.
fn unstuff(mut reader: Unstuffer, wire: &[u8], chunk: usize) -> (usize, usize) {
    let (mut pieces, mut bytes) = (0, 0);
    for mut rest in wire.chunks(chunk) {
        while let Unstuffed::Text { skip, len } = reader.next(rest) {
            black_box(&rest[skip..skip + len]);
            rest = &rest[skip + len..];
            (pieces, bytes) = (pieces + 1, bytes + len);
        }
    }
    assert!(!reader.has_bare_line_end());
    (pieces, bytes)
}

fn dots(c: &mut Criterion) {
    let plain = text(LEN, usize::MAX);
    let dotted = text(LEN, 50);
    let searched = memmem::Finder::new(b"\r\n.");
    for (name, text) in [("plain", &plain), ("dotted", &dotted)] {
        let mut group = c.benchmark_group(format!("dots {name}"));
        group.throughput(Throughput::Bytes(text.len() as u64));
        for chunk in CHUNKS {
            let mut bench = |what: &str, run: &mut dyn FnMut() -> usize| {
                group.bench_function(BenchmarkId::new(what, chunk), |b| b.iter(&mut *run));
            };
            bench("peer memmem", &mut || {
                text.chunks(chunk).map(|piece| searched.find_iter(black_box(piece)).count()).sum()
            });
            bench("peer memchr LF", &mut || {
                text.chunks(chunk).map(|piece| memchr_iter(b'\n', black_box(piece)).count()).sum()
            });
            bench("peer memchr LF, each used", &mut || {
                let lines = text.chunks(chunk).flat_map(|piece| memchr_iter(b'\n', piece));
                lines
                    .inspect(|at| {
                        black_box(at);
                    })
                    .count()
            });
            bench("unstuff, unchecked", &mut || unstuff(Unstuffer::unchecked(), text, chunk).1);
            bench("unstuff, checked", &mut || unstuff(Unstuffer::default(), text, chunk).1);
            bench("stuff as slices", &mut || {
                let (mut writer, mut pieces) = (Stuffer::default(), 0);
                for mut rest in text.chunks(chunk) {
                    while !rest.is_empty() {
                        let Stuffed { dot, len } = writer.next(rest);
                        black_box((dot, &rest[..len]));
                        rest = &rest[len..];
                        pieces += 1;
                    }
                }
                pieces
            });
            let whole = Bytes::copy_from_slice(text);
            bench("stuff into Output, checked", &mut || {
                let (mut writer, mut output) = (Stuffer::default(), Output::default());
                let mut rest = whole.clone();
                while !rest.is_empty() {
                    let piece = rest.split_to(chunk.min(rest.len()));
                    writer.stuff(piece, &mut output).expect("CR LF alone");
                    output.advance(output.len());
                }
                1
            });
        }
        group.finish();
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .warm_up_time(std::time::Duration::from_millis(300))
        .measurement_time(std::time::Duration::from_secs(1));
    targets = lines, dots
}
criterion_main!(benches);
