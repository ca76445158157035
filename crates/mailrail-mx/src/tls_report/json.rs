//! As much JSON as a report takes (RFC 8259).

use alloc::string::String;
use core::fmt::{self, Write};

/// A value, written into a text. The text is all there is: commas are set where one is missing.
#[derive(Debug, Default)]
pub(super) struct Json(String);

impl Json {
    pub(super) fn into_text(self) -> String {
        self.0
    }

    fn separate(&mut self) {
        if !self.0.is_empty() && !self.0.ends_with(['{', '[', ':']) {
            self.0.push(',');
        }
    }

    pub(super) fn name(&mut self, name: &str) {
        self.string(name);
        self.0.push(':');
    }

    pub(super) fn string(&mut self, text: &str) {
        self.separate();
        self.0.push('"');
        for c in text.chars() {
            match c {
                '"' | '\\' => self.0.extend(['\\', c]),
                '\0'..='\x1f' | '\x7f' => {
                    let written: fmt::Result = write!(self.0, "\\u{:04x}", u32::from(c));
                    debug_assert!(written.is_ok(), "a String takes everything");
                }
                c => self.0.push(c),
            }
        }
        self.0.push('"');
    }

    pub(super) fn number(&mut self, number: u64) {
        self.separate();
        self.0.push_str(&alloc::format!("{number}"));
    }

    pub(super) fn array(&mut self, content: impl FnOnce(&mut Self)) {
        self.nested('[', content, ']');
    }

    pub(super) fn object(&mut self, content: impl FnOnce(&mut Self)) {
        self.nested('{', content, '}');
    }

    fn nested(&mut self, open: char, content: impl FnOnce(&mut Self), close: char) {
        self.separate();
        self.0.push(open);
        content(self);
        self.0.push(close);
    }

    /// A member whose value is a text.
    pub(super) fn text(&mut self, name: &str, text: &str) {
        self.name(name);
        self.string(text);
    }
}
