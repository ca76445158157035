//! A whole server: its configuration, store, certificate and listeners put together.

use super::{Accepted, Bound, Context, Service, Session, announce, pop3, serve, smtp};
use crate::{
    accounts::Accounts,
    cli::server::{Certificate, ServerOptions},
    drive::tokio::Tls,
    shutdown::Shutdown,
    store::{self, Store},
    tls,
};
use mailrail_smtp::{Domain, SyntaxError};
use std::{io, sync::Arc};

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
    /// A protocol that is not there yet.
    #[error("--{} is not there yet", .0.name())]
    Service(Service),
}

/// Runs a server until `shutdown`. Once it listens, standard output says where.
///
/// # Errors
///
/// Where it cannot start.
pub async fn run(options: ServerOptions, shutdown: Shutdown) -> Result<(), Error> {
    if let Some((service, _)) = options.listen.iter().find(|(service, _)| !is_there(*service)) {
        return Err(Error::Service(*service));
    }
    let hostname: Domain<'static> = options
        .hostname
        .parse()
        .map_err(|error| Error::Hostname(options.hostname.clone(), error))?;
    let tls = certificate(&options)?;
    let accounts = Accounts::new(&options.domains, options.users);
    let store = Store::open(options.data, options.index).await?;
    store.add_accounts(accounts.names().map(str::to_owned).collect()).await?;
    let context = Arc::new(Context {
        store,
        accounts,
        hostname,
        allow_plaintext: options.allow_plaintext,
        max_message_size: options.max_message_size,
    });
    let mut bound = Vec::new();
    for (service, addr) in options.listen {
        bound.push(Bound::bind(service, addr).await?);
    }
    announce(&bound, &mut io::stdout().lock())?;
    serve(bound, Arc::new(Sessions(context)), tls, options.max_connections, shutdown).await;
    Ok(())
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

const fn is_there(service: Service) -> bool {
    !matches!(service, Service::Lmtp | Service::Imap | Service::Imaps)
}

impl Session for Sessions {
    async fn run(&self, accepted: Accepted) {
        match accepted.service {
            Service::Smtp | Service::Submission | Service::Submissions => {
                smtp::run(&self.0, accepted).await;
            }
            Service::Pop3 | Service::Pop3s => pop3::run(&self.0, accepted).await,
            // `is_there` lets nobody listen for these.
            Service::Lmtp | Service::Imap | Service::Imaps => {}
        }
    }
}
