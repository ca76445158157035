//! Who a client is: an exchange of a SASL mechanism, for every protocol's AUTH.

use super::Context;
use crate::{accounts::Accounts, drive::tokio::Stream};
use mailrail_sasl::{
    Answer, Channel, Mechanism, Nonce, Progress, Question, ServerMechanism, Setting,
};
use mailrail_wire::Secret;

/// What is offered, the best one first. The machines leave out what is not to be used without TLS.
const MECHANISMS: [&str; 5] =
    ["SCRAM-SHA-256-PLUS", "SCRAM-SHA-1-PLUS", "SCRAM-SHA-256", "SCRAM-SHA-1", "PLAIN"];

/// The mechanisms that are offered over that connection, now or once it has TLS.
pub fn mechanisms(context: &Context, stream: &Stream) -> impl Iterator<Item = &'static str> {
    let has_tls = stream.has_tls();
    let offered = MECHANISMS.into_iter().filter(move |name| has_tls || !name.ends_with("-PLUS"));
    offered.chain(context.allow_cram_md5.then_some("CRAM-MD5"))
}

/// A client wants to log in. What that takes is made where the connection is at hand.
#[derive(Debug)]
pub struct Request {
    mechanism: String,
    response: Option<Secret<Vec<u8>>>,
}

/// An exchange under way.
#[derive(Debug)]
pub struct Login {
    mechanism: Box<dyn ServerMechanism>,
    /// Whose exchange it is, once that is known; still to be proved.
    account: Option<String>,
}

/// What a response leads to.
#[derive(Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "there is no fourth way")]
pub enum Outcome {
    /// This challenge is sent.
    Challenge(Secret<Vec<u8>>),
    /// The client is the account of this name.
    Account(String),
    /// It is nobody known here.
    Refused,
}

impl Request {
    /// By that mechanism, in any case of letters, with the initial response.
    #[must_use]
    pub fn new(mechanism: &str, response: Option<Secret<Vec<u8>>>) -> Self {
        Self { mechanism: mechanism.to_owned(), response }
    }

    /// Begins the exchange; none where there is no such mechanism.
    #[must_use]
    pub fn begin(
        self,
        context: &Context,
        channel: Channel,
    ) -> (Option<Login>, Option<Secret<Vec<u8>>>) {
        let mut random = [0; 18];
        if let Err(error) = getrandom::fill(&mut random) {
            tracing::error!(%error, "random numbers");
            return (None, None);
        }
        let mut setting =
            Setting::new(channel, Nonce::from_random(&random), context.accounts.decoy().clone());
        setting.host = context.hostname.to_string();
        let login = Mechanism::from_name(&self.mechanism)
            .and_then(|mechanism| mechanism.server(setting).ok())
            .map(|mechanism| Login { mechanism, account: None });
        (login, self.response)
    }
}

impl Login {
    /// Takes a response: the initial one or none first.
    pub fn step(&mut self, response: Option<&Secret<Vec<u8>>>, accounts: &Accounts) -> Outcome {
        let mut progress = self.mechanism.step(response.map(|response| &response.expose()[..]));
        if let Ok(Progress::Question(question)) = progress {
            let answer = self.answer(question, accounts).unwrap_or(Answer::Reject);
            progress = self.mechanism.answer(answer);
        }
        match (progress, &mut self.account) {
            (Ok(Progress::Challenge(challenge)), _) => Outcome::Challenge(challenge),
            (Ok(Progress::Done), Some(account)) => Outcome::Account(std::mem::take(account)),
            _ => Outcome::Refused,
        }
    }

    /// What the accounts say; none where they know nobody like that. Nobody acts for anybody else
    /// here.
    fn answer(&mut self, question: Question, accounts: &Accounts) -> Option<Answer> {
        let (account, authzid, answer) = match question {
            Question::Password(claim) => {
                let account = accounts.log_in(&claim.authcid, claim.password.expose())?;
                (account, claim.authzid, Answer::Accept)
            }
            Question::Scram { hash, authzid, authcid } => {
                let (account, kept) = accounts.scram(&authcid, hash)?;
                (account, authzid, Answer::Scram(kept))
            }
            Question::Secret { authcid } => {
                let (account, password) = accounts.password(&authcid)?;
                (account, None, Answer::Password(password.clone()))
            }
            _ => return None,
        };
        if authzid.is_some_and(|as_whom| as_whom.to_lowercase() != account) {
            return None;
        }
        self.account = Some(account);
        Some(answer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mailrail_sasl::{Authenticator, Credentials, scram::Decoy};

    /// The accounts' side of a mechanism, and what comes of a client's.
    fn log_in(mechanism: Mechanism, user: &str, password: &str, as_whom: Option<&str>) -> Outcome {
        let accounts = Accounts::new(["n.test"], [("ann@n.test", "pw".to_owned().into())], [1; 32]);
        let credentials = Credentials::password(user, password).unwrap();
        let credentials = match as_whom {
            Some(as_whom) => credentials.acting_as(as_whom).unwrap(),
            None => credentials,
        };
        let nonce = || Nonce::from_random(&[2; 18]);
        let mut from = Authenticator::new(credentials, nonce()).allow_cram_md5();
        let mut client = from.choose([mechanism.name()], &Channel::tls()).unwrap();
        let setting = Setting::new(Channel::tls(), nonce(), Decoy::new([3; 32]));
        let mechanism = mechanism.server(setting).unwrap();
        let mut login = Login { mechanism, account: None };
        let mut response = client.initial_response().unwrap();
        loop {
            match login.step(response.as_ref(), &accounts) {
                Outcome::Challenge(challenge) => match client.step(challenge.expose()) {
                    Ok(answer) => response = Some(answer),
                    Err(error) => panic!("{error}"),
                },
                outcome => return outcome,
            }
        }
    }

    #[test]
    fn a_password_logs_in_as_oneself() {
        let names = MECHANISMS.into_iter().filter(|name| !name.ends_with("-PLUS"));
        for name in names.chain(["LOGIN", "CRAM-MD5"]) {
            let mechanism = Mechanism::from_name(name).unwrap();
            let ann = Outcome::Account("ann@n.test".into());
            assert_eq!(log_in(mechanism, "Ann@n.test", "pw", None), ann, "{name}");
            assert_eq!(log_in(mechanism, "ann@n.test", "pv", None), Outcome::Refused, "{name}");
            assert_eq!(log_in(mechanism, "bob@n.test", "pw", None), Outcome::Refused, "{name}");
            if matches!(name, "LOGIN" | "CRAM-MD5") {
                continue;
            }
            for (as_whom, outcome) in [("ANN@n.test", ann), ("bob@n.test", Outcome::Refused)] {
                let seen = log_in(mechanism, "ann@n.test", "pw", Some(as_whom));
                assert_eq!(seen, outcome, "{name}");
            }
        }
    }
}
