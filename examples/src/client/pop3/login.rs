//! From the greeting to an open maildrop.

use super::{Failure, next, refused};
use crate::drive::tokio::{Link, Stream};
use mailrail_pop3::{
    Capabilities, Client, Password, UserName,
    client::{Event, Request},
};
use mailrail_sasl::{ClientMechanism, PlainClient};

/// Logs in, over TLS where that is wanted.
///
/// # Errors
///
/// Where the server refuses, or has no TLS.
pub(super) async fn log_in(
    link: &mut Link<Client, Stream>,
    user: &str,
    password: &str,
    over_tls: bool,
) -> Result<(), Failure> {
    let mut plain = PlainClient::new(user, password)?;
    loop {
        let (event, pop3) = next(link).await?;
        match event {
            // Asked without looking whether it is offered: what comes in plaintext proves nothing.
            Event::Greeting { .. } if over_tls && !pop3.is_secured() => pop3.stls()?,
            Event::Greeting { .. } | Event::Secured => pop3.capa()?,
            Event::Capabilities(offer) => begin(pop3, Some(&offer), user, password, &mut plain)?,
            // RFC 1939 knows no CAPA.
            Event::Err { request: Request::Capa, .. } => {
                begin(pop3, None, user, password, &mut plain)?;
            }
            Event::Challenge(challenge) => match plain.step(challenge.expose()) {
                Ok(response) => pop3.authenticate_response(response.expose())?,
                Err(_) => pop3.cancel_authentication()?,
            },
            Event::Ok { request: Request::Login | Request::Auth, .. } => return Ok(()),
            Event::Refused { code, text } => {
                return Err(Failure::new(refused("the server refuses", code, text)));
            }
            Event::Err { request: Request::Stls, code, text } => {
                let what = "no TLS (?tls=none goes without)";
                return Err(Failure::new(refused(what, code, text)));
            }
            Event::Err { code, text, .. } => {
                return Err(Failure::new(refused("login", code, text)));
            }
            _ => {}
        }
    }
}

/// USER and PASS where they are there and can carry it, else AUTH PLAIN.
fn begin(
    pop3: &mut Client,
    offer: Option<&Capabilities>,
    user: &str,
    password: &str,
    plain: &mut PlainClient,
) -> Result<(), Failure> {
    let has_plain = offer.is_some_and(|offer| offer.sasl.iter().any(|name| name == plain.name()));
    let credentials = UserName::parse(user.as_bytes())
        .and_then(|user| Password::parse(password.as_bytes()).map(|password| (user, password)));
    match credentials {
        Ok((user, password)) if !has_plain || offer.is_none_or(|offer| offer.user) => {
            pop3.login(user, password)?;
        }
        Err(error) if !has_plain => return Err(Failure::about("the user or password", error)),
        _ => {
            let response = plain.initial_response()?.unwrap_or_default();
            pop3.authenticate(plain.name(), Some(response.expose()))?;
        }
    }
    Ok(())
}
