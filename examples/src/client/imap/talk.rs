//! A conversation: from the connection to the login, and from a command to its answer.

use crate::{
    cli::{ServerUrl, client::Connect},
    client::{Failure, trust},
    dial::dial,
    drive::{
        Clock,
        tokio::{Link, Stream},
    },
    terminal::printable,
    transcript::{Protocol, Side, Transcript},
};
use mailrail_imap::{
    Client, Config, Misuse,
    client::{Event, Tag},
    response::{ResponseCode, Status},
    types::{IString, Text},
};
use mailrail_sasl::{ClientMechanism, PlainClient};
use mailrail_wire::Secret;
use std::{
    io::{self, Write},
    time::Duration,
};
use tokio::time::timeout;

/// How long the server may take for the next response, or for the next octets of a message.
const PATIENCE: Duration = Duration::from_secs(60);

/// How long it may take to say goodbye.
const GOODBYE: Duration = Duration::from_secs(5);
/// How long all of an answer may take that is no message; and all of the way to the login.
const ANSWER: Duration = Duration::from_secs(5 * 60);

/// A conversation with a server that has let the user in.
pub(super) struct Talk(Link<Client, Stream>);

impl Talk {
    /// Connects, begins TLS where the URL does not go without, and logs in.
    pub(super) async fn begin(connect: &Connect, url: &ServerUrl) -> Result<Self, Failure> {
        let Some((user, password)) = connect.credentials(url)? else {
            return Err(Failure::usage("--server names no user"));
        };
        let mut config = Config::default();
        config.allow_plaintext_auth = url.without_tls;
        config.timeouts.greeting = PATIENCE;
        config.timeouts.response = PATIENCE;
        config.timeouts.transfer = PATIENCE;
        let stream = dial(url, trust(connect)?)
            .await
            .map_err(|error| Failure::about(format_args!("{}:{}", url.host, url.port), error))?;
        let imap = if stream.is_secure() { Client::over_tls(config) } else { Client::new(config) };
        let mut link = Link::new(imap, stream, Clock::start());
        if connect.transcript {
            // Standard output is for the messages.
            let print = |line: &str| drop(writeln!(io::stderr(), "{line}"));
            link.tap(Box::new(Transcript::new(Protocol::Imap, Side::Client, print)));
        }
        let mut talk = Self(link);
        let to_the_login = async {
            talk.greet(!url.without_tls).await?;
            talk.log_in(&user, &password).await
        };
        timeout(ANSWER, to_the_login).await??;
        Ok(talk)
    }

    /// From the greeting to TLS and what the server can do.
    async fn greet(&mut self, over_tls: bool) -> Result<(), Failure> {
        loop {
            let (event, imap) = self.next().await?;
            match event {
                Event::Greeting { .. } if over_tls && !imap.is_secured() => break,
                Event::Greeting { .. } => return self.ask_capabilities().await,
                _ => {}
            }
        }
        // Asked without looking whether it is offered: what comes in plaintext proves nothing.
        let tag = self.imap().starttls().map_err(|error| match error {
            Misuse::NotNow => Failure::new("the server has a user already, so no TLS can be had"),
            _ => Failure::new("the server offers no TLS (?tls=none goes without)"),
        })?;
        loop {
            match self.next().await? {
                (Event::Secured, _) => return self.ask_capabilities().await,
                (Event::Completed { tag: of, status, code, text, .. }, _)
                    if of == tag && status != Status::Ok =>
                {
                    return Err(refused("no TLS (?tls=none goes without)", status, code, &text));
                }
                _ => {}
            }
        }
    }

    async fn ask_capabilities(&mut self) -> Result<(), Failure> {
        if self.imap().capabilities().is_some() {
            return Ok(());
        }
        let tag = self.imap().capability()?;
        self.finish("CAPABILITY", tag, |_| Ok(())).await
    }

    async fn log_in(&mut self, user: &str, password: &Secret<String>) -> Result<(), Failure> {
        let imap = self.imap();
        if imap.is_authenticated() {
            return Ok(());
        }
        let mut plain = PlainClient::new(user, password.expose())?;
        let response = plain.initial_response()?;
        let response = response.as_ref().map(|response| &response.expose()[..]);
        let tag = match imap.authenticate(plain.name(), response) {
            Err(Misuse::NotOffered) => {
                imap.login(IString::try_from(user)?, IString::try_from(&**password.expose())?)?
            }
            tag => tag?,
        };
        loop {
            let (event, imap) = self.next().await?;
            match event {
                Event::Challenge(challenge) => match plain.step(challenge.expose()) {
                    Ok(response) => imap.authenticate_response(response.expose())?,
                    Err(_) => imap.cancel_authentication()?,
                },
                Event::Completed { tag: of, status, code, text, .. } if of == tag => {
                    return match status {
                        Status::Ok => self.ask_capabilities().await,
                        status => Err(refused("login", status, code, &text)),
                    };
                }
                _ => {}
            }
        }
    }

    /// The machine, to give it commands.
    pub(super) fn imap(&mut self) -> &mut Client {
        self.0.conn()
    }

    /// What the server says next. An alert goes to standard error; BYE without LOGOUT is a failure.
    pub(super) async fn next(&mut self) -> Result<(Event<'_>, &mut Client), Failure> {
        let next = self.0.next_event().await?;
        let (event, imap) = next.ok_or_else(|| Failure::new("the server closed the connection"))?;
        match &event {
            Event::Bye { code, text } => {
                Err(refused("the server ends it", Status::Bye, code.clone(), text))
            }
            Event::Status { code: Some(ResponseCode::ALERT), text, .. } => {
                writeln!(io::stderr(), "alert: {}", printable(text.as_bytes()))?;
                Ok((event, imap))
            }
            _ => Ok((event, imap)),
        }
    }

    /// Waits for the answer to a command; `each` gets what comes before it.
    pub(super) async fn finish(
        &mut self,
        what: &str,
        tag: Tag,
        each: impl FnMut(Event<'_>) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        timeout(ANSWER, self.finish_at_leisure(what, tag, each)).await?
    }

    /// The same of an answer that can take long: `each` must see to it that it ends.
    pub(super) async fn finish_at_leisure(
        &mut self,
        what: &str,
        tag: Tag,
        mut each: impl FnMut(Event<'_>) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        loop {
            match self.next().await?.0 {
                Event::Completed { tag: of, status, code, text, .. } if of == tag => {
                    return match status {
                        Status::Ok => Ok(()),
                        status => Err(refused(what, status, code, &text)),
                    };
                }
                event => each(event)?,
            }
        }
    }

    /// Says goodbye, and does not insist on an answer: all that was asked for has come.
    pub(super) async fn end(&mut self) {
        if self.imap().logout().is_ok() {
            let goodbye = async { while let Ok(Some(_)) = self.0.next_event().await {} };
            let _ = timeout(GOODBYE, goodbye).await;
        }
    }
}

/// A refusal, as the server put it.
pub(super) fn refused(
    what: &str,
    status: Status,
    code: Option<ResponseCode<'_>>,
    text: &Text<'_>,
) -> Failure {
    let status = match status {
        Status::Ok | Status::PreAuth => "OK",
        Status::No => "NO",
        Status::Bad => "BAD",
        Status::Bye => "BYE",
    };
    let code = match code {
        Some(ResponseCode::Plain(code)) => format!(" [{}]", code.as_str()),
        Some(ResponseCode::Other(code)) => format!(" [{}]", code.name().as_str()),
        _ => String::new(),
    };
    Failure::about(what, format_args!("{status}{code} {text}"))
}
