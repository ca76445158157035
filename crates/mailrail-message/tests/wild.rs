//! What mailers really write: encoded words and parameters that follow no RFC, and what is read of them all the same.
#![cfg(test)]

use mailrail_message::{ContentType, Message};

/// The value as header text, as the name of a file, and as the display name of an address.
#[test]
fn encoded_words_in_the_wild() {
    for (written, read) in [
        // Q and B, in any case, with languages (RFC 2231 §5).
        ("=?UTF-8?Q?caf=c3=a9?=", "caf\u{e9}"),
        ("=?utf-8?b?Y2Fmw6k=?=", "caf\u{e9}"),
        ("=?iso-8859-1*fr?q?caf=E9?=", "caf\u{e9}"),
        // One character in two words, in both encodings, and in a charset with two bytes a character.
        ("=?utf-8?q?caf=C3?= =?utf-8?q?=A9?=", "caf\u{e9}"),
        ("=?utf-8?b?Y2Fmww==?= =?utf-8?b?qQ==?=", "caf\u{e9}"),
        ("=?utf-8?b?Y2Fmww==?=\r\n =?UTF-8?q?=A9?=", "caf\u{e9}"),
        ("=?utf-8?b?w?= =?utf-8?b?6k=?=", "\u{e9}"),
        ("=?gb2312?b?xA==?= =?gb2312?b?4w==?=", "\u{4f60}"),
        ("=?shift_jis?b?gg==?= =?shift_jis?b?oA==?=", "\u{3042}"),
        // The bytes of two charsets are not joined.
        ("=?utf-8?q?=C3?= =?iso-8859-1?q?=E9?=", "\u{fffd}\u{e9}"),
        // Wrong labels.
        ("=?us-ascii?q?caf=C3=A9?=", "caf\u{e9}"),
        ("=?us-ascii?q?caf=E9?=", "caf\u{e9}"),
        ("=?iso-8859-1?q?=93x=94?=", "\u{201c}x\u{201d}"),
        ("=?x-unknown?q?caf=E9?=", "caf\u{e9}"),
        ("=?utf8?q?caf=C3=A9?=", "caf\u{e9}"),
        ("=?cp-850?q?x?=", "x"),
        ("=?gb2312?b?gTCBMA==?=", "\u{80}"),
        ("=?ks_c_5601-1987?b?xde9usauLg==?=", "\u{d14c}\u{c2a4}\u{d2b8}."),
        // Raw bytes of headers that declare nothing.
        ("caf\u{e9}", "caf\u{e9}"),
        ("caf\u{e9} =?utf-8?q?=C3=A9?=", "caf\u{e9} \u{e9}"),
        // Spaces, escapes and padding that are wrong.
        ("=?utf-8?q?two words?=", "two words"),
        ("=?utf-8?q?100=25 =3D=?=", "100% =="),
        ("=?utf-8?q?100%_=zz?=", "100% =zz"),
        ("=?utf-8?b?Y2Fmw6k?=", "caf\u{e9}"),
        ("=?utf-8?b?Y2 Fm w6k=?=", "caf\u{e9}"),
        ("=?utf-8?b?Y2Fmw6k=====?=", "caf\u{e9}"),
        ("=?utf-8?b??=", ""),
        ("=?utf-8?q??=", ""),
        // Not set off, or next to each other.
        ("Re:=?utf-8?q?caf=C3=A9?=!", "Re:caf\u{e9}!"),
        ("=?utf-8?q?a?==?utf-8?q?b?=", "ab"),
        ("=?utf-8?q?a?=\t\r\n\t=?utf-8?q?b?= c", "ab c"),
        // What is none.
        ("=?utf-8?q?never closed", "=?utf-8?q?never closed"),
        ("=?utf-8?x?a?=", "=?utf-8?x?a?="),
        ("=? =? ?= ?=", "=? =? ?= ?="),
    ] {
        let raw = format!("Subject: {written}\r\n\r\n");
        assert_eq!(
            Message::parse(raw.as_bytes()).headers().subject().as_deref(),
            Some(read),
            "{written}"
        );
        let unfolded = written.replace("\r\n", "");
        for raw in [
            format!("Content-Disposition: attachment; filename=\"{unfolded}\"\r\n\r\n"),
            format!("Content-Type: image/png; name=\"{unfolded}\"\r\n\r\n"),
        ] {
            let message = Message::parse(raw.as_bytes());
            assert_eq!(message.root().filename().as_deref(), Some(read), "{raw}");
        }
        let is_name = !read.is_empty() && !written.contains(['!', '\t']) && !read.contains("=?");
        if is_name {
            for raw in [
                format!("To: \"{unfolded}\" <a@b.test>\r\n\r\n"),
                format!("To: {written} <a@b.test>\r\n\r\n"),
            ] {
                let message = Message::parse(raw.as_bytes());
                let to = message.headers().to();
                assert_eq!(
                    (to.len(), to[0].mailboxes()[0].address()),
                    (1, "a@b.test".into()),
                    "{raw}"
                );
                assert_eq!(to[0].mailboxes()[0].name(), Some(read), "{raw}");
            }
        }
    }
}

