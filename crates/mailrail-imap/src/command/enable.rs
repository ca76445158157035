//! `ENABLE`

use crate::{
    encode::{Encoded, Sink},
    grammar::{Parsed, fault},
    types::Capabilities,
};

/// Turns extensions on (RFC 5161 §3.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enable {
    /// Which; one at least.
    pub capabilities: Capabilities,
}

impl Enable {
    /// `enable = "ENABLE" 1*(SP capability)`
    pub(super) fn parse(i: &[u8]) -> Parsed<'_, Self> {
        match Capabilities::parse(i)? {
            (_, capabilities) if capabilities.is_empty() => fault(i, "a capability"),
            (rest, capabilities) => Ok((rest, Self { capabilities })),
        }
    }

    pub(super) fn encode(&self, out: &mut Encoded) {
        out.text(b"ENABLE");
        self.capabilities.encode(out);
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Command, both_ways};

    #[test]
    fn enables_of_the_rfc() {
        both_ways("a2 ENABLE CONDSTORE X-GOOD-IDEA\r\n");
        assert!(Command::parse(b"a ENABLE\r\n").is_err());
    }
}
