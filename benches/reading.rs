//! What reading a message with something large attached takes: memory for its structure and for the attachment decoded, and
//! memory and time for a message of 1 GiB that is read while it arrives. The run fails where it is too much.

use mailrail_benches::heap::{self, Counting};
use mailrail_benches::mail::samples;
use mailrail_message::{Limits, Message, MessageEvent, MessageStream, PartKind, encoding::base64};
use std::hint::black_box;
use std::process::ExitCode;
use std::time::Instant;

#[global_allocator]
static COUNTING: Counting = Counting;

/// The most that may be allocated for the structure of a message, in bytes.
const STRUCTURE: usize = 8 * 1024;
/// The least that is too much to hold of a streamed message.
const HELD: usize = 64 * 1024;
/// How fast a base64 attachment is to be streamed, in GB of message a second; not asked of the plain way.
const SPEED: f64 = if cfg!(feature = "simd") { 1.0 } else { 0.0 };

fn main() -> ExitCode {
    let mut fits = true;
    println!("bytes (allocations)        structure   attachment decoded   of decoded bytes");
    for sample in samples().iter().filter(|sample| sample.name.ends_with("MiB")) {
        fits &= attached(sample.name, &sample.raw);
    }
    fits &= streamed();
    if fits { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// How often memory was allocated while `work` ran, and how many bytes in all.
fn taken<T>(work: impl FnOnce() -> T) -> (T, usize, usize) {
    let (times, bytes) = heap::allocated();
    let done = work();
    let (times_after, bytes_after) = heap::allocated();
    (done, times_after - times, bytes_after - bytes)
}

fn attached(name: &str, raw: &[u8]) -> bool {
    let (message, times, bytes) = taken(|| Message::parse(black_box(raw)));
    let largest = message.parts().filter(|part| part.kind() == PartKind::Leaf);
    let part = largest.max_by_key(|part| part.raw_body().len()).expect("a part");
    // Borrowed, not copied.
    assert!(raw.as_ptr_range().contains(&part.raw_body().as_ptr()));
    let (decoded, decodes, decoded_bytes) = taken(|| part.decoded());
    println!(
        "{name:<20} {bytes:>9} ({times}) {decoded_bytes:>16} ({decodes}) {:>18}",
        decoded.len()
    );
    // The size is reckoned with the line ends.
    bytes <= STRUCTURE && decodes == 1 && decoded_bytes < decoded.len() / 100 * 104
}

/// Reads a message of 1 GiB in chunks as a socket gives them.
fn streamed() -> bool {
    const CHUNK: usize = 64 * 1024;
    let head = b"From: a@north.test\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n\
        --b\r\nContent-Type: application/zip\r\nContent-Transfer-Encoding: base64\r\n\r\n";
    let file: Vec<u8> = (0..CHUNK / 78 * 57).map(|at| ((at * 7919) >> 3) as u8).collect();
    let lines = base64::encode(&file);
    let times = (1 << 30) / lines.len();
    let base = heap::held();
    heap::most();
    let mut stream = MessageStream::new(&Limits::default());
    let (mut read, mut decoded) = (0, 0);
    let mut feed = |mut chunk: &[u8]| {
        read += chunk.len();
        loop {
            match stream.event(&mut chunk) {
                Some(MessageEvent::Data(bytes)) => decoded += black_box(bytes).len(),
                Some(_) => {}
                None => return,
            }
        }
    };
    feed(head);
    // The best of many stretches of 4 MiB, since the machine may be busy with something else meanwhile.
    let mut best = f64::MAX;
    for _ in 0..times / 64 {
        let start = Instant::now();
        for _ in 0..64 {
            feed(black_box(&lines));
        }
        best = best.min(start.elapsed().as_secs_f64());
    }
    feed(b"\r\n--b--\r\n");
    let held = heap::most() - base;
    assert_eq!(decoded, times / 64 * 64 * file.len());
    let speed = (lines.len() * 64) as f64 / best / 1e9;
    println!("streamed: {read} bytes, {held} held at most, {speed:.2} GB/s");
    held < HELD && speed >= SPEED
}
