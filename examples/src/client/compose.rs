//! `compose`: a message from the command line.

use super::{Failure, read};
use crate::{cli::client::Compose, store::Date};
use bytes::Bytes;
use mailrail_message::{
    Attachment, BodyType, BuildStep, BuildStream, Builder, Content, DateTime, Mailbox, MessageId,
    encoding::charset,
};
use std::{
    fs::File,
    io::{self, Read, Write},
    path::{Path, PathBuf},
};

/// The largest file that is held in memory; larger ones are read while the message goes out.
const HELD: u64 = 1 << 20;
/// How much of a file is read in one go.
const PIECE: usize = 64 * 1024;

/// A message that was composed, and where it is to go.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Composed {
    /// The message, `Bcc` left out.
    message: BuildStream,
    /// The files that are read while it goes out, by their keys.
    files: Vec<PathBuf>,
    /// Its identifier; displayed with its angle brackets.
    pub message_id: MessageId<'static>,
    /// The envelope's reverse-path, `local@domain`.
    pub reverse_path: String,
    /// The envelope's recipients, `local@domain`: each of `--to`, `--cc` and `--bcc` once, in that
    /// order.
    pub recipients: Vec<String>,
}

impl Composed {
    /// The bytes of the message, which may be asked for again.
    #[must_use]
    pub fn pieces(&self) -> Pieces<'_> {
        Pieces { message: self.message.clone(), files: &self.files, open: None }
    }
}

/// The bytes of a composed message, its large files read when their turn comes.
#[derive(Debug)]
pub struct Pieces<'c> {
    message: BuildStream,
    files: &'c [PathBuf],
    open: Option<File>,
}

impl Pieces<'_> {
    fn read(&mut self, key: usize) -> io::Result<()> {
        let file = match &mut self.open {
            Some(file) => file,
            None => {
                let path = self.files.get(key).ok_or(io::ErrorKind::NotFound)?;
                self.open.insert(File::open(path)?)
            }
        };
        let mut piece = Vec::with_capacity(PIECE);
        file.take(PIECE as u64).read_to_end(&mut piece)?;
        if piece.is_empty() {
            self.open = None;
            return self.message.end_content().map_err(io::Error::other);
        }
        self.message.content(piece.into()).map_err(io::Error::other)
    }
}

impl Iterator for Pieces<'_> {
    type Item = io::Result<Bytes>;

    fn next(&mut self) -> Option<io::Result<Bytes>> {
        loop {
            match self.message.poll() {
                BuildStep::Piece(piece) => return Some(Ok(piece)),
                BuildStep::Want { key } => {
                    if let Err(error) = self.read(key) {
                        return Some(Err(error));
                    }
                }
                BuildStep::End => return None,
            }
        }
    }
}

/// Prints a composed message.
///
/// # Errors
///
/// Those of [`compose`], and where standard output takes no more.
pub fn run(options: &Compose) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    for piece in compose(options)?.pieces() {
        out.write_all(&piece?)?;
    }
    Ok(out.flush()?)
}

/// Composes a message; date and random bytes come from the system.
///
/// # Errors
///
/// Where an address is none (exit status 2), where a file cannot be read, and where a value cannot
/// stand in a message.
pub fn compose(options: &Compose) -> Result<Composed, Failure> {
    let from = mailbox(&options.from)?;
    let reverse_path = from.address().into_owned();
    let message_id = new_id(from.domain())?;
    let now = Date::now();
    let date = DateTime::from_unix(now.seconds, now.offset)
        .ok_or_else(|| Failure::new("the clock shows no year between 1 and 9999"))?;
    let mut builder = Builder::new()
        .date(date)
        .message_id(message_id.clone())
        .from(from)
        .subject(options.subject.as_str());
    let mut recipients = Vec::new();
    type Add = for<'a> fn(Builder<'a>, Mailbox<'a>) -> Builder<'a>;
    let lists: [(&[String], Add); 3] = [
        (&options.to, |builder, mailbox| builder.to(mailbox)),
        (&options.cc, |builder, mailbox| builder.cc(mailbox)),
        (&options.bcc, |builder, mailbox| builder.bcc(mailbox)),
    ];
    for (list, add) in lists {
        for text in list {
            let mailbox = mailbox(text)?;
            let address = mailbox.address().into_owned();
            if !recipients.contains(&address) {
                recipients.push(address);
            }
            builder = add(builder, mailbox);
        }
    }
    let mut files = Vec::new();
    let mut html = given(options.html.as_deref(), options.html_file.as_deref())?;
    for file in &options.inline {
        let name = name_of(file)?;
        let id = new_id(reverse_path.rsplit_once('@').map_or("", |(_, domain)| domain))?;
        html = html.map(|html| point_to(&html, &name, id.as_str()));
        builder = builder.inline(attachment(file, name, &mut files)?.with_content_id(id));
    }
    for file in &options.attach {
        builder = builder.attach(attachment(file, name_of(file)?, &mut files)?);
    }
    if let Some(text) = given(options.text.as_deref(), options.text_file.as_deref())? {
        builder = builder.text(text);
    }
    if let Some(html) = html {
        builder = builder.html(html);
    }
    let message = builder.stream(random()?)?;
    Ok(Composed { message, files, message_id, reverse_path, recipients })
}

