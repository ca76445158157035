//! Nothing grows past its limit, whatever the peer does.
#![cfg(test)]

use bytes::Buf as _;
use core::time::Duration;
use mailrail_smtp::{
    Client, Config, Domain, Error, Extensions, Misuse, Reply, ReplyCode, ReversePath, Server,
    client, server,
};
use mailrail_wire::{Connection as _, Input, Step, Time};

const NOW: Time = Time::from_start(Duration::ZERO);

fn host() -> Domain<'static> {
    "mx.test".parse().unwrap()
}

/// Answers and drains a server until it wants more, counting what it said.
fn serve(server: &mut Server, input: &mut Input) -> Result<usize, Error> {
    let mut said = 0;
    loop {
        match server.poll(NOW, input)? {
            Step::Event => match server.event(input)? {
                server::Event::Connected
                | server::Event::Ehlo { .. }
                | server::Event::Helo { .. } => {
                    server.greet(&host()).unwrap();
                }
                server::Event::Message(_) | server::Event::Aborted(_) => {}
                _ => server.accept().unwrap(),
            },
            Step::Write { .. } => {
                said += server.output().remaining();
                let output = server.output();
                output.advance(output.remaining());
            }
            _ => return Ok(said),
        }
    }
}

fn server() -> Server {
    let mut server = Server::new(Extensions::built_in(), Config::default());
    serve(&mut server, &mut Input::default()).unwrap();
    server
}

#[test]
fn an_endless_reply_ends_the_talk() {
    for line in [&b"220-and on\r\n"[..], b"220 and on and on"] {
        let (mut client, mut input) = (Client::new(Config::default()), Input::default());
        let error = loop {
            match client.poll(NOW, &mut input) {
                Ok(Step::Read { .. }) => input.extend(line),
                Ok(step) => panic!("{step:?}"),
                Err(error) => break error,
            }
        };
        assert_eq!(error, Error::ReplyTooLong { limit: 65_536 });
        assert!(input.capacity() <= 2 * (65_536 + 8_192));
    }
}

#[test]
fn an_endless_line_is_not_held() {
    let (mut server, mut input) = (server(), Input::default());
    for _ in 0..1_000 {
        input.extend(&[b'x'; 1_460]);
        assert_eq!(serve(&mut server, &mut input), Ok(0));
        assert!(input.capacity() <= 16 * 1_024);
    }
    input.extend(b"\r\nNOOP\r\n");
    let said = "500 5.5.2 Line too long\r\n250 2.0.0 OK\r\n".len();
    assert_eq!(serve(&mut server, &mut input), Ok(said));
}

#[test]
fn a_peer_that_reads_nothing_is_not_listened_to() {
    let (mut server, mut input) = (server(), Input::default());
    input.extend(&b"NOOP\r\n".repeat(10_000));
    let deadline = NOW + Duration::from_secs(300);
    assert_eq!(server.poll(NOW, &mut input), Ok(Step::Write { until: Some(deadline) }));
    assert!(server.output().len() <= 4_096 + 100);
    assert!(input.bytes().len() > 50_000);
    // It is not waited for longer either.
    let last = deadline + Duration::from_secs(5);
    assert_eq!(server.poll(deadline, &mut input), Ok(Step::Write { until: Some(last) }));
    assert_eq!(server.poll(last, &mut input), Err(Error::TimedOut));
    assert_eq!(server.poll(last, &mut input), Err(Error::TimedOut));
}

#[test]
fn a_goodbye_is_not_waited_for_long() {
    let (mut server, mut input) = (server(), Input::default());
    input.extend(b"QUIT\r\n");
    assert_eq!(server.poll(NOW, &mut input), Ok(Step::Event));
    assert_eq!(server.event(&mut input), Ok(server::Event::Quit));
    server.accept().unwrap();
    let last = NOW + Duration::from_secs(5);
    assert_eq!(server.poll(NOW, &mut input), Ok(Step::Write { until: Some(last) }));
    assert_eq!(server.poll(last, &mut input), Ok(Step::Close));
}

