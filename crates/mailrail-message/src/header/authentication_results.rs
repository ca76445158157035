//! `Authentication-Results` (RFC 8601).

use alloc::borrow::Cow;
use alloc::format;
use alloc::vec::Vec;

use crate::builder::field::check;
use crate::builder::fold::Fold;
use crate::encoding::charset::guess_cow;
use crate::error::{Error, SyntaxError};
use crate::grammar::{Cursor, is_dot_atom, is_token};
use crate::limits::ValueLimits;
use crate::scan::is_fws;

/// What a server found out about where a message comes from. Only those of servers that the reader trusts mean anything
/// (RFC 8601 §7.1).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AuthenticationResults<'a> {
    /// The `authserv-id`: the server that says so. Empty where it left that out, as some do.
    pub service: Cow<'a, str>,
    /// The version of the specification, 1 where it says none.
    pub version: u32,
    /// The results; none where nothing was tried.
    pub results: Vec<AuthenticationResult<'a>>,
}

/// What one method found.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AuthenticationResult<'a> {
    /// The method: `spf`, `dkim`, `dmarc`, `auth` … Case does not count.
    pub method: &'a str,
    /// The version of the method, 1 where it says none.
    pub version: u32,
    /// The result: `pass`, `fail`, `none` … Case does not count.
    pub result: &'a str,
    /// Why, for people.
    pub reason: Option<Cow<'a, str>>,
    /// What it was about.
    pub properties: Vec<AuthenticationProperty<'a>>,
}

/// One thing that a method looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AuthenticationProperty<'a> {
    /// Where it came from: `smtp`, `header`, `body`, `policy`. Empty where that was left out, as some do.
    pub kind: &'a str,
    /// Its name, such as `mailfrom` or `d`.
    pub name: &'a str,
    /// Its value.
    pub value: Cow<'a, str>,
}

const FIELD: &str = "Authentication-Results";

impl<'a> AuthenticationResults<'a> {
    /// Of this server, which has tried nothing yet.
    pub fn new(service: impl Into<Cow<'a, str>>) -> Self {
        Self { service: service.into(), version: 1, results: Vec::new() }
    }

    pub(crate) fn write(&self, line: &mut Fold<'_>) -> Result<(), Error> {
        // Some readers, this one among them, take what has an equals sign for a result.
        if self.service.is_empty() || self.service.contains('=') {
            return Err(Error::InvalidValue(FIELD));
        }
        line.value(FIELD, "", &self.service, is_plain(&self.service))?;
        if self.version != 1 {
            line.word(&format!("{}", self.version));
        }
        if self.results.is_empty() {
            line.glue(";");
            line.word("none");
        }
        self.results.iter().try_for_each(|result| result.write(line))
    }

    /// Reads the value of the field, within the default [`Limits`](crate::Limits).
    ///
    /// ```abnf
    /// authres-payload = [CFWS] authserv-id [ CFWS authres-version ] ( no-result / 1*resinfo ) [CFWS] CRLF
    /// resinfo         = [CFWS] ";" methodspec [ CFWS reasonspec ] [ CFWS 1*propspec ]
    /// ```
    /// No more results and properties are read than [`Limits::parameters`](crate::Limits::parameters).
    ///
    /// # Errors
    /// If there is neither a service nor a result.
    pub fn parse(value: &'a [u8]) -> Result<Self, SyntaxError> {
        Self::parse_within(value, ValueLimits::DEFAULT)
    }

    pub(crate) fn parse_within(value: &'a [u8], limits: ValueLimits) -> Result<Self, SyntaxError> {
        let mut reader = Reader { cursor: Cursor::new(value, limits), left: limits.parameters };
        reader.cursor.gap();
        let start = reader.cursor.at();
        let mut service = guess_cow(reader.value());
        let mut version = None;
        let mut results = Vec::new();
        if service.contains('=') {
            // No service, a result at once.
            reader.cursor.go_to(start);
            service = Cow::Borrowed("");
            results.extend(reader.result());
        } else {
            reader.cursor.gap();
            version = reader.number();
        }
        while reader.skip_to_next() {
            results.extend(reader.result());
        }
        if service.is_empty() && results.is_empty() {
            return Err(SyntaxError::new(start, "the name of a service"));
        }
        Ok(Self { service, version: version.unwrap_or(1), results })
    }

    /// The results of a method; case does not count.
    pub fn of<'s>(&'s self, method: &'s str) -> impl Iterator<Item = &'s AuthenticationResult<'a>> {
        self.results.iter().filter(move |result| result.method.eq_ignore_ascii_case(method))
    }
}

impl<'a> AuthenticationResult<'a> {
    /// What a method found, about nothing yet.
    pub const fn new(method: &'a str, result: &'a str) -> Self {
        Self { method, version: 1, result, reason: None, properties: Vec::new() }
    }

