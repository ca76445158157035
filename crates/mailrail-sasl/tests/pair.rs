#![cfg(test)]
//! Both sides of every mechanism against each other, as a protocol has them talk.

use mailrail_sasl::{
    Answer, Authenticator, Channel, ChannelBinding, ClientMechanism, Credentials, Error, Mechanism,
    Nonce, Progress, Question, ServerMechanism, Setting,
    scram::{Decoy, Hash, ScramCredentials},
};
use proptest::prelude::*;

/// What a server knows of one user.
#[derive(Debug, Clone)]
struct Account {
    user: String,
    password: String,
    /// Whom the user may act as.
    other: Option<String>,
}

impl Account {
    fn is_allowed(&self, authzid: Option<&str>) -> bool {
        authzid.is_none_or(|authzid| Some(authzid) == self.other.as_deref())
    }

    fn answer(&self, question: Question) -> Answer {
        let decide = |yes| if yes { Answer::Accept } else { Answer::Reject };
        match question {
            Question::Password(claim) => {
                let is_user = claim.authcid == self.user && claim.has_password(&self.password);
                decide(is_user && self.is_allowed(claim.authzid.as_deref()))
            }
            Question::Secret { authcid } if authcid == self.user => {
                Answer::Password(self.password.clone().into())
            }
            Question::Scram { hash, authzid, authcid }
                if authcid == self.user && self.is_allowed(authzid.as_deref()) =>
            {
                let salt = b"a salt that is random";
                Answer::Scram(
                    ScramCredentials::from_password(hash, &self.password, salt, 5).unwrap(),
                )
            }
            Question::Token(claim) => {
                let whose = claim.authzid.unwrap();
                let is_one = whose == self.user || self.is_allowed(Some(&whose));
                decide(is_one && *claim.token.expose() == self.password)
            }
            Question::External { authzid } => decide(self.is_allowed(authzid.as_deref())),
            Question::Anonymous { trace } => decide(trace.as_deref() == Some(&self.user)),
            _ => Answer::Reject,
        }
    }
}

fn client(of: &Account, mechanism: Mechanism, channel: &Channel) -> Box<dyn ClientMechanism> {
    let Account { user, password, other } = of;
    let mut credentials = match mechanism {
        Mechanism::OAuthBearer | Mechanism::XOAuth2 => {
            Credentials::token(user, password).unwrap().for_server("mail.example", 993)
        }
        Mechanism::External => Credentials::external(),
        Mechanism::Anonymous => Credentials::anonymous(user),
        _ => Credentials::password(user, password).unwrap(),
    };
    if let Some(other) = other {
        credentials = credentials.acting_as(other).unwrap();
    }
    let nonce = Nonce::from_random(&[1; 18]);
    let mut from = Authenticator::new(credentials, nonce).allow_cram_md5().with_iterations(1..=9);
    let chosen = from.choose(["X-OTHER", mechanism.name()], channel).unwrap();
    assert_eq!(chosen.name(), mechanism.name());
    chosen
}

fn server(mechanism: Mechanism, channel: &Channel) -> Box<dyn ServerMechanism> {
    let nonce = Nonce::from_random(&[2; 18]);
    let decoy = Decoy::new([3; 32]).with(5, 20);
    mechanism.server(Setting::new(channel.clone(), nonce, decoy)).unwrap()
}

/// Has them talk to the end: how many challenges there were, or who gave up and why.
fn talk(
    client: &mut dyn ClientMechanism,
    server: &mut dyn ServerMechanism,
    account: &Account,
    with_initial: bool,
) -> Result<usize, Error> {
    let mut initial = client.initial_response()?;
    let mut response = initial.take_if(|_| with_initial);
    let mut challenges = 0;
    loop {
        let mut progress = server.step(response.as_ref().map(|it| &it.expose()[..]))?;
        if let Progress::Question(question) = progress {
            progress = server.answer(account.answer(question))?;
        }
        match progress {
            Progress::Challenge(challenge) => {
                challenges += 1;
                // As the protocols do: what could not go with the command answers an empty one.
                response = Some(match initial.take() {
                    Some(initial) if challenge.expose().is_empty() => initial,
                    _ => client.step(challenge.expose())?,
                });
            }
            Progress::Done => {
                assert!(client.is_complete());
                return Ok(challenges);
            }
            other => panic!("{other:?}"),
        }
    }
}

fn channels() -> impl Strategy<Value = Channel> {
    prop_oneof![
        any::<[u8; 32]>().prop_map(ChannelBinding::TlsExporter),
        any::<[u8; 48]>().prop_map(|hash| ChannelBinding::TlsServerEndPoint(hash.into())),
    ]
    .prop_map(|binding| Channel::tls().with_binding(binding))
}

/// A server offers the mechanism without `-PLUS` alone only where there is nothing to bind to.
fn over(mechanism: Mechanism, channel: Channel) -> Channel {
    if matches!(mechanism, Mechanism::Scram(_)) { Channel::tls() } else { channel }
}

