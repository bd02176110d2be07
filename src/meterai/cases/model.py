"""What a case is, and the numbers and codes that people type."""

from __future__ import annotations

import re
from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

import msgspec

from meterai.kit.formats.pasted_text import digits_of

TEXT_LENGTH_MAX: Final = 4_000
ABOUT_LENGTH_MAX: Final = 80
_NUMBER: Final = re.compile(r"K([2-9A-Z]{4})([2-9A-Z]{4})")
_CODE: Final = re.compile(r"([2-9A-Z]{4})([2-9A-Z]{4})([2-9A-Z]{4})")


class CaseKind(StrEnum):
    """What a case is about."""

    MONEY = "money"
    STAMP = "stamp"
    LINE = "line"
    ACCOUNT = "account"
    ACCESS = "access"
    """A barrier for people who use an aid."""
    FAKE = "fake"
    """A fake site or message."""
    OTHER = "other"


class CaseState(StrEnum):
    """How far a case is."""

    OPEN = "open"
    ANSWERED = "answered"
    CLOSED = "closed"


class CaseAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """An answer, as the person reads it."""

    text: str
    at: datetime


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """A case, as the person who opened it sees it."""

    number: str
    kind: CaseKind
    about: str
    text: str
    state: CaseState
    opened_at: datetime
    answers: tuple[CaseAnswer, ...] = ()


class CaseInHand(msgspec.Struct, frozen=True, kw_only=True):
    """What an officer's act needs to know of a case. It holds nothing personal."""

    id: UUID
    number: str
    kind: CaseKind
    state: CaseState
    has_contact: bool
    """False: it is erased."""
    language: str


class CaseFile(msgspec.Struct, frozen=True, kw_only=True):
    """A case, as officers see it."""

    id: UUID
    number: str
    kind: CaseKind
    about: str
    text: str
    state: CaseState
    contact_kind: str | None
    contact_value: str | None
    is_proven: bool
    language: str
    opened_at: datetime
    changed_at: datetime
    answers: list[dict[str, Any]]


def read_case_number(text: str) -> str:
    """The number in a typed text, such as ` k 7kqf2m9d `. Empty: there is none."""
    found = _NUMBER.fullmatch(digits_of(text).upper())
    return f"K-{found[1]}-{found[2]}" if found else ""


def read_case_code(text: str) -> str:
    """The code of a case in a typed text. Empty: there is none."""
    found = _CODE.fullmatch(digits_of(text).upper())
    return "-".join(found.groups()) if found else ""
