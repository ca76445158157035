"""Reads the messages of a folder, and says where they are not what `expected.json` has."""

import email
import email.policy
import json
import pathlib
import sys


def mailbox(found):
    return [found.display_name, found.addr_spec]


def addresses(value):
    groups = []
    for group in value.groups:
        members = [mailbox(found) for found in group.addresses]
        groups.extend(members if group.display_name is None else [[group.display_name, members]])
    return groups


def leaf(part):
    content_type = part.get_content_type()
    if content_type == "message/rfc822":
        content = part.get_payload(0)["Subject"]
    elif content_type in ("message/delivery-status", "message/disposition-notification", "message/feedback-report"):
        blocks = part.get_payload()
        if isinstance(blocks, str):
            blocks = [email.message_from_string(blocks, policy=email.policy.default)]
        content = [[[name, " ".join(value.split())] for name, value in block.items()] for block in blocks if block.items()]
    else:
        content = part.get_payload(decode=True).hex()
    return {
        "type": content_type,
        "name": part.get_filename(),
        "method": part.get_param("method"),
        "content_id": part["Content-ID"] and str(part["Content-ID"]),
        "description": part["Content-Description"] and str(part["Content-Description"]),
        "content": content,
    }


def leaves(part):
    if part.get_content_maintype() == "multipart":
        return [found for inner in part.iter_parts() for found in leaves(inner)]
    return [leaf(part)]


def defects(part):
    found = [repr(defect) for defect in part.defects]
    for value in part.values():
        found.extend(repr(defect) for defect in getattr(value, "defects", ()))
    if part.is_multipart():
        found.extend(defect for inner in part.get_payload() for defect in defects(inner))
    return found


def read(raw):
    message = email.message_from_bytes(raw, policy=email.policy.default)
    text = lambda name: None if message[name] is None else str(message[name])
    return {
        "from": addresses(message["From"]),
        "to": addresses(message["To"]) if message["To"] else [],
        "subject": text("Subject"),
        "date": int(message["Date"].datetime.timestamp()),
        "message_id": text("Message-ID"),
        "comments": text("Comments"),
        "unsubscribe": text("List-Unsubscribe"),
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
