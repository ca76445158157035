//! The hash of a server's certificate (RFC 5929 §4.1).
//!
//! ```text
//! Certificate         ::= SEQUENCE { tbsCertificate, signatureAlgorithm, signatureValue }
//! AlgorithmIdentifier ::= SEQUENCE { algorithm OBJECT IDENTIFIER, parameters ANY OPTIONAL }
//! RSASSA-PSS-params   ::= SEQUENCE { hashAlgorithm [0] AlgorithmIdentifier DEFAULT sha1, ... }
//! ```

use alloc::vec::Vec;
use sha2::{Digest as _, Sha256, Sha384, Sha512};

const SEQUENCE: u8 = 0x30;
const OBJECT_IDENTIFIER: u8 = 0x06;
const CONTEXT_0: u8 = 0xA0;

/// 1.2.840.113549.1.1, with one more number.
const PKCS_1: [u8; 8] = [0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01];
/// 1.2.840.10045.4.3, with one more number.
const ECDSA_WITH_SHA_2: [u8; 7] = [0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04, 0x03];
/// 1.2.840.10045.4.1
const ECDSA_WITH_SHA_1: [u8; 7] = [0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04, 0x01];
/// 2.16.840.1.101.3.4.2, with one more number.
const SHA_2: [u8; 8] = [0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02];

enum Hash {
    /// Also in the place of MD5 and SHA-1.
    Sha256,
    Sha384,
    Sha512,
}

/// The hash; none of what is no certificate, and of one whose signature has no hash of these.
pub(super) fn hash(certificate: &[u8]) -> Option<Vec<u8>> {
    Some(match signature_hash(certificate)? {
        Hash::Sha256 => Sha256::digest(certificate).to_vec(),
        Hash::Sha384 => Sha384::digest(certificate).to_vec(),
        Hash::Sha512 => Sha512::digest(certificate).to_vec(),
    })
}

fn signature_hash(certificate: &[u8]) -> Option<Hash> {
    let (fields, _) = element(SEQUENCE, certificate)?;
    let (_, fields) = element(SEQUENCE, fields)?;
    let (algorithm, _) = element(SEQUENCE, fields)?;
    let (name, parameters) = element(OBJECT_IDENTIFIER, algorithm)?;
    match (name.strip_prefix(&PKCS_1), name.strip_prefix(&ECDSA_WITH_SHA_2)) {
        // MD5, SHA-1, SHA-256, SHA-384, SHA-512.
        (Some([0x04 | 0x05 | 0x0B]), _) | (_, Some([0x02])) => Some(Hash::Sha256),
        (Some([0x0C]), _) | (_, Some([0x03])) => Some(Hash::Sha384),
        (Some([0x0D]), _) | (_, Some([0x04])) => Some(Hash::Sha512),
        // RSASSA-PSS, which names its hash elsewhere.
        (Some([0x0A]), _) => pss_hash(parameters),
        _ => (name == ECDSA_WITH_SHA_1).then_some(Hash::Sha256),
    }
}

fn pss_hash(parameters: &[u8]) -> Option<Hash> {
    let (fields, _) = element(SEQUENCE, parameters)?;
    let Some((algorithm, _)) = element(CONTEXT_0, fields) else { return Some(Hash::Sha256) };
    let (algorithm, _) = element(SEQUENCE, algorithm)?;
    let (name, _) = element(OBJECT_IDENTIFIER, algorithm)?;
    match name.strip_prefix(&SHA_2)? {
        [0x01] => Some(Hash::Sha256),
        [0x02] => Some(Hash::Sha384),
        [0x03] => Some(Hash::Sha512),
        _ => None,
    }
}

/// What is in the element of that tag, and what follows it (DER).
fn element(tag: u8, bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (&found, rest) = bytes.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (len, rest) = match first {
        0..=0x7F => (usize::from(first), rest),
        0x81..=0x83 => {
            let (len, rest) = rest.split_at_checked(usize::from(first & 0x0F))?;
            (len.iter().fold(0, |len, &byte| len << 8 | usize::from(byte)), rest)
        }
        _ => return None,
    };
    if found == tag { rest.split_at_checked(len) } else { None }
}
