//! `EXISTS` and `RECENT`

use crate::encode::Sink;

/// `number SP "EXISTS" / number SP "RECENT"`
pub(super) fn encode(n: u32, word: &[u8], out: &mut impl Sink) {
    out.text(b"* ");
    out.number(n.into());
    out.text(word);
}

#[cfg(test)]
mod tests {
    use super::super::{Response, both_ways};

    #[test]
    fn counts_of_the_rfc() {
        assert_eq!(both_ways("* 23 EXISTS\r\n"), Response::Exists(23));
        assert_eq!(both_ways("* 0 RECENT\r\n"), Response::Recent(0));
    }
}
