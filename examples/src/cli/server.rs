//! `mailrail-server`'s command line and its configuration file.

use super::MtaSts;
use crate::server::Service;
use clap::{CommandFactory, Parser, error::ErrorKind};
use mailrail_wire::Secret;
use serde::Deserialize;
use std::{ffi::OsString, net::SocketAddr, path::PathBuf};

/// A mail server for SMTP, submission, POP3 and IMAP.
///
/// The same on the command line and in the file of --config.
#[derive(Parser, Deserialize, Default)]
#[command(name = "mailrail-server", version)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
struct Flags {
    /// A TOML file with every flag below, by the same name; a flag wins over the file
    #[arg(long, value_name = "FILE.toml")]
    #[serde(skip)]
    config: Option<PathBuf>,
    /// Where the mail is kept
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// A domain whose mail is kept here
    #[arg(long, value_name = "DOMAIN", num_args = 1..)]
    domain: Vec<String>,
    /// An account
    #[arg(long, value_name = "ADDRESS:PASSWORD", num_args = 1..)]
    user: Vec<String>,
    /// The name in greetings and trace fields; the first domain where left out
    #[arg(long, value_name = "NAME")]
    hostname: Option<String>,
    /// Mail exchanger: takes mail for the local domains, relays nothing
    #[arg(long, value_name = "IP:PORT")]
    smtp: Option<SocketAddr>,
    /// RFC 6409: AUTH required, relays anywhere
    #[arg(long, value_name = "IP:PORT")]
    submission: Option<SocketAddr>,
    /// The same under implicit TLS
    #[arg(long, value_name = "IP:PORT")]
    submissions: Option<SocketAddr>,
    /// RFC 2033, a reply a recipient
    #[arg(long, value_name = "IP:PORT")]
    lmtp: Option<SocketAddr>,
    /// POP3
    #[arg(long, value_name = "IP:PORT")]
    pop3: Option<SocketAddr>,
    /// POP3 under implicit TLS
    #[arg(long, value_name = "IP:PORT")]
    pop3s: Option<SocketAddr>,
    /// IMAP
    #[arg(long, value_name = "IP:PORT")]
    imap: Option<SocketAddr>,
    /// IMAP under implicit TLS
    #[arg(long, value_name = "IP:PORT")]
    imaps: Option<SocketAddr>,
    /// The certificate chain, in PEM
    #[arg(long, value_name = "FILE")]
    tls_cert: Option<PathBuf>,
    /// Its private key, in PEM
    #[arg(long, value_name = "FILE")]
    tls_key: Option<PathBuf>,
    /// Make a certificate at each start
    #[arg(long, conflicts_with_all = ["tls_cert", "tls_key"])]
    tls_self_signed: bool,
    /// AUTH without TLS (for loopback)
    #[arg(long)]
    allow_plaintext: bool,
    /// CRAM-MD5 and APOP too, for clients that know nothing better
    #[arg(long)]
    allow_cram_md5: bool,
    /// DNS server for MX lookups; the system's where left out
    #[arg(long, value_name = "IP:PORT")]
    resolver: Option<SocketAddr>,
    /// The port of remote mail exchangers [default: 25]
    #[arg(long, value_name = "PORT")]
    relay_port: Option<u16>,
    /// Follow domains' MTA-STS policies when relaying, which are fetched over HTTPS
    #[arg(long)]
    mta_sts: bool,
    /// Where they are fetched from, instead of each domain's policy host
    #[arg(long, value_name = "IP:PORT")]
    mta_sts_host: Option<SocketAddr>,
    /// Count what becomes of TLS when relaying, and write the reports to this folder, once a day
    /// (RFC 8460); sending them on is left to whoever signs mail here
    #[arg(long, value_name = "DIR")]
    tls_reports: Option<PathBuf>,
    /// Trust the certificates in this PEM file, too, of policy hosts and exchangers
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// The largest message taken [default: 52428800]
    #[arg(long, value_name = "BYTES")]
    max_message_size: Option<u64>,
    /// One more connection is refused [default: 10000]
    #[arg(long, value_name = "N")]
    max_connections: Option<usize>,
    /// The index of the mail: sqlite:FILE [default: under DIR]
    #[arg(long, value_name = "URL")]
    store: Option<String>,
}

