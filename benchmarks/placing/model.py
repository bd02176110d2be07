"""What a letter of the study consists of. Lengths are points."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import cycle

from meterai.pdf.page_box import Rectangle

A4 = (595.28, 841.89)


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """One person who signs: lines, the empty room to sign in, more lines."""

    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    room: float = 58.0
    waiting: str = ""
    """Words in the room that wait for a stamp."""
    framed: bool = False
    """Whether a frame is drawn around these words."""
    ruled: bool = False
    """Whether a line to sign on is drawn under the room."""
    centred: bool = False
    at: float = 0.58
    """Its left side, as a share of the width between the margins."""
    width: float = 170.0


@dataclass(frozen=True, slots=True)
class Head:
    """A letter head over the whole width, with a line below it."""

    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Title:
    text: str


@dataclass(frozen=True, slots=True)
class Right:
    """A line at the right margin."""

    text: str


@dataclass(frozen=True, slots=True)
class Para:
    text: str


@dataclass(frozen=True, slots=True)
class Columns:
    """Two columns of text side by side."""

    left: str
    right: str


@dataclass(frozen=True, slots=True)
class Fields:
    """Names and values, such as those of a person."""

    rows: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Table:
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Space:
    height: float


@dataclass(frozen=True, slots=True)
class NewPage:
    pass


@dataclass(frozen=True, slots=True)
class Sign:
    """People who sign side by side."""

    signers: tuple[Signer, ...]


@dataclass(frozen=True, slots=True)
class Foot:
    """A line at the foot of every page from here on."""

    text: str


Block = Head | Title | Right | Para | Columns | Fields | Table | Space | NewPage | Sign | Foot


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """How a letter looks."""

    font: str = "helvetica"
    size: float = 11.0
    margin: float = 62.0
    leading: float = 1.35


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    name: str
    writer: str
    """The program that writes it (`writers.py`)."""
    blocks: tuple[Block, ...]
    style: Style = field(default_factory=Style)


def make_letters(
    blocks: Iterable[tuple[str, Sequence[Block]]], *, writers: Sequence[str], styles: Sequence[Style]
) -> list[Letter]:
    """Letters with these names and blocks, each by the next of the writers and in the next of the styles."""
    looks = zip(cycle(writers), cycle(styles), strict=False)
    return [
        Letter(name=name, writer=writer, style=style, blocks=tuple(those))
        for (name, those), (writer, style) in zip(blocks, looks, strict=False)
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """Where somebody signs, by construction. Pages count from 1."""

    page: int
    box: Rectangle


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A letter as a PDF."""

    data: bytes
    rooms: tuple[Room, ...]
