"""Messages to people by e-mail and WhatsApp. Neither content nor address is ever logged.

E-mail: `smtp_sender.py`. WhatsApp: `whatsapp_sender.py`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final, Literal, Protocol

import msgspec

from meterai.kit.fail_points import FailPoint, never
from meterai.kit.measures import seconds, timed
from meterai.kit.outbox import Entry

ToKind = Literal["email", "phone"]
CODE_TOPICS: Final[Mapping[ToKind, str]] = {"email": "code.email", "phone": "code.phone"}
STRANGERS_CODE_TOPICS: Final[Mapping[ToKind, str]] = {
    "email": "code.stranger.email",
    "phone": "code.stranger.phone",
}
MESSAGE_TOPICS: Final[Mapping[ToKind, str]] = {"email": "message.email", "phone": "message.phone"}
"""Outbox topics of a `Message`. Each has a lane of its own, so that a code waits behind codes only. The code
of a known person does not wait behind those of strangers, and an e-mail does not wait for WhatsApp."""
TOPICS: Final = (*CODE_TOPICS.values(), *STRANGERS_CODE_TOPICS.values(), *MESSAGE_TOPICS.values())
KEPT_FOR = timedelta(days=5)
"""How long a message is retried while the next station takes nothing (RFC 5321 4.5.4.1)."""
_SENT = seconds("message", "Time until the next station took a message.", "channel", "kind", "outcome")
UNKNOWN_MAX: Final = 2
"""Attempts by WhatsApp whose end is unknown, because the worker died. Then there is no further
one. Nobody can see there that two messages are one; e-mails show it by their Message-ID."""


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """A message to one person: plain text, and the subject of an e-mail."""

    to_kind: ToKind
    to: str  # address, or phone number in the form +628...
    subject: str
    text: str
    expires_at: datetime | None = None
    """Afterwards its text is no longer true, and it is not sent."""
    language: str = "id"
    code: str = ""
    """The code in it, if any: WhatsApp has a template for codes."""
    choice: str = ""
    """The kind of news (`customers.choices.NewsKind`) that its reader may have turned off; empty: it is
    always sent."""
    unsubscribe: str = ""
    """The address that turns such messages off with one POST (RFC 8058), for the head of an e-mail."""
    key: str = ""
    """Makes the Message-ID of an e-mail: the same in each attempt. Empty: a new one each time."""

    def __repr__(self) -> str:
        return f"Message(to_kind={self.to_kind!r})"  # content and address stay out of logs and tracebacks


def entry_of(message: Message) -> tuple[str, dict[str, object]]:
    """The topic and the payload by which the outbox keeps a message."""
    return MESSAGE_TOPICS[message.to_kind], msgspec.structs.asdict(message)


def key_of(entry: Entry) -> str:
    """Makes the key of the message of an outbox row. No two rows have the same, also after a restore."""
    name = f"{entry.topic} {entry.id} {entry.created_at.isoformat()}"
    return hashlib.sha256(name.encode()).hexdigest()[:32]


def is_given_up(message: Message, entry: Entry) -> bool:
    """Whether a message was begun so often, with unknown end, that it is not sent again."""
    return message.to_kind == "phone" and entry.unknown >= UNKNOWN_MAX


class MessageSender(Protocol):
    """Sends messages of one kind.

    Raises: Refusal UNAVAILABLE `message.unavailable`: try later. With the fact `smtp_code` only this message
    is refused, else the station takes none now. The fact `sent` says whether the station may have taken it
    all the same. Refusal INVALID `message.address_refused`: the address will never take it.
    """

    async def send(self, message: Message) -> str:
        """Returns when the next station has accepted the message: the id by which that station knows it."""
        ...

    async def close(self) -> None:
        """Closes the connections."""
        ...


class Messenger:
    """Delivers a message over the sender of its kind."""

    def __init__(self, *, email: MessageSender, phone: MessageSender) -> None:
        self._senders: dict[ToKind, MessageSender] = {"email": email, "phone": phone}
        self.fail_point: FailPoint = never

    async def deliver(self, message: Message) -> str:
        """Sends `message`. Returns its id at the next station. Raises: what MessageSender says."""
        with timed(_SENT, message.to_kind, "code" if message.code else "news"):
            id = await self._senders[message.to_kind].send(message)
        self.fail_point("message_taken")
        return id

    async def close(self) -> None:
        """Closes all senders."""
        for sender in self._senders.values():
            await sender.close()
