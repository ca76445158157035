//! `mailrail-client`'s command line.

use super::{MtaSts, ServerUrl};
use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum, error::ErrorKind};
use mailrail_wire::Secret;
use std::{ffi::OsString, io, net::SocketAddr, path::PathBuf};

/// Sends, delivers, fetches and reads mail.
#[derive(Debug, Parser)]
#[command(name = "mailrail-client", version)]
#[non_exhaustive]
pub struct ClientOptions {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// How to connect.
    #[command(flatten)]
    pub connect: Connect,
}

/// Options of every command that connects.
#[derive(Debug, Args)]
#[non_exhaustive]
pub struct Connect {
    /// A file whose first line is the password
    #[arg(long, global = true, value_name = "FILE")]
    pub password_file: Option<PathBuf>,
    /// Trust the certificates in this PEM file, too
    #[arg(long, global = true, value_name = "FILE")]
    pub ca: Option<PathBuf>,
    /// Accept any certificate
    #[arg(long, global = true)]
    pub insecure: bool,
    /// Print the wire lines, secrets masked
    #[arg(long, global = true)]
    pub transcript: bool,
}

impl Connect {
    /// Who asks, where the URL names a user: with the password from the URL or from the file, which
    /// wins.
    ///
    /// # Errors
    ///
    /// Where the file cannot be read.
    pub fn credentials(&self, url: &ServerUrl) -> io::Result<Option<(String, Secret<String>)>> {
        let Some(user) = url.user.clone() else { return Ok(None) };
        let password = match &self.password_file {
            Some(file) => {
                let text = std::fs::read_to_string(file).map_err(|error| {
                    io::Error::new(error.kind(), format!("{}: {error}", file.display()))
                })?;
                Secret::new(text.lines().next().unwrap_or_default().to_owned())
            }
            None => url.password.clone().unwrap_or_default(),
        };
        Ok(Some((user, password)))
    }
}

