//! How much of messages is in memory at one moment, where they have to be there as a whole.

use std::io;
use tokio::sync::{Semaphore, SemaphorePermit};

/// The largest message, in MiB; and all of them together.
const MAX: u32 = 64;
const MIB: u64 = 1024 * 1024;

static FREE: Semaphore = Semaphore::const_new(MAX as usize);

/// Room for a message, as long as it is held. Waits where others have much in memory.
///
/// # Errors
///
/// [`FileTooLarge`](io::ErrorKind::FileTooLarge) where there will never be enough.
pub(crate) async fn room_for(size: u64) -> io::Result<SemaphorePermit<'static>> {
    match u32::try_from(size / MIB + 1) {
        Ok(mib) if mib <= MAX => FREE.acquire_many(mib).await.map_err(io::Error::other),
        _ => {
            let why = "the message is too large to look into";
            Err(io::Error::new(io::ErrorKind::FileTooLarge, why))
        }
    }
}
