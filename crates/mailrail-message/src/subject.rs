//! Base subjects (RFC 5256 §2.1), by which IMAP sorts and threads.

use alloc::string::String;

use crate::steps;

/// A subject without what replies and forwards add to it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub struct BaseSubject {
    /// The subject without `Re:`, `[list]`, `(fwd)` and their like; runs of white space are one space.
    pub text: String,
    /// Whether it was that of a reply or a forward.
    pub is_reply_or_forward: bool,
}

/// The base subject of a decoded subject.
///
/// # Examples
/// ```
/// let base = mailrail_message::base_subject("Re: [list] Fwd:  dinner (fwd)");
/// assert_eq!((base.text.as_str(), base.is_reply_or_forward), ("dinner", true));
/// ```
pub fn base_subject(subject: &str) -> BaseSubject {
    let mut plain = String::with_capacity(subject.len());
    for letter in subject.chars() {
        // (1) Tabs and continuations are spaces, and several spaces are one.
        match letter {
            ' ' | '\t' | '\r' | '\n' if plain.ends_with(' ') => {}
            ' ' | '\t' | '\r' | '\n' => plain.push(' '),
            other => plain.push(other),
        }
    }
    steps::count(subject.len());
    let mut is_reply_or_forward = false;
    let mut rest = plain.as_str();
    loop {
        // (2) *subj-trailer
        loop {
            let trimmed = rest.trim_end_matches(' ');
            steps::count(1 + rest.len() - trimmed.len());
            rest = trimmed;
            let Some(before) = without_suffix(rest, "(fwd)") else { break };
            is_reply_or_forward = true;
            rest = before;
        }
        // (3) to (5)
        loop {
            let trimmed = rest.trim_start_matches(' ');
            steps::count(1 + rest.len() - trimmed.len());
            rest = trimmed;
            let (behind, last) = blobs(rest);
            if let Some(after) = refwd(behind) {
                is_reply_or_forward = true;
                rest = after;
                continue;
            }
            // The last blob is the base where nothing stands behind it.
            rest = if behind.is_empty() { last } else { behind };
            break;
        }
        // (6) subj-fwd
        let inner = without_prefix(rest, "[fwd:").and_then(|inner| inner.strip_suffix(']'));
        let Some(inner) = inner else { break };
        is_reply_or_forward = true;
        rest = inner;
    }
    BaseSubject { text: rest.into(), is_reply_or_forward }
}

fn without_prefix<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let (start, rest) = text.split_at_checked(prefix.len())?;
    start.eq_ignore_ascii_case(prefix).then_some(rest)
}

fn without_suffix<'a>(text: &'a str, suffix: &str) -> Option<&'a str> {
    let (rest, end) = text.split_at_checked(text.len().checked_sub(suffix.len())?)?;
    end.eq_ignore_ascii_case(suffix).then_some(rest)
}

/// `*subj-blob`: what stands behind them, and from where the last of them starts.
fn blobs(text: &str) -> (&str, &str) {
    let (mut rest, mut last) = (text, text);
    while let Some(after) = blob(rest) {
        (rest, last) = (after, rest);
    }
    (rest, last)
}

/// `subj-blob = "[" *BLOBCHAR "]" *WSP`: what stands behind it.
fn blob(text: &str) -> Option<&str> {
    let inner = text.strip_prefix('[')?;
    let end = memchr::memchr2(b'[', b']', inner.as_bytes());
    steps::count(1 + end.unwrap_or(inner.len()));
    let end = end?;
    Some(inner.get(end..)?.strip_prefix(']')?.trim_start_matches(' '))
}

/// `subj-refwd = ("re" / ("fw" ["d"])) *WSP [subj-blob] ":"`: what stands behind it.
fn refwd(text: &str) -> Option<&str> {
    let word = ["re", "fwd", "fw"].iter().find_map(|word| without_prefix(text, word))?;
    let rest = word.trim_start_matches(' ');
    blob(rest).unwrap_or(rest).strip_prefix(':')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn artifacts_are_removed() {
        for (subject, base, is_reply) in [
            ("hello", "hello", false),
            ("Re: hello", "hello", true),
            ("RE : Fw:fwd: hello", "hello", true),
            ("re[2]: hello", "hello", true),
            ("[list] hello", "hello", false),
            ("[list] Re: hello", "hello", true),
            ("[a][b] [c] re: [d] hello", "hello", true),
            ("[list]", "[list]", false),
            ("[a] [b]", "[b]", false),
            ("hello (fwd) (FWD)", "hello", true),
            ("[fwd: hello]", "hello", true),
            ("[Fwd: Re: [x] hello (fwd)]", "hello", true),
            ("[fwd: [fwd: hello]]", "hello", true),
            ("Re:", "", true),
            ("Re: Re:", "", true),
            ("  a \t b\r\n c ", "a b c", false),
            ("reply: x", "reply: x", false),
            ("[open re: x", "[open re: x", false),
            ("[fwd: x] y", "y", false),
            ("(fwd)", "", true),
            ("\u{dc}ber", "\u{dc}ber", false),
            ("", "", false),
        ] {
            let found = base_subject(subject);
            assert_eq!(
                (found.text.as_str(), found.is_reply_or_forward),
                (base, is_reply),
                "{subject:?}"
            );
        }
    }
}
