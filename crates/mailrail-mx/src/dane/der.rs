//! As much DER as it takes to find the public key in a certificate.

const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;
/// `[0] EXPLICIT`: the version of a certificate, absent from those of version 1.
const VERSION: u8 = 0xa0;

/// One element: its tag, its contents, and all its octets.
struct Element<'a> {
    tag: u8,
    contents: &'a [u8],
    whole: &'a [u8],
}

/// Splits the first element off (X.690 §8.1, §10.1): a tag of one octet, a definite length.
fn element(bytes: &[u8]) -> Option<(Element<'_>, &[u8])> {
    let (&tag, rest) = bytes.split_first()?;
    let (&first, mut rest) = rest.split_first()?;
    let mut len = usize::from(first & 0x7f);
    if first & 0x80 != 0 {
        if !(1..=4).contains(&len) {
            return None;
        }
        let (digits, behind) = rest.split_at_checked(len)?;
        len = digits.iter().fold(0, |len, &digit| len << 8 | usize::from(digit));
        rest = behind;
    }
    let (contents, behind) = rest.split_at_checked(len)?;
    let whole = bytes.get(..bytes.len() - behind.len())?;
    Some((Element { tag, contents, whole }, behind))
}

/// Splits an element with this tag off.
fn expect(tag: u8, bytes: &[u8]) -> Option<(Element<'_>, &[u8])> {
    element(bytes).filter(|(element, _)| element.tag == tag)
}

/// Whether this is one SEQUENCE and no more, as a SubjectPublicKeyInfo is.
pub(super) fn is_sequence(bytes: &[u8]) -> bool {
    expect(SEQUENCE, bytes).is_some_and(|(_, rest)| rest.is_empty())
}

/// The SubjectPublicKeyInfo in a certificate (RFC 5280 §4.1), with its tag and length:
///
/// ```text
/// Certificate    ::= SEQUENCE { tbsCertificate, signatureAlgorithm, signature }
/// TBSCertificate ::= SEQUENCE { [0] version OPTIONAL, serialNumber, signature, issuer, validity,
///                               subject, subjectPublicKeyInfo, … }
/// ```
pub(super) fn public_key(certificate: &[u8]) -> Option<&[u8]> {
    let (certificate, behind) = expect(SEQUENCE, certificate)?;
    if !behind.is_empty() {
        return None;
    }
    let (tbs, _) = expect(SEQUENCE, certificate.contents)?;
    let mut rest = tbs.contents;
    if let Some((_, behind)) = expect(VERSION, rest) {
        rest = behind;
    }
    rest = expect(INTEGER, rest)?.1;
    for _ in ["signature", "issuer", "validity", "subject"] {
        rest = expect(SEQUENCE, rest)?.1;
    }
    Some(expect(SEQUENCE, rest)?.0.whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_certificate() {
        for bytes in [
            &b""[..],
            b"\x30",
            b"\x30\x80\0\0",
            b"\x30\x85\0\0\0\0\0",
            b"\x30\x84\xff\xff\xff\xff",
            b"\x30\x02\x30\0",
            b"\x30\x07\x30\x05\x02\x01\x01\x30\x00",
        ] {
            assert_eq!(public_key(bytes), None, "{bytes:?}");
        }
        // As little as a certificate can be: its key is the sixth element.
        let tbs = b"\xa0\x03\x02\x01\x02\x02\x01\x07\x30\0\x30\0\x30\0\x30\0\x30\x02\x05\0";
        let mut whole = alloc::vec![0x30, 0x16, 0x30, 0x14];
        whole.extend(tbs);
        assert_eq!(public_key(&whole), Some(&b"\x30\x02\x05\0"[..]));
        whole.push(0);
        assert_eq!(public_key(&whole), None);
    }
}
