#![cfg(test)]
//! The mail client as a program: what it prints for a message, what it composes, how it ends.

use serde_json::{Value, json};
use std::{
    fs,
    io::Write,
    path::PathBuf,
    process::{Command, Output, Stdio},
};

/// A folder of its own for each test, removed at its end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("mr-client-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn file(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.0.join(name);
        fs::write(&path, content).unwrap();
        path.display().to_string()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn run(program: &str, arguments: &[&str], input: &[u8]) -> Output {
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    let writer = std::thread::spawn(move || stdin.write_all(&input));
    let output = child.wait_with_output().unwrap();
    // A program that has read enough may close its end.
    let _ = writer.join().unwrap();
    output
}

fn client(arguments: &[&str], input: &[u8]) -> Output {
    run(env!("CARGO_BIN_EXE_mailrail-client"), arguments, input)
}

fn parsed(message: &[u8]) -> Value {
    let output = client(&["parse", "-", "--json"], message);
    assert_eq!((output.status.code(), &*output.stderr), (Some(0), &b""[..]));
    serde_json::from_slice(&output.stdout).unwrap()
}

const SAMPLE: &[u8] = b"\
From: =?iso-8859-1?q?Andr=E9?= <andre@north.test>\r
Sender: office@north.test\r
Reply-To: \"Lee, Ann\" <ann@north.test>\r
To: Friends: bob@south.test, Carol <carol@south.test>;,\r
 dan@south.test\r
Cc: Nobody:;\r
Date: Fri, 21 Nov 1997 09:55:06 -0600\r
Message-ID: <1@north.test>\r
In-Reply-To: <0@south.test>\r
References: <a@south.test>\r
 <0@south.test>\r
Subject: The\r
 =?utf-8?b?cGzDoW4=?=\r
X-Odd: gr\xfcn\r
MIME-Version: 1.0\r
Content-Type: multipart/mixed; boundary=cut\r
\r
--cut\r
Content-Type: multipart/alternative; boundary=\"in ner\"\r
\r
--in ner\r
Content-Type: text/plain; Charset=utf-8; format=flowed\r
Content-Transfer-Encoding: quoted-printable\r
\r
Caf=C3=A9 at nine?\r
--in ner\r
Content-Type: text/html; charset=iso-8859-1\r
Content-Transfer-Encoding: 8bit\r
\r
<p>caf\xe9</p>\r
--in ner--\r
--cut\r
Content-Type: application/pdf; name=wrong.pdf\r
Content-Disposition: attachment; filename*=utf-8''pl%C3%A1n.pdf\r
Content-ID: <pdf@north.test>\r
Content-Transfer-Encoding: BASE64\r
\r
JVBERg==\r
--cut\r
Content-Type: message/rfc822\r
Content-Disposition: inline\r
\r
From: x@y.test\r
Subject: in\r
\r
inner\r
\r
--cut--\r
";

