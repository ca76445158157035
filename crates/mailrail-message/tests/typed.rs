//! Fields with types of their own: what is written of a value is refused, or read as the same value.
#![cfg(test)]

extern crate alloc;

use alloc::borrow::Cow;

use mailrail_message::{
    AuthenticationResult, AuthenticationResults, AutoSubmitted, Builder, DateTime, Error,
    FieldValue, ListId, Mailbox, Message, NotificationOption,
};
use proptest::prelude::*;

/// The message with this field.
fn built<'a>(name: &'a str, value: impl Into<FieldValue<'a>>, utf8: bool) -> Result<String, Error> {
    let builder = Builder::new()
        .from(Mailbox::new("a@b.test").unwrap())
        .date(DateTime::from_unix(0, 0).unwrap())
        .field(name, value);
    let builder = if utf8 { builder.utf8() } else { builder };
    builder.into_vec([0; 16]).map(|bytes| String::from_utf8(bytes).unwrap())
}

/// The message that must come of it: without faults, and in ASCII where it has to be.
fn good<'a>(name: &'a str, value: impl Into<FieldValue<'a>>, utf8: bool) -> String {
    let text = built(name, value, utf8).unwrap();
    assert_eq!(Message::parse(text.as_bytes()).check(), [], "{text}");
    assert!(utf8 || text.is_ascii());
    assert!(text.lines().all(|line| line.len() <= 78 || !line.trim_start().contains(' ')));
    text
}

fn cows(texts: &[String]) -> Vec<Cow<'_, str>> {
    texts.iter().map(Into::into).collect()
}

const ANY: &str = "[^\\r\\n\\x00]{1,90}";

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn phrases(phrases in proptest::collection::vec(ANY, 1..5), utf8 in any::<bool>()) {
        let text = good("Keywords", FieldValue::Phrases(cows(&phrases)), utf8);
        let message = Message::parse(text.as_bytes());
        prop_assert_eq!(message.headers().keywords(), phrases);
    }

    #[test]
    fn uris(uris in proptest::collection::vec("(https|mailto):[!#-;=?-~]{0,120}", 1..4)) {
        let text = good("List-Archive", FieldValue::Uris(cows(&uris)), false);
        let message = Message::parse(text.as_bytes());
        prop_assert_eq!(message.headers().list_uris("List-Archive").collect::<Vec<_>>(), uris);
    }

    #[test]
    fn list_ids(phrase in proptest::option::of(ANY), id in "[a-z0-9+_-]{1,20}(\\.[a-z0-9-]{1,20}){1,6}", utf8 in any::<bool>()) {
        let mut list = ListId::new(&*id);
        list.phrase = phrase.as_deref().map(Into::into);
        let text = good("List-ID", list.clone(), utf8);
        let message = Message::parse(text.as_bytes());
        prop_assert_eq!(message.headers().list_id(), Some(list));
    }

    #[test]
    fn what_sent_it(
        keyword in "[a-z-]{1,20}",
        parameters in proptest::collection::vec(("[a-z-]{1,9}", "([a-z \u{e9}@.]|\\\\\"|\\\\\\\\){0,90}"), 0..3),
    ) {
        let all = parameters.iter().map(|(name, value)| format!("; {name}=\"{value}\""));
        let value = keyword.clone() + &all.collect::<String>();
        let auto = AutoSubmitted::parse(value.as_bytes()).unwrap();
        let text = good("Auto-Submitted", auto, false);
        let message = Message::parse(text.as_bytes());
        let read = message.headers().auto_submitted().unwrap();
        prop_assert_eq!(read.keyword(), &*keyword);
        prop_assert_eq!(read.parameters().decoded(), auto.parameters().decoded());
    }

    #[test]
    fn results(
        service in "[a-z0-9.-]{1,30}|[ !#-<>@-~]{1,30}",
        version in 1..3_u32,
        results in proptest::collection::vec((
            ("[a-z][a-z0-9-]{0,9}[a-z0-9]", 1..3_u32, "pass|fail|[a-z]{1,9}"),
            proptest::option::of("[ ->@-~]{0,300}"),
            proptest::collection::vec(("smtp|header|policy", "[a-z-]{0,9}[a-z]", "[ ->@-~]{0,90}|[a-z.]{0,9}@[a-z.]{1,20}"), 0..4),
        ), 0..4),
    ) {
        let mut all = AuthenticationResults::new(&*service);
        all.version = version;
        for ((method, version, result), reason, properties) in &results {
            let mut one = AuthenticationResult::new(method, result);
            one.version = *version;
            if let Some(reason) = reason {
                one = one.with_reason(&**reason);
            }
            for (kind, name, value) in properties {
                one = one.with(kind, name, &**value);
            }
            all.results.push(one);
        }
        let text = good("Authentication-Results", all.clone(), false);
        let message = Message::parse(text.as_bytes());
        prop_assert_eq!(message.headers().authentication_results().collect::<Vec<_>>(), [all]);
    }

    #[test]
    fn options(options in proptest::collection::vec(("[a-z-]{1,20}", any::<bool>(), proptest::collection::vec("[ ->@-~]{0,30}", 1..4)), 1..4)) {
        let all: Vec<_> = options
            .iter()
            .map(|(attribute, is_required, values)| NotificationOption::new(attribute, *is_required, cows(values)))
            .collect();
        let text = good("Disposition-Notification-Options", all.clone(), false);
        let message = Message::parse(text.as_bytes());
        prop_assert_eq!(message.headers().disposition_notification_options(), all);
    }

    /// Whatever the values are, no other field comes of them.
    #[test]
    fn nothing_comes_of_any_text(text in "(\\PC|\\r\\n|\\x00|\\x1b|[<>\";,:=*. ]){0,40}", utf8 in any::<bool>()) {
        let values: [FieldValue<'_>; 8] = [
            FieldValue::Phrases(vec![(&*text).into()]),
            FieldValue::Uris(vec![(&*text).into()]),
            ListId::new(&*text).into(),
            ListId::new("a.b").with_phrase(&*text).into(),
            AutoSubmitted::new(&text).into(),
            AuthenticationResults::new(&*text).into(),
            {
                let mut all = AuthenticationResults::new("a.test");
                all.results.push(AuthenticationResult::new("dkim", "pass").with_reason(&*text).with("header", "d", &*text));
                all.into()
            },
            vec![NotificationOption::new("a", true, vec![(&*text).into()])].into(),
        ];
        for value in values {
            let Ok(built) = built("X", value, utf8) else { continue };
            let message = Message::parse(built.as_bytes());
            prop_assert_eq!(message.headers().iter().len(), 6, "{}", built);
            prop_assert_eq!(message.root().raw_body(), b"");
        }
    }
}

