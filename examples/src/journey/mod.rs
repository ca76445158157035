//! A message's whole journey, from the program that composes it to two that fetch it.

mod dns;
mod fetch;
mod mail;
mod submit;

use crate::{
    cli::{journey::JourneyOptions, server::ServerOptions},
    drive::{
        Clock, Tap,
        tokio::{Link, Stream, Tls},
    },
    server::{self, Service},
    shutdown::{Shutdown, Trigger},
    terminal::printable,
    tls::SelfSigned,
    transcript::{Protocol, Side, Transcript},
};
use dns::{NameServer, Zone};
use fetch::{News, User, Watch};
use mail::Mail;
use mailrail_wire::Connection;
use rustls::pki_types::ServerName;
use std::{
    fmt,
    io::{self, Write as _},
    net::SocketAddr,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{net::TcpStream, task::JoinHandle, time::timeout};

const ALICE: User = User { name: "alice@north.test", password: "send me" };
const BOB: User = User { name: "bob@south.test", password: "fetch me" };

const NORTH: Zone = Zone { domain: "north.test", exchanger: "mail.north.test" };
const SOUTH: Zone = Zone { domain: "south.test", exchanger: "mail.south.test" };

/// How long a hop may take before the journey counts as stuck.
const HOP: Duration = Duration::from_secs(120);

/// Why the journey ended early.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the journey ended at the hop \"{hop}\": {why}")]
pub struct Stop {
    hop: &'static str,
    why: String,
}

impl Stop {
    fn new(hop: &'static str, why: impl fmt::Display) -> Self {
        Self { hop, why: printable(why.to_string().as_bytes()) }
    }
}

/// Takes a message the whole way, and tells each hop on standard output.
///
/// # Errors
///
/// Where a hop fails, and where the message that arrived is not the one that was sent.
pub async fn run(options: JourneyOptions) -> Result<(), Stop> {
    let began = Instant::now();
    let stop = |why: &dyn fmt::Display| Stop::new("prepared", why);
    let mut random = [0; 32];
    getrandom::fill(&mut random).map_err(|e| stop(&e))?;
    let mail = match &options.message {
        Some(file) => Mail::read(file)?,
        None => Mail::compose(ALICE.name, BOB.name, random)?,
    };

    let folder = tempfile::tempdir().map_err(|e| stop(&e))?;
    let certificate = SelfSigned::new([NORTH, SOUTH].map(|zone| zone.exchanger));
    let place = Place {
        folder: folder.path(),
        certificate: certificate.map_err(|e| stop(&e))?,
        transcript: options.transcript,
    };
    let dns = NameServer::start([NORTH, SOUTH], |line| say(&format!("  looked up   {line}")));
    let dns = dns.await.map_err(|e| stop(&e))?;
    let south =
        place.start(SOUTH, BOB, &[Service::Smtp, Service::Pop3, Service::Imap], &[]).await?;
    let relay = [
        format!("--resolver={}", dns.addr()),
        format!("--relay-port={}", south.addr(Service::Smtp)?.port()),
    ];
    let north = place.start(NORTH, ALICE, &[Service::Submission], &relay).await?;
    say(&format!("A name server, and the mail servers {NORTH} and {SOUTH}\n{north}{south}"));

    let size = mail.bytes.len();
    let note = mail.note.map(|note| format!(" ({note})")).unwrap_or_default();
    say(&format!("  composed    from {} to {}, {size} bytes{note}", ALICE.name, BOB.name));
    let mut watch = Watch::start(BOB, place.dial(&south, Service::Imap, client_imap()).await?);
    hop("watched by IMAP", watch.until(|news| *news == News::Idling)).await?;
    say("  watched     a program of Bob's idles in INBOX (IMAP)");

    let link = place.dial(&north, Service::Submission, submit::machine(ALICE)?).await?;
    hop("submitted", submit::submit(ALICE, BOB.name, mail.bytes.clone(), link)).await?;
    say("  submitted   by SMTP, with AUTH over STARTTLS");

    let arrival = |news: &News| matches!(news, News::Exists(1..));
    hop("relayed", watch.until(arrival)).await?;
    say("  arrived     the idling program is told of a new message");

    let fetched = fetch::pop3(BOB, place.dial(&south, Service::Pop3, client_pop3()).await?);
    let fetched = hop("fetched by POP3", fetched).await?;
    let trace = mail.compare(&fetched).map_err(|e| Stop::new("fetched by POP3", e))?;
    for field in trace.iter().rev() {
        say(&format!("  trace       {}", printable(field.as_bytes())));
    }
    say(&format!("  fetched     by POP3, {} bytes: the message, byte for byte", fetched.len()));

    let fetched = fetch::imap(BOB, place.dial(&south, Service::Imap, client_imap()).await?);
    let fetched = hop("fetched by IMAP", fetched).await?;
    mail.compare(&fetched).map_err(|e| Stop::new("fetched by IMAP", e))?;
    say(&format!("  fetched     by IMAP, {} bytes: the message, byte for byte", fetched.len()));
    hop("seen by the other program", watch.until(|news| *news == News::Seen(1))).await?;
    say("  seen        the idling program is told of the flag \\Seen that the other one has set");

    drop(watch);
    north.stop("the end of the sending server").await?;
    south.stop("the end of the receiving server").await?;
    let took = began.elapsed();
    say(&format!("\nAll {size} bytes arrived as they were sent, in {took:.1?}."));
    Ok(())
}

/// Prints a line. A standard output that nobody reads any more is no reason to stop.
fn say(line: &str) {
    let _ = writeln!(io::stdout().lock(), "{line}");
}

/// Waits for a hop, not without end.
async fn hop<T>(
    name: &'static str,
    work: impl Future<Output = Result<T, Stop>>,
) -> Result<T, Stop> {
    let late = |_| Err(Stop::new(name, format!("it took more than {HOP:?}")));
    timeout(HOP, work).await.unwrap_or_else(late)
}

fn client_pop3() -> mailrail_pop3::Client {
    mailrail_pop3::Client::new(mailrail_pop3::Config::default())
}

fn client_imap() -> mailrail_imap::Client {
    mailrail_imap::Client::new(mailrail_imap::Config::default())
}

/// Where the journey takes place.
struct Place<'a> {
    folder: &'a Path,
    certificate: SelfSigned,
    transcript: bool,
}

