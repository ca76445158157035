//! From a URL to a connection.

use crate::{
    cli::ServerUrl,
    drive::{
        blocking,
        tokio::{Stream, Tls},
    },
};
use rustls::{ClientConfig, pki_types::ServerName};
use std::{
    io,
    net::{SocketAddr, TcpStream as StdStream, ToSocketAddrs},
    sync::Arc,
    time::Duration,
};
use tokio::{
    net::{TcpStream, lookup_host},
    time::timeout,
};

/// How long one address of a host has to answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// Connects to the first address that answers, one after the other.
///
/// # Errors
///
/// That of the last address, and [`NotFound`](io::ErrorKind::NotFound) where there is none.
pub async fn tcp(addrs: impl IntoIterator<Item = SocketAddr>) -> io::Result<TcpStream> {
    let mut last = io::ErrorKind::NotFound.into();
    for addr in addrs {
        match timeout(PATIENCE, TcpStream::connect(addr)).await {
            Ok(Ok(tcp)) => return Ok(tcp),
            Ok(Err(error)) => last = error,
            Err(_) => last = io::ErrorKind::TimedOut.into(),
        }
    }
    Err(last)
}

fn name(url: &ServerUrl) -> io::Result<ServerName<'static>> {
    let name = ServerName::try_from(url.host.clone());
    name.map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))
}

/// Connects to the URL's server, with TLS in place where the scheme implies it and at hand where
/// STARTTLS may be asked for.
///
/// # Errors
///
/// Those of the lookup, the connection and the handshake.
pub async fn dial(url: &ServerUrl, config: Arc<ClientConfig>) -> io::Result<Stream> {
    let tls = if url.without_tls { Tls::Unavailable } else { Tls::Client(config, name(url)?) };
    let tcp = tcp(lookup_host((&*url.host, url.port)).await?).await?;
    if url.scheme.has_implicit_tls() {
        Stream::over_tls(tcp, tls).await
    } else {
        Ok(Stream::new(tcp, tls))
    }
}

/// As [`dial`], without a runtime.
///
/// # Errors
///
/// Those of the lookup, the connection and the handshake.
pub fn dial_blocking(url: &ServerUrl, config: Arc<ClientConfig>) -> io::Result<blocking::Stream> {
    let mut last = io::ErrorKind::NotFound.into();
    for addr in (&*url.host, url.port).to_socket_addrs()? {
        match StdStream::connect_timeout(&addr, PATIENCE) {
            Ok(tcp) if url.without_tls => return Ok(blocking::Stream::new(tcp, None)),
            Ok(tcp) if url.scheme.has_implicit_tls() => {
                return blocking::Stream::over_tls(tcp, config, name(url)?);
            }
            Ok(tcp) => return Ok(blocking::Stream::new(tcp, Some((config, name(url)?)))),
            Err(error) => last = error,
        }
    }
    Err(last)
}