fn mailbox(text: &str) -> Result<Mailbox<'_>, Failure> {
    Mailbox::parse(text).map_err(|error| Failure::usage(format_args!("{text}: {error}")))
}

fn random() -> Result<[u8; 16], Failure> {
    let mut random = [0; 16];
    getrandom::fill(&mut random)?;
    Ok(random)
}

/// A new identifier; one of no domain where the author's is not ASCII.
fn new_id(domain: &str) -> Result<MessageId<'static>, Failure> {
    let random = random()?;
    Ok(MessageId::generate(random, domain)
        .or_else(|_| MessageId::generate(random, "mailrail.invalid"))?)
}

/// A text from the command line or from a file: UTF-8, or windows-1252 where it is not.
fn given(text: Option<&str>, file: Option<&Path>) -> Result<Option<String>, Failure> {
    match (text, file) {
        (Some(text), _) => Ok(Some(text.to_owned())),
        (None, Some(file)) => Ok(Some(charset::decode(None, &read(file)?).into_owned())),
        (None, None) => Ok(None),
    }
}

fn name_of(file: &Path) -> Result<String, Failure> {
    let name = file.file_name().ok_or_else(|| Failure::about(file.display(), "no file name"))?;
    Ok(name.to_string_lossy().into_owned())
}

fn attachment(
    file: &Path,
    name: String,
    files: &mut Vec<PathBuf>,
) -> Result<Attachment<'static>, Failure> {
    let guess = mime_guess::from_path(&name).first_or_octet_stream();
    let size = match std::fs::metadata(file) {
        Ok(found) if found.is_file() => found.len(),
        _ => 0,
    };
    if size > HELD {
        let content_type = match guess.type_().as_str() {
            // Nothing is known of their charset and lines before they are read.
            "message" | "multipart" | "text" => "application/octet-stream",
            _ => guess.essence_str(),
        };
        files.push(file.to_owned());
        let content = Content::streamed(files.len() - 1, Some(size));
        return Ok(Attachment::new(content_type.to_owned(), content).with_name(name));
    }
    let content = read(file)?;
    let content_type = match guess.essence_str() {
        // A message may not be encoded, so only one that every server carries is passed on as such (RFC 2046 §5.2.1).
        "message/rfc822" if BodyType::of(&content) <= BodyType::EightBitMime => {
            return Ok(Attachment::message(content).with_name(name));
        }
        _ => match guess.type_().as_str() {
            "message" | "multipart" => "application/octet-stream".to_owned(),
            "text" if std::str::from_utf8(&content).is_ok() => {
                format!("{}; charset=utf-8", guess.essence_str())
            }
            _ => guess.essence_str().to_owned(),
        },
    };
    Ok(Attachment::new(content_type, content).with_name(name))
}

