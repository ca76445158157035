//! SMTP by hand, and what tests of it say again and again.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

use super::program::PATIENCE;
use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    process::Output,
    thread,
    time::{Duration, Instant},
};

pub(crate) fn status(output: &Output) -> (Option<i32>, String) {
    (output.status.code(), String::from_utf8(output.stderr.clone()).unwrap())
}

pub(crate) fn done() -> (Option<i32>, String) {
    (Some(0), String::new())
}

/// A conversation by hand.
pub(crate) struct Talk(pub(crate) BufReader<TcpStream>);

impl Talk {
    pub(crate) fn to(addr: SocketAddr) -> Self {
        let stream = TcpStream::connect(addr).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        Self(BufReader::new(stream))
    }

    pub(crate) fn write(&mut self, text: &str) {
        self.0.get_mut().write_all(text.as_bytes()).unwrap();
    }

    /// The last line of the next reply.
    pub(crate) fn reply(&mut self) -> String {
        loop {
            let mut line = String::new();
            self.0.read_line(&mut line).unwrap();
            if line.as_bytes().get(3) != Some(&b'-') {
                return line.trim_end().to_owned();
            }
        }
    }

    pub(crate) fn ask(&mut self, line: &str) -> String {
        self.write(&format!("{line}\r\n"));
        self.reply()
    }

    /// As far as the message.
    pub(crate) fn begin(&mut self) {
        assert!(self.reply().starts_with("220 "));
        for (line, code) in [
            ("EHLO client.test", "250"),
            ("MAIL FROM:<ann@north.test>", "250"),
            ("RCPT TO:<bob@south.test>", "250"),
            ("DATA", "354"),
        ] {
            let reply = self.ask(line);
            assert!(reply.starts_with(code), "{line}: {reply}");
        }
    }

    pub(crate) fn is_over(&mut self) -> bool {
        self.0.read(&mut [0]).unwrap() == 0
    }
}

/// A server that answers each connection's lines as it is told to; none: it hangs up.
pub(crate) fn answer_at(
    addr: &str,
    mut reply: impl FnMut(&str, usize) -> Option<&'static str> + Send + 'static,
) -> SocketAddr {
    let listener = TcpListener::bind(addr).unwrap();
    let addr = listener.local_addr().unwrap();
    thread::spawn(move || {
        for (connection, stream) in listener.incoming().enumerate() {
            let mut talk = Talk(BufReader::new(stream.unwrap()));
            talk.write("220 fake\r\n");
            let mut line = String::new();
            while talk.0.read_line(&mut line).is_ok_and(|n| n > 0) {
                let Some(reply) = reply(line.trim_end(), connection) else { break };
                if !reply.is_empty() {
                    talk.write(&format!("{reply}\r\n"));
                }
                line.clear();
            }
        }
    });
    addr
}

/// Waits for something that a server does in its own time.
pub(crate) fn within_patience<T>(mut look: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(start.elapsed() < 2 * PATIENCE, "it did not happen");
        thread::sleep(Duration::from_millis(100));
    }
}
