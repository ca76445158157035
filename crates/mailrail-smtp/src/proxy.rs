//! The header that a proxy in front of a server puts before the connection's bytes: the PROXY
//! protocol of HAProxy, versions 1 and 2.

use crate::SyntaxError;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// The longest header of version 1, CR LF included.
const LINE: usize = 107;
/// The longest header of version 2 that is taken: its addresses, and some of what may follow them.
const BLOCK: usize = 1_024;
const SIGNATURE: &[u8; 12] = b"\r\n\r\n\0\r\nQUIT\n";

/// Who is behind the proxy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "the protocol has these three")]
pub enum Proxied {
    /// A client connected from the first address to the second.
    Tcp {
        /// The client.
        source: SocketAddr,
        /// What it connected to.
        destination: SocketAddr,
    },
    /// The proxy speaks for itself, as when it looks whether the server is well (`LOCAL`).
    Local,
    /// The proxy does not know, or the client came by other ways than TCP (`UNKNOWN`).
    Unknown,
}

impl Proxied {
    /// Reads the header that `bytes` begin with: who is behind the proxy, and how many bytes tell
    /// it; none where more are needed. What version 2 tells beside the addresses is left out.
    ///
    /// A server whose connections begin with TLS needs it before its machine sees a byte: the
    /// header is not encrypted.
    ///
    /// ```
    /// use mailrail_smtp::Proxied;
    ///
    /// let bytes = b"PROXY TCP4 192.0.2.1 198.51.100.1 56324 25\r\nEHLO a";
    /// let Some((Proxied::Tcp { source, .. }, 44)) = Proxied::parse(bytes)? else {
    ///     panic!("it is whole, and tells who it is");
    /// };
    /// assert_eq!(source.to_string(), "192.0.2.1:56324");
    /// # Ok::<_, mailrail_smtp::SyntaxError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Where they begin with no header, or one of more than 1,024 bytes.
    pub fn parse(bytes: &[u8]) -> Result<Option<(Self, usize)>, SyntaxError> {
        let expected = SyntaxError { offset: 0, expected: "a PROXY header" };
        let starts = |with: &[u8]| {
            let len = with.len().min(bytes.len());
            bytes.get(..len) == with.get(..len)
        };
        if starts(SIGNATURE) {
            return if bytes.len() < 16 { Ok(None) } else { block(bytes).ok_or(expected) };
        }
        if !starts(b"PROXY ") {
            return Err(expected);
        }
        let front = bytes.get(..LINE).unwrap_or(bytes);
        match memchr::memchr(b'\n', front) {
            Some(lf) => {
                let line = front.get(..lf).and_then(|line| line.strip_suffix(b"\r"));
                let proxied = line.and_then(|line| core::str::from_utf8(line).ok()).and_then(words);
                proxied.map(|proxied| Some((proxied, lf + 1))).ok_or(expected)
            }
            None if front.len() < LINE => Ok(None),
            None => Err(expected),
        }
    }
}

/// Version 1: `PROXY TCP4 source destination source-port destination-port`.
fn words(line: &str) -> Option<Proxied> {
    let line = line.strip_prefix("PROXY ")?;
    if line == "UNKNOWN" || line.starts_with("UNKNOWN ") {
        return Some(Proxied::Unknown);
    }
    let mut words = line.split(' ');
    let family = words.next()?;
    let mut address = || {
        let address: IpAddr = words.next()?.parse().ok()?;
        let fits = match family {
            "TCP4" => address.is_ipv4(),
            "TCP6" => address.is_ipv6(),
            _ => false,
        };
        fits.then_some(address)
    };
    let (source, destination) = (address()?, address()?);
    let mut port = || {
        let port = words.next()?;
        port.parse().ok().filter(|_| port.bytes().all(|byte| byte.is_ascii_digit()))
    };
    let source = SocketAddr::new(source, port()?);
    let destination = SocketAddr::new(destination, port()?);
    words.next().is_none().then_some(Proxied::Tcp { source, destination })
}

/// Version 2, where its first 16 bytes are there; inside, none where it is not whole.
fn block(bytes: &[u8]) -> Option<Option<(Proxied, usize)>> {
    let (&[command, family, high, low], rest) =
        bytes.get(SIGNATURE.len()..)?.split_first_chunk()?;
    let len = usize::from(u16::from_be_bytes([high, low]));
    if len > BLOCK {
        return None;
    }
    let Some(addresses) = rest.get(..len) else { return Some(None) };
    let proxied = match (command, family) {
        (0x20, _) => Proxied::Local,
        (0x21, 0x11) => {
            let (source, rest) = addresses.split_first_chunk::<4>()?;
            let (destination, ports) = rest.split_first_chunk::<4>()?;
            tcp(Ipv4Addr::from(*source).into(), Ipv4Addr::from(*destination).into(), ports)?
        }
        (0x21, 0x21) => {
            let (source, rest) = addresses.split_first_chunk::<16>()?;
            let (destination, ports) = rest.split_first_chunk::<16>()?;
            tcp(Ipv6Addr::from(*source).into(), Ipv6Addr::from(*destination).into(), ports)?
        }
        (0x21, _) => Proxied::Unknown,
        _ => return None,
    };
    Some(Some((proxied, 16 + len)))
}

