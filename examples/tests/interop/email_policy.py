"""Messages, half of them broken, and what Python's email package (policy default) reads in them.

Prints one JSON object a line: the name, the message in hexadecimal, and the reading.
"""
import email
import email.headerregistry
import email.policy
import hashlib
import json
import random
import re
import sys
from email.message import EmailMessage

RANDOM = random.Random(2047)
TEXTS = {
    "ascii": "Plain words.\nA second line.\n",
    "latin": "Caf\u00e9, gar\u00e7on, \u00fcber.\n",
    "greek": "\u039a\u03b1\u03bb\u03b7\u03bc\u03ad\u03c1\u03b1 \u03ba\u03cc\u03c3\u03bc\u03b5.\n",
    "cyrillic": "\u041f\u0440\u0438\u0432\u0435\u0442, \u043c\u0438\u0440.\n",
    "japanese": "\u3053\u3093\u306b\u3061\u306f\u4e16\u754c\u3002\n",
    "emoji": "Fine \U0001f600 day.\n",
    "long": "word " * 300 + "\n",
    "dots": ".\n..\nFrom here\n.",
}
CHARSETS = {
    "ascii": ["us-ascii"],
    "latin": ["iso-8859-1", "utf-8", "windows-1252"],
    "greek": ["iso-8859-7", "utf-8"],
    "cyrillic": ["koi8-r", "windows-1251", "iso-8859-5"],
    "japanese": ["iso-2022-jp", "shift_jis", "euc-jp", "utf-8"],
    "emoji": ["utf-8"],
    "long": ["us-ascii"],
    "dots": ["us-ascii"],
}


def header(number, subject="A subject"):
    m = EmailMessage()
    m["From"] = "Ann Lee <ann@north.test>"
    m["To"] = "Bob <bob@south.test>, carol@south.test"
    m["Date"] = "Fri, 21 Nov 1997 09:%02d:06 -0600" % (number % 60)
    m["Message-ID"] = "<m%d@north.test>" % number
    m["Subject"] = subject
    return m


def crlf(message):
    return message.as_bytes(policy=email.policy.SMTP)


