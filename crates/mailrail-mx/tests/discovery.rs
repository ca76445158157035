//! What a domain offers its users, as a name server in memory tells it.
#![cfg(test)]

extern crate alloc;

use alloc::collections::VecDeque;
use bytes::Buf;
use hickory_proto::{
    op::{Message, MessageType, ResponseCode},
    rr::{Name, RData, Record, RecordType, rdata::SRV},
};
use mailrail_mx::{Config, Discovery, Error, InvalidDomain, Service, Services, discovery::Event};
use mailrail_wire::{Connection, Input, Step, Time};

/// `_service priority weight port target`, a line each; a code where it begins with `!`.
fn discover(zone: &str, services: &[Service]) -> Result<Services, Error> {
    let mut discovery =
        Discovery::new("Example.test.", services, [5; 16], Config::default()).unwrap();
    let (mut input, now, mut answers) = (Input::default(), Time::default(), VecDeque::new());
    loop {
        match discovery.poll(now, &mut input)? {
            Step::Write { .. } => {
                let question = discovery.output().chunk().to_vec();
                discovery.output().advance(question.len());
                answers.push_back(answer(zone, &question));
            }
            Step::Read { .. } => input.extend(&answers.pop_back().unwrap()),
            Step::Event => {
                let Event::Services(found) = discovery.event(&mut input)? else { panic!() };
                assert_eq!(discovery.event(&mut input), Err(Error::NoEvent));
                assert_eq!(discovery.poll(now, &mut input), Ok(Step::Close));
                return Ok(found);
            }
            step => panic!("not expected: {step:?}"),
        }
    }
}

fn answer(zone: &str, question: &[u8]) -> Vec<u8> {
    let mut message = Message::from_vec(question).unwrap();
    message.metadata.message_type = MessageType::Response;
    message.metadata.authentic_data = true;
    let asked = message.queries[0].clone();
    assert_eq!(asked.query_type(), RecordType::SRV);
    let name = asked.name().to_lowercase().to_ascii();
    let service = name.strip_suffix("._tcp.example.test.").unwrap();
    message.metadata.response_code = ResponseCode::NXDomain;
    for line in zone.lines() {
        let words = line.split_whitespace().collect::<Vec<_>>();
        if words[0] == service {
            message.metadata.response_code = ResponseCode::NoError;
            let number = |at: usize| words[at].parse::<u16>().unwrap();
            let target = Name::from_ascii(words[4]).unwrap();
            let data = RData::SRV(SRV::new(number(1), number(2), number(3), target));
            message.add_answer(Record::from_rdata(asked.name().clone(), 300, data));
        } else if words[0].strip_prefix('!') == Some(service) {
            message.metadata.response_code = ResponseCode::ServFail;
        }
    }
    message.to_vec().unwrap()
}

fn shown(found: &Services) -> Vec<String> {
    let offer = |offer: &mailrail_mx::Offer| {
        assert!(offer.authenticated && offer.is_below("example.test"));
        format!("{} {:?} {} {}", offer.priority, offer.service, offer.host, offer.port)
    };
    found.offers.iter().map(offer).collect()
}

/// The examples of RFC 6186 §3.4.
#[test]
fn the_rfcs_examples() {
    let found = discover(
        "_imap 0 1 143 imap.Example.test.\n_pop3 10 1 110 pop3.example.test.",
        &[Service::Pop3, Service::Imap],
    );
    let found = found.unwrap();
    assert_eq!(shown(&found), ["0 Imap imap.example.test 143", "10 Pop3 pop3.example.test 110"]);
    assert!(found.absent.is_empty() && found.failed.is_empty());

    let found = discover(
        "_imap 0 0 0 .\n_imaps 0 1 993 imap.example.test.\n_pop3 0 0 0 .\n\
         _pop3s 10 1 995 pop3.example.test.",
        &Service::ALL,
    );
    let found = found.unwrap();
    assert_eq!(shown(&found), ["0 Imaps imap.example.test 993", "10 Pop3s pop3.example.test 995"]);
    assert_eq!(found.absent, [Service::Imap, Service::Pop3]);
}

#[test]
fn the_order_to_try() {
    let zone = "_submission 0 1 587 a.example.test.\n_submissions 0 0 465 b.example.test.\n\
                _submissions 0 65535 465 c.example.test.\n_submissions 5 0 465 d.example.test.\n\
                _submissions 0 0 465 192.0.2.1.";
    let found = discover(zone, &[Service::Submissions, Service::Submission]).unwrap();
    assert_eq!(
        shown(&found),
        [
            "0 Submissions c.example.test 465",
            "0 Submissions b.example.test 465",
            "0 Submission a.example.test 587",
            "5 Submissions d.example.test 465"
        ]
    );
    assert!(found.offers[0].service.has_implicit_tls());
    let turned = discover(zone, &[Service::Submission, Service::Submissions]).unwrap();
    assert_eq!(shown(&turned)[0], "0 Submission a.example.test 587");
}

#[test]
fn failures() {
    let zone = "!_imap\n_imaps 0 0 993 a.example.test.";
    let found = discover(zone, &[Service::Imap, Service::Imaps]).unwrap();
    assert_eq!(shown(&found), ["0 Imaps a.example.test 993"]);
    assert_eq!(found.failed, [(Service::Imap, Error::ServerFailed { code: 2 })]);
    assert!(found.holds.is_zero());
    assert_eq!(discover(zone, &[Service::Imap]), Err(Error::ServerFailed { code: 2 }));
    // That there is nothing is no failure; nor is nothing asked for.
    assert_eq!(discover("", &Service::ALL), Ok(Services::default()));
    assert_eq!(discover("", &[]), Ok(Services::default()));
    let invalid = Discovery::new("a..b", &Service::ALL, [0; 16], Config::default());
    assert_eq!(invalid.unwrap_err(), InvalidDomain::Label);
}
