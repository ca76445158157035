//! `format=flowed` text as paragraphs (RFC 3676).

use alloc::borrow::Cow;
use alloc::string::String;

use memchr::memchr2;

use crate::part::Part;
use crate::steps;

/// A paragraph of flowed text: one line, or several that soft line breaks had parted.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Paragraph<'a> {
    /// How often it is quoted: the number of `>` in front.
    pub depth: usize,
    /// Its text, without quote marks, space-stuffing and line ends.
    pub text: Cow<'a, str>,
    /// What ends it, as it was sent: CR LF, LF, CR, or nothing at the end of the text.
    pub line_end: &'a str,
}

impl Paragraph<'_> {
    /// Whether it parts the text from the signature (RFC 3676 §4.3).
    pub fn is_signature_separator(&self) -> bool {
        self.text == "-- "
    }
}

/// The paragraphs of a flowed text. Made by [`paragraphs`].
#[derive(Debug, Clone)]
pub struct Paragraphs<'a> {
    rest: &'a str,
    del_sp: bool,
}

/// The paragraphs of a text whose content type says `format=flowed`. `del_sp`: whether it says `DelSp=yes` too, so that the
/// space of a soft line break is dropped.
///
/// # Examples
/// ```
/// let text = ">>dizzy-eyed \r\n>>reeky\r\n\r\n fixed";
/// let all: Vec<_> = mailrail_message::flowed::paragraphs(text, false).collect();
/// assert_eq!((all[0].depth, &*all[0].text), (2, "dizzy-eyed reeky"));
/// assert_eq!((all[2].depth, &*all[2].text), (0, "fixed"));
/// ```
pub const fn paragraphs(text: &str, del_sp: bool) -> Paragraphs<'_> {
    Paragraphs { rest: text, del_sp }
}

/// The text with its soft line breaks undone, ready to be wrapped to any width: each paragraph is a line. Quoted ones
/// have their quote marks and a space in front.
pub fn unwrap(text: &str, del_sp: bool) -> String {
    let mut out = String::with_capacity(text.len());
    for paragraph in paragraphs(text, del_sp) {
        out.extend(core::iter::repeat_n('>', paragraph.depth));
        if paragraph.depth > 0 && !paragraph.text.is_empty() {
            out.push(' ');
        }
        out.push_str(&paragraph.text);
        out.push_str(paragraph.line_end);
    }
    out
}

struct Line<'a> {
    depth: usize,
    text: &'a str,
    line_end: &'a str,
    rest: &'a str,
}

impl<'a> Line<'a> {
    fn read(text: &'a str) -> Self {
        let end = memchr2(b'\r', b'\n', text.as_bytes()).unwrap_or(text.len());
        steps::count(1 + end);
        let (line, rest) = text.split_at_checked(end).unwrap_or((text, ""));
        let length = if rest.starts_with("\r\n") { 2 } else { rest.len().min(1) };
        let (line_end, rest) = rest.split_at_checked(length).unwrap_or_default();
        let text = line.trim_start_matches('>');
        let depth = line.len() - text.len();
        Self { depth, text: text.strip_prefix(' ').unwrap_or(text), line_end, rest }
    }

    fn is_flowed(&self) -> bool {
        self.text.ends_with(' ') && self.text != "-- " && !self.line_end.is_empty()
    }
}

impl<'a> Iterator for Paragraphs<'a> {
    type Item = Paragraph<'a>;

    fn next(&mut self) -> Option<Paragraph<'a>> {
        if self.rest.is_empty() {
            return None;
        }
        let mut line = Line::read(self.rest);
        let depth = line.depth;
        let mut text = Cow::Borrowed(line.text);
        // Quote depth wins, and a signature separator belongs to no paragraph (§4.5, §4.3).
        while line.is_flowed()
            && !line.rest.is_empty()
            && let next = Line::read(line.rest)
            && next.depth == depth
            && next.text != "-- "
        {
            let joined = text.to_mut();
            if self.del_sp {
                joined.pop();
            }
            joined.push_str(next.text);
            line = next;
        }
        self.rest = line.rest;
        Some(Paragraph { depth, text, line_end: line.line_end })
    }
}

