//! Messages to measure readers on: what people, lists and programs send, made up. Every run makes the same ones.

use mailrail_message::encoding::{base64, quoted_printable};
use std::fmt::Write;

/// Numbers that only look random, the same in every run.
#[derive(Debug)]
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound as u64).expect("fits")
    }

    fn word(&mut self) -> &'static str {
        const WORDS: [&str; 24] = [
            "the", "meeting", "on", "harbour", "and", "plans", "for", "weather", "please", "send",
            "before", "noon", "winter", "boats", "we", "have", "enough", "of", "paint", "ropes",
            "with", "many", "thanks", "tomorrow",
        ];
        WORDS[self.below(WORDS.len())]
    }

    fn letters(&mut self, count: usize) -> String {
        const LETTERS: &[u8] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
        (0..count).map(|_| char::from(LETTERS[self.below(LETTERS.len())])).collect()
    }

    /// Prose of about `len` bytes in lines of 72 bytes at most.
    fn prose(&mut self, len: usize) -> String {
        let (mut text, mut column) = (String::with_capacity(len + 80), 0);
        while text.len() < len {
            let word = self.word();
            if column + word.len() > 70 {
                text.push_str("\r\n");
                column = 0;
            }
            if column > 0 {
                text.push(' ');
            }
            text.push_str(word);
            column += word.len() + 1;
        }
        text + ".\r\n"
    }

    fn bytes(&mut self, len: usize) -> Vec<u8> {
        (0..len.div_ceil(8)).flat_map(|_| self.next().to_le_bytes()).take(len).collect()
    }
}

/// One message and what it is called.
#[derive(Debug)]
pub struct Sample {
    /// What it is called in the rows.
    pub name: &'static str,
    /// The message.
    pub raw: Vec<u8>,
}

fn head(numbers: &mut Numbers, from: &str, to: &str, subject: &str) -> String {
    let mut head = String::new();
    for hop in ["mx1.south.test", "relay.north.test"] {
        let id = numbers.letters(11);
        let _ = write!(
            head,
            "Received: from out7.north.test (out7.north.test [192.0.2.7])\r\n\tby {hop} with ESMTPS id {id}\r\n\
             \tfor <bob@south.test>; Mon, 23 Nov 2026 10:0{}:14 +0100\r\n",
            numbers.below(10)
        );
    }
    let id = numbers.letters(20);
    let _ = write!(
        head,
        "Message-ID: <{id}@north.test>\r\nDate: Mon, 23 Nov 2026 09:58:51 +0100\r\nFrom: {from}\r\nTo: {to}\r\n\
         Subject: {subject}\r\nUser-Agent: Postbox 4.2\r\nMIME-Version: 1.0\r\n"
    );
    head
}

fn simple_head(numbers: &mut Numbers) -> String {
    let mut head = head(
        numbers,
        "Alice Arden <alice@north.test>",
        "Bob Bright <bob@south.test>, \"Dane, Carol\" <carol@south.test>",
        "Plans for the harbour meeting",
    );
    head.push_str("Cc: dora@east.test\r\nReply-To: Alice Arden <alice@north.test>\r\n");
    head
}

fn plain(numbers: &mut Numbers, size: usize) -> Vec<u8> {
    let mut text = simple_head(numbers);
    text.push_str(
        "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 7bit\r\n\r\n",
    );
    let left = size.saturating_sub(text.len());
    text.push_str(&numbers.prose(left));
    text.into_bytes()
}

fn alternative(numbers: &mut Numbers, boundary: &str, size: usize) -> Vec<u8> {
    let plain = numbers.prose(size / 5).replace("paint", "caf\u{e9} \u{2013} paint");
    let mut html = String::from("<html><body style=\"margin:0;padding:0\">\r\n");
    while html.len() < size * 2 / 3 {
        let _ = write!(
            html,
            "<table width=\"600\" cellpadding=\"0\"><tr><td class=\"row\"><a href=\"https://north.test/u/{}?q={}\">\
             {}</a> \u{2013} {}</td></tr></table>",
            numbers.letters(24),
            numbers.below(100_000),
            numbers.word(),
            numbers.prose(200)
        );
    }
    html.push_str("</body></html>\r\n");
    let mut text = Vec::new();
    for (kind, body) in [("plain", plain), ("html", html)] {
        text.extend_from_slice(
            format!(
                "--{boundary}\r\nContent-Type: text/{kind}; charset=\"utf-8\"\r\n\
                 Content-Transfer-Encoding: quoted-printable\r\n\r\n"
            )
            .as_bytes(),
        );
        text.extend_from_slice(&quoted_printable::encode(body.as_bytes()));
        text.extend_from_slice(b"\r\n");
    }
    text.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    text
}

