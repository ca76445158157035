//! What ends `IDLE`

/// The line, with its CR LF, that ends an IDLE (RFC 2177 §3).
pub(crate) const DONE: &[u8] = b"DONE\r\n";

/// Whether a line, with its CR LF, ends an IDLE.
pub(crate) fn is_done(line: &[u8]) -> bool {
    line.eq_ignore_ascii_case(DONE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn done_is_a_whole_line() {
        assert!(is_done(DONE) && is_done(b"done\r\n"));
        assert!(!is_done(b"DONE \r\n") && !is_done(b"a DONE\r\n") && !is_done(b"DONE\n"));
    }
}
