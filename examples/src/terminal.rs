//! Text from a peer on its way to a terminal.

/// The bytes as text that cannot command a terminal: control characters and those that turn the
/// direction of text are replaced, and so is what is not UTF-8.
#[must_use]
pub fn printable(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes)
        .chars()
        .map(|c| if is_harmless(c) { c } else { char::REPLACEMENT_CHARACTER })
        .collect()
}

/// Whether a terminal only shows the character.
pub(crate) fn is_harmless(c: char) -> bool {
    let turns =
        matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    (!c.is_control() || c == '\t') && !turns
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_commands_the_terminal() {
        assert_eq!(printable(b"a\x1b[2J\tb\r\n\xff"), "a\u{fffd}[2J\tb\u{fffd}\u{fffd}\u{fffd}");
        assert_eq!(printable("\u{9b}31m\u{202e}grün".as_bytes()), "\u{fffd}31m\u{fffd}grün");
    }
}
