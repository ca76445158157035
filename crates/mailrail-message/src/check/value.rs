//! The faults of a field's value.

use alloc::vec::Vec;

use memchr::memchr;

use super::date::is_usual;
use super::{address, parameter};
use crate::defect::{Defect, DefectKind};
use crate::encoding::encoded_word::{self, Fault};
use crate::error::SyntaxError;
use crate::grammar::{self, Cursor, without_comments};
use crate::header::Field;
use crate::header::authentication_results::AuthenticationResults;
use crate::header::auto_submitted::AutoSubmitted;
use crate::header::list::{ListId, ListUris};
use crate::header::notification_options::NotificationOption;
use crate::header::parameter::Parameters;
use crate::header::return_path::ReturnPath;
use crate::header::stamp::Stamp;
use crate::limits::ValueLimits;
use crate::scan::{from, is_fws, is_line_end, is_wsp, trim};

/// The grammar of a field's value, as far as it is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Syntax {
    Addresses,
    Date,
    /// One identifier.
    MessageId,
    MessageIds,
    ContentType,
    Disposition,
    Encoding,
    Language,
    Location,
    MimeVersion,
    Received,
    ReturnPath,
    ListUris,
    ListId,
    AutoSubmitted,
    AuthenticationResults,
    Options,
    /// `No`
    TlsRequired,
    /// Comments and quoted strings, and more that is not checked.
    Structured,
    Text,
}

const SYNTAXES: [(&str, Syntax); 40] = [
    ("From", Syntax::Addresses),
    ("Sender", Syntax::Addresses),
    ("Reply-To", Syntax::Addresses),
    ("To", Syntax::Addresses),
    ("Cc", Syntax::Addresses),
    ("Bcc", Syntax::Addresses),
    ("Resent-From", Syntax::Addresses),
    ("Resent-Sender", Syntax::Addresses),
    ("Resent-To", Syntax::Addresses),
    ("Resent-Cc", Syntax::Addresses),
    ("Resent-Bcc", Syntax::Addresses),
    ("Disposition-Notification-To", Syntax::Addresses),
    ("Date", Syntax::Date),
    ("Resent-Date", Syntax::Date),
    ("Message-ID", Syntax::MessageId),
    ("Resent-Message-ID", Syntax::MessageId),
    ("Content-ID", Syntax::MessageId),
    ("In-Reply-To", Syntax::MessageIds),
    ("References", Syntax::MessageIds),
    ("Content-Type", Syntax::ContentType),
    ("Content-Disposition", Syntax::Disposition),
    ("Content-Transfer-Encoding", Syntax::Encoding),
    ("Content-Language", Syntax::Language),
    ("Content-Location", Syntax::Location),
    ("MIME-Version", Syntax::MimeVersion),
    ("Received", Syntax::Received),
    ("Return-Path", Syntax::ReturnPath),
    ("List-Help", Syntax::ListUris),
    ("List-Unsubscribe", Syntax::ListUris),
    ("List-Subscribe", Syntax::ListUris),
    ("List-Post", Syntax::ListUris),
    ("List-Owner", Syntax::ListUris),
    ("List-Archive", Syntax::ListUris),
    ("List-ID", Syntax::ListId),
    ("Auto-Submitted", Syntax::AutoSubmitted),
    ("Authentication-Results", Syntax::AuthenticationResults),
    ("Disposition-Notification-Options", Syntax::Options),
    ("TLS-Required", Syntax::TlsRequired),
    ("Keywords", Syntax::Structured),
    ("Resent-Keywords", Syntax::Structured),
];

impl Syntax {
    fn of(field: Field<'_>) -> Self {
        let mut all = SYNTAXES.into_iter();
        all.find(|(name, _)| field.is_named(name)).map_or(Self::Text, |(_, syntax)| syntax)
    }
}

/// Where a fault is, in bytes from the start of the value; `None`: the field as a whole.
type Place = Option<usize>;

