//! Which commands may be under way at the same time (RFC 3501 §5.5).

use super::Verb;
use crate::{Command, types::SearchKey};

/// Who is logged in, what is selected, what is enabled.
const SESSION: u8 = 1;
/// The messages of the selected mailbox and their flags.
const SELECTED: u8 = 1 << 1;
/// Which mailboxes there are.
const NAMES: u8 = 1 << 2;
/// What is in mailboxes, seen from the outside.
const CONTENTS: u8 = 1 << 3;
/// The answers that do not say which command they are for.
const FOUND: u8 = 1 << 4;
const LISTED: u8 = 1 << 5;
const ALL: u8 = u8::MAX;

/// What a command's answer depends on, and what the command changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Touches {
    reads: u8,
    writes: u8,
}

impl Touches {
    pub(super) fn of(command: &Command<'_>) -> Self {
        let (reads, writes) = match command {
            Command::Capability
            | Command::Check
            | Command::Id(_)
            | Command::Namespace
            | Command::Noop => (0, 0),
            Command::Fetch(fetch) => {
                let sets_seen = fetch.attributes.iter().any(|attribute| attribute.sets_seen());
                (SELECTED, if sets_seen { SELECTED } else { 0 })
            }
            Command::Search(_) => (SELECTED | FOUND, FOUND),
            Command::Store(_) => (SELECTED, SELECTED),
            Command::Copy(_) => (SELECTED | NAMES, SELECTED | CONTENTS),
            // The mailbox may be the selected one.
            Command::Append(_) => (NAMES, SELECTED | CONTENTS),
            Command::Status(_) => (SELECTED | NAMES | CONTENTS, 0),
            Command::List(_) | Command::Lsub(_) => (NAMES | CONTENTS | LISTED, LISTED),
            Command::Create(_) | Command::Subscribe(_) | Command::Unsubscribe(_) => (NAMES, NAMES),
            Command::Delete(_) | Command::Rename(_) => (NAMES | CONTENTS, NAMES | CONTENTS),
            Command::Authenticate(_)
            | Command::Close
            | Command::Enable(_)
            | Command::Examine(_)
            | Command::Expunge(_)
            | Command::Idle
            | Command::Login(_)
            | Command::Logout
            | Command::Move(_)
            | Command::Select(_)
            | Command::StartTls
            | Command::Unselect => (ALL, ALL),
        };
        Self { reads: reads | SESSION, writes }
    }

    /// Whether one command can be sent before the other is answered. Strict: of what the RFC lets
    /// a server put in order by itself, nothing is left to it.
    pub(super) const fn may_follow(self, before: Self) -> bool {
        self.reads & before.writes == 0 && self.writes & before.reads == 0
    }
}

/// Whether the answer of a command decides which commands can be given behind it.
pub(super) const fn decides(verb: Verb) -> bool {
    matches!(
        verb,
        Verb::Authenticate
            | Verb::Close
            | Verb::Examine
            | Verb::Idle
            | Verb::Login
            | Verb::Logout
            | Verb::Select
            | Verb::StartTls
            | Verb::Unselect
    )
}

/// Whether EXPUNGE may come before the command's answer, and make other numbers of all sequence
/// numbers: it does not while FETCH, STORE or SEARCH are under way (RFC 3501 §7.4.1). Their UID
/// forms are other commands.
pub(super) fn renumbers(command: &Command<'_>) -> bool {
    match command {
        Command::Fetch(it) => it.uid,
        Command::Store(it) => it.uid,
        Command::Search(it) => it.uid,
        _ => true,
    }
}

/// Whether the command names messages by their sequence numbers.
pub(super) fn has_sequence_numbers(command: &Command<'_>) -> bool {
    match command {
        Command::Fetch(it) => !it.uid,
        Command::Store(it) => !it.uid,
        Command::Copy(it) | Command::Move(it) => !it.uid,
        Command::Search(it) => it.keys.iter().any(is_numbered),
        _ => false,
    }
}

fn is_numbered(key: &SearchKey<'_>) -> bool {
    match key {
        SearchKey::Sequence(_) => true,
        SearchKey::Not(key) => is_numbered(key),
        SearchKey::Or(one, other) => is_numbered(one) || is_numbered(other),
        SearchKey::And(keys) => keys.iter().any(is_numbered),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command(text: &str) -> Command<'static> {
        let wire = alloc::format!("a {text}\r\n");
        Command::parse(wire.as_bytes()).unwrap().1.into_owned()
    }

    fn may_follow(before: &str, next: &str) -> bool {
        Touches::of(&command(next)).may_follow(Touches::of(&command(before)))
    }

    #[test]
    fn what_may_be_under_way_together() {
        for (before, next) in [
            ("FETCH 1 FLAGS", "FETCH 2 BODY.PEEK[]"),
            ("UID FETCH 1 BODY.PEEK[]", "UID SEARCH ALL"),
            ("LIST \"\" *", "STATUS a (MESSAGES)"),
            ("APPEND a {1}", "APPEND b {1}"),
            ("NOOP", "CAPABILITY"),
        ] {
            assert!(may_follow(before, next) && may_follow(next, before), "{before}, {next}");
        }
    }

    #[test]
    fn what_is_ambiguous() {
        for (before, next) in [
            ("FETCH 1 FLAGS", "STORE 1 FLAGS ()"),
            ("FETCH 1 BODY[]", "FETCH 1 FLAGS"),
            ("SEARCH ALL", "UID SEARCH ALL"),
            ("CREATE a", "APPEND a {1}"),
            ("APPEND a {1}", "FETCH 1 BODY.PEEK[]"),
            ("COPY 1 a", "STATUS a (MESSAGES)"),
            ("LIST \"\" %", "LIST \"\" *"),
            ("NOOP", "STARTTLS"),
            ("SELECT a", "NOOP"),
            ("IDLE", "NOOP"),
        ] {
            assert!(!may_follow(before, next) && !may_follow(next, before), "{before}, {next}");
        }
    }

    #[test]
    fn where_sequence_numbers_are() {
        for text in ["FETCH 1 UID", "MOVE 1 a", "UID SEARCH OR ALL (SEEN NOT 1:2)", "SEARCH 1"] {
            assert!(has_sequence_numbers(&command(text)), "{text}");
        }
        for text in ["UID FETCH 1 UID", "UID MOVE 1 a", "UID SEARCH UID 1", "SEARCH ALL", "NOOP"] {
            assert!(!has_sequence_numbers(&command(text)), "{text}");
        }
        assert!(!renumbers(&command("SEARCH ALL")) && renumbers(&command("UID SEARCH ALL")));
    }
}
