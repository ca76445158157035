//! `NAMESPACE`

use crate::{
    encode::Sink,
    grammar::{Parsed, arg, close, fault, list1, named, nil, string},
    types::{Delimiter, Mailbox},
};
use alloc::vec::Vec;
use nom::{Parser, character::complete::char};

/// Where mailboxes are (RFC 2342 §5).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Namespace<'a> {
    /// The user's own.
    pub personal: Vec<NamespaceDescription<'a>>,
    /// Those of other users.
    pub other_users: Vec<NamespaceDescription<'a>>,
    /// Those that users share.
    pub shared: Vec<NamespaceDescription<'a>>,
}

/// A part of the names of mailboxes. What extensions may add is read over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamespaceDescription<'a> {
    /// What the names begin with; may be empty.
    pub prefix: Mailbox<'a>,
    /// What separates their levels.
    pub delimiter: Option<Delimiter>,
}

impl<'a> Namespace<'a> {
    pub(super) fn into_owned(self) -> Namespace<'static> {
        let owned = |list: Vec<NamespaceDescription<'_>>| {
            list.into_iter()
                .map(|it| NamespaceDescription {
                    prefix: it.prefix.into_owned(),
                    delimiter: it.delimiter,
                })
                .collect()
        };
        Namespace {
            personal: owned(self.personal),
            other_users: owned(self.other_users),
            shared: owned(self.shared),
        }
    }

    /// `namespace-response = "NAMESPACE" SP namespace SP namespace SP namespace`
    pub(super) fn parse(i: &'a [u8]) -> Parsed<'a, Self> {
        let (i, personal) = arg(namespace).parse(i)?;
        let (i, other_users) = arg(namespace).parse(i)?;
        let (i, shared) = arg(namespace).parse(i)?;
        Ok((i, Self { personal, other_users, shared }))
    }

    pub(super) fn encode(&self, out: &mut impl Sink) {
        out.text(b"* NAMESPACE");
        for list in [&self.personal, &self.other_users, &self.shared] {
            if list.is_empty() {
                out.text(b" NIL");
                continue;
            }
            out.text(b" (");
            for it in list {
                out.text(b"(");
                out.string(it.prefix.as_bytes());
                out.text(b" ");
                Delimiter::encode(it.delimiter, out);
                out.text(b")");
            }
            out.text(b")");
        }
    }
}

/// `namespace = nil / "(" 1*namespace-descr ")"`
fn namespace(i: &[u8]) -> Parsed<'_, Vec<NamespaceDescription<'_>>> {
    let [b'(', rest @ ..] = i else {
        return named("namespaces or NIL", nil).parse(i).map(|(rest, ())| (rest, Vec::new()));
    };
    let (mut rest, mut list) = (rest, Vec::new());
    loop {
        let (after, it) = description(rest)?;
        list.push(it);
        match after {
            [b')', after @ ..] => return Ok((after, list)),
            _ => rest = after,
        }
    }
}

/// ```abnf
/// namespace-descr              = "(" string SP (DQUOTE QUOTED-CHAR DQUOTE / nil) [namespace-response-extensions] ")"
/// namespace-response-extension = SP string SP "(" string *(SP string) ")"
/// ```
fn description(i: &[u8]) -> Parsed<'_, NamespaceDescription<'_>> {
    let (rest, _) = named("a namespace", char('(')).parse(i)?;
    let (rest, prefix) = string(rest)?;
    let (mut rest, delimiter) = arg(Delimiter::parse).parse(rest)?;
    while rest.starts_with(b" ") {
        (rest, _) = arg(string).parse(rest)?;
        (rest, _) = arg(list1(string)).parse(rest)?;
    }
    let (rest, ()) = close(rest)?;
    match Mailbox::from_wire(prefix) {
        Ok(prefix) => Ok((rest, NamespaceDescription { prefix, delimiter })),
        Err(_) => fault(i, "a namespace"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Response, both_ways};

    #[test]
    fn namespaces_of_the_rfc() {
        both_ways("* NAMESPACE ((\"\" \"/\")) NIL NIL\r\n");
        both_ways("* NAMESPACE NIL NIL ((\"\" \".\"))\r\n");
        both_ways(
            "* NAMESPACE ((\"\" \"/\")) ((\"~\" \"/\")) ((\"#shared/\" \"/\")(\"#ftp/\" NIL))\r\n",
        );
        let wire = b"* NAMESPACE ((\"\" \"/\")(\"#mh/\" \"/\" \"X-PARAM\" (\"FLAG1\" \"FLAG2\"))) NIL NIL\r\n";
        let Ok(Response::Namespace(found)) = Response::parse(wire) else { panic!() };
        assert_eq!(found.personal.len(), 2);
    }
}
