//! Who a client is: an exchange of a SASL mechanism, for every protocol's AUTH.

use crate::accounts::Accounts;
use mailrail_sasl::{Claim, PlainServer, Progress, Question, ServerMechanism};
use mailrail_wire::Secret;

/// The mechanisms that a server offers, the best one first.
pub const MECHANISMS: [&str; 1] = ["PLAIN"];

/// An exchange under way.
#[derive(Debug)]
pub struct Login(Box<dyn ServerMechanism>);

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

impl Login {
    /// An exchange of that mechanism, in any case of letters; none where it is not offered.
    #[must_use]
    pub fn begin(mechanism: &str) -> Option<Self> {
        mechanism.eq_ignore_ascii_case("PLAIN").then(|| Self(Box::new(PlainServer::default())))
    }

    /// Takes a response: the initial one or none first.
    pub fn step(&mut self, response: Option<&Secret<Vec<u8>>>, accounts: &Accounts) -> Outcome {
        match self.0.step(response.map(|response| &response.expose()[..])) {
            Ok(Progress::Challenge(challenge)) => Outcome::Challenge(challenge),
            Ok(Progress::Question(Question::Password(claimed))) => {
                check(&claimed, accounts).map_or(Outcome::Refused, Outcome::Account)
            }
            _ => Outcome::Refused,
        }
    }
}

/// Nobody acts for anybody else here.
fn check(claimed: &Claim, accounts: &Accounts) -> Option<String> {
    let account = accounts.log_in(&claimed.authcid, claimed.password.expose())?;
    claimed
        .authzid
        .as_ref()
        .is_none_or(|as_whom| as_whom.to_lowercase() == account)
        .then_some(account)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_logs_in_as_oneself() {
        let accounts = Accounts::new(["n.test"], [("ann@n.test", "pw".to_owned().into())]);
        let ann = || Outcome::Account("ann@n.test".into());
        for (response, outcome) in [
            ("\0Ann@n.test\0pw", ann()),
            ("ANN@n.test\0ann@n.test\0pw", ann()),
            ("bob@n.test\0ann@n.test\0pw", Outcome::Refused),
            ("\0ann@n.test\0pv", Outcome::Refused),
            ("nonsense", Outcome::Refused),
        ] {
            let mut login = Login::begin("plain").unwrap();
            assert_eq!(login.step(None, &accounts), Outcome::Challenge(Secret::default()));
            let response = Secret::new(response.as_bytes().to_vec());
            assert_eq!(login.step(Some(&response), &accounts), outcome);
        }
        assert!(Login::begin("LOGIN").is_none());
    }
}