fn tcp(source: IpAddr, destination: IpAddr, ports: &[u8]) -> Option<Proxied> {
    let &[a, b, c, d] = ports.first_chunk()?;
    Some(Proxied::Tcp {
        source: SocketAddr::new(source, u16::from_be_bytes([a, b])),
        destination: SocketAddr::new(destination, u16::from_be_bytes([c, d])),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    /// Each shorter start is not enough, and what follows does not matter.
    fn read(header: &[u8]) -> Option<Proxied> {
        let whole = Proxied::parse(header).ok()?;
        for len in 0..header.len() {
            assert_eq!(Proxied::parse(&header[..len]), Ok(None), "{len}");
        }
        assert_eq!(Proxied::parse(&[header, b"EHLO a\r\n"].concat()), Ok(whole));
        whole.map(|(proxied, len)| {
            assert_eq!(len, header.len());
            proxied
        })
    }

    fn tcp(source: &str, destination: &str) -> Option<Proxied> {
        let (source, destination) = (source.parse().unwrap(), destination.parse().unwrap());
        Some(Proxied::Tcp { source, destination })
    }

    #[test]
    fn version_1() {
        assert_eq!(
            read(b"PROXY TCP4 192.0.2.1 198.51.100.1 56324 25\r\n"),
            tcp("192.0.2.1:56324", "198.51.100.1:25")
        );
        assert_eq!(
            read(b"PROXY TCP6 2001:db8::1 ::1 1 65535\r\n"),
            tcp("[2001:db8::1]:1", "[::1]:65535")
        );
        assert_eq!(read(b"PROXY UNKNOWN\r\n"), Some(Proxied::Unknown));
        assert_eq!(read(b"PROXY UNKNOWN ffff::1 ffff::2 65535 65535\r\n"), Some(Proxied::Unknown));
        for header in [
            &b"EHLO a\r\n"[..],
            b"PROXY TCP4 192.0.2.1 198.51.100.1 56324 25\n",
            b"PROXY TCP4 ::1 ::1 1 2\r\n",
            b"PROXY TCP4 192.0.2.1 198.51.100.1 56324\r\n",
            b"PROXY TCP4 192.0.2.1 198.51.100.1 56324 25 1\r\n",
            b"PROXY TCP4 192.0.2.1 198.51.100.1 65536 25\r\n",
            b"PROXY TCP4 192.0.2.1 198.51.100.1 +1 25\r\n",
            b"PROXY  TCP4 192.0.2.1 198.51.100.1 1 25\r\n",
            b"PROXY UDP4 192.0.2.1 198.51.100.1 1 25\r\n",
            b"PROXY UNKNOWNS\r\n",
            b"proxy UNKNOWN\r\n",
            &[&b"PROXY UNKNOWN "[..], &[b'x'; 100]].concat(),
        ] {
            assert!(Proxied::parse(header).is_err(), "{header:?}");
        }
    }

    fn version_2(command: u8, family: u8, addresses: &[u8]) -> Vec<u8> {
        let len = u16::try_from(addresses.len()).unwrap().to_be_bytes();
        [&SIGNATURE[..], &[command, family], &len, addresses].concat()
    }

    #[test]
    fn version_2_blocks() {
        let four = [192, 0, 2, 1, 198, 51, 100, 1, 0xDC, 4, 0, 25];
        let known = tcp("192.0.2.1:56324", "198.51.100.1:25");
        assert_eq!(read(&version_2(0x21, 0x11, &four)), known);
        assert_eq!(read(&version_2(0x21, 0x11, &[&four[..], &[4, 0, 1, 0]].concat())), known);
        let six = [&[0; 15][..], &[1], &[0; 15], &[2], &[0, 1, 0, 2]].concat();
        assert_eq!(read(&version_2(0x21, 0x21, &six)), tcp("[::1]:1", "[::2]:2"));
        assert_eq!(read(&version_2(0x20, 0, b"")), Some(Proxied::Local));
        assert_eq!(read(&version_2(0x21, 0x31, &[0; 216])), Some(Proxied::Unknown));
        for header in [
            version_2(0x11, 0x11, &four),
            version_2(0x22, 0x11, &four),
            version_2(0x21, 0x11, &four[..11]),
            version_2(0x21, 0x21, &four),
            version_2(0x21, 0x11, &[0; 1_025]),
        ] {
            assert!(Proxied::parse(&header).is_err(), "{header:?}");
        }
    }
}
