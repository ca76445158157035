//! What is written is read back as it was, and nothing that is read makes a parser panic.
#![cfg(test)]

use bytes::{Buf, BytesMut};
use core::num::{NonZeroU32, NonZeroU64};
use mailrail_imap::{
    Command, Literals, Response, command as c,
    response::{self as r, ResponseCode},
    types::*,
};
use mailrail_wire::{Output, Secret};
use proptest::{collection::vec, option, prelude::*, prop_oneof, sample::select};

fn string() -> impl Strategy<Value = IString<'static>> {
    prop_oneof![
        "[ -~]{0,8}".prop_map(|text| IString::new(text.into_bytes()).unwrap()),
        vec(1_u8.., 0..8).prop_map(|bytes| IString::new(bytes).unwrap()),
        select(&["", "NIL", "a]b", "{5}", "{5+}\r\n", "\r\n", "\"", "\\", "(", "INBOX"][..])
            .prop_map(|text| IString::try_from(text).unwrap()),
    ]
}

fn nstring() -> impl Strategy<Value = NString<'static>> {
    option::of(string())
}

fn atom() -> impl Strategy<Value = Atom<'static>> {
    "[!#$&'+-Z\\[^-z|}~]{1,6}".prop_map(|word| Atom::new(word).unwrap())
}

fn mailbox() -> impl Strategy<Value = Mailbox<'static>> {
    prop_oneof![
        string().prop_map(|name| Mailbox::from_wire(name.into_bytes()).unwrap()),
        any::<String>().prop_map(|name| Mailbox::from_name(&name)),
        Just(Mailbox::inbox()),
    ]
}

fn nz() -> impl Strategy<Value = NonZeroU32> {
    any::<NonZeroU32>()
}

fn u63() -> impl Strategy<Value = u64> {
    0..=i64::MAX as u64
}

fn flag() -> impl Strategy<Value = Flag<'static>> {
    prop_oneof![
        select(vec![Flag::Answered, Flag::Flagged, Flag::Deleted, Flag::Seen, Flag::Draft]),
        atom().prop_map(Flag::Keyword),
        atom().prop_map(|word| Flag::Extension(Atom::new(format!("X{word}")).unwrap())),
    ]
}

fn set() -> impl Strategy<Value = SequenceSet> {
    let number = prop_oneof![Just("*".to_owned()), nz().prop_map(|n| n.to_string())];
    let range = (number.clone(), option::of(number)).prop_map(|(from, to)| match to {
        Some(to) => format!("{from}:{to}"),
        None => from,
    });
    vec(range, 1..4).prop_map(|ranges| ranges.join(",").parse().unwrap())
}

fn uid_set() -> impl Strategy<Value = SequenceSet> {
    vec(nz(), 1..4).prop_map(|numbers| SequenceSet::from_numbers(numbers).unwrap())
}

fn date() -> impl Strategy<Value = Date> {
    (-719_528..2_932_896_i64).prop_map(|days| Date::from_days_since_1970(days).unwrap())
}

fn date_time() -> impl Strategy<Value = DateTime> {
    (0..200_000_000_000_i64, -5_999..5_999_i16)
        .prop_map(|(seconds, zone)| DateTime::from_unix(seconds, zone).unwrap())
}

fn capabilities() -> impl Strategy<Value = Capabilities> {
    let known = select(&[Capability::Imap4Rev1, Capability::Idle, Capability::LiteralPlus][..]);
    (vec(known, 0..3), vec(atom(), 0..3)).prop_map(|(known, others)| {
        let mut found: Capabilities = known.into_iter().collect();
        others.iter().for_each(|word| found.insert_word(word));
        found
    })
}

fn section() -> impl Strategy<Value = Section<'static>> {
    let names = || vec(string(), 1..3);
    let text = prop_oneof![
        Just(SectionText::Header),
        Just(SectionText::Text),
        Just(SectionText::Mime),
        names().prop_map(SectionText::HeaderFields),
        names().prop_map(SectionText::HeaderFieldsNot),
    ];
    (vec(nz(), 0..3), option::of(text))
        .prop_map(|(part, text)| Section::new(part, text).unwrap_or_else(|_| Section::whole()))
}

