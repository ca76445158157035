//! What holds whatever a server says.

use bytes::{Buf as _, Bytes};
use core::time::Duration;
use mailrail_smtp::{
    Config, Domain, Mailbox, Submission,
    submission::{Envelope, Event, Outcome, TlsPolicy},
};
use mailrail_wire::{Connection as _, Input, Step, Time};
use proptest::prelude::*;

const REPLIES: [&[u8]; 20] = [
    b"220 hi\r\n",
    b"250 ok\r\n",
    b"250 ok\r\n",
    b"250-hi\r\n250-PIPELINING\r\n250 SIZE 100\r\n",
    b"250-hi\r\n250-CHUNKING\r\n250-PIPELINING\r\n250 STARTTLS\r\n",
    b"250-hi\r\n250 LIMITS RCPTMAX=1\r\n",
    b"250 ok\r\n250 ok\r\n250 ok\r\n354 go\r\n",
    b"354 go\r\n",
    b"350 go\r\n",
    b"235 welcome\r\n",
    b"421 bye\r\n",
    b"450 not now\r\n",
    b"452 4.5.3 too many\r\n",
    b"500 what\r\n",
    b"550 no\r\n",
    b"554-no\r\n554 no\r\n",
    b"250 ok\r\n550 no\r\n",
    b"2",
    b"nonsense\r\n",
    b"",
];

/// Runs a talk, and tells what became of the message.
fn run(recipients: usize, draws: &[u8], tls: TlsPolicy, lmtp: bool) -> Option<Vec<Outcome>> {
    let mut config = Config::default();
    config.lmtp = lmtp;
    let host: Domain<'static> = "client.test".parse().unwrap();
    let mut submission = Submission::new(host, tls, config);
    let mut envelope = Envelope::new("ann@north.test".parse::<Mailbox<'_>>().unwrap().into());
    envelope.mail.size = Some(50);
    envelope
        .extend((0..recipients).map(|n| format!("r{n}@s.test").parse::<Mailbox<'_>>().unwrap()));
    submission.send(envelope).unwrap();
    let (mut input, mut now, mut outcomes) = (Input::default(), Time::default(), None);
    let mut draws = draws.iter();
    for _ in 0..1_000 {
        match submission.poll(now, &mut input) {
            Ok(Step::Event) => match submission.event(&mut input).unwrap() {
                Event::WantMessage => match draws.next().copied().unwrap_or(0) % 4 {
                    0 => submission.end_message().unwrap(),
                    1 => submission.last_message(Bytes::from_static(b"x\r\n")).unwrap(),
                    2 => submission.message(Bytes::from_static(b".\r\n")).unwrap(),
                    _ => return submission.abandon("no more of it"),
                },
                Event::Outcome(each) => {
                    assert!(outcomes.is_none(), "it is told twice");
                    outcomes = Some(each);
                    // Where the connection is over already, there is nothing to quit.
                    let _ = submission.quit();
                }
                _ => {}
            },
            Ok(Step::Write { .. }) => {
                let output = submission.output();
                let most = output.remaining();
                output.advance(most);
            }
            Ok(Step::Read { until }) => match draws.next() {
                Some(&draw) => {
                    let reply = REPLIES[usize::from(draw) % REPLIES.len()];
                    if reply.is_empty() {
                        now = until.unwrap_or(now) + Duration::from_secs(1);
                    } else {
                        input.extend(reply);
                    }
                }
                None => input.received(0),
            },
            Ok(Step::Upgrade(_)) => submission.upgraded(),
            Ok(Step::Close) => return outcomes,
            Ok(Step::Answer) => panic!("nothing was asked"),
            Err(error) => {
                assert_eq!(submission.poll(now, &mut input), Err(error));
                return outcomes;
            }
        }
    }
    panic!("it goes on and on");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// Each recipient of a message has one outcome, whatever happens.
    #[test]
    fn each_recipient_has_an_outcome(
        recipients in 1_usize..4,
        // Most talks get past the greeting.
        draws in prop::collection::vec(any::<u8>(), 0..20),
        start in 0_usize..4,
        tls in 0_usize..4,
        lmtp: bool,
    ) {
        let starts: [&[u8]; 4] = [&[], &[0], &[0, 3], &[0, 4]];
        let draws = [starts[start], &draws].concat();
        let tls = [TlsPolicy::None, TlsPolicy::Opportunistic, TlsPolicy::Required, TlsPolicy::Implicit][tls];
        let outcomes = run(recipients, &draws, tls, lmtp);
        prop_assert_eq!(outcomes.map(|outcomes| outcomes.len()), Some(recipients));
    }
}
