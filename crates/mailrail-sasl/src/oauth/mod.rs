//! OAUTHBEARER (RFC 7628) and XOAUTH2: a token (RFC 6750) in the place of a password.

mod bearer;
mod xoauth2;

pub use bearer::{OAuthBearerClient, OAuthBearerServer};
pub use xoauth2::{XOAuth2Client, XOAuth2Server};

use crate::{
    Answer, Error, Progress, Question, TokenClaim, TokenHint,
    single::{Asked, Single},
};
use alloc::{string::String, vec::Vec};
use core::{fmt::Write as _, mem};
use mailrail_wire::Secret;

/// What separates the pairs of a message: `kvsep = %x01`.
const SEPARATOR: char = '\x01';

/// A client: both mechanisms say one thing, and one more where that was no good.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Talk {
    message: Single,
    /// The answer to what was wrong with the token (RFC 7628 §3.2.3).
    to_failure: &'static [u8],
    has_failed: bool,
}

impl Talk {
    fn new(message: String, to_failure: &'static [u8]) -> Self {
        Self { message: Single::new(message), to_failure, has_failed: false }
    }

    fn initial_response(&mut self) -> Result<Option<Secret<Vec<u8>>>, Error> {
        self.message.initial_response()
    }

    /// Says the message, where it has not been said. After it, a challenge tells what is wrong with
    /// the token, and the server fails with the response to it.
    fn step(&mut self, challenge: &[u8]) -> Result<Secret<Vec<u8>>, Error> {
        if !self.message.is_complete() {
            return self.message.step(challenge);
        }
        if mem::replace(&mut self.has_failed, true) {
            return Err(Error::Finished);
        }
        Ok(Secret::new(self.to_failure.to_vec()))
    }

    const fn is_complete(&self) -> bool {
        self.message.is_complete() && !self.has_failed
    }
}

/// The token, where it can stand in a message: visible ASCII (RFC 6750 §2.1 allows less).
fn check_token(token: &str) -> Result<(), Error> {
    match token {
        "" => Err(Error::Empty { field: "token" }),
        token if is_token(token) => Ok(()),
        _ => Err(Error::Prohibited { field: "token" }),
    }
}

fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// The token of `Bearer token`; the scheme's case makes no difference.
fn bearer(value: &str) -> Option<Secret<String>> {
    let (scheme, token) = value.split_once(' ')?;
    let token = token.trim_start_matches(' ');
    (scheme.eq_ignore_ascii_case("Bearer") && is_token(token))
        .then(|| Secret::new(String::from(token)))
}

/// How far a server is. Where a token is no good, it tells why in a challenge (RFC 7628 §3.2.3),
/// and fails with the response to that.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Exchange {
    failure: String,
    stage: ServerStage,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum ServerStage {
    Token(Asked),
    Failed,
    Finished,
}

/// What a client's message comes to.
enum Request {
    Claim(TokenClaim),
    /// It follows the mechanism, but has no bearer token.
    NoToken,
    Malformed,
}

impl Exchange {
    const fn new(failure: String) -> Self {
        Self { failure, stage: ServerStage::Token(Asked::NotYet) }
    }

    fn step(
        &mut self,
        response: Option<&[u8]>,
        read: impl FnOnce(&str) -> Request,
    ) -> Result<Progress, Error> {
        let asked = match &mut self.stage {
            ServerStage::Token(asked) => asked,
            ServerStage::Failed => {
                self.stage = ServerStage::Finished;
                return Err(Error::Rejected);
            }
            ServerStage::Finished => return Err(Error::Finished),
        };
        let mut has_no_token = false;
        let progress = asked.step(response, |message| {
            match read(core::str::from_utf8(message).ok()?) {
                Request::Claim(claim) => return Some(Question::Token(claim)),
                Request::NoToken => has_no_token = true,
                Request::Malformed => {}
            }
            None
        });
        if has_no_token { self.fail() } else { progress }
    }

    fn answer(&mut self, answer: &Answer) -> Result<Progress, Error> {
        let ServerStage::Token(asked) = &mut self.stage else { return Err(Error::Misplaced) };
        match asked.answer(answer) {
            Err(Error::Rejected) => self.fail(),
            progress => progress,
        }
    }

    fn fail(&mut self) -> Result<Progress, Error> {
        self.stage = ServerStage::Failed;
        Ok(Progress::Challenge(Secret::new(self.failure.clone().into_bytes())))
    }
}

/// A JSON object of strings.
fn json(members: &[(&str, Option<&str>)]) -> String {
    let mut text = String::from("{");
    for (name, value) in members {
        let Some(value) = value else { continue };
        if text.len() > 1 {
            text.push(',');
        }
        text.push('"');
        text.push_str(name);
        text.push_str("\":\"");
        for c in value.chars() {
            match c {
                '"' | '\\' => text.extend(['\\', c]),
                // Writing to a string never fails.
                c if c.is_control() => drop(write!(text, "\\u{:04x}", u32::from(c))),
                c => text.push(c),
            }
        }
        text.push('"');
    }
    text.push('}');
    text
}

fn error(status: &str, hint: &TokenHint, has_schemes: bool) -> String {
    json(&[
        ("status", Some(status)),
        ("schemes", has_schemes.then_some("bearer")),
        ("scope", hint.scope.as_deref()),
        ("openid-configuration", hint.openid_configuration.as_deref()),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_escaped() {
        let hint = TokenHint {
            scope: Some("a \"b\" \\ \r\n\u{85}\u{E9}".into()),
            openid_configuration: None,
        };
        assert_eq!(
            error("401", &hint, true),
            "{\"status\":\"401\",\"schemes\":\"bearer\",\
             \"scope\":\"a \\\"b\\\" \\\\ \\u000d\\u000a\\u0085\u{E9}\"}"
        );
        assert_eq!(json(&[]), "{}");
    }

    #[test]
    fn bearers() {
        for value in ["Bearer abc", "bEARER  abc"] {
            assert_eq!(bearer(value).unwrap().expose(), "abc");
        }
        for value in ["", "Bearer", "Bearer ", "Basic abc", "Bearer a b", "Bearer \u{E9}", "abc"] {
            assert_eq!(bearer(value), None, "{value:?}");
        }
    }
}