fn fetch_attribute() -> impl Strategy<Value = FetchAttribute<'static>> {
    use FetchAttribute as A;
    let partial = (u63(), 1..=i64::MAX as u64)
        .prop_map(|(offset, length)| Partial { offset, length: NonZeroU64::new(length).unwrap() });
    prop_oneof![
        select(vec![
            A::Envelope,
            A::Flags,
            A::InternalDate,
            A::Rfc822,
            A::Rfc822Header,
            A::Rfc822Size,
            A::Rfc822Text,
            A::Body,
            A::BodyStructure,
            A::Uid,
        ]),
        (section(), option::of(partial), any::<bool>())
            .prop_map(|(s, p, peek)| A::section(s, p, peek)),
    ]
}

fn search_key() -> impl Strategy<Value = SearchKey<'static>> {
    use SearchKey as K;
    let leaf = prop_oneof![
        select(vec![
            K::All, K::Answered, K::Deleted, K::Draft, K::Flagged, K::New, K::Old, K::Recent,
            K::Seen, K::Unanswered, K::Undeleted, K::Undraft, K::Unflagged, K::Unseen,
        ]),
        (
            string(),
            select(&[K::Bcc, K::Body, K::Cc, K::From, K::Subject, K::Text, K::To][..]),
        )
            .prop_map(|(text, key): (_, fn(IString<'static>) -> K<'static>)| key(text)),
        (
            date(),
            select(
                &[K::Before, K::On, K::SentBefore, K::SentOn, K::SentSince, K::Since][..]
            ),
        )
            .prop_map(|(date, key): (_, fn(Date) -> K<'static>)| key(date)),
        (string(), string()).prop_map(|(name, text)| K::Header(name, text)),
        atom().prop_map(K::Keyword),
        atom().prop_map(K::Unkeyword),
        u63().prop_map(K::Larger),
        u63().prop_map(K::Smaller),
        set().prop_map(K::Uid),
        set().prop_map(K::Sequence),
    ];
    leaf.prop_recursive(4, 16, 3, |key| {
        prop_oneof![
            key.clone().prop_map(|key| K::Not(Box::new(key))),
            (key.clone(), key.clone()).prop_map(|(a, b)| K::Or(Box::new(a), Box::new(b))),
            vec(key, 1..3).prop_map(K::And),
        ]
    })
}

fn command() -> impl Strategy<Value = Command<'static>> {
    let list = || {
        (mailbox(), string()).prop_map(|(reference, pattern)| c::List {
            reference,
            pattern: ListPattern::from_wire(pattern.into_bytes()).unwrap(),
        })
    };
    let copy = || {
        (any::<bool>(), set(), mailbox()).prop_map(|(uid, set, mailbox)| c::Copy {
            uid,
            set,
            mailbox,
        })
    };
    let mode = select(&[c::StoreMode::Replace, c::StoreMode::Add, c::StoreMode::Remove][..]);
    let attributes = select(
        &[
            StatusAttribute::Messages,
            StatusAttribute::Recent,
            StatusAttribute::UidNext,
            StatusAttribute::UidValidity,
            StatusAttribute::Unseen,
            StatusAttribute::Deleted,
            StatusAttribute::Size,
        ][..],
    );
    prop_oneof![
        select(vec![
            Command::Capability,
            Command::Check,
            Command::Close,
            Command::Idle,
            Command::Logout,
            Command::Namespace,
            Command::Noop,
            Command::StartTls,
            Command::Unselect,
        ]),
        (mailbox(), vec(flag(), 0..3), option::of(date_time()), u63()).prop_map(
            |(mailbox, flags, date, length)| Command::Append(c::Append {
                mailbox,
                flags,
                date,
                length
            })
        ),
        (atom(), option::of(any::<Vec<u8>>())).prop_map(|(mechanism, initial)| {
            let initial_response = initial.map(Secret::new);
            Command::Authenticate(c::Authenticate { mechanism, initial_response })
        }),
        copy().prop_map(Command::Copy),
        copy().prop_map(Command::Move),
        mailbox().prop_map(|mailbox| Command::Create(c::Create { mailbox })),
        mailbox().prop_map(|mailbox| Command::Select(c::Select { mailbox })),
        mailbox().prop_map(|mailbox| Command::Examine(c::Select { mailbox })),
        mailbox().prop_map(Command::Delete),
        mailbox().prop_map(Command::Subscribe),
        mailbox().prop_map(Command::Unsubscribe),
        capabilities()
            .prop_filter("one at least", |it| !it.is_empty())
            .prop_map(|capabilities| Command::Enable(c::Enable { capabilities })),
        option::of(set()).prop_map(|uids| Command::Expunge(c::Expunge { uids })),
        (any::<bool>(), set(), vec(fetch_attribute(), 1..4))
            .prop_map(|(uid, set, attributes)| Command::Fetch(c::Fetch { uid, set, attributes })),
        vec((string(), nstring()), 0..3).prop_map(|fields| Command::Id(c::Id { fields })),
        list().prop_map(Command::List),
        list().prop_map(Command::Lsub),
        (string(), string()).prop_map(|(user, password)| {
            Command::Login(c::Login { user, password: Secret::new(password) })
        }),
        (mailbox(), mailbox()).prop_map(|(from, to)| Command::Rename(c::Rename { from, to })),
        (any::<bool>(), nstring(), vec(search_key(), 1..4))
            .prop_map(|(uid, charset, keys)| Command::Search(c::Search { uid, charset, keys })),
        (mailbox(), vec(attributes, 1..4))
            .prop_map(|(mailbox, attributes)| Command::Status(c::Status { mailbox, attributes })),
        (any::<bool>(), set(), mode, any::<bool>(), vec(flag(), 0..4)).prop_map(
            |(uid, set, mode, silent, flags)| Command::Store(c::Store {
                uid,
                set,
                mode,
                silent,
                flags
            })
        ),
    ]
}

fn addresses() -> impl Strategy<Value = Vec<Address<'static>>> {
    let address = (nstring(), nstring(), nstring(), nstring())
        .prop_map(|(name, adl, mailbox, host)| Address { name, adl, mailbox, host });
    vec(address, 0..3)
}

