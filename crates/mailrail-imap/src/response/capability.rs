//! `CAPABILITY`

use crate::{encode::Sink, grammar::Parsed, types::Capabilities};

/// `capability-data = "CAPABILITY" *(SP capability) SP "IMAP4rev1" *(SP capability)`
pub(super) fn parse(i: &[u8]) -> Parsed<'_, Capabilities> {
    Capabilities::parse(i)
}

pub(super) fn encode(capabilities: &Capabilities, out: &mut impl Sink) {
    out.text(b"* CAPABILITY");
    capabilities.encode(out);
}

#[cfg(test)]
mod tests {
    use super::super::{Response, both_ways};

    #[test]
    fn the_capabilities_of_the_rfc() {
        let Response::Capability(found) =
            both_ways("* CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED AUTH=GSSAPI XPIG-LATIN\r\n")
        else {
            panic!()
        };
        assert!(found.has_auth("gssapi"));
    }
}
