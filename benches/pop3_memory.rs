//! What POP3's machines hold at most: while a message of 1 GiB passes through them, and while they
//! list a maildrop and fetch 200 new messages of it. The run fails where the first is too much, or
//! the second grows with the maildrop.

#[path = "pop3_memory/large.rs"]
mod large;
#[path = "pop3_memory/many.rs"]
mod many;

use mailrail_benches::heap::{self, Counting};
use std::process::ExitCode;

#[global_allocator]
static COUNTING: Counting = Counting;

/// The least that is too much to hold of a message.
const HELD: usize = 64 * 1024;
/// How much more may be held of the larger maildrop, since buffers grow in steps.
const SLACK: usize = 1_024;
const SMALL: u32 = 2_000;
const LARGE: u32 = 20_000;

fn main() -> ExitCode {
    let mut fits = true;
    println!("a message of 1 GiB: bytes held at most");
    for (name, held) in
        [("client", large::client()), ("server", large::server()), ("Download", large::download())]
    {
        let verdict = if held < HELD { "" } else { "   too much" };
        println!("{name:<22} {held:>9}{verdict}");
        fits &= held < HELD;
    }
    println!("bytes held at most             {SMALL} messages   {LARGE} messages");
    type Run = fn(u32) -> usize;
    let runs: [(&str, Run); 3] = [
        ("LIST and UIDL, server", many::server),
        ("LIST and UIDL, client", many::client),
        ("200 new, Download + server", many::download),
    ];
    for (name, run) in runs {
        let (small, large) = (run(SMALL), run(LARGE));
        let verdict = if large <= small + SLACK { "" } else { "   grows" };
        println!("{name:<26} {small:>17} {large:>17}{verdict}");
        fits &= large <= small + SLACK;
    }
    if fits { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
