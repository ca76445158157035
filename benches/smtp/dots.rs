//! Messages: DATA unstuffed and stuffed, BDAT.

use super::{Reader, Row};
use crate::text;
use io_smtp::coroutine::{SmtpCoroutine, SmtpCoroutineState, SmtpYield};
use io_smtp::rfc5321::data::SmtpData;
use mailrail_wire::{Stuffed, Stuffer, Unstuffed, Unstuffer};
use mailrs_smtp_proto::unstuff_data;
use memchr::{memchr_iter, memmem};
use smtp_proto::request::receiver::{BdatReceiver, DataReceiver};
use std::hint::black_box;
use std::rc::Rc;

const LEN: usize = 1 << 20;
const CHUNKS: [usize; 2] = [1_460, 65_536];

pub(super) fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    // Every 50th line begins with a dot.
    for (name, dotted) in [("plain", usize::MAX), ("dotted", 50)] {
        let plain = text(LEN, dotted);
        let mut wire = Vec::new();
        for line in plain.split_inclusive(|&byte| byte == b'\n') {
            if line.starts_with(b".") {
                wire.push(b'.');
            }
            wire.extend_from_slice(line);
        }
        wire.extend_from_slice(b".\r\n");
        let (plain, wire): (Rc<[u8]>, Rc<[u8]>) = (plain.into(), wire.into());
        for chunk in CHUNKS {
            rows.extend(unstuffed(name, chunk, &wire));
            rows.push(stuffed(name, chunk, &plain));
        }
    }
    let plain: Rc<[u8]> = text(LEN, usize::MAX).into();
    for chunk in CHUNKS {
        rows.push(bdat(chunk, "8BITMIME", &plain));
        rows.push(bdat(chunk, "BINARYMIME", &plain));
    }
    rows
}

fn reader(name: &'static str, bytes: &Rc<[u8]>, run: impl Fn(&[u8]) -> usize + 'static) -> Reader {
    let bytes = bytes.clone();
    Reader { name, run: Box::new(move || run(black_box(&bytes))) }
}

fn searched(bytes: &Rc<[u8]>, chunk: usize, mark: &'static [u8], name: &'static str) -> Reader {
    let finder = memmem::Finder::new(mark);
    reader(name, bytes, move |bytes| {
        for piece in bytes.chunks(chunk) {
            black_box(finder.find_iter(piece).count());
        }
        bytes.len()
    })
}

fn unstuff(mut text: Unstuffer, wire: &[u8], chunk: usize) -> usize {
    let (mut from, mut to, mut used) = (0, 0, 0);
    loop {
        match text.next(&wire[from..to]) {
            Unstuffed::Text { skip, len } => {
                black_box(&wire[from + skip..from + skip + len]);
                (from, used) = (from + skip + len, used + skip + len);
            }
            Unstuffed::More => to = wire.len().min(to + chunk),
            Unstuffed::End(len) => return used + len,
        }
    }
}

fn unstuffed(name: &str, chunk: usize, wire: &Rc<[u8]>) -> [Row; 2] {
    let peers = || {
        let mut peers = vec![reader("smtp-proto", wire, move |wire| {
            let (mut receiver, mut message) = (DataReceiver::new(), Vec::new());
            for piece in wire.chunks(chunk) {
                if receiver.ingest(&mut piece.iter(), &mut message) {
                    break;
                }
            }
            black_box(message);
            wire.len()
        })];
        // It takes nothing but whole messages.
        if chunk > 1_460 {
            peers.push(reader("mailrs", wire, |wire| {
                black_box(unstuff_data(wire));
                wire.len()
            }));
        }
        peers
    };
    let row = |what: &str, make: fn() -> Unstuffer, searches: Vec<Reader>| {
        let mut readers = vec![reader("mailrail", wire, move |wire| unstuff(make(), wire, chunk))];
        readers.extend(peers());
        readers.extend(searches);
        let name = format!("DATA {name} unstuffed, {what}, {chunk}");
        Row { name, units: wire.len(), is_bytes: true, wanted: Some(4.0), readers }
    };
    let passed = vec![searched(wire, chunk, b"\r\n.\r\n", "(memmem)")];
    let checked = vec![reader("(memchr LF)", wire, move |wire| {
        for piece in wire.chunks(chunk) {
            memchr_iter(b'\n', piece).for_each(|at| {
                black_box(at);
            });
        }
        wire.len()
    })];
    [row("any bytes", Unstuffer::unchecked, passed), row("checked", Unstuffer::default, checked)]
}

fn stuffed(name: &str, chunk: usize, plain: &Rc<[u8]>) -> Row {
    let readers = vec![
        reader("mailrail", plain, move |plain| {
            let mut text = Stuffer::default();
            for mut piece in plain.chunks(chunk) {
                while !piece.is_empty() {
                    let Stuffed { dot, len } = text.next(piece);
                    black_box((dot, &piece[..len]));
                    piece = &piece[len..];
                }
            }
            black_box(text);
            plain.len()
        }),
        // It takes a message as a `Vec` and gives back another.
        reader("io-smtp", plain, |plain| {
            let mut data = SmtpData::new(plain.to_vec());
            let mut heard: Option<&[u8]> = None;
            loop {
                match data.resume(heard.take()) {
                    SmtpCoroutineState::Yielded(SmtpYield::WantsWrite(bytes)) => {
                        if bytes.len() > 6 {
                            black_box(bytes);
                            return plain.len();
                        }
                    }
                    SmtpCoroutineState::Yielded(SmtpYield::WantsRead) => {
                        heard = Some(b"354 Go on\r\n");
                    }
                    SmtpCoroutineState::Complete(done) => panic!("{done:?}"),
                }
            }
        }),
        searched(plain, chunk, b"\r\n.", "(memmem)"),
    ];
    let name = format!("DATA {name} stuffed, {chunk}");
    Row { name, units: plain.len(), is_bytes: true, wanted: None, readers }
}

/// A server passes a chunk on as slices of what it read; whoever copies it does no less.
fn bdat(chunk: usize, body: &'static str, text: &Rc<[u8]>) -> Row {
    let readers = vec![
        reader("mailrail", text, move |text| super::session::bdat(text, chunk, body)),
        reader("smtp-proto", text, move |text| {
            let (mut receiver, mut message) = (BdatReceiver::new(text.len(), true), Vec::new());
            for piece in text.chunks(chunk) {
                // As a socket would put it there.
                let read = black_box(piece.to_vec());
                if receiver.ingest(&mut read.iter(), &mut message) {
                    break;
                }
            }
            black_box(message).len()
        }),
    ];
    let name = format!("BDAT of {body} received, {chunk}");
    Row { name, units: text.len(), is_bytes: true, wanted: None, readers }
}
