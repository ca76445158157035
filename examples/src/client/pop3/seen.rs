//! Which messages were fetched before.

use crate::maildir::{Maildir, sync_folder};
use sha2::{Digest, Sha256};
use std::{
    collections::HashMap,
    fmt::Write as _,
    fs::{self, File, OpenOptions},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

/// The ids of the messages that were fetched from one account, in a small file in the Maildir.
///
/// Each message is fetched once, whenever the program is killed. Its file lies in `tmp`, whole and
/// synced, when a line `id file` is added and synced. Then it is moved to `new`, and an empty line
/// says that this is done. Where the last line says that it was not, the next start looks: a file
/// still in `tmp` is moved now; one that is nowhere was lost, and its id is forgotten.
#[derive(Debug)]
pub(super) struct Seen {
    maildir: Maildir,
    file: PathBuf,
    log: File,
    /// And whether this session has found the message there, to stay.
    ids: HashMap<Box<str>, bool>,
}

impl Seen {
    /// What is known of the account, a name of the caller's.
    ///
    /// # Errors
    ///
    /// Those of the file.
    pub(super) fn open(maildir: &Maildir, account: &str) -> io::Result<Self> {
        let name = hex(&Sha256::digest(account));
        let name = format!(".pop3-{}", name.get(..16).unwrap_or_default());
        let file = maildir.path().join(name);
        let text = match fs::read_to_string(&file) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            text => text?,
        };
        let ids = settle(maildir, &text)?;
        // Written anew, so that it ends with a whole line.
        let log = write(&file, &ids)?;
        Ok(Self { maildir: maildir.clone(), file, log, ids })
    }

    pub(super) fn contains(&self, id: &str) -> bool {
        self.ids.contains_key(id)
    }

    /// Moves the finished message `name` to `new`, and remembers its id; both or neither.
    ///
    /// # Errors
    ///
    /// Those of the files.
    pub(super) fn deliver(&mut self, id: &str, name: &str) -> io::Result<()> {
        self.log.write_all(format!("{id} {name}\n").as_bytes())?;
        self.log.sync_data()?;
        self.maildir.deliver(name)?;
        self.log.write_all(b"\n")?;
        self.ids.insert(id.into(), true);
        Ok(())
    }

    /// This session has found the message of that id on the server, and it stays there or not.
    pub(super) fn note(&mut self, id: &str, stays: bool) {
        if let Some(noted) = self.ids.get_mut(id) {
            *noted = stays;
        }
    }

    /// Forgets all ids but those of messages that stay on the server: another may come again with
    /// another message, whatever RFC 1939 §7 says.
    ///
    /// # Errors
    ///
    /// Those of the file.
    pub(super) fn forget(&mut self) -> io::Result<()> {
        self.ids.retain(|_, stays| *stays);
        self.log = write(&self.file, &self.ids)?;
        Ok(())
    }
}

/// Bytes in hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string never fails.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The ids in the file, with the last delivery brought to its end.
fn settle(maildir: &Maildir, text: &str) -> io::Result<HashMap<Box<str>, bool>> {
    let mut ids = HashMap::new();
    let mut last = None;
    for line in text.split_inclusive('\n') {
        // A line without its end was not written to its end.
        let Some(line) = line.strip_suffix('\n') else { continue };
        let (id, name) = line.split_once(' ').unwrap_or((line, ""));
        if !id.is_empty() {
            ids.insert(Box::from(id), false);
        }
        last = Some((id, name)).filter(|(_, name)| is_name(name));
    }
    if let Some((id, name)) = last {
        match maildir.deliver(name) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                if !maildir.has(name)? {
                    ids.remove(id);
                }
            }
            delivered => delivered?,
        }
    }
    Ok(ids)
}

/// Whether it is the name of a file, whoever wrote it, and not a way out of the folder.
fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_digit())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'.')
}

/// Puts a new file in the place of the old one, all at once, open for what is added.
fn write(file: &Path, ids: &HashMap<Box<str>, bool>) -> io::Result<File> {
    let new = file.with_extension("new");
    let mut log = OpenOptions::new().write(true).create(true).truncate(true).open(&new)?;
    let mut text = String::new();
    for id in ids.keys() {
        text.push_str(id);
        text.push('\n');
    }
    log.write_all(text.as_bytes())?;
    log.sync_all()?;
    fs::rename(&new, file)?;
    file.parent().map_or(Ok(()), sync_folder)?;
    Ok(log)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn maildir(name: &str) -> Maildir {
        let name = format!("mailrail-seen-{name}-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        let _ = fs::remove_dir_all(&path);
        Maildir::open(path).unwrap()
    }

    fn message(maildir: &Maildir) -> String {
        maildir.incoming().unwrap().finish().unwrap()
    }

    #[test]
    fn what_was_delivered_is_remembered() {
        let maildir = maildir("known");
        let mut seen = Seen::open(&maildir, "bob@h").unwrap();
        for id in ["../../etc/passwd", "b", "c"] {
            seen.deliver(id, &message(&maildir)).unwrap();
        }
        assert_eq!(fs::read_dir(maildir.path().join("new")).unwrap().count(), 3);
        // The user has moved them away.
        fs::remove_dir_all(maildir.path().join("new")).unwrap();
        fs::create_dir(maildir.path().join("new")).unwrap();
        let mut seen = Seen::open(&maildir, "bob@h").unwrap();
        assert!(["../../etc/passwd", "b", "c"].iter().all(|id| seen.contains(id)));
        seen.note("b", true);
        seen.note("c", false);
        seen.note("d", true);
        seen.forget().unwrap();
        let seen = Seen::open(&maildir, "bob@h").unwrap();
        assert!(seen.contains("b") && !seen.contains("c") && !seen.contains("d"));
        assert!(!Seen::open(&maildir, "eve@h").unwrap().contains("b"));
        fs::remove_dir_all(maildir.path()).unwrap();
    }

    #[test]
    fn a_broken_off_delivery_is_brought_to_its_end() {
        let maildir = maildir("broken");
        let file = Seen::open(&maildir, "bob@h").unwrap().file;
        let (name, lost, torn) = (message(&maildir), message(&maildir), message(&maildir));
        fs::remove_file(maildir.path().join("tmp").join(&lost)).unwrap();
        let known = |text: String, id: &str| {
            fs::write(&file, text).unwrap();
            Seen::open(&maildir, "bob@h").unwrap().contains(id)
        };
        // Killed before the move.
        assert!(known(format!("a\nb {name}\n"), "b") && maildir.has(&name).unwrap());
        // Killed after it.
        assert!(known(format!("a\nb {name}\n"), "b"));
        // Somebody has cleared `tmp` meanwhile.
        assert!(!known(format!("a\nb {lost}\n"), "b"));
        assert!(known(format!("a\nb {lost}\n\n"), "b"));
        // Killed while the line was written.
        assert!(!known(format!("a\nb {torn}"), "b") && !maildir.has(&torn).unwrap());
        // Nobody else's file is moved.
        assert!(known("b ../.pop3\n".to_owned(), "b"));
        fs::remove_dir_all(maildir.path()).unwrap();
    }
}
