#![cfg(test)]
//! `tls-server-end-point` of certificates of all kinds, as another program says it.

use mailrail_sasl::ChannelBinding;

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn the_hash_is_the_signatures() {
    for (certificate, expected) in [
        (
            &include_bytes!("certificates/ec256.der")[..],
            "34f73f3e4700f2694c002e537dea4b27558443fc7dac6e8525fe4ea04957c464",
        ),
        (
            include_bytes!("certificates/ec384.der"),
            "baf9c41631ed152cc5a981355d01ae96ddb7a211ad362126\
             bb9f22184bcd015ec6792a8a1511c0387656b4aec71ad538",
        ),
        (
            include_bytes!("certificates/rsa512.der"),
            "2a87b912a918d343ab9f69a306b625272007323736bc88b88fcd788bb7a11c19\
             0d73e09a7bae3bf43c62f58fd036ce4895db2bb14bebf444f31a00881de15ba3",
        ),
        // Signed with SHA-1, hashed with SHA-256.
        (
            include_bytes!("certificates/rsa1.der"),
            "8769b45e3a2d84b3432d3bd22d92cef6bdc2334b2aed3105e2b8e3c8778ddcf1",
        ),
        (
            include_bytes!("certificates/pss384.der"),
            "58798460fdd4ea509da7ec9540eff415be10abfc295baa46\
             4b39d1e83ed533d844f536755ba396d48306ef322d248799",
        ),
    ] {
        let binding = ChannelBinding::tls_server_end_point(certificate).unwrap();
        assert_eq!(binding.name(), "tls-server-end-point");
        assert_eq!(hex(binding.data()), expected);
        // Cut off anywhere before its signature, it is none.
        let signature = if certificate.len() > 400 { 132 } else { 80 };
        for end in 0..certificate.len() - signature {
            let part = certificate.get(..end).unwrap();
            assert_eq!(ChannelBinding::tls_server_end_point(part), None, "{end}");
        }
    }
}

#[test]
fn some_have_none() {
    let ed25519 = include_bytes!("certificates/ed.der");
    assert_eq!(ChannelBinding::tls_server_end_point(ed25519), None);
    for bytes in [&b""[..], b"\x30", b"\x30\x80\x00\x00", b"\x30\x84\xFF\xFF\xFF\xFF", &[0x30; 64]]
    {
        assert_eq!(ChannelBinding::tls_server_end_point(bytes), None);
    }
}
