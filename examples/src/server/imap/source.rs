//! Messages in memory, as far as they have to be.

use crate::{
    memory::room_for,
    store::{Reader, Result},
};
use bytes::Bytes;
use tokio::sync::SemaphorePermit;

/// The longest header that is read, in bytes: what is behind that is taken for the body.
const HEADER_MAX: u64 = 1024 * 1024;
/// How much of a message is read first, in bytes: most headers end before that.
const HEADER_FIRST: u64 = 8 * 1024;

/// A message in memory, to find its parts or to search it.
pub(super) struct Whole {
    pub(super) bytes: Vec<u8>,
    _permit: SemaphorePermit<'static>,
}

/// Reads a message's header, up to and with the empty line.
pub(super) async fn header(reader: &Reader) -> Result<Bytes> {
    let (mut header, mut next) = (Vec::new(), HEADER_FIRST);
    loop {
        let at = header.len() as u64;
        let mut pieces = reader.range(at, next.min(HEADER_MAX - at));
        while let Some(piece) = pieces.next().await? {
            // The empty line may lie across two pieces.
            let from = header.len().saturating_sub(3);
            header.extend_from_slice(&piece);
            let end = memchr::memmem::find(header.get(from..).unwrap_or_default(), b"\r\n\r\n");
            if let Some(end) = end.map(|end| from + end + 4) {
                header.truncate(end);
                return Ok(header.into());
            }
            if header.starts_with(b"\r\n") {
                header.truncate(2);
                return Ok(header.into());
            }
        }
        let read = header.len() as u64;
        if read >= reader.size().min(HEADER_MAX) {
            return Ok(header.into());
        }
        next = HEADER_MAX;
    }
}

/// Reads a message to its end; waits where other sessions have much in memory.
pub(super) async fn whole(reader: &Reader) -> Result<Whole> {
    let size = reader.size();
    let permit = room_for(size).await?;
    let bytes = reader.read_all(usize::try_from(size).unwrap_or(usize::MAX)).await?;
    Ok(Whole { bytes, _permit: permit })
}