fn envelope() -> impl Strategy<Value = Envelope<'static>> {
    (
        (nstring(), nstring(), addresses(), addresses(), addresses()),
        (addresses(), addresses(), addresses(), nstring(), nstring()),
    )
        .prop_map(
            |((date, subject, from, sender, reply_to), (to, cc, bcc, in_reply_to, message_id))| {
                Envelope {
                    date,
                    subject,
                    from,
                    sender,
                    reply_to,
                    to,
                    cc,
                    bcc,
                    in_reply_to,
                    message_id,
                }
            },
        )
}

fn parameters() -> impl Strategy<Value = Vec<Parameter<'static>>> {
    vec((string(), string()), 0..3)
}

fn extension() -> impl Strategy<Value = BodyExtension<'static>> {
    let disposition =
        (string(), parameters()).prop_map(|(kind, parameters)| Disposition { kind, parameters });
    (option::of(disposition), vec(string(), 0..3), nstring()).prop_map(
        |(disposition, language, location)| BodyExtension { disposition, language, location },
    )
}

type Media = (&'static str, &'static str, BodyPartKind<'static>);

fn part(media: impl Strategy<Value = Media>) -> impl Strategy<Value = BodyStructure<'static>> {
    (
        (media, parameters(), nstring()),
        (nstring(), string(), u63()),
        option::of((nstring(), extension())),
    )
        .prop_map(|((media, parameters, id), (description, encoding, octets), extension)| {
            let (md5, extension) = extension.map_or((None, None), |(md5, it)| (md5, Some(it)));
            BodyStructure::Part(Box::new(BodyPart {
                media_type: IString::try_from(media.0).unwrap(),
                media_subtype: IString::try_from(media.1).unwrap(),
                parameters,
                id,
                description,
                encoding,
                octets,
                kind: media.2,
                md5,
                extension,
            }))
        })
}

