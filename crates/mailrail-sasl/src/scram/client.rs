//! The client's side.

use super::{
    credentials::{client_key, normalize, salted_password, server_key},
    hash::{Hash, Key, xor},
    message::{ClientFinal, ClientFirst, ServerFirst, parse_server_final, with_proof},
    text,
};
use crate::{
    ChannelBinding, ClientMechanism, Error, Mechanism, Nonce,
    gs2::{Flag, Header},
    saslprep,
    single::safe,
};
use alloc::{
    format,
    string::{String, ToString},
    vec::Vec,
};
use core::ops::RangeInclusive;
use mailrail_wire::Secret;
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

/// The client's side of SCRAM (RFC 5802).
///
/// It takes as long as the server's iteration count says, in [`step`](ClientMechanism::step): some
/// milliseconds for 4,096, half a second for 600,000, which is the most it takes by default.
///
/// ```
/// use mailrail_sasl::{ClientMechanism, Nonce, scram::{Hash, ScramClient}};
///
/// # fn main() -> Result<(), mailrail_sasl::Error> {
/// // RFC 7677 §3
/// let nonce = Nonce::new("rOprNGfwEbeRWgbNEkqO")?;
/// let mut scram = ScramClient::new(Hash::Sha256, "user", "pencil", nonce)?;
/// let first = scram.initial_response()?;
/// assert_eq!(first.unwrap().expose(), b"n,,n=user,r=rOprNGfwEbeRWgbNEkqO");
/// let last = scram.step(
///     b"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
/// )?;
/// assert!(last.expose().ends_with(b",p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="));
/// scram.step(b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=")?;
/// assert!(scram.is_complete());
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct ScramClient {
    hash: Hash,
    user: String,
    authzid: Option<String>,
    password: Secret<Zeroizing<Vec<u8>>>,
    binding: Binding,
    nonce: Nonce,
    iterations: RangeInclusive<u32>,
    state: State,
}

#[derive(Debug, Clone)]
enum Binding {
    None,
    NotOffered,
    To(ChannelBinding),
}

#[derive(Debug, Clone)]
enum State {
    Begin,
    /// The first message is sent.
    First,
    /// The proof is sent, and this signature expected for it.
    Proved(Key),
    Complete,
    Failed,
}

impl ScramClient {
    /// How many iterations a client makes where it is not told otherwise: fewer make a stolen
    /// account easy to guess, and more only keep the client busy.
    pub const ITERATIONS: RangeInclusive<u32> = 4096..=600_000;

    /// For the user `authcid`. The nonce must be of no other exchange.
    ///
    /// # Errors
    ///
    /// [`Error::Empty`], [`Error::Nul`] and [`Error::Prohibited`] where SCRAM cannot carry the
    /// name, or SASLprep prohibits it or the password.
    pub fn new(hash: Hash, authcid: &str, password: &str, nonce: Nonce) -> Result<Self, Error> {
        let field = "user name";
        safe(field, authcid)?;
        let user = saslprep::query(authcid).map_err(|_| Error::Prohibited { field })?.into_owned();
        safe(field, &user)?;
        safe("password", password)?;
        Ok(Self {
            hash,
            user,
            authzid: None,
            password: Secret::new(normalize(password)?),
            binding: Binding::None,
            nonce,
            iterations: Self::ITERATIONS,
            state: State::Begin,
        })
    }

    /// Acting as `authzid`.
    ///
    /// # Errors
    ///
    /// [`Error::Empty`] and [`Error::Nul`].
    pub fn acting_as(mut self, authzid: &str) -> Result<Self, Error> {
        safe("authorization identity", authzid)?;
        self.authzid = Some(authzid.to_string());
        Ok(self)
    }

    /// Binds to the channel: this is a `-PLUS` mechanism then.
    #[must_use]
    pub fn bound_to(mut self, binding: ChannelBinding) -> Self {
        self.binding = Binding::To(binding);
        self
    }

    /// Tells the server that the client could bind to the channel, but has seen no `-PLUS` offered:
    /// a server that did offer it knows then that somebody has taken it away (RFC 5802 §6).
    #[must_use]
    pub fn not_offered_binding(mut self) -> Self {
        self.binding = Binding::NotOffered;
        self
    }

