//! TLSA records against certificates: each usage, selector and matching type.
#![cfg(test)]

use mailrail_mx::{Matching, Mismatch, Proof, Selector, Tlsa, TlsaSet, Usage};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, PublicKeyData};
use sha2::{Digest, Sha256, Sha512};

struct Made {
    /// The server's, an intermediate authority's, the root's.
    chain: [Vec<u8>; 3],
    keys: [Vec<u8>; 3],
}

fn authority(name: &str) -> (CertificateParams, KeyPair) {
    let mut params = CertificateParams::new([name.to_owned()]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    (params, KeyPair::generate().unwrap())
}

fn make() -> Made {
    let (params, key) = authority("root.test");
    let root = CertifiedIssuer::self_signed(params, key).unwrap();
    let (params, key) = authority("ca.test");
    let middle = CertifiedIssuer::signed_by(params, key, &root).unwrap();
    let key = KeyPair::generate().unwrap();
    let own = CertificateParams::new(["mx.test".to_owned()]).unwrap();
    let own = own.signed_by(&key, &middle).unwrap();
    let keys = [
        key.subject_public_key_info(),
        middle.key().subject_public_key_info(),
        root.key().subject_public_key_info(),
    ];
    Made { chain: [own.der().to_vec(), middle.der().to_vec(), root.der().to_vec()], keys }
}

fn record(usage: u8, selector: u8, matching: u8, made: &Made, of: usize) -> Tlsa {
    let part = if selector == 0 { &made.chain[of] } else { &made.keys[of] };
    let data = match matching {
        1 => Sha256::digest(part).to_vec(),
        2 => Sha512::digest(part).to_vec(),
        _ => part.clone(),
    };
    let (usage, selector) = (Usage::from(usage), Selector::from(selector));
    Tlsa { usage, selector, matching: Matching::from(matching), data }
}

fn verify(records: Vec<Tlsa>, chain: &[Vec<u8>]) -> Result<Proof, Mismatch> {
    // As a lookup makes it.
    let mut set = empty();
    set.records = records;
    set.verify(chain)
}

fn empty() -> TlsaSet {
    TlsaSet::for_host("mx.test", Vec::new())
}

#[test]
fn each_kind_of_record() {
    let (made, other) = (make(), make());
    for selector in [0, 1] {
        for matching in [0, 1, 2] {
            let record = |usage, of| vec![record(usage, selector, matching, &made, of)];
            let case = format!("{selector} {matching}");
            assert_eq!(verify(record(3, 0), &made.chain), Ok(Proof::EndEntity), "{case}");
            for at in [1, 2] {
                let proof = Ok(Proof::TrustAnchor { at });
                assert_eq!(verify(record(2, at), &made.chain), proof, "{case}");
            }
            let none = Err(Mismatch::NoMatch);
            // The server's own is no anchor, and an authority's no server's.
            assert_eq!(verify(record(2, 0), &made.chain), none, "{case}");
            assert_eq!(verify(record(3, 1), &made.chain), none, "{case}");
            for usage in [2, 3] {
                assert_eq!(verify(record(usage, 0), &other.chain), none, "{case}");
                assert_eq!(verify(record(usage, 2), &other.chain), none, "{case}");
            }
            // An anchor that is not presented.
            assert_eq!(verify(record(2, 2), &made.chain[..2]), none, "{case}");
            // Usages that are not for SMTP.
            assert_eq!(verify(record(0, 1), &made.chain), none, "{case}");
            assert_eq!(verify(record(1, 0), &made.chain), none, "{case}");
            assert_eq!(verify(record(3, 0), &[]), Err(Mismatch::NoCertificate), "{case}");
        }
    }
}

#[test]
fn several_records() {
    let (made, other) = (make(), make());
    let none = Err(Mismatch::NoMatch);
    // One that matches is enough, whatever else there is.
    let mixed = vec![
        record(3, 1, 1, &other, 0),
        record(1, 0, 1, &made, 0),
        Tlsa { matching: Matching::from(9), ..record(3, 1, 1, &made, 0) },
        record(2, 0, 1, &made, 2),
    ];
    assert_eq!(verify(mixed.clone(), &made.chain), Ok(Proof::TrustAnchor { at: 2 }));
    assert_eq!(verify(mixed[..3].to_vec(), &made.chain), none);
    assert!(TlsaSet::for_host("mx.test", mixed[..3].to_vec()).is_usable());
    assert!(!TlsaSet::for_host("mx.test", mixed[1..3].to_vec()).is_usable());
    // RFC 7671 §9: beside a SHA-512, a SHA-256 of the same part does not count.
    let weak_right = vec![record(3, 1, 1, &made, 0), record(3, 1, 2, &other, 0)];
    assert_eq!(verify(weak_right.clone(), &made.chain), none);
    let elsewhere = vec![weak_right[0].clone(), record(3, 0, 2, &other, 0)];
    assert_eq!(verify(elsewhere, &made.chain), Ok(Proof::EndEntity));
    let broken = Tlsa { data: vec![1; 63], ..weak_right[1].clone() };
    assert_eq!(verify(vec![weak_right[0].clone(), broken], &made.chain), Ok(Proof::EndEntity));
    let strong_right = vec![record(3, 1, 1, &other, 0), record(3, 1, 2, &made, 0)];
    assert_eq!(verify(strong_right, &made.chain), Ok(Proof::EndEntity));
    assert_eq!(empty().verify(&made.chain), none);
    assert_eq!(empty().base(), "mx.test");
}

#[test]
fn what_is_no_certificate_matches_nothing() {
    let made = make();
    for cut in 0..made.chain[0].len() {
        let chain = [made.chain[0][..cut].to_vec()];
        let records = vec![record(3, 1, 1, &made, 0), record(3, 0, 0, &made, 0)];
        assert_eq!(verify(records, &chain), Err(Mismatch::NoMatch));
    }
}