def good():
    number = 0
    for name, text in TEXTS.items():
        for charset in CHARSETS[name]:
            encodings = ["base64", "quoted-printable"]
            if charset in ("us-ascii", "iso-2022-jp"):
                encodings.append("7bit")
            else:
                encodings.append("8bit")
            for encoding in encodings:
                if name == "long" and encoding == "7bit":
                    continue
                number += 1
                m = header(number, text.split("\n")[0][:60])
                m.set_content(text, charset=charset, cte=encoding)
                yield "text-%s-%s-%s" % (name, charset, encoding), crlf(m)
    for name in ["latin", "cyrillic", "japanese", "emoji"]:
        word = TEXTS[name].strip()
        number += 1
        m = header(number, word * 8)
        del m["To"]
        m["To"] = email.headerregistry.Address(word[:10], "bob", "south.test")
        m["Cc"] = email.headerregistry.Group(word[:5], (email.headerregistry.Address("", "d", "e.test"),))
        m.set_content("x\n")
        m.add_alternative("<p>%s</p>\n" % word, subtype="html")
        yield "alternative-%s" % name, crlf(m)
        number += 1
        m = header(number)
        m.set_content("See the file.\n")
        m.add_attachment(bytes(range(256)), maintype="application", subtype="pdf", filename=word + ".pdf")
        m.add_attachment("text in a file\n", filename="notes.txt")
        yield "attached-%s" % name, crlf(m)
        number += 1
        m = header(number)
        m.set_content("plain\n")
        m.add_alternative("<img src='cid:a@b'>\n", subtype="html")
        m.get_payload()[1].add_related(b"\x89PNG", "image", "png", cid="<a@b>", filename=word + ".png")
        m.add_attachment(b"\0\1", maintype="image", subtype="gif", filename="x.gif")
        yield "everything-%s" % name, crlf(m)
        number += 1
        inner = header(number, word)
        inner.set_content(TEXTS[name], charset="utf-8", cte="base64")
        m = header(number + 1000, "Fwd: inner")
        m.set_content("Forwarded.\n")
        m.add_attachment(inner)
        yield "forward-%s" % name, crlf(m)
    for at, (field, value) in enumerate([
        ("To", "Group: a@b.test, C <c@d.test>;, e@f.test"),
        ("To", "undisclosed-recipients:;"),
        ("To", '"Lee, Ann" <ann@north.test>'),
        ("To", '"quo\\"ted" <a@b.test>'),
        ("To", "pete(his account)@silly.test"),
        ("To", "<@a.test,@b.test:c@d.test>"),
        ("To", '"much more"@unusual.test'),
        ("To", "a@[192.0.2.1]"),
        ("To", "A.\r\n B <a@b.test>"),
        ("To", "=?utf-8?q?J=C3=B6rg?= =?utf-8?q?_M?= <j@m.test>"),
        ("To", '"=?utf-8?q?J=C3=B6rg?=" <j@m.test>'),
        ("Date", "21 Nov 97 09:55:06 GMT"),
        ("Date", "Fri, 21 Nov 1997 09(c):   55  :  06 -0600"),
        ("Date", "Fri, 21 Nov 1997 09:55 +0100 (CET)"),
        ("Date", "21 Nov 1997 09:55:06 EST"),
        ("Subject", "=?iso-8859-1?q?caf=E9?=\r\n =?utf-8?b?w6k=?= end"),
        ("Subject", "=?utf-8?b?4oKs?="),
        ("Subject", "a =?utf-8?q?b?= c"),
        ("Subject", "folded\r\n over\r\n\tthree lines"),
        ("Subject", ""),
        ("Message-ID", "<a.b$c@d.test>"),
        ("X-Other", "=?utf-8?q?x?="),
        ("Reply-To", "a@b.test"),
        ("Cc", "a@b.test, A Name <c@d.test>"),
    ]):
        raw = crlf(header(at)) + b"\r\nbody\r\n"
        lines = raw.split(b"\r\n")
        lines = [l for l in lines if not l.lower().startswith(field.lower().encode() + b":")]
        lines.insert(0, ("%s: %s" % (field, value)).encode())
        yield "field-%02d" % at, b"\r\n".join(lines)
    for at, (value, body) in enumerate([
        ("text/plain; charset=us-ascii (Plain text)", b"x"),
        ("text/plain; charset=\"utf-8\"; format=fixed", b"\xc3\xa9"),
        ("TEXT/PLAIN; CHARSET=ISO-8859-1", b"\xe9"),
        ("application/x-stuff; title*=us-ascii'en-us'This%20is%20%2A%2A%2Afun%2A%2A%2A", b"x"),
        ("application/octet-stream; name*0=long; name*1=er; name*2=.bin", b"x"),
        ("application/octet-stream; name*0*=utf-8''%c3; name*1*=%a9.bin", b"x"),
        ("application/octet-stream; name=\"a \\\"b\\\".bin\"", b"x"),
        ("image/png; name=\"=?utf-8?q?=C3=A9.png?=\"", b"x"),
        ("multipart/mixed; boundary=\"a b\"", b"pre\r\n--a b\r\n\r\none\r\n--a b  \r\n\r\ntwo\r\n--a b--\r\npost"),
        ("multipart/digest; boundary=x", b"--x\r\n\r\nSubject: in\r\n\r\nb\r\n--x--"),
        ("message/rfc822", b"Subject: in\r\n\r\nbody"),
        ("message/rfc822", b"Subject: in\r\n"),
    ]):
        yield "type-%02d" % at, b"MIME-Version: 1.0\r\nContent-Type: %s\r\n\r\n%s" % (value.encode(), body)


BASES = {
    "plain": b"From: Ann <ann@north.test>\r\nTo: bob@south.test\r\nSubject: caf=?utf-8?q?=C3=A9?= =?utf-8?b?w6k=?=\r\n"
    b"Date: Fri, 21 Nov 1997 09:55:06 -0600\r\nMessage-ID: <a@b.test>\r\n"
    b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
    b"Caf=C3=A9 =\r\nsoft\r\nlast=20line\r\n",
    "mixed": b"From: \"Lee, Ann\" <ann@north.test>\r\nTo: G: a@b.test, c@d.test;\r\nSubject: two parts\r\n"
    b"Date: Fri, 21 Nov 1997 09:55:06 -0600\r\nMIME-Version: 1.0\r\n"
    b"Content-Type: multipart/mixed; boundary=\"cut here\"\r\n\r\npreamble\r\n"
    b"--cut here\r\nContent-Type: text/plain\r\n\r\none\r\n"
    b"--cut here\r\nContent-Type: application/octet-stream; name=\"x.bin\"\r\n"
    b"Content-Disposition: attachment; filename=\"x.bin\"\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    b"AAECAwQF\r\nBgcICQ==\r\n--cut here--\r\nepilogue\r\n",
    "nested": b"From: ann@north.test\r\nTo: <bob@south.test>\r\nSubject: nested\r\nMIME-Version: 1.0\r\n"
    b"Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\nContent-Type: multipart/alternative; boundary=ab\r\n\r\n"
    b"--ab\r\nContent-Type: text/plain\r\n\r\ntext\r\n--ab\r\nContent-Type: text/html\r\n\r\n<p>html</p>\r\n--ab--\r\n"
    b"--a\r\nContent-Type: message/rfc822\r\n\r\nSubject: in\r\n\r\ninner\r\n--a--\r\n",
}


