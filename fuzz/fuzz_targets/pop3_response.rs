//! Any line is a response, a listing, a capability, or none; what is read is written as one line,
//! and read as the same.

#![no_main]

use bytes::Buf;
use libfuzzer_sys::fuzz_target;
use mailrail_pop3::{
    Capabilities, DropListing, LanguageListing, Response, ResponseCode, ScanListing, UniqueId,
    UniqueIdListing,
};
use mailrail_wire::Output;

fn written(write: impl FnOnce(&mut Output)) -> Vec<u8> {
    let mut out = Output::default();
    write(&mut out);
    out.copy_to_bytes(out.remaining()).to_vec()
}

fn capabilities<'a>(lines: impl Iterator<Item = &'a [u8]>) -> Capabilities {
    let mut read = Capabilities::default();
    lines.for_each(|line| read.read_line(line));
    read
}

fn lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes.split(|&byte| byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line))
}

fuzz_target!(|line: &[u8]| {
    match Response::parse(line) {
        Ok(response) if !response.text().starts_with(b" ") => {
            let again = written(|out| response.encode(out));
            let again = again.strip_suffix(b"\r\n").expect("a line");
            let read = Response::parse(again).expect("what was written");
            assert_eq!((read.status(), read.text()), (response.status(), response.text()));
            assert_eq!(read.code(), response.code());
        }
        Ok(_) => {}
        Err(error) => assert!(error.offset <= line.len()),
    }
    if let Ok(listing) = DropListing::parse(line) {
        assert_eq!(DropListing::parse(&written(|out| listing.encode(out))), Ok(listing));
    }
    if let Ok(listing) = ScanListing::parse(line) {
        assert_eq!(ScanListing::parse(&written(|out| listing.encode(out))), Ok(listing));
    }
    if let Ok(listing) = UniqueIdListing::parse(line) {
        assert_eq!(UniqueIdListing::parse(&written(|out| listing.encode(out))), Ok(listing));
    }
    if let Ok(listing) = LanguageListing::parse(line) {
        assert_eq!(LanguageListing::parse(&written(|out| listing.encode(out))), Ok(listing));
    }
    if let Ok(code) = ResponseCode::parse(line) {
        assert!(code.is_within(code.as_str()) && code.as_str().as_bytes() == line);
    }
    if let Ok(id) = UniqueId::parse(line) {
        assert!(id.as_str().as_bytes() == line && line.iter().all(u8::is_ascii_graphic));
    }
    let read = capabilities(lines(line));
    let again = written(|out| read.encode(out));
    let again = again.strip_suffix(b"\n").unwrap_or(&again);
    let once = capabilities(lines(again));
    // What is too long for a line is not written; the rest is.
    if line.len() < 400 {
        assert_eq!(once, read);
    }
});
