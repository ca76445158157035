//! A message in a file, on its way out: its lines are ended as SMTP has them, and it is read as
//! often as it takes, a piece at a time.

use crate::progress::Progress;
use bytes::{Bytes, BytesMut};
use mailrail_wire::LineEnds;
use std::{
    env,
    fs::{self, File, OpenOptions},
    io::{self, Read, Seek},
    path::Path,
    process,
};

/// The bytes read at a time.
const PIECE: usize = 64 * 1024;

/// A message that can be read from its start again and again.
#[derive(Debug)]
pub struct Outgoing {
    file: File,
    kind: Kind,
}

/// What a server wants to know of a message beforehand; found by looking at all its bytes.
#[derive(Debug, Clone, Default)]
pub struct Kind {
    size: u64,
    has_eight_bit: bool,
    has_utf8_header: bool,
    /// The last bytes seen of the header, which its end may begin with; none behind it.
    header: Header,
    last: [u8; 2],
}

/// Where in the header the bytes seen end.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Header {
    #[default]
    LineStart,
    Within,
    Over,
}

impl Kind {
    /// Looks at the next piece, whose lines end in CR LF.
    pub fn look(&mut self, piece: &[u8]) {
        self.size += piece.len() as u64;
        self.has_eight_bit |= !piece.is_ascii();
        let mut rest = piece.iter();
        while self.header != Header::Over {
            let Some(&byte) = rest.next() else { break };
            self.has_utf8_header |= !byte.is_ascii();
            self.header = match (byte, self.header) {
                (b'\r', Header::LineStart) => Header::Over,
                (b'\n', _) => Header::LineStart,
                _ => Header::Within,
            };
        }
        self.last = match *piece {
            [.., a, b] => [a, b],
            [b] => [self.last[1], b],
            [] => self.last,
        };
    }

    /// Its bytes as they are sent, dot-stuffing aside; the last line's end is added where it has
    /// none.
    #[must_use]
    pub fn size(&self) -> u64 {
        let is_ended = self.size == 0 || self.last == *b"\r\n";
        self.size + if is_ended { 0 } else { 2 }
    }

    /// Whether some of them are over 127.
    #[must_use]
    pub const fn has_eight_bit(&self) -> bool {
        self.has_eight_bit
    }

    /// Whether some in the header are: only servers that offer SMTPUTF8 take that (RFC 6532).
    #[must_use]
    pub const fn has_utf8_header(&self) -> bool {
        self.has_utf8_header
    }
}

impl Outgoing {
    /// Opens the file; `-` is standard input, which goes through a temporary file that has no name
    /// any more.
    ///
    /// # Errors
    ///
    /// Those of the files.
    pub fn open(path: &Path) -> io::Result<Self> {
        let mut file =
            if path.as_os_str() == "-" { spool(io::stdin())? } else { File::open(path)? };
        if !file.metadata()?.is_file() {
            // A pipe gives its bytes once.
            file = spool(file)?;
        }
        let mut outgoing = Self { file, kind: Kind::default() };
        let mut pieces = outgoing.pieces()?;
        pieces.progress = None;
        for piece in pieces {
            outgoing.kind.look(&piece?);
        }
        Ok(outgoing)
    }

    /// What a server wants to know of it beforehand.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind.clone()
    }

    /// Reads it from its start, and shows how far it is. The pieces share the file's position: one
    /// reader at a time.
    ///
    /// # Errors
    ///
    /// Those of the file.
    pub fn pieces(&self) -> io::Result<Pieces> {
        let mut file = self.file.try_clone()?;
        file.rewind()?;
        let progress = Some(Progress::new("sent", Some(self.kind.size())));
        Ok(Pieces { file, ends: Some(LineEnds::default()), progress })
    }
}

/// The message, piece by piece.
#[derive(Debug)]
pub struct Pieces {
    file: File,
    /// None at the end.
    ends: Option<LineEnds>,
    progress: Option<Progress>,
}

impl Pieces {
    fn read(&mut self) -> io::Result<Option<Bytes>> {
        while let Some(ends) = &mut self.ends {
            let mut piece = vec![0; PIECE];
            let n = self.file.read(&mut piece)?;
            piece.truncate(n);
            let mut out = BytesMut::with_capacity(n + n / 16);
            if n == 0 {
                self.progress = None;
                if let Some(ends) = self.ends.take() {
                    ends.finish(|bytes| out.extend_from_slice(&bytes));
                }
            } else {
                ends.complete(piece.into(), |bytes| out.extend_from_slice(&bytes));
            }
            if !out.is_empty() {
                if let Some(progress) = &mut self.progress {
                    progress.advance(out.len());
                }
                return Ok(Some(out.freeze()));
            }
        }
        Ok(None)
    }
}

/// The errors are those of the file.
impl Iterator for Pieces {
    type Item = io::Result<Bytes>;

    fn next(&mut self) -> Option<io::Result<Bytes>> {
        self.read().transpose()
    }
}

/// Keeps what can be read once only in a file that goes with its last handle.
fn spool(mut from: impl Read) -> io::Result<File> {
    let mut random = [0; 8];
    getrandom::fill(&mut random).map_err(io::Error::other)?;
    let name = format!("mailrail-{}-{:016x}", process::id(), u64::from_ne_bytes(random));
    let path = env::temp_dir().join(name);
    let mut options = OpenOptions::new();
    options.read(true).write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&path)?;
    let copied = io::copy(&mut from, &mut file);
    // Where an open file cannot be removed, the system's cleaning takes it.
    let _ = fs::remove_file(&path);
    copied.map(|_| file)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(text: &[u8]) -> (Vec<u8>, Outgoing) {
        let outgoing = Outgoing { file: spool(text).unwrap(), kind: Kind::default() };
        let path = env::temp_dir().join(format!("mailrail-outgoing-{}", process::id()));
        fs::write(&path, text).unwrap();
        let opened = Outgoing::open(&path).unwrap();
        fs::remove_file(&path).unwrap();
        let mut all = Vec::new();
        for _ in 0..2 {
            all.clear();
            for piece in outgoing.pieces().unwrap() {
                all.extend_from_slice(&piece.unwrap());
            }
        }
        (all, opened)
    }

    #[test]
    fn lines_are_ended_and_counted() {
        let (all, outgoing) = sent(b"a\nb\r\nc\r");
        assert_eq!(all, b"a\r\nb\r\nc\r\n");
        assert_eq!((outgoing.kind.size(), outgoing.kind.has_eight_bit()), (9, false));
        let (all, outgoing) = sent("ä".as_bytes());
        assert_eq!(all, "ä".as_bytes());
        assert_eq!((outgoing.kind.size(), outgoing.kind.has_eight_bit()), (4, true));
        let (all, outgoing) = sent(b"");
        assert_eq!((all.len(), outgoing.kind.size()), (0, 0));
        let headers: [(&[u8], bool); 4] = [
            (b"a: \xc3\xa4\n\nb", true),
            (b"a\n\n\xc3\xa4", false),
            (b"\n\xc3", false),
            (b"\xc3", true),
        ];
        for (text, expected) in headers {
            assert_eq!(sent(text).1.kind.has_utf8_header(), expected, "{text:?}");
        }
        let long = "x\n".repeat(PIECE);
        assert_eq!(sent(long.as_bytes()).0, long.replace('\n', "\r\n").as_bytes());
    }
}