/// The HTML with every `cid:` that names the file pointing to the identifier.
fn point_to(html: &str, name: &str, id: &str) -> String {
    let mut encoded = String::new();
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    let mut pointed = String::with_capacity(html.len());
    let mut pieces = html.split("cid:");
    pointed.extend(pieces.next());
    for piece in pieces {
        pointed.push_str("cid:");
        let rest = [name, &encoded].into_iter().find_map(|name| {
            let rest = piece.strip_prefix(name)?;
            let ends = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '>' | ')' | '&');
            (rest.is_empty() || rest.starts_with(ends)).then_some(rest)
        });
        match rest {
            Some(rest) => pointed.extend([id, rest]),
            None => pointed.push_str(piece),
        }
    }
    pointed
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::client::{ClientOptions, Command};
    use mailrail_message::Message;

    fn options(arguments: &[&str]) -> Compose {
        let start = ["mailrail-client", "compose", "--from", "Ann <ann@north.test>"];
        let options = ClientOptions::parse_args(start.iter().chain(arguments)).unwrap();
        let Command::Compose(options) = options.command else { panic!("compose") };
        options
    }

    fn whole(composed: &Composed) -> Vec<u8> {
        composed.pieces().collect::<io::Result<Vec<_>>>().unwrap().concat()
    }

    #[test]
    fn large_files_are_read_while_the_message_goes_out() {
        let folder = tempfile::tempdir().unwrap();
        let (large, small) = (folder.path().join("large.pdf"), folder.path().join("small.eml"));
        let content: Vec<u8> = (0..=u8::MAX).cycle().take(3_000_000).collect();
        std::fs::write(&large, &content).unwrap();
        std::fs::write(&small, "Subject: passed on\r\n\r\nx\r\n").unwrap();
        let files = ["--attach", large.to_str().unwrap(), small.to_str().unwrap()];
        let html = ["--to", "b@x.test", "--subject", "s", "--html", "<img src=cid:large.pdf>"];
        let inline = ["--inline", large.to_str().unwrap()];
        let composed = compose(&options(&[&html[..], &files, &inline].concat())).unwrap();
        assert!(composed.pieces().all(|piece| piece.unwrap().len() < 100_000));
        let bytes = whole(&composed);
        assert_eq!(u64::try_from(bytes.len()).ok(), composed.message.size());
        let message = Message::parse(&bytes);
        let id = message.part(&[1, 2]).unwrap().content_id().unwrap();
        assert!(message.html().unwrap().contains(&format!("cid:{}", id.as_str())));
        for path in [&[1, 2][..], &[2]] {
            let part = message.part(path).unwrap();
            assert_eq!(part.content_type().to_string(), "application/pdf");
            assert_eq!(part.filename().as_deref(), Some("large.pdf"));
            assert!(*part.decoded() == content);
        }
        let passed_on = message.part(&[3]).unwrap().message().unwrap();
        assert_eq!(passed_on.headers().subject().as_deref(), Some("passed on"));

        // A file that has changed since ends it.
        std::fs::write(&large, &content[1..]).unwrap();
        assert!(composed.pieces().any(|piece| piece.is_err()));
    }

    #[test]
    fn the_envelope_has_everyone_once_and_the_message_no_bcc() {
        let composed = compose(&options(&[
            "--to",
            "Bob <b@x.test>",
            "c@x.test",
            "--cc",
            "b@x.test",
            "--bcc",
            "d@x.test",
            "--subject",
            "s",
        ]))
        .unwrap();
        assert_eq!(composed.reverse_path, "ann@north.test");
        assert_eq!(composed.recipients, ["b@x.test", "c@x.test", "d@x.test"]);
        let bytes = whole(&composed);
        let message = Message::parse(&bytes);
        assert_eq!(message.headers().message_id(), Some(composed.message_id.clone()));
        assert!(composed.message_id.as_str().ends_with("@north.test"));
        assert_eq!(message.headers().bcc(), []);
        assert!(!String::from_utf8_lossy(&bytes).contains("d@x.test"));
    }

    #[test]
    fn addresses_are_arguments() {
        for bad in ["bob", "b@x.test, c@x.test", "b@x.test\r\nBcc: d@x.test"] {
            let failure = compose(&options(&["--to", bad, "--subject", "s"])).unwrap_err();
            assert_eq!(failure.status(), 2, "{bad}");
        }
        let failure = compose(&options(&["--to", "b@x.test", "--subject", "a\r\nBcc: d@x.test"]));
        assert_eq!(failure.unwrap_err().status(), 1);
    }

    #[test]
    fn html_points_to_inline_files() {
        let html = "<img src=\"cid:a b.png\"> <img src='cid:a%20b.png'> <img src=cid:a b.png.png>";
        assert_eq!(
            point_to(html, "a b.png", "1@x"),
            "<img src=\"cid:1@x\"> <img src='cid:1@x'> <img src=cid:a b.png.png>"
        );
        assert_eq!(point_to("cid:a", "a", "1@x"), "cid:1@x");
    }
}
