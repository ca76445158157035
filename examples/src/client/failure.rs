//! Why a command failed.

use crate::terminal::printable;
use std::{error::Error, fmt};

/// Why a command failed: what standard error is told, a line each, and the exit status.
///
/// Every error turns into one by `?`. It may hold what a peer said: displayed, it has no control
/// characters but the ends of its lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    lines: Vec<String>,
    status: u8,
}

impl Failure {
    /// The operation failed: exit status 1.
    pub fn new(why: impl fmt::Display) -> Self {
        Self { lines: vec![why.to_string()], status: 1 }
    }

    /// The operation failed at something: `what: why`.
    pub fn about(what: impl fmt::Display, why: impl fmt::Display) -> Self {
        Self::new(format_args!("{what}: {why}"))
    }

    /// Several parts of the operation failed, such as several recipients: a line each.
    pub fn each(lines: impl IntoIterator<Item = String>) -> Self {
        Self { lines: lines.into_iter().collect(), status: 1 }
    }

    /// The arguments are wrong: exit status 2.
    pub fn usage(why: impl fmt::Display) -> Self {
        Self { status: 2, ..Self::new(why) }
    }

    /// The exit status.
    #[must_use]
    pub const fn status(&self) -> u8 {
        self.status
    }
}

impl<E: Error> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::new(error)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, line) in self.lines.iter().enumerate() {
            if at > 0 {
                f.write_str("\n")?;
            }
            f.write_str(&printable(line.as_bytes()))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peer_starts_no_line() {
        let failure = Failure::about("a@b", "550 no\r\nall is well\x1b[2J");
        assert_eq!(failure.to_string(), "a@b: 550 no\u{fffd}\u{fffd}all is well\u{fffd}[2J");
        assert_eq!(failure.status(), 1);
        let each = Failure::each(["a".to_owned(), "b\nc".to_owned()]);
        assert_eq!(each.to_string(), "a\nb\u{fffd}c");
        assert_eq!(Failure::usage("x").status(), 2);
    }
}