fn body() -> impl Strategy<Value = BodyStructure<'static>> {
    let leaf = prop_oneof![
        part(u63().prop_map(|lines| ("text", "PLAIN", BodyPartKind::Text { lines }))).boxed(),
        part(Just(("IMAGE", "PNG", BodyPartKind::Basic))).boxed(),
        part(Just(("MESSAGE", "RFC822", BodyPartKind::Basic))).boxed(),
    ];
    leaf.prop_recursive(3, 6, 2, |body| {
        let message = (envelope(), body.clone(), u63()).prop_map(|(envelope, body, lines)| {
            (
                "MESSAGE",
                "RFC822",
                BodyPartKind::Message { envelope: Box::new(envelope), body, lines },
            )
        });
        let multipart = (vec(body, 1..3), string(), option::of((parameters(), extension())))
            .prop_map(|(parts, media_subtype, extension)| {
                let (parameters, extension) =
                    extension.map_or((Vec::new(), None), |(p, it)| (p, Some(it)));
                BodyStructure::Multipart(Box::new(Multipart {
                    parts,
                    media_subtype,
                    parameters,
                    extension,
                }))
            });
        prop_oneof![part(message).boxed(), multipart.boxed()]
    })
}

fn section_name() -> impl Strategy<Value = (r::SectionName<'static>, Option<u64>)> {
    prop_oneof![
        (section(), option::of(u63()))
            .prop_map(|(section, origin)| (r::SectionName::Body(section), origin)),
        select(vec![
            r::SectionName::Rfc822,
            r::SectionName::Rfc822Header,
            r::SectionName::Rfc822Text
        ])
        .prop_map(|name| (name, None)),
    ]
}

fn fetch() -> impl Strategy<Value = r::Fetch<'static>> {
    let item = prop_oneof![
        body().prop_map(r::FetchItem::Body),
        body().prop_map(r::FetchItem::BodyStructure),
        envelope().prop_map(|it| r::FetchItem::Envelope(Box::new(it))),
        vec(flag(), 0..3).prop_map(r::FetchItem::Flags),
        date_time().prop_map(r::FetchItem::InternalDate),
        u63().prop_map(r::FetchItem::Rfc822Size),
        (section_name(), nstring()).prop_map(|((section, origin), content)| {
            r::FetchItem::Section { section: Box::new(section), origin, content }
        }),
        nz().prop_map(r::FetchItem::Uid),
    ];
    let literal = (section_name(), u63())
        .prop_map(|((section, origin), length)| r::SectionLiteral { section, origin, length });
    (nz(), vec(item, 0..4), option::of(literal)).prop_map(|(seq, items, literal)| r::Fetch {
        seq,
        items,
        literal,
    })
}

fn code() -> impl Strategy<Value = ResponseCode<'static>> {
    prop_oneof![
        select(&[r::Code::Alert, r::Code::ReadOnly, r::Code::TryCreate, r::Code::TooBig][..])
            .prop_map(ResponseCode::Plain),
        vec("[A-Z ]{0,5}".prop_map(|it| IString::new(it.into_bytes()).unwrap()), 0..3)
            .prop_map(ResponseCode::BadCharset),
        capabilities().prop_map(ResponseCode::Capability),
        (vec(flag(), 0..3), any::<bool>())
            .prop_map(|(flags, any)| ResponseCode::PermanentFlags { flags, any }),
        nz().prop_map(ResponseCode::UidNext),
        nz().prop_map(ResponseCode::UidValidity),
        nz().prop_map(ResponseCode::Unseen),
        (nz(), uid_set())
            .prop_map(|(uid_validity, uids)| ResponseCode::AppendUid { uid_validity, uids }),
        (nz(), uid_set(), uid_set()).prop_map(|(uid_validity, source, destination)| {
            ResponseCode::CopyUid { uid_validity, source, destination }
        }),
        (atom(), option::of("[ -Z]{1,5}")).prop_map(|(name, value)| {
            let name = Atom::new(format!("X-{name}")).unwrap();
            let value = value.map(|value| value.into_bytes().into());
            ResponseCode::Other(r::OtherCode::new(name, value).unwrap())
        }),
    ]
}