def broken():
    for name, base in BASES.items():
        head, _, body = base.partition(b"\r\n\r\n")
        for at in range(9):
            cut = (len(base) * (at + 1)) // 10
            yield "%s-cut-%d" % (name, at), base[:cut]
        yield "%s-lf" % name, base.replace(b"\r\n", b"\n")
        yield "%s-crcrlf" % name, base.replace(b"\r\n", b"\r\r\n")
        yield "%s-mixed-ends" % name, base.replace(b"\r\n", b"\n", 5)
        yield "%s-no-blank" % name, head + b"\r\n" + body
        yield "%s-from-line" % name, b"From ann@north.test Fri Nov 21 1997\r\n" + base
        yield "%s-space-colon" % name, head.replace(b"Subject:", b"Subject :") + b"\r\n\r\n" + body
        yield "%s-continued-first" % name, b" continued\r\n" + base
        yield "%s-junk-line" % name, head.replace(b"Subject:", b"no field here\r\nSubject:") + b"\r\n\r\n" + body
        yield "%s-no-name" % name, b": value\r\n" + base
        yield "%s-nul" % name, base.replace(b"Ann", b"A\0n").replace(b"one", b"o\0e")
        yield "%s-raw-8bit" % name, base.replace(b"Subject: ", b"Subject: \xe9\xff ")
        yield "%s-raw-utf8" % name, base.replace(b"Subject: ", b"Subject: \xc3\xa9 ")
        yield "%s-twice" % name, head + b"\r\nSubject: again\r\nTo: z@z.test\r\n\r\n" + body
        yield "%s-bad-type" % name, base.replace(b"Content-Type: ", b"Content-Type: ;")
        yield "%s-bad-encoding" % name, base.replace(b"base64", b"base65").replace(b"quoted-printable", b"quoted")
        yield "%s-no-close" % name, base.replace(b"--cut here--", b"").replace(b"--a--", b"")
        yield "%s-wrong-boundary" % name, base.replace(b"\r\n--cut here", b"\r\n--cut heer").replace(b"\r\n--a\r", b"\r\n--b\r")
        yield "%s-open-quote" % name, base.replace(b"here\"\r\n", b"here\r\n").replace(b"x.bin\"\r\n", b"x.bin\r\n")
        for at in range(6):
            noisy = bytearray(base)
            for _ in range(4):
                noisy[RANDOM.randrange(len(noisy))] = RANDOM.randrange(256)
            yield "%s-noise-%d" % (name, at), bytes(noisy)
    for at, (field, value) in enumerate([
        ("To", b"Ann <a@b.test, c@d.test"),
        ("To", b"a@b.test <a@b.test>"),
        ("To", b"Ann Lee"),
        ("To", b"<>"),
        ("To", b"\"Ann <a@b.test>"),
        ("To", b"a@b@c.test"),
        ("To", b"(((((a@b.test"),
        ("To", b"a@b.test; c@d.test"),
        ("To", b"Undisclosed recipients"),
        ("To", b"=?utf-8?q?Lee,_Ann?= <a@b.test>"),
        ("To", b"=?utf-8?q?broken <a@b.test>"),
        ("To", b"a b c@d.test"),
        ("To", b"J\xf6rg <j@m.test>"),
        ("To", "J\u00f6rg <j@m.test>".encode()),
        ("Subject", b"=?utf-8?q?a"),
        ("Subject", b"=?utf-8?x?a?="),
        ("Subject", b"=?nobody?q?a=E9?="),
        ("Subject", b"=?utf-8?b?w6?= =?utf-8?b?k=?="),
        ("Subject", b"=?utf-8?q?=C3?= =?utf-8?q?=A9?="),
        ("Subject", b"=?utf-8?q?a b?="),
        ("Subject", b"x=?utf-8?q?a?=y"),
        ("Subject", b"=?utf-8?q?=ZZ?="),
        ("Date", b"yesterday"),
        ("Date", b"Fri, 32 Nov 1997 09:55:06 -0600"),
        ("Date", b"Fri Nov 21 09:55:06 1997"),
        ("Date", b"1997-11-21T09:55:06Z"),
        ("Date", b"Fri, 21 Nov 1997 25:55:06 -0600"),
        ("Date", b""),
        ("Message-ID", b"a@b.test"),
        ("Message-ID", b"<a b@c.test>"),
        ("Message-ID", b"<>"),
        ("Message-ID", b"<a@b.test> <c@d.test>"),
    ]):
        yield "bad-%02d" % at, b"%s: %s\r\nX-Y: z\r\n\r\nbody\r\n" % (field.encode(), value)
    for at, (value, body) in enumerate([
        (b"text/plain; charset=nobody", b"caf\xe9"),
        (b"text/plain; charset=utf-8", b"caf\xe9"),
        (b"text/plain", b"caf\xe9"),
        (b"text", b"x"),
        (b"text/plain charset=utf-8", b"\xc3\xa9"),
        (b"application/pdf; name=two words.pdf", b"x"),
        (b"application/pdf; name=\"open.pdf", b"x"),
        (b"application/pdf; name=a;name=b", b"x"),
        (b"application/pdf; name*1=b", b"x"),
        (b"application/pdf; name*=nobody''%e9", b"x"),
        (b"multipart/mixed", b"--x\r\n\r\none\r\n--x--"),
        (b"multipart/mixed; boundary=", b"--\r\n\r\none\r\n----"),
        (b"multipart/mixed; boundary=x", b"--x--"),
        (b"multipart/mixed; boundary=x", b"--x\r\n--x\r\n--x--"),
        (b"multipart/mixed; boundary=x", b"--x\r\n\r\none\r\n--xy\r\n\r\ntwo\r\n--x--"),
        (b"multipart/mixed; boundary=x", b"--x--\r\n\r\n--x\r\n\r\nlate\r\n--x--"),
        (b"message/rfc822\r\nContent-Transfer-Encoding: base64", b"U3ViamVjdDogaW4NCg0KYg=="),
        (b"multipart/mixed; boundary=x\r\nContent-Transfer-Encoding: base64", b"--x\r\n\r\none\r\n--x--"),
        (b"text/plain\r\nContent-Transfer-Encoding: base64", b"YQ=\r\n=\r\n!!Yg"),
        (b"text/plain\r\nContent-Transfer-Encoding: base64", b"YQ"),
        (b"text/plain\r\nContent-Transfer-Encoding: quoted-printable", b"=zz =3 = \r\n=\r\nx="),
        (b"text/plain\r\nContent-Transfer-Encoding: x-uuencode", b"begin 644 a\r\n#0V%T\r\n`\r\nend\r\n"),
    ]):
        yield "bad-type-%02d" % at, b"MIME-Version: 1.0\r\nContent-Type: %s\r\n\r\n%s" % (value, body)
    yield "empty", b""
    yield "newline", b"\r\n"
    yield "no-header", b"\r\nonly a body\r\n"
    yield "only-text", b"this is not a header\r\nat all\r\n"
    yield "binary", bytes(range(256))


