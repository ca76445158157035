//! `EXPUNGE`

use crate::encode::Sink;
use core::num::NonZeroU32;

/// `nz-number SP "EXPUNGE"`
pub(super) fn encode(seq: NonZeroU32, out: &mut impl Sink) {
    out.text(b"* ");
    out.number(seq.get().into());
    out.text(b" EXPUNGE");
}

#[cfg(test)]
mod tests {
    use super::super::both_ways;

    #[test]
    fn the_expunge_of_the_rfc() {
        both_ways("* 44 EXPUNGE\r\n");
    }
}
