//! mailrail-smtp beside its peers: commands and replies a second, bytes of messages a second, and
//! whole sessions a second. `smtp_ratios` prints the same as one table.

use bytes::Bytes;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use mailrail_benches::smtp::{rows, session};
use mailrail_benches::text;
use mailrail_smtp::Mailbox;

fn codec(c: &mut Criterion) {
    for row in rows() {
        let mut group = c.benchmark_group(&row.name);
        let units = row.units as u64;
        group.throughput(if row.is_bytes {
            Throughput::Bytes(units)
        } else {
            Throughput::Elements(units)
        });
        for reader in &row.readers {
            assert_eq!((reader.run)(), row.units, "{} of {}", reader.name, row.name);
            group.bench_function(reader.name, |b| b.iter(&reader.run));
        }
        group.finish();
    }
}

fn sessions(c: &mut Criterion) {
    let mut group = c.benchmark_group("session in memory");
    let from: Mailbox<'_> = "alice@north.example".parse().expect("an address");
    let to = ["bob@south.example", "carol@south.example"];
    let to = to.map(|to| to.parse::<Mailbox<'_>>().expect("an address"));
    for len in [4 << 10, 1 << 20] {
        let message = Bytes::from(text(len, 50));
        group.throughput(Throughput::Elements(1));
        group.bench_function(format!("message of {len} bytes"), |b| {
            b.iter(|| assert_eq!(session::session(&message, &from, &to), message.len()));
        });
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .warm_up_time(std::time::Duration::from_millis(300))
        .measurement_time(std::time::Duration::from_secs(1));
    targets = codec, sessions
}
criterion_main!(benches);
