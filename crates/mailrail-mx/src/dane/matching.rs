//! Whether the certificates that a server presents are what its TLSA records say.

use super::{Matching, Selector, Tlsa, TlsaSet, Usage, der};
use sha2::{Digest, Sha256, Sha512};

/// By what a presented chain is proved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Proof {
    /// The server's own certificate is in a DANE-EE record: nothing else about it is checked,
    /// neither its names nor its dates (RFC 7671 §5.1).
    EndEntity,
    /// A certificate of the chain is in a DANE-TA record. The caller still verifies that the
    /// server's certificate leads to that one, taken for a trust anchor, and has one of
    /// [`TlsaSet::names`] (RFC 7671 §5.2, RFC 7672 §3.2.2).
    TrustAnchor {
        /// Where it is in the chain; the server's own is 0.
        at: usize,
    },
}

/// Why a presented chain is not proved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Mismatch {
    /// The server presents no certificate.
    #[error("the server presents no certificate")]
    NoCertificate,
    /// No usable record matches a certificate of the chain.
    #[error("no TLSA record matches the server's certificates")]
    NoMatch,
}

impl TlsaSet {
    /// Looks for a usable record that a presented chain matches. The chain is in DER, the server's
    /// certificate first, as TLS presents it; in DANE-TA records' sake it must hold the trust anchor
    /// itself (RFC 7672 §3.1.2). That the server has the certificate's key is for TLS to prove.
    ///
    /// Of digests of one part, only the strongest count (RFC 7671 §9).
    ///
    /// # Errors
    ///
    /// [`Mismatch`]: the server is not the one that the records speak of, and gets no mail. Where no
    /// record [is usable](Self::is_usable), none matches.
    pub fn verify(&self, chain: &[impl AsRef<[u8]>]) -> Result<Proof, Mismatch> {
        let Some(own) = chain.first() else { return Err(Mismatch::NoCertificate) };
        let counting = || self.records.iter().filter(|tlsa| tlsa.is_usable() && self.counts(tlsa));
        let is_in = |usage: Usage, certificate: &[u8]| {
            counting().any(|tlsa| tlsa.usage == usage && tlsa.matches(certificate))
        };
        if is_in(Usage::DaneEe, own.as_ref()) {
            return Ok(Proof::EndEntity);
        }
        (1..)
            .zip(chain.iter().skip(1))
            .find(|(_, certificate)| is_in(Usage::DaneTa, certificate.as_ref()))
            .map(|(at, _)| Proof::TrustAnchor { at })
            .ok_or(Mismatch::NoMatch)
    }

    /// Whether there is no stronger digest of the same part.
    fn counts(&self, tlsa: &Tlsa) -> bool {
        let is_stronger = |other: &Tlsa| {
            (other.usage, other.selector) == (tlsa.usage, tlsa.selector)
                && other.matching == Matching::Sha512
                && other.is_usable()
        };
        tlsa.matching != Matching::Sha256 || !self.records.iter().any(is_stronger)
    }
}

impl Tlsa {
    /// Whether a certificate, in DER, is the one that the record speaks of.
    #[must_use]
    pub fn matches(&self, certificate: &[u8]) -> bool {
        let part = match self.selector {
            Selector::Cert => Some(certificate),
            Selector::Spki => der::public_key(certificate),
            Selector::Other(_) => None,
        };
        part.is_some_and(|part| match self.matching {
            Matching::Full => self.data == part,
            Matching::Sha256 => self.data[..] == Sha256::digest(part)[..],
            Matching::Sha512 => self.data[..] == Sha512::digest(part)[..],
            Matching::Other(_) => false,
        })
    }
}
