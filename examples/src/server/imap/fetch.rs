//! FETCH: items made of what is stored, and octets streamed from it.

use super::{Broken, Session, code, selected::Selected, source, work::Job};
use crate::store::{Error, FlagChange, Message as Row, Pieces, Reader, Store};
use bytes::Bytes;
use mailrail_imap::{
    Misuse, Server,
    command::Fetch,
    response::{Code, ResponseCode},
    server::{Needs, Piece, Segment, Stored},
    types::{DateTime, FetchAttribute, Flag},
};
use mailrail_message::Message;
use std::{
    collections::VecDeque,
    iter::{Flatten, Peekable},
    num::NonZeroU32,
    ops::RangeInclusive,
    sync::Arc,
    vec,
};

/// How many messages are looked up in the store at a time; and how many are marked as seen, before
/// they are sent.
const BATCH: usize = 256;
const SEEN_BATCH: usize = 16;

/// A FETCH under way.
pub(super) struct Fetching {
    attributes: Arc<[FetchAttribute<'static>]>,
    /// The same, and the flags: for messages whose flags the FETCH changes.
    with_flags: Arc<[FetchAttribute<'static>]>,
    needs: Needs,
    /// Whether the octets of messages are read.
    reads: bool,
    sets_seen: bool,
    /// Sequence numbers that are not looked up yet.
    numbers: Peekable<Flatten<vec::IntoIter<RangeInclusive<u32>>>>,
    batch: VecDeque<Found>,
    current: Option<Response>,
    /// Some of the messages were not there any more.
    missed: bool,
}

/// A message that was looked up.
struct Found {
    seq: NonZeroU32,
    message: Row,
    /// Its flags have changed by this FETCH.
    marked: bool,
}

/// A response that is not yet given to its end.
struct Response {
    segments: VecDeque<Segment<'static>>,
    octets: Option<Outgoing>,
    source: Option<Source>,
}

/// Where a message's octets come from.
struct Source {
    reader: Reader,
    /// What is in memory of it.
    head: Bytes,
}

/// Octets on their way out.
struct Outgoing {
    pieces: VecDeque<Piece>,
    stored: Option<Pieces>,
}

impl Session<'_> {
    pub(super) async fn fetch(
        &mut self,
        fetch: Fetch<'_>,
        sets_seen: bool,
        imap: &mut Server,
    ) -> Result<(), Broken> {
        let Some(selected) = &self.selected else { return Err(Misuse::NotNow.into()) };
        let numbers = selected.view.resolve(&fetch.set, fetch.uid).unwrap_or_default();
        let mut attributes: Vec<_> =
            fetch.attributes.into_iter().map(FetchAttribute::into_owned).collect();
        let asked = Arc::from(&*attributes);
        if !attributes.contains(&FetchAttribute::Flags) {
            attributes.push(FetchAttribute::Flags);
        }
        let fetching = Fetching {
            needs: Needs::of(&attributes),
            reads: attributes.iter().any(reads),
            attributes: asked,
            with_flags: attributes.into(),
            sets_seen,
            numbers: numbers.into_iter().flatten().peekable(),
            batch: VecDeque::new(),
            current: None,
            missed: false,
        };
        self.begin(Job::Fetch(Box::new(fetching)), None, imap).await
    }
}

impl Fetching {
    /// What its OK says.
    pub(super) const fn code(&self) -> Option<ResponseCode<'static>> {
        if self.missed { code(Code::ExpungeIssued) } else { None }
    }

    /// Gives as much as there is room for; whether that is all.
    pub(super) async fn go_on(
        &mut self,
        selected: &mut Selected,
        store: &Store,
        imap: &mut Server,
    ) -> Result<bool, Broken> {
        loop {
            if let Some(current) = &mut self.current {
                if !current.go_on(imap).await? {
                    return Ok(false);
                }
                self.current = None;
            }
            if !imap.has_room() {
                return Ok(false);
            }
            let Some(found) = self.batch.pop_front() else {
                if self.numbers.peek().is_none() {
                    return Ok(true);
                }
                self.look_up(selected, store).await?;
                continue;
            };
            self.current = self.respond(found, selected, store).await?;
            self.missed |= self.current.is_none();
        }
    }

    /// Looks the next messages up, and marks them as seen where that is asked for.
    async fn look_up(&mut self, selected: &mut Selected, store: &Store) -> Result<(), Error> {
        // Neighbours: between their UIDs there are no others.
        let (mut sequences, mut next) = (Vec::new(), self.numbers.next());
        let most = if self.sets_seen { SEEN_BATCH } else { BATCH };
        while let Some(sequence) = next {
            sequences.push(sequence);
            let neighbour = |n: &u32| Some(*n) == sequence.checked_add(1);
            next = if sequences.len() < most { self.numbers.next_if(neighbour) } else { None };
        }
        let uid = |sequence: Option<&u32>| selected.view.uid(*sequence?);
        let Some((first, last)) = uid(sequences.first()).zip(uid(sequences.last())) else {
            return Ok(());
        };
        let mut messages = store.messages(selected.id, first..=last).await?;
        self.missed |= messages.len() < sequences.len();
        let mut marked: Vec<u32> = Vec::new();
        if self.sets_seen {
            let unseen = messages.iter().filter(|message| !message.flags.contains("\\Seen"));
            marked = unseen.map(|message| message.uid).collect();
        }
        if !marked.is_empty() {
            let seen = ["\\Seen"].into_iter().collect();
            let stored =
                store.store_flags(selected.id, marked.clone(), FlagChange::Add, seen).await?;
            selected.changed(stored.modseq, &stored.messages);
            for now in stored.messages {
                if let Ok(at) = messages.binary_search_by_key(&now.uid, |message| message.uid)
                    && let Some(message) = messages.get_mut(at)
                {
                    *message = now;
                }
            }
        }
        self.batch.extend(messages.into_iter().filter_map(|message| {
            let seq = selected.sequence(message.uid)?;
            Some(Found { seq, marked: marked.binary_search(&message.uid).is_ok(), message })
        }));
        Ok(())
    }

