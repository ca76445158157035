//! mailrail-message's transfer encodings, beside encodify, base64-simd and base64; and simdutf8 beside core.

use base64::{Engine, engine::general_purpose::STANDARD};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use mailrail_benches::writers::{noise, quoted_samples};
use mailrail_message::encoding::{base64 as ours, quoted_printable};
use std::hint::black_box;

fn quoted(c: &mut Criterion) {
    for (name, text) in quoted_samples() {
        let code = quoted_printable::encode(text.as_bytes());
        assert!(quoted_printable::decode(&code) == text.as_bytes());
        let mut group = c.benchmark_group("quoted-printable decode");
        group.throughput(Throughput::Bytes(code.len() as u64));
        group.bench_function(BenchmarkId::new("mailrail", name), |b| {
            b.iter(|| quoted_printable::decode(black_box(&code)).len());
        });
        group.bench_function(BenchmarkId::new("mailrail, 16 KiB chunks", name), |b| {
            b.iter(|| {
                let (mut decoder, mut bytes) = (quoted_printable::Decoder::default(), Vec::new());
                let mut len = 0;
                for chunk in black_box(&code).chunks(16 << 10) {
                    bytes.clear();
                    decoder.decode(chunk, &mut bytes);
                    len += bytes.len();
                }
                len
            });
        });
        group.bench_function(BenchmarkId::new("encodify", name), |b| {
            b.iter(|| encodify::qp::BODY.decode(black_box(&code)).map(|bytes| bytes.len()));
        });
        group.finish();
        let mut group = c.benchmark_group("quoted-printable encode");
        group.throughput(Throughput::Bytes(text.len() as u64));
        group.bench_function(BenchmarkId::new("mailrail", name), |b| {
            b.iter(|| quoted_printable::encode(black_box(text.as_bytes())).len());
        });
        group.bench_function(BenchmarkId::new("encodify", name), |b| {
            b.iter(|| encodify::qp::BODY.encode(black_box(&text)).len());
        });
        group.finish();
    }
}

fn base64(c: &mut Criterion) {
    for (name, len) in [("20 KiB", 20 << 10), ("1 MiB", 1 << 20), ("10 MiB", 10 << 20)] {
        let bytes = noise(len);
        let text = ours::encode(&bytes);
        let mut group = c.benchmark_group("base64 decode");
        group.throughput(Throughput::Bytes(len as u64));
        group.bench_function(BenchmarkId::new("mailrail", name), |b| {
            b.iter(|| ours::decode(black_box(&text)).len());
        });
        group.bench_function(BenchmarkId::new("mailrail, 16 KiB chunks", name), |b| {
            b.iter(|| {
                let (mut decoder, mut bytes) = (ours::Decoder::default(), Vec::new());
                let mut len = 0;
                for chunk in black_box(&text).chunks(16 << 10) {
                    bytes.clear();
                    decoder.decode(chunk, &mut bytes);
                    len += bytes.len();
                }
                len
            });
        });
        group.bench_function(BenchmarkId::new("encodify", name), |b| {
            b.iter(|| encodify::base64::MIME.decode(black_box(&text)).map(|bytes| bytes.len()));
        });
        group.bench_function(BenchmarkId::new("base64-simd, by line", name), |b| {
            b.iter(|| {
                let mut bytes = vec![0; len + 3];
                let mut at = 0;
                for line in black_box(&text).chunks(78) {
                    let out = base64_simd::Out::from_slice(&mut bytes[at..]);
                    at += base64_simd::STANDARD.decode(&line[..line.len() - 2], out).unwrap().len();
                }
                at
            });
        });
        group.bench_function(BenchmarkId::new("base64, by line", name), |b| {
            b.iter(|| {
                let mut bytes = vec![0; len + 3];
                let mut at = 0;
                for line in black_box(&text).chunks(78) {
                    at += STANDARD.decode_slice(&line[..line.len() - 2], &mut bytes[at..]).unwrap();
                }
                at
            });
        });
        group.finish();
        let mut group = c.benchmark_group("base64 encode");
        group.throughput(Throughput::Bytes(len as u64));
        group.bench_function(BenchmarkId::new("mailrail", name), |b| {
            b.iter(|| ours::encode(black_box(&bytes)).len());
        });
        group.bench_function(BenchmarkId::new("encodify", name), |b| {
            b.iter(|| encodify::base64::MIME.encode(black_box(&bytes)).len());
        });
        group.finish();
    }
}

fn utf8(c: &mut Criterion) {
    for (name, text) in quoted_samples() {
        let mut group = c.benchmark_group("UTF-8 validated");
        group.throughput(Throughput::Bytes(text.len() as u64));
        group.bench_function(BenchmarkId::new("core", name), |b| {
            b.iter(|| std::str::from_utf8(black_box(text.as_bytes())).is_ok());
        });
        group.bench_function(BenchmarkId::new("simdutf8", name), |b| {
            b.iter(|| simdutf8::basic::from_utf8(black_box(text.as_bytes())).is_ok());
        });
        group.finish();
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .warm_up_time(std::time::Duration::from_millis(300))
        .measurement_time(std::time::Duration::from_secs(1));
    targets = quoted, base64, utf8
}
criterion_main!(benches);
