//! What connections hold: printed for each machine, and the run fails where it is too much.
//!
//! A connection is talked through its login until it waits for the other side, in memory. What an
//! idle one holds is the machine itself, what it has allocated by then, and its empty `Input`.
//! Then 30 MiB pass through it, in pieces of 64 KiB out and 8 KiB in; the most held meanwhile
//! is counted with the pieces.
//!
//! What an embedder shares among all its servers (the offer of POP3 and IMAP) is not counted.

#[path = "sizes/imap.rs"]
mod imap;
#[path = "sizes/mx.rs"]
mod mx;
#[path = "sizes/pop3.rs"]
mod pop3;
#[path = "sizes/smtp.rs"]
mod smtp;
#[path = "sizes/talk.rs"]
mod talk;

use mailrail_benches::heap::{self, Counting};
use mailrail_wire::Input;
use std::process::ExitCode;
use talk::Held;

#[global_allocator]
static COUNTING: Counting = Counting;

/// The least that is too much for an idle connection, and for one that 30 MiB pass through.
const IDLE: usize = 1_024;
const BUSY: usize = 1_024 * 1_024;

fn main() -> ExitCode {
    let rows: [(&str, Held); 9] = [
        ("SMTP client", smtp::client()),
        ("SMTP server", smtp::server()),
        ("SMTP submission", smtp::submission()),
        ("POP3 client", pop3::client()),
        ("POP3 server", pop3::server()),
        ("IMAP client", imap::client()),
        ("IMAP server", imap::server()),
        ("IMAP server, IDLE", imap::idle_server()),
        ("MX lookup", mx::lookup()),
    ];
    println!("bytes held           struct    heap   Input   total   with 30 MiB passing");
    let mut fits = true;
    for (name, held) in rows {
        let total = held.machine + held.idle + size_of::<Input>();
        let verdict = if total < IDLE && held.busy < BUSY { "" } else { "   too much" };
        println!(
            "{name:<18} {:>8} {:>7} {:>7} {total:>7} {:>10}{verdict}",
            held.machine,
            held.idle,
            size_of::<Input>(),
            held.busy
        );
        fits &= verdict.is_empty();
    }
    if fits { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