impl Place<'_> {
    /// Starts a mail server with one user.
    async fn start(
        &self,
        zone: Zone,
        user: User,
        services: &[Service],
        more: &[String],
    ) -> Result<Running, Stop> {
        let stop = |why: &dyn fmt::Display| Stop::new("prepared", format!("{zone}: {why}"));
        let [certificate, key] = ["certificate.pem", "key.pem"].map(|name| self.folder.join(name));
        std::fs::write(&certificate, &self.certificate.certificate).map_err(|e| stop(&e))?;
        std::fs::write(&key, &self.certificate.key).map_err(|e| stop(&e))?;
        let mut arguments = vec![
            "mailrail-server".to_owned(),
            format!("--data={}", self.folder.join(zone.domain).display()),
            format!("--domain={}", zone.domain),
            format!("--user={}:{}", user.name, user.password),
            format!("--hostname={}", zone.exchanger),
            format!("--tls-cert={}", certificate.display()),
            format!("--tls-key={}", key.display()),
        ];
        arguments.extend(services.iter().map(|s| format!("--{}=127.0.0.1:0", s.name())));
        arguments.extend_from_slice(more);
        let options = ServerOptions::parse(arguments).map_err(|e| stop(&e))?;
        let transcript = self.transcript;
        let taps = move |service: Service| transcript.then(|| tap(zone, service));
        let server = server::start(options, Some(Arc::new(taps))).await.map_err(|e| stop(&e))?;
        let addrs = server.addrs().collect();
        let (trigger, shutdown) = Shutdown::new();
        Ok(Running { zone, addrs, trigger, task: tokio::spawn(server.serve(shutdown)) })
    }

    /// Connects a client to a service of a server.
    async fn dial<C: Connection>(
        &self,
        server: &Running,
        service: Service,
        client: C,
    ) -> Result<Link<C, Stream>, Stop> {
        let stop = |why: &dyn fmt::Display| Stop::new("connected", why);
        let config = self.certificate.client().map_err(|e| stop(&e))?;
        let name = ServerName::try_from(server.zone.exchanger).map_err(|e| stop(&e))?;
        let tcp = TcpStream::connect(server.addr(service)?).await.map_err(|e| stop(&e))?;
        Ok(Link::new(client, Stream::new(tcp, Tls::Client(config, name)), Clock::start()))
    }
}

/// Prints the protocol lines of a connection to a server.
fn tap(zone: Zone, service: Service) -> Box<dyn Tap> {
    let protocol = match service {
        Service::Pop3 | Service::Pop3s => Protocol::Pop3,
        Service::Imap | Service::Imaps => Protocol::Imap,
        _ => Protocol::Smtp,
    };
    let name = service.name();
    let print = move |line: &str| say(&format!("    {} {name}  {line}", zone.domain));
    Box::new(Transcript::new(protocol, Side::Server, print))
}

/// A mail server that runs.
struct Running {
    zone: Zone,
    addrs: Vec<(Service, SocketAddr)>,
    trigger: Trigger,
    task: JoinHandle<()>,
}

impl Running {
    fn addr(&self, service: Service) -> Result<SocketAddr, Stop> {
        let addr = self.addrs.iter().find(|(of, _)| *of == service);
        let missing = || Stop::new("connected", format!("there is no {}", service.name()));
        addr.map(|(_, addr)| *addr).ok_or_else(missing)
    }

    /// Ends the server, and waits until it has.
    async fn stop(self, name: &'static str) -> Result<(), Stop> {
        self.trigger.shut_down();
        hop(name, async { self.task.await.map_err(|e| Stop::new(name, e)) }).await
    }
}

impl fmt::Display for Running {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (service, addr) in &self.addrs {
            writeln!(f, "  {:<11} {} at {addr}", service.name(), self.zone.exchanger)?;
        }
        Ok(())
    }
}
