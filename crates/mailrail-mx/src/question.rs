//! One question to a name server, and which answer is its own.

use alloc::{boxed::Box, vec::Vec};
use hickory_proto::{
    op::{Edns, Header, Message, MessageType, OpCode, Query, ResponseCode},
    rr::{DNSClass, Name, RData, Record, RecordType},
    serialize::binary::{BinDecodable, BinDecoder},
};

/// A question. The id stays the same however often it is asked, so that a late answer is as good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Question {
    pub(crate) name: Name,
    pub(crate) kind: RecordType,
    pub(crate) id: u16,
    /// The UDP payload announced; none where the server does not know EDNS.
    pub(crate) edns: Option<u16>,
}

/// What a message received is to a question.
#[derive(Debug)]
pub(crate) enum Reply {
    /// Not its answer: another id, another question, or no DNS answer at all. It is dropped, as
    /// it may be forged (RFC 5452 §9.1), and the wait goes on.
    Foreign,
    /// Its answer, cut: ask over TCP.
    Cut,
    /// Its answer, from a server that does not know EDNS (RFC 6891 §7): ask without.
    WithoutEdns,
    /// Its answer, which can't be read.
    Malformed,
    /// The name does not exist.
    NoSuchName,
    /// The server failed.
    Failed(u16),
    Answer(Box<Message>),
}

impl Question {
    pub(crate) fn encode(&self) -> Option<Vec<u8>> {
        let mut message = Message::new(self.id, MessageType::Query, OpCode::Query);
        message.metadata.recursion_desired = true;
        // Asks for the AD bit in the answer (RFC 6840 §5.7).
        message.metadata.authentic_data = true;
        message.add_query(Query::query(self.name.clone(), self.kind));
        if let Some(payload) = self.edns {
            let mut edns = Edns::new();
            edns.set_max_payload(payload).set_version(0);
            message.set_edns(edns);
        }
        message.to_vec().ok()
    }

    /// Reads a message received. RFC 5452 §9.1: it must have the id and the question of ours.
    pub(crate) fn read(&self, bytes: &[u8]) -> Reply {
        let mut decoder = BinDecoder::new(bytes);
        let Ok(header) = Header::read(&mut decoder) else { return Reply::Foreign };
        if (header.id, header.message_type, header.op_code)
            != (self.id, MessageType::Response, OpCode::Query)
        {
            return Reply::Foreign;
        }
        let code = header.response_code;
        match header.counts.queries {
            1 => match Query::read(&mut decoder) {
                Ok(asked) if self.is(&asked) => {}
                _ => return Reply::Foreign,
            },
            // A server that could not even read the question does not repeat it.
            0 if code == ResponseCode::FormErr => {}
            _ => return Reply::Foreign,
        }
        if header.truncation {
            return Reply::Cut;
        }
        let Ok(message) = Message::from_vec(bytes) else {
            return match code {
                ResponseCode::NoError | ResponseCode::NXDomain => Reply::Malformed,
                code => self.failed(code),
            };
        };
        match message.metadata.response_code {
            ResponseCode::NoError => Reply::Answer(Box::new(message)),
            ResponseCode::NXDomain => Reply::NoSuchName,
            code => self.failed(code),
        }
    }

    fn failed(&self, code: ResponseCode) -> Reply {
        match code {
            // Code 16 is decoded as BADSIG, and is BADVERS in an answer to an unsigned question.
            ResponseCode::FormErr
            | ResponseCode::NotImp
            | ResponseCode::BADVERS
            | ResponseCode::BADSIG
                if self.edns.is_some() =>
            {
                Reply::WithoutEdns
            }
            _ => Reply::Failed(code.into()),
        }
    }

    fn is(&self, asked: &Query) -> bool {
        asked.name() == &self.name
            && asked.query_type() == self.kind
            && asked.query_class() == DNSClass::IN
    }
}

/// The records' data at `name`, of the Internet's class.
pub(crate) fn data_at<'a>(
    records: &'a [Record],
    name: &'a Name,
) -> impl Iterator<Item = &'a RData> {
    records
        .iter()
        .filter(move |record| record.dns_class == DNSClass::IN && record.name == *name)
        .map(|record| &record.data)
}
