//! The name server of the journey: it knows a few domains, and says what it is asked.

use hickory_proto::{
    op::{Message, MessageType, OpCode, ResponseCode},
    rr::{DNSClass, Name, RData, Record, RecordType, rdata},
};
use std::{
    fmt, io,
    net::{Ipv4Addr, SocketAddr},
};
use tokio::{net::UdpSocket, task::JoinHandle};

/// How long an answer holds, in seconds.
const TTL: u32 = 60;

/// A domain, and the host on this machine that takes its mail.
#[derive(Debug, Clone, Copy)]
pub(super) struct Zone {
    pub(super) domain: &'static str,
    /// Its address is 127.0.0.1.
    pub(super) exchanger: &'static str,
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.exchanger)
    }
}

/// A running name server; it stops when this is dropped.
#[derive(Debug)]
pub(super) struct NameServer {
    addr: SocketAddr,
    task: JoinHandle<()>,
}

impl NameServer {
    /// Answers for `zones` on a port of 127.0.0.1 that the system picks; `tell` hears of each
    /// question and answer in one line.
    pub(super) async fn start(
        zones: [Zone; 2],
        tell: impl Fn(&str) + Send + 'static,
    ) -> io::Result<Self> {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let addr = socket.local_addr()?;
        let task = tokio::spawn(async move {
            let mut datagram = [0; 1_500];
            // A peer that has gone makes a later receive fail: it is no reason to stop.
            loop {
                let Ok((n, from)) = socket.recv_from(&mut datagram).await else { continue };
                let question = datagram.get(..n).unwrap_or_default();
                if let Some(answer) = answer(&zones, question, &tell) {
                    let _ = socket.send_to(&answer, from).await;
                }
            }
        });
        Ok(Self { addr, task })
    }

    /// Where it listens.
    pub(super) const fn addr(&self) -> SocketAddr {
        self.addr
    }
}

impl Drop for NameServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The answer to `question`; none where it is none.
fn answer(zones: &[Zone], question: &[u8], tell: &impl Fn(&str)) -> Option<Vec<u8>> {
    let question = Message::from_vec(question).ok()?;
    let [query] = question.queries.as_slice() else { return None };
    let mut answer = Message::new(question.metadata.id, MessageType::Response, OpCode::Query);
    answer.metadata.recursion_desired = question.metadata.recursion_desired;
    answer.metadata.recursion_available = true;
    answer.add_query(query.clone());
    let name = query.name().to_string();
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    let domain = zones.iter().find(|zone| zone.domain == name);
    let host = zones.iter().find(|zone| zone.exchanger == name);
    let said = match (query.query_class(), query.query_type(), domain, host) {
        (DNSClass::IN, RecordType::MX, Some(zone), _) => {
            let host = Name::from_ascii(format!("{}.", zone.exchanger)).ok()?;
            let data = RData::MX(rdata::MX::new(10, host));
            answer.add_answer(Record::from_rdata(query.name().clone(), TTL, data));
            format!("10 {}", zone.exchanger)
        }
        (DNSClass::IN, RecordType::A, _, Some(_)) => {
            let data = RData::A(rdata::A(Ipv4Addr::LOCALHOST));
            answer.add_answer(Record::from_rdata(query.name().clone(), TTL, data));
            Ipv4Addr::LOCALHOST.to_string()
        }
        (_, _, None, None) => {
            answer.metadata.response_code = ResponseCode::NXDomain;
            "no such name".to_owned()
        }
        _ => "no such record".to_owned(),
    };
    tell(&format!("{name} {}? {said}", query.query_type()));
    answer.to_vec().ok()
}
