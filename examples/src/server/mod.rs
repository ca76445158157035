//! Listeners: where connections come from, and what becomes of them until a session has them.

mod context;
pub mod imap;
pub mod login;
pub mod pop3;
mod queue;
mod relay;
mod report;
mod run;
pub mod smtp;

pub use context::{Context, Taps};
pub use run::{Error as StartError, Started, start};

use crate::{
    drive::tokio::{Stream, Tls},
    shutdown::Shutdown,
};
use std::{
    io::{self, Write},
    net::SocketAddr,
    sync::Arc,
    time::Duration,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{Semaphore, mpsc},
    time::{sleep, timeout},
};

/// How long running transactions have to finish once the server ends.
const GRACE: Duration = Duration::from_secs(10);
/// How long a refusal may take.
const REFUSAL: Duration = Duration::from_secs(10);
/// How many connections over the limit are refused in words at a time; further ones are closed.
const REFUSALS: usize = 64;

/// What a listener serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Service {
    /// A mail exchanger.
    Smtp,
    /// RFC 6409.
    Submission,
    /// The same under implicit TLS.
    Submissions,
    /// RFC 2033.
    Lmtp,
    /// RFC 1939.
    Pop3,
    /// The same under implicit TLS.
    Pop3s,
    /// RFC 3501.
    Imap,
    /// The same under implicit TLS.
    Imaps,
}

impl Service {
    /// Its name on the command line and in `listening` lines.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Smtp => "smtp",
            Self::Submission => "submission",
            Self::Submissions => "submissions",
            Self::Lmtp => "lmtp",
            Self::Pop3 => "pop3",
            Self::Pop3s => "pop3s",
            Self::Imap => "imap",
            Self::Imaps => "imaps",
        }
    }

    /// Whether TLS is in place from the first byte.
    #[must_use]
    pub const fn has_implicit_tls(self) -> bool {
        matches!(self, Self::Submissions | Self::Pop3s | Self::Imaps)
    }
}

/// A connection that a session takes over, with TLS in place where its service implies it.
#[derive(Debug)]
#[non_exhaustive]
pub struct Accepted {
    /// What was connected to.
    pub service: Service,
    /// The connection.
    pub stream: Stream,
    /// The peer's address.
    pub peer: SocketAddr,
    /// The server has as many connections as it may: the session refuses (421, -ERR, BYE) and ends.
    pub over_limit: bool,
    /// Hears of the server's end: the session finishes its transaction, says so and ends.
    pub shutdown: Shutdown,
}

/// What runs a protocol over an accepted connection.
pub trait Session: Send + Sync + 'static {
    /// Runs it to its end.
    fn run(&self, accepted: Accepted) -> impl Future<Output = ()> + Send;
}

/// A bound listener.
#[derive(Debug)]
pub struct Bound {
    service: Service,
    addr: SocketAddr,
    listener: TcpListener,
}

impl Bound {
    /// Binds `addr`; port 0 lets the system pick.
    ///
    /// # Errors
    ///
    /// Those of the system, with the service and address.
    pub async fn bind(service: Service, addr: SocketAddr) -> io::Result<Self> {
        let named = |error: io::Error| {
            io::Error::new(error.kind(), format!("{} {addr}: {error}", service.name()))
        };
        let listener = TcpListener::bind(addr).await.map_err(named)?;
        let addr = listener.local_addr().map_err(named)?;
        Ok(Self { service, addr, listener })
    }

    /// The address it has, with the port that the system picked.
    #[must_use]
    pub const fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// What it serves.
    #[must_use]
    pub const fn service(&self) -> Service {
        self.service
    }
}

/// Writes a line for each listener, then `ready`.
///
/// # Errors
///
/// Those of `out`.
pub fn announce(bound: &[Bound], out: &mut impl Write) -> io::Result<()> {
    for Bound { service, addr, .. } in bound {
        writeln!(out, "listening {} {addr}", service.name())?;
    }
    writeln!(out, "ready")?;
    out.flush()
}

/// Accepts connections and runs a session for each, until `shutdown`; then lets those that run
/// finish, ten seconds at most.
pub async fn serve(
    bound: Vec<Bound>,
    session: Arc<impl Session>,
    tls: Tls,
    max_connections: usize,
    mut shutdown: Shutdown,
) {
    let server = Arc::new(Server {
        session,
        tls,
        connections: Arc::new(Semaphore::new(max_connections.min(Semaphore::MAX_PERMITS))),
        refusals: Arc::new(Semaphore::new(REFUSALS)),
        shutdown: shutdown.clone(),
    });
    // Each session holds a sender: the last one that goes ends the channel.
    let (running, mut ended) = mpsc::channel::<()>(1);
    for bound in bound {
        let (server, running, mut shutdown) =
            (Arc::clone(&server), running.clone(), shutdown.clone());
        tokio::spawn(async move {
            tokio::select! {
                () = accept(&bound, &server, &running) => {}
                () = shutdown.requested() => {}
            }
        });
    }
    drop(running);
    shutdown.requested().await;
    if timeout(GRACE, ended.recv()).await.is_err() {
        tracing::warn!("sessions were cut off");
    }
}

struct Server<S> {
    session: Arc<S>,
    tls: Tls,
    connections: Arc<Semaphore>,
    refusals: Arc<Semaphore>,
    shutdown: Shutdown,
}

async fn accept(bound: &Bound, server: &Arc<Server<impl Session>>, running: &mpsc::Sender<()>) {
    loop {
        let (tcp, peer) = match bound.listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                // Out of file descriptors, say: it passes, and asking at once would not help.
                tracing::warn!(%error, service = bound.service.name(), "accept");
                sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        let (over_limit, permit) = match Arc::clone(&server.connections).try_acquire_owned() {
            Ok(permit) => (false, permit),
            Err(_) => match Arc::clone(&server.refusals).try_acquire_owned() {
                Ok(permit) => (true, permit),
                Err(_) => continue,
            },
        };
        let (server, running) = (Arc::clone(server), running.clone());
        let service = bound.service;
        tokio::spawn(async move {
            if over_limit {
                let _ = timeout(REFUSAL, server.run(service, tcp, peer, true)).await;
            } else {
                server.run(service, tcp, peer, false).await;
            }
            drop((permit, running));
        });
    }
}

impl<S: Session> Server<S> {
    async fn run(&self, service: Service, tcp: TcpStream, peer: SocketAddr, over_limit: bool) {
        let (tls, mut shutdown) = (self.tls.clone(), self.shutdown.clone());
        let stream = if service.has_implicit_tls() {
            let handshake = tokio::select! {
                handshake = Stream::over_tls(tcp, tls) => handshake,
                () = shutdown.requested() => return,
            };
            match handshake {
                Ok(stream) => stream,
                Err(error) => {
                    tracing::debug!(%peer, %error, service = service.name(), "TLS handshake");
                    return;
                }
            }
        } else {
            Stream::new(tcp, tls)
        };
        tracing::debug!(%peer, service = service.name(), over_limit, "connected");
        self.session.run(Accepted { service, stream, peer, over_limit, shutdown }).await;
    }
}
