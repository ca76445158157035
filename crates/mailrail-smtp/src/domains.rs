//! The domains that a connection's recipients have.

use crate::ForwardPath;
use alloc::{boxed::Box, vec::Vec};

/// Different domains, without regard to case. It holds no memory when it is empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Domains(Vec<Box<str>>);

impl Domains {
    /// Whether a recipient there would make them more than `most`.
    pub(crate) fn would_exceed(&self, path: &ForwardPath<'_>, most: u32) -> bool {
        let is_full = u32::try_from(self.0.len()).is_ok_and(|len| len >= most);
        is_full && domain(path).is_some_and(|domain| !self.has(domain))
    }

    /// Adds that of a recipient, where it is new.
    pub(crate) fn add(&mut self, path: &ForwardPath<'_>) {
        if let Some(domain) = domain(path)
            && !self.has(domain)
        {
            self.0.push(domain.into());
        }
    }

    fn has(&self, domain: &str) -> bool {
        self.0.iter().any(|other| other.eq_ignore_ascii_case(domain))
    }
}

fn domain<'a>(path: &'a ForwardPath<'_>) -> Option<&'a str> {
    Some(path.mailbox()?.domain()?.as_str())
}
