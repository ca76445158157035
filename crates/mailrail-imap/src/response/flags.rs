//! `FLAGS`

use crate::{
    encode::Sink,
    grammar::{Parsed, arg, list0},
    types::Flag,
};
use alloc::vec::Vec;
use nom::Parser;

/// `"FLAGS" SP flag-list`
pub(super) fn parse(i: &[u8]) -> Parsed<'_, Vec<Flag<'_>>> {
    arg(list0(Flag::parse_fetch)).parse(i)
}

pub(super) fn encode(flags: &[Flag<'_>], out: &mut impl Sink) {
    out.text(b"* FLAGS ");
    out.list(flags, |out, flag| flag.encode(out));
}

#[cfg(test)]
mod tests {
    use super::super::both_ways;

    #[test]
    fn the_flags_of_the_rfc() {
        both_ways("* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft $Junk \\X)\r\n");
        both_ways("* FLAGS ()\r\n");
    }
}
