//! mailrail-smtp against the best of its peers, a row for each thing to do: the best of many
//! alternating runs, so that a busy machine hurts all alike, and the allocations of a run. Then
//! what whole sessions cost, and what a server holds while 25 MiB pass through it.
//!
//! `cargo bench --bench smtp_ratios -- instructions` counts instructions instead of time, one
//! reader and row a process under `valgrind --tool=callgrind`; other words choose rows by a part of
//! their names. `-- run ROW READER TIMES` is such a process.
//!
//! Names in brackets are plain searches over the same bytes; they are no peers.

use bytes::Bytes;
use mailrail_benches::heap::{self, Counting};
use mailrail_benches::smtp::{Reader, Row, rows, session};
use mailrail_benches::text;
use mailrail_smtp::Mailbox;
use std::hint::black_box;
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

#[global_allocator]
static COUNTING: Counting = Counting;

/// The least that is too much for a server to hold of a message.
const HELD: usize = 64 * 1024;

/// The instructions of one run: those of eleven less those of one, so that the start of the
/// process does not count.
fn instructions(row: &Row, reader: &Reader) -> f64 {
    let count = |times: &str| -> f64 {
        let own = std::env::current_exe().expect("a path");
        let done = Command::new("valgrind")
            .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
            .arg(own)
            .args(["run", &row.name, reader.name, times])
            .output()
            .expect("valgrind runs");
        let text = String::from_utf8_lossy(&done.stderr).into_owned();
        let line = text.lines().find(|line| line.contains("Collected")).expect("a count");
        line.rsplit(' ').next().and_then(|n| n.parse().ok()).expect("a number")
    };
    (count("11") - count("1")) / 10.0
}

/// The best of many rounds, in nanoseconds, for each reader.
fn times(row: &Row) -> Vec<f64> {
    let run = |reader: &Reader, times: u32| {
        let start = Instant::now();
        for _ in 0..times {
            black_box((reader.run)());
        }
        start.elapsed().as_secs_f64() * 1e9 / f64::from(times)
    };
    let mut best: Vec<f64> = row.readers.iter().map(|reader| run(reader, 1)).collect();
    let longest = best.iter().copied().fold(1.0, f64::max);
    let each = Duration::from_millis(3).as_nanos() as f64;
    let many = (each / longest).clamp(1.0, 10_000.0) as u32;
    for _ in 0..25 {
        for (best, reader) in best.iter_mut().zip(&row.readers) {
            *best = best.min(run(reader, many));
        }
    }
    best
}

fn print(row: &Row, costs: &[f64]) {
    let units = row.units as f64;
    let is_peer = |reader: &Reader| !reader.name.starts_with('(') && reader.name != "mailrail";
    let peers = row.readers.iter().zip(costs).filter(|(reader, _)| is_peer(reader));
    let (peer, best) = peers
        .map(|(reader, cost)| (reader.name, *cost))
        .min_by(|one, other| one.1.total_cmp(&other.1))
        .expect("a peer");
    let ratio = best / costs[0];
    let verdict = match row.wanted {
        Some(wanted) if ratio < wanted => format!("   {wanted:.1}x wanted"),
        _ => String::new(),
    };
    println!("{:<42} {ratio:6.2}x of {peer}{verdict}", row.name);
    for (reader, cost) in row.readers.iter().zip(costs) {
        let before = heap::allocated();
        assert_eq!((reader.run)(), row.units, "{} of {}", reader.name, row.name);
        let after = heap::allocated();
        println!(
            "    {:<14} {:10.3} a unit {:9.2} allocations {:10.1} bytes",
            reader.name,
            cost / units,
            (after.0 - before.0) as f64 / if row.is_bytes { 1.0 } else { units },
            (after.1 - before.1) as f64 / if row.is_bytes { 1.0 } else { units },
        );
    }
}

fn sessions() {
    let from: Mailbox<'_> = "alice@north.example".parse().expect("an address");
    let to = ["bob@south.example", "carol@south.example"];
    let to = to.map(|to| to.parse::<Mailbox<'_>>().expect("an address"));
    for len in [4 << 10, 1 << 20] {
        let message = Bytes::from(text(len, 50));
        let run = || assert_eq!(session::session(&message, &from, &to), message.len());
        run();
        let before = heap::allocated();
        run();
        let after = heap::allocated();
        let start = Instant::now();
        let many = u32::try_from((200 << 20) / (len + (256 << 10))).unwrap_or(1);
        (0..many).for_each(|_| run());
        println!(
            "session with a message of {len} bytes: {:.0} a second, {} allocations of {} bytes",
            f64::from(many) / start.elapsed().as_secs_f64(),
            after.0 - before.0,
            after.1 - before.1,
        );
    }
}

/// What a server holds at most while a message passes through it.
fn memory() -> bool {
    let message = text(25 << 20, usize::MAX);
    let ways: [(&str, &dyn Fn() -> usize); 3] = [
        ("DATA", &|| session::data(&message, 8_192)),
        ("BDAT", &|| session::bdat(&message, 8_192, "8BITMIME")),
        ("BDAT of BINARYMIME", &|| session::bdat(&message, 8_192, "BINARYMIME")),
    ];
    ways.iter().fold(true, |fits, (name, run)| {
        let before = heap::held();
        heap::most();
        assert_eq!(run(), message.len());
        let held = heap::most() - before;
        let verdict = if held < HELD { "" } else { "   too much" };
        println!("25 MiB by {name}: {held} bytes held at most{verdict}");
        fits && held < HELD
    })
}

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    if let [run, name, reader, times] = &words[..]
        && run == "run"
    {
        let rows = rows();
        let row = rows.iter().find(|row| row.name == *name).expect("a row");
        let reader = row.readers.iter().find(|it| it.name == reader).expect("a reader");
        let times: u32 = times.parse().expect("a number");
        for _ in 0..times {
            black_box((reader.run)());
        }
        return ExitCode::SUCCESS;
    }
    let (counted, names): (Vec<_>, Vec<_>) = words.iter().partition(|word| *word == "instructions");
    for row in rows() {
        if !names.is_empty() && !names.iter().any(|name| row.name.contains(name.as_str())) {
            continue;
        }
        let costs = if counted.is_empty() {
            times(&row)
        } else {
            row.readers.iter().map(|reader| instructions(&row, reader)).collect()
        };
        print(&row, &costs);
    }
    if !names.is_empty() {
        return ExitCode::SUCCESS;
    }
    sessions();
    if memory() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
