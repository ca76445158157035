#![cfg(test)]
//! The drivers and the listeners, with the smallest machines that ask for every step.
#![expect(
    clippy::std_instead_of_core,
    clippy::std_instead_of_alloc,
    reason = "a test has an operating system under it"
)]

use bytes::Bytes;
use mailrail_examples::{
    drive::{Clock, Error, Tap, blocking, datagram::DnsSocket, tokio as asynchronous},
    server::{Accepted, Bound, Service, Session, announce, serve},
    shutdown::Shutdown,
    tls::{SelfSigned, client, unchecked_client},
};
use mailrail_wire::{Connection, Input, Output, Step, Time, Upgrade};
use rustls::pki_types::ServerName;
use std::{
    collections::VecDeque,
    fs, io,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpStream, UdpSocket},
    task::JoinHandle,
    time::timeout,
};

/// Talks in lines; once both sides have said `TLS`, they change to it, and `BYE` is the end.
#[derive(Default)]
struct Lines {
    output: Output,
    /// What happens once the output is written.
    then: VecDeque<Step>,
    deadline: Option<Time>,
    /// The line that is ready, and its length.
    ready: usize,
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
enum Fault {
    #[error("closed")]
    Closed,
    #[error("too late")]
    Late,
}

impl Lines {
    fn say(&mut self, line: &str) {
        self.ask(line);
        self.turn(line);
    }

    /// Says it and waits for the other side to say so too.
    fn ask(&mut self, line: &str) {
        self.output.text(line.as_bytes());
        self.output.text(b"\n");
    }

    fn turn(&mut self, line: &str) {
        match line {
            "TLS" => self.then.push_back(Step::Upgrade(Upgrade::Tls)),
            "BYE" => self.then.push_back(Step::Close),
            _ => {}
        }
    }
}

impl Connection for Lines {
    type Event<'i> = String;
    type Error = Fault;

    fn poll(&mut self, now: Time, input: &mut Input) -> Result<Step, Fault> {
        if !self.output.is_empty() {
            return Ok(Step::Write { until: None });
        }
        if let Some(step) = self.then.front() {
            return Ok(*step);
        }
        match input.bytes().iter().position(|&byte| byte == b'\n') {
            Some(at) => {
                self.ready = at + 1;
                Ok(Step::Event)
            }
            None if input.is_closed() => Err(Fault::Closed),
            None if self.deadline.is_some_and(|until| now >= until) => Err(Fault::Late),
            None => Ok(Step::Read { until: self.deadline }),
        }
    }

    fn event(&mut self, input: &mut Input) -> Result<String, Fault> {
        let line = String::from_utf8_lossy(input.take(self.ready)).trim_end().to_owned();
        Ok(line)
    }

    fn output(&mut self) -> &mut Output {
        &mut self.output
    }

    fn upgraded(&mut self) {
        self.then.pop_front();
    }
}

/// Answers each line with itself.
struct Echo;

impl Session for Echo {
    async fn run(&self, accepted: Accepted) {
        let Accepted { stream, over_limit, mut shutdown, .. } = accepted;
        let mut link = asynchronous::Link::new(Lines::default(), stream, Clock::start());
        if over_limit {
            link.conn().say("BYE");
        }
        loop {
            tokio::select! {
                // Dropped half way and asked again, it loses nothing.
                next = link.next_event() => match next {
                    Ok(Some((line, conn))) => conn.say(&line),
                    Ok(None) | Err(_) => break,
                },
                () = shutdown.requested() => {
                    link.conn().say("BYE");
                    let _ = link.next_event().await;
                    break;
                }
                () = tokio::time::sleep(Duration::from_millis(1)) => {}
            }
        }
    }
}

struct Running {
    addr: SocketAddr,
    certificate: SelfSigned,
    trigger: mailrail_examples::shutdown::Trigger,
    task: JoinHandle<()>,
}

async fn start(service: Service, max: usize) -> Running {
    let certificate = SelfSigned::new(["localhost", "127.0.0.1"]).unwrap();
    let tls = asynchronous::Tls::Server(certificate.server().unwrap());
    let bound = Bound::bind(service, "127.0.0.1:0".parse().unwrap()).await.unwrap();
    let addr = bound.addr();
    let mut lines = Vec::new();
    announce(std::slice::from_ref(&bound), &mut lines).unwrap();
    let wanted = format!("listening {} {addr}\nready\n", service.name());
    assert_eq!(String::from_utf8(lines).unwrap(), wanted);
    let (trigger, shutdown) = Shutdown::new();
    let task = tokio::spawn(serve(vec![bound], Arc::new(Echo), tls, max, shutdown));
    Running { addr, certificate, trigger, task }
}

fn name() -> ServerName<'static> {
    "localhost".try_into().unwrap()
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<String>>);

