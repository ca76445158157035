//! Whether an address list is written as RFC 5322 has it; reading one takes more.

use crate::defect::DefectKind;
use crate::encoding::encoded_word;
use crate::grammar::{Cursor, is_atext};
use crate::limits::ValueLimits;

/// The first fault of a list whose comments and quoted strings are closed, and where it is.
///
/// ```abnf
/// address-list = (*([CFWS] ",") address *("," [address / CFWS]))
/// address      = mailbox / (display-name ":" [group-list] ";" [CFWS])
/// mailbox      = ([display-name] [CFWS] "<" [obs-route] addr-spec ">" [CFWS]) / addr-spec
/// addr-spec    = local-part "@" domain
/// ```
pub(super) fn first_fault(value: &[u8], limits: ValueLimits) -> Option<(usize, DefectKind)> {
    let mut list = List { cursor: Cursor::new(value, limits), start: 0, group: None };
    match list.read() {
        Some(()) => list.group.map(|at| (at, DefectKind::Unclosed)),
        None => Some((list.start, DefectKind::InvalidAddress)),
    }
}

struct List<'a> {
    cursor: Cursor<'a>,
    /// Where what is read starts.
    start: usize,
    /// Where the group starts that is open.
    group: Option<usize>,
}

impl List<'_> {
    /// Reads all of it; `None` where it stops being a list.
    fn read(&mut self) -> Option<()> {
        loop {
            self.mark();
            match self.cursor.peek() {
                None => return Some(()),
                Some(b',') => {
                    self.cursor.eat(b',');
                }
                Some(b';') => {
                    self.group.take()?;
                    self.cursor.eat(b';');
                    self.separator()?;
                }
                Some(_) => self.item()?,
            }
        }
    }

    /// What follows stands here.
    fn mark(&mut self) {
        self.cursor.gap();
        self.start = self.cursor.at();
    }

    /// What stands behind an address.
    fn separator(&mut self) -> Option<()> {
        self.mark();
        let next = self.cursor.peek();
        (next.is_none_or(|next| next == b',' || next == b';' && self.group.is_some())).then_some(())
    }

    /// A mailbox, or the start of a group.
    fn item(&mut self) -> Option<()> {
        let starts_with_dot = self.cursor.peek() == Some(b'.');
        let is_local = self.words();
        let is_empty = self.cursor.at() == self.start;
        match self.cursor.peek()? {
            b'@' if is_local => self.domain()?,
            b'<' if !starts_with_dot => {
                self.cursor.eat(b'<');
                self.mark();
                if self.cursor.peek() == Some(b'@') {
                    self.route()?;
                }
                (self.words() && self.cursor.peek() == Some(b'@')).then_some(())?;
                self.domain()?;
                self.mark();
                self.cursor.eat(b'>').then_some(())?;
            }
            b':' if !is_empty && !starts_with_dot && self.group.is_none() => {
                self.group = Some(self.start);
                self.cursor.eat(b':');
                return Some(());
            }
            _ => return None,
        }
        self.separator()
    }

    /// `1*(word / "." / CFWS)`: whether it could be a local part, `word *("." word)`.
    fn words(&mut self) -> bool {
        let (mut is_local, mut ends_with_word) = (true, false);
        loop {
            self.cursor.gap();
            if self.cursor.eat(b'.') {
                is_local &= ends_with_word;
                ends_with_word = false;
            } else if self.word() {
                is_local &= !ends_with_word;
                ends_with_word = true;
            } else {
                return is_local && ends_with_word;
            }
        }
    }

    fn word(&mut self) -> bool {
        // One that holds what it must not has a fault of its own.
        let rest = self.cursor.rest();
        if rest.starts_with(b"=?")
            && let Some(length) = encoded_word::length_of_phrase(rest)
        {
            self.cursor.go_to(self.cursor.at() + length);
            return true;
        }
        self.cursor.quoted().is_some() || !self.cursor.take_while(is_atext).is_empty()
    }

    /// `"@" (atom *("." atom) / "[" *dtext "]")`
    fn domain(&mut self) -> Option<()> {
        self.cursor.eat(b'@');
        self.mark();
        if self.cursor.eat(b'[') {
            self.cursor.take_while(|byte| byte != b'[' && byte != b']');
            return self.cursor.eat(b']').then_some(());
        }
        loop {
            (!self.cursor.take_while(is_atext).is_empty()).then_some(())?;
            self.mark();
            if !self.cursor.eat(b'.') {
                return Some(());
            }
            self.mark();
        }
    }

    /// `obs-route = *(CFWS / ",") "@" domain *("," [CFWS] ["@" domain]) ":"`
    fn route(&mut self) -> Option<()> {
        loop {
            match self.cursor.peek()? {
                b',' => {
                    self.cursor.eat(b',');
                }
                b':' => {
                    self.cursor.eat(b':');
                    self.mark();
                    return Some(());
                }
                b'@' => self.domain()?,
                _ => return None,
            }
            self.mark();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists() {
        for good in [
            "a@b.test",
            "A. B C <a.b@c.test> (x), \"d e\"@[192.0.2.1]",
            ", ,a@b,, ",
            "x: a@b, \"C\" <d@e>;, f@g",
            "x:;",
            "A Group(Some people)\r\n :Chris <c@(x)public.example>, j@e; (end)",
            "Mary <@node.test,,@b.test:mary@example.net>, , jdoe@test  . example",
            "\"a\" . b @ c . d",
            "=?utf-8?q?a,_b?= <a@b>",
            "J\u{f6} <j\u{f6}@b\u{fc}cher.test>",
            "",
        ] {
            assert_eq!(first_fault(good.as_bytes(), ValueLimits::DEFAULT), None, "{good}");
        }
        for bad in [
            "\u{2020}a b@c",
            "a@b\u{2020}; c@d",
            "x: a@b; \u{2020}c@d",
            "a@b\u{2020}@c",
            "\u{2020}a..b@c",
            "\u{2020}.a@c",
            "\u{2020}a.@c",
            "a@b.\u{2020}",
            "A <\u{2020}mailto:a@b>",
            "A <\u{2020}a b@c>",
            "A <\u{2020}>",
            "A <a@b\u{2020}",
            "x: \u{2020}y: a@b;;",
            "x: a@b;\u{2020};",
            "\u{2020}: a@b;",
            "A <@b\u{2020}>",
            "a@\u{2020}[1",
            "\u{2020}[a]@b",
        ] {
            let place = bad.find('\u{2020}').unwrap();
            let text = bad.replace('\u{2020}', "");
            let found = first_fault(text.as_bytes(), ValueLimits::DEFAULT);
            assert_eq!(found, Some((place, DefectKind::InvalidAddress)), "{bad}");
        }
    }
}
