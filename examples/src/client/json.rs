//! JSON that may go to a terminal.

use super::Failure;
use crate::terminal::is_harmless;
use serde::Serialize;
use serde_json::ser::{Formatter, Serializer};
use std::io::{self, Write};

/// Prints a value as one line of JSON on standard output. Characters that command a terminal are
/// escaped, which JSON itself asks only for some of them.
///
/// # Errors
///
/// Where standard output takes no more.
pub fn write_json(value: &impl Serialize) -> Result<(), Failure> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    value.serialize(&mut Serializer::with_formatter(&mut out, Escaping))?;
    writeln!(out)?;
    Ok(out.flush()?)
}

/// Compact, and every character that does harm is an escape.
struct Escaping;

impl Formatter for Escaping {
    fn write_string_fragment<W>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()>
    where
        W: ?Sized + Write,
    {
        let harmful = |c: char| !is_harmless(c);
        let mut rest = fragment;
        while let Some(at) = rest.find(harmful) {
            let (before, from) = rest.split_at(at);
            writer.write_all(before.as_bytes())?;
            let mut letters = from.chars();
            for unit in letters.next().into_iter().flat_map(|c| {
                let mut units = [0; 2];
                c.encode_utf16(&mut units).to_vec()
            }) {
                write!(writer, "\\u{unit:04x}")?;
            }
            rest = letters.as_str();
        }
        writer.write_all(rest.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_commands_a_terminal_is_escaped() {
        let text = "a\x1b\u{7f}\u{9b}31m\u{202e}é\"\n";
        let mut out = Vec::new();
        text.serialize(&mut Serializer::with_formatter(&mut out, Escaping)).unwrap();
        let json = String::from_utf8(out).unwrap();
        assert_eq!(json, "\"a\\u001b\\u007f\\u009b31m\\u202eé\\\"\\n\"");
        assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
    }
}