impl Tap for Log {
    fn sent(&mut self, bytes: &[u8]) {
        *self.0.lock().unwrap() += &format!(">{}", String::from_utf8_lossy(bytes));
    }
    fn received(&mut self, bytes: &[u8]) {
        *self.0.lock().unwrap() += &format!("<{}", String::from_utf8_lossy(bytes));
    }
    fn secured(&mut self) {
        *self.0.lock().unwrap() += "TLS ";
    }
}

#[tokio::test]
async fn tokio_changes_to_tls_and_closes() {
    let server = start(Service::Imap, 10).await;
    let tcp = TcpStream::connect(server.addr).await.unwrap();
    let tls = asynchronous::Tls::Client(server.certificate.client().unwrap(), name());
    let stream = asynchronous::Stream::new(tcp, tls);
    let mut link = asynchronous::Link::new(Lines::default(), stream, Clock::start());
    let log = Log::default();
    link.tap(Box::new(log.clone()));
    link.conn().say("one");
    assert_eq!(link.next_event().await.unwrap().unwrap().0, "one");
    // While it waits it holds no buffer.
    assert!(timeout(Duration::from_millis(50), link.next_event()).await.is_err());
    assert_eq!(link.input().capacity(), 0);
    link.conn().ask("TLS");
    let (line, conn) = link.next_event().await.unwrap().unwrap();
    conn.turn(&line);
    // Nobody says more, so the time runs out behind the handshake.
    link.conn().deadline = Some(Time::from_start(Duration::ZERO));
    assert!(matches!(link.next_event().await, Err(Error::Connection(Fault::Late))));
    assert!(link.socket().is_secure());
    drop(link);
    assert_eq!(*log.0.lock().unwrap(), ">one\n<one\n>TLS\n<TLS\nTLS ");
    server.trigger.shut_down();
    timeout(Duration::from_secs(9), server.task).await.unwrap().unwrap();
}

#[test]
fn blocking_changes_to_tls_and_closes() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let server = runtime.block_on(start(Service::Imap, 10));
    let file = std::env::temp_dir().join(format!("mailrail-{}.pem", std::process::id()));
    fs::write(&file, &server.certificate.certificate).unwrap();
    let trusting = client(Some(&file)).unwrap();
    fs::remove_file(&file).unwrap();
    let secure = |config| {
        let tcp = std::net::TcpStream::connect(server.addr).unwrap();
        let stream = blocking::Stream::new(tcp, Some((config, name())));
        let mut link = blocking::Link::new(Lines::default(), stream, Clock::start());
        link.conn().say("one");
        assert_eq!(link.next_event().unwrap().unwrap().0, "one");
        link.conn().ask("TLS");
        let (line, conn) = link.next_event().unwrap().unwrap();
        conn.turn(&line);
        conn.deadline = Some(Time::from_start(Duration::ZERO));
        link.next_event().map(drop)
    };
    for config in [trusting, unchecked_client().unwrap()] {
        let secured = secure(config);
        assert!(matches!(secured, Err(Error::Connection(Fault::Late))), "{secured:?}");
    }
    // The system does not trust what a server signed itself.
    let refused = secure(client(None).unwrap());
    assert!(matches!(refused, Err(Error::Io(_))), "{refused:?}");
}