fn newsletter(numbers: &mut Numbers, size: usize) -> Vec<u8> {
    let mut text = head(
        numbers,
        "North Harbour News <news@lists.north.test>",
        "bob@south.test",
        "=?utf-8?q?November_at_the_harbour_=E2=80=93_boats,_ropes_and_caf=C3=A9?=",
    );
    let signature = numbers.letters(340);
    let mut lines = String::new();
    for line in signature.as_bytes().chunks(68) {
        let _ = write!(lines, "\r\n\t {}", String::from_utf8_lossy(line));
    }
    let boundary = format!("=_{}", numbers.letters(30));
    let _ = write!(
        text,
        "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=lists.north.test; s=n1;\r\n\
         \th=from:to:subject:date:message-id:list-unsubscribe;\r\n\tb={lines}\r\n\
         List-Id: <news.lists.north.test>\r\nList-Unsubscribe: <https://lists.north.test/u/{}>,\r\n\
         \t<mailto:leave@lists.north.test>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n\
         Precedence: bulk\r\nFeedback-ID: 77:news:north\r\n\
         Content-Type: multipart/alternative; boundary=\"{boundary}\"\r\n\r\n",
        numbers.letters(40)
    );
    let mut raw = text.into_bytes();
    raw.extend(alternative(numbers, &boundary, size * 4 / 5));
    raw
}

fn attached(numbers: &mut Numbers, size: usize) -> Vec<u8> {
    let boundary = format!("----=_Part_{}", numbers.letters(24));
    let mut text = simple_head(numbers);
    let _ = write!(
        text,
        "Content-Type: multipart/mixed;\r\n boundary=\"{boundary}\"\r\n\r\nThis is a multi-part message.\r\n\
         --{boundary}\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{}\r\n\
         --{boundary}\r\nContent-Type: application/pdf; name=\"plan.pdf\"\r\nContent-Transfer-Encoding: base64\r\n\
         Content-Disposition: attachment; filename=\"plan.pdf\"\r\n\r\n",
        numbers.prose(500)
    );
    let mut raw = text.into_bytes();
    raw.extend(base64::encode(&numbers.bytes(size)));
    raw.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
    raw
}

fn sixty_fields(numbers: &mut Numbers) -> Vec<u8> {
    let mut text = simple_head(numbers);
    let mut fields = 11;
    while fields < 58 {
        let (name, lines) = match fields % 6 {
            0 => ("ARC-Seal", 5),
            1 => ("Received", 3),
            2 => ("ARC-Message-Signature", 7),
            3 => ("X-North-Antispam-Report", 6),
            4 => ("Authentication-Results", 4),
            _ => ("X-North-Exchange-Transport-Message-Info", 9),
        };
        let _ = write!(text, "{name}: i={fields}; a=rsa-sha256; d=north.test; t=17950000{fields}");
        for _ in 0..lines {
            let _ = write!(text, ";\r\n\tx={}", numbers.letters(70));
        }
        text.push_str("\r\n");
        fields += 1;
    }
    text.push_str("Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 7bit\r\n\r\nShort.\r\n");
    text.into_bytes()
}

fn encoded(numbers: &mut Numbers) -> Vec<u8> {
    let mut text = head(
        numbers,
        "=?iso-8859-1?Q?Andr=E9_Mu=F1oz_de_la_Pe=F1a?= <andre@north.test>",
        "=?iso-2022-jp?B?GyRCOzNFRBsoQiAbJEJCQE86GyhC?= <taro@south.test>,\r\n\
         \t=?koi8-r?B?5M3J1NLJyiDpwdPD?= <dmitri@south.test>,\r\n\
         \t=?windows-1252?Q?Bj=F6rn_=C5str=F6m?= <bjorn@south.test>,\r\n\
         \t=?gb2312?B?1tC5+g==?= <li@south.test>, =?utf-8?b?zpHOvc69zrE=?= <anna@south.test>",
        "=?utf-8?B?w4ljb3V0ZXogbGUgY29uY2VydCBkdSBwb3J0IOKAkyBzYW1lZGkgc29pciDDoCB2aW5n?=\r\n\
         \t=?utf-8?Q?t_heures,_entr=C3=A9e_libre_=E2=80=93_venez_nombreux_=F0=9F=8E=B6?=\r\n\
         \t=?utf-8?Q?_et_dites-le_=C3=A0_vos_amis?=",
    );
    text.push_str(
        "Cc: =?iso-8859-15?Q?Fran=E7oise_B=E9rard?= <francoise@east.test>,\r\n\
         \t=?euc-kr?B?sei5zA==?= <kim@east.test>, =?big5?B?pKSk5Q==?= <chen@east.test>\r\n\
         Reply-To: =?utf-8?Q?Caf=C3=A9_du_Port?= <cafe@north.test>\r\n\
         Content-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n",
    );
    let mut raw = text.into_bytes();
    let prose = numbers.prose(900).replace("paint", "caf\u{e9}");
    let latin: Vec<u8> =
        prose.chars().map(|c| u8::try_from(u32::from(c)).unwrap_or(b'?')).collect();
    raw.extend(quoted_printable::encode(&latin));
    raw
}

