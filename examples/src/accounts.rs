//! Who has mail here.

use mailrail_wire::Secret;
use std::collections::{BTreeSet, HashMap};

/// The local domains and the accounts in them. Case makes no difference in an address here.
#[derive(Debug, Clone, Default)]
pub struct Accounts {
    domains: BTreeSet<String>,
    passwords: HashMap<String, Secret<String>>,
}

/// Where mail for an address goes.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "there is no fourth way")]
pub enum Destination {
    /// To the account of this name.
    Local(String),
    /// Nowhere: the domain is local, the account is not there.
    Unknown,
    /// To another server.
    Remote,
}

impl Accounts {
    /// These domains, and these accounts: address and password. An account's name is its address in
    /// lower case.
    pub fn new(
        domains: impl IntoIterator<Item = impl AsRef<str>>,
        users: impl IntoIterator<Item = (impl AsRef<str>, Secret<String>)>,
    ) -> Self {
        let lower = |text: &str| text.to_lowercase();
        Self {
            domains: domains.into_iter().map(|domain| lower(domain.as_ref())).collect(),
            passwords: users
                .into_iter()
                .map(|(address, password)| (lower(address.as_ref()), password))
                .collect(),
        }
    }

    /// The accounts' names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.passwords.keys().map(String::as_str)
    }

    /// Where mail for `address` goes. `postmaster` at a local domain, or alone, goes to the account
    /// of that name where there is one, else to the first account there is (RFC 5321 §4.5.1).
    #[must_use]
    pub fn destination(&self, address: &str) -> Destination {
        let address = address.to_lowercase();
        let (local, domain) = address.rsplit_once('@').unwrap_or((&address, ""));
        if self.passwords.contains_key(&address) {
            return Destination::Local(address);
        }
        match (self.domains.contains(domain) || domain.is_empty(), local) {
            (true, "postmaster") => {
                let first = self.passwords.keys().min();
                first.map_or(Destination::Unknown, |name| Destination::Local(name.clone()))
            }
            (true, _) => Destination::Unknown,
            (false, _) => Destination::Remote,
        }
    }

    /// The name of the account that `user` is, where that is the password.
    #[must_use]
    pub fn log_in(&self, user: &str, password: &str) -> Option<String> {
        let user = user.to_lowercase();
        let wanted = self.passwords.get(&user)?.expose().as_bytes();
        // How long it takes does not tell how much of a guess is right.
        let different = wanted
            .iter()
            .zip(password.as_bytes())
            .fold(wanted.len() ^ password.len(), |different, (a, b)| {
                different | usize::from(a ^ b)
            });
        (different == 0).then_some(user)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accounts() -> Accounts {
        let users =
            ["bob@south.test", "Alice@South.test"].map(|name| (name, "p".to_owned().into()));
        Accounts::new(["South.test"], users)
    }

    #[test]
    fn mail_finds_its_way() {
        let accounts = accounts();
        let local = |name: &str| Destination::Local(name.into());
        assert_eq!(accounts.destination("ALICE@south.TEST"), local("alice@south.test"));
        assert_eq!(accounts.destination("Postmaster"), local("alice@south.test"));
        assert_eq!(accounts.destination("postmaster@south.test"), local("alice@south.test"));
        assert_eq!(accounts.destination("eve@south.test"), Destination::Unknown);
        assert_eq!(accounts.destination("bob@north.test"), Destination::Remote);
    }

    #[test]
    fn only_the_password_logs_in() {
        let accounts = accounts();
        assert_eq!(accounts.log_in("BOB@south.test", "p").as_deref(), Some("bob@south.test"));
        for (user, password) in [("bob@south.test", ""), ("bob@south.test", "pp"), ("eve", "p")] {
            assert_eq!(accounts.log_in(user, password), None);
        }
    }
}