#[tokio::test]
async fn implicit_tls_carries_bulk_both_ways_at_once() {
    let server = start(Service::Imaps, 10).await;
    let tcp = TcpStream::connect(server.addr).await.unwrap();
    let tls = asynchronous::Tls::Client(server.certificate.client().unwrap(), name());
    let stream = asynchronous::Stream::over_tls(tcp, tls).await.unwrap();
    let mut link = asynchronous::Link::new(Lines::default(), stream, Clock::start());
    // Both sides write far more than the system buffers before either has read it all.
    let line = "x".repeat(1_000);
    let count = 8_000;
    for _ in 0..count {
        link.conn().output.payload(Bytes::from(format!("{line}\n")));
    }
    let all = async {
        for _ in 0..count {
            assert_eq!(link.next_event().await.unwrap().unwrap().0, line);
        }
    };
    timeout(Duration::from_secs(60), all).await.unwrap();
}

#[tokio::test]
async fn one_connection_too_many_is_told_so() {
    let server = start(Service::Smtp, 1).await;
    let mut first = TcpStream::connect(server.addr).await.unwrap();
    first.write_all(b"one\n").await.unwrap();
    assert_eq!(first.read_u8().await.unwrap(), b'o');
    let mut second = TcpStream::connect(server.addr).await.unwrap();
    second.write_all(b"two\n").await.unwrap();
    second.shutdown().await.unwrap();
    let mut said = String::new();
    second.read_to_string(&mut said).await.unwrap();
    assert_eq!(said, "BYE\n");
    // At the end the first one is told, and the server waits for it.
    server.trigger.shut_down();
    let mut said = String::new();
    first.read_to_string(&mut said).await.unwrap();
    drop(first);
    assert_eq!(said, "ne\nBYE\n");
    timeout(Duration::from_secs(9), server.task).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_peer_that_vanishes_under_tls_has_closed() {
    let server = start(Service::Imaps, 10).await;
    let tcp = TcpStream::connect(server.addr).await.unwrap();
    let name = name();
    let config = server.certificate.client().unwrap();
    let mut tls = tokio_rustls::TlsConnector::from(config).connect(name, tcp).await.unwrap();
    tls.write_all(b"one\n").await.unwrap();
    assert_eq!(tls.read_u8().await.unwrap(), b'o');
    // TCP's end, without close_notify.
    tls.get_mut().0.shutdown().await.unwrap();
    let mut rest = Vec::new();
    timeout(Duration::from_secs(9), tls.read_to_end(&mut rest)).await.unwrap().unwrap();
    assert_eq!(rest, b"ne\n");
}

#[tokio::test]
async fn a_name_server_is_asked_by_datagram() {
    let server = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let socket = DnsSocket::connect(server.local_addr().unwrap()).await;
    let mut link = asynchronous::Link::new(Lines::default(), socket, Clock::start());
    link.conn().say("question");
    let answer = async {
        let mut question = [0; 99];
        let (n, peer) = server.recv_from(&mut question).await?;
        assert_eq!(&question[..n], b"question\n");
        server.send_to(b"", peer).await?;
        server.send_to(b"answer\n", peer).await?;
        io::Result::Ok(())
    };
    let (event, answered) = tokio::join!(link.next_event(), answer);
    assert_eq!(event.unwrap().unwrap().0, "answer");
    answered.unwrap();
    link.conn().say("BYE");
    assert!(link.next_event().await.unwrap().is_none());
}

/// What waits for an answer hears of a closed port without writing once more: nothing else would
/// ever wake it.
#[tokio::test]
async fn a_closed_port_wakes_who_waits_to_read() {
    let closed = {
        let udp = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        udp.local_addr().unwrap()
    };
    let mut socket = DnsSocket::connect(closed).await;
    // Waits already when the word of the closed port comes, and when it is there before.
    for pause in [0, 200] {
        socket.write_all(b"question").await.unwrap();
        tokio::time::sleep(Duration::from_millis(pause)).await;
        let mut answer = [0; 16];
        let read = timeout(Duration::from_secs(20), socket.read(&mut answer)).await;
        let error = read.expect("it waits for ever").unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
    }
}
