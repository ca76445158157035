//! A socket for questions to a name server: UDP, and TCP where an answer was cut.

use super::tokio::Socket;
use mailrail_wire::{Input, Upgrade};
use std::{
    io,
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
    pin::Pin,
    task::{Context, Poll, ready},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
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
    Udp(UdpSocket),
    Tcp(TcpStream),
    /// There is no way to the server.
    None(io::ErrorKind),
}

impl DnsSocket {
    /// A socket to `server`, from a port that the system picks. Where there is no way there, each
    /// read and write fails, as it does where the server is not there.
    pub async fn connect(server: SocketAddr) -> Self {
        let transport = match udp(server).await {
            Ok(udp) => Transport::Udp(udp),
            Err(error) => Transport::None(error.kind()),
        };
        Self { server, transport }
    }
}

async fn udp(server: SocketAddr) -> io::Result<UdpSocket> {
    let any: SocketAddr = if server.is_ipv4() {
        (Ipv4Addr::UNSPECIFIED, 0).into()
    } else {
        (Ipv6Addr::UNSPECIFIED, 0).into()
    };
    let udp = UdpSocket::bind(any).await?;
    // Answers from elsewhere never reach a connected socket.
    udp.connect(server).await?;
    Ok(udp)
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
            // An empty datagram is no close.
            Transport::Udp(udp) => loop {
                ready!(udp.poll_recv(cx, buf))?;
                if !buf.filled().is_empty() {
                    return Poll::Ready(Ok(()));
                }
            },
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
            Transport::Udp(udp) => udp.poll_send(cx, buf),
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
