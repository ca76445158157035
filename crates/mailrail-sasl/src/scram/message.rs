//! The four messages (RFC 5802 §7).

use crate::{Error, gs2, nonce::is_printable};
use alloc::{format, string::String, vec::Vec};
use base64::{Engine as _, engine::general_purpose::STANDARD};

/// ```text
/// client-first-message-bare = [reserved-mext ","] username "," nonce ["," extensions]
/// username                  = "n=" saslname
/// ```
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ClientFirst<'a> {
    pub(super) user: String,
    pub(super) nonce: &'a str,
}

impl<'a> ClientFirst<'a> {
    pub(super) fn parse_bare(text: &'a str) -> Result<Self, Error> {
        let mut fields = Fields::new(text)?;
        let user = gs2::decode_name(fields.next('n')?)?;
        let nonce = fields.nonce()?;
        fields.extensions()?;
        Ok(Self { user, nonce })
    }

    pub(super) fn encode_bare(&self) -> String {
        format!("n={},r={}", gs2::encode_name(&self.user), self.nonce)
    }
}

/// ```text
/// server-first-message = [reserved-mext ","] nonce "," salt "," iteration-count ["," extensions]
/// ```
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ServerFirst<'a> {
    pub(super) nonce: &'a str,
    pub(super) salt: Vec<u8>,
    pub(super) iterations: u32,
}

impl<'a> ServerFirst<'a> {
    pub(super) fn parse(text: &'a str) -> Result<Self, Error> {
        let mut fields = Fields::new(text)?;
        let nonce = fields.nonce()?;
        let salt = fields.base64('s')?;
        let iterations = posit_number(fields.next('i')?)?;
        fields.extensions()?;
        if salt.is_empty() {
            return Err(Error::Malformed);
        }
        Ok(Self { nonce, salt, iterations })
    }

    pub(super) fn encode(&self) -> String {
        format!("r={},s={},i={}", self.nonce, STANDARD.encode(&self.salt), self.iterations)
    }
}

/// ```text
/// client-final-message-without-proof = channel-binding "," nonce ["," extensions]
/// client-final-message               = client-final-message-without-proof "," proof
/// ```
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ClientFinal<'a> {
    /// `cbind-input`: the header of the first message, and what is bound to.
    pub(super) channel_binding: Vec<u8>,
    pub(super) nonce: &'a str,
    pub(super) proof: Vec<u8>,
    pub(super) without_proof: &'a str,
}

impl<'a> ClientFinal<'a> {
    pub(super) fn parse(text: &'a str) -> Result<Self, Error> {
        let (without_proof, proof) = text.rsplit_once(",p=").ok_or(Error::Malformed)?;
        let proof = STANDARD.decode(proof).map_err(|_| Error::Malformed)?;
        let mut fields = Fields::new(without_proof)?;
        let channel_binding = fields.base64('c')?;
        let nonce = fields.nonce()?;
        fields.extensions()?;
        Ok(Self { channel_binding, nonce, proof, without_proof })
    }

    pub(super) fn encode_without_proof(channel_binding: &[u8], nonce: &str) -> String {
        format!("c={},r={nonce}", STANDARD.encode(channel_binding))
    }
}

/// The whole `client-final-message`.
pub(super) fn with_proof(without_proof: &str, proof: &[u8]) -> String {
    format!("{without_proof},p={}", STANDARD.encode(proof))
}

/// `server-final-message = (server-error / verifier) ["," extensions]`; yields the verifier.
pub(super) fn parse_server_final(text: &str) -> Result<Vec<u8>, Error> {
    let mut fields = Fields::new(text)?;
    if let Some(reason) = text.strip_prefix("e=") {
        let reason = reason.split(',').next().unwrap_or_default();
        return Err(Error::Refused { reason: server_error_value(reason) });
    }
    let verifier = fields.base64('v')?;
    fields.extensions()?;
    Ok(verifier)
}

pub(super) fn encode_server_final(verifier: &[u8]) -> String {
    format!("v={}", STANDARD.encode(verifier))
}