    /// The response about a message; none where that is gone.
    async fn respond(
        &self,
        found: Found,
        selected: &Selected,
        store: &Store,
    ) -> Result<Option<Response>, Error> {
        let Found { seq, message, marked } = found;
        let source = if self.reads {
            let reader = match store.read_message(selected.id, message.uid).await {
                Err(Error::NoMessage) => return Ok(None),
                reader => reader?,
            };
            let head = match self.needs {
                Needs::Header => source::header(&reader).await?,
                _ => Bytes::new(),
            };
            Some(Source { reader, head })
        } else {
            None
        };
        let uid = NonZeroU32::new(message.uid);
        let Some((uid, internal_date)) = uid.zip(date(&message)) else { return Ok(None) };
        let flags = selected.flags_of(&message);
        let facts = Facts { seq, uid, size: message.size, internal_date, flags };
        // RFC 3501 §6.4.5: "if this causes the flags to change, they SHOULD be included".
        let attributes = if marked { &self.with_flags } else { &self.attributes };
        let segments = match &source {
            Some(Source { reader, .. }) if self.needs == Needs::Message => {
                let whole = source::whole(reader).await?;
                let attributes = Arc::clone(attributes);
                let segments = move || facts.segments(&attributes, &whole.bytes);
                tokio::task::spawn_blocking(segments).await.map_err(|_| Error::Stopped)?
            }
            Some(Source { head, .. }) => facts.segments(attributes, head),
            None => facts.segments(attributes, &[]),
        };
        Ok(Some(Response { segments, octets: None, source }))
    }
}

/// Whether it takes more than the index to answer for the attribute.
fn reads(attribute: &FetchAttribute<'_>) -> bool {
    let octets = matches!(attribute, FetchAttribute::Section { .. } | FetchAttribute::Rfc822);
    octets || attribute.needs() > Needs::Nothing
}

/// What the index knows of a message.
struct Facts {
    seq: NonZeroU32,
    uid: NonZeroU32,
    size: u64,
    internal_date: DateTime,
    flags: Vec<Flag<'static>>,
}

impl Facts {
    /// What is told of the message, of which `bytes` are read.
    fn segments(
        &self,
        attributes: &[FetchAttribute<'static>],
        bytes: &[u8],
    ) -> VecDeque<Segment<'static>> {
        let stored = Stored {
            uid: self.uid,
            flags: &self.flags,
            internal_date: self.internal_date,
            size: self.size,
            message: &Message::parse(bytes),
        };
        stored.fetch(self.seq, attributes).into_iter().map(Segment::into_owned).collect()
    }
}

impl Response {
    /// Gives as much as there is room for; whether that is all.
    async fn go_on(&mut self, imap: &mut Server) -> Result<bool, Broken> {
        loop {
            if let Some(octets) = &mut self.octets {
                while imap.has_room() {
                    match octets.next(self.source.as_ref()).await? {
                        Some(piece) => imap.literal(piece)?,
                        None => {
                            self.octets = None;
                            break;
                        }
                    }
                }
            }
            if !imap.has_room() {
                return Ok(false);
            }
            let Some(Segment { response, octets, .. }) = self.segments.pop_front() else {
                return Ok(true);
            };
            imap.fetch(response)?;
            if !octets.is_empty() {
                let pieces = octets.pieces().to_vec().into();
                self.octets = Some(Outgoing { pieces, stored: None });
            }
        }
    }
}

impl Outgoing {
    /// The next octets, never none; none at the end.
    async fn next(&mut self, source: Option<&Source>) -> Result<Option<Bytes>, Error> {
        loop {
            if let Some(stored) = &mut self.stored {
                if let Some(piece) = stored.next().await? {
                    return Ok(Some(piece));
                }
                self.stored = None;
            }
            match (self.pieces.pop_front(), source) {
                (None, _) => return Ok(None),
                (Some(Piece::Text(text)), _) => return Ok(Some(Bytes::from_static(text))),
                (Some(Piece::Stored(range)), Some(source)) => {
                    let start = usize::try_from(range.start).unwrap_or(usize::MAX);
                    let end = usize::try_from(range.end).unwrap_or(usize::MAX);
                    if end <= source.head.len() && start < end {
                        return Ok(Some(source.head.slice(start..end)));
                    }
                    let len = range.end.saturating_sub(range.start);
                    self.stored = Some(source.reader.range(range.start, len));
                }
                (Some(Piece::Stored(_)), None) => return Err(Error::NoMessage),
            }
        }
    }
}

/// When a message arrived; none where IMAP has no word for that.
pub(super) fn date(message: &Row) -> Option<DateTime> {
    DateTime::from_unix(message.date.seconds, message.date.offset).ok()
}
