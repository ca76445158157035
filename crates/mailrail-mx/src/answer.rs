//! What an answer says: the records asked for, behind aliases or not, or that there are none.

use crate::Error;
use alloc::vec::Vec;
use core::mem;
use hickory_proto::{
    op::{Message, ResponseCode},
    rr::{DNSClass, Name, RData, Record, RecordType},
};

/// What became of a question.
#[derive(Debug)]
pub(crate) struct Answer {
    /// Where the records stand: the name asked for, or the one behind its aliases.
    pub(crate) name: Name,
    pub(crate) is_alias: bool,
    /// The name does not exist; else it does, with records or without.
    pub(crate) is_missing: bool,
    /// The records' data; none where there are none of that type.
    pub(crate) data: Vec<RData>,
    /// What came along.
    pub(crate) additionals: Vec<Record>,
    /// All of it is authenticated.
    pub(crate) authentic: bool,
    /// How long it holds, in seconds.
    pub(crate) ttl: u32,
}

/// How far the answers to a question have led.
#[derive(Debug, Clone)]
pub(crate) struct Trail {
    /// The name that is asked for now.
    pub(crate) name: Name,
    pub(crate) kind: RecordType,
    /// The names that the aliases have led through.
    passed: Vec<Name>,
    authentic: bool,
    ttl: u32,
}

/// What a message leads to.
pub(crate) enum Led {
    To(Answer),
    /// The trail goes on: its new name is to be asked for.
    On,
    /// An error that stands whichever server is asked.
    Nowhere(Error),
    /// The server names others instead of answering.
    Referral,
}

impl Trail {
    pub(crate) const fn new(name: Name, kind: RecordType) -> Self {
        Self { name, kind, passed: Vec::new(), authentic: true, ttl: u32::MAX }
    }

    /// Goes where a message leads, over `limit` aliases at most in all.
    pub(crate) fn follow(&mut self, message: Message, authentic: bool, limit: usize) -> Led {
        let Message { metadata, answers, authorities, additionals, .. } = message;
        self.authentic &= authentic;
        let asked = self.name.clone();
        let negative = negative_ttl(&authorities);
        while !records_at(&answers, &self.name).any(|record| record.record_type() == self.kind) {
            let alias = records_at(&answers, &self.name).find_map(|record| match &record.data {
                RData::CNAME(target) => Some((target.0.clone(), record.ttl)),
                _ => None,
            });
            let Some((target, ttl)) = alias else { break };
            if target == self.name || self.passed.contains(&target) {
                return Led::Nowhere(Error::AliasLoop);
            }
            if self.passed.len() >= limit {
                return Led::Nowhere(Error::TooManyAliases);
            }
            self.ttl = self.ttl.min(held(ttl));
            self.passed.push(mem::replace(&mut self.name, target));
        }
        let is_missing = metadata.response_code == ResponseCode::NXDomain;
        let mut data = Vec::new();
        for record in answers {
            if is_at(&record, &self.name) && record.record_type() == self.kind {
                self.ttl = self.ttl.min(held(record.ttl));
                data.push(record.data);
            }
        }
        if data.is_empty() {
            if !is_missing && negative.is_none() {
                if self.name != asked {
                    return Led::On;
                }
                let names_others = authorities.iter().any(|it| it.record_type() == RecordType::NS);
                if names_others && !metadata.authoritative {
                    return Led::Referral;
                }
            }
            self.ttl = self.ttl.min(negative.unwrap_or(0));
        }
        Led::To(Answer {
            name: self.name.clone(),
            is_alias: !self.passed.is_empty(),
            is_missing: is_missing && data.is_empty(),
            data,
            additionals,
            authentic: self.authentic,
            ttl: self.ttl,
        })
    }
}

/// Whether it is a record of the Internet's class at `name`.
pub(crate) fn is_at(record: &Record, name: &Name) -> bool {
    record.dns_class == DNSClass::IN && record.name == *name
}

fn records_at<'a>(records: &'a [Record], name: &'a Name) -> impl Iterator<Item = &'a Record> {
    records.iter().filter(move |record| is_at(record, name))
}

/// How long an answer without records holds, where it says that there are none, and does not leave
/// it open (RFC 2308 §2.2, §5).
fn negative_ttl(authorities: &[Record]) -> Option<u32> {
    authorities.iter().find_map(|record| match &record.data {
        RData::SOA(soa) => Some(held(record.ttl).min(held(soa.minimum))),
        _ => None,
    })
}

/// A time to live with its top bit set counts as none (RFC 2181 §8).
const fn held(ttl: u32) -> u32 {
    if ttl >> 31 == 0 { ttl } else { 0 }
}
