//! mailrail-message against mail-parser in one table: the best of many alternating runs, so that a busy machine hurts both alike.
//!
//! `cargo bench --bench ratios -- instructions` prints instruction counts instead, one reader and row a process
//! under `valgrind --tool=callgrind`; `-- READER TASK ROW TIMES` is such a process.

use mailrail_benches::mail::{mix, samples};
use mailrail_benches::readers::{MAIL_PARSER, MAILRAIL, Reader};
use std::hint::black_box;
use std::process::Command;
use std::time::{Duration, Instant};

const TASKS: [&str; 3] = ["structure", "fields", "decoded"];

fn task(reader: &Reader, name: &str) -> fn(&[u8]) -> usize {
    match name {
        "structure" => reader.structure,
        "fields" => reader.fields,
        _ => reader.decoded,
    }
}

fn rows() -> Vec<(&'static str, Vec<Vec<u8>>)> {
    let samples = samples().into_iter().map(|sample| (sample.name, vec![sample.raw]));
    samples.chain([("mix", mix())]).collect()
}

fn run(read: fn(&[u8]) -> usize, messages: &[Vec<u8>], times: u32) {
    for _ in 0..times {
        for raw in messages {
            black_box(read(black_box(raw)));
        }
    }
}

fn time(read: fn(&[u8]) -> usize, messages: &[Vec<u8>], times: u32) -> Duration {
    let start = Instant::now();
    run(read, messages, times);
    start.elapsed() / times
}

/// The instructions of one run: those of eleven less those of one, so that the start of the process does not count.
fn instructions(reader: &str, task: &str, row: &str) -> f64 {
    let count = |times: &str| -> f64 {
        let own = std::env::current_exe().expect("a path");
        let done = Command::new("valgrind")
            .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
            .arg(own)
            .args([reader, task, row, times])
            .output()
            .expect("valgrind runs");
        let text = String::from_utf8_lossy(&done.stderr).into_owned();
        let line = text.lines().find(|line| line.contains("Collected")).expect("a count");
        line.rsplit(' ').next().and_then(|n| n.parse().ok()).expect("a number")
    };
    (count("11") - count("1")) / 10.0
}

fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    if let [reader, name, row, times] = words[..] {
        let reader = if reader == "mailrail" { MAILRAIL } else { MAIL_PARSER };
        let rows = rows();
        let (_, messages) = rows.iter().find(|(name, _)| *name == row).expect("a row");
        return run(task(&reader, name), messages, times.parse().expect("a number"));
    }
    let wanted =
        |name: &str| words.is_empty() || words.contains(&name) || words == ["instructions"];
    for name in TASKS.into_iter().filter(|name| wanted(name)) {
        for (row, messages) in rows() {
            let [ours, theirs] = if words.contains(&"instructions") {
                [instructions("mailrail", name, row), instructions("mail-parser", name, row)]
            } else {
                best(name, &messages).map(|time| time.as_secs_f64() * 1e9)
            };
            println!("{name:10} {row:11} {ours:14.0} {theirs:14.0} {:6.2}x", theirs / ours);
        }
    }
}

fn best(name: &str, messages: &[Vec<u8>]) -> [Duration; 2] {
    let both = [task(&MAILRAIL, name), task(&MAIL_PARSER, name)];
    let once = time(both[1], messages, 1).max(Duration::from_nanos(100));
    let times =
        u32::try_from(Duration::from_millis(4).as_nanos() / once.as_nanos()).unwrap_or(1).max(1);
    let mut best = [Duration::MAX; 2];
    for _ in 0..25 {
        for (best, read) in best.iter_mut().zip(both) {
            *best = time(read, messages, times).min(*best);
        }
    }
    best
}