fn nested(numbers: &mut Numbers, depth: usize) -> Vec<u8> {
    let mut inner = format!("Content-Type: text/plain\r\n\r\n{}", numbers.prose(300));
    for level in 0..depth {
        let boundary = format!("level-{level}-{}", numbers.letters(16));
        inner = format!(
            "Content-Type: multipart/mixed; boundary=\"{boundary}\"\r\n\r\n--{boundary}\r\n{inner}\r\n\
             --{boundary}\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{}\r\n--{boundary}--\r\n",
            numbers.prose(200)
        );
        if level % 4 == 3 {
            inner = format!("Content-Type: message/rfc822\r\n\r\n{}{inner}", simple_head(numbers));
        }
    }
    (simple_head(numbers) + &inner).into_bytes()
}

fn forward(numbers: &mut Numbers) -> Vec<u8> {
    let boundary = format!("fwd_{}", numbers.letters(24));
    let mut text = head(
        numbers,
        "Carol Dane <carol@south.test>",
        "Dora East <dora@east.test>",
        "Fwd: Plans for the harbour meeting",
    );
    let _ = write!(
        text,
        "Content-Type: multipart/mixed; boundary=\"{boundary}\"\r\n\r\n\
         --{boundary}\r\nContent-Type: text/plain; charset=utf-8; format=flowed\r\n\r\n{}\r\n\
         --{boundary}\r\nContent-Type: message/rfc822; name=\"mail.eml\"\r\nContent-Disposition: attachment\r\n\r\n",
        numbers.prose(400)
    );
    let mut raw = text.into_bytes();
    let inner = format!("inner_{}", numbers.letters(24));
    raw.extend(simple_head(numbers).into_bytes());
    raw.extend_from_slice(
        format!("Content-Type: multipart/alternative; boundary=\"{inner}\"\r\n\r\n").as_bytes(),
    );
    raw.extend(alternative(numbers, &inner, 6000));
    raw.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
    raw
}

/// The samples, one a row; the mix of 100 comes from [`mix`].
#[must_use]
pub fn samples() -> Vec<Sample> {
    let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15);
    let numbers = &mut numbers;
    [
        ("plain", plain(numbers, 3 * 1024)),
        ("60 fields", sixty_fields(numbers)),
        ("encoded", encoded(numbers)),
        ("nested", nested(numbers, 12)),
        ("newsletter", newsletter(numbers, 60 * 1024)),
        ("forward", forward(numbers)),
        ("1 MiB", attached(numbers, 1 << 20)),
        ("10 MiB", attached(numbers, 10 << 20)),
    ]
    .map(|(name, raw)| Sample { name, raw })
    .into()
}

/// A hundred messages as a mailbox has them.
#[must_use]
pub fn mix() -> Vec<Vec<u8>> {
    let mut numbers = Numbers(0x0123_4567_89ab_cdef);
    let numbers = &mut numbers;
    (0..100)
        .map(|at| match at % 20 {
            0..=7 => {
                let size = 1500 + numbers.below(6000);
                plain(numbers, size)
            }
            8..=11 => {
                let size = 15_000 + numbers.below(60_000);
                newsletter(numbers, size)
            }
            12 | 13 => encoded(numbers),
            14 | 15 => forward(numbers),
            16 => nested(numbers, 5),
            17 => sixty_fields(numbers),
            _ => {
                let size = 20_000 + numbers.below(100_000);
                attached(numbers, size)
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_what_the_names_say() {
        for (sample, size) in samples().iter().zip([3_000, 22_000, 2_500, 7_000, 60_000, 8_000]) {
            let len = sample.raw.len();
            assert!(len.abs_diff(size) < size / 5, "{}: {len}", sample.name);
        }
    }
}
