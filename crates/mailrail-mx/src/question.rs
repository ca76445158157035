//! One question to a name server, and which message is its answer.

use alloc::{boxed::Box, vec::Vec};
use hickory_proto::{
    op::{Header, Message, MessageType, OpCode, ResponseCode},
    rr::{Name, RecordType},
    serialize::binary::{BinDecodable, BinDecoder},
};

const HEADER: usize = 12;
/// The question's type and class.
const TAIL: usize = 4;
/// The OPT record.
const OPT: usize = 11;

/// A question as it stands on the wire. Its id and its letters stay the same however often it is
/// asked, so that a late answer is as good.
#[derive(Debug, Clone)]
pub(crate) struct Question {
    pub(crate) id: u16,
    /// The question section: the name, the type and the class.
    section: Box<[u8]>,
    /// The UDP payload announced when it was last asked; none where it was asked without EDNS.
    edns: Option<u16>,
}

/// What a message received is to a question.
#[derive(Debug)]
pub(crate) enum Reply {
    /// Not its answer: another question, or no DNS answer at all. It is dropped, as it may be
    /// forged (RFC 5452 §9.1), and the wait goes on.
    Foreign,
    /// Its answer but for the case of letters: forged, or from a server that changes them.
    OtherCase,
    /// Its answer, cut: ask over TCP.
    Cut,
    /// Its answer, from a server that does not know EDNS (RFC 6891 §7): ask without.
    WithoutEdns,
    /// Its answer, which can't be read.
    Malformed,
    /// The server failed.
    Failed(u16),
    /// There are records, or none, or no such name.
    Answer(Box<Message>),
}

impl Question {
    /// Bits of `letters` say which letters are turned over; 0 leaves them as they are.
    pub(crate) fn new(
        name: &Name,
        kind: RecordType,
        id: u16,
        mut letters: impl FnMut() -> u64,
    ) -> Self {
        let octets: usize = name.iter().map(|label| 1 + label.len()).sum();
        let mut section = Vec::with_capacity(octets + 1 + TAIL);
        let (mut bits, mut left) = (0, 0);
        for label in name.iter() {
            // A label has 63 octets at most.
            section.push(u8::try_from(label.len()).unwrap_or_default());
            section.extend(label.iter().map(|&octet| {
                if !octet.is_ascii_alphabetic() {
                    return octet;
                }
                if left == 0 {
                    (bits, left) = (letters(), 64);
                }
                left -= 1;
                let turned = bits & 1 == 1;
                bits >>= 1;
                if turned { octet ^ 0x20 } else { octet }
            }));
        }
        section.push(0);
        section.extend(u16::from(kind).to_be_bytes());
        section.extend([0, 1]);
        Self { id, section: section.into(), edns: None }
    }

    /// How long the message that asks it is at most.
    pub(crate) const fn encoded_len(&self) -> usize {
        HEADER + self.section.len() + OPT
    }

    /// Appends the message that asks it (RFC 1035 §4.1, RFC 6891 §6.1.2), from now on with this
    /// payload announced, or without EDNS.
    pub(crate) fn encode(&mut self, edns: Option<u16>, wants_signatures: bool, out: &mut Vec<u8>) {
        self.edns = edns;
        out.extend(self.id.to_be_bytes());
        // Recursion desired; the AD bit in the answer, too (RFC 6840 §5.7).
        out.extend([1, 0x20, 0, 1, 0, 0, 0, 0, 0, u8::from(edns.is_some())]);
        out.extend(&self.section);
        if let Some(payload) = edns {
            out.extend([0, 0, 41]);
            out.extend(payload.to_be_bytes());
            out.extend([0, 0, u8::from(wants_signatures) << 7, 0, 0, 0]);
        }
    }

    /// Reads a message that has its id. RFC 5452 §9.1: it must have its question, too.
    pub(crate) fn read(&self, bytes: &[u8]) -> Reply {
        let Ok(header) = Header::read(&mut BinDecoder::new(bytes)) else { return Reply::Foreign };
        if (header.message_type, header.op_code) != (MessageType::Response, OpCode::Query) {
            return Reply::Foreign;
        }
        let code = header.response_code;
        match header.counts.queries {
            1 => {
                let end = HEADER + self.section.len();
                let asked = bytes.get(HEADER..end).unwrap_or_default();
                if *asked != *self.section {
                    return if self.is_alike(asked) { Reply::OtherCase } else { Reply::Foreign };
                }
            }
            // A server that could not even read the question does not repeat it.
            0 if code == ResponseCode::FormErr => {}
            _ => return Reply::Foreign,
        }
        self.read_own(bytes)
    }

    /// Reads a message that is known to be its answer.
    pub(crate) fn read_own(&self, bytes: &[u8]) -> Reply {
        let Ok(header) = Header::read(&mut BinDecoder::new(bytes)) else { return Reply::Malformed };
        if header.truncation {
            return Reply::Cut;
        }
        let Ok(message) = Message::from_vec(bytes) else {
            return match header.response_code {
                ResponseCode::NoError | ResponseCode::NXDomain => Reply::Malformed,
                code => self.failed(code),
            };
        };
        match message.metadata.response_code {
            ResponseCode::NoError | ResponseCode::NXDomain => Reply::Answer(Box::new(message)),
            code => self.failed(code),
        }
    }

    fn is_alike(&self, asked: &[u8]) -> bool {
        let parts = |section: &[u8]| section.split_last_chunk::<TAIL>().map(|(_, tail)| *tail);
        parts(asked) == parts(&self.section) && asked.eq_ignore_ascii_case(&self.section)
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
}
