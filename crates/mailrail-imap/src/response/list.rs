//! `LIST` and `LSUB`

use crate::{
    encode::Sink,
    grammar::{Parsed, arg, fault, list0, name, unknown_value},
    types::{Atom, Delimiter, Mailbox},
};
use alloc::vec::Vec;
use nom::Parser;

/// A mailbox that was listed (RFC 3501 §7.2.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct List<'a> {
    /// What it is.
    pub attributes: Vec<NameAttribute<'a>>,
    /// What separates the levels of its name; none where there are no levels.
    pub delimiter: Option<Delimiter>,
    /// Its name.
    pub mailbox: Mailbox<'a>,
}

macro_rules! attributes {
    ($($(#[doc = $doc:literal])+ $name:ident = $word:literal, $upper:literal;)+) => {
        /// What a mailbox is, or what it is for.
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum NameAttribute<'a> {
            $($(#[doc = $doc])+ $name,)+
            /// Another one; the backslash is not part of the atom.
            Other(Atom<'a>),
        }

        impl<'a> NameAttribute<'a> {
            /// The same attribute, borrowing nothing.
            #[must_use]
            pub fn into_owned(self) -> NameAttribute<'static> {
                match self {
                    $(Self::$name => NameAttribute::$name,)+
                    Self::Other(word) => NameAttribute::Other(word.into_owned()),
                }
            }

            /// The word on the wire, without its backslash.
            #[must_use]
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$name => $word,)+
                    Self::Other(word) => word.as_str(),
                }
            }

            fn of(word: Atom<'a>) -> Self {
                match name(&mut [0; 20], word.as_str().as_bytes()) {
                    $($upper => Self::$name,)+
                    _ => Self::Other(word),
                }
            }
        }
    };
}

attributes! {
    /// It can have no mailboxes below it.
    NoInferiors = "Noinferiors", b"NOINFERIORS";
    /// It cannot be selected.
    NoSelect = "Noselect", b"NOSELECT";
    /// It may hold new messages.
    Marked = "Marked", b"MARKED";
    /// It holds no new messages.
    Unmarked = "Unmarked", b"UNMARKED";
    /// There are mailboxes below it (RFC 3348).
    HasChildren = "HasChildren", b"HASCHILDREN";
    /// There are none below it (RFC 3348).
    HasNoChildren = "HasNoChildren", b"HASNOCHILDREN";
    /// It does not exist (RFC 5258).
    NonExistent = "NonExistent", b"NONEXISTENT";
    /// It is subscribed to (RFC 5258).
    Subscribed = "Subscribed", b"SUBSCRIBED";
    /// It is on another server (RFC 5258).
    Remote = "Remote", b"REMOTE";
    /// It shows all messages (RFC 6154, as the following).
    All = "All", b"ALL";
    /// It is for messages that are kept.
    Archive = "Archive", b"ARCHIVE";
    /// It is for messages that are not sent yet.
    Drafts = "Drafts", b"DRAFTS";
    /// It shows all messages with `\Flagged`.
    Flagged = "Flagged", b"FLAGGED";
    /// It is for spam.
    Junk = "Junk", b"JUNK";
    /// It is for messages that were sent.
    Sent = "Sent", b"SENT";
    /// It is for messages that are to be deleted.
    Trash = "Trash", b"TRASH";
}

impl<'a> List<'a> {
    pub(super) fn into_owned(self) -> List<'static> {
        List {
            attributes: self.attributes.into_iter().map(NameAttribute::into_owned).collect(),
            delimiter: self.delimiter,
            mailbox: self.mailbox.into_owned(),
        }
    }

    /// ```abnf
    /// mailbox-list = "(" [mbx-list-flags] ")" SP (DQUOTE QUOTED-CHAR DQUOTE / nil) SP mailbox
    ///                [SP mbox-list-extended]
    /// ```
    pub(super) fn parse(i: &'a [u8]) -> Parsed<'a, Self> {
        let (i, attributes) = arg(list0(attribute)).parse(i)?;
        let (i, delimiter) = arg(Delimiter::parse).parse(i)?;
        let (mut i, mailbox) = arg(Mailbox::parse).parse(i)?;
        // What RFC 5258 and RFC 9051 may add is not asked for.
        if i.starts_with(b" (") {
            i = arg(unknown_value).parse(i)?.0;
        }
        Ok((i, Self { attributes, delimiter, mailbox }))
    }

    pub(super) fn encode(&self, word: &[u8], out: &mut impl Sink) {
        out.text(word);
        out.list(&self.attributes, |out, attribute| {
            out.text(b"\\");
            out.text(attribute.as_str().as_bytes());
        });
        out.text(b" ");
        Delimiter::encode(self.delimiter, out);
        out.text(b" ");
        self.mailbox.encode(out);
    }
}

/// `flag-extension = "\" atom`
fn attribute(i: &[u8]) -> Parsed<'_, NameAttribute<'_>> {
    let [b'\\', word @ ..] = i else { return fault(i, "a name attribute") };
    Atom::parse(word).map(|(rest, word)| (rest, NameAttribute::of(word)))
}

#[cfg(test)]
mod tests {
    use super::super::{Response, both_ways};
    use super::*;

    #[test]
    fn lists_of_the_rfc() {
        both_ways("* LIST (\\Noselect) \"/\" ~/Mail/foo\r\n");
        both_ways("* LIST () NIL INBOX\r\n");
        both_ways("* LSUB () \".\" #news.comp.mail.misc\r\n");
        both_ways("* LIST (\\HasNoChildren \\Sent \\X) \"\\\\\" \"a b\"\r\n");
        both_ways("* LIST () \"/\" {3}\r\na\u{e4}\r\n");
        let wire = b"* LIST (\\NOSELECT) \"/\" \"foo\" (\"CHILDINFO\" (\"SUBSCRIBED\"))\r\n";
        let Ok(Response::List(list)) = Response::parse(wire) else { panic!() };
        assert_eq!(list.attributes, [NameAttribute::NoSelect]);
        for bad in [
            "* LIST (x) \"/\" a\r\n",
            "* LIST () \"//\" a\r\n",
            "* LIST () \"\" a\r\n",
            "* LIST () / a\r\n",
        ] {
            assert!(Response::parse(bad.as_bytes()).is_err(), "{bad}");
        }
    }
}
