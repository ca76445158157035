#![cfg(test)]
#![cfg(target_os = "linux")]
//! What a server process holds while 30 MiB pass through it.

mod support;

use std::fs;
use support::{
    house::{House, PASSWORD, run},
    program::Server,
};

const SERVER: &str = env!("CARGO_BIN_EXE_mailrail-server");
const CLIENT: &str = env!("CARGO_BIN_EXE_mailrail-client");
const SIZE: usize = 30 << 20;
/// The bar, in KiB.
const MOST: u64 = 64 << 10;

/// The most memory that a process has had resident so far, in KiB.
fn peak(server: &Server) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", server.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

#[test]
fn a_large_message_passes_through() {
    let line = ".It was a bright cold day in April, and the clocks were striking 13.\r\n";
    let message = format!("Subject: large\r\n\r\n{}", line.repeat(SIZE / line.len()));
    let services = [
        "--smtp",
        "127.0.0.1:0",
        "--pop3",
        "127.0.0.1:0",
        "--imap",
        "127.0.0.1:0",
        "--allow-plaintext",
    ];
    let house = House::new(SERVER, "south.test", &["bob@south.test"], &services).unwrap();
    let house = house.started().unwrap();
    let file = house.folder.write("message", &message).unwrap();
    let server = house.server.as_ref().unwrap();
    let idle = peak(server);
    let url = |service: &str| {
        let addr = house.addr(service).unwrap();
        format!("{service}://bob%40south.test:{PASSWORD}@{addr}?tls=none")
    };
    let ok = |args: &[&str]| {
        let output = run(CLIENT, args, b"").unwrap();
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    };
    let smtp = format!("smtp://{}?tls=none", house.addr("smtp").unwrap());
    ok(&["submit", "--server", &smtp, "--from", "a@north.test", "--to", "bob@south.test", &file]);
    let maildir = house.folder.join("Mail");
    ok(&["pop3", "--server", &url("pop3"), "--maildir", &maildir, "--keep"]);
    let fetched = ok(&["imap", "--server", &url("imap"), "fetch", "1"]);
    assert!(fetched.ends_with(message.as_bytes()));
    let held = peak(server) - idle;
    println!("{held} KiB over {idle} KiB while {} KiB passed three times", message.len() >> 10);
    assert!(held < MOST, "{held} KiB");
}