impl<'m> Part<'m> {
    /// Its text, as [`text`](Self::text) gives it, with the soft line breaks of `format=flowed` undone.
    pub fn unwrapped_text(self) -> Option<Cow<'m, str>> {
        let text = self.text()?;
        let content_type = self.content_type();
        let has = |name: &str, value: &str| {
            content_type.parameters().get(name).is_some_and(|is| is.eq_ignore_ascii_case(value))
        };
        if !content_type.is("text", "plain") || !has("format", "flowed") {
            return Some(text);
        }
        Some(Cow::Owned(unwrap(&text, has("delsp", "yes"))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As RFC 3676 prints it: `*` is a soft line break, `#` a hard one.
    fn sent(text: &str) -> String {
        text.replace("*\n", " \r\n").replace("#\n", "\r\n")
    }

    #[test]
    fn the_examples_of_the_rfc() {
        let tea = sent(
            "`Take some more tea,' the March Hare said to Alice, very*\nearnestly.#\n#\n\
             `I've had nothing yet,' Alice replied in an offended tone, `so*\nI can't take more.'#\n#\n\
             `You mean you can't take LESS,' said the Hatter: `it's very*\neasy to take MORE than nothing.'#\n",
        );
        assert_eq!(
            unwrap(&tea, false),
            "`Take some more tea,' the March Hare said to Alice, very earnestly.\r\n\r\n\
             `I've had nothing yet,' Alice replied in an offended tone, `so I can't take more.'\r\n\r\n\
             `You mean you can't take LESS,' said the Hatter: `it's very easy to take MORE than nothing.'\r\n"
        );
        let quotes = sent(
            ">>>Take some more tea.#\n>>I've had nothing yet, so I can't take more.#\n\
             >You mean you can't take LESS, it's very easy to take*\n>MORE than nothing.#\n",
        );
        assert_eq!(
            unwrap(&quotes, false),
            ">>> Take some more tea.\r\n>> I've had nothing yet, so I can't take more.\r\n\
             > You mean you can't take LESS, it's very easy to take MORE than nothing.\r\n"
        );
        let villain = sent(
            "> Thou villainous ill-breeding spongy dizzy-eyed*\n> reeky elf-skinned pigeon-egg!*\n\
             >> Thou artless swag-bellied milk-livered*\n>> dismal-dreaming idle-headed scut!#\n\
             >>> Thou errant folly-fallen spleeny reeling-ripe*\n>>> unmuzzled ratsbane!#\n\
             >>>> Henceforth, the coding style is to be strictly*\n\
             >>>> enforced, including the use of only upper case.#\n\
             >>>>> I've noticed a lack of adherence to the coding*\n>>>>> styles, of late.#\n\
             >>>>>> Any complaints?#\n",
        );
        assert_eq!(
            unwrap(&villain, false),
            "> Thou villainous ill-breeding spongy dizzy-eyed reeky elf-skinned pigeon-egg! \r\n\
             >> Thou artless swag-bellied milk-livered dismal-dreaming idle-headed scut!\r\n\
             >>> Thou errant folly-fallen spleeny reeling-ripe unmuzzled ratsbane!\r\n\
             >>>> Henceforth, the coding style is to be strictly enforced, including the use of only upper case.\r\n\
             >>>>> I've noticed a lack of adherence to the coding styles, of late.\r\n\
             >>>>>> Any complaints?\r\n"
        );
    }

    #[test]
    fn lines_that_are_special() {
        for (text, del_sp, unwrapped) in [
            ("a \r\nb", false, "a b"),
            ("a \r\nb", true, "ab"),
            ("a  \r\nb", true, "a b"),
            ("a \nb \rc", false, "a b c"),
            ("text \r\n-- \r\nAnn", false, "text \r\n-- \r\nAnn"),
            ("> -- \r\n> x", false, "> -- \r\n> x"),
            (" >not quoted\r\n From here\r\n", false, ">not quoted\r\nFrom here\r\n"),
            (">> Exit\r\n>>Exit\r\n> > Exit", false, ">> Exit\r\n>> Exit\r\n> > Exit"),
            ("  \r\nb", false, " b"),
            ("\r\n\r\n", false, "\r\n\r\n"),
            ("end ", false, "end "),
            (">\r\n", false, ">\r\n"),
            ("", false, ""),
        ] {
            assert_eq!(unwrap(text, del_sp), unwrapped, "{text:?}");
        }
        assert!(paragraphs("-- \n", false).next().unwrap().is_signature_separator());
    }

    #[test]
    fn parts_say_that_they_are_flowed() {
        let text = |header: &str| {
            let raw = alloc::format!("Content-Type: {header}\r\n\r\na \r\nb");
            let message = crate::Message::parse(raw.as_bytes());
            message.root().unwrapped_text().unwrap().into_owned()
        };
        assert_eq!(text("text/plain; format=Flowed"), "a b");
        assert_eq!(text("text/plain; format=flowed; DelSp=Yes"), "ab");
        assert_eq!(text("text/plain"), "a \r\nb");
        assert_eq!(text("text/html; format=flowed"), "a \r\nb");
    }
}
