#![cfg(test)]
//! `kill -9` of the server right after a 250 to DATA, at random moments in a load: every message
//! that was acknowledged is there exactly once, and so is the report of it that some senders want.
#![expect(clippy::std_instead_of_core, reason = "a test has an operating system under it")]

mod support;

use mailrail_examples::{
    drive::{
        Clock,
        blocking::{Link, Stream},
    },
    store::Store,
};
use mailrail_smtp::{
    Client, Config, Domain, EnvelopeId, Mailbox, Notify,
    client::{Event, Verb},
    command::{Mail, Rcpt},
};
use std::{
    collections::HashMap,
    env,
    net::{SocketAddr, TcpStream},
    sync::mpsc::{Sender, channel},
    thread,
    time::{Duration, Instant},
};
use support::{Result, folder::Folder, program::Server};

const SERVER: &str = env!("CARGO_BIN_EXE_mailrail-server");
const BOB: &str = "bob@south.test";
const SENDERS: usize = 4;
/// How often the server is killed; CI says 200.
const KILLS: &str = "MAILRAIL_KILLS";

/// Sends messages until the server is gone; tells the number of each that was acknowledged.
fn send(
    addr: SocketAddr,
    numbers: impl Iterator<Item = u64>,
    acknowledged: &Sender<u64>,
) -> Result {
    let stream = Stream::new(TcpStream::connect(addr)?, None);
    let mut link = Link::new(Client::new(Config::default()), stream, Clock::start());
    let host: Domain<'_> = "client.test".parse()?;
    let [from, to]: [Mailbox<'static>; 2] = ["alice@north.test".parse()?, BOB.parse()?];
    let mut numbers = numbers.peekable();
    let mut sent = false;
    while let Some((event, smtp)) = link.next_event()? {
        match event {
            Event::Reply { command, reply } if !reply.is_positive() => {
                return Err(format!("{command:?}: {reply}").into());
            }
            Event::Reply { command: Verb::Greeting, .. } => smtp.ehlo(host.clone())?,
            Event::Reply { command: command @ (Verb::Ehlo | Verb::Message), .. } => {
                if command == Verb::Message
                    && let Some(number) = numbers.next()
                {
                    acknowledged.send(number)?;
                }
                sent = false;
                let number = *numbers.peek().ok_or("no number")?;
                let (mut mail, mut rcpt) = (Mail::from(from.clone()), Rcpt::from(to.clone()));
                if is_reported(number) {
                    mail = Mail::from(to.clone());
                    mail.envelope_id = Some(EnvelopeId::new(number.to_string())?);
                    rcpt.notify = Some(Notify { success: true, ..Notify::NEVER });
                }
                smtp.mail(mail)?;
                smtp.rcpt(rcpt)?;
                smtp.data()?;
            }
            Event::WantMessage if sent => smtp.end_message()?,
            Event::WantMessage => {
                let number = numbers.peek().ok_or("no number")?;
                // Some are so large that they go to the disk in pieces.
                let size = if number % 7 == 0 { 150_000 } else { 500 };
                let body = "a line of text\r\n".repeat(size / 16);
                smtp.message(format!("Subject: {number}\r\n\r\n{body}").into())?;
                sent = true;
            }
            _ => {}
        }
    }
    Ok(())
}

/// Whether the sender of that message wants to know of its delivery.
const fn is_reported(number: u64) -> bool {
    number.is_multiple_of(3)
}

/// How often each message is there, by the number in its subject, and the report of it.
#[derive(Debug, Default, PartialEq)]
struct Seen {
    messages: HashMap<u64, u32>,
    reports: HashMap<u64, u32>,
}

/// Counts the messages with a UID over `after`; tells the last UID.
async fn count(folder: &Folder, after: u32, seen: &mut Seen) -> Result<u32> {
    let store = open(folder).await?;
    let inbox = store.examine(BOB, "INBOX").await?;
    for message in inbox.messages.iter().filter(|message| message.uid > after) {
        let reader = store.read_message(inbox.state.id, message.uid).await?;
        let text = reader.read_all(usize::MAX).await?;
        let text = String::from_utf8(text)?;
        assert_eq!(u64::try_from(text.len())?, message.size);
        let number = |text: &str| -> Result<u64> {
            Ok(text.split_once("\r\n").ok_or("no line")?.0.parse()?)
        };
        if let Some((_, id)) = text.split_once("\r\nOriginal-Envelope-Id: ") {
            assert!(text.contains("\r\nAction: delivered\r\n"));
            *seen.reports.entry(number(id)?).or_default() += 1;
            continue;
        }
        let (_, subject) = text.split_once("Subject: ").ok_or("no subject")?;
        assert!(text.ends_with("a line of text\r\n"));
        *seen.messages.entry(number(subject)?).or_default() += 1;
    }
    Ok(inbox.messages.last().map_or(after, |message| message.uid))
}

/// Opens the store; the process that had it may need a moment to be gone.
async fn open(folder: &Folder) -> Result<Store> {
    let began = Instant::now();
    loop {
        match Store::open(folder.join("data"), None).await {
            Err(mailrail_examples::store::Error::InUse)
                if began.elapsed() < Duration::from_secs(10) =>
            {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            opened => return Ok(opened?),
        }
    }
}

fn start(folder: &Folder) -> Result<Server> {
    let data = folder.join("data");
    let args = [
        &["--domain", "south.test", "--user", "bob@south.test:secret"][..],
        &["--smtp", "127.0.0.1:0", "--data", &data],
    ];
    let began = Instant::now();
    loop {
        match Server::start(SERVER, &args.concat()) {
            // The test's own look at the store may need a moment to be over.
            Err(error)
                if error.to_string().contains("in use")
                    && began.elapsed() < Duration::from_secs(10) => {}
            started => return started,
        }
    }
}

/// A small generator (xorshift): the kills must be spread, not be secret.
fn random(state: &mut u64) -> u64 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    *state
}

#[tokio::test]
async fn what_was_acknowledged_is_there_once() {
    let kills = env::var(KILLS).ok().and_then(|n| n.parse().ok()).unwrap_or(20);
    let folder = Folder::new("kill").unwrap();
    let mut seed = u64::from(std::process::id()) | 1;
    println!("seed {seed}");
    let (mut seen, mut expected, mut last) = (Seen::default(), Vec::new(), 0);
    for round in 0_u64..kills {
        let mut server = start(&folder).unwrap();
        let addr = server.addr("smtp").unwrap();
        let (tx, rx) = channel();
        let mut senders = Vec::new();
        for sender in 0..SENDERS {
            let tx = tx.clone();
            let first = round * 1_000_000 + sender as u64;
            senders.push(thread::spawn(move || {
                // It ends with an error, when the server is killed.
                send(addr, (first..).step_by(SENDERS), &tx).unwrap_err();
            }));
        }
        drop(tx);
        // Right after the 250 to one of the first messages, and up to 3 ms after it.
        let nth = random(&mut seed) % 40;
        let mut acknowledged: Vec<u64> = rx.iter().take(1 + nth as usize).collect();
        thread::sleep(Duration::from_micros(random(&mut seed) % 3_000));
        server.kill().unwrap();
        acknowledged.extend(rx.iter());
        assert!(!acknowledged.is_empty(), "{}", server.log());
        senders.into_iter().for_each(|sender| sender.join().unwrap());
        last = count(&folder, last, &mut seen).await.unwrap();
        for number in &acknowledged {
            assert_eq!(seen.messages.get(number), Some(&1), "round {round}, message {number}");
        }
        expected.extend(acknowledged);
    }
    // Nothing that was there went since, and nothing came twice.
    let mut again = Seen::default();
    count(&folder, 0, &mut again).await.unwrap();
    assert_eq!(again, seen);
    assert!(seen.messages.values().all(|&times| times == 1));
    let mut reported = seen.messages.clone();
    reported.retain(|&number, _| is_reported(number));
    assert_eq!(seen.reports, reported, "each of them once, and no other");
    println!(
        "{kills} kills, {} messages acknowledged, {} there, {} reported",
        expected.len(),
        seen.messages.len(),
        reported.len()
    );
}
