"""What becomes of a mail: who may have one, and what it says."""

from __future__ import annotations

import time
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import Message

from sandbox.inbox.messages import Messages


def judge(address: str) -> str:
    """Addresses at `refused.invalid` are refused for good, at `later.invalid` for now."""
    if address.endswith("@refused.invalid"):
        return "550 5.1.1 No such mailbox"
    if address.endswith("@later.invalid"):
        return "451 4.3.0 Try again later"
    return ""


def keep(messages: Messages, sender: str, recipients: list[str], content: bytes) -> None:
    """Keeps a mail, once per recipient."""
    mail = message_from_bytes(content)
    subject, text = _words(mail)
    for recipient in recipients:
        messages.add(
            kind="email",
            to=recipient,
            sender=sender,
            subject=subject,
            text=text[:20_000],
            received_at=time.time(),
            id=str(mail.get("Message-ID", "")),
            unsubscribe=str(mail.get("List-Unsubscribe", "")),
        )


def read_mail(content: bytes) -> tuple[str, str]:
    """Subject and text of a mail; the text is its first plain part, else its first HTML part.

    Read by the standard library's old classes, which cost a tenth of the new ones (`email.policy.default`).
    """
    return _words(message_from_bytes(content))


def _words(mail: Message) -> tuple[str, str]:
    parts = {part.get_content_type(): part for part in reversed(list(mail.walk()))}
    body = parts.get("text/plain") or parts.get("text/html")
    return _subject(str(mail.get("Subject", ""))), _text(body) if body is not None else ""


def _subject(header: str) -> str:
    """Its words (RFC 2047)."""
    return str(make_header(decode_header(header))) if "=?" in header else header


def _text(part: Message) -> str:
    raw = part.get_payload(decode=True)
    assert isinstance(raw, bytes)
    try:
        text = raw.decode(part.get_content_charset("utf-8"), "replace")
    except LookupError:  # a character set that nobody knows
        text = raw.decode("utf-8", "replace")
    return text.replace("\r\n", "\n")
