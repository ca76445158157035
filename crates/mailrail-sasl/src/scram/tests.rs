//! Both sides, against the RFCs' examples and against each other.

use super::*;
use crate::{
    Answer, Channel, ChannelBinding, ClientMechanism as _, Error, Mechanism, Nonce, Progress,
    Question, ServerMechanism, Setting,
};
use alloc::{boxed::Box, format, string::String, vec::Vec};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use mailrail_wire::Secret;

/// RFC 5802 §5 and RFC 7677 §3: what each side says, and what it is made of.
struct Example {
    hash: Hash,
    nonces: [&'static str; 2],
    salt: &'static str,
    messages: [&'static str; 4],
}

const EXAMPLES: [Example; 2] = [
    Example {
        hash: Hash::Sha1,
        nonces: ["fyko+d2lbbFgONRv9qkxdawL", "3rfcNHYJY1ZVvWVs7j"],
        salt: "QSXCR+Q6sek8bf92",
        messages: [
            "n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL",
            "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096",
            "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
            "v=rmF9pqV8S7suAoZWja4dJRkFsKQ=",
        ],
    },
    Example {
        hash: Hash::Sha256,
        nonces: ["rOprNGfwEbeRWgbNEkqO", "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"],
        salt: "W22ZaJ0SNY7soEsUEjb6gQ==",
        messages: [
            "n,,n=user,r=rOprNGfwEbeRWgbNEkqO",
            "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
            "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,\
             p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
            "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
        ],
    },
];

fn nonce(text: &str) -> Nonce {
    Nonce::new(text).unwrap()
}

fn setting(channel: Channel, text: &str) -> Setting {
    Setting::new(channel, nonce(text), Decoy::new([9; 32]))
}

fn kept(hash: Hash, password: &str) -> ScramCredentials {
    ScramCredentials::from_password(hash, password, &[7; 16], 4096).unwrap()
}

fn challenge(text: &str) -> Result<Progress, Error> {
    Ok(Progress::Challenge(Secret::new(text.into())))
}

fn bytes(text: &str) -> Option<&[u8]> {
    Some(text.as_bytes())
}

#[test]
fn the_examples_of_the_rfcs() {
    for Example { hash, nonces, salt, messages: [first, server_first, last, server_last] } in
        EXAMPLES
    {
        let mut client = ScramClient::new(hash, "user", "pencil", nonce(nonces[0])).unwrap();
        let mut server = ScramServer::new(hash, setting(Channel::plaintext(), nonces[1]));
        let salt = STANDARD.decode(salt).unwrap();
        let kept = ScramCredentials::from_password(hash, "pencil", &salt, 4096).unwrap();
        assert_eq!(server.step(None), challenge(""));
        assert_eq!(client.step(b"").unwrap().expose(), first.as_bytes());
        let question = Question::Scram { hash, authzid: None, authcid: "user".into() };
        assert_eq!(server.step(bytes(first)), Ok(Progress::Question(question)));
        assert_eq!(server.answer(Answer::Scram(kept)), challenge(server_first));
        assert_eq!(client.step(server_first.as_bytes()).unwrap().expose(), last.as_bytes());
        assert_eq!(server.step(bytes(last)), challenge(server_last));
        assert!(!client.is_complete());
        assert_eq!(client.step(server_last.as_bytes()).unwrap().expose(), b"");
        assert!(client.is_complete());
        assert_eq!(server.step(Some(b"")), Ok(Progress::Done));
        assert_eq!(client.step(b""), Err(Error::Finished));
        assert_eq!(client.initial_response(), Err(Error::Finished));
        assert_eq!(server.step(Some(b"")), Err(Error::Finished));
    }
}

/// A client in the middle of an example.
fn client(example: &Example) -> ScramClient {
    let mut client =
        ScramClient::new(example.hash, "user", "pencil", nonce(example.nonces[0])).unwrap();
    client.initial_response().unwrap();
    client
}

#[test]
fn what_a_client_does_not_take_first() {
    for (challenge, error) in [
        ("", Error::Malformed),
        ("r=rOprNGfwEbeRWgbNEkqO,s=eA==,i=4096", Error::Nonce),
        ("r=rOprNGfwEbeRWgbNEkq,s=eA==,i=4096", Error::Nonce),
        ("r=ROprNGfwEbeRWgbNEkqOx,s=eA==,i=4096", Error::Nonce),
        ("r=xrOprNGfwEbeRWgbNEkqO,s=eA==,i=4096", Error::Nonce),
        ("r=rOprNGfwEbeRWgbNEkqOx,s=eA==,i=4095", Error::Iterations { count: 4095 }),
        ("r=rOprNGfwEbeRWgbNEkqOx,s=eA==,i=1", Error::Iterations { count: 1 }),
        ("r=rOprNGfwEbeRWgbNEkqOx,s=eA==,i=600001", Error::Iterations { count: 600_001 }),
        ("r=rOprNGfwEbeRWgbNEkqOx,s=eA==,i=4294967296", Error::Iterations { count: u32::MAX }),
        ("r=rOprNGfwEbeRWgbNEkqOx,s=e,i=4096", Error::Malformed),
        ("r=rOprNGfwEbeRWgbNEkqOx,i=4096", Error::Malformed),
        ("m=x,r=rOprNGfwEbeRWgbNEkqOx,s=eA==,i=4096", Error::Extension),
        ("r=rOprNGfwEbeRWgbNEkqO\0,s=eA==,i=4096", Error::Malformed),
        ("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=", Error::Malformed),
    ] {
        let mut client = client(&EXAMPLES[1]);
        assert_eq!(client.step(challenge.as_bytes()), Err(error), "{challenge}");
        assert!(!client.is_complete());
        assert_eq!(client.step(EXAMPLES[1].messages[1].as_bytes()), Err(Error::Finished));
    }
    let long = format!("{},x={}", EXAMPLES[1].messages[1], "x".repeat(MESSAGE_MAX));
    assert_eq!(client(&EXAMPLES[1]).step(long.as_bytes()), Err(Error::TooLong));
    assert_eq!(client(&EXAMPLES[1]).step(b"r=\xFF"), Err(Error::Malformed));
    let mut unbegun = ScramClient::new(Hash::Sha1, "a", "b", nonce("c")).unwrap();
    assert_eq!(unbegun.step(b"r=cd,s=eA==,i=4096"), Err(Error::Malformed));
    let few =
        client(&EXAMPLES[1]).with_iterations(1..=10).step(b"r=rOprNGfwEbeRWgbNEkqOx,s=eA==,i=7");
    assert!(few.is_ok());
}

#[test]
fn what_a_client_does_not_take_last() {
    for (challenge, error) in [
        ("", Error::Malformed),
        ("v=", Error::Unproved),
        ("v=7rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=", Error::Unproved),
        ("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95A==", Error::Unproved),
        ("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4", Error::Malformed),
        ("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=,m=x", Error::Extension),
        ("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=,", Error::Malformed),
        ("e=invalid-proof", Error::Refused { reason: "invalid-proof" }),
    ] {
        let mut client = client(&EXAMPLES[1]);
        client.step(EXAMPLES[1].messages[1].as_bytes()).unwrap();
        assert_eq!(client.step(challenge.as_bytes()), Err(error), "{challenge}");
        assert!(!client.is_complete());
        assert_eq!(client.step(EXAMPLES[1].messages[3].as_bytes()), Err(Error::Finished));
    }
}

#[test]
fn what_a_server_does_not_take_first() {
    let bound = || Channel::tls().with_binding(ChannelBinding::TlsExporter([3; 32]));
    for (is_plus, channel, first, error) in [
        (false, bound(), "y,,n=user,r=abc", Error::ChannelBinding),
        (false, bound(), "p=tls-exporter,,n=user,r=abc", Error::ChannelBinding),
        (false, Channel::tls(), "p=tls-exporter,,n=user,r=abc", Error::ChannelBinding),
        (true, bound(), "n,,n=user,r=abc", Error::ChannelBinding),
        (true, bound(), "y,,n=user,r=abc", Error::ChannelBinding),
        (true, bound(), "p=tls-unique,,n=user,r=abc", Error::ChannelBinding),
        (true, bound(), "p=tls-server-end-point,,n=user,r=abc", Error::ChannelBinding),
        (false, bound(), "", Error::Malformed),
        (false, bound(), "n,,n=user", Error::Malformed),
        (false, bound(), "n,,n=\u{AD},r=abc", Error::Malformed),
        (false, bound(), "n,,n=a\u{7}b,r=abc", Error::Malformed),
        (false, bound(), "n,,n=us\0er,r=abc", Error::Malformed),
        (false, bound(), "n,,m=x,n=user,r=abc", Error::Extension),
        (false, bound(), "n,,n=user,r=abc,m=x", Error::Extension),
    ] {
        let setting = setting(channel, "nonce");
        let mut server = if is_plus {
            ScramServer::plus(Hash::Sha256, setting).unwrap()
        } else {
            ScramServer::new(Hash::Sha256, setting)
        };
        assert_eq!(server.step(bytes(first)), Err(error), "{is_plus} {first:?}");
        assert_eq!(server.step(bytes("n,,n=user,r=abc")), Err(Error::Finished));
    }
    let mut server = ScramServer::new(Hash::Sha1, setting(bound(), "nonce"));
    let long = format!("n,,n=user,r={}", "r".repeat(MESSAGE_MAX));
    assert_eq!(server.step(bytes(&long)), Err(Error::TooLong));
    let plus = ScramServer::plus(Hash::Sha1, setting(Channel::tls(), "nonce"));
    assert_eq!(plus.unwrap_err(), Error::ChannelBinding);
    // Nothing to bind to here, and the client has seen it so.
    let mut server = ScramServer::new(Hash::Sha1, setting(Channel::tls(), "nonce"));
    assert!(server.step(bytes("y,,n=user,r=abc")).is_ok());
}

#[test]
fn what_a_server_does_not_take_last() {
    let example = &EXAMPLES[0];
    let good = example.messages[2];
    for (last, error) in [
        (String::new(), Error::Malformed),
        (good.replace("7j,", "7k,"), Error::Nonce),
        (good.replace("3rfc", ""), Error::Nonce),
        (good.replace("biws", "eSws"), Error::ChannelBinding),
        (good.replace("biws", "biwsYQ=="), Error::ChannelBinding),
        (good.replace("p=v", "p=w"), Error::Rejected),
        (good.replace("p=v", "x=y,p=v"), Error::Rejected),
        (good.replace("p=v0X8", "p="), Error::Malformed),
        (good.replace("Ts=", "Ts"), Error::Malformed),
        (good.replace("p=v", "m=y,p=v"), Error::Extension),
        (format!("{good},x=y"), Error::Malformed),
        (good.replace(',', "\0"), Error::Malformed),
    ] {
        let mut server =
            ScramServer::new(example.hash, setting(Channel::plaintext(), example.nonces[1]));
        let salt = STANDARD.decode(example.salt).unwrap();
        let kept = ScramCredentials::from_password(example.hash, "pencil", &salt, 4096).unwrap();
        server.step(bytes(example.messages[0])).unwrap();
        assert_eq!(server.step(bytes(good)), Err(Error::Misplaced));
        assert_eq!(server.answer(Answer::Accept), Err(Error::Misplaced));
        let other = ScramCredentials::from_password(Hash::Sha256, "pencil", &salt, 4096).unwrap();
        assert_eq!(server.answer(Answer::Scram(other)), Err(Error::Misplaced));
        server.answer(Answer::Scram(kept)).unwrap();
        assert_eq!(server.answer(Answer::Reject), Err(Error::Misplaced));
        assert_eq!(server.step(bytes(&last)), Err(error), "{last}");
        assert_eq!(server.step(bytes(good)), Err(Error::Finished));
    }
}

#[test]
fn a_server_ends_with_an_empty_response_only() {
    for response in [Some(&b"x"[..]), None] {
        let (mut client, mut server) = both(Hash::Sha1, Channel::plaintext(), "pencil");
        let last = until_last(&mut client, &mut *server, Some(kept(Hash::Sha1, "pencil")));
        assert!(matches!(server.step(Some(&last.unwrap())), Ok(Progress::Challenge(_))));
        assert_eq!(server.step(response), Err(Error::Malformed));
    }
}

fn both(hash: Hash, channel: Channel, password: &str) -> (ScramClient, Box<dyn ServerMechanism>) {
    let client = ScramClient::new(hash, "user", password, nonce("client")).unwrap();
    let (client, mechanism) = match channel.first_binding() {
        Some(binding) => (client.bound_to(binding.clone()), Mechanism::ScramPlus(hash)),
        None => (client, Mechanism::Scram(hash)),
    };
    (client, mechanism.server(setting(channel, "server")).unwrap())
}

/// The dialogue up to the client's last message.
fn until_last(
    client: &mut ScramClient,
    server: &mut dyn ServerMechanism,
    kept: Option<ScramCredentials>,
) -> Result<Vec<u8>, Error> {
    let first = client.initial_response()?.unwrap();
    let Progress::Question(Question::Scram { .. }) = server.step(Some(first.expose()))? else {
        panic!("a question")
    };
    let answer = kept.map_or(Answer::Reject, Answer::Scram);
    let Progress::Challenge(challenge) = server.answer(answer)? else { panic!("a challenge") };
    Ok(client.step(challenge.expose())?.into_exposed())
}

#[test]
fn channels_are_bound() {
    let exporter = |byte| ChannelBinding::TlsExporter([byte; 32]);
    let end_point = |byte| ChannelBinding::TlsServerEndPoint([byte; 48].into());
    for hash in [Hash::Sha1, Hash::Sha256, Hash::Sha512] {
        for (clients, servers, outcome) in [
            (exporter(1), vec![exporter(1)], Ok(())),
            (exporter(1), vec![end_point(1), exporter(1)], Ok(())),
            (end_point(1), vec![exporter(2), end_point(1)], Ok(())),
            (exporter(1), vec![exporter(2)], Err(Error::ChannelBinding)),
            (end_point(1), vec![exporter(1)], Err(Error::ChannelBinding)),
        ] {
            let channel = servers.into_iter().fold(Channel::tls(), Channel::with_binding);
            let mut client = ScramClient::new(hash, "user", "pencil", nonce("client"))
                .unwrap()
                .bound_to(clients);
            let mut server = Mechanism::ScramPlus(hash).server(setting(channel, "server")).unwrap();
            assert_eq!(client.name(), server.name());
            let seen = until_last(&mut client, &mut *server, Some(kept(hash, "pencil")))
                .and_then(|last| server.step(Some(&last)));
            assert_eq!(seen.map(|_| ()), outcome);
        }
    }
}

#[test]
fn nobody_is_told_from_somebody() {
    let ask = |user: &str, secret: u8, answer: Answer| {
        let setting = Setting::new(Channel::tls(), nonce("n"), Decoy::new([secret; 32]));
        let mut server = ScramServer::new(Hash::Sha256, setting);
        server.step(bytes(&format!("n,,n={user},r=c"))).unwrap();
        let Progress::Challenge(challenge) = server.answer(answer).unwrap() else { panic!() };
        let text = String::from_utf8(challenge.into_exposed()).unwrap();
        let failed = server.step(bytes(&format!("c=biws,r=cn,p={}", STANDARD.encode([0; 32]))));
        (text, failed.unwrap_err())
    };
    let (real, wrong) = ask("user", 1, Answer::Scram(kept(Hash::Sha256, "pencil")));
    let (nobody, refused) = ask("user", 1, Answer::Reject);
    assert_eq!((real.len(), wrong), (nobody.len(), refused));
    assert!(nobody.ends_with(",i=4096"));
    // Always the same, for a name and a server.
    assert_eq!(ask("user", 1, Answer::Reject).0, nobody);
    assert_ne!(ask("users", 1, Answer::Reject).0, nobody);
    assert_ne!(ask("user", 2, Answer::Reject).0, nobody);
    let decoy = Decoy::new([1; 32]).with(10_000, 12).credentials(Hash::Sha1, "user");
    assert_eq!((decoy.iterations(), decoy.salt().len()), (10_000, 12));
    // Not even the one who knows what it is made of gets in.
    let (mut client, mut server) = both(Hash::Sha1, Channel::plaintext(), "pencil");
    let last = until_last(&mut client, &mut *server, None).unwrap();
    assert_eq!(server.step(Some(&last)), Err(Error::Rejected));
}

#[test]
fn names_and_passwords_are_prepared() {
    let (mut client, mut server) = (
        ScramClient::new(Hash::Sha1, "I\u{AD}X,=", "\u{2168}", nonce("c")).unwrap(),
        ScramServer::new(Hash::Sha1, setting(Channel::plaintext(), "s")),
    );
    let first = client.initial_response().unwrap().unwrap();
    assert_eq!(first.expose(), b"n,,n=IX=2C=3D,r=c");
    // The server prepares what comes, and hashes it as it came.
    let as_came = "n,a=b=2C,n=\u{2168},r=c";
    let question = |authzid: Option<&str>, authcid: &str| {
        let (authzid, authcid) = (authzid.map(String::from), authcid.into());
        Ok(Progress::Question(Question::Scram { hash: Hash::Sha1, authzid, authcid }))
    };
    assert_eq!(server.step(bytes(as_came)), question(Some("b,"), "IX"));
    for (user, password, error) in [
        ("", "b", Error::Empty { field: "user name" }),
        ("\u{AD}", "b", Error::Empty { field: "user name" }),
        ("a\u{7}", "b", Error::Prohibited { field: "user name" }),
        ("a\0", "b", Error::Nul { field: "user name" }),
        ("a", "", Error::Empty { field: "password" }),
        ("a", "\u{AD}", Error::Empty { field: "password" }),
        ("a", "\u{1F600}", Error::Prohibited { field: "password" }),
    ] {
        assert_eq!(ScramClient::new(Hash::Sha1, user, password, nonce("c")).unwrap_err(), error);
    }
    assert!(kept(Hash::Sha512, "\u{2168}").has_password("IX"));
}

#[test]
fn credentials_are_kept() {
    for hash in [Hash::Sha1, Hash::Sha256, Hash::Sha512] {
        let made = kept(hash, "pencil");
        let (salt, keys) = (made.salt(), [made.stored_key(), made.server_key()]);
        assert_eq!(keys[0].len(), hash.output_len());
        let again = ScramCredentials::from_parts(hash, salt, 4096, keys[0], keys[1]).unwrap();
        assert!(again.has_password("pencil") && !again.has_password("pencils"));
        assert!(!again.has_password(""));
        let short = ScramCredentials::from_parts(hash, salt, 4096, &keys[0][1..], keys[1]);
        assert_eq!(short.unwrap_err(), Error::Malformed);
        assert!(ScramCredentials::from_parts(hash, b"", 4096, keys[0], keys[1]).is_err());
        assert!(ScramCredentials::from_parts(hash, salt, 0, keys[0], keys[1]).is_err());
    }
    assert!(ScramCredentials::from_password(Hash::Sha1, "", b"salt", 4096).is_err());
    assert!(ScramCredentials::from_password(Hash::Sha1, "a", b"", 4096).is_err());
    assert!(ScramCredentials::from_password(Hash::Sha1, "a", b"salt", 0).is_err());
}

/// RFC 6070, RFC 7914 §11, and what another implementation says of SHA-512.
#[test]
fn the_iterations() {
    let hex = |bytes: &[u8]| bytes.iter().fold(String::new(), |text, b| format!("{text}{b:02x}"));
    for (hash, password, iterations, expected) in [
        (Hash::Sha1, "password", 2, "ea6c014dc72d6f8ccd1ed92ace1d41f0d8de8957"),
        (
            Hash::Sha256,
            "passwd",
            1,
            "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc",
        ),
        (
            Hash::Sha512,
            "passwd",
            4096,
            "6eafdf5b09eb6be3ff08f36c7f45d6e8dd83563079a3dc5905f256a16acd59bc\
             eb5afa9d2f119b6cc14a276ac5d68dca1c4ec1ebb9abc5a29b15e51469e3b8ba",
        ),
    ] {
        let key = hash.hi(password.as_bytes(), b"salt", iterations);
        assert_eq!(hex(key.expose()), expected);
    }
}

#[test]
fn nothing_prints_a_secret() {
    let kept = kept(Hash::Sha1, "pencil");
    let secret = |bytes: &[u8]| format!("{bytes:?}");
    let (stored, key) = (secret(kept.stored_key()), secret(kept.server_key()));
    let (mut client, mut server) = both(Hash::Sha1, Channel::plaintext(), "pencil");
    let before = format!("{client:?} {server:?} {kept:?} {:?}", Decoy::new([111; 32]));
    until_last(&mut client, &mut *server, Some(kept)).unwrap();
    let printed = format!("{before} {client:?} {server:?}");
    let list = |text: &str| text.trim_matches(['[', ']']).to_string();
    for secret in ["pencil", "111", &list(&secret(b"pencil")), &list(&stored), &list(&key)] {
        assert!(!printed.contains(secret), "{secret} in {printed}");
    }
}
