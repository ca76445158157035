//! How a download logs in.

use crate::{Capabilities, Client, Error, Misuse, Password, UserName};
use alloc::{boxed::Box, vec::Vec};
use mailrail_sasl::{Authenticator, Channel, ClientMechanism, sends_password};
use mailrail_wire::Secret;

/// What there is to log in with; all of it is dropped once somebody has.
pub(super) struct Login {
    allow_plaintext: bool,
    pub(super) mechanisms: Vec<Box<dyn ClientMechanism>>,
    pub(super) authenticator: Option<Box<Authenticator>>,
    pub(super) password: Option<(Box<str>, Secret<Box<str>>)>,
    /// The mechanism under way.
    chosen: Option<Box<dyn ClientMechanism>>,
}

impl Login {
    pub(super) const fn new(allow_plaintext: bool) -> Self {
        Self {
            allow_plaintext,
            mechanisms: Vec::new(),
            authenticator: None,
            password: None,
            chosen: None,
        }
    }

    /// Gives the client the best login that there is.
    pub(super) fn begin(
        &mut self,
        client: &mut Client,
        offer: Option<&Capabilities>,
    ) -> Result<(), Error> {
        let shows_passwords = client.is_secured() || self.allow_plaintext;
        let offered = offer.map_or(&[][..], |offer| &offer.sasl);
        let mechanisms = core::mem::take(&mut self.mechanisms);
        self.chosen = mechanisms.into_iter().find(|mechanism| {
            let name = mechanism.name();
            offered.iter().any(|offered| offered.eq_ignore_ascii_case(name))
                && (shows_passwords || !sends_password(name))
        });
        if let (None, Some(authenticator)) = (&self.chosen, self.authenticator.take()) {
            let channel = if client.is_secured() { Channel::tls() } else { Channel::plaintext() };
            let mut authenticator = match self.allow_plaintext {
                true => authenticator.allow_plaintext(),
                false => *authenticator,
            };
            let offered = offered.iter().map(|offered| &**offered);
            self.chosen = authenticator.choose(offered, &channel).ok();
            if let (None, Some((user, password))) =
                (&self.password, authenticator.credentials().as_password())
            {
                self.password = Some((user.into(), password.map(Box::from)));
            }
        }
        if let Some(mechanism) = &mut self.chosen {
            self.password = None;
            let response = mechanism.initial_response().map_err(|_| Error::NoLogin)?;
            let response = response.as_ref().map(|response| &response.expose()[..]);
            return client.authenticate(mechanism.name(), response).map_err(|_| Error::NoLogin);
        }
        let password = self.password.take();
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
