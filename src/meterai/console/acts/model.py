"""What the console knows of an act. The registry has them all."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import msgspec

from meterai.bootstrap import ConsoleApp
from meterai.console.session import SignedIn
from meterai.kit.acting import Actor
from meterai.kit.formats import display
from meterai.texts.console_acts import ActWords
from meterai.texts.mechanism.moments import second_text
from meterai.texts.mechanism.translation import translate


class Word(msgspec.Struct, frozen=True):
    """A marked word, which a page translates."""

    word: str


class Change(msgspec.Struct, frozen=True):
    """A value as it is, and as it would be."""

    before: Word | str
    after: Word | str


type Value = Word | Change | str | int | date
"""A date may be a moment."""
type Figure = tuple[str, Value]
"""A marked label, and its value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """An act as the officer is about to do it: what it is about, and what they are shown."""

    subject: str
    facts: Mapping[str, object]
    """What an officer approves, as in the audit trail."""
    person: str | None = None
    """The customer whose personal values stand in the facts of an act of two officers."""
    figures: Sequence[Figure] = ()
    """What would change."""

    def shown(self, language: str) -> list[tuple[str, str | int]]:
        """The figures with labels and words in this language."""
        return [(translate(label, language), in_words(value, language)) for label, value in self.figures]


def in_words(value: Value, language: str) -> str | int:
    """A value as a page shows it."""
    match value:
        case Word():
            return translate(value.word, language)
        case Change():
            return f"{in_words(value.before, language)} → {in_words(value.after, language)}"
        case datetime():
            return second_text(value, language)
        case date():
            return display.day_text(value, language)
        case _:
            return value


type Offer = Callable[[ConsoleApp, str], Awaitable[Mapping[str, Mapping[str, str]]]]
"""Gets the language, too."""
type Prepare = Callable[[ConsoleApp, Any], Awaitable[Prepared]]
type CarryOut = Callable[[ConsoleApp, Any, Actor], Awaitable[Mapping[str, Value] | None]]
"""Returns what the words of the done act name besides its subject."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsoleAct:
    """An act of the console. It calls the same use case as the command."""

    kind: str
    """As in the audit trail and, with signatures, in `operations.act`."""
    path: str
    """The last part of its address."""
    group: str
    """A key of `texts.console_acts.GROUPS`."""
    roles: frozenset[str]
    signatures: int
    """0: session and role are enough; 1: the officer approves it, too; 2: so does another officer.
    The last approval of two carries it out in `operations.use_cases.sign_request`."""
    form: type[msgspec.Struct]
    """Its fields are texts and numbers, with their words in `texts.console_acts.FIELDS`."""
    words: ActWords
    prepare: Prepare
    """Looks at what the act would do and changes nothing. Raises: what the act raises."""
    carry_out: CarryOut
    """Of an act of two officers: where nobody checks them, in development without officers."""

    offer: Offer | None = None
    """The values that fields have now, by the field's name: a label for each."""

    def may(self, officer: SignedIn) -> bool:
        """Whether the officer's roles allow it."""
        return officer.has(*self.roles)
