//! The driver for blocking sockets: `std` alone, without a runtime.

use super::{AHEAD, Clock, Error, HANDSHAKE, LINGER, Next, Tap, Tapped};
use crate::channel;
use bytes::Buf;
use mailrail_sasl::Channel;
use mailrail_wire::{Connection, Input, Output, Step, Upgrade};
use rustls::{ClientConnection, StreamOwned, pki_types::ServerName};
use std::{
    fmt,
    io::{self, IoSlice, Read, Write},
    mem::replace,
    net::{Shutdown, TcpStream},
    sync::Arc,
    time::Duration,
};

/// A socket that can change into what [`Step::Upgrade`] asks for.
pub trait Socket: Read + Write {
    /// Lets a read or write wait no longer than `left` from now on; none: without end.
    ///
    /// # Errors
    ///
    /// Those of the system.
    fn set_timeout(&self, left: Option<Duration>) -> io::Result<()>;

    /// Puts the transport in place.
    ///
    /// # Errors
    ///
    /// Those of the handshake, and [`Unsupported`](io::ErrorKind::Unsupported).
    fn upgrade(&mut self, to: Upgrade, input: &mut Input) -> io::Result<()>;

    /// Says that nothing more is written.
    ///
    /// # Errors
    ///
    /// Those of the system; the socket is closed all the same.
    fn shutdown(&mut self) -> io::Result<()>;
}

/// A machine and its socket.
///
/// It does not read while it writes, so it suits conversations in which one side writes at a time.
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

    /// The socket.
    pub fn socket(&self) -> &S {
        &self.sock
    }
}

impl<C: Connection, S: Socket> Link<C, S> {
    /// Does what the machine asks for until there is an event, and gives it together with the
    /// machine to answer it on; none at the end, with the socket closed.
    ///
    /// # Errors
    ///
    /// [`Error::Connection`] is the machine's, [`Error::Io`] the socket's.
    pub fn next_event(&mut self) -> Result<Next<'_, C>, Error<C::Error>> {
        let Self { conn, input, sock, clock, tap } = self;
        loop {
            let step = match conn.poll(clock.now(), input) {
                Ok(step) => step,
                Err(error) => {
                    close(sock);
                    return Err(Error::Connection(error));
                }
            };
            match step {
                Step::Event => {
                    let event = conn.event(input).map_err(Error::Connection)?;
                    return Ok(Some((event, conn)));
                }
                Step::Write { until } => {
                    in_time(sock, clock.left(until), |sock| write(sock, conn.output(), tap))?;
                }
                Step::Read { until } => {
                    in_time(sock, clock.left(until), |sock| read(sock, input, tap))?;
                }
                Step::Upgrade(to) => {
                    sock.set_timeout(Some(HANDSHAKE))?;
                    sock.upgrade(to, input)?;
                    if to == Upgrade::Tls {
                        tap.secured();
                    }
                    conn.upgraded();
                }
                Step::Answer => return Err(Error::Unanswered),
                Step::Close => {
                    close(sock);
                    return Ok(None);
                }
            }
        }
    }
}

/// Running out of time is no error: the machine's next `poll` says what it means.
fn in_time<S: Socket>(
    sock: &mut S,
    left: Option<Duration>,
    io: impl FnOnce(&mut S) -> io::Result<()>,
) -> io::Result<()> {
    // The system takes no timeout of zero.
    sock.set_timeout(left.map(|left| left.max(Duration::from_millis(1))))?;
    match io(sock) {
        Err(error) if is_delay(&error) => Ok(()),
        done => done,
    }
}

fn is_delay(error: &io::Error) -> bool {
    use io::ErrorKind::{Interrupted, TimedOut, WouldBlock};
    matches!(error.kind(), Interrupted | TimedOut | WouldBlock)
}

fn write(sock: &mut impl Write, output: &mut Output, tap: &mut Tapped) -> io::Result<()> {
    let n = if tap.0.is_some() {
        sock.write(output.chunk())?
    } else {
        let mut slices = [IoSlice::new(&[]); 16];
        let used = output.chunks_vectored(&mut slices);
        sock.write_vectored(slices.get(..used).unwrap_or_default())?
    };
    if n == 0 {
        return Err(io::ErrorKind::WriteZero.into());
    }
    tap.sent(output.chunk().get(..n).unwrap_or_default());
    output.advance(n);
    Ok(())
}

fn read(sock: &mut (impl Read + Write), input: &mut Input, tap: &mut Tapped) -> io::Result<()> {
    // TLS may have kept back what did not fit into the system's buffer.
    sock.flush()?;
    match sock.read(input.space()) {
        Ok(n) => {
            input.received(n);
            let from = input.bytes().len().saturating_sub(n);
            tap.received(input.bytes().get(from..).unwrap_or_default());
            Ok(())
        }
        // A peer that closes TCP without TLS's close_notify has closed all the same: the machines
        // know from their own protocol whether something was cut off.
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
            input.received(0);
            Ok(())
        }
        Err(error) => Err(error),
    }
}

