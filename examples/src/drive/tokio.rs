//! The driver for tokio.

use super::{AHEAD, Clock, Error, HANDSHAKE, LINGER, Next, Tap, Tapped};
use crate::{channel, tls};
use bytes::Buf;
use mailrail_sasl::Channel;
use mailrail_wire::{Connection, Input, Output, Step, Upgrade};
use rustls::pki_types::ServerName;
use std::{
    fmt,
    future::poll_fn,
    io::{self, IoSlice},
    mem::{MaybeUninit, replace},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::{Accept, Connect, TlsAcceptor, TlsConnector, TlsStream};

/// What a first read takes at most, in bytes. It goes over the stack, so that no buffer lies idle
/// while a connection waits.
const FIRST_READ: usize = 8 * 1024;

/// A socket that can change into what [`Step::Upgrade`] asks for.
pub trait Socket: AsyncRead + AsyncWrite + Unpin + Send {
    /// Puts the transport in place. The future may be dropped and the call made again.
    fn upgrade(
        &mut self,
        to: Upgrade,
        input: &mut Input,
    ) -> impl Future<Output = io::Result<()>> + Send;
}

/// A machine and its socket.
#[derive(Debug)]
pub struct Link<C, S> {
    conn: C,
    input: Input,
    sock: S,
    clock: Clock,
    tap: Tapped,
}

impl<C, S> Link<C, S> {
    /// Drives `conn` over `sock`. The deadlines are moments of `clock`.
    pub fn new(conn: C, sock: S, clock: Clock) -> Self {
        Self { conn, input: Input::default(), sock, clock, tap: Tapped(None) }
    }

    /// Shows `tap` everything that is sent and received from now on.
    pub fn tap(&mut self, tap: Box<dyn Tap>) {
        self.tap = Tapped(Some(tap));
    }

    /// The machine, to give it commands between two events.
    pub fn conn(&mut self) -> &mut C {
        &mut self.conn
    }

    /// The machine, once nothing is to be driven any more.
    pub fn into_conn(self) -> C {
        self.conn
    }

    /// What was received and not yet used, for accounting. It holds no memory while the link waits
    /// for more and nothing is left.
    pub const fn input(&self) -> &Input {
        &self.input
    }

    /// Goes on over another socket; what the last one received is dropped.
    pub fn move_to(&mut self, sock: S) {
        (self.sock, self.input) = (sock, Input::default());
    }

    /// The socket.
    pub fn socket(&self) -> &S {
        &self.sock
    }
}

impl<C: Connection, S: Socket> Link<C, S> {
    /// Does what the machine asks for until there is an event, and gives it together with the
    /// machine to answer it on; none at the end, with the socket closed.
    ///
    /// The future may be dropped at any await and the call made again: nothing is lost.
    ///
    /// # Errors
    ///
    /// [`Error::Connection`] is the machine's, [`Error::Io`] the socket's.
    pub async fn next_event(&mut self) -> Result<Next<'_, C>, Error<C::Error>> {
        let Self { conn, input, sock, clock, tap } = self;
        loop {
            let step = match conn.poll(clock.now(), input) {
                Ok(step) => step,
                Err(error) => {
                    close(sock).await;
                    return Err(Error::Connection(error));
                }
            };
            match step {
                Step::Event => {
                    let event = conn.event(input).map_err(Error::Connection)?;
                    return Ok(Some((event, conn)));
                }
                Step::Write { until } => {
                    let write = poll_fn(|cx| poll_write(cx, sock, conn.output(), input, tap));
                    by(clock.left(until), write).await?;
                }
                Step::Read { until } => {
                    let read = poll_fn(|cx| poll_read(cx, sock, input, tap));
                    by(clock.left(until), read).await?;
                }
                Step::Upgrade(to) => {
                    timeout(HANDSHAKE, sock.upgrade(to, input))
                        .await
                        .map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??;
                    if to == Upgrade::Tls {
                        tap.secured();
                    }
                    conn.upgraded();
                }
                Step::Answer => return Err(Error::Unanswered),
                Step::Close => {
                    close(sock).await;
                    return Ok(None);
                }
            }
        }
    }
}

/// Waits for `io`, no longer than `left`. Running out of time is no error: the machine's next
/// `poll` says what it means.
async fn by(left: Option<Duration>, io: impl Future<Output = io::Result<()>>) -> io::Result<()> {
    match left {
        Some(left) => timeout(left, io).await.unwrap_or(Ok(())),
        None => io.await,
    }
}

/// Says goodbye (TLS close_notify, FIN), then takes what the peer still sends, a little while: a
/// socket that is closed with bytes unread is reset, which can cost the peer our last words. A peer
/// that has gone is no error here.
async fn close(sock: &mut (impl AsyncRead + AsyncWrite + Unpin)) {
    let goodbye = async {
        sock.shutdown().await?;
        let mut unread = [0; 512];
        let mut left = AHEAD;
        while left > 0 {
            match sock.read(&mut unread).await? {
                0 => break,
                n => left = left.saturating_sub(n),
            }
        }
        io::Result::Ok(())
    };
    let _ = timeout(LINGER, goodbye).await;
}

