//! How a download logs in.

use crate::{Capabilities, Client, Error, Misuse, Password, UserName};
use alloc::{boxed::Box, collections::VecDeque};
use mailrail_sasl::{ClientMechanism, sends_password};
use mailrail_wire::Secret;

/// What there is to log in with; all of it is dropped once somebody has.
pub(super) struct Login {
    allow_plaintext: bool,
    pub(super) mechanisms: VecDeque<Box<dyn ClientMechanism + Send>>,
    pub(super) password: Option<(Box<str>, Secret<Box<str>>)>,
    /// The mechanism under way.
    chosen: Option<Box<dyn ClientMechanism + Send>>,
}

impl Login {
    pub(super) const fn new(allow_plaintext: bool) -> Self {
        Self { allow_plaintext, mechanisms: VecDeque::new(), password: None, chosen: None }
    }

    /// Gives the client the best login that there is.
    pub(super) fn begin(
        &mut self,
        client: &mut Client,
        offer: Option<&Capabilities>,
    ) -> Result<(), Error> {
        let shows_passwords = client.is_secured() || self.allow_plaintext;
        let mechanisms = core::mem::take(&mut self.mechanisms);
        self.chosen = mechanisms.into_iter().find(|mechanism| {
            let name = mechanism.name();
            let is_offered = |sasl: &str| sasl.eq_ignore_ascii_case(name);
            offer.is_some_and(|offer| offer.sasl.iter().any(|sasl| is_offered(sasl)))
                && (shows_passwords || !sends_password(name))
        });
        let password = self.password.take();
        if let Some(mechanism) = &mut self.chosen {
            let response = mechanism.initial_response().map_err(|_| Error::NoLogin)?;
            let response = response.as_ref().map(|response| &response.expose()[..]);
            return client.authenticate(mechanism.name(), response).map_err(|_| Error::NoLogin);
        }
        let (user, password) = password.as_ref().ok_or(Error::NoLogin)?;
        let user = UserName::parse(user.as_bytes()).map_err(|_| Error::NoLogin)?;
        let password = Password::parse(password.expose().as_bytes()).map_err(|_| Error::NoLogin)?;
        if !client.is_secured() && client.apop(user, password) == Ok(()) {
            return Ok(());
        }
        // A server of RFC 1939's days cannot say what it offers.
        if !offer.is_none_or(|offer| offer.user) {
            return Err(Error::NoLogin);
        }
        client.login(user, password).map_err(|_| Error::NoLogin)
    }

    /// Answers a challenge.
    pub(super) fn challenged(
        &mut self,
        challenge: &[u8],
        client: &mut Client,
    ) -> Result<(), Misuse> {
        match self.chosen.as_mut().map(|mechanism| mechanism.step(challenge)) {
            Some(Ok(response)) => client.authenticate_response(response.expose()),
            _ => client.cancel_authentication(),
        }
    }

    /// The server has let us in: it must have proved who it is, where the mechanism has it do so.
    pub(super) fn end(&mut self) -> Result<(), Error> {
        match self.chosen.take() {
            Some(mechanism) if !mechanism.is_complete() => Err(Error::Unproved),
            _ => Ok(()),
        }
    }
}
