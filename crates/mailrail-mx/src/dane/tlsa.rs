//! A TLSA record (RFC 6698 §2.1).

use super::der;
use alloc::vec::Vec;
use core::fmt;
use hickory_proto::rr::rdata::TLSA;

/// A TLSA record (RFC 6698 §2.1). `Display` is its presentation format (§2.2).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_structs, reason = "these are the fields on the wire")]
pub struct Tlsa {
    /// What the certificate is.
    pub usage: Usage,
    /// Which part of it counts.
    pub selector: Selector,
    /// How that part is given.
    pub matching: Matching,
    /// The part, or its digest.
    pub data: Vec<u8>,
}

macro_rules! octet {
    ($(#[$doc:meta])* $name:ident { $($(#[$item_doc:meta])* $item:ident = $value:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$item_doc])* $item,)*
            /// One that is not known here.
            Other(u8),
        }

        impl From<u8> for $name {
            fn from(octet: u8) -> Self {
                match octet {
                    $($value => Self::$item,)*
                    other => Self::Other(other),
                }
            }
        }

        impl From<$name> for u8 {
            fn from(value: $name) -> Self {
                match value {
                    $($name::$item => $value,)*
                    $name::Other(other) => other,
                }
            }
        }
    };
}

octet! {
    /// What the certificate is that a TLSA record speaks of (RFC 6698 §2.1.1, RFC 7218).
    Usage {
        /// A certification authority, besides those trusted anyway. Unusable for SMTP
        /// (RFC 7672 §3.1.3).
        PkixTa = 0,
        /// The server's, besides a check by authorities trusted anyway. Unusable for SMTP.
        PkixEe = 1,
        /// A trust anchor: the server's certificate must lead to it.
        DaneTa = 2,
        /// The server's own.
        DaneEe = 3,
    }
}

octet! {
    /// Which part of a certificate a TLSA record speaks of (RFC 6698 §2.1.2).
    Selector {
        /// All of it.
        Cert = 0,
        /// Its SubjectPublicKeyInfo.
        Spki = 1,
    }
}

octet! {
    /// How a TLSA record gives the part (RFC 6698 §2.1.3).
    Matching {
        /// As it is.
        Full = 0,
        /// Its SHA-256.
        Sha256 = 1,
        /// Its SHA-512.
        Sha512 = 2,
    }
}

impl Tlsa {
    /// Whether a sender can do something with it (RFC 6698 §4.1, RFC 7672 §3.1): its parameters are
    /// known and allowed for SMTP, and its data are as long as a digest is, or are DER.
    #[must_use]
    pub fn is_usable(&self) -> bool {
        if !matches!(self.usage, Usage::DaneTa | Usage::DaneEe) {
            return false;
        }
        match (self.matching, self.selector) {
            (_, Selector::Other(_)) | (Matching::Other(_), _) => false,
            (Matching::Sha256, _) => self.data.len() == 32,
            (Matching::Sha512, _) => self.data.len() == 64,
            (Matching::Full, Selector::Cert) => der::public_key(&self.data).is_some(),
            (Matching::Full, Selector::Spki) => der::is_sequence(&self.data),
        }
    }
}

impl From<&TLSA> for Tlsa {
    fn from(tlsa: &TLSA) -> Self {
        Self {
            usage: u8::from(tlsa.cert_usage).into(),
            selector: u8::from(tlsa.selector).into(),
            matching: u8::from(tlsa.matching).into(),
            data: tlsa.cert_data.clone(),
        }
    }
}

impl fmt::Display for Tlsa {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [usage, selector, matching] =
            [self.usage.into(), self.selector.into(), u8::from(self.matching)];
        write!(f, "{usage} {selector} {matching} ")?;
        self.data.iter().try_for_each(|octet| write!(f, "{octet:02X}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::{string::ToString, vec};

    #[test]
    fn which_are_usable() {
        let key = b"\x30\x03\x02\x01\x05";
        for (usage, selector, matching, data, usable) in [
            (3, 1, 1, &[1; 32][..], true),
            (2, 0, 1, &[1; 32], true),
            (3, 0, 2, &[1; 64], true),
            (2, 1, 2, &[1; 64], true),
            (3, 1, 0, key, true),
            (0, 0, 1, &[1; 32], false),
            (1, 1, 1, &[1; 32], false),
            (4, 1, 1, &[1; 32], false),
            (255, 1, 1, &[1; 32], false),
            (3, 2, 1, &[1; 32], false),
            (3, 1, 3, &[1; 32], false),
            (3, 1, 1, &[1; 31], false),
            (3, 1, 1, &[1; 64], false),
            (3, 1, 2, &[1; 32], false),
            (3, 1, 0, b"", false),
            (3, 1, 0, b"\x30\x04\x02\x01\x05", false),
            (3, 0, 0, key, false),
        ] {
            let tlsa = Tlsa {
                usage: Usage::from(usage),
                selector: Selector::from(selector),
                matching: Matching::from(matching),
                data: data.to_vec(),
            };
            assert_eq!(tlsa.is_usable(), usable, "{tlsa}");
        }
    }

    #[test]
    fn presentation() {
        let tlsa = Tlsa {
            usage: Usage::DaneEe,
            selector: Selector::Spki,
            matching: Matching::Other(9),
            data: vec![0, 0xab, 0x1f],
        };
        assert_eq!(tlsa.to_string(), "3 1 9 00AB1F");
    }
}