/// Writes once; where that would have to wait, reads ahead.
fn poll_write<S: Socket>(
    cx: &mut Context<'_>,
    sock: &mut S,
    output: &mut Output,
    input: &mut Input,
    tap: &mut Tapped,
) -> Poll<io::Result<()>> {
    let written = if tap.0.is_none() && sock.is_write_vectored() {
        let mut slices = [IoSlice::new(&[]); 16];
        let used = output.chunks_vectored(&mut slices);
        Pin::new(&mut *sock).poll_write_vectored(cx, slices.get(..used).unwrap_or_default())
    } else {
        Pin::new(&mut *sock).poll_write(cx, output.chunk())
    };
    match written {
        Poll::Ready(Ok(0)) => Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
        Poll::Ready(Ok(n)) => {
            tap.sent(output.chunk().get(..n).unwrap_or_default());
            output.advance(n);
            Poll::Ready(Ok(()))
        }
        Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
        Poll::Pending if input.bytes().len() < AHEAD && !input.is_closed() => {
            poll_fill(cx, sock, input, tap)
        }
        Poll::Pending => Poll::Pending,
    }
}

/// Reads once, and sends meanwhile what TLS has not yet passed on.
fn poll_read<S: Socket>(
    cx: &mut Context<'_>,
    sock: &mut S,
    input: &mut Input,
    tap: &mut Tapped,
) -> Poll<io::Result<()>> {
    if let Poll::Ready(Err(error)) = Pin::new(&mut *sock).poll_flush(cx) {
        return Poll::Ready(Err(error));
    }
    poll_fill(cx, sock, input, tap)
}

fn poll_fill<S: Socket>(
    cx: &mut Context<'_>,
    sock: &mut S,
    input: &mut Input,
    tap: &mut Tapped,
) -> Poll<io::Result<()>> {
    let Some(read) = fill(input, |buf| Pin::new(&mut *sock).poll_read(cx, buf), tap) else {
        input.release();
        return Poll::Pending;
    };
    match read {
        // A peer that closes TCP without TLS's close_notify has closed all the same: the machines
        // know from their own protocol whether something was cut off.
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => input.received(0),
        Err(error) => return Poll::Ready(Err(error)),
        Ok(()) => {}
    }
    Poll::Ready(Ok(()))
}

/// Reads once into `input`; none where that has to wait. An input without memory gets some only
/// when there is something to put in.
fn fill(
    input: &mut Input,
    read: impl FnOnce(&mut ReadBuf<'_>) -> Poll<io::Result<()>>,
    tap: &mut Tapped,
) -> Option<io::Result<()>> {
    let done = |read: Poll<io::Result<()>>| match read {
        Poll::Ready(read) => Some(read),
        Poll::Pending => None,
    };
    if input.capacity() > 0 {
        let mut buf = ReadBuf::new(input.space());
        if let Err(error) = done(read(&mut buf))? {
            return Some(Err(error));
        }
        tap.received(buf.filled());
        let n = buf.filled().len();
        input.received(n);
    } else {
        let mut first = [MaybeUninit::uninit(); FIRST_READ];
        let mut buf = ReadBuf::uninit(&mut first);
        if let Err(error) = done(read(&mut buf))? {
            return Some(Err(error));
        }
        tap.received(buf.filled());
        if buf.filled().is_empty() {
            input.received(0);
        }
        input.extend(buf.filled());
    }
    Some(Ok(()))
}

/// What TLS needs to know to take over a [`Stream`].
#[derive(Clone)]
#[non_exhaustive]
pub enum Tls {
    /// None: an upgrade to TLS fails.
    Unavailable,
    /// The server's side.
    Server(Arc<tls::Server>),
    /// The client's side, and the name that the server must prove to have.
    Client(Arc<rustls::ClientConfig>, ServerName<'static>),
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unavailable => "Unavailable",
            Self::Server(_) => "Server",
            Self::Client(..) => "Client",
        })
    }
}

/// A TCP connection that TLS can take over.
#[derive(Debug)]
pub struct Stream {
    transport: Transport,
    tls: Tls,
}

enum Transport {
    Plain(TcpStream),
    // The handshakes are kept here and not in a future, which may be dropped.
    Accepting(Box<Accept<TcpStream>>),
    Connecting(Box<Connect<TcpStream>>),
    Secure(Box<TlsStream<TcpStream>>),
    /// A handshake failed.
    Broken,
}

impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Plain(_) => "Plain",
            Self::Accepting(_) | Self::Connecting(_) => "Handshake",
            Self::Secure(_) => "Secure",
            Self::Broken => "Broken",
        })
    }
}

