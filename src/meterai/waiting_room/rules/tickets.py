"""Tickets: 96 bytes that anyone can check and only gates can make. The holder of a ticket holds its place.

The first 32 bytes are data, big-endian: version 1, key id 1, event 4, window 3, Unix time 4, lane and flags
1, gate 2, gate sequence 4, id 12. The Ed25519 signature (RFC 8032) over a domain-separated copy follows. As
text a ticket has 128 characters of base64url (RFC 4648 section 5), for links, QR codes, SMS and cookies.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import struct
from collections.abc import Mapping

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.formats.pasted_text import seen
from meterai.waiting_room.rules.model import Lane

VERSION = 1
TEXT_LENGTH = 128
ID_BYTES = 12
INSTEAD_OF = "lepas"
"""The mark (`mark_of`) of the ticket that the browser shall forget, in the address of a gate's entrance."""
_DATA = struct.Struct(">BB4s3sIBHI12s")
_DOMAIN = b"meterai ticket v1\x00"
_LANE_BITS = 0x0F
_TEXT = re.compile(rf"(?<![A-Za-z0-9_-])[A-Za-z0-9_-]{{{TEXT_LENGTH}}}(?![A-Za-z0-9_-])")


class Ticket(msgspec.Struct, frozen=True, kw_only=True):
    """The contents of a ticket. `id` is the same for every ticket of one contact: fifty tabs are one
    person."""

    key_id: int
    event: bytes
    window: int
    joined_at: int
    lane: Lane
    gate: int
    sequence: int
    id: bytes

    def data(self) -> bytes:
        """The 32 bytes that are signed and logged."""
        return _DATA.pack(
            VERSION,
            self.key_id,
            self.event,
            window_bytes(self.window),
            self.joined_at,
            self.lane & _LANE_BITS,
            self.gate,
            self.sequence,
            self.id,
        )


def join_record(ticket: Ticket) -> bytes:
    """The public part of a join (18 bytes): id, gate, sequence. It is the leaf of a window's roots."""
    return join_record_of(ticket.data())


def join_record_of(data: bytes) -> bytes:
    """`join_record` from a ticket's 32 bytes."""
    return data[20:32] + data[14:20]


def origin_of(record: bytes) -> tuple[int, int]:
    """(gate, sequence) of a `join_record`."""
    gate, sequence = record[ID_BYTES : ID_BYTES + 2], record[ID_BYTES + 2 :]
    return int.from_bytes(gate, "big"), int.from_bytes(sequence, "big")


def window_bytes(number: int) -> bytes:
    """The number of a window as tickets and promises carry it (3 bytes, big-endian)."""
    return number.to_bytes(3, "big")


def window_number(raw: bytes) -> int:
    """The number of a window from its three bytes."""
    return int.from_bytes(raw, "big")


def event_number(slug: str) -> bytes:
    """The four bytes that stand for an event in its tickets."""
    return hashlib.sha256(b"meterai event\x00" + slug.encode()).digest()[:4]


def contact_id(event_key: bytes, contact: str) -> bytes:
    """The id of a contact, by its name in line (`email:ani@contoh.id`, `phone:+62812...`), in one event.

    It is keyed. So readers of the public log cannot learn who joined, and cannot test addresses.
    """
    return hmac.digest(event_key, b"meterai id v1\x00" + contact.encode(), hashlib.sha256)[:ID_BYTES]


def sign_ticket(ticket: Ticket, key: Ed25519PrivateKey) -> str:
    """The ticket as text (one Ed25519 signature, about 40 us)."""
    return sign_data(ticket.data(), key)


def sign_data(data: bytes, key: Ed25519PrivateKey) -> str:
    """The ticket as text, from its 32 bytes."""
    return base64.urlsafe_b64encode(data + key.sign(_DOMAIN + data)).decode()


def decode_ticket(text: str) -> Ticket:
    """Reads the text without checking the signature: for display, never for admission.

    Raises: Refusal INVALID `ticket.unreadable`.
    """
    return _parse(_raw(text))


def read_ticket(text: str, keys: Mapping[int, Ed25519PublicKey], event: bytes) -> Ticket:
    """Reads a ticket of this event and checks its signature (about 110 us).

    Raises: Refusal INVALID `ticket.unreadable`; FORBIDDEN `ticket.forged`, `ticket.other_event`.
    """
    raw = _raw(text)
    ticket = _parse(raw)
    key = keys.get(ticket.key_id)
    if key is None:
        raise Refusal(Kind.FORBIDDEN, "ticket.forged")
    try:
        key.verify(raw[_DATA.size :], _DOMAIN + raw[: _DATA.size])
    except InvalidSignature:
        raise Refusal(Kind.FORBIDDEN, "ticket.forged") from None
    if ticket.event != event:
        raise Refusal(Kind.FORBIDDEN, "ticket.other_event")
    return ticket


def text_in(pasted: str) -> str:
    """Finds the ticket in pasted text: a link, a whole message, or 128 characters with line breaks.

    Raises: Refusal INVALID `ticket.unreadable`.
    """
    pasted = seen(pasted)
    found = _TEXT.search(pasted) or _TEXT.fullmatch(re.sub(r"\s", "", pasted)[-TEXT_LENGTH:])
    if found is None:
        raise Refusal(Kind.INVALID, "ticket.unreadable")
    return found[0]


def mark_of(text: str) -> str:
    """A name of a ticket for use in addresses. Only people who have the ticket can tell which one it
    names."""
    return hashlib.sha256(b"meterai ticket mark\x00" + text.encode()).hexdigest()[:16]


def ticket_cookie(event: str) -> str:
    """The name of the cookie in which the gate keeps the ticket."""
    return f"antre_{event}"


def entered_cookie(event: str) -> str:
    """The name of the cookie with the id of the contact that the site let in.

    The gate's pages say so. Nobody trusts it.
    """
    return f"sudah_{event}"


def contact_cookie(event: str) -> str:
    """The name of the cookie that keeps the contact in the browser in which it was typed."""
    return f"kontak_{event}"


def parse_data(data: bytes) -> Ticket:
    """A ticket from its 32 bytes, as a gate's journal keeps them.

    Raises: Refusal INVALID `ticket.unreadable`.
    """
    if len(data) != _DATA.size:
        raise Refusal(Kind.INVALID, "ticket.unreadable")
    return _parse(data)


def _raw(text: str) -> bytes:
    if len(text) != TEXT_LENGTH or not text.isascii():
        raise Refusal(Kind.INVALID, "ticket.unreadable")
    try:
        return base64.b64decode(text, altchars=b"-_", validate=True)
    except ValueError:
        raise Refusal(Kind.INVALID, "ticket.unreadable") from None


def _parse(raw: bytes) -> Ticket:
    version, key_id, event, window, joined_at, flags, gate, sequence, id = _DATA.unpack_from(raw)
    if version != VERSION or flags & ~_LANE_BITS or flags not in Lane:
        raise Refusal(Kind.INVALID, "ticket.unreadable")
    return Ticket(
        key_id=key_id,
        event=event,
        window=window_number(window),
        joined_at=joined_at,
        lane=Lane(flags),
        gate=gate,
        sequence=sequence,
        id=id,
    )