    /// The same, with why.
    #[must_use]
    pub fn with_reason(mut self, reason: impl Into<Cow<'a, str>>) -> Self {
        self.reason = Some(reason.into());
        self
    }

    /// The same, with one more thing that it was about, such as `header`, `d` and a domain.
    #[must_use]
    pub fn with(mut self, kind: &'a str, name: &'a str, value: impl Into<Cow<'a, str>>) -> Self {
        self.properties.push(AuthenticationProperty { kind, name, value: value.into() });
        self
    }

    fn write(&self, line: &mut Fold<'_>) -> Result<(), Error> {
        line.glue(";");
        match self.version {
            1 => line.joined(&[keyword(self.method)?, "=", keyword(self.result)?]),
            version => {
                let version = format!("/{version}=");
                line.joined(&[keyword(self.method)?, &version, keyword(self.result)?]);
            }
        }
        if let Some(reason) = &self.reason {
            let is_token = !reason.is_empty() && reason.bytes().all(is_token);
            line.value(FIELD, "reason=", reason, is_token)?;
        }
        for property in &self.properties {
            let before = format!("{}.{}=", keyword(property.kind)?, keyword(property.name)?);
            line.value(FIELD, &before, &property.value, is_plain(&property.value))?;
        }
        Ok(())
    }

    /// Whether the result is `pass`.
    pub fn is_pass(&self) -> bool {
        self.result.eq_ignore_ascii_case("pass")
    }

    /// The value of a property such as `header.d`; case does not count.
    pub fn get(&self, kind: &str, name: &str) -> Option<&str> {
        let mut all = self.properties.iter();
        let found = all.find(|property| {
            property.kind.eq_ignore_ascii_case(kind) && property.name.eq_ignore_ascii_case(name)
        })?;
        Some(&found.value)
    }
}

/// `Keyword`, RFC 5321 §4.1.2.
fn keyword(word: &str) -> Result<&str, Error> {
    check(FIELD, word)?;
    let is_keyword = word.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    match is_keyword && !word.is_empty() && !word.ends_with('-') {
        true => Ok(word),
        false => Err(Error::InvalidValue(FIELD)),
    }
}

/// `token / [ [ local-part ] "@" ] domain-name`
fn is_plain(value: &str) -> bool {
    let is_identity = |(local, domain): (&str, &str)| {
        (local.is_empty() || is_dot_atom(local.as_bytes())) && is_dot_atom(domain.as_bytes())
    };
    !value.is_empty() && value.bytes().all(is_token)
        || value.rsplit_once('@').is_some_and(is_identity)
}

struct Reader<'a> {
    cursor: Cursor<'a>,
    /// How many more results and properties may be read.
    left: usize,
}

