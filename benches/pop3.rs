//! mailrail-pop3: lines of a listing a second and bytes of a message a second, both sides, beside a
//! plain search for line ends over the same bytes.

use bytes::{Buf, Bytes};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use mailrail_benches::text;
use mailrail_pop3::{
    Capabilities, Client, Config, DropListing, MessageNumber, Server, Text, client, server,
};
use mailrail_wire::{Connection, Input, Step, Time};
use memchr::memchr_iter;
use std::hint::black_box;

const LINES: u32 = 100_000;
const LEN: usize = 25 << 20;
const CHUNKS: [usize; 2] = [1_460, 65_536];

/// A client that has been greeted, and whose command is sent.
fn client(command: impl FnOnce(&mut Client)) -> (Client, Input) {
    let (mut client, mut input) = (Client::over_tls(Config::default()), Input::default());
    input.extend(b"+OK\r\n");
    assert_eq!(client.poll(Time::default(), &mut input), Ok(Step::Event));
    assert!(client.event(&mut input).is_ok());
    command(&mut client);
    assert!(matches!(client.poll(Time::default(), &mut input), Ok(Step::Write { .. })));
    let len = client.output().len();
    client.output().advance(len);
    (client, input)
}

/// Reads an answer that comes in pieces of `chunk`; tells what its events count together.
fn read(
    wire: &[u8],
    chunk: usize,
    command: impl FnOnce(&mut Client),
    count: impl Fn(client::Event<'_>) -> usize,
) -> usize {
    let ((mut client, mut input), mut counted) = (client(command), 0);
    let mut wire = wire;
    loop {
        match client.poll(Time::default(), &mut input).expect("no error") {
            Step::Event => match client.event(&mut input).expect("an event") {
                client::Event::End { .. } => return counted,
                event => counted += count(event),
            },
            Step::Read { .. } => {
                let (now, later) = wire.split_at(chunk.min(wire.len()));
                input.extend(now);
                wire = later;
            }
            step => panic!("{step:?}"),
        }
    }
}

/// A server with so many messages, somebody logged in, and a command that has come.
fn server(messages: u32, command: &[u8]) -> (Server, Input) {
    let offer = Capabilities::all();
    let (mut server, mut input) = (Server::over_tls(offer, Config::default()), Input::default());
    input.extend(b"USER a\r\nPASS b\r\n");
    input.extend(command);
    for _ in 0..2 {
        assert_eq!(server.poll(Time::default(), &mut input), Ok(Step::Event));
        if let Ok(server::Event::Login { .. }) = server.event(&mut input) {
            server.open(DropListing { messages, octets: 1 }).expect("its turn");
        } else {
            server.ok(Text::NONE).expect("its turn");
        }
    }
    (server, input)
}

/// Answers a command, to its end; tells how many bytes are written.
fn write(
    (mut server, mut input): (Server, Input),
    mut answer: impl FnMut(&mut Server, server::Event<'_>),
) -> usize {
    let mut written = 0;
    loop {
        match server.poll(Time::default(), &mut input).expect("no error") {
            Step::Event => {
                let event = server.event(&mut input).expect("an event");
                answer(&mut server, event);
            }
            Step::Write { .. } => {
                written += server.output().len();
                let len = server.output().len();
                server.output().advance(len);
            }
            Step::Read { .. } => return written,
            step => panic!("{step:?}"),
        }
    }
}

fn list(c: &mut Criterion) {
    let mut group = c.benchmark_group("LIST of 100,000 lines");
    let mut wire = b"+OK\r\n".to_vec();
    for n in 1..=LINES {
        wire.extend_from_slice(format!("{n} {}\r\n", 1_000 + n % 90_000).as_bytes());
    }
    wire.extend_from_slice(b".\r\n");
    group.throughput(Throughput::Elements(LINES.into()));
    for chunk in CHUNKS {
        group.bench_with_input(BenchmarkId::new("client", chunk), &chunk, |b, &chunk| {
            b.iter(|| {
                let lines = read(
                    &wire,
                    chunk,
                    |client| client.list(None).expect("its turn"),
                    |event| usize::from(matches!(black_box(event), client::Event::Scan { .. })),
                );
                assert_eq!(lines, LINES as usize);
            });
        });
    }
    group.bench_function("server", |b| {
        b.iter(|| {
            write(server(LINES, b"LIST\r\n"), |server, event| {
                if let server::Event::WantSize(message) = event {
                    server.size(1_000 + u64::from(message.value()) % 90_000).expect("its turn");
                }
            })
        });
    });
    group.finish();
}

fn retr(c: &mut Criterion) {
    retr_of(c, "plain", &text(LEN, usize::MAX));
    // Every 50th line begins with a dot.
    retr_of(c, "dotted", &text(LEN, 50));
}

fn retr_of(c: &mut Criterion, name: &str, text: &[u8]) {
    let mut group = c.benchmark_group(format!("RETR of 25 MiB {name}"));
    group.sample_size(20);
    let mut wire = b"+OK\r\n".to_vec();
    for line in text.split_inclusive(|&byte| byte == b'\n') {
        if line.starts_with(b".") {
            wire.push(b'.');
        }
        wire.extend_from_slice(line);
    }
    wire.extend_from_slice(b".\r\n");
    let one = MessageNumber::new(1).expect("a number");
    let whole = Bytes::copy_from_slice(text);
    group.throughput(Throughput::Bytes(text.len() as u64));
    for chunk in CHUNKS {
        group.bench_with_input(BenchmarkId::new("peer memchr LF", chunk), &chunk, |b, &chunk| {
            b.iter(|| -> usize {
                wire.chunks(chunk).map(|piece| memchr_iter(b'\n', black_box(piece)).count()).sum()
            });
        });
        group.bench_with_input(
            BenchmarkId::new("peer memchr LF, each used", chunk),
            &chunk,
            |b, &chunk| {
                b.iter(|| -> usize {
                    let ends = wire.chunks(chunk).flat_map(|piece| memchr_iter(b'\n', piece));
                    ends.inspect(|at| {
                        black_box(at);
                    })
                    .count()
                });
            },
        );
        // The bytes are put into the client's input, as a read from a socket would put them there.
        group.bench_with_input(
            BenchmarkId::new("peer copy and memchr", chunk),
            &chunk,
            |b, &chunk| {
                let mut buffer = vec![0; chunk];
                b.iter(|| -> usize {
                    let pieces = wire.chunks(chunk).map(|piece| {
                        buffer[..piece.len()].copy_from_slice(piece);
                        memchr_iter(b'\n', black_box(&buffer[..piece.len()])).count()
                    });
                    pieces.sum()
                });
            },
        );
        group.bench_with_input(BenchmarkId::new("client", chunk), &chunk, |b, &chunk| {
            b.iter(|| {
                let octets = read(
                    &wire,
                    chunk,
                    |client| client.retr(one).expect("its turn"),
                    |event| match event {
                        client::Event::Message { octets, .. } => black_box(octets).len(),
                        _ => 0,
                    },
                );
                assert_eq!(octets, text.len());
            });
        });
        group.bench_with_input(BenchmarkId::new("server", chunk), &chunk, |b, &chunk| {
            b.iter(|| {
                let mut rest = whole.clone();
                let written = write(server(1, b"RETR 1\r\n"), |server, event| match event {
                    server::Event::Retr(_) => server.ok(Text::NONE).expect("its turn"),
                    server::Event::WantMessage if rest.is_empty() => {
                        server.end_message().expect("its turn");
                    }
                    server::Event::WantMessage => {
                        let piece = rest.split_to(chunk.min(rest.len()));
                        server.message(piece).expect("CR LF alone");
                    }
                    _ => {}
                });
                assert!(written > text.len());
            });
        });
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .warm_up_time(std::time::Duration::from_millis(300))
        .measurement_time(std::time::Duration::from_secs(2));
    targets = list, retr
}
criterion_main!(benches);
