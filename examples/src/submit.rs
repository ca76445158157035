//! Submission to a server that is named (RFC 6409), over blocking sockets.

use crate::{
    cli::{Scheme, ServerUrl},
    convert,
    dial::dial_blocking,
    drive::{
        Clock, Tap,
        blocking::{Link, Stream},
    },
};
use bytes::Bytes;
use mailrail_sasl::{Authenticator, Credentials, Nonce};
use mailrail_smtp::{
    AddressLiteral, Config, Domain, Host, Submission,
    submission::{Envelope, Event, Outcome, TlsPolicy},
};
use mailrail_wire::Secret;
use rustls::ClientConfig;
use std::{fs, io, net::Ipv4Addr, sync::Arc};

/// Whom to submit to, and as whom.
#[expect(clippy::exhaustive_structs, reason = "the caller fills it in")]
pub struct Sending<'a> {
    /// The server.
    pub server: &'a ServerUrl,
    /// The user and the password, where one logs in.
    pub credentials: Option<(String, Secret<String>)>,
    /// Whom TLS trusts.
    pub trust: Arc<ClientConfig>,
    /// Sees the conversation.
    pub tap: Option<Box<dyn Tap>>,
}

impl std::fmt::Debug for Sending<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sending").field("server", self.server).finish_non_exhaustive()
    }
}

impl Sending<'_> {
    /// Sends the message whose pieces `open` gives, from its start each time, and tells what became
    /// of each recipient, in their order.
    ///
    /// # Errors
    ///
    /// Where the server is not reached, or the name or password cannot be sent.
    pub fn send<P>(
        self,
        envelope: Envelope,
        mut open: impl FnMut() -> io::Result<P>,
    ) -> io::Result<Vec<Outcome>>
    where
        P: Iterator<Item = io::Result<Bytes>>,
    {
        let Sending { server, credentials, trust, tap } = self;
        let tls = match (server.scheme.has_implicit_tls(), server.without_tls) {
            (true, _) => TlsPolicy::Implicit,
            (false, true) => TlsPolicy::None,
            (false, false) => TlsPolicy::Required,
        };
        let mut config = Config::default();
        config.lmtp = server.scheme == Scheme::Lmtp;
        config.allow_plaintext_auth = server.without_tls;
        let mut submission = Submission::new(own_name(), tls, config).with_conversion();
        if let Some((user, password)) = credentials {
            submission = submission.with_login(authenticator(&user, password.expose())?);
        }
        submission.send(envelope).map_err(io::Error::other)?;
        let mut link = Link::new(submission, dial_blocking(server, trust)?, Clock::start());
        if let Some(tap) = tap {
            link.tap(tap);
        }
        if link.conn().is_secured() {
            let channel = link.socket().channel();
            link.conn().bind(channel);
        }
        let mut outcomes = None;
        let ended = talk(&mut link, &mut open, &mut outcomes);
        let why = match ended {
            Ok(()) => "the connection ended".to_owned(),
            Err(error) => error.to_string(),
        };
        Ok(outcomes.or_else(|| link.conn().abandon(why)).unwrap_or_default())
    }
}

/// Who logs in with a password, for one exchange.
///
/// # Errors
///
/// Where no mechanism can carry them, or the system has no random bytes.
pub fn authenticator(user: &str, password: &str) -> io::Result<Authenticator> {
    let mut random = [0; 18];
    getrandom::fill(&mut random).map_err(io::Error::other)?;
    let credentials = Credentials::password(user, password)
        .map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
    Ok(Authenticator::new(credentials, Nonce::from_random(&random)))
}

/// Has the conversation to its end. An error breaks off what was begun: the server must not take a
/// half.
fn talk<P>(
    link: &mut Link<Submission, Stream>,
    open: &mut impl FnMut() -> io::Result<P>,
    outcomes: &mut Option<Vec<Outcome>>,
) -> io::Result<()>
where
    P: Iterator<Item = io::Result<Bytes>>,
{
    let (mut pieces, mut outgoing) = (open()?, convert::Pieces::default());
    while let Some((event, submission)) = link.next_event().map_err(io::Error::other)? {
        match event {
            Event::Secured => {
                let channel = link.socket().channel();
                link.conn().bind(channel);
                Ok(())
            }
            Event::WantConversion { to } => {
                let mut whole = Vec::new();
                for piece in pieces {
                    whole.extend_from_slice(&piece?);
                }
                let plan = convert::plan(&whole, to);
                drop(whole);
                pieces = open()?;
                outgoing.convert(plan, submission)
            }
            Event::WantMessage => loop {
                if let Some(piece) = outgoing.next() {
                    break submission.message(piece);
                }
                let read = pieces.next().transpose()?;
                let is_over = read.is_none();
                outgoing.read(read)?;
                if is_over {
                    break submission.end_message();
                }
            },
            Event::Outcome(each) => {
                *outcomes = Some(each);
                submission.quit()
            }
            _ => Ok(()),
        }
        .map_err(io::Error::other)?;
    }
    Ok(())
}

/// What a client calls itself: its host's name where that is a whole one, else an address (RFC 5321
/// §4.1.4).
#[must_use]
pub fn own_name() -> Host<'static> {
    let name = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    match name.trim_end().parse::<Domain<'static>>() {
        Ok(domain) if domain.as_str().contains('.') => Host::Domain(domain),
        _ => Host::Literal(AddressLiteral::V4(Ipv4Addr::LOCALHOST)),
    }
}
