//! Message bodies: a file each.

use super::{Error, Result, blocking};
use bytes::Bytes;
use rusqlite::Connection;
use std::{
    collections::HashSet,
    fs::{File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

/// The bytes that are read or written at a time.
pub const PIECE: usize = 64 * 1024;

/// A message that arrives. Where it is dropped, its file goes too.
#[derive(Debug)]
pub struct Incoming {
    blob: Blob,
    /// None: not yet made, or lost to a call that was broken off.
    file: Option<File>,
    waiting: Vec<u8>,
    made: bool,
}

/// A message that has arrived whole and is on the disk, but that no mailbox has yet.
#[derive(Debug)]
pub struct Blob {
    pub(super) name: String,
    pub(super) size: u64,
    /// Its last two bytes.
    last: [u8; 2],
    folder: Arc<Path>,
    /// Whether a row may name the file, so that it must stay.
    kept: bool,
}

impl Blob {
    fn path(&self) -> PathBuf {
        self.folder.join(&self.name)
    }

    /// Its size in bytes.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// How many bytes its last line lacks of its CR LF.
    pub(super) const fn lacks(&self) -> u8 {
        match self.last {
            _ if self.size == 0 => 0,
            [b'\r', b'\n'] => 0,
            [_, b'\r'] => 1,
            _ => 2,
        }
    }

    /// Says that a row may name it from now on.
    pub(super) const fn keep(&mut self) {
        self.kept = true;
    }
}

impl Drop for Blob {
    fn drop(&mut self) {
        if !self.kept {
            let _ = std::fs::remove_file(self.path());
        }
    }
}

impl Incoming {
    pub(super) fn new(folder: Arc<Path>) -> Result<Self> {
        let mut random = [0; 16];
        getrandom::fill(&mut random).map_err(io::Error::other)?;
        let name = format!("{:032x}", u128::from_ne_bytes(random));
        let blob = Blob { name, size: 0, last: [0; 2], folder, kept: false };
        Ok(Self { blob, file: None, waiting: Vec::new(), made: false })
    }

    /// The bytes so far.
    #[must_use]
    pub const fn len(&self) -> u64 {
        self.blob.size
    }

    /// Whether nothing has come yet.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Adds what came next. It goes to the disk 64 KiB at a time.
    ///
    /// # Errors
    ///
    /// Those of the file (a full disk): the message is lost then, and so is each further piece.
    pub async fn append(&mut self, bytes: &[u8]) -> Result<()> {
        self.waiting.extend_from_slice(bytes);
        self.blob.size += bytes.len() as u64;
        self.blob.last = match (self.blob.last, bytes) {
            (_, [.., first, second]) => [*first, *second],
            ([_, first], [second]) => [first, *second],
            (last, []) => last,
        };
        if self.waiting.len() >= PIECE { self.write(false).await } else { Ok(()) }
    }

    /// Ends the message and waits until the disk has it.
    ///
    /// # Errors
    ///
    /// Those of the file.
    pub async fn finish(mut self) -> Result<Blob> {
        self.write(true).await?;
        Ok(self.blob)
    }

    async fn write(&mut self, last: bool) -> Result<()> {
        if self.made && self.file.is_none() {
            return Err(Error::Io(io::ErrorKind::BrokenPipe.into()));
        }
        self.made = true;
        let (path, file) = (self.blob.path(), self.file.take());
        let mut waiting = std::mem::take(&mut self.waiting);
        let (file, waiting) = blocking(move || {
            let mut file = match file {
                Some(file) => file,
                None => OpenOptions::new().write(true).create_new(true).open(path)?,
            };
            file.write_all(&waiting)?;
            waiting.clear();
            if last {
                file.sync_data()?;
                waiting = Vec::new();
            }
            Ok((file, waiting))
        })
        .await?;
        self.file = Some(file);
        self.waiting = waiting;
        Ok(())
    }
}

/// A stored message, to read any part of. It stays readable while this is held, whatever becomes of
/// the message.
#[derive(Debug, Clone)]
pub struct Reader {
    prefix: Bytes,
    file: Arc<File>,
    size: u64,
}

impl Reader {
    /// Opens the file `name` of `size` bytes, which `prefix` goes before.
    pub(super) fn open(folder: &Path, name: &str, size: u64, prefix: Vec<u8>) -> Result<Self> {
        let file = match File::open(folder.join(name)) {
            // Expunged since its row was read.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(Error::NoMessage),
            file => Arc::new(file?),
        };
        let size = size + prefix.len() as u64;
        Ok(Self { prefix: prefix.into(), file, size })
    }

    /// The message's size in bytes.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// The bytes from `offset` on, at most `len` of them, in pieces.
    #[must_use]
    pub fn range(&self, offset: u64, len: u64) -> Pieces {
        let end = offset.saturating_add(len).min(self.size);
        Pieces { reader: self.clone(), at: offset.min(end), end }
    }

    /// The whole message, where it has `limit` bytes or less; else its first `limit` bytes.
    ///
    /// # Errors
    ///
    /// Those of the file.
    pub async fn read_all(&self, limit: usize) -> Result<Vec<u8>> {
        let mut all = Vec::new();
        let mut pieces = self.range(0, limit as u64);
        while let Some(piece) = pieces.next().await? {
            all.extend_from_slice(&piece);
        }
        Ok(all)
    }
}

/// A part of a stored message, piece by piece.
#[derive(Debug)]
pub struct Pieces {
    reader: Reader,
    at: u64,
    end: u64,
}

impl Pieces {
    /// The next 64 KiB or less; none at the end. The future may be dropped and the call made again.
    ///
    /// # Errors
    ///
    /// Those of the file.
    pub async fn next(&mut self) -> Result<Option<Bytes>> {
        let piece = self.peek().await?;
        self.at += piece.as_ref().map_or(0, Bytes::len) as u64;
        Ok(piece)
    }

    async fn peek(&self) -> Result<Option<Bytes>> {
        let left = usize::try_from(self.end - self.at).unwrap_or(usize::MAX).min(PIECE);
        if left == 0 {
            return Ok(None);
        }
        let prefix = &self.reader.prefix;
        if let Ok(at) = usize::try_from(self.at)
            && at < prefix.len()
        {
            return Ok(Some(prefix.slice(at..prefix.len().min(at + left))));
        }
        let (file, at) = (Arc::clone(&self.reader.file), self.at - prefix.len() as u64);
        blocking(move || {
            let mut piece = vec![0; left];
            let n = read_at(&file, &mut piece, at)?;
            if n == 0 {
                return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
            }
            piece.truncate(n);
            Ok(Some(piece.into()))
        })
        .await
    }
}

/// Reads without moving a position that others share.
#[cfg(unix)]
fn read_at(file: &File, buf: &mut [u8], at: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, buf, at)
}

#[cfg(windows)]
fn read_at(file: &File, buf: &mut [u8], at: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, buf, at)
}

/// Removes the files that no row names: messages that were never acknowledged, and those whose last
/// row went.
pub(super) fn remove_orphans(db: &Connection, folder: &Path) -> Result<()> {
    let named = db
        .prepare("SELECT name FROM blob")?
        .query_map([], |row| row.get::<_, String>(0))?
        .collect::<rusqlite::Result<HashSet<_>>>()?;
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        if !entry.file_name().to_str().is_some_and(|name| named.contains(name)) {
            std::fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}
