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
    types::{Capabilities, IString, Text},
};
use mailrail_sasl::{Authenticator, Credentials, Error, Nonce};
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
            let mut random = [0; 18];
            getrandom::fill(&mut random).map_err(io::Error::other)?;
            let credentials = Credentials::password(&user, password.expose())?;
            let login = Authenticator::new(credentials, Nonce::from_random(&random));
            talk.log_in(if url.without_tls { login.allow_plaintext() } else { login }).await
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

    /// By the best mechanism that the server offers; by LOGIN where it offers none.
    async fn log_in(&mut self, mut login: Authenticator) -> Result<(), Failure> {
        let channel = self.0.socket().channel();
        let imap = self.imap();
        if imap.is_authenticated() {
            return Ok(());
        }
        let offered = imap.capabilities().into_iter().flat_map(Capabilities::auth_mechanisms);
        let (mut mechanism, tag) = match login.choose(offered, &channel) {
            Ok(mut mechanism) => {
                let response = mechanism.initial_response()?;
                let response = response.as_ref().map(|response| &response.expose()[..]);
                let tag = imap.authenticate(mechanism.name(), response)?;
                (Some(mechanism), tag)
            }
            Err(Error::NoMechanism) => {
                let (user, password) =
                    login.credentials().as_password().ok_or(Error::NoMechanism)?;
                let password = IString::try_from(*password.expose())?;
                (None, imap.login(IString::try_from(user)?, password)?)
            }
            Err(error) => return Err(Failure::about("login", error)),
        };
        let mut why = None;
        loop {
            let (event, imap) = self.next().await?;
            match event {
                Event::Challenge(challenge) => {
                    match mechanism.as_mut().map(|mechanism| mechanism.step(challenge.expose())) {
                        Some(Ok(response)) => imap.authenticate_response(response.expose())?,
                        failed => {
                            why = failed.and_then(Result::err);
                            imap.cancel_authentication()?;
                        }
                    }
                }
                Event::Completed { tag: of, status, code, text, .. } if of == tag => {
                    let is_proved = mechanism.is_none_or(|mechanism| mechanism.is_complete());
                    return match (why, status) {
                        (Some(error), _) => Err(Failure::about("login", error)),
                        (None, Status::Ok) if is_proved => self.ask_capabilities().await,
                        (None, Status::Ok) => Err(Failure::about("login", Error::Unproved)),
                        (None, status) => Err(refused("login", status, code, &text)),
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
