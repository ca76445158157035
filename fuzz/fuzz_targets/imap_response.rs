//! Any unit is a response or none; what is read, a segment of a long one too, is written and read
//! as the same.

#![no_main]

use bytes::Buf;
use core::num::NonZeroU32;
use libfuzzer_sys::fuzz_target;
use mailrail_imap::Response;
use mailrail_imap::response::{Fetch, Search};
use mailrail_wire::Output;

fn written(write: impl FnOnce(&mut Output)) -> Vec<u8> {
    let mut out = Output::default();
    write(&mut out);
    out.copy_to_bytes(out.remaining()).to_vec()
}

fuzz_target!(|bytes: &[u8]| {
    let unit = [bytes, b"\r\n"].concat();
    for unit in [bytes, &unit] {
        match Response::parse(unit) {
            Ok(response) => {
                let again = written(|out| response.encode(out));
                assert_eq!(Response::parse(&again).as_ref(), Ok(&response), "{again:?}");
                assert_eq!(response.clone().into_owned(), response);
            }
            Err(error) => assert!(error.offset() <= unit.len()),
        }
        if let Ok(fetch) = Fetch::parse_next(NonZeroU32::MIN, unit) {
            let again = written(|out| fetch.encode_next(out));
            assert_eq!(Fetch::parse_next(NonZeroU32::MIN, &again), Ok(fetch));
        }
        if let Ok(search) = Search::parse_next(unit) {
            assert_eq!(Search::parse_next(&written(|out| search.encode_next(out))), Ok(search));
        }
    }
});
