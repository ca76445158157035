//! The server's side.

use super::{
    client::auth_message,
    credentials::{Decoy, ScramCredentials},
    hash::{Hash, xor},
    message::{ClientFinal, ClientFirst, ServerFirst, encode_server_final},
    text,
};
use crate::{
    Answer, Channel, Error, Mechanism, Nonce, Progress, Question, ServerMechanism, Setting,
    gs2::{Flag, Header},
    saslprep,
};
use alloc::{
    boxed::Box,
    format,
    string::{String, ToString},
    vec::Vec,
};
use mailrail_wire::Secret;
use subtle::{Choice, ConstantTimeEq as _};

/// The server's side of SCRAM (RFC 5802). The caller is asked [`Question::Scram`].
///
/// A user that is not there gets the same dialogue as one that is, to its end.
#[derive(Debug)]
pub struct ScramServer {
    hash: Hash,
    is_plus: bool,
    channel: Channel,
    nonce: Nonce,
    decoy: Decoy,
    state: State,
}

#[derive(Debug)]
enum State {
    Begin,
    Asked(Box<First>),
    Challenged(Box<Exchange>),
    /// The client's proof is good, and the server's is sent.
    Proved,
    Finished,
}

/// What the client's first message leaves behind.
#[derive(Debug)]
struct First {
    user: String,
    bare: String,
    /// Both nonces.
    nonce: String,
    /// What the client must bind to.
    channel_binding: Vec<u8>,
}

#[derive(Debug)]
struct Exchange {
    first: First,
    server_first: String,
    credentials: ScramCredentials,
    is_known: bool,
}

impl ScramServer {
    /// `SCRAM-SHA-…` of that hash.
    #[must_use]
    pub fn new(hash: Hash, setting: Setting) -> Self {
        let Setting { channel, nonce, decoy, .. } = setting;
        Self { hash, is_plus: false, channel, nonce, decoy, state: State::Begin }
    }

    /// `SCRAM-SHA-…-PLUS` of that hash.
    ///
    /// # Errors
    ///
    /// [`Error::ChannelBinding`] where the channel has no binding.
    pub fn plus(hash: Hash, setting: Setting) -> Result<Self, Error> {
        if !setting.channel.has_binding() {
            return Err(Error::ChannelBinding);
        }
        Ok(Self { is_plus: true, ..Self::new(hash, setting) })
    }

    /// Reads the client's first message.
    fn first(&self, message: &[u8]) -> Result<(First, Question), Error> {
        let message = text(message)?;
        let (Header { flag, authzid }, bare) = Header::parse(message)?;
        let header = message.get(..message.len().saturating_sub(bare.len())).unwrap_or_default();
        let mut channel_binding = header.as_bytes().to_vec();
        match (flag, self.is_plus) {
            (Flag::Bound(name), true) => {
                let binding = self.channel.binding(name).ok_or(Error::ChannelBinding)?;
                channel_binding.extend_from_slice(binding.data());
            }
            (Flag::No, false) => {}
            (Flag::NotOffered, false) if !self.channel.has_binding() => {}
            _ => return Err(Error::ChannelBinding),
        }
        let ClientFirst { user, nonce } = ClientFirst::parse_bare(bare)?;
        let user = saslprep::query(&user).map_err(|_| Error::Malformed)?.into_owned();
        if user.is_empty() {
            return Err(Error::Malformed);
        }
        let question = Question::Scram { hash: self.hash, authzid, authcid: user.clone() };
        let nonce = format!("{nonce}{}", self.nonce.as_str());
        Ok((First { user, bare: bare.to_string(), nonce, channel_binding }, question))
    }
}

impl Exchange {
    fn new(first: First, credentials: ScramCredentials, is_known: bool) -> Self {
        let server_first = ServerFirst {
            nonce: &first.nonce,
            salt: credentials.salt().to_vec(),
            iterations: credentials.iterations(),
        }
        .encode();
        Self { first, server_first, credentials, is_known }
    }

    /// Checks the client's last message, and yields the server's.
    fn check(&self, message: &[u8]) -> Result<String, Error> {
        let message = ClientFinal::parse(text(message)?)?;
        if message.nonce != self.first.nonce {
            return Err(Error::Nonce);
        }
        if message.channel_binding != self.first.channel_binding {
            return Err(Error::ChannelBinding);
        }
        let hash = self.credentials.hash();
        let signed = auth_message(&self.first.bare, &self.server_first, message.without_proof);
        let signature = hash.hmac(self.credentials.stored_key(), &signed);
        if message.proof.len() != hash.output_len() {
            return Err(Error::Malformed);
        }
        let client_key = xor(&message.proof, signature.expose());
        let is_proved = hash.hash(&client_key).expose().ct_eq(self.credentials.stored_key());
        if !bool::from(is_proved & Choice::from(u8::from(self.is_known))) {
            return Err(Error::Rejected);
        }
        let verifier = hash.hmac(self.credentials.server_key(), &signed);
        Ok(encode_server_final(verifier.expose()))
    }
}

impl ServerMechanism for ScramServer {
    fn name(&self) -> &'static str {
        let mechanism = if self.is_plus {
            Mechanism::ScramPlus(self.hash)
        } else {
            Mechanism::Scram(self.hash)
        };
        mechanism.name()
    }

    fn step(&mut self, response: Option<&[u8]>) -> Result<Progress, Error> {
        match (core::mem::replace(&mut self.state, State::Finished), response) {
            (State::Begin, None) => {
                self.state = State::Begin;
                Ok(Progress::Challenge(Secret::default()))
            }
            (State::Begin, Some(message)) => {
                let (first, question) = self.first(message)?;
                self.state = State::Asked(Box::new(first));
                Ok(Progress::Question(question))
            }
            (asked @ State::Asked(_), _) => {
                self.state = asked;
                Err(Error::Misplaced)
            }
            (State::Challenged(exchange), Some(message)) => {
                let last = exchange.check(message)?;
                self.state = State::Proved;
                Ok(Progress::Challenge(Secret::new(last.into_bytes())))
            }
            // What the protocols cannot tell with success, they tell in a challenge, and the
            // response to that is empty (RFC 4422 §5).
            (State::Proved, Some([])) => Ok(Progress::Done),
            (State::Challenged(_) | State::Proved, _) => Err(Error::Malformed),
            (State::Finished, _) => Err(Error::Finished),
        }
    }

    fn answer(&mut self, answer: Answer) -> Result<Progress, Error> {
        let State::Asked(first) = &self.state else { return Err(Error::Misplaced) };
        let (credentials, is_known) = match answer {
            Answer::Scram(credentials) if credentials.hash() == self.hash => (credentials, true),
            Answer::Reject => (self.decoy.credentials(self.hash, &first.user), false),
            _ => return Err(Error::Misplaced),
        };
        let State::Asked(first) = core::mem::replace(&mut self.state, State::Finished) else {
            return Err(Error::Misplaced);
        };
        let exchange = Exchange::new(*first, credentials, is_known);
        let challenge = exchange.server_first.clone().into_bytes();
        self.state = State::Challenged(Box::new(exchange));
        Ok(Progress::Challenge(Secret::new(challenge)))
    }
}