impl<'a> Reader<'a> {
    /// `Keyword`, RFC 5321 §4.1.2, and what some write beside.
    fn keyword(&mut self) -> Option<&'a str> {
        let word = self
            .cursor
            .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
        core::str::from_utf8(word).ok().filter(|word| !word.is_empty())
    }

    fn number(&mut self) -> Option<u32> {
        let digits = self.cursor.take_while(|byte| byte.is_ascii_digit());
        core::str::from_utf8(digits).ok()?.parse().ok()
    }

    /// `value`, or an address: what stands here up to white space, a comment or a semicolon.
    fn value(&mut self) -> Cow<'a, [u8]> {
        let start = self.cursor.at();
        let quoted = self.cursor.quoted();
        let is_plain = |byte: u8| !is_fws(byte) && !matches!(byte, b';' | b'(');
        let more = self.cursor.take_while(is_plain);
        match quoted {
            Some(text) if more.is_empty() => text,
            // A quoted local part, with its domain.
            _ => Cow::Borrowed(self.cursor.since(start)),
        }
    }

    /// Goes behind the next semicolon.
    fn skip_to_next(&mut self) -> bool {
        loop {
            self.cursor.gap();
            match self.cursor.peek() {
                None => return false,
                Some(b';') => return self.cursor.eat(b';'),
                Some(other) => {
                    if self.value().is_empty() {
                        self.cursor.eat(other);
                    }
                }
            }
        }
    }

    /// `methodspec [ CFWS reasonspec ] [ CFWS 1*propspec ]`
    fn result(&mut self) -> Option<AuthenticationResult<'a>> {
        self.cursor.gap();
        let method = self.keyword()?;
        let mut version = 1;
        if self.cursor.eat_spaced(b'/') {
            version = self.number().unwrap_or(1);
        }
        if self.left == 0 || !self.cursor.eat_spaced(b'=') {
            return None;
        }
        self.left -= 1;
        let result = self.keyword()?;
        let mut found =
            AuthenticationResult { method, version, result, reason: None, properties: Vec::new() };
        loop {
            self.cursor.gap();
            let Some(word) = self.keyword() else { return Some(found) };
            let name = if self.cursor.eat_spaced(b'.') { self.keyword() } else { None };
            if self.left == 0 || !self.cursor.eat_spaced(b'=') {
                return Some(found);
            }
            self.left -= 1;
            let value = guess_cow(self.value());
            match name {
                None if word.eq_ignore_ascii_case("reason") => found.reason = Some(value),
                name => found.properties.push(AuthenticationProperty {
                    kind: name.map_or("", |_| word),
                    name: name.unwrap_or(word),
                    value,
                }),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::format;
    use alloc::string::String;

    use super::*;

    fn shown(text: &str) -> String {
        let all = AuthenticationResults::parse(text.as_bytes()).unwrap();
        let results = all.results.iter().map(|result| {
            let properties =
                result.properties.iter().map(|p| format!(" {}.{}={}", p.kind, p.name, p.value));
            let reason = result.reason.as_ref().map(|reason| format!(" ({reason})"));
            let properties: String = properties.collect();
            format!(
                "; {}/{}={}{}{properties}",
                result.method,
                result.version,
                result.result,
                reason.unwrap_or_default()
            )
        });
        let results: String = results.collect();
        format!("{} {}{results}", all.service, all.version)
    }

    #[test]
    fn the_examples_of_the_rfc() {
        for (text, read) in [
            ("example.org 1; none", "example.org 1"),
            (
                "example.com;\r\n spf=pass smtp.mailfrom=example.net",
                "example.com 1; spf/1=pass smtp.mailfrom=example.net",
            ),
            (
                "example.com;\r\n auth=pass (cram-md5) smtp.auth=sender@example.net;\r\n spf=pass smtp.mailfrom=example.net",
                "example.com 1; auth/1=pass smtp.auth=sender@example.net; spf/1=pass smtp.mailfrom=example.net",
            ),
            (
                "example.com;\r\n dkim=pass (good signature) header.d=example.com",
                "example.com 1; dkim/1=pass header.d=example.com",
            ),
            (
                "example.com;\r\n dkim=pass reason=\"good signature\"\r\n header.i=@mail-router.example.net;\r\n dkim=fail reason=\"bad signature\" header.i=@newyork.example.com",
                "example.com 1; dkim/1=pass (good signature) header.i=@mail-router.example.net; dkim/1=fail (bad signature) header.i=@newyork.example.com",
            ),
            (
                "foo.example.net (foobar) 1 (baz);\r\n dkim (Because I like it) / 1 (One yay) = (wait for it) fail\r\n policy (A dot can go here) . (like that) expired\r\n (this surprised me) = (as I wasn't expecting it) 1362471462",
                "foo.example.net 1; dkim/1=fail policy.expired=1362471462",
            ),
        ] {
            assert_eq!(shown(text), read, "{text}");
        }
    }

    #[test]
    fn what_servers_really_write() {
        for (text, read) in [
            (
                "spf=pass (sender IP is 192.0.2.1) smtp.mailfrom=a.test; dmarc=pass action=none header.from=a.test;compauth=pass reason=100",
                " 1; spf/1=pass smtp.mailfrom=a.test; dmarc/1=pass .action=none header.from=a.test; compauth/1=pass (100)",
            ),
            ("a.test; dkim=pass header.b=\"x/=\" junk; spf", "a.test 1; dkim/1=pass header.b=x/="),
            ("a.test; auth=pass smtp.auth=\"a b\"@c", "a.test 1; auth/1=pass smtp.auth=\"a b\"@c"),
            ("a.test;;; ;spf=none", "a.test 1; spf/1=none"),
        ] {
            assert_eq!(shown(text), read, "{text}");
        }
        assert!(AuthenticationResults::parse(b" ;").is_err());
        let all = AuthenticationResults::parse(b"a; dkim=pass header.d=x; DKIM=fail").unwrap();
        assert_eq!(all.of("dkim").count(), 2);
        assert!(all.results[0].is_pass());
        assert_eq!(all.results[0].get("Header", "D"), Some("x"));
    }

    #[test]
    fn every_input_is_read_once() {
        for unit in ["a;", "a; b=c d.e=f ", ";b=\"", "(", "=", "a=b;", "a;b=c d.e=\"\"", ";a/1"] {
            let text = unit.repeat(20_000);
            let steps = crate::steps::of(|| AuthenticationResults::parse(text.as_bytes()).is_ok());
            assert!(steps < 8 * text.len() as u64, "{unit}: {steps}");
        }
    }
}