#[test]
fn clients_that_do_not_wait_are_told_so() {
    let mut config = Config::default();
    config.strict_pipelining = true;
    let mut offer = Extensions::built_in();
    let mut talk = |pipelining, said: &[&[u8]]| {
        offer.pipelining = pipelining;
        let (mut server, mut input) =
            (Server::new(offer.clone(), config.clone()), Input::default());
        said.iter().try_for_each(|bytes| {
            input.extend(bytes);
            serve(&mut server, &mut input).map(drop)
        })
    };
    let group: &[u8] = b"MAIL FROM:<>\r\nRCPT TO:<a@b>\r\nDATA\r\n";
    assert_eq!(talk(true, &[b"", b"EHLO a\r\n", group, b".\r\n"]), Ok(()));
    for (pipelining, said) in [
        (true, &[&b"EHLO a\r\n"[..]][..]),
        (true, &[b"", b"EHLO a\r\nNOOP\r\n"]),
        (true, &[b"", b"EHLO a\r\n", b"NOOP\r\nN"]),
        (true, &[b"", b"EHLO a\r\n", group, b"\r\n.\r\nQUIT\r\n."]),
        (true, &[b"", b"HELO a\r\n", group]),
        (false, &[b"", b"EHLO a\r\n", group]),
        (true, &[b"", b"POST / HTTP/1.1\r\nHost: a\r\n"]),
    ] {
        assert_eq!(talk(pipelining, said), Err(Error::Pipelined), "{said:?}");
    }
}

/// 25 MiB in chunks of 1 MiB.
#[test]
fn large_chunks_pass_through_a_small_buffer() {
    let mut offer = Extensions::built_in();
    offer.chunking = true;
    let (mut server, mut input) = (Server::new(offer, Config::default()), Input::default());
    input.extend(b"EHLO a\r\nMAIL FROM:<>\r\nRCPT TO:<a@b>\r\n");
    serve(&mut server, &mut input).unwrap();
    let line = format!("{}\r\n", "x".repeat(62));
    let (block, mut got) = (line.repeat(64), 0);
    for chunk in 1..=25 {
        let last = if chunk == 25 { " LAST" } else { "" };
        input.extend(format!("BDAT 1048576{last}\r\n").as_bytes());
        for _ in 0..256 {
            input.extend(block.as_bytes());
            while server.poll(NOW, &mut input) == Ok(Step::Event) {
                match server.event(&mut input).unwrap() {
                    server::Event::Message(piece) => got += piece.len(),
                    _ => server.accept().unwrap(),
                }
            }
            *server.output() = Default::default();
            assert!(input.capacity() <= 16 * 1_024);
        }
    }
    assert_eq!(got, 25 << 20);
}

#[test]
fn a_large_message_passes_through_a_small_buffer() {
    let (mut server, mut input) = (server(), Input::default());
    input.extend(b"EHLO a\r\nMAIL FROM:<>\r\nRCPT TO:<a@b>\r\nDATA\r\n");
    serve(&mut server, &mut input).unwrap();
    let block = b"A line of text, as long as lines are in mail that people write.\r\n".repeat(40);
    let mut got = 0;
    for _ in 0..10_000 {
        input.extend(&block);
        while server.poll(NOW, &mut input) == Ok(Step::Event) {
            match server.event(&mut input) {
                Ok(server::Event::Message(piece)) => got += piece.len(),
                event => panic!("{event:?}"),
            }
        }
        assert!(input.capacity() <= 16 * 1_024 && server.output().is_empty());
    }
    input.extend(b".\r\n");
    assert_eq!(serve(&mut server, &mut input), Ok("250 2.6.0 Message accepted\r\n".len()));
    assert_eq!(got, 10_000 * block.len());
}

#[test]
fn pipelining_stays_within_its_window() {
    let (mut client, mut input) = (Client::new(Config::default()), Input::default());
    client.ehlo(host()).unwrap();
    client.mail(ReversePath::Null).unwrap();
    for n in 0..500 {
        let mailbox: mailrail_smtp::Mailbox<'_> = format!("user{n}@b.test").parse().unwrap();
        client.rcpt(mailbox).unwrap();
    }
    client.data().unwrap();
    input.extend(b"220 a\r\n");
    let (mut sent, mut most, mut events) = (0_usize, 0, 0);
    loop {
        match client.poll(NOW, &mut input).unwrap() {
            Step::Event => match client.event(&mut input).unwrap() {
                client::Event::Reply { .. } => events += 1,
                event => {
                    assert_eq!(event, client::Event::WantMessage);
                    break;
                }
            },
            Step::Write { .. } => {
                let output = client.output();
                let bytes = output.copy_to_bytes(output.remaining());
                sent += bytes.iter().filter(|&&byte| byte == b'\n').count();
                most = most.max(sent + 1 - events);
            }
            // One reply for one command, no sooner than all of them are out.
            Step::Read { .. } => match events {
                1 => input.extend(b"250-a\r\n250 PIPELINING\r\n"),
                503 => input.extend(b"354 a\r\n"),
                _ => input.extend(b"250 a\r\n"),
            },
            step => panic!("{step:?}"),
        }
    }
    assert_eq!((sent, events, most), (503, 504, 64));
}

