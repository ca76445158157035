//! A whole server: its configuration, store, certificate and listeners put together.

use super::{
    Accepted, Bound, Context, Service, Session, Taps, announce, imap, pop3, relay, serve, smtp,
};
use crate::{
    accounts::Accounts,
    cli::server::{Certificate, ServerOptions},
    deliver::Courier,
    drive::tokio::Tls,
    lookup::Resolver,
    policy::Policies,
    pool::Pool,
    shutdown::Shutdown,
    store::{self, Date, Store},
    tls::{self, Authorities},
    tls_reports::TlsReports,
};
use mailrail_smtp::{Domain, Host, SyntaxError};
use std::{io, net::SocketAddr, sync::Arc, time::Duration};
use tokio::time::sleep;

/// How long after one look for policies to fetch anew the next one is.
const REFRESH: Duration = Duration::from_secs(10 * 60);

/// Why a server does not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Its name is no domain.
    #[error("{0}: no name for a host: {1}")]
    Hostname(String, SyntaxError),
    /// Its certificate.
    #[error(transparent)]
    Tls(#[from] tls::Error),
    /// Its store.
    #[error("the mail store: {0}")]
    Store(#[from] store::Error),
    /// Its listeners.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// A server that listens, and does not serve anybody yet.
#[derive(Debug)]
pub struct Started {
    context: Arc<Context>,
    courier: Courier,
    bound: Vec<Bound>,
    tls: Tls,
    max_connections: usize,
}

/// Starts a server. `taps` see what its connections send and receive.
///
/// # Errors
///
/// Where it cannot start.
pub async fn start(options: ServerOptions, taps: Option<Taps>) -> Result<Started, Error> {
    let hostname: Domain<'static> = options
        .hostname
        .parse()
        .map_err(|error| Error::Hostname(options.hostname.clone(), error))?;
    let tls = certificate(&options)?;
    let store = Store::open(options.data, options.index).await?;
    let authorities = Authorities::new(options.ca.as_deref())?;
    let reports = match options.tls_reports {
        Some(folder) => Some(TlsReports::new(folder, hostname.as_str().to_ascii_lowercase())?),
        None => None,
    };
    let policies = match options.sts.policies(&authorities) {
        Some(policies) => Some(policies.kept_in(store.clone()).await?),
        None => None,
    };
    let courier = Courier {
        resolver: Resolver::new(options.resolver).with_security(
            options.relay_port,
            options.sts.mta_sts,
            reports.is_some(),
        ),
        port: options.relay_port,
        hello: Host::Domain(hostname.clone()),
        own: Some(hostname.clone()),
        tls: tls::unchecked_client()?,
        policies,
        authorities,
        reports,
        pool: Pool::default(),
        tap: None,
    };
    let mut secret = [0; 32];
    getrandom::fill(&mut secret).map_err(io::Error::other)?;
    let accounts = Accounts::new(&options.domains, options.users, secret);
    store.add_accounts(accounts.names().map(str::to_owned).collect()).await?;
    let context = Arc::new(Context {
        store,
        accounts,
        hostname,
        allow_plaintext: options.allow_plaintext,
        allow_cram_md5: options.allow_cram_md5,
        max_message_size: options.max_message_size,
        taps,
    });
    let mut bound = Vec::new();
    for (service, addr) in options.listen {
        bound.push(Bound::bind(service, addr).await?);
    }
    Ok(Started { context, courier, bound, tls, max_connections: options.max_connections })
}

impl Started {
    /// Where it listens.
    pub fn addrs(&self) -> impl Iterator<Item = (Service, SocketAddr)> {
        self.bound.iter().map(|bound| (bound.service(), bound.addr()))
    }

    /// Says on standard output where it listens.
    ///
    /// # Errors
    ///
    /// Those of standard output.
    pub fn announce(&self) -> io::Result<()> {
        announce(&self.bound, &mut io::stdout().lock())
    }

    /// Serves, and relays what is queued, until `shutdown`.
    pub async fn serve(self, shutdown: Shutdown) {
        let Self { context, courier, bound, tls, max_connections } = self;
        let (policies, reports) = (courier.policies.clone(), courier.reports.clone());
        let chores = chores(policies, reports.clone(), shutdown.clone());
        let relay = relay::run(Arc::clone(&context), courier, shutdown.clone());
        let sessions = Arc::new(Sessions(context));
        tokio::join!(serve(bound, sessions, tls, max_connections, shutdown), relay, chores);
        if let Some(reports) = reports {
            write(&reports);
        }
    }
}

/// Fetches policies anew before they end, and writes a day's reports at its end, until `shutdown`.
async fn chores(policies: Option<Policies>, reports: Option<TlsReports>, mut shutdown: Shutdown) {
    loop {
        let day = reports.as_ref().map_or(Duration::MAX, TlsReports::wait);
        tokio::select! {
            biased;
            () = shutdown.requested() => return,
            () = sleep(day.min(REFRESH)) => {}
        }
        if let Some(reports) = reports.as_ref().filter(|reports| reports.wait().is_zero()) {
            write(reports);
        }
        if let Some(policies) = &policies {
            tokio::select! {
                () = shutdown.requested() => return,
                () = policies.refresh(Date::now().seconds) => {}
            }
        }
    }
}

fn write(reports: &TlsReports) {
    if let Err(error) = reports.write() {
        tracing::error!(%error, "the reports on TLS");
    }
}

fn certificate(options: &ServerOptions) -> Result<Tls, tls::Error> {
    Ok(match &options.certificate {
        Certificate::None => Tls::Unavailable,
        Certificate::Files { certificate, key } => Tls::Server(tls::server(certificate, key)?),
        Certificate::SelfSigned => {
            let names = [options.hostname.as_str(), "localhost", "127.0.0.1", "::1"];
            Tls::Server(tls::SelfSigned::new(names)?.server()?)
        }
    })
}

/// What each listener's connections run.
struct Sessions(Arc<Context>);

impl Session for Sessions {
    async fn run(&self, accepted: Accepted) {
        match accepted.service {
            Service::Smtp | Service::Submission | Service::Submissions | Service::Lmtp => {
                smtp::run(&self.0, accepted).await;
            }
            Service::Pop3 | Service::Pop3s => pop3::run(&self.0, accepted).await,
            Service::Imap | Service::Imaps => imap::run(&self.0, accepted).await,
        }
    }
}