def attempt(read):
    try:
        return read()
    except Exception as error:  # What a stranger wrote can make it fail: that is a reading, too.
        return "error: " + type(error).__name__


def addresses(message, name):
    found = []
    for value in message.get_all(name, []):
        for group in value.groups:
            members = [[a.display_name, a.addr_spec] for a in group.addresses]
            if group.display_name is None:
                found.extend(members)
            else:
                found.append([group.display_name, members])
    return found


def date(message):
    value = message["Date"]
    moment = value.datetime if value is not None else None
    if moment is None:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=__import__("datetime").timezone.utc)
    return int(moment.timestamp())


def parts(message):
    kind = message.get_content_type()
    is_report = kind.startswith("message/") and kind != "message/rfc822"
    is_container = message.is_multipart() and not is_report
    content = None if is_container or is_report else message.get_payload(decode=True)
    found = [[
        kind,
        attempt(lambda: message.get_filename() or ""),
        message.get_content_disposition() or "",
        None if content is None else hashlib.sha256(content).hexdigest()[:12] + " %d" % len(content),
    ]]
    if is_container:
        for part in message.get_payload():
            found.extend(parts(part))
    return found


def body(message, kind):
    part = message.get_body((kind,))
    return None if part is None else part.get_content().replace("\r\n", "\n")


def identifier(message):
    value = message["Message-ID"]
    return None if value is None else str(value).strip().removeprefix("<").removesuffix(">")


def reading(raw):
    message = email.message_from_bytes(raw, policy=email.policy.default)
    return {
        "names": attempt(lambda: message.keys()),
        "subject": attempt(lambda: None if message["Subject"] is None else str(message["Subject"]).strip()),
        "date": attempt(lambda: date(message)),
        "id": attempt(lambda: identifier(message)),
        "from": attempt(lambda: addresses(message, "From")),
        "to": attempt(lambda: addresses(message, "To")),
        "cc": attempt(lambda: addresses(message, "Cc")),
        "parts": attempt(lambda: parts(message)),
        "text": attempt(lambda: body(message, "plain")),
        "html": attempt(lambda: body(message, "html")),
    }


if __name__ == "__main__":
    for is_broken, messages in [(False, good()), (True, broken())]:
        for name, raw in messages:
            line = {"name": name, "broken": is_broken, "raw": raw.hex(), "reading": reading(raw)}
            text = json.dumps(line, ensure_ascii=False)
            # Bytes that were no text come as lone surrogates.
            text = re.sub("[\ud800-\udfff]", "\ufffd", text)
            sys.stdout.buffer.write(text.encode() + b"\n")
