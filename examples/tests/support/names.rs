//! A name server of a few records, for as long as the test runs.

use super::Result;
use hickory_proto::{
    op::{Message, MessageType, ResponseCode},
    rr::{Name, RData, Record, RecordType, rdata},
};
use std::{
    net::{Ipv4Addr, SocketAddr, UdpSocket},
    thread,
};

/// What it knows: a domain and its exchangers, or a host and its address.
#[derive(Clone, Copy)]
pub(crate) enum Entry {
    /// An exchanger: a dot is none at all (RFC 7505).
    Mx(&'static str, u16, &'static str),
    A(&'static str, Ipv4Addr),
}

/// Starts one; it says of its answers that they are proved.
pub(crate) fn serve(entries: &'static [Entry]) -> Result<SocketAddr> {
    let socket = UdpSocket::bind("127.0.0.1:0")?;
    let addr = socket.local_addr()?;
    thread::spawn(move || {
        let mut datagram = [0; 1_500];
        while let Ok((n, from)) = socket.recv_from(&mut datagram) {
            if let Some(answer) = answer(entries, &datagram[..n]) {
                let _ = socket.send_to(&answer, from);
            }
        }
    });
    Ok(addr)
}

fn answer(entries: &[Entry], question: &[u8]) -> Option<Vec<u8>> {
    let mut message = Message::from_vec(question).ok()?;
    message.metadata.message_type = MessageType::Response;
    message.metadata.authentic_data = true;
    let asked = message.queries.first()?.clone();
    let name = |text: &str| {
        Name::from_ascii(text.trim_end_matches('.')).map(|mut name| {
            name.set_fqdn(true);
            name
        })
    };
    let mut known = false;
    for entry in entries {
        let (owner, data) = match *entry {
            Entry::Mx(owner, preference, host) => {
                (owner, RData::MX(rdata::MX::new(preference, name(host).ok()?)))
            }
            Entry::A(owner, address) => (owner, RData::A(address.into())),
        };
        if name(owner).ok()? == *asked.name() {
            known = true;
            let fits = match data {
                RData::MX(_) => asked.query_type() == RecordType::MX,
                _ => asked.query_type() == RecordType::A,
            };
            if fits {
                message.add_answer(Record::from_rdata(asked.name().clone(), 60, data));
            }
        }
    }
    if !known {
        message.metadata.response_code = ResponseCode::NXDomain;
    }
    message.to_vec().ok()
}
