//! What the benchmarks of writing share: texts to encode, and the same message in both builders.

use mail_builder::MessageBuilder;
use mailrail_message::{Builder, DateTime, Mailbox, MessageId};

/// Bytes without a pattern, the same each time.
#[must_use]
pub fn noise(len: usize) -> Vec<u8> {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u8
    };
    (0..len).map(|_| next()).collect()
}

/// Text of words in an order without a pattern, in lines of about 90 bytes.
#[must_use]
pub fn words(len: usize, words: &[&str]) -> String {
    let mut text = String::with_capacity(len + 100);
    let mut line = 0;
    for pick in noise(len) {
        let word = words[usize::from(pick) % words.len()];
        text.push_str(word);
        line += word.len() + 1;
        if line < 90 {
            text.push(' ');
        } else {
            text.push_str("\r\n");
            line = 0;
        }
        if text.len() >= len {
            break;
        }
    }
    text
}

/// Texts of a kind that goes out in quoted-printable: few escapes, some, and nearly nothing else.
#[must_use]
pub fn quoted_samples() -> [(&'static str, String); 3] {
    let newsletter = words(
        60 << 10,
        &[
            "<td style=\"padding:0 10px\">",
            "the",
            "offer",
            "caf\u{e9}",
            "of",
            "this",
            "week",
            "</td>",
            "for",
            "you,",
            "<a href=\"https://news.example/?id=12\">",
            "Gr\u{fc}\u{df}e",
            "unsubscribe",
            "here</a>",
            "and",
        ],
    );
    let latin = words(
        1 << 20,
        &[
            "Die",
            "Gr\u{fc}\u{df}e",
            "sind",
            "f\u{fc}r",
            "alle",
            "Freunde,",
            "die",
            "h\u{f6}ren",
            "und",
            "lesen",
            "=",
        ],
    );
    let cyrillic = words(
        60 << 10,
        &["\u{41f}\u{440}\u{438}\u{432}\u{435}\u{442}", "\u{43c}\u{438}\u{440}", "\u{438}"],
    );
    [("newsletter", newsletter), ("latin", latin), ("cyrillic", cyrillic)]
}

/// Its identifier.
pub const ID: &str = "0123456789abcdef0123456789abcdef@north.test";
/// Its date, in seconds since 1970.
pub const DATE: i64 = 1_795_000_000;

/// The message, with the builder of mailrail-message.
#[must_use]
pub fn ours<'a>() -> Builder<'a> {
    Builder::new()
        .from(Mailbox::new("ann@north.test").unwrap().with_name("Ann Lee"))
        .to(Mailbox::new("bob@south.test").unwrap().with_name("Bob Moor"))
        .subject("The plan for the week, and what comes after it")
        .date(DateTime::from_unix(DATE, 0).unwrap())
        .message_id(MessageId::new(ID).unwrap())
}

/// The same, with mail-builder.
#[must_use]
pub fn theirs<'a>() -> MessageBuilder<'a> {
    MessageBuilder::new()
        .from(("Ann Lee", "ann@north.test"))
        .to(("Bob Moor", "bob@south.test"))
        .subject("The plan for the week, and what comes after it")
        .date(DATE)
        .message_id(ID)
}
