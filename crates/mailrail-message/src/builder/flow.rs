//! Text as `format=flowed` (RFC 3676 §4.2): paragraphs in short lines, that a reader joins again.

use alloc::string::String;

/// How many characters a line has at most, its last space included; unless a word is longer.
const WIDTH: usize = 72;

/// The text in flowed lines, and whether the space of a soft line break is to be dropped (DelSp).
///
/// Each line of the text is a paragraph. `>` at its start quote it, each once more.
pub(super) fn flow(text: &str) -> (String, bool) {
    let del_sp = text.lines().any(has_long_word);
    let mut out = String::with_capacity(text.len() + text.len() / 16);
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest.find(['\r', '\n']).unwrap_or(rest.len());
        let (line, tail) = rest.split_at_checked(end).unwrap_or((rest, ""));
        rest = tail.strip_prefix("\r\n").unwrap_or_else(|| {
            let mut letters = tail.chars();
            letters.next();
            letters.as_str()
        });
        paragraph(line, del_sp, &mut out);
    }
    (out, del_sp)
}

/// Whether a script without spaces has to be parted where there is none.
fn has_long_word(line: &str) -> bool {
    line.split(' ').any(|word| !word.is_ascii() && word.chars().count() > WIDTH)
}

fn paragraph(line: &str, del_sp: bool, out: &mut String) {
    let text = line.trim_start_matches('>');
    let depth = line.len() - text.len();
    let text = if depth > 0 { text.strip_prefix(' ').unwrap_or(text) } else { text };
    // The line before a signature (§4.3) is the only one that may end in a space and end a paragraph.
    let mut rest = if text == "-- " { text } else { text.trim_end_matches(' ') };
    let room = WIDTH.saturating_sub(depth + 1).max(20);
    loop {
        let length = chunk(rest, room, del_sp);
        let (chunk, next) = rest.split_at_checked(length).unwrap_or((rest, ""));
        out.extend(core::iter::repeat_n('>', depth));
        // Space-stuffing (§4.4)
        if (depth > 0 && !chunk.is_empty())
            || chunk.starts_with([' ', '>'])
            || chunk.starts_with("From ")
        {
            out.push(' ');
        }
        out.push_str(chunk);
        if next.is_empty() {
            break;
        }
        if del_sp {
            out.push(' ');
        }
        out.push_str("\r\n");
        rest = next;
    }
    out.push_str("\r\n");
}

/// How many bytes the next line takes: up to behind the last space that fits.
fn chunk(text: &str, room: usize, del_sp: bool) -> usize {
    let mut fits = None;
    for (column, (at, letter)) in text.char_indices().enumerate() {
        let is_full = column >= room;
        if is_full && let Some(end) = fits {
            return end;
        }
        if is_full && del_sp && !letter.is_ascii() {
            return at;
        }
        // Alone on a line, two dashes and a space would start a signature.
        if letter == ' ' && at + 1 < text.len() && text.get(..=at) != Some("-- ") {
            fits = Some(at + 1);
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flowed::unwrap;

    #[test]
    fn what_is_flowed_is_read_again() {
        let long = "word ".repeat(40);
        let cases = [
            "short\r\n",
            "a\r\n\r\nb\r\n",
            long.trim_end(),
            "> quoted once, and long enough that it has to be folded onto a second line, or a third one\r\n> next",
            ">> twice\r\n>\r\n> once",
            " stuffed\r\nFrom here",
            "two  spaces  between each  of the  words  of this  paragraph, which is  long  enough to fold",
            "-- \r\nAnn",
            "-- a dash-dash, then a wordthatisverylongindeedandhasnospaceswhatsoeverinit_and_goes_on_and_on",
            &"\u{3042}".repeat(300),
            &"\u{3042}\u{3044} "
                .repeat(100)
                .trim_end()
                .replace("\u{3042}\u{3044} \u{3042}", &"\u{3046}".repeat(80)),
            &"a".repeat(200),
        ];
        for text in cases {
            let (flowed, del_sp) = flow(text);
            let ends = if text.ends_with("\r\n") { "" } else { "\r\n" };
            assert_eq!(unwrap(&flowed, del_sp), alloc::format!("{text}{ends}"), "{flowed}");
            let is_short =
                |line: &str| line.chars().count() <= 78 || !line.trim_end().contains(' ');
            assert!(flowed.lines().all(is_short), "{flowed}");
        }
    }

    #[test]
    fn spaces_at_the_end_of_a_paragraph_are_dropped() {
        assert_eq!(flow("a  \nb\r"), ("a\r\nb\r\n".into(), false));
        assert_eq!(flow(""), (String::new(), false));
    }
}