#[test]
fn raw_bytes_in_headers() {
    for (bytes, read) in [
        (&b"Subject: caf\xc3\xa9\r\n\r\n"[..], "caf\u{e9}"),
        (b"Subject: caf\xe9\r\n\r\n", "caf\u{e9}"),
        (b"Subject: \x93quoted\x94\r\n\r\n", "\u{201c}quoted\u{201d}"),
        // Each piece between words is looked at by itself.
        (b"Subject: \xe9 =?utf-8?q?=C3=A9?= \xc3\xa9\r\n\r\n", "\u{e9} \u{e9} \u{e9}"),
        (b"Subject: =?utf-8?q?caf\xc3\xa9?=\r\n\r\n", "caf\u{e9}"),
    ] {
        assert_eq!(Message::parse(bytes).headers().subject().as_deref(), Some(read));
    }
    let message = Message::parse(b"To: Andr\xe9 <andr\xe9@b.test>\r\n\r\n");
    let to = message.headers().to();
    assert_eq!(to[0].mailboxes()[0].name(), Some("Andr\u{e9}"));
    assert_eq!(to[0].mailboxes()[0].address(), "andr\u{e9}@b.test");
}

/// `name=value` for each parameter, decoded.
fn parameters(text: &str) -> String {
    let content_type = ContentType::parse(text.as_bytes()).unwrap();
    let all = content_type.parameters().decoded();
    all.iter().map(|p| format!("{}={}", p.name, p.value)).collect::<Vec<_>>().join("|")
}

#[test]
fn parameters_in_the_wild() {
    for (written, read) in [
        // Semicolons that are missing, or too many.
        ("text/plain charset=utf-8", "charset=utf-8"),
        ("text/plain; charset=utf-8 format=flowed", "charset=utf-8|format=flowed"),
        ("text/plain; charset=\"utf-8\" format=flowed", "charset=utf-8|format=flowed"),
        ("text/plain;; charset=utf-8;;;", "charset=utf-8"),
        ("text/plain;charset = utf-8 ; format = flowed", "charset=utf-8|format=flowed"),
        // Values without the quotes that they need.
        ("image/png; name=my holiday photo.png", "name=my holiday photo.png"),
        ("image/png; name=my holiday photo.png; x=y", "name=my holiday photo.png|x=y"),
        ("image/png; name=a/b[1].png", "name=a/b[1].png"),
        ("image/png; name=a@b,c:d.png", "name=a@b,c:d.png"),
        ("image/png; name=caf\u{e9}.png", "name=caf\u{e9}.png"),
        ("image/png; name='quoted.png'", "name='quoted.png'"),
        // Quotes that are wrong.
        ("image/png; name=\"never closed.png", "name=never closed.png"),
        ("image/png; name=\"never closed.png; x=y", "name=never closed.png|x=y"),
        ("image/png; name=\"a\\\"b.png\"", "name=a\"b.png"),
        ("image/png; name=\"C:\\dir\\a.png\"", "name=C:dira.png"),
        ("image/png; name=\"fol\r\n ded.png\"", "name=fol ded.png"),
        ("image/png; name=\"\"", "name="),
        // Encoded words in parameters, which RFC 2047 §5 forbids.
        ("image/png; name=\"=?utf-8?q?caf=C3=A9?=.png\"", "name=caf\u{e9}.png"),
        ("image/png; name==?utf-8?q?caf=C3=A9?=.png", "name=caf\u{e9}.png"),
        ("image/png; name=\"=?utf-8?q?a?=\r\n =?utf-8?q?b?=.png\"", "name=ab.png"),
        ("image/png; name=\"=?utf-8?b?Y2Fm?=\"; name*=utf-8''caf%C3%A9", "name=caf\u{e9}"),
        ("image/png; name*0=\"=?utf-8?b?Y2Fm\"; name*1=\"w6k=?=\"", "name=caf\u{e9}"),
        // RFC 2231, as it should be and as it should not.
        ("image/png; name*=utf-8'en'caf%C3%A9", "name=caf\u{e9}"),
        ("image/png; name*=\"utf-8''caf%C3%A9\"", "name=caf\u{e9}"),
        ("image/png; name*=UTF-8''caf%c3%a9; name=cafe", "name=caf\u{e9}"),
        ("image/png; name*=caf%C3%A9", "name=caf\u{e9}"),
        ("image/png; name*=''caf%E9", "name=caf\u{e9}"),
        ("image/png; name*=x-none''caf%E9", "name=caf\u{e9}"),
        ("image/png; name*=utf-8''100%", "name=100%"),
        ("image/png; name*=utf-8''100%zz", "name=100%zz"),
        ("image/png; name*=utf-8''it's", "name=it's"),
        ("image/png; name*0*=utf-8''caf%C3; name*1*=%A9", "name=caf\u{e9}"),
        ("image/png; name*1=b; name*0=a", "name=ab"),
        ("image/png; name*0=a; name*0=x; name*1=b", "name=ab"),
        ("image/png; name*0=a; name*2=c", "name=a"),
        ("image/png; name*01=b; name*0=a", "name=ab"),
        ("image/png; name*0*=iso-8859-1''%E9; name*1=\" %E9\"", "name=\u{e9} %E9"),
        // What is none.
        ("text/plain; charset", ""),
        ("text/plain; =x; a=b", "a=b"),
        ("text/plain; a=b=c", "a=b=c"),
        ("text/plain; (x=y) a=b (c)", "a=b"),
    ] {
        assert_eq!(parameters(written), read, "{written}");
    }
}