/// As the tokio driver does: a goodbye, then what the peer still sends, a little while.
fn close(sock: &mut impl Socket) {
    let mut unread = [0; 512];
    let mut left = AHEAD;
    if sock.set_timeout(Some(LINGER)).is_err() || sock.shutdown().is_err() {
        return;
    }
    while let Ok(n @ 1..) = sock.read(&mut unread)
        && left > 0
    {
        left = left.saturating_sub(n);
    }
}

/// A TCP connection of a client, that TLS can take over.
#[derive(Debug)]
pub struct Stream {
    transport: Transport,
    tls: Option<(Arc<rustls::ClientConfig>, ServerName<'static>)>,
}

enum Transport {
    Plain(TcpStream),
    Secure(Box<StreamOwned<ClientConnection, TcpStream>>),
    /// A handshake failed.
    Broken,
}

impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Plain(_) => "Plain",
            Self::Secure(_) => "Secure",
            Self::Broken => "Broken",
        })
    }
}

impl Stream {
    /// `tcp` as it is, with `tls` for a later upgrade: a configuration, and the name that the
    /// server must prove to have.
    #[must_use]
    pub fn new(
        tcp: TcpStream,
        tls: Option<(Arc<rustls::ClientConfig>, ServerName<'static>)>,
    ) -> Self {
        // Machines write whole commands; waiting for more only delays them.
        let _ = tcp.set_nodelay(true);
        Self { transport: Transport::Plain(tcp), tls }
    }

    /// `tcp` with TLS in place from the first byte.
    ///
    /// # Errors
    ///
    /// Those of the handshake, which may take a minute.
    pub fn over_tls(
        tcp: TcpStream,
        config: Arc<rustls::ClientConfig>,
        name: ServerName<'static>,
    ) -> io::Result<Self> {
        let mut stream = Self::new(tcp, Some((config, name)));
        stream.set_timeout(Some(HANDSHAKE))?;
        stream.upgrade(Upgrade::Tls, &mut Input::default())?;
        Ok(stream)
    }

    /// What SASL mechanisms can know of the connection.
    #[must_use]
    pub fn channel(&self) -> Channel {
        match &self.transport {
            Transport::Secure(tls) => channel::of_client(&tls.conn),
            _ => Channel::plaintext(),
        }
    }

    fn tcp(&self) -> io::Result<&TcpStream> {
        match &self.transport {
            Transport::Plain(tcp) => Ok(tcp),
            Transport::Secure(tls) => Ok(tls.get_ref()),
            Transport::Broken => Err(io::ErrorKind::NotConnected.into()),
        }
    }
}

impl Socket for Stream {
    fn set_timeout(&self, left: Option<Duration>) -> io::Result<()> {
        let tcp = self.tcp()?;
        tcp.set_read_timeout(left)?;
        tcp.set_write_timeout(left)
    }

    fn upgrade(&mut self, to: Upgrade, _: &mut Input) -> io::Result<()> {
        let (Upgrade::Tls, Some((config, name))) = (to, &self.tls) else {
            return Err(io::ErrorKind::Unsupported.into());
        };
        let Transport::Plain(mut tcp) = replace(&mut self.transport, Transport::Broken) else {
            return Err(io::ErrorKind::Unsupported.into());
        };
        let mut tls =
            ClientConnection::new(Arc::clone(config), name.clone()).map_err(io::Error::other)?;
        while tls.is_handshaking() {
            tls.complete_io(&mut tcp).map_err(|error| {
                if is_delay(&error) { io::ErrorKind::TimedOut.into() } else { error }
            })?;
        }
        self.transport = Transport::Secure(Box::new(StreamOwned::new(tls, tcp)));
        Ok(())
    }

    fn shutdown(&mut self) -> io::Result<()> {
        if let Transport::Secure(tls) = &mut self.transport {
            tls.conn.send_close_notify();
            tls.flush()?;
        }
        self.tcp()?.shutdown(Shutdown::Write)
    }
}

impl Read for Stream {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        match &mut self.transport {
            Transport::Plain(tcp) => tcp.read(buf),
            Transport::Secure(tls) => tls.read(buf),
            Transport::Broken => Err(io::ErrorKind::NotConnected.into()),
        }
    }
}

impl Write for Stream {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        match &mut self.transport {
            Transport::Plain(tcp) => tcp.write(buf),
            Transport::Secure(tls) => tls.write(buf),
            Transport::Broken => Err(io::ErrorKind::NotConnected.into()),
        }
    }

    fn write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        match &mut self.transport {
            Transport::Plain(tcp) => tcp.write_vectored(bufs),
            Transport::Secure(tls) => tls.write_vectored(bufs),
            Transport::Broken => Err(io::ErrorKind::NotConnected.into()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.transport {
            Transport::Plain(tcp) => tcp.flush(),
            Transport::Secure(tls) => tls.flush(),
            Transport::Broken => Err(io::ErrorKind::NotConnected.into()),
        }
    }
}
