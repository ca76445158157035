//! Who has mail here.

use mailrail_sasl::{
    is_password,
    scram::{Decoy, Hash, ScramCredentials},
};
use mailrail_wire::Secret;
use sha2::{Digest, Sha256};
use std::collections::{BTreeSet, HashMap};

/// What SCRAM is offered with.
const HASHES: [Hash; 2] = [Hash::Sha256, Hash::Sha1];
const ITERATIONS: u32 = 4096;
const SALT: usize = 16;

/// The local domains and the accounts in them. Case makes no difference in an address here.
#[derive(Debug, Clone)]
pub struct Accounts {
    domains: BTreeSet<String>,
    accounts: HashMap<String, Account>,
    decoy: Decoy,
}

#[derive(Debug, Clone)]
struct Account {
    password: Secret<String>,
    /// One for each hash; none where SCRAM cannot carry the password.
    scram: Vec<ScramCredentials>,
}

impl Account {
    /// The salt is made of a secret, so that it is a different one for each account.
    fn new(name: &str, password: Secret<String>, secret: &[u8; 32]) -> Self {
        let digest = Sha256::new().chain_update(secret).chain_update(name).finalize();
        let salt = digest.get(..SALT).unwrap_or_default();
        let make =
            |hash| ScramCredentials::from_password(hash, password.expose(), salt, ITERATIONS).ok();
        let scram = HASHES.into_iter().filter_map(make).collect();
        Self { password, scram }
    }
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
    /// lower case. The secret is random; what clients are shown is made of it.
    pub fn new(
        domains: impl IntoIterator<Item = impl AsRef<str>>,
        users: impl IntoIterator<Item = (impl AsRef<str>, Secret<String>)>,
        secret: [u8; 32],
    ) -> Self {
        let lower = |text: &str| text.to_lowercase();
        let account = |(address, password): (_, Secret<String>)| {
            let name = lower(AsRef::as_ref(&address));
            let account = Account::new(&name, password, &secret);
            (name, account)
        };
        Self {
            domains: domains.into_iter().map(|domain| lower(domain.as_ref())).collect(),
            accounts: users.into_iter().map(account).collect(),
            decoy: Decoy::new(secret).with(ITERATIONS, SALT),
        }
    }

    /// The accounts' names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.accounts.keys().map(String::as_str)
    }

    /// Where mail for `address` goes. `postmaster` at a local domain, or alone, goes to the account
    /// of that name where there is one, else to the first account there is (RFC 5321 §4.5.1).
    #[must_use]
    pub fn destination(&self, address: &str) -> Destination {
        let address = address.to_lowercase();
        let (local, domain) = address.rsplit_once('@').unwrap_or((&address, ""));
        if self.accounts.contains_key(&address) {
            return Destination::Local(address);
        }
        match (self.domains.contains(domain) || domain.is_empty(), local) {
            (true, "postmaster") => {
                let first = self.accounts.keys().min();
                first.map_or(Destination::Unknown, |name| Destination::Local(name.clone()))
            }
            (true, _) => Destination::Unknown,
            (false, _) => Destination::Remote,
        }
    }

    /// The name of the account that `user` is, where that is the password.
    #[must_use]
    pub fn log_in(&self, user: &str, password: &str) -> Option<String> {
        let (name, known) = self.password(user)?;
        is_password(known.expose(), password).then_some(name)
    }

    /// The name of the account that `user` is, and its password.
    #[must_use]
    pub fn password(&self, user: &str) -> Option<(String, &Secret<String>)> {
        let name = user.to_lowercase();
        let account = self.accounts.get(&name)?;
        Some((name, &account.password))
    }

    /// The name of the account that `user` is, and what SCRAM needs of it.
    #[must_use]
    pub fn scram(&self, user: &str, hash: Hash) -> Option<(String, ScramCredentials)> {
        let name = user.to_lowercase();
        let mut kept = self.accounts.get(&name)?.scram.iter();
        let kept = kept.find(|kept| kept.hash() == hash)?.clone();
        Some((name, kept))
    }

    /// What SCRAM shows of accounts that are not there.
    #[must_use]
    pub const fn decoy(&self) -> &Decoy {
        &self.decoy
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accounts() -> Accounts {
        let users =
            ["bob@south.test", "Alice@South.test"].map(|name| (name, "p".to_owned().into()));
        Accounts::new(["South.test"], users, [7; 32])
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