impl Flags {
    /// These, and from `file` what is missing.
    fn or(self, file: Self) -> Self {
        let more = |own: Vec<String>, file| if own.is_empty() { file } else { own };
        // The three belong together: a flag for one sets the file's aside.
        let own_tls = self.tls_cert.is_some() || self.tls_key.is_some() || self.tls_self_signed;
        let tls = if own_tls {
            (self.tls_cert, self.tls_key, self.tls_self_signed)
        } else {
            (file.tls_cert, file.tls_key, file.tls_self_signed)
        };
        Self {
            config: None,
            data: self.data.or(file.data),
            domain: more(self.domain, file.domain),
            user: more(self.user, file.user),
            hostname: self.hostname.or(file.hostname),
            smtp: self.smtp.or(file.smtp),
            submission: self.submission.or(file.submission),
            submissions: self.submissions.or(file.submissions),
            lmtp: self.lmtp.or(file.lmtp),
            pop3: self.pop3.or(file.pop3),
            pop3s: self.pop3s.or(file.pop3s),
            imap: self.imap.or(file.imap),
            imaps: self.imaps.or(file.imaps),
            tls_cert: tls.0,
            tls_key: tls.1,
            tls_self_signed: tls.2,
            allow_plaintext: self.allow_plaintext || file.allow_plaintext,
            allow_cram_md5: self.allow_cram_md5 || file.allow_cram_md5,
            resolver: self.resolver.or(file.resolver),
            relay_port: self.relay_port.or(file.relay_port),
            mta_sts: self.mta_sts || file.mta_sts,
            mta_sts_host: self.mta_sts_host.or(file.mta_sts_host),
            tls_reports: self.tls_reports.or(file.tls_reports),
            ca: self.ca.or(file.ca),
            max_message_size: self.max_message_size.or(file.max_message_size),
            max_connections: self.max_connections.or(file.max_connections),
            store: self.store.or(file.store),
        }
    }
}

/// Where the server's certificate comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Certificate {
    /// No TLS.
    None,
    /// PEM files.
    Files {
        /// The chain, own certificate first.
        certificate: PathBuf,
        /// The private key.
        key: PathBuf,
    },
    /// Made at each start.
    SelfSigned,
}

/// What the server is to do, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServerOptions {
    /// Where the mail is kept.
    pub data: PathBuf,
    /// The local domains, in lower case; not empty.
    pub domains: Vec<String>,
    /// The accounts: address and password.
    pub users: Vec<(String, Secret<String>)>,
    /// The name in greetings and trace fields.
    pub hostname: String,
    /// What to listen for, and where; not empty.
    pub listen: Vec<(Service, SocketAddr)>,
    /// Where the certificate comes from.
    pub certificate: Certificate,
    /// Whether AUTH works without TLS.
    pub allow_plaintext: bool,
    /// Whether AUTH works by CRAM-MD5.
    pub allow_cram_md5: bool,
    /// The name server for MX lookups; none: the system's.
    pub resolver: Option<SocketAddr>,
    /// The port of remote mail exchangers.
    pub relay_port: u16,
    /// Whether MTA-STS policies are followed when relaying.
    pub sts: MtaSts,
    /// Where reports on TLS are written; none: they are not.
    pub tls_reports: Option<PathBuf>,
    /// Certificates to trust besides the system's.
    pub ca: Option<PathBuf>,
    /// The largest message taken, in bytes.
    pub max_message_size: u64,
    /// How many connections there may be.
    pub max_connections: usize,
    /// The index's file; none: under [`data`](Self::data).
    pub index: Option<PathBuf>,
}

impl ServerOptions {
    /// Reads the command line (the program's name first) and the configuration file it names.
    ///
    /// # Errors
    ///
    /// One that [`clap::Error::exit`] prints, with exit status 2 (0 for --help).
    pub fn parse<T>(args: impl IntoIterator<Item = T>) -> Result<Self, clap::Error>
    where
        T: Into<OsString> + Clone,
    {
        let flags = Flags::try_parse_from(args)?;
        let file = match &flags.config {
            None => Flags::default(),
            Some(path) => std::fs::read_to_string(path)
                .map_err(|error| error.to_string())
                .and_then(|text| toml::from_str(&text).map_err(|error| error.to_string()))
                .map_err(|error| wrong(ErrorKind::Io, format!("{}: {error}", path.display())))?,
        };
        Self::check(flags.or(file))
    }