/// The faults of a field: one of its text, one of its tokens, and those of its grammar.
pub(super) fn faults(field: Field<'_>) -> Vec<Defect> {
    let raw = field.raw_value();
    let mut found: Vec<(Place, DefectKind)> = Vec::new();
    if core::str::from_utf8(raw).is_err() {
        found.push((None, DefectKind::UndeclaredCharset));
    } else if let Some((at, fault)) = encoded_word::first_fault(raw, field.limits()) {
        let kind = match fault {
            Fault::Charset => DefectKind::UnknownCharset,
            Fault::Malformed => DefectKind::InvalidEncodedWord,
            Fault::TooMany => DefectKind::TooManyEncodedWords,
        };
        found.push((Some(at), kind));
    }
    found.extend(control(raw).map(|at| (Some(at), DefectKind::ControlCharacter)));
    let syntax = Syntax::of(field);
    if !matches!(syntax, Syntax::Text | Syntax::Location) {
        // In a URI parentheses and quotes are nothing special.
        let last_uri = if syntax == Syntax::ListUris { memchr::memrchr(b'>', raw) } else { None };
        let start = last_uri.unwrap_or(0);
        match grammar::first_fault(from(raw, start), field.limits()) {
            Some((at, fault)) => {
                let kind = match fault {
                    grammar::Fault::Unclosed => DefectKind::Unclosed,
                    grammar::Fault::TooDeep => DefectKind::CommentTooDeep,
                };
                found.push((Some(start + at), kind));
            }
            None => shape(field, syntax, &mut found),
        }
    } else if syntax == Syntax::Location && trim(raw).starts_with(b"\"") {
        found.push((Some(0), DefectKind::InvalidValue));
    }
    let (start, value_start) = (field.range().start, field.value_start());
    let defect = |(place, kind): (Place, _)| Defect {
        offset: place.map_or(start, |at| value_start + at),
        kind,
    };
    found.into_iter().map(defect).collect()
}

/// The first control character that is none of a fold's line ends.
fn control(raw: &[u8]) -> Option<usize> {
    let is_fold = |at: usize| {
        let line_end = from(raw, at).iter().take(3).take_while(|byte| is_line_end(**byte)).count();
        raw.get(at + line_end).copied().is_some_and(is_wsp)
    };
    let mut controls = raw.iter().enumerate().filter(|(_, byte)| byte.is_ascii_control());
    // Of line ends no more than those of a fold stand in a value; two CR before an LF are looked at by another check.
    controls
        .find(|(at, byte)| **byte != b'\t' && !(is_line_end(**byte) && is_fold(*at)))
        .map(|(at, _)| at)
}

