//! Two ways to do the same, in one table: the best of many alternating runs, so that a busy machine hurts both alike.

use std::hint::black_box;
use std::process::Command;
use std::time::{Duration, Instant};

/// Does it once, and gives a number that depends on all of it.
pub type Run<'a> = Box<dyn Fn() -> usize + 'a>;

/// A row of the table.
pub struct Row<'a> {
    /// One word or more.
    pub name: &'a str,
    /// mailrail's way.
    pub ours: Run<'a>,
    /// The peer's.
    pub theirs: Run<'a>,
}

/// Prints the table of times; of instruction counts where the first argument is `instructions`, with one process for each under
/// `valgrind --tool=callgrind`. Further arguments choose rows by a part of their name.
pub fn print(rows: &[Row<'_>]) {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    if let ["run", name, side, times] = words[..] {
        let row = rows.iter().find(|row| row.name == name).expect("a row");
        let run = if side == "ours" { &row.ours } else { &row.theirs };
        for _ in 0..times.parse().expect("a number") {
            black_box(run());
        }
        return;
    }
    let (counts, wanted) = match words.split_first() {
        Some((&"instructions", wanted)) => (true, wanted),
        _ => (false, &words[..]),
    };
    let is_wanted =
        |row: &&Row<'_>| wanted.is_empty() || wanted.iter().any(|word| row.name.contains(word));
    for row in rows.iter().filter(is_wanted) {
        let [ours, theirs] = match counts {
            true => ["ours", "theirs"].map(|side| instructions(row.name, side)),
            false => best(row).map(|time| time.as_secs_f64() * 1e9),
        };
        println!("{:40} {ours:14.0} {theirs:14.0} {:6.2}x", row.name, theirs / ours);
    }
}

/// The instructions of one run: those of eleven less those of one, so that the start of the process does not count.
fn instructions(name: &str, side: &str) -> f64 {
    let count = |times: &str| -> f64 {
        let own = std::env::current_exe().expect("a path");
        let done = Command::new("valgrind")
            .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
            .arg(own)
            .args(["run", name, side, times])
            .output()
            .expect("valgrind runs");
        let text = String::from_utf8_lossy(&done.stderr).into_owned();
        let line = text.lines().find(|line| line.contains("Collected")).expect("a count");
        line.rsplit(' ').next().and_then(|n| n.parse().ok()).expect("a number")
    };
    (count("11") - count("1")) / 10.0
}

fn best(row: &Row<'_>) -> [Duration; 2] {
    let time = |run: &Run<'_>, times: u32| {
        let start = Instant::now();
        for _ in 0..times {
            black_box(run());
        }
        start.elapsed() / times
    };
    let once = time(&row.theirs, 1).max(Duration::from_nanos(100));
    let times =
        u32::try_from(Duration::from_millis(4).as_nanos() / once.as_nanos()).unwrap_or(1).max(1);
    let mut best = [Duration::MAX; 2];
    for _ in 0..40 {
        for (best, run) in best.iter_mut().zip([&row.ours, &row.theirs]) {
            *best = time(run, times).min(*best);
        }
    }
    best
}