/// What to do.
#[derive(Debug, Subcommand)]
#[non_exhaustive]
pub enum Command {
    /// Compose a message and submit it; prints its Message-ID
    Send {
        /// Where to submit it
        #[arg(long, value_name = "URL")]
        server: ServerUrl,
        /// The message
        #[command(flatten)]
        message: Compose,
    },
    /// Submit a message as it is
    Submit {
        /// Where to submit it
        #[arg(long, value_name = "URL")]
        server: ServerUrl,
        /// The message and its envelope
        #[command(flatten)]
        message: Ready,
    },
    /// Look up each recipient's mail exchangers and deliver to them
    Deliver {
        /// DNS server; the system's where left out
        #[arg(long, value_name = "IP:PORT")]
        resolver: Option<SocketAddr>,
        /// The exchangers' port
        #[arg(long, value_name = "P", default_value_t = 25)]
        port: u16,
        /// MTA-STS
        #[command(flatten)]
        sts: MtaSts,
        /// The message and its envelope
        #[command(flatten)]
        message: Ready,
    },
    /// Compose a message and print it
    Compose(Compose),
    /// A domain's mail exchangers in the order to try
    Mx {
        /// The domain
        domain: String,
        /// DNS server; the system's where left out
        #[arg(long, value_name = "IP:PORT")]
        resolver: Option<SocketAddr>,
        /// Print JSON
        #[arg(long)]
        json: bool,
        /// Tell what TLS must prove, too: DANE, MTA-STS, and where TLS reports go
        #[arg(long)]
        tls: bool,
        /// The exchangers' port, for DANE
        #[arg(long, value_name = "P", default_value_t = 25, requires = "tls")]
        port: u16,
        /// Where MTA-STS policies are fetched from, instead of each domain's policy host
        #[arg(long, value_name = "IP:PORT", requires = "tls")]
        mta_sts_host: Option<SocketAddr>,
    },
    /// Where a domain's users submit and fetch their mail: servers in the order to try
    Services {
        /// The domain, or a user's address
        #[arg(value_name = "DOMAIN|ADDRESS")]
        name: String,
        /// DNS server; the system's where left out
        #[arg(long, value_name = "IP:PORT")]
        resolver: Option<SocketAddr>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Take a message apart
    Parse {
        /// The message; - is standard input
        #[arg(value_name = "FILE|-")]
        file: PathBuf,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Fetch new mail; deletes it on the server unless --keep
    Pop3 {
        /// Where it is
        #[arg(long, value_name = "URL")]
        server: ServerUrl,
        /// Where it goes
        #[arg(long, value_name = "DIR")]
        maildir: PathBuf,
        /// Leave it on the server
        #[arg(long)]
        keep: bool,
    },
    /// Look at a mail store
    Imap(Imap),
}

/// A message to compose.
#[derive(Debug, Clone, Args)]
#[non_exhaustive]
pub struct Compose {
    /// Who writes
    #[arg(long, value_name = "A")]
    pub from: String,
    /// Who gets it
    #[arg(long, value_name = "B", num_args = 1..)]
    pub to: Vec<String>,
    /// Who gets a copy
    #[arg(long, value_name = "C", num_args = 1..)]
    pub cc: Vec<String>,
    /// Who gets a copy that the others do not see
    #[arg(long, value_name = "D", num_args = 1..)]
    pub bcc: Vec<String>,
    /// Send it only by TLS that proves where it goes, and have each server do so (RFC 8689)
    #[arg(long)]
    pub require_tls: bool,
    /// The subject
    #[arg(long, value_name = "S")]
    pub subject: String,
    /// The text
    #[arg(long, value_name = "T", conflicts_with = "text_file")]
    pub text: Option<String>,
    /// A file with the text
    #[arg(long, value_name = "F")]
    pub text_file: Option<PathBuf>,
    /// The text in HTML
    #[arg(long, value_name = "H", conflicts_with = "html_file")]
    pub html: Option<String>,
    /// A file with the text in HTML
    #[arg(long, value_name = "F")]
    pub html_file: Option<PathBuf>,
    /// A file to attach
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub attach: Vec<PathBuf>,
    /// A file that the HTML shows, by its name as cid:
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub inline: Vec<PathBuf>,
}

/// A message as it is, with its envelope.
#[derive(Debug, Clone, Args)]
#[non_exhaustive]
pub struct Ready {
    /// The reverse-path; empty for none
    #[arg(long, value_name = "A")]
    pub from: String,
    /// Who gets it
    #[arg(long, value_name = "B", num_args = 1.., required = true, allow_hyphen_values = false)]
    pub to: Vec<String>,
    /// Send it only by TLS that proves where it goes, and have each server do so (RFC 8689)
    #[arg(long)]
    pub require_tls: bool,
    /// The message; - is standard input
    #[arg(value_name = "FILE|-")]
    file: Option<PathBuf>,
}

impl Ready {
    /// The message's file; `-` is standard input.
    #[must_use]
    pub fn file(&self) -> &std::path::Path {
        self.file.as_deref().unwrap_or_else(|| "-".as_ref())
    }

    /// `--to B... FILE` takes the file for one more recipient: the last one that is no address.
    fn settle(&mut self) -> Result<(), clap::Error> {
        if self.file.is_none() {
            let at = self.to.iter().rposition(|to| !to.contains('@'));
            let file = at.map(|at| self.to.remove(at)).ok_or_else(|| missing("FILE|-"))?;
            self.file = Some(file.into());
        }
        if self.to.is_empty() { Err(missing("--to")) } else { Ok(()) }
    }
}

/// What to do with a mail store.
#[derive(Debug, Clone, Args)]
#[non_exhaustive]
pub struct Imap {
    /// Where it is
    #[arg(long, value_name = "URL")]
    pub server: ServerUrl,
    /// The mailbox to search, fetch from or watch
    #[arg(long, value_name = "NAME", default_value = "INBOX")]
    pub mailbox: String,
    /// sync: where the mail goes
    #[arg(long, value_name = "DIR")]
    pub maildir: Option<PathBuf>,
    /// sync: stay and go on
    #[arg(long)]
    pub watch: bool,
    /// What to do
    pub verb: Verb,
    /// search: the query; fetch: the UIDs
    #[arg(value_name = "QUERY|UIDS")]
    pub arguments: Vec<String>,
}

/// What to do with a mail store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[non_exhaustive]
pub enum Verb {
    /// Print the mailboxes' names, one a line
    List,
    /// Print the names with their counts
    Status,
    /// Print the UIDs of the messages that match a query
    Search,
    /// Print messages
    Fetch,
    /// Print a line for each change as it comes
    Watch,
    /// Keep a Maildir the same as the mail store, both ways
    Sync,
}

impl Imap {
    fn check(&self) -> Result<(), clap::Error> {
        let takes = matches!(self.verb, Verb::Search | Verb::Fetch);
        let syncs = self.verb == Verb::Sync;
        match (takes, self.arguments.is_empty()) {
            (true, true) => Err(missing("QUERY or UIDS")),
            (false, false) => Err(wrong(ErrorKind::UnknownArgument, "nothing follows this verb")),
            _ if !self.server.scheme.is_imap() => Err(scheme("imap:// or imaps://")),
            _ if syncs && self.maildir.is_none() => Err(missing("--maildir")),
            _ if !syncs && (self.maildir.is_some() || self.watch) => {
                Err(wrong(ErrorKind::ArgumentConflict, "--maildir and --watch belong to imap sync"))
            }
            _ => Ok(()),
        }
    }
}

impl ClientOptions {
    /// Reads the command line, the program's name first.
    ///
    /// # Errors
    ///
    /// One that [`clap::Error::exit`] prints, with exit status 2 (0 for --help).
    pub fn parse_args<T>(args: impl IntoIterator<Item = T>) -> Result<Self, clap::Error>
    where
        T: Into<OsString> + Clone,
    {
        let mut options = Self::try_parse_from(args)?;
        match &mut options.command {
            Command::Send { server, message } => {
                if !server.scheme.takes_mail() {
                    return Err(scheme("a scheme that takes mail"));
                }
                message.check()?;
            }
            Command::Submit { server, message } => {
                if !server.scheme.takes_mail() {
                    return Err(scheme("a scheme that takes mail"));
                }
                message.settle()?;
            }
            Command::Deliver { message, .. } => message.settle()?,
            Command::Compose(message) => message.check()?,
            Command::Pop3 { server, .. } if !server.scheme.is_pop3() => {
                return Err(scheme("pop3:// or pop3s://"));
            }
            Command::Imap(imap) => imap.check()?,
            Command::Mx { .. }
            | Command::Services { .. }
            | Command::Parse { .. }
            | Command::Pop3 { .. } => {}
        }
        Ok(options)
    }
}

impl Compose {
    fn check(&self) -> Result<(), clap::Error> {
        let nobody = self.to.is_empty() && self.cc.is_empty() && self.bcc.is_empty();
        if nobody { Err(missing("--to")) } else { Ok(()) }
    }
}

fn missing(what: &str) -> clap::Error {
    wrong(ErrorKind::MissingRequiredArgument, &format!("{what} is required"))
}

fn scheme(what: &str) -> clap::Error {
    wrong(ErrorKind::ValueValidation, &format!("--server takes {what} here"))
}

fn wrong(kind: ErrorKind, message: &str) -> clap::Error {
    ClientOptions::command().error(kind, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<ClientOptions, clap::Error> {
        ClientOptions::parse_args(format!("mailrail-client {line}").split_whitespace())
    }

    #[test]
    fn options_stand_before_or_after() {
        for line in [
            "submit --server smtp://h --from a@x --to b@y c@z f.eml --transcript",
            "submit f.eml --transcript --server smtp://h --from a@x --to b@y c@z",
            "--transcript submit --to b@y c@z --server smtp://h f.eml --from a@x",
            "submit --to b@y f.eml --to c@z --transcript --server smtp://h --from a@x",
        ] {
            let options = parse(line).unwrap();
            let Command::Submit { message, .. } = options.command else { panic!("{line}") };
            assert_eq!(message.to, ["b@y", "c@z"], "{line}");
            assert_eq!(message.file(), "f.eml", "{line}");
            assert!(options.connect.transcript, "{line}");
        }
        for line in [
            "imap --server imap://u:p@h search UNSEEN SINCE 1-Jan-2026 --insecure",
            "imap search --insecure --server imap://u:p@h UNSEEN SINCE 1-Jan-2026",
            "--insecure imap search UNSEEN --server imap://u:p@h SINCE 1-Jan-2026",
        ] {
            let options = parse(line).unwrap();
            let Command::Imap(imap) = options.command else { panic!("{line}") };
            assert_eq!((imap.verb, &*imap.mailbox), (Verb::Search, "INBOX"));
            assert_eq!(imap.arguments, ["UNSEEN", "SINCE", "1-Jan-2026"]);
        }
    }

    #[test]
    fn standard_input_is_a_file() {
        let options = parse("deliver --from a@x --to b@y -").unwrap();
        let Command::Deliver { message, port, .. } = options.command else { panic!("deliver") };
        assert_eq!((message.file().to_str(), port), (Some("-"), 25));
    }

    #[test]
    fn what_is_wrong_is_refused() {
        for line in [
            "",
            "submit --server smtp://h --from a@x --to b@y",
            "submit --server pop3://h --from a@x --to b@y f",
            "submit --server smtp://h --from a@x f",
            "send --server smtp://h --from a@x --subject s",
            "send --server smtp://h --from a@x --to b@y --subject s --text t --text-file f",
            "pop3 --server imap://h --maildir d",
            "imap --server imap://h fetch",
            "imap --server imap://h list x",
            "imap --server imap://h list --watch",
            "imap --server imap://h sync",
            "imap list",
            "imap --server nonsense list",
            "mx",
        ] {
            assert_eq!(parse(line).unwrap_err().exit_code(), 2, "{line}");
        }
    }

    #[test]
    fn the_password_file_wins() {
        let file = std::env::temp_dir().join(format!("mailrail-{}.password", std::process::id()));
        std::fs::write(&file, "from file\n").unwrap();
        let line = format!("imap --server imap://u:p@h list --password-file {}", file.display());
        let options = parse(&line).unwrap();
        let Command::Imap(imap) = options.command else { panic!("{line}") };
        let (user, password) = options.connect.credentials(&imap.server).unwrap().unwrap();
        assert_eq!((&*user, &**password.expose()), ("u", "from file"));
        std::fs::remove_file(&file).unwrap();
    }
}