/// The registered reason; others count as `other-error` (RFC 5802 §7).
fn server_error_value(reason: &str) -> &'static str {
    const REASONS: [&str; 10] = [
        "invalid-encoding",
        "extensions-not-supported",
        "invalid-proof",
        "channel-bindings-dont-match",
        "server-does-support-channel-binding",
        "channel-binding-not-supported",
        "unsupported-channel-binding-type",
        "unknown-user",
        "invalid-username-encoding",
        "no-resources",
    ];
    REASONS.into_iter().find(|known| *known == reason).unwrap_or("other-error")
}

/// `posit-number = %x31-39 *DIGIT`
fn posit_number(text: &str) -> Result<u32, Error> {
    let is_number = text.starts_with(|first: char| matches!(first, '1'..='9'))
        && text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number {
        return Err(Error::Malformed);
    }
    // More than fits is too many for any window.
    Ok(text.parse().unwrap_or(u32::MAX))
}

/// The `attr-val`s of a message, one after the other.
struct Fields<'a>(Option<&'a str>);

impl<'a> Fields<'a> {
    /// `reserved-mext` in front is an extension that the peer insists on.
    fn new(text: &'a str) -> Result<Self, Error> {
        match text {
            text if text.contains('\0') => Err(Error::Malformed),
            text if text.starts_with("m=") => Err(Error::Extension),
            text => Ok(Self(Some(text))),
        }
    }

