//! Any bytes as the messages of every mechanism, to both sides: nobody gets in who has not shown
//! what it takes, no server is believed that has not either, and nothing prints a secret.

#![no_main]

use libfuzzer_sys::{arbitrary, fuzz_target};
use mailrail_sasl::{
    Answer, Authenticator, Channel, ChannelBinding, Claim, ClientMechanism, Credentials, Error,
    Mechanism, Nonce, PlainClient, Progress, Question, Setting,
    scram::{Decoy, Hash, ScramCredentials},
};
use std::sync::LazyLock;

const SECRET: &str = "tanstaaftanstaaf";

static KEPT: LazyLock<Vec<ScramCredentials>> = LazyLock::new(|| {
    let make = |hash| ScramCredentials::from_password(hash, SECRET, &[7; 16], 4096);
    [Hash::Sha1, Hash::Sha256, Hash::Sha512].map(|hash| make(hash).expect("a password")).into()
});

#[derive(Debug, arbitrary::Arbitrary)]
struct Talk {
    mechanism: u8,
    is_bound: bool,
    is_known: bool,
    messages: Vec<Option<Vec<u8>>>,
}

impl Talk {
    fn mechanism(&self) -> Mechanism {
        Mechanism::ALL[usize::from(self.mechanism) % Mechanism::ALL.len()]
    }

    fn channel(&self) -> Channel {
        let channel = Channel::tls();
        if self.is_bound {
            channel.with_binding(ChannelBinding::TlsExporter([3; 32]))
        } else {
            channel
        }
    }

    /// Whether the client has shown the secret, and the answer to the question.
    fn judge(&self, question: &Question, message: &[u8]) -> (bool, Answer) {
        let decide = |yes: bool| (yes, if yes { Answer::Accept } else { Answer::Reject });
        match question {
            Question::Password(claim) => {
                if self.mechanism() == Mechanism::Plain {
                    says_so(claim, message);
                }
                decide(self.is_known && claim.has_password(SECRET))
            }
            Question::Token(claim) => decide(self.is_known && claim.token.expose() == SECRET),
            Question::External { .. } | Question::Anonymous { .. } => decide(self.is_known),
            Question::Scram { hash, authcid, .. } => {
                assert!(!authcid.is_empty());
                let kept = KEPT.iter().find(|kept| kept.hash() == *hash).expect("all are there");
                let answer =
                    if self.is_known { Answer::Scram(kept.clone()) } else { Answer::Reject };
                (false, answer)
            }
            _ if self.is_known => (false, Answer::Password(SECRET.to_owned().into())),
            _ => decide(false),
        }
    }

    fn server(&self) {
        let nonce = Nonce::new("3rfcNHYJY1ZVvWVs7j").expect("printable");
        let setting = Setting::new(self.channel(), nonce, Decoy::new([9; 32]));
        let Ok(mut server) = self.mechanism().server(setting) else {
            return assert!(!self.is_bound);
        };
        let mut has_shown = false;
        for message in &self.messages {
            let message = message.as_deref();
            let mut progress = server.step(message);
            if let Ok(Progress::Question(question)) = &progress {
                assert_eq!(server.step(message), Err(Error::Misplaced));
                let (shown, answer) = self.judge(question, message.unwrap_or_default());
                has_shown = shown;
                progress = server.answer(answer);
            }
            assert!(!format!("{server:?}").contains(SECRET));
            match progress {
                Ok(Progress::Challenge(_)) => {}
                // Nobody finds a digest here in all the time there is.
                Ok(Progress::Done) => return assert!(has_shown),
                Ok(_) => panic!("one question"),
                Err(_) => {
                    assert!(server.answer(Answer::Accept).is_err());
                    return assert!(server.step(message).is_err());
                }
            }
        }
    }

    fn client(&self) {
        let user = "tim";
        let credentials = match self.mechanism() {
            Mechanism::OAuthBearer | Mechanism::XOAuth2 => Credentials::token(user, SECRET),
            Mechanism::External => Ok(Credentials::external()),
            Mechanism::Anonymous => Ok(Credentials::anonymous("sirhc")),
            _ => Credentials::password(user, SECRET),
        }
        .expect("they can be carried");
        let nonce = Nonce::new("fyko+d2lbbFgONRv9qkxdawL").expect("printable");
        let mut from =
            Authenticator::new(credentials, nonce).allow_cram_md5().with_iterations(1..=99);
        let Ok(mut client) = from.choose([self.mechanism().name()], &self.channel()) else {
            return assert!(!self.is_bound);
        };
        if self.is_known {
            client.initial_response().expect("the first");
        }
        let is_scram = client.name().starts_with("SCRAM");
        for challenge in self.messages.iter().flatten() {
            let response = client.step(challenge);
            assert!(!format!("{client:?}").contains(SECRET));
            assert!(!is_scram || !client.is_complete());
            if response.is_err() {
                break;
            }
        }
    }
}

/// The client that claims the same says the same.
fn says_so(claimed: &Claim, message: &[u8]) {
    let Claim { authzid, authcid, password, .. } = claimed;
    let mut client = match authzid {
        Some(authzid) => PlainClient::acting_as(authzid, authcid, password.expose()),
        None => PlainClient::new(authcid, password.expose()),
    }
    .expect("what was read can be said");
    let said = client.initial_response().expect("the first").expect("PLAIN speaks first");
    assert_eq!(said.expose(), message);
    assert!(client.is_complete());
}

fuzz_target!(|talk: Talk| {
    talk.server();
    talk.client();
});
