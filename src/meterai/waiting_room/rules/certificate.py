"""Certificates of attempt: signed statements for people who stood in line at the closing. Pure.

They state facts. The agency decides what follows from them.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Literal
from urllib.parse import unquote_plus

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from meterai.kernel.refusals import Kind, Refusal
from meterai.waiting_room.files.published_documents import Document, head_text
from meterai.waiting_room.rules.model import Frontier

CHECK_IN_AROUND_CLOSING_S = 1_800
"""Seconds. A person who was not seen within this time around the closing may have given up long before."""


class Attempt(Document, frozen=True, kw_only=True):
    """A certificate of attempt. Times are Unix seconds."""

    code: str
    """The code that people type to look the certificate up."""
    id: str
    """The id of the contact in this event, as in the public log (hexadecimal)."""
    contact: str
    """The masked contact: enough for its owner and an agency to recognise it."""
    joined_at: int
    window: int
    gate: int
    sequence: int
    """The gate sequence of the ticket. With the window it finds the ticket in the published list."""
    place: str
    """The place in the window, a decimal number below 2^64; empty when its seed was never published."""
    outcome: Literal["not_called", "called_too_late", "door_full"]
    closed_at: int
    frontier: tuple[int, str]
    """The frontier at the closing: window, place."""
    seen_at: int
    """The holder's sign of life around the closing."""
    knocked_at: int | None
    """When the person first found the door full."""
    line_counts: bool
    """The event's rule when this was made: being in line at the closing counts as in time.

    The public log shows since when the rule holds.
    """
    issued_at: int
    name: str = ""
    """The name that the person gave when joining. Nobody has checked it.

    It is written as in the query of an address: without spaces, at which mailers break lines.
    """
    log: tuple[int, str] | None = None
    """The newest head of the public log: entries, tree head (16 bytes, hexadecimal); None in older ones."""

    @property
    def shown_name(self) -> str:
        """The name as people read it; empty: they gave none."""
        return unquote_plus(self.name)

    @property
    def head(self) -> str:
        """The head as people keep it: SIZE:ROOT; empty: there is none."""
        return "" if self.log is None else head_text(self.log)


def certificate_key(event_key: bytes) -> Ed25519PrivateKey:
    """The key that signs an event's certificates and nothing else.

    It is derived from the event's own key, so every site process has the same one.
    """
    return Ed25519PrivateKey.from_private_bytes(
        hmac.digest(event_key, b"meterai certificate key v1", hashlib.sha256)
    )


def outcome_of(
    at_closing: Frontier,
    call_lapses: Frontier,
    *,
    window: int,
    place: int | None,
    has_pass: bool,
    has_knocked: bool,
) -> Literal["not_called", "called_too_late", "door_full"]:
    """What the closing meant for a person in line.

    `call_lapses`: where the frontier stood at the last calls that lapsed before the closing. People who were
    called later had less time than promised.

    Raises: Refusal CONFLICT `certificate.was_let_in`, `certificate.did_not_come`.
    """
    if has_pass:
        raise Refusal(Kind.CONFLICT, "certificate.was_let_in")
    if place is None or not at_closing.calls(window, place):
        return "not_called"
    if has_knocked:
        return "door_full"
    if not call_lapses.calls(window, place):
        return "called_too_late"
    raise Refusal(Kind.CONFLICT, "certificate.did_not_come")


def is_check_in(at: int, closes_at: int) -> bool:
    """Whether a sign of life is near enough to the closing."""
    return abs(at - closes_at) <= CHECK_IN_AROUND_CLOSING_S
