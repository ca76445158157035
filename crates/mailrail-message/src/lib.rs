#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

#[cfg(test)]
mod adversary;
#[cfg(test)]
mod adversary_fields;
mod around;
mod body;
mod builder;
mod check;
mod choose;
mod cid;
mod convert;
mod defect;
mod edit;
pub mod encoding;
mod error;
pub mod flowed;
mod grammar;
mod header;
mod header_line;
mod limits;
mod message;
mod multipart;
mod nest;
mod part;
mod path;
pub mod report;
mod scan;
mod section;
mod steps;
mod stream;
mod structure;
mod subject;

pub use body::{Attachments, Body};
pub use builder::Builder;
pub use builder::attachment::Attachment;
pub use builder::body_type::BodyType;
pub use builder::content::Content;
pub use builder::field::FieldValue;
pub use builder::pieces::Pieces;
pub use builder::report::arf::Arf;
pub use builder::report::dsn::{Dsn, DsnAction, DsnRecipient};
pub use builder::report::mdn::Mdn;
pub use builder::report::{Report, Returned};
pub use builder::stream::{BuildStep, BuildStream};
pub use choose::{BodyPicker, Picked};
pub use cid::Related;
pub use convert::{Conversion, ConvertError, Converted};
pub use defect::{Defect, DefectKind};
pub use edit::{Edit, Edited};
pub use error::{Error, SyntaxError};
pub use header::address::{Address, Group, Mailbox};
pub use header::address_list::{RawAddress, RawAddresses, RawMailbox};
pub use header::authentication_results::{
    AuthenticationProperty, AuthenticationResult, AuthenticationResults,
};
pub use header::auto_submitted::AutoSubmitted;
pub use header::content_disposition::ContentDisposition;
pub use header::content_transfer_encoding::TransferEncoding;
pub use header::content_type::ContentType;
pub use header::date::DateTime;
pub use header::external_body::ExternalBody;
pub use header::hops::Hops;
pub use header::keys::{Envelope, SortKeys, ThreadKeys};
pub use header::list::{ListId, ListUris};
pub use header::message_id::{MessageId, MessageIds};
pub use header::notification_options::NotificationOption;
pub use header::parameter::{Parameter, Parameters, RawParameter, RawParameters};
pub use header::partial::Partial;
pub use header::received::Received;
pub use header::return_path::ReturnPath;
pub use header::select::Select;
pub use header::stamp::{Clause, Stamp};
pub use header::{Field, Fields, Headers};
pub use limits::Limits;
pub use message::Message;
pub use part::{Children, Part, PartKind, Parts};
pub use path::PartPath;
pub use section::{Binary, Section, SectionPiece, SectionText};
pub use stream::{MessageEvent, MessageStream, PartHead};
pub use subject::{BaseSubject, base_subject};
