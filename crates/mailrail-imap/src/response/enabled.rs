//! `ENABLED`

use crate::{encode::Sink, grammar::Parsed, types::Capabilities};

/// `enable-data = "ENABLED" *(SP capability)`
pub(super) fn parse(i: &[u8]) -> Parsed<'_, Capabilities> {
    Capabilities::parse(i)
}

pub(super) fn encode(capabilities: &Capabilities, out: &mut impl Sink) {
    out.text(b"* ENABLED");
    capabilities.encode(out);
}

#[cfg(test)]
mod tests {
    use super::super::both_ways;

    #[test]
    fn enabled_of_the_rfc() {
        both_ways("* ENABLED CONDSTORE\r\n");
        both_ways("* ENABLED\r\n");
    }
}
