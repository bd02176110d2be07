"""The names of a line's streams and subjects at NATS. `deploy/nats.conf` gives rights by them."""

from __future__ import annotations

from typing import Final

GATES: Final = "METERAI_LINE_GATES"
"""What gates append to their files or replace."""
SIGNS: Final = "METERAI_LINE_SIGNS"
"""The last sign of life of each gate."""
DOCUMENTS: Final = "METERAI_LINE_DOCUMENTS"
"""What the leading controller publishes."""
KEYS: Final = "METERAI_LINE_KEYS"
"""Sealed keys of each event."""
FILES: Final = "METERAI_LINE_FILES"
"""The bucket of contents that are too large for a message."""

_PREFIX: Final = "meterai.line"
EPOCH: Final = f"{_PREFIX}.epoch"
"""The number of the lease of whoever may publish; in the stream of documents."""
SUBJECTS: Final = {
    GATES: [f"{_PREFIX}.gate.>"],
    SIGNS: [f"{_PREFIX}.sign.>"],
    DOCUMENTS: [f"{_PREFIX}.doc.>", EPOCH],
    KEYS: [f"{_PREFIX}.key.>"],
}


def gate_subject(event: str, gate: int) -> str:
    """Of what gate number `gate` writes for an event."""
    return f"{_PREFIX}.gate.{event}.{gate}"


def sign_subject(event: str, gate: int) -> str:
    """Of the signs of life of a gate."""
    return f"{_PREFIX}.sign.{event}.{gate}"


def document_subject(event: str, token: str) -> str:
    """Of a document: each has its own, so the stream keeps the last one."""
    return f"{_PREFIX}.doc.{event}.{token}"


def key_subject(event: str, readers: str) -> str:
    """Of an event's keys. `readers`: `gates` or `controllers`."""
    return f"{_PREFIX}.key.{event}.{readers}"


def event_of(subject: str) -> str:
    """The event of a subject of gates, signs, documents or keys."""
    return subject.split(".")[3]


def last_of(subject: str) -> str:
    """The last word of a subject: the number of a gate, the token of a document, the readers of keys."""
    return subject.rsplit(".", 1)[-1]
