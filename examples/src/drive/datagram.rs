//! A socket for questions to a name server: UDP, and TCP where an answer was cut.

use super::tokio::Socket;
use mailrail_wire::{Input, Upgrade};
use std::{
    fmt, io,
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, Interest, ReadBuf},
    net::{TcpStream, UdpSocket},
};

/// Questions to one name server: a write sends one datagram, a read receives one, until an upgrade
/// makes it a TCP connection to the same server.
#[derive(Debug)]
pub struct DnsSocket {
    server: SocketAddr,
    transport: Transport,
}

#[derive(Debug)]
enum Transport {
    Udp(Udp),
    Tcp(TcpStream),
    /// There is no way to the server.
    None(io::ErrorKind),
}

type Readiness = Pin<Box<dyn Future<Output = io::Result<()>> + Send + Sync>>;

struct Udp {
    socket: Arc<UdpSocket>,
    /// Waits for a datagram or an error.
    readiness: Option<Readiness>,
}

impl fmt::Debug for Udp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.socket.fmt(f)
    }
}

impl Udp {
    async fn connect(server: SocketAddr) -> io::Result<Self> {
        let any: SocketAddr = if server.is_ipv4() {
            (Ipv4Addr::UNSPECIFIED, 0).into()
        } else {
            (Ipv6Addr::UNSPECIFIED, 0).into()
        };
        let socket = UdpSocket::bind(any).await?;
        // Answers from elsewhere never reach a connected socket.
        socket.connect(server).await?;
        Ok(Self { socket: Arc::new(socket), readiness: None })
    }

    /// Receives a datagram, or what a router or the server's host says of the last one sent: that
    /// the port is closed makes a socket ready to be written to, not to be read from, so that
    /// whoever waits to read alone is not woken.
    fn poll_recv(&mut self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        loop {
            let error = || match self.socket.take_error() {
                Ok(None) => Err(io::ErrorKind::WouldBlock.into()),
                Ok(Some(error)) | Err(error) => Err(error),
            };
            let error: io::Result<()> = self.socket.try_io(Interest::ERROR, error);
            if let Err(error) = error
                && error.kind() != io::ErrorKind::WouldBlock
            {
                return Poll::Ready(Err(error));
            }
            match self.socket.try_recv(buf.initialize_unfilled()) {
                // An empty datagram is no close.
                Ok(0) => continue,
                Ok(n) => {
                    buf.advance(n);
                    return Poll::Ready(Ok(()));
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
            let readiness = self.readiness.get_or_insert_with(|| {
                let socket = Arc::clone(&self.socket);
                let either = Interest::READABLE | Interest::ERROR;
                Box::pin(async move { socket.ready(either).await.map(drop) })
            });
            let is_ready = ready!(readiness.as_mut().poll(cx));
            self.readiness = None;
            is_ready?;
        }
    }
}

impl DnsSocket {
    /// A socket to `server`, from a port that the system picks. Where there is no way there, each
    /// read and write fails, as it does where the server is not there.
    pub async fn connect(server: SocketAddr) -> Self {
        let transport = match Udp::connect(server).await {
            Ok(udp) => Transport::Udp(udp),
            Err(error) => Transport::None(error.kind()),
        };
        Self { server, transport }
    }
}

impl Socket for DnsSocket {
    async fn upgrade(&mut self, to: Upgrade, input: &mut Input) -> io::Result<()> {
        if to != Upgrade::Tcp {
            return Err(io::ErrorKind::Unsupported.into());
        }
        self.transport = Transport::Tcp(TcpStream::connect(self.server).await?);
        // A new stream: what the last one held, and that it was closed, is past.
        *input = Input::default();
        Ok(())
    }
}

impl AsyncRead for DnsSocket {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match &mut self.get_mut().transport {
            Transport::Udp(udp) => udp.poll_recv(cx, buf),
            Transport::Tcp(tcp) => Pin::new(tcp).poll_read(cx, buf),
            Transport::None(kind) => Poll::Ready(Err((*kind).into())),
        }
    }
}

impl AsyncWrite for DnsSocket {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        match &mut self.get_mut().transport {
            Transport::Udp(udp) => udp.socket.poll_send(cx, buf),
            Transport::Tcp(tcp) => Pin::new(tcp).poll_write(cx, buf),
            Transport::None(kind) => Poll::Ready(Err((*kind).into())),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    /// A datagram socket has nobody to say goodbye to, and nothing to wait for behind it.
    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().transport {
            Transport::Udp(_) | Transport::None(_) => {
                Poll::Ready(Err(io::ErrorKind::Unsupported.into()))
            }
            Transport::Tcp(tcp) => Pin::new(tcp).poll_shutdown(cx),
        }
    }
}