#[test]
fn fields_as_they_are_written() {
    let mut results = AuthenticationResults::new("mx.south.test");
    let none = results.clone();
    results.results.push(
        AuthenticationResult::new("dkim", "fail")
            .with_reason("body hash did not verify")
            .with("header", "d", "north.test")
            .with("header", "i", "@north.test"),
    );
    results.results.push(
        AuthenticationResult::new("spf", "pass").with("smtp", "mailfrom", "ann@north.test").with(
            "policy",
            "iprev",
            "2001:db8::1",
        ),
    );
    let cases: [(&str, FieldValue<'_>, &str); 9] = [
        ("TLS-Required", FieldValue::Structured("No".into()), " No\r\n"),
        ("Content-Language", FieldValue::Structured("de, en".into()), " de, en\r\n"),
        ("Authentication-Results", none.into(), " mx.south.test; none\r\n"),
        (
            "Authentication-Results",
            results.into(),
            " mx.south.test; dkim=fail reason=\"body hash did not\r\n verify\" header.d=north.test header.i=@north.test; \
             spf=pass\r\n smtp.mailfrom=ann@north.test policy.iprev=\"2001:db8::1\"\r\n",
        ),
        (
            "List-ID",
            ListId::new("users.north.test").with_phrase("Caf\u{e9} users").into(),
            " =?utf-8?q?Caf=C3=A9_users?= <users.north.test>\r\n",
        ),
        ("Auto-Submitted", AutoSubmitted::new("auto-generated").into(), " auto-generated\r\n"),
        (
            "Disposition-Notification-Options",
            vec![NotificationOption::new(
                "signed-receipt-micalg",
                true,
                vec!["sha-256".into(), "m d".into()],
            )]
            .into(),
            " signed-receipt-micalg=required, sha-256,\r\n \"m d\"\r\n",
        ),
        (
            "Keywords",
            FieldValue::Phrases(vec!["a b".into(), "\u{e9}".into(), "c, d".into()]),
            " a b, =?utf-8?b?w6k=?= , \"c, d\"\r\n",
        ),
        (
            "List-Post",
            FieldValue::Uris(vec!["mailto:a@b.test".into(), "https://b.test/".into()]),
            " <mailto:a@b.test>, <https://b.test/>\r\n",
        ),
    ];
    for (name, value, expected) in cases {
        let text = good(name, value, false);
        let message = Message::parse(text.as_bytes());
        let field = message.headers().field(name).unwrap();
        assert_eq!(String::from_utf8_lossy(field.raw()), format!("{name}:{expected}"));
    }
}

#[test]
fn values_outside_their_grammar_are_refused() {
    let result = |method, result| {
        let mut all = AuthenticationResults::new("a.test");
        all.results.push(AuthenticationResult::new(method, result));
        all
    };
    let cases: [FieldValue<'_>; 13] = [
        FieldValue::Phrases(vec![]),
        FieldValue::Phrases(vec!["".into()]),
        FieldValue::Uris(vec![]),
        ListId::new("nodot").into(),
        ListId::new("a b.c").into(),
        ListId::new(format!("a.{}", "b".repeat(254))).into(),
        AutoSubmitted::new("two words").into(),
        AutoSubmitted::parse(b"no; a*x=b").unwrap().into(),
        AuthenticationResults::new("").into(),
        AuthenticationResults::new("a=b").into(),
        result("dk_im", "pass").into(),
        result("dkim", "").into(),
        vec![NotificationOption::new("a", true, vec![])].into(),
    ];
    for value in cases {
        let shown = format!("{value:?}");
        assert!(matches!(built("X", value, false), Err(Error::InvalidValue(_))), "{shown}");
    }
    assert_eq!(built("X", ListId::new("a.b\r\nY: z"), false), Err(Error::ForbiddenByte("List-ID")));
}
