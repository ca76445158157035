//! The header in front of SCRAM's and OAUTHBEARER's first message (RFC 5801 §4, RFC 5802 §7).
//!
//! ```text
//! gs2-cbind-flag  = ("p=" cb-name) / "n" / "y"
//! gs2-header      = gs2-cbind-flag "," [ authzid ] ","
//! authzid         = "a=" saslname
//! saslname        = 1*(value-safe-char / "=2C" / "=3D")
//! cb-name         = 1*(ALPHA / DIGIT / "." / "-")
//! ```

use crate::Error;
use alloc::string::String;

/// `gs2-cbind-flag`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flag<'a> {
    /// `n`: the client does not bind to channels.
    No,
    /// `y`: it does, but thinks that the server does not.
    NotOffered,
    /// `p=`: it binds to a channel of this type.
    Bound(&'a str),
}

/// `gs2-header`
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Header<'a> {
    pub(crate) flag: Flag<'a>,
    pub(crate) authzid: Option<String>,
}

impl<'a> Header<'a> {
    /// Reads the header; what follows it is left over. `text` is from a peer.
    pub(crate) fn parse(text: &'a str) -> Result<(Self, &'a str), Error> {
        let (flag, rest) = text.split_once(',').ok_or(Error::Malformed)?;
        let (authzid, rest) = rest.split_once(',').ok_or(Error::Malformed)?;
        let flag = match (flag, flag.strip_prefix("p=")) {
            ("n", _) => Flag::No,
            ("y", _) => Flag::NotOffered,
            (_, Some(name)) if is_binding_name(name) => Flag::Bound(name),
            _ => return Err(Error::Malformed),
        };
        let authzid = match authzid {
            "" => None,
            authzid => Some(decode_name(authzid.strip_prefix("a=").ok_or(Error::Malformed)?)?),
        };
        Ok((Self { flag, authzid }, rest))
    }

    pub(crate) fn encode(&self) -> String {
        let (flag, name) = match self.flag {
            Flag::No => ("n", ""),
            Flag::NotOffered => ("y", ""),
            Flag::Bound(name) => ("p=", name),
        };
        let mut text = String::from(flag);
        text.push_str(name);
        text.push(',');
        if let Some(authzid) = &self.authzid {
            text.push_str("a=");
            text.push_str(&encode_name(authzid));
        }
        text.push(',');
        text
    }
}

fn is_binding_name(name: &str) -> bool {
    !name.is_empty()
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-'))
}

/// Writes a `saslname`. A NUL is the caller's to keep out.
pub(crate) fn encode_name(name: &str) -> String {
    name.replace('=', "=3D").replace(',', "=2C")
}

/// Reads a `saslname`.
pub(crate) fn decode_name(text: &str) -> Result<String, Error> {
    if text.is_empty() || text.contains([',', '\0']) {
        return Err(Error::Malformed);
    }
    let mut pieces = text.split('=');
    let mut name = String::from(pieces.next().unwrap_or_default());
    for piece in pieces {
        let (c, rest) = match (piece.strip_prefix("2C"), piece.strip_prefix("3D")) {
            (Some(rest), _) => (',', rest),
            (_, Some(rest)) => ('=', rest),
            _ => return Err(Error::Malformed),
        };
        name.push(c);
        name.push_str(rest);
    }
    Ok(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn headers() {
        for (text, flag, authzid) in [
            ("n,,", Flag::No, None),
            ("y,,", Flag::NotOffered, None),
            ("n,a=a=2Cb=3Dc,", Flag::No, Some("a,b=c")),
            ("p=tls-server-end-point,,", Flag::Bound("tls-server-end-point"), None),
            ("p=tls-exporter,a=\u{E9},", Flag::Bound("tls-exporter"), Some("\u{E9}")),
        ] {
            let header = Header { flag, authzid: authzid.map(String::from) };
            assert_eq!(header.encode(), text);
            let whole = alloc::format!("{text}n=,r=");
            assert_eq!(Header::parse(&whole), Ok((header, "n=,r=")));
        }
        for bad in [
            "",
            "n",
            "n,",
            "N,,",
            "x,,",
            "p,,",
            "p=,,",
            "p=a_b,,",
            "n,user=a,",
            "n,a=,",
            "n,a==2c,",
            "n,a==,",
            "n,a=\0,",
            "F,n,,",
            "n ,,",
            "y=1,,",
        ] {
            assert_eq!(Header::parse(bad), Err(Error::Malformed), "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn names_are_read_as_they_were(name in "[^\0]{1,30}") {
            let encoded = encode_name(&name);
            prop_assert!(!encoded.contains(','));
            prop_assert_eq!(decode_name(&encoded), Ok(name));
        }
    }
}
