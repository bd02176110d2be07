"""Published documents: small, signed and the same for everyone, so that any static server can serve them.

A document is one line of JSON and one line with the base64url Ed25519 signature. What is signed is `meterai
document v1`, a zero byte and the JSON line. The kind stands inside the JSON, so that no kind can pass for
another.
"""

from __future__ import annotations

import base64
from typing import Annotated

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.formats.untrusted_json import read_json
from meterai.texts.mechanism.languages import of_two
from meterai.waiting_room.rules.model import Policy, QueueState, Schedule

STATUS_BYTES_MAX = 1280
NEWS_BYTES_MAX = 230
"""Bytes of the news in a status, both languages together."""
LOG_STATES = 2
"""The format of a log that states each change of state with its cause."""
LOG_FORMAT = LOG_STATES
"""The format that a controller writes."""
_DOMAIN = b"meterai document v1\x00"

type Number = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
"""An auditor keeps numbers in a database. A number that does not fit would end the audit without a
verdict."""
type Figure = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
"""A number with which an auditor reckons."""


class Document(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag=str.lower):
    """A published document about the queue of an event."""

    event: str


class Config(Document, frozen=True, kw_only=True):
    """The rules of a queue, fixed before anybody joins. Binary values in hexadecimal."""

    version: int
    schedule: Schedule
    policy: Policy
    commitment: str
    chain_length: Annotated[int, msgspec.Meta(ge=1)]
    ticket_keys: dict[int, str]
    """Key id -> Ed25519 public key."""
    controller_key: str
    beacon: str = ""
    """The public source of randomness for the seeds. `none`, or empty in older rules: people must trust the
    operator with the seeds."""
    log: int = 1
    """The format of the public log. From `LOG_STATES` on it has an entry for each state of the queue."""
    general_share: Number | None = None
    """Purchases for no event that may begin in a minute while people wait; None: not promised."""
    inside_minutes: Number | None = None
    """How long people go on who had a form before a line began; None: not promised."""


class Announcement(msgspec.Struct, frozen=True):
    """A few words of the operator."""

    id: str = ""
    en: str = ""


class Status(Document, frozen=True, kw_only=True):
    """The current state of the queue. It holds no personal data and has at most 1,280 bytes with its
    signature."""

    epoch: Figure
    """The epoch of the controller's lease. A client keeps the status with the greatest (epoch, sequence)."""
    sequence: Figure
    at: Figure
    state: QueueState
    frontiers: Annotated[list[tuple[int, int]], msgspec.Meta(min_length=2)]
    """(window, x) by lane: `Lane.NEW`, `Lane.RETURNER`."""
    rate: Figure
    """Admissions a minute now."""
    fan: list[tuple[Figure, Figure, Figure]]
    """(seconds from now, people called by then with 97.5 %, with 50 % probability)."""
    closes_at: Figure
    last_call_at: Figure | None
    poll: tuple[Figure, Figure]
    """Seconds between two looks: at the front, at the back."""
    waiting: Figure
    joining: Figure = 0
    """Of `waiting`: places in windows that are not closed yet. The log lists them when these are closed."""
    admitted: Figure
    called: Figure = 0
    """Places that the frontier has passed, counted over everybody who ever joined."""
    done_after_s: int
    """Seconds from the claim to the stamped document, for 95 of 100 people."""
    kept: tuple[Figure, Figure]
    """Promises kept, and given, of those that are due by now."""
    log: tuple[Figure, str]
    """Entries in the public log, and its tree head (16 bytes, hexadecimal)."""
    note: Announcement = Announcement()
    stopped: bool | msgspec.UnsetType = msgspec.UNSET
    """The emergency stop is on. People are called, but nobody can say when a stamp will be done."""
    stalled: bool | msgspec.UnsetType = msgspec.UNSET
    """No code is sent, or the gateway opens no charge. Few people are called then, and no time is promised
    either."""
    news: Announcement | msgspec.UnsetType = msgspec.UNSET
    """What the service tells everybody in this line of incidents, and announces. It is no act of the line's
    operator, so the public log does not have it."""

    def words_in(self, language: str) -> str:
        """What every page of the line says: the news, and the words of the line's operator. A line each."""
        told = (Announcement() if self.news is msgspec.UNSET else self.news, self.note)
        return "\n".join(filter(None, (of_two(language, one.id, one.en) for one in told)))

    @property
    def head(self) -> str:
        """The head of the log as people keep it: SIZE:ROOT."""
        return head_text(self.log)

    @property
    def is_stamping(self) -> bool:
        """Whether stamps are made, according to the emergency stop."""
        return self.stopped is not True

    @property
    def can_buy(self) -> bool:
        """Whether called people receive the code and can pay."""
        return self.stalled is not True

    @property
    def lets_called_in(self) -> bool:
        """Whether people who are called can enter, and buy. Otherwise the time of their call stands still."""
        return self.can_buy and not self.state.is_held


class GateCount(msgspec.Struct, frozen=True):
    """The count of one gate in a window."""

    gate: int
    count: int
    first_sequence: int
    last_sequence: int
    root: str


class Close(Document, frozen=True, kw_only=True):
    """A window is over: how many joined, and the root of their ids. Published before its seed."""

    window: int
    starts_at: int
    ends_at: int
    count: int
    people: Number | None = None
    """A person who joined at two gates counts once; None in older documents."""
    root: str
    gates: list[GateCount]


class Reveal(Document, frozen=True, kw_only=True):
    """The seed of a window that is closed."""

    window: int
    link: str
    beacon: str
    seed: str


class Head(Document, frozen=True, kw_only=True):
    """The tree head of the public log."""

    at: int
    size: int
    root: str


def head_text(head: tuple[int, str]) -> str:
    """A head of the log as people keep it, and as `meterai queue audit --head` takes it: SIZE:ROOT."""
    return f"{head[0]}:{head[1]}"


def sign(document: Document, key: Ed25519PrivateKey) -> bytes:
    """The document as it is published."""
    line = msgspec.json.encode(document)
    return line + b"\n" + _text_of(key.sign(_DOMAIN + line)) + b"\n"


def read[D: Document](raw: bytes, form: type[D], key: Ed25519PublicKey) -> D:
    """Reads a published document and checks its signature.

    The text must be spelled as it was made. The last letter of base64url has unused bits, and the log has the
    hash of one spelling only.

    Raises: Refusal INVALID `queue.document_unreadable`; FORBIDDEN `queue.document_forged`.
    """
    line, _, rest = raw.partition(b"\n")
    try:
        signature = base64.b64decode(rest.strip() + b"==", altchars=b"-_")
        if _text_of(signature) != rest.strip():
            raise InvalidSignature
        key.verify(signature, _DOMAIN + line)
    except InvalidSignature:
        raise Refusal(Kind.FORBIDDEN, "queue.document_forged") from None
    except ValueError:
        raise Refusal(Kind.INVALID, "queue.document_unreadable") from None
    return decode(line, form)


def decode[D: Document](raw: bytes, form: type[D]) -> D:
    """The document, its signature NOT checked. Raises: Refusal INVALID `queue.document_unreadable`."""
    try:
        return read_json(raw.partition(b"\n")[0], form)
    except msgspec.DecodeError:
        raise Refusal(Kind.INVALID, "queue.document_unreadable") from None


def _text_of(signature: bytes) -> bytes:
    return base64.urlsafe_b64encode(signature).rstrip(b"=")
