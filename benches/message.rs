//! mailrail-message beside mail-parser and mailparse: structure, typed fields, and everything decoded.

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main};
use mailrail_benches::mail::{mix, samples};
use mailrail_benches::readers::{MAIL_PARSER, MAILPARSE, MAILRAIL, Reader};
use std::hint::black_box;

type Task = fn(&[u8]) -> usize;

fn rows(
    group: &mut BenchmarkGroup<'_, WallTime>,
    messages: &[Vec<u8>],
    pick: impl Fn(&Reader) -> Task,
) {
    let bytes: usize = messages.iter().map(Vec::len).sum();
    group.throughput(Throughput::Bytes(bytes as u64));
    for reader in [MAILRAIL, MAIL_PARSER, MAILPARSE] {
        let read = pick(&reader);
        group.bench_function(reader.name, |b| {
            b.iter(|| messages.iter().map(|raw| read(black_box(raw))).sum::<usize>());
        });
    }
}

fn all(c: &mut Criterion, task: &str, pick: impl Fn(&Reader) -> Task) {
    let mixed = ("mix", mix());
    let samples = samples().into_iter().map(|sample| (sample.name, vec![sample.raw]));
    for (name, messages) in samples.chain([mixed]) {
        let mut group = c.benchmark_group(format!("{task}/{name}"));
        rows(&mut group, &messages, &pick);
        group.finish();
    }
}

fn structure(c: &mut Criterion) {
    all(c, "structure", |reader| reader.structure);
}

fn fields(c: &mut Criterion) {
    all(c, "fields", |reader| reader.fields);
}

fn decoded(c: &mut Criterion) {
    all(c, "decoded", |reader| reader.decoded);
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .warm_up_time(std::time::Duration::from_millis(300))
        .measurement_time(std::time::Duration::from_secs(1));
    targets = structure, fields, decoded
}
criterion_main!(benches);
