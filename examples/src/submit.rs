//! Submission to a server that is named (RFC 6409), over blocking sockets.

use crate::{
    cli::ServerUrl,
    dial::dial_blocking,
    dialogue::{Dialogue, Next, Order, Outcome, Security},
    drive::{
        Clock, Tap,
        blocking::{Link, Stream},
    },
};
use bytes::Bytes;
use mailrail_sasl::PlainClient;
use mailrail_smtp::{AddressLiteral, Client, Config, Domain, Host};
use mailrail_wire::Secret;
use rustls::ClientConfig;
use std::{fs, io, net::Ipv4Addr, sync::Arc};

/// Whom to submit to, and as whom.
#[expect(clippy::exhaustive_structs, reason = "the caller fills it in")]
pub struct Submission<'a> {
    /// The server.
    pub server: &'a ServerUrl,
    /// The user and the password, where one logs in.
    pub credentials: Option<(String, Secret<String>)>,
    /// Whom TLS trusts.
    pub trust: Arc<ClientConfig>,
    /// Sees the conversation.
    pub tap: Option<Box<dyn Tap>>,
}

impl std::fmt::Debug for Submission<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Submission").field("server", self.server).finish_non_exhaustive()
    }
}

impl Submission<'_> {
    /// Sends the message that `pieces` gives, none at its end, and tells what became of each
    /// recipient, in their order.
    ///
    /// # Errors
    ///
    /// Where the server is not reached, or the name or password cannot be sent.
    pub fn send(
        self,
        order: Order,
        mut pieces: impl FnMut() -> io::Result<Option<Bytes>>,
    ) -> io::Result<Vec<Outcome>> {
        let Submission { server, credentials, trust, tap } = self;
        let implicit = server.scheme.has_implicit_tls();
        let open = implicit || server.without_tls;
        let security = if open { Security::AsItIs } else { Security::Required };
        let mut dialogue = Dialogue::new(order, own_name(), security);
        if let Some((user, password)) = credentials {
            let plain = PlainClient::new(&user, password.expose());
            dialogue = dialogue.with_login(
                plain.map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?,
            );
        }
        let mut config = Config::default();
        config.allow_plaintext_auth = server.without_tls;
        let smtp = if implicit { Client::over_tls(config) } else { Client::new(config) };
        let mut link = Link::new(smtp, dial_blocking(server, trust)?, Clock::start());
        if let Some(tap) = tap {
            link.tap(tap);
        }
        if let Err(error) = talk(&mut link, &mut dialogue, &mut pieces) {
            dialogue.broke(&error);
        }
        Ok(dialogue.into_outcomes())
    }
}

/// Has the conversation to its end.
fn talk(
    link: &mut Link<Client, Stream>,
    dialogue: &mut Dialogue,
    pieces: &mut impl FnMut() -> io::Result<Option<Bytes>>,
) -> io::Result<()> {
    while let Some((event, smtp)) = link.next_event().map_err(io::Error::other)? {
        if dialogue.answer(event, smtp).map_err(io::Error::other)? == Next::Piece {
            // An error breaks off what was begun: the server must not take a half.
            match pieces()? {
                Some(piece) => smtp.message(piece),
                None => smtp.end_message(),
            }
            .map_err(io::Error::other)?;
        }
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
