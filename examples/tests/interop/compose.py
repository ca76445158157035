"""Reads the messages of a folder, and says where they are not what `expected.json` has."""

import email
import email.errors
import email.policy
import json
import pathlib
import sys


TYPED = ("Authentication-Results", "Keywords", "List-ID", "List-Post", "X-Auto", "Disposition-Notification-Options")


def letters(value):
    """Text of a header field: bytes over 127 that stood in it are UTF-8 (RFC 6532)."""
    return None if value is None else str(value).encode("utf-8", "surrogateescape").decode("utf-8")


def mailbox(found):
    return [letters(found.display_name), letters(found.addr_spec)]


def unflow(part):
    """The paragraphs of format=flowed, each behind its quote marks (RFC 3676 section 4)."""
    text = part.get_payload(decode=True).decode(part.get_content_charset())
    del_sp = part.get_param("delsp") == "yes"
    paragraphs, open_depth = [], None
    for line in text.split("\r\n")[:-1]:
        rest = line.lstrip(">")
        depth = len(line) - len(rest)
        rest = rest[1:] if rest.startswith(" ") else rest
        flows = rest.endswith(" ") and rest != "-- "
        rest = rest[:-1] if flows and del_sp else rest
        if open_depth == depth and rest != "-- ":
            paragraphs[-1] += rest
        else:
            paragraphs.append(">" * depth + rest)
        open_depth = depth if flows else None
    return paragraphs


def addresses(value):
    groups = []
    for group in value.groups:
        members = [mailbox(found) for found in group.addresses]
        groups.extend(members if group.display_name is None else [[letters(group.display_name), members]])
    return groups


def leaf(part):
    content_type = part.get_content_type()
    if content_type == "message/rfc822":
        content = letters(part.get_payload(0)["Subject"])
    elif content_type in ("message/delivery-status", "message/disposition-notification", "message/feedback-report"):
        blocks = part.get_payload()
        if isinstance(blocks, str):
            blocks = [email.message_from_string(blocks, policy=email.policy.default)]
        content = [[[name, " ".join(value.split())] for name, value in block.items()] for block in blocks if block.items()]
    elif part.get_param("format") == "flowed":
        content = unflow(part)
    else:
        content = part.get_payload(decode=True).hex()
    return {
        "type": content_type,
        "name": letters(part.get_filename()),
        "method": part.get_param("method"),
        "content_id": part["Content-ID"] and str(part["Content-ID"]),
        "description": letters(part["Content-Description"]),
        "content": content,
    }


def leaves(part):
    if part.get_content_maintype() == "multipart":
        return [found for inner in part.iter_parts() for found in leaves(inner)]
    return [leaf(part)]


def defects(part):
    found = [repr(defect) for defect in part.defects]
    for value in part.values():
        # That a header holds UTF-8 is no fault here.
        known = (defect for defect in getattr(value, "defects", ()) if not isinstance(defect, email.errors.UndecodableBytesDefect))
        found.extend(repr(defect) for defect in known)
    if part.is_multipart():
        found.extend(defect for inner in part.get_payload() for defect in defects(inner))
    return found


def read(raw):
    message = email.message_from_bytes(raw, policy=email.policy.default)
    text = lambda name: letters(message[name])
    return {
        "from": addresses(message["From"]),
        **{name.lower(): addresses(message[name]) if message[name] else [] for name in ("To", "Cc", "Bcc", "Reply-To", "Sender")},
        "subject": text("Subject"),
        "date": int(message["Date"].datetime.timestamp()),
        "message_id": text("Message-ID"),
        "comments": text("Comments"),
        "in_reply_to": (text("In-Reply-To") or "").split(),
        "references": (text("References") or "").split(),
        "unsubscribe": text("List-Unsubscribe"),
        "post": text("List-Unsubscribe-Post"),
        "raw": text("X-Raw"),
        "structured": text("X-Structured"),
        "auto": text("Auto-Submitted"),
        "types": [text(name) for name in TYPED],
        "leaves": leaves(message),
        "defects": defects(message),
    }


def pairs(wanted, found):
    if wanted == found:
        return
    if isinstance(wanted, list) and isinstance(found, list) and len(wanted) == len(found):
        for one, other in zip(wanted, found):
            yield from pairs(one, other)
    elif isinstance(wanted, dict) and isinstance(found, dict):
        for name in wanted:
            yield from pairs(wanted[name], found.get(name))
    else:
        yield wanted, found


folder = pathlib.Path(sys.argv[1])
different = 0
for number, wanted in enumerate(json.loads((folder / "expected.json").read_text())):
    found = read((folder / f"{number}.eml").read_bytes())
    for name, value in wanted.items():
        for wanted, got in pairs(value, found[name]):
            different += 1
            print(f"{number}.eml {name}:\n  wanted {wanted!r}\n  found  {got!r}")
print(f"{different} differences")
sys.exit(1 if different else 0)
