//! The nouns that several commands and responses share.
//!
//! All are valid by construction: what cannot be said on the wire cannot be held, so that no
//! value can bring a line end, and with it a command of its own, into the talk.

mod atom;
mod body_structure;
mod capability;
mod date;
mod date_time;
mod delimiter;
mod envelope;
mod fetch_attribute;
mod flag;
mod istring;
mod list_pattern;
mod mailbox;
mod search_key;
mod section;
mod sequence_set;
mod status_item;
mod tag;
mod text;
mod utf7;

pub use atom::Atom;
pub use body_structure::{
    BodyExtension, BodyPart, BodyPartKind, BodyStructure, Disposition, Multipart, Parameter,
};
pub use capability::{Capabilities, Capability};
pub use date::Date;
pub use date_time::DateTime;
pub use delimiter::Delimiter;
pub use envelope::{Address, Envelope};
pub use fetch_attribute::FetchAttribute;
pub use flag::Flag;
pub use istring::{IString, NString};
pub use list_pattern::ListPattern;
pub use mailbox::Mailbox;
pub use search_key::SearchKey;
pub use section::{Partial, Section, SectionText};
pub use sequence_set::{SeqNumber, SequenceSet};
pub use status_item::{StatusAttribute, StatusItem};
pub use tag::Tag;
pub use text::Text;

pub(crate) use fetch_attribute::item_name;
pub(crate) use istring::{nstring_into_owned, write_nstring};
pub(crate) use list_pattern::fits;
