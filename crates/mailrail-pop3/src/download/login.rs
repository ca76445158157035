//! How a download logs in.

use crate::{Capabilities, Client, Error, Misuse, Password, UserName};
use alloc::boxed::Box;
use mailrail_sasl::{Authenticator, Channel, ClientMechanism};

/// What there is to log in with.
pub(super) struct Login {
    authenticator: Authenticator,
    pub(super) channel: Option<Channel>,
    /// The mechanism under way.
    mechanism: Option<Box<dyn ClientMechanism>>,
}

impl Login {
    pub(super) const fn new(authenticator: Authenticator) -> Self {
        Self { authenticator, channel: None, mechanism: None }
    }

    /// Gives the client the best login that there is.
    pub(super) fn begin(
        &mut self,
        client: &mut Client,
        offer: Option<&Capabilities>,
        allow_plaintext: bool,
    ) -> Result<(), Error> {
        if allow_plaintext {
            self.authenticator = self.authenticator.clone().allow_plaintext();
        }
        let channel = match self.channel.take() {
            Some(channel) if client.is_secured() => channel,
            _ if client.is_secured() => Channel::tls(),
            _ => Channel::plaintext(),
        };
        let offered = offer.into_iter().flat_map(|offer| &offer.sasl).map(|name| &**name);
        let Ok(mut mechanism) = self.authenticator.choose(offered, &channel) else {
            return self.begin_without_sasl(client, offer);
        };
        let response = mechanism.initial_response().map_err(|_| Error::NoLogin)?;
        let response = response.as_ref().map(|response| &response.expose()[..]);
        let begun = client.authenticate(mechanism.name(), response);
        self.mechanism = Some(mechanism);
        begun.map_err(|_| Error::NoLogin)
    }

    fn begin_without_sasl(
        &self,
        client: &mut Client,
        offer: Option<&Capabilities>,
    ) -> Result<(), Error> {
        let credentials = self.authenticator.credentials().as_password();
        let (user, password) = credentials.ok_or(Error::NoLogin)?;
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
        match self.mechanism.as_mut().map(|mechanism| mechanism.step(challenge)) {
            Some(Ok(response)) => client.authenticate_response(response.expose()),
            _ => client.cancel_authentication(),
        }
    }

    /// The server has let us in: it must have proved who it is, where the mechanism has it do so.
    pub(super) fn end(&self) -> Result<(), Error> {
        match &self.mechanism {
            Some(mechanism) if !mechanism.is_complete() => Err(Error::Unproved),
            _ => Ok(()),
        }
    }
}