    fn check(flags: Flags) -> Result<Self, clap::Error> {
        let missing =
            |what: &str| wrong(ErrorKind::MissingRequiredArgument, format!("{what} is required"));
        let invalid = |what: String| wrong(ErrorKind::ValueValidation, what);
        let domains: Vec<_> =
            flags.domain.iter().map(|domain| domain.to_ascii_lowercase()).collect();
        let hostname = flags
            .hostname
            .or_else(|| domains.first().cloned())
            .ok_or_else(|| missing("--domain"))?;
        if flags.user.is_empty() {
            return Err(missing("--user"));
        }
        let users = flags
            .user
            .iter()
            .map(|user| match user.split_once(':') {
                Some((address, password)) if address.contains('@') => {
                    Ok((address.to_owned(), Secret::new(password.to_owned())))
                }
                _ => Err(invalid("--user takes ADDRESS:PASSWORD".into())),
            })
            .collect::<Result<_, _>>()?;
        let listen: Vec<_> = [
            (Service::Smtp, flags.smtp),
            (Service::Submission, flags.submission),
            (Service::Submissions, flags.submissions),
            (Service::Lmtp, flags.lmtp),
            (Service::Pop3, flags.pop3),
            (Service::Pop3s, flags.pop3s),
            (Service::Imap, flags.imap),
            (Service::Imaps, flags.imaps),
        ]
        .into_iter()
        .filter_map(|(service, addr)| Some((service, addr?)))
        .collect();
        if listen.is_empty() {
            return Err(missing("a listener, such as --smtp"));
        }
        let certificate = match (flags.tls_cert, flags.tls_key, flags.tls_self_signed) {
            (None, None, false) => Certificate::None,
            (None, None, true) => Certificate::SelfSigned,
            (Some(certificate), Some(key), false) => Certificate::Files { certificate, key },
            (_, _, true) => {
                return Err(invalid("--tls-self-signed stands alone".into()));
            }
            _ => return Err(missing("--tls-cert and --tls-key, each where the other is given,")),
        };
        if certificate == Certificate::None
            && let Some((service, _)) = listen.iter().find(|(s, _)| s.has_implicit_tls())
        {
            return Err(invalid(format!("--{} needs a certificate", service.name())));
        }
        let index = match flags.store.as_deref().map(|url| url.split_once(':').ok_or(url)) {
            None => None,
            Some(Ok(("sqlite", file))) if !file.is_empty() => Some(file.into()),
            Some(_) => return Err(invalid("--store takes sqlite:FILE".into())),
        };
        Ok(Self {
            data: flags.data.ok_or_else(|| missing("--data"))?,
            domains,
            users,
            hostname,
            listen,
            certificate,
            allow_plaintext: flags.allow_plaintext,
            allow_cram_md5: flags.allow_cram_md5,
            resolver: flags.resolver,
            relay_port: flags.relay_port.unwrap_or(25),
            sts: MtaSts { mta_sts: flags.mta_sts, mta_sts_host: flags.mta_sts_host },
            tls_reports: flags.tls_reports,
            ca: flags.ca,
            max_message_size: flags.max_message_size.unwrap_or(52_428_800),
            max_connections: flags.max_connections.unwrap_or(10_000),
            index,
        })
    }
}

fn wrong(kind: ErrorKind, message: String) -> clap::Error {
    Flags::command().error(kind, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<ServerOptions, clap::Error> {
        ServerOptions::parse(format!("mailrail-server {line}").split_whitespace())
    }

    const LEAST: &str = "--data d --domain North.test east.test --user a@north.test:p:w";

    #[test]
    fn what_is_left_out_has_its_default() {
        let options = parse(&format!("{LEAST} --smtp 127.0.0.1:0 --imap [::1]:143")).unwrap();
        assert_eq!(options.hostname, "north.test");
        assert_eq!(options.users[0].1.expose(), "p:w");
        assert_eq!((options.relay_port, options.max_message_size), (25, 52_428_800));
        assert_eq!((options.max_connections, options.index), (10_000, None));
        let services: Vec<_> = options.listen.iter().map(|(service, _)| service.name()).collect();
        assert_eq!(services, ["smtp", "imap"]);
    }

    #[test]
    fn a_flag_wins_over_the_file() {
        let file = std::env::temp_dir().join(format!("mailrail-{}.toml", std::process::id()));
        let text = "domain = ['file.test']\nuser = ['a@file.test:x']\nsmtp = '127.0.0.1:25'\n\
                    max-connections = 7\ntls-cert = 'c'\ntls-key = 'k'\ndata = 'from-file'\n";
        std::fs::write(&file, text).unwrap();
        let args = format!("--config {} --domain flag.test --smtp 127.0.0.1:26", file.display());
        let options = parse(&format!("{args} --tls-self-signed")).unwrap();
        assert_eq!(options.domains, ["flag.test"]);
        assert_eq!(options.users[0].0, "a@file.test");
        assert_eq!(options.listen[0].1.port(), 26);
        assert_eq!((options.max_connections, options.data), (7, "from-file".into()));
        assert_eq!(options.certificate, Certificate::SelfSigned);
        std::fs::write(&file, "max-conections = 7").unwrap();
        assert_eq!(parse(&args).unwrap_err().exit_code(), 2);
        std::fs::remove_file(&file).unwrap();
        assert_eq!(parse(&args).unwrap_err().exit_code(), 2);
    }

    #[test]
    fn what_is_wrong_is_refused() {
        for line in [
            "",
            "--data d --domain n.test --smtp 127.0.0.1:0",
            "--data d --user a@n.test:p --smtp 127.0.0.1:0",
            "--domain n.test --user a@n.test:p --smtp 127.0.0.1:0",
            "--data d --domain n.test --user a:p --smtp 127.0.0.1:0",
        ]
        .map(String::from)
        .into_iter()
        .chain(
            [
                "",
                "--smtp host:25",
                "--imaps [::1]:0",
                "--smtp [::1]:0 --tls-cert c",
                "--smtp [::1]:0 --store x",
            ]
            .map(|rest| format!("{LEAST} {rest}")),
        ) {
            assert_eq!(parse(&line).unwrap_err().exit_code(), 2, "{line}");
        }
    }
}