fn text() -> impl Strategy<Value = Text<'static>> {
    "[!-Z][ -~äß]{0,9}".prop_map(|text| Text::new(text).unwrap())
}

fn response() -> impl Strategy<Value = Response<'static>> {
    let delimiter =
        || option::of((1_u8..128).prop_filter_map("a delimiter", |b| Delimiter::new(b).ok()));
    let list = move || {
        let known = select(vec![r::NameAttribute::NoSelect, r::NameAttribute::HasChildren]);
        let other =
            atom().prop_map(|it| r::NameAttribute::Other(Atom::new(format!("X{it}")).unwrap()));
        (vec(prop_oneof![known, other], 0..3), delimiter(), mailbox())
            .prop_map(|(attributes, delimiter, mailbox)| r::List { attributes, delimiter, mailbox })
    };
    let namespaces = move || {
        let one = (mailbox(), delimiter())
            .prop_map(|(prefix, delimiter)| r::NamespaceDescription { prefix, delimiter });
        vec(one, 0..3)
    };
    let item = prop_oneof![
        any::<u32>().prop_map(StatusItem::Messages),
        any::<u32>().prop_map(StatusItem::Recent),
        nz().prop_map(StatusItem::UidNext),
        nz().prop_map(StatusItem::UidValidity),
        any::<u32>().prop_map(StatusItem::Unseen),
        any::<u32>().prop_map(StatusItem::Deleted),
        u63().prop_map(StatusItem::Size),
    ];
    let status = (
        option::of("[A-Z0-9]{1,4}".prop_map(|tag| Tag::new(tag).unwrap())),
        select(
            &[r::Status::Ok, r::Status::No, r::Status::Bad, r::Status::Bye, r::Status::PreAuth][..],
        ),
        option::of(code()),
        text(),
    )
        .prop_map(|(tag, status, code, text)| {
            let tag = tag.filter(|_| !matches!(status, r::Status::Bye | r::Status::PreAuth));
            Response::Status(r::StatusResponse { tag, status, code, text })
        });
    prop_oneof![
        capabilities().prop_map(Response::Capability),
        capabilities().prop_map(Response::Enabled),
        text().prop_map(|text| Response::Continuation(r::Continuation::new(&text))),
        any::<Vec<u8>>().prop_map(|it| Response::Continuation(r::Continuation::challenge(&it))),
        any::<u32>().prop_map(Response::Exists),
        any::<u32>().prop_map(Response::Recent),
        nz().prop_map(Response::Expunge),
        fetch().prop_map(Response::Fetch),
        vec(flag(), 0..4).prop_map(Response::Flags),
        vec((string(), nstring()), 0..3).prop_map(|fields| Response::Id(r::Id { fields })),
        list().prop_map(Response::List),
        list().prop_map(Response::Lsub),
        (mailbox(), vec(item, 0..4)).prop_map(|(mailbox, items)| {
            Response::MailboxStatus(r::MailboxStatus { mailbox, items })
        }),
        (namespaces(), namespaces(), namespaces()).prop_map(|(personal, other_users, shared)| {
            Response::Namespace(r::Namespace { personal, other_users, shared })
        }),
        (vec(nz(), 0..5), any::<bool>())
            .prop_map(|(numbers, last)| Response::Search(r::Search { numbers, last })),
        status,
    ]
}

fn encode_command(command: &Command<'_>, literals: Literals) -> (Vec<usize>, BytesMut) {
    let mut encoded = command.encode(&Tag::numbered(7), literals);
    let (mut ends, mut bytes) = (Vec::new(), BytesMut::new());
    while let Some(piece) = encoded.next_piece() {
        bytes.extend_from_slice(&piece);
        ends.push(bytes.len());
    }
    (ends, bytes)
}