    /// The value of the next attribute, which is that one.
    fn next(&mut self, name: char) -> Result<&'a str, Error> {
        let text = self.0.ok_or(Error::Malformed)?;
        let (field, rest) = match text.split_once(',') {
            Some((field, rest)) => (field, Some(rest)),
            None => (text, None),
        };
        let value = field.strip_prefix(name).and_then(|value| value.strip_prefix('='));
        self.0 = rest;
        value.ok_or(Error::Malformed)
    }

    /// `nonce = "r=" c-nonce [s-nonce]`
    fn nonce(&mut self) -> Result<&'a str, Error> {
        let nonce = self.next('r')?;
        if nonce.is_empty() || !is_printable(nonce) {
            return Err(Error::Malformed);
        }
        Ok(nonce)
    }

    fn base64(&mut self, name: char) -> Result<Vec<u8>, Error> {
        STANDARD.decode(self.next(name)?).map_err(|_| Error::Malformed)
    }

    /// `extensions = attr-val *("," attr-val)`, which are ignored, but `m` cannot be.
    fn extensions(self) -> Result<(), Error> {
        let Some(rest) = self.0 else { return Ok(()) };
        for field in rest.split(',') {
            match field.as_bytes() {
                [b'm', b'=', ..] => return Err(Error::Extension),
                [name, b'=', _, ..] if name.is_ascii_alphabetic() => {}
                _ => return Err(Error::Malformed),
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn client_first() {
        let first = ClientFirst { user: "a=b,c".into(), nonce: "fyko+d2l" };
        assert_eq!(first.encode_bare(), "n=a=3Db=2Cc,r=fyko+d2l");
        for text in ["n=a=3Db=2Cc,r=fyko+d2l", "n=a=3Db=2Cc,r=fyko+d2l,x=1,y=="] {
            assert_eq!(ClientFirst::parse_bare(text).as_ref(), Ok(&first), "{text}");
        }
        for (text, error) in [
            ("", Error::Malformed),
            ("n=user", Error::Malformed),
            ("n=,r=abc", Error::Malformed),
            ("n=user,r=", Error::Malformed),
            ("r=abc,n=user", Error::Malformed),
            ("n=user,r=a b", Error::Malformed),
            ("n=user,r=\u{E9}", Error::Malformed),
            ("n=us=er,r=abc", Error::Malformed),
            ("n=us=2cer,r=abc", Error::Malformed),
            ("n=us\0er,r=abc", Error::Malformed),
            ("n=user,r=abc,", Error::Malformed),
            ("n=user,r=abc,x", Error::Malformed),
            ("n=user,r=abc,x=", Error::Malformed),
            ("n=user,r=abc,1=2", Error::Malformed),
            ("N=user,r=abc", Error::Malformed),
            ("m=x,n=user,r=abc", Error::Extension),
            ("n=user,r=abc,m=x", Error::Extension),
        ] {
            assert_eq!(ClientFirst::parse_bare(text), Err(error), "{text:?}");
        }
    }

    #[test]
    fn server_first() {
        let first = ServerFirst { nonce: "abc", salt: b"salt".to_vec(), iterations: 4096 };
        assert_eq!(first.encode(), "r=abc,s=c2FsdA==,i=4096");
        for text in ["r=abc,s=c2FsdA==,i=4096", "r=abc,s=c2FsdA==,i=4096,z=\u{E9}"] {
            assert_eq!(ServerFirst::parse(text).as_ref(), Ok(&first), "{text}");
        }
        assert_eq!(ServerFirst::parse("r=a,s=eA==,i=99999999999").unwrap().iterations, u32::MAX);
        for (text, error) in [
            ("r=abc", Error::Malformed),
            ("r=abc,s=c2FsdA==", Error::Malformed),
            ("r=abc,i=4096,s=c2FsdA==", Error::Malformed),
            ("r=abc,s=c2FsdA,i=4096", Error::Malformed),
            ("r=abc,s=c2FsdB==,i=4096", Error::Malformed),
            ("r=abc,s=,i=4096", Error::Malformed),
            ("r=abc,s=c2FsdA==,i=", Error::Malformed),
            ("r=abc,s=c2FsdA==,i=0", Error::Malformed),
            ("r=abc,s=c2FsdA==,i=04096", Error::Malformed),
            ("r=abc,s=c2FsdA==,i=+4096", Error::Malformed),
            ("r=abc,s=c2FsdA==,i=4096x", Error::Malformed),
            ("r=abc,s=c2FsdA==,i=4096,", Error::Malformed),
            ("m=x,r=abc,s=c2FsdA==,i=4096", Error::Extension),
            ("r=abc,s=c2FsdA==,i=4096,m=x", Error::Extension),
            ("e=other-error", Error::Malformed),
        ] {
            assert_eq!(ServerFirst::parse(text), Err(error), "{text:?}");
        }
    }

    #[test]
    fn client_final() {
        let without_proof = ClientFinal::encode_without_proof(b"n,,", "abc");
        assert_eq!(without_proof, "c=biws,r=abc");
        assert_eq!(with_proof(&without_proof, b"proof"), "c=biws,r=abc,p=cHJvb2Y=");
        for text in ["c=biws,r=abc,p=cHJvb2Y=", "c=biws,r=abc,x=p=,p=cHJvb2Y="] {
            let read = ClientFinal::parse(text).unwrap();
            assert_eq!((read.nonce, &read.proof[..]), ("abc", &b"proof"[..]), "{text}");
            assert_eq!(read.channel_binding, b"n,,");
            assert_eq!(Some(read.without_proof), text.strip_suffix(",p=cHJvb2Y="));
        }
        for (text, error) in [
            ("c=biws,r=abc", Error::Malformed),
            ("c=biws,p=cHJvb2Y=", Error::Malformed),
            ("r=abc,p=cHJvb2Y=", Error::Malformed),
            ("c=biws,r=abc,p=cHJvb2Y", Error::Malformed),
            ("c=biws,r=abc,p=cHJvb2Y=,x=1", Error::Malformed),
            ("c=b!ws,r=abc,p=cHJvb2Y=", Error::Malformed),
            ("p=cHJvb2Y=", Error::Malformed),
            ("m=x,c=biws,r=abc,p=cHJvb2Y=", Error::Extension),
            ("c=biws,r=abc,m=x,p=cHJvb2Y=", Error::Extension),
        ] {
            assert_eq!(ClientFinal::parse(text), Err(error), "{text:?}");
        }
    }

    #[test]
    fn server_final() {
        assert_eq!(encode_server_final(b"proof"), "v=cHJvb2Y=");
        for text in ["v=cHJvb2Y=", "v=cHJvb2Y=,x=1"] {
            assert_eq!(parse_server_final(text).as_deref(), Ok(&b"proof"[..]));
        }
        for (text, error) in [
            ("e=invalid-proof", Error::Refused { reason: "invalid-proof" }),
            ("e=unknown-user,x=1", Error::Refused { reason: "unknown-user" }),
            ("e=\x1B[2J", Error::Refused { reason: "other-error" }),
            ("", Error::Malformed),
            ("v=cHJvb2Y", Error::Malformed),
            ("x=1,v=cHJvb2Y=", Error::Malformed),
            ("v=cHJvb2Y=,m=x", Error::Extension),
            ("m=x,v=cHJvb2Y=", Error::Extension),
        ] {
            assert_eq!(parse_server_final(text), Err(error), "{text:?}");
        }
    }
}