    /// Takes iteration counts of that window only.
    #[must_use]
    pub const fn with_iterations(mut self, window: RangeInclusive<u32>) -> Self {
        self.iterations = window;
        self
    }

    fn header(&self) -> Header<'_> {
        let flag = match &self.binding {
            Binding::None => Flag::No,
            Binding::NotOffered => Flag::NotOffered,
            Binding::To(binding) => Flag::Bound(binding.name()),
        };
        Header { flag, authzid: self.authzid.clone() }
    }

    fn first_bare(&self) -> String {
        ClientFirst { user: self.user.clone(), nonce: self.nonce.as_str() }.encode_bare()
    }

    fn first(&mut self) -> Secret<Vec<u8>> {
        self.state = State::First;
        Secret::new(format!("{}{}", self.header().encode(), self.first_bare()).into_bytes())
    }

    /// The answer to the server's first message, and the signature that its last one must have.
    fn prove(&self, challenge: &[u8]) -> Result<(Secret<Vec<u8>>, Key), Error> {
        let challenge = text(challenge)?;
        let server = ServerFirst::parse(challenge)?;
        let is_ours = server.nonce.strip_prefix(self.nonce.as_str());
        if is_ours.is_none_or(str::is_empty) {
            return Err(Error::Nonce);
        }
        if !self.iterations.contains(&server.iterations) {
            return Err(Error::Iterations { count: server.iterations });
        }
        let mut bound = self.header().encode().into_bytes();
        if let Binding::To(binding) = &self.binding {
            bound.extend_from_slice(binding.data());
        }
        let without_proof = ClientFinal::encode_without_proof(&bound, server.nonce);
        let first = self.first_bare();
        let message = auth_message(&first, challenge, &without_proof);
        let hash = self.hash;
        let salted =
            salted_password(hash, self.password.expose(), &server.salt, server.iterations)?;
        let client_key = client_key(hash, &salted);
        let stored_key = hash.hash(client_key.expose());
        let signature = hash.hmac(stored_key.expose(), &message);
        let proof = xor(client_key.expose(), signature.expose());
        let expected = hash.hmac(server_key(hash, &salted).expose(), &message);
        Ok((Secret::new(with_proof(&without_proof, &proof).into_bytes()), expected))
    }
}

/// `AuthMessage := client-first-message-bare + "," + server-first-message + "," +
/// client-final-message-without-proof`
pub(super) const fn auth_message<'a>(
    client_first: &'a str,
    server_first: &'a str,
    client_final: &'a str,
) -> [&'a [u8]; 5] {
    let comma = b",";
    [client_first.as_bytes(), comma, server_first.as_bytes(), comma, client_final.as_bytes()]
}

impl ClientMechanism for ScramClient {
    fn name(&self) -> &'static str {
        match self.binding {
            Binding::To(_) => Mechanism::ScramPlus(self.hash).name(),
            _ => Mechanism::Scram(self.hash).name(),
        }
    }

    fn initial_response(&mut self) -> Result<Option<Secret<Vec<u8>>>, Error> {
        match self.state {
            State::Begin => Ok(Some(self.first())),
            _ => Err(Error::Finished),
        }
    }

    fn step(&mut self, challenge: &[u8]) -> Result<Secret<Vec<u8>>, Error> {
        match core::mem::replace(&mut self.state, State::Failed) {
            State::Begin if challenge.is_empty() => Ok(self.first()),
            State::Begin => Err(Error::Malformed),
            State::First => {
                let (response, expected) = self.prove(challenge)?;
                self.state = State::Proved(expected);
                Ok(response)
            }
            State::Proved(expected) => {
                let verifier = parse_server_final(text(challenge)?)?;
                if !bool::from(verifier.ct_eq(expected.expose())) {
                    return Err(Error::Unproved);
                }
                self.state = State::Complete;
                Ok(Secret::default())
            }
            finished @ (State::Complete | State::Failed) => {
                self.state = finished;
                Err(Error::Finished)
            }
        }
    }

    fn is_complete(&self) -> bool {
        matches!(self.state, State::Complete)
    }
}