#[test]
fn what_is_idle_is_small() {
    let (mut server, mut input) = (server(), Input::default());
    input.extend(b"EHLO a\r\n");
    serve(&mut server, &mut input).unwrap();
    input.release();
    assert_eq!(input.capacity(), 0);
    println!("Server: {} bytes, Client: {} bytes", size_of::<Server>(), size_of::<Client>());
    assert!(size_of::<Server>() <= 768 && size_of::<Client>() <= 768);
}

#[test]
fn a_server_shuts_down_at_any_time() {
    let words = Reply::new(ReplyCode::UNAVAILABLE, "Shutting down");
    let (mut server, mut input) = (server(), Input::default());
    let unfit = Misuse::UnfitReply { code: ReplyCode::OK };
    assert_eq!(server.shut_down(&Reply::new(ReplyCode::OK, "")), Err(unfit));
    input.extend(b"EHLO a\r\nMAIL FROM:<>\r\nRCPT TO:<a@b>\r\nDATA\r\ntext\r\n");
    serve(&mut server, &mut input).unwrap();
    server.shut_down(&words).unwrap();
    assert_eq!(server.output().chunk(), b"421 Shutting down\r\n");
    input.extend(b".\r\n");
    assert_eq!(serve(&mut server, &mut input), Ok("421 Shutting down\r\n".len()));
    assert_eq!(server.poll(NOW, &mut input), Ok(Step::Close));
    assert_eq!(server.shut_down(&words), Err(Misuse::OutOfTurn { call: "shut_down" }));
}

#[test]
fn what_is_out_of_turn_changes_nothing() {
    let mut client = Client::new(Config::default());
    let out = |call| Err(Misuse::OutOfTurn { call });
    let bob: mailrail_smtp::Mailbox<'_> = "bob@b.test".parse().unwrap();
    assert_eq!(client.rcpt(bob.clone()), out("rcpt"));
    assert_eq!(client.data(), out("data"));
    client.mail(ReversePath::Null).unwrap();
    assert_eq!(client.data(), out("data"));
    assert_eq!(client.message(bytes::Bytes::from("a")), out("message"));
    assert_eq!(client.end_message(), out("end_message"));
    assert_eq!(client.authenticate_response(b""), out("authenticate_response"));
    assert_eq!(client.cancel_authentication(), out("cancel_authentication"));
    client.rcpt(bob).unwrap();
    client.data().unwrap();
    assert_eq!(client.quit(), out("quit"));
    assert_eq!(client.event(&mut Input::default()), Err(Error::NoEvent));

    let mut server = server();
    assert_eq!(server.accept(), out("accept"));
    assert_eq!(server.greet(&host()), out("greet"));
    assert_eq!(server.challenge(b""), out("challenge"));
    assert_eq!(server.reply(&Reply::new(ReplyCode::OK, "")), out("reply"));
    assert_eq!(server.event(&mut Input::default()), Err(Error::NoEvent));
}

/// A client that is asked for a message.
fn sending() -> (Client, Input) {
    let (mut client, mut input) = (Client::new(Config::default()), Input::default());
    client.mail(ReversePath::Null).unwrap();
    client.rcpt(mailrail_smtp::ForwardPath::Postmaster).unwrap();
    client.data().unwrap();
    let mut replies = [&b"220 a\r\n"[..], b"250 a\r\n", b"250 a\r\n", b"354 a\r\n"].into_iter();
    loop {
        match client.poll(NOW, &mut input).unwrap() {
            Step::Event => {
                if client.event(&mut input) == Ok(client::Event::WantMessage) {
                    return (client, input);
                }
            }
            Step::Write { .. } => {
                let output = client.output();
                output.advance(output.remaining());
            }
            _ => input.extend(replies.next().unwrap()),
        }
    }
}

#[test]
fn a_server_that_hangs_up_within_a_message_is_heard() {
    let mut seen = Vec::new();
    for words in [&b"552 5.3.4 Too large\r\n"[..], b"421 Busy\r\n", b"250 OK\r\n", b"55", b""] {
        let (mut client, mut input) = sending();
        client.message(bytes::Bytes::from("text\r\n")).unwrap();
        input.extend(words);
        input.received(0);
        let event = match client.poll(NOW, &mut input) {
            Ok(Step::Event) => Some(format!("{:?}", client.event(&mut input).unwrap())),
            _ => None,
        };
        seen.push((event, client.poll(NOW, &mut input)));
    }
    let refused = "Reply { command: Message, reply: Reply(552 5.3.4 Too large) }";
    assert_eq!(
        seen,
        [
            (Some(refused.to_owned()), Err(Error::Closed)),
            (Some("Closing(Reply(421 Busy))".to_owned()), Ok(Step::Close)),
            (None, Err(Error::Closed)),
            (None, Err(Error::Closed)),
            (None, Err(Error::Closed)),
        ]
    );
}