const fn can_act(mechanism: Mechanism) -> bool {
    use Mechanism::{Anonymous, CramMd5, Login, XOAuth2};
    !matches!(mechanism, Anonymous | CramMd5 | Login | XOAuth2)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn who_has_the_password_gets_in(
        mechanism in prop::sample::select(&Mechanism::ALL[..]),
        channel in channels(),
        user in "[!-~\u{E9}\u{4E00}]{1,20}",
        password in "[!-~]{1,30}",
        other in prop::option::of("[ -~\u{E9}]{1,20}"),
        with_initial in any::<bool>(),
    ) {
        let channel = over(mechanism, channel);
        let other = other.filter(|_| can_act(mechanism));
        let account = Account { user, password, other };
        let (mut client, mut server) = (client(&account, mechanism, &channel), server(mechanism, &channel));
        let challenges = talk(&mut *client, &mut *server, &account, with_initial);
        let (fewest, server_first) = match mechanism {
            Mechanism::ScramPlus(_) | Mechanism::Scram(_) => (2, false),
            Mechanism::Login => (2, true),
            Mechanism::CramMd5 => (1, true),
            _ => (0, false),
        };
        prop_assert_eq!(challenges, Ok(fewest + usize::from(!server_first && !with_initial)));
    }

    #[test]
    fn nobody_else_does(
        mechanism in prop::sample::select(&Mechanism::ALL[..]),
        channel in channels(),
        password in "[a-z]{1,9}",
        wrong in 0..3,
        with_initial in any::<bool>(),
    ) {
        let good = Account { user: "user".into(), password, other: None };
        let channel = over(mechanism, channel);
        let mut bad = good.clone();
        match wrong {
            0 if can_act(mechanism) => bad.other = Some("root".into()),
            1 if mechanism != Mechanism::Anonymous => bad.password.push('x'),
            _ => bad.user.push('x'),
        }
        if mechanism == Mechanism::External {
            bad.other = Some("root".into());
        }
        let (mut client, mut server) = (client(&bad, mechanism, &channel), server(mechanism, &channel));
        let outcome = talk(&mut *client, &mut *server, &good, with_initial);
        prop_assert_eq!(outcome, Err(Error::Rejected));
        let is_scram = matches!(mechanism, Mechanism::ScramPlus(_) | Mechanism::Scram(_));
        prop_assert!(!is_scram || !client.is_complete());
    }

    #[test]
    fn a_server_without_the_password_is_not_believed(
        hash in prop::sample::select(&[Hash::Sha1, Hash::Sha256, Hash::Sha512][..]),
        forged in prop::option::of(prop::collection::vec(any::<u8>(), 0..80)),
    ) {
        let account = Account { user: "user".into(), password: "pencil".into(), other: None };
        let mut client = client(&account, Mechanism::Scram(hash), &Channel::tls());
        let mut server = server(Mechanism::Scram(hash), &Channel::tls());
        let first = client.initial_response().unwrap().unwrap();
        server.step(Some(first.expose())).unwrap();
        let Ok(Progress::Challenge(challenge)) = server.answer(Answer::Reject) else { panic!() };
        client.step(challenge.expose()).unwrap();
        let last = forged.unwrap_or_else(|| b"v=AAAAAAAAAAAAAAAAAAAAAAAAAAA=".to_vec());
        prop_assert!(client.step(&last).is_err());
        prop_assert!(!client.is_complete());
    }

    #[test]
    fn a_channel_with_somebody_in_between_is_noticed(
        hash in prop::sample::select(&[Hash::Sha1, Hash::Sha256, Hash::Sha512][..]),
        one in channels(),
        other in channels(),
    ) {
        prop_assume!(one != other);
        let account = Account { user: "user".into(), password: "pencil".into(), other: None };
        let mut client = client(&account, Mechanism::ScramPlus(hash), &one);
        let mut server = server(Mechanism::ScramPlus(hash), &other);
        let outcome = talk(&mut *client, &mut *server, &account, true);
        prop_assert_eq!(outcome, Err(Error::ChannelBinding));
        // Or the mechanism is taken from the offer on the way.
        let credentials = Credentials::password("user", "pencil").unwrap();
        let mut from = Authenticator::new(credentials, Nonce::from_random(&[1; 18]));
        let plain = Mechanism::Scram(hash);
        let mut client = from.choose([plain.name()], &one).unwrap();
        let mut server = plain.server(Setting::new(
            one,
            Nonce::from_random(&[2; 18]),
            Decoy::new([3; 32]),
        )).unwrap();
        let outcome = talk(&mut *client, &mut *server, &account, true);
        prop_assert_eq!(outcome, Err(Error::ChannelBinding));
    }

    /// Any messages end without a panic, and let nobody in.
    #[test]
    fn any_messages_are_taken_or_refused(
        mechanism in prop::sample::select(&Mechanism::ALL[..]),
        channel in channels(),
        messages in prop::collection::vec(
            prop::option::of(prop_oneof!["[nrsicpvaem=,.4 \u{1}]{0,30}".prop_map(String::into_bytes), any::<Vec<u8>>()]),
            1..4,
        ),
    ) {
        let channel = over(mechanism, channel);
        let account = Account { user: "nobody".into(), password: "pencil".into(), other: None };
        let (mut client, mut server) = (client(&account, mechanism, &channel), server(mechanism, &channel));
        for message in &messages {
            let _ = client.step(message.as_deref().unwrap_or_default());
            if let Ok(Progress::Question(_)) = server.step(message.as_deref()) {
                prop_assert!(!matches!(server.answer(Answer::Reject), Ok(Progress::Done)));
            }
        }
        let printed = format!("{client:?}");
        prop_assert!(!printed.contains("pencil"));
    }
}
