"""The messages by which documents travel: which file of an event they are about, and what proves that."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Final

from meterai.waiting_room.carrying.line_names import document_subject, event_of
from meterai.waiting_room.carrying.nats_connection import Message
from meterai.waiting_room.carrying.seal import Seal

LARGE: Final = 256 << 10
"""Bytes. Larger contents are kept as files beside the stream, and the message names them."""
RING: Final = 1_024
"""So many pieces of a log have a subject of their own. The next one replaces the oldest."""


@dataclass(frozen=True, slots=True)
class Document:
    """What a message says of its content."""

    event: str
    path: str
    epoch: int
    sha256: str
    length: int
    offset: int | None = None
    """None: the content is the whole file."""
    piece: int | None = None
    """The number of a piece of the event's logs. With a segment: of the next piece."""
    is_segment: bool = False

    @property
    def subject(self) -> str:
        """Where it is stored: the stream keeps one message of each subject."""
        name = self.path.removeprefix("public/").replace(".", "_")
        if self.offset is None:
            return document_subject(self.event, name)
        if self.is_segment:
            return document_subject(self.event, f"{name}-segment-{self.offset}")
        return document_subject(self.event, f"log-{(self.piece or 0) % RING}")

    @property
    def is_large(self) -> bool:
        """Whether the content is not in the message."""
        return self.length > LARGE

    @property
    def end(self) -> int:
        """Where the content ends in its file."""
        return (self.offset or 0) + self.length

    def headers(self, seal: Seal) -> dict[str, str]:
        """As the message carries it."""
        facts = self.facts()
        return facts | {"Mark": seal.mark(self.event, *facts.values())}

    def facts(self) -> dict[str, str]:
        """What the mark proves, with the event."""
        return {
            "Path": self.path,
            "Epoch": str(self.epoch),
            "Sha256": self.sha256,
            "Length": str(self.length),
            "Offset": "whole" if self.offset is None else str(self.offset),
            "Piece": "none" if self.piece is None else str(self.piece),
            "Segment": "yes" if self.is_segment else "no",
        }


def document_of(message: Message, seal: Seal) -> Document:
    """Reads a message, and checks that a controller of ours wrote it. Raises: ValueError."""
    said = message.headers
    try:
        found = Document(
            event=event_of(message.subject),
            path=said["Path"],
            epoch=int(said["Epoch"]),
            sha256=said["Sha256"],
            length=int(said["Length"]),
            offset=None if said["Offset"] == "whole" else int(said["Offset"]),
            piece=None if said["Piece"] == "none" else int(said["Piece"]),
            is_segment=said["Segment"] == "yes",
        )
        seal.demand(said["Mark"], found.event, *found.facts().values())
    except KeyError as missing:
        raise ValueError(f"it lacks {missing}") from None
    if not found.path.startswith("public/") or found.subject != message.subject:
        raise ValueError("it is about another file")
    return found


def sha256_of(content: bytes) -> str:
    """The digest by which a content is known."""
    return hashlib.sha256(content).hexdigest()


@dataclass(slots=True)
class CarriedLog:
    """How far a log file of an event is in the stream."""

    end: int = 0
    segments_end: int = 0
    segments_piece: int = 0
    """The number of the next piece when the last segment was stored."""


@dataclass(slots=True)
class Carried:
    """What the stream has of one event."""

    whole: set[str] = field(default_factory=set)
    logs: dict[str, CarriedLog] = field(default_factory=dict)
    next_piece: int = 0

    def note(self, document: Document) -> None:
        """Notes a message that is in the stream."""
        if document.offset is None:
            self.whole.add(document.path)
            return
        log = self.logs.setdefault(document.path, CarriedLog())
        log.end = document.end
        if document.is_segment:
            log.segments_end, log.segments_piece = document.end, document.piece or 0
        else:
            self.next_piece = (document.piece or 0) + 1