impl Stream {
    /// `tcp` as it is, with `tls` for a later upgrade.
    #[must_use]
    pub fn new(tcp: TcpStream, tls: Tls) -> Self {
        // Machines write whole replies and commands; waiting for more only delays them.
        let _ = tcp.set_nodelay(true);
        Self { transport: Transport::Plain(tcp), tls }
    }

    /// `tcp` with TLS in place from the first byte.
    ///
    /// # Errors
    ///
    /// Those of the handshake, which may take a minute.
    pub async fn over_tls(tcp: TcpStream, tls: Tls) -> io::Result<Self> {
        let mut stream = Self::new(tcp, tls);
        timeout(HANDSHAKE, stream.upgrade(Upgrade::Tls, &mut Input::default())).await??;
        Ok(stream)
    }

    /// Whether it can be upgraded to TLS.
    #[must_use]
    pub const fn has_tls(&self) -> bool {
        !matches!(self.tls, Tls::Unavailable)
    }

    /// Whether TLS is in place.
    #[must_use]
    pub const fn is_secure(&self) -> bool {
        matches!(self.transport, Transport::Secure(_))
    }

    /// What SASL mechanisms can know of the connection.
    #[must_use]
    pub fn channel(&self) -> Channel {
        let Transport::Secure(stream) = &self.transport else { return Channel::plaintext() };
        match &**stream {
            TlsStream::Client(stream) => channel::of_client(stream.get_ref().1),
            TlsStream::Server(stream) => {
                let end_point = match &self.tls {
                    Tls::Server(server) => server.end_point.clone(),
                    _ => None,
                };
                channel::secure(stream.get_ref().1, end_point)
            }
        }
    }

    fn poll_handshake(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let done = match &mut self.transport {
            Transport::Accepting(accept) => ready!(Pin::new(accept).poll(cx)).map(TlsStream::from),
            Transport::Connecting(connect) => {
                ready!(Pin::new(connect).poll(cx)).map(TlsStream::from)
            }
            Transport::Secure(_) => return Poll::Ready(Ok(())),
            Transport::Plain(_) | Transport::Broken => Err(io::ErrorKind::NotConnected.into()),
        };
        Poll::Ready(match done {
            Ok(stream) => {
                self.transport = Transport::Secure(Box::new(stream));
                Ok(())
            }
            Err(error) => {
                self.transport = Transport::Broken;
                Err(error)
            }
        })
    }
}

impl Socket for Stream {
    async fn upgrade(&mut self, to: Upgrade, _: &mut Input) -> io::Result<()> {
        if to != Upgrade::Tls || !self.has_tls() {
            return Err(io::ErrorKind::Unsupported.into());
        }
        self.transport = match replace(&mut self.transport, Transport::Broken) {
            Transport::Plain(tcp) => match &self.tls {
                Tls::Unavailable => return Err(io::ErrorKind::Unsupported.into()),
                Tls::Server(server) => {
                    let accept = TlsAcceptor::from(Arc::clone(&server.config)).accept(tcp);
                    Transport::Accepting(Box::new(accept))
                }
                Tls::Client(config, name) => {
                    let connect = TlsConnector::from(Arc::clone(config)).connect(name.clone(), tcp);
                    Transport::Connecting(Box::new(connect))
                }
            },
            under_way => under_way,
        };
        poll_fn(|cx| self.poll_handshake(cx)).await
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match &mut self.get_mut().transport {
            Transport::Plain(tcp) => Pin::new(tcp).poll_read(cx, buf),
            Transport::Secure(tls) => Pin::new(tls).poll_read(cx, buf),
            _ => Poll::Ready(Err(io::ErrorKind::NotConnected.into())),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        match &mut self.get_mut().transport {
            Transport::Plain(tcp) => Pin::new(tcp).poll_write(cx, buf),
            Transport::Secure(tls) => Pin::new(tls).poll_write(cx, buf),
            _ => Poll::Ready(Err(io::ErrorKind::NotConnected.into())),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match &mut self.get_mut().transport {
            Transport::Plain(tcp) => Pin::new(tcp).poll_write_vectored(cx, bufs),
            Transport::Secure(tls) => Pin::new(tls).poll_write_vectored(cx, bufs),
            _ => Poll::Ready(Err(io::ErrorKind::NotConnected.into())),
        }
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().transport {
            Transport::Plain(tcp) => Pin::new(tcp).poll_flush(cx),
            Transport::Secure(tls) => Pin::new(tls).poll_flush(cx),
            _ => Poll::Ready(Ok(())),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().transport {
            Transport::Plain(tcp) => Pin::new(tcp).poll_shutdown(cx),
            Transport::Secure(tls) => Pin::new(tls).poll_shutdown(cx),
            _ => Poll::Ready(Ok(())),
        }
    }
}