#[test]
fn json_tells_everything() {
    let folder = Folder::new("json");
    let file = folder.file("sample.eml", SAMPLE);
    let output = client(&["parse", "--json", &file], b"");
    assert_eq!(output.status.code(), Some(0));
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(found, parsed(SAMPLE));
    let andre = "=?iso-8859-1?q?Andr=E9?= <andre@north.test>";
    let friends = "Friends: bob@south.test, Carol <carol@south.test>;, dan@south.test";
    let headers = [
        ("From", andre, "André <andre@north.test>"),
        ("Sender", "office@north.test", "office@north.test"),
        ("Reply-To", "\"Lee, Ann\" <ann@north.test>", "\"Lee, Ann\" <ann@north.test>"),
        ("To", friends, friends),
        ("Cc", "Nobody:;", "Nobody:;"),
        ("Date", "Fri, 21 Nov 1997 09:55:06 -0600", "Fri, 21 Nov 1997 09:55:06 -0600"),
        ("Message-ID", "<1@north.test>", "<1@north.test>"),
        ("In-Reply-To", "<0@south.test>", "<0@south.test>"),
        ("References", "<a@south.test> <0@south.test>", "<a@south.test> <0@south.test>"),
        ("Subject", "The =?utf-8?b?cGzDoW4=?=", "The plán"),
        ("X-Odd", "gr\u{fc}n", "grün"),
        ("MIME-Version", "1.0", "1.0"),
        ("Content-Type", "multipart/mixed; boundary=cut", "multipart/mixed; boundary=cut"),
    ]
    .map(|(name, raw, value)| json!({"name": name, "raw": raw, "value": value}));
    let mailbox = |name: Value, address: &str| json!({"name": name, "address": address});
    let multipart = |path: &str, subtype: &str, boundary: &str| {
        json!({
            "path": path, "type": format!("multipart/{subtype}"), "params": {"boundary": boundary},
            "disposition": null, "filename": null, "content_id": null, "encoding": "7bit",
            "size": null, "sha256": null, "text": null,
        })
    };
    let odd = SAMPLE.windows(6).position(|name| name == b"X-Odd:").unwrap();
    let expected = json!({
        "subject": "The plán",
        "date": "1997-11-21T09:55:06-06:00",
        "message_id": "1@north.test",
        "from": [mailbox("André".into(), "andre@north.test")],
        "sender": [mailbox(Value::Null, "office@north.test")],
        "reply_to": [mailbox("Lee, Ann".into(), "ann@north.test")],
        "to": [
            {"group": "Friends", "members": [
                mailbox(Value::Null, "bob@south.test"),
                mailbox("Carol".into(), "carol@south.test"),
            ]},
            mailbox(Value::Null, "dan@south.test"),
        ],
        "cc": [{"group": "Nobody", "members": []}],
        "bcc": [],
        "in_reply_to": ["0@south.test"],
        "references": ["a@south.test", "0@south.test"],
        "headers": headers,
        "parts": [
            multipart("", "mixed", "cut"),
            multipart("1", "alternative", "in ner"),
            {
                "path": "1.1", "type": "text/plain",
                "params": {"charset": "utf-8", "format": "flowed"},
                "disposition": null, "filename": null, "content_id": null,
                "encoding": "quoted-printable", "size": 14,
                "sha256": "0419f87e84c46440c5e9687b45a80d57c7a2d7286874e21b6e7e81085cbe8668",
                "text": "Café at nine?",
            },
            {
                "path": "1.2", "type": "text/html", "params": {"charset": "iso-8859-1"},
                "disposition": null, "filename": null, "content_id": null,
                "encoding": "8bit", "size": 11,
                "sha256": "f92b1f90c50a0068a6c9dfce9c853e9333a8337b6475fab8a4393f1b1fccd319",
                "text": "<p>café</p>",
            },
            {
                "path": "2", "type": "application/pdf", "params": {"name": "wrong.pdf"},
                "disposition": "attachment", "filename": "plán.pdf",
                "content_id": "pdf@north.test", "encoding": "base64", "size": 4,
                "sha256": "315d429b7714cedb6ad04ac31240145257692630457f3c88253c5beceac76027",
                "text": null,
            },
            {
                "path": "3", "type": "message/rfc822", "params": {},
                "disposition": "inline", "filename": null, "content_id": null,
                "encoding": "7bit", "size": 38,
                "sha256": "d49da4e3a4aad7f44a50bb2dde3cb54260ae0c212ed3a15066763e20edd1de86",
                "text": null,
            },
            {
                "path": "3.1", "type": "text/plain", "params": {},
                "disposition": null, "filename": null, "content_id": null,
                "encoding": "7bit", "size": 7,
                "sha256": "a610ae3f834484491d4a8187644e5dccaca5022aacad0ca5d3a8399d56248815",
                "text": "inner\r\n",
            },
        ],
        "text": "Café at nine?",
        "html": "<p>café</p>",
        "defects": [format!("field is neither ASCII nor UTF-8 at byte {odd}")],
    });
    assert_eq!(found, expected);
}

#[test]
fn no_message_fails_and_none_commands_the_terminal() {
    let nasty = "Subject: \x1b]0;a\x07\u{9b}2J\u{202e}\r\nFrom: \x1b[1m <a@b\x7f>\r\n\
         Content-Type: text/plain; name=\"\x1b\"\r\n\r\n\x1b[2J\u{85}\r\n";
    let all_bytes: Vec<u8> = (0..=255).cycle().take(5_000).collect();
    for message in [b"".as_slice(), b"\n", b"\0", nasty.as_bytes(), &all_bytes] {
        parsed(message);
        for arguments in [["parse", "-"].as_slice(), &["parse", "-", "--json"]] {
            let output = client(arguments, message);
            assert_eq!(output.status.code(), Some(0));
            let text = String::from_utf8(output.stdout).unwrap();
            let harmful = |c: char| c.is_control() && c != '\n' && c != '\t' || c == '\u{202e}';
            assert!(!text.contains(harmful), "{text:?}");
        }
    }
    assert_eq!(parsed(nasty.as_bytes())["subject"], "\x1b]0;a\x07\u{9b}2J\u{202e}");
}