/// The faults of the grammar, of a value whose comments and quoted strings are closed.
fn shape(field: Field<'_>, syntax: Syntax, found: &mut Vec<(Place, DefectKind)>) {
    let (raw, limits) = (field.raw_value(), field.limits());
    let invalid = |error: SyntaxError| (Some(error.offset), DefectKind::InvalidValue);
    let mut parameters = |parameters: Parameters<'_>, length: usize| {
        let start = length - parameters.input().len();
        let faults = parameter::faults(parameters, limits).into_iter();
        found.extend(faults.map(|(at, kind)| (Some(start + at), kind)));
        let overflow = parameters.overflow();
        found.extend(overflow.map(|at| (Some(start + at), DefectKind::TooManyParameters)));
    };
    let fault = match syntax {
        Syntax::Date => match field.date() {
            None => Some((None, DefectKind::InvalidDate)),
            Some(date) if is_usual(raw, &date, limits) => None,
            Some(_) => Some((None, DefectKind::UnusualDate)),
        },
        Syntax::Addresses => addresses(field),
        Syntax::MessageId => {
            let plain = without_comments(raw, limits);
            let inner = plain.strip_prefix(b"<").and_then(|rest| rest.strip_suffix(b">"));
            let is_id = inner
                .is_some_and(|id| id.contains(&b'@') && !id.contains(&b'<') && !id.contains(&b'>'));
            (!is_id).then_some((None, DefectKind::InvalidMessageId))
        }
        Syntax::MessageIds => {
            let mut ids = field.message_ids().peekable();
            let is_bare = memchr(b'<', raw).is_none();
            let count = |mark: u8| memchr::memchr_iter(mark, raw).count();
            // Phrases are obsolete syntax (RFC 5322 §4.5.4).
            let is_phrase = is_bare && memchr(b'@', raw).is_none() && !trim(raw).is_empty();
            let is_valid = is_phrase
                || (!is_bare
                    && count(b'<') == count(b'>')
                    && ids.peek().is_some()
                    && ids.all(|id| id.as_str().contains('@')));
            (!is_valid).then_some((None, DefectKind::InvalidMessageId))
        }
        Syntax::ContentType => {
            if let Ok(content_type) = field.content_type() {
                parameters(content_type.parameters(), field.structural_value().len());
            }
            None
        }
        Syntax::Disposition => match field.content_disposition() {
            Ok(disposition) => {
                parameters(disposition.parameters(), raw.len());
                let is_there = first_token(raw, limits) == Some(disposition.kind());
                (!is_there).then_some((Some(0), DefectKind::InvalidValue))
            }
            Err(error) => Some(invalid(error)),
        },
        Syntax::AutoSubmitted => match AutoSubmitted::parse_within(raw, limits) {
            Ok(auto) => {
                parameters(auto.parameters(), raw.len());
                None
            }
            Err(error) => Some(invalid(error)),
        },
        Syntax::Encoding => list(raw, limits, 1),
        Syntax::Language => list(raw, limits, limits.parameters),
        Syntax::MimeVersion => {
            let is_known = &*without_comments(raw, limits) == b"1.0";
            (!is_known).then_some((Some(0), DefectKind::InvalidValue))
        }
        Syntax::Received => {
            let stamp = Stamp::parse_within(raw, limits);
            stamp.date.is_none().then_some((None, DefectKind::InvalidDate))
        }
        Syntax::ReturnPath => match ReturnPath::parse_within(raw, limits) {
            Ok(_) if trim(&without_comments(raw, limits)).starts_with(b"<") => None,
            Ok(_) => Some((Some(0), DefectKind::InvalidValue)),
            Err(error) => Some(invalid(error)),
        },
        Syntax::ListUris => ListUris::parse_within(raw, limits)
            .first_fault()
            .map(|at| (Some(at), DefectKind::InvalidValue)),
        Syntax::ListId => ListId::parse_within(raw, limits).err().map(invalid),
        Syntax::AuthenticationResults => {
            AuthenticationResults::parse_within(raw, limits).err().map(invalid)
        }
        Syntax::Options => {
            let is_none = NotificationOption::parse_within(raw, limits).is_empty();
            is_none.then_some((Some(0), DefectKind::InvalidValue))
        }
        Syntax::TlsRequired => {
            let is_no = trim(raw).eq_ignore_ascii_case(b"No");
            (!is_no).then_some((Some(0), DefectKind::InvalidValue))
        }
        Syntax::Location | Syntax::Structured | Syntax::Text => None,
    };
    found.extend(fault);
    if !matches!(syntax, Syntax::ContentType | Syntax::Disposition | Syntax::AutoSubmitted) {
        let misplaced = misplaced_word(raw, limits);
        found.extend(misplaced.map(|at| (Some(at), DefectKind::MisplacedEncodedWord)));
    }
}

/// What is no address, or a group that nothing closes.
fn addresses(field: Field<'_>) -> Option<(Place, DefectKind)> {
    let (raw, limits) = (field.raw_value(), field.limits());
    // Only this one may name nobody (RFC 5322 §3.6.3).
    let may_be_empty = field.is_named("Bcc") || field.is_named("Resent-Bcc");
    let is_empty = !may_be_empty && field.raw_addresses().next().is_none();
    let empty = is_empty.then_some((0, DefectKind::InvalidAddress));
    address::first_fault(raw, limits).or(empty).map(|(at, kind)| (Some(at), kind))
}

/// The token that a value starts with, where no parameter does.
fn first_token(raw: &[u8], limits: ValueLimits) -> Option<&str> {
    let mut cursor = Cursor::new(raw, limits);
    cursor.gap();
    cursor.token().filter(|_| !cursor.eat_spaced(b'='))
}

/// Where a list of so many tokens at most, with commas between, stops being one.
fn list(raw: &[u8], limits: ValueLimits, most: usize) -> Option<(Place, DefectKind)> {
    let mut cursor = Cursor::new(raw, limits);
    for left in (0..most).rev() {
        cursor.gap();
        if cursor.token().is_none() {
            break;
        }
        cursor.gap();
        cursor.peek()?;
        if left == 0 || !cursor.eat(b',') {
            break;
        }
    }
    Some((Some(cursor.at()), DefectKind::InvalidValue))
}

/// The first quoted string that an encoded word stands in.
fn misplaced_word(raw: &[u8], limits: ValueLimits) -> Option<usize> {
    let mut cursor = Cursor::new(raw, limits);
    loop {
        cursor.gap();
        let start = cursor.at();
        let next = cursor.peek()?;
        if let Some(text) = cursor.quoted() {
            if parameter::is_word(&text) {
                return Some(start);
            }
            continue;
        }
        cursor.eat(next);
        cursor.take_while(|byte| !is_fws(byte) && !matches!(byte, b'(' | b'"'));
    }
}
