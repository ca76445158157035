//! Maildir: a folder with a file a message, that any number of programs read and write at once
//! without locks.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
    time::SystemTime,
};

/// A folder with `tmp`, where messages are written, and `new` and `cur`, where whole ones are.
#[derive(Debug, Clone)]
pub struct Maildir(PathBuf);

impl Maildir {
    /// The one at `path`, made where it is missing.
    ///
    /// # Errors
    ///
    /// Those of the folders.
    pub fn open(path: impl Into<PathBuf>) -> io::Result<Self> {
        let path = path.into();
        for part in ["tmp", "new", "cur"] {
            fs::create_dir_all(path.join(part))?;
        }
        Ok(Self(path))
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// A file in `tmp` for a message that arrives. Its name is made of the time and a random
    /// number, and of nothing that a peer says.
    ///
    /// # Errors
    ///
    /// Those of the file.
    pub fn incoming(&self) -> io::Result<Incoming> {
        let mut random = [0; 8];
        getrandom::fill(&mut random).map_err(io::Error::other)?;
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let random = u64::from_ne_bytes(random);
        let name = format!("{}.M{:06}R{random:016x}.mailrail", now.as_secs(), now.subsec_micros());
        let path = self.0.join("tmp").join(&name);
        let file = OpenOptions::new().write(true).create_new(true).open(&path)?;
        let file = BufWriter::with_capacity(64 * 1024, file);
        Ok(Incoming { place: Place { name, path }, file, cr: false })
    }

    /// Moves a whole message of that name from `tmp` to `new`, and returns when the disk knows it.
    ///
    /// # Errors
    ///
    /// Those of the folders; [`NotFound`](io::ErrorKind::NotFound) where there is none.
    pub fn deliver(&self, name: &str) -> io::Result<()> {
        let new = self.0.join("new");
        fs::rename(self.0.join("tmp").join(name), new.join(name))?;
        sync_folder(&new)
    }

    /// Whether a message of that name is in `new` or `cur`, whatever its flags.
    ///
    /// # Errors
    ///
    /// Those of the folders.
    pub fn has(&self, name: &str) -> io::Result<bool> {
        for part in ["new", "cur"] {
            for entry in fs::read_dir(self.0.join(part))? {
                let file = entry?.file_name();
                let rest = file.to_str().and_then(|file| file.strip_prefix(name));
                if rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(':')) {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }
}

/// Returns when the disk knows what the folder holds. Not every system can do that to a folder.
///
/// # Errors
///
/// Those of the folder.
pub fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

/// A message that arrives in `tmp`. Where it is dropped before [`finish`](Self::finish), its file
/// goes too.
#[derive(Debug)]
pub struct Incoming {
    place: Place,
    file: BufWriter<File>,
    /// The last piece ended in a CR, which is not yet written.
    cr: bool,
}

#[derive(Debug)]
struct Place {
    name: String,
    /// Empty once the file is to stay.
    path: PathBuf,
}

impl Drop for Place {
    fn drop(&mut self) {
        if !self.path.as_os_str().is_empty() {
            let _ = fs::remove_file(&self.path);
        }
    }
}

impl Incoming {
    /// Its file's name, in whichever folder.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.place.name
    }

    /// Adds what came next. CR LF is written as LF, as in every Maildir; a CR or LF of its own
    /// stays as it is.
    ///
    /// # Errors
    ///
    /// Those of the file.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        for piece in bytes.split_inclusive(|&byte| byte == b'\r') {
            if self.cr && !piece.starts_with(b"\n") {
                self.file.write_all(b"\r")?;
            }
            let text = piece.strip_suffix(b"\r");
            self.cr = text.is_some();
            self.file.write_all(text.unwrap_or(piece))?;
        }
        Ok(())
    }

    /// Ends the message and returns when it is on the disk, still in `tmp`: [`Maildir::deliver`]
    /// takes it from there. Gives its name.
    ///
    /// # Errors
    ///
    /// Those of the file.
    pub fn finish(mut self) -> io::Result<String> {
        if self.cr {
            self.file.write_all(b"\r")?;
        }
        self.file.flush()?;
        self.file.get_ref().sync_all()?;
        self.place.path = PathBuf::new();
        Ok(std::mem::take(&mut self.place.name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_there_when_it_is_whole() {
        let path = std::env::temp_dir().join(format!("mailrail-maildir-{}", std::process::id()));
        let maildir = Maildir::open(&path).unwrap();
        let count = |part: &str| fs::read_dir(path.join(part)).unwrap().count();
        drop(maildir.incoming().unwrap());
        assert_eq!(count("tmp"), 0);
        let text = b"a\r\n\r\r\nb\rc\n\r";
        for size in 1..=text.len() {
            let mut incoming = maildir.incoming().unwrap();
            text.chunks(size).for_each(|piece| incoming.write(piece).unwrap());
            let name = incoming.finish().unwrap();
            assert_eq!((count("tmp"), maildir.has(&name).unwrap()), (1, false));
            maildir.deliver(&name).unwrap();
            assert_eq!((count("tmp"), maildir.has(&name).unwrap()), (0, true));
            let new = path.join("new").join(&name);
            assert_eq!(fs::read(&new).unwrap(), b"a\n\r\nb\rc\n\r");
            fs::rename(new, path.join("cur").join(format!("{name}:2,S"))).unwrap();
            assert!(maildir.has(&name).unwrap());
            let half = name.get(..9).unwrap();
            assert!(!maildir.has(half).unwrap() && maildir.deliver(&name).is_err());
        }
        fs::remove_dir_all(path).unwrap();
    }
}