#[test]
fn what_is_composed_is_read_by_us_and_by_others() {
    let folder = Folder::new("compose");
    let arguments = [
        "compose",
        "--from",
        "Änne Lee <ann@north.test>",
        "--to",
        "Bob <bob@south.test>",
        "carol@south.test",
        "--cc",
        "dan@south.test",
        "--bcc",
        "eve@south.test",
        "--subject",
        "Grüße, viele",
        "--text",
        "Hallo Welt.\nGrüße\n",
        "--html-file",
        &folder.file("body.html", "<p>Grüße</p><img src=\"cid:logo.png\">"),
        "--inline",
        &folder.file("logo.png", b"\x89PNG"),
        "--attach",
        &folder.file("plän.pdf", b"%PDF-1\r\n\0"),
        &folder.file("notes.txt", "Größe\n"),
        &folder.file("old.eml", "From: a@b\r\n\r\n"),
    ];
    let output = client(&arguments, b"");
    assert_eq!((output.status.code(), &*output.stderr), (Some(0), &b""[..]));
    let message = output.stdout;
    assert!(!String::from_utf8_lossy(&message).contains("eve@"));

    let found = parsed(&message);
    assert_eq!(found["defects"], json!([]));
    assert_eq!(found["subject"], "Grüße, viele");
    assert_eq!(found["from"][0], json!({"name": "Änne Lee", "address": "ann@north.test"}));
    assert_eq!(found["to"][1]["address"], "carol@south.test");
    assert_eq!(found["text"], "Hallo Welt.\r\nGrüße\r\n");
    let parts: Vec<String> = found["parts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|part| {
            let text = |key: &str| part[key].as_str().unwrap_or("-").to_owned();
            [text("path"), text("type"), text("disposition"), text("filename")].join(" ")
        })
        .collect();
    assert_eq!(
        parts,
        [
            " multipart/mixed - -",
            "1 multipart/alternative - -",
            "1.1 text/plain - -",
            "1.2 multipart/related - -",
            "1.2.1 text/html - -",
            "1.2.2 image/png inline logo.png",
            "2 application/pdf attachment plän.pdf",
            "3 text/plain attachment notes.txt",
            "4 message/rfc822 attachment old.eml",
            "4.1 text/plain - -",
        ]
    );
    let id = found["parts"][5]["content_id"].as_str().unwrap();
    assert!(found["html"].as_str().unwrap().contains(&format!("src=\"cid:{id}\"")));
    assert_eq!(found["parts"][7]["params"]["charset"], "utf-8");

    // A second reader, with another idea of what is readable.
    const SCRIPT: &str = "
import sys, email, email.policy, json
m = email.message_from_bytes(sys.stdin.buffer.read(), policy=email.policy.default)
faults = [str(d) for p in m.walk() for d in p.defects]
print(json.dumps([str(m['subject']), str(m['from']), [a.addr_spec for a in m['to'].addresses],
  m.get_body(('plain',)).get_content(), m.get_body(('html',)).get_content().count('Grüße'),
  [[a.get_filename(), c['from'] if hasattr(c, 'as_bytes') else len(c)]
    for a in m.iter_attachments() for c in [a.get_content()]], faults]))
";
    if Command::new("python3").arg("--version").output().is_err() {
        println!("skipped: python3 is not installed");
        return;
    }
    let output = run("python3", &["-c", SCRIPT], &message);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let read: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        read,
        json!([
            "Grüße, viele",
            "Änne Lee <ann@north.test>",
            ["bob@south.test", "carol@south.test"],
            "Hallo Welt.\r\nGrüße\r\n",
            1,
            [["plän.pdf", 9], ["notes.txt", 6], ["old.eml", "a@b"]],
            [],
        ])
    );
}

#[test]
fn the_exit_status_tells() {
    for (arguments, status) in [
        (["parse", "/nonexistent/x.eml"].as_slice(), 1),
        (&["compose", "--from", "a@b.test", "--to", "c@d.test", "--subject", "a\nb"], 1),
        (&["compose", "--from", "nobody", "--to", "c@d.test", "--subject", "s"], 2),
        (&["compose", "--from", "a@b.test", "--subject", "s"], 2),
        (&["parse"], 2),
        (&["--help"], 0),
    ] {
        let output = client(arguments, b"");
        assert_eq!(output.status.code(), Some(status), "{arguments:?}");
        if status == 1 {
            assert_eq!(output.stderr.iter().filter(|byte| **byte == b'\n').count(), 1);
            assert_eq!(output.stdout, b"");
        }
    }
}