/// Whether the CR LFs outside literals are at the end alone.
fn is_one_unit(mut unit: &[u8]) -> bool {
    loop {
        let Some(at) = unit.windows(2).position(|pair| pair == b"\r\n") else { return false };
        let (line, rest) = (&unit[..at], &unit[at + 2..]);
        let literal = line.strip_suffix(b"}").and_then(|line| {
            let line = line.strip_suffix(b"+").unwrap_or(line);
            let open = line.iter().rposition(|b| *b == b'{')?;
            core::str::from_utf8(&line[open + 1..]).ok()?.parse::<usize>().ok()
        });
        match literal {
            Some(len) if len <= rest.len() => unit = &rest[len..],
            _ => return rest.is_empty(),
        }
    }
}

proptest! {
    #[test]
    fn commands(command in command(), literals in select(&[Literals::Synchronizing, Literals::Minus, Literals::Plus][..])) {
        let (ends, wire) = encode_command(&command, literals);
        let (tag, back) = Command::parse(&wire).map_err(|error| TestCaseError::fail(format!("{error}: {wire:?}")))?;
        prop_assert_eq!((tag.number(), &back), (Some(7), &command));
        prop_assert_eq!(&back.into_owned(), &command);
        // Wherever the client waits, it has just announced a literal.
        for end in &ends[..ends.len() - 1] {
            prop_assert_eq!(wire[..*end].strip_suffix(b"}\r\n").is_some(), true);
        }
        if !matches!(command, Command::Append(_)) {
            prop_assert!(is_one_unit(&wire));
        }
    }

    #[test]
    fn responses(response in response()) {
        let mut out = Output::default();
        response.encode(&mut out);
        let wire = out.copy_to_bytes(out.remaining());
        let back = Response::parse(&wire).map_err(|error| TestCaseError::fail(format!("{error}: {wire:?}")))?;
        prop_assert_eq!(&back, &response);
        prop_assert_eq!(back.into_owned(), response);
    }

    #[test]
    fn fetch_segments(fetch in fetch()) {
        let mut out = Output::default();
        fetch.encode_next(&mut out);
        let wire = out.copy_to_bytes(out.remaining());
        prop_assert_eq!(r::Fetch::parse_next(fetch.seq, &wire).unwrap(), fetch);
    }

    #[test]
    fn mailbox_names(name in any::<String>()) {
        let mailbox = Mailbox::from_name(&name);
        prop_assert!(mailbox.as_bytes().iter().all(|b| matches!(b, b' '..=b'~')));
        if !mailbox.is_inbox() {
            prop_assert_eq!(mailbox.name(), name);
        }
    }

    #[test]
    fn any_bytes_end(bytes in any::<Vec<u8>>()) {
        let _ = (Command::parse(&bytes), Response::parse(&bytes), Tag::of(&bytes));
        let _ = (r::Search::parse_next(&bytes), r::Fetch::parse_next(NonZeroU32::MIN, &bytes));
        if let Ok(mailbox) = Mailbox::from_wire(bytes) {
            prop_assert!(mailbox.as_bytes().is_empty() || !mailbox.name().is_empty());
        }
    }

    /// Bytes that are nearly right get further into the parsers.
    #[test]
    fn broken_units_end(command in command(), response in response(), at in any::<prop::sample::Index>(), byte: u8) {
        let (_, mut wire) = encode_command(&command, Literals::Plus);
        let at_command = at.index(wire.len());
        wire[at_command] = byte;
        if let Ok((_, command)) = Command::parse(&wire) {
            let (_, again) = encode_command(&command, Literals::Plus);
            prop_assert_eq!(Command::parse(&again).unwrap().1, command);
        }
        let mut out = Output::default();
        response.encode(&mut out);
        let mut wire = out.copy_to_bytes(out.remaining()).to_vec();
        if !wire.is_empty() {
            let at = at.index(wire.len());
            wire[at] = byte;
        }
        if let Ok(response) = Response::parse(&wire) {
            response.encode(&mut out);
            let again = out.copy_to_bytes(out.remaining());
            prop_assert_eq!(Response::parse(&again).map(Response::into_owned).map_err(|e| format!("{e} {again:?}")), Ok(response.into_owned()));
        }
    }
}
