"""Forms of acts: the fields of a struct as a page shows them, and what was typed as that struct."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from types import MappingProxyType
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta, inspect

from meterai.kit.formats import display
from meterai.texts import acts_of_two, book_acts, event_acts, partner_acts
from meterai.texts import console_acts as words
from meterai.texts.mechanism.moments import moment_text
from meterai.texts.mechanism.translation import translate

Line = Annotated[str, Meta(min_length=1, max_length=200)]
Text = Annotated[str, Meta(min_length=1, max_length=4000)]
Whole = Annotated[int, Meta(ge=0, le=999_999_999)]
"""A number of things or people."""
Sum = Annotated[int, Meta(ge=0, le=999_999_999_999_999)]
"""Rupiah."""
_TYPES: Final = (
    inspect.StrType,
    inspect.IntType,
    inspect.DateType,
    inspect.DateTimeType,
    inspect.EnumType,
    inspect.BoolType,
)
_LONG: Final = 200
_DAY: Final = len("2026-09-05")
_MOMENT: Final = len("2026-09-05T14:00:00")
_CHECKED: Final = "ya"
_FIELDS: Final = {**words.FIELDS, **partner_acts.FIELDS, **book_acts.FIELDS, **event_acts.FIELDS}
_OPTIONS: Final = {
    "role": acts_of_two.PLACES,
    "explanation": book_acts.EXPLANATIONS,
    "zone": event_acts.ZONES,
    "signed_later": event_acts.ANSWERS,
    "line": event_acts.ANSWERS,
}
"""Words of fields that have one of some values, by the field's name."""


@dataclass(frozen=True, slots=True)
class Option:
    """One of the values that a field may have."""

    value: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A field as the page shows it, with what was typed and what is wrong with it."""

    name: str
    label: str
    hint: str
    kind: str
    """line, text (several lines), number, date, moment (date and time in WIB), option (one of some), or
    choice (a box that is checked or not)."""
    options: Sequence[Option]
    is_optional: bool
    longest: int
    """Characters."""
    typed: str
    shown: str
    """What was typed, in words."""
    wrong: str


class _Wrong(Exception):
    """What was typed does not fit."""

    def __init__(self, sentence: str, **facts: int) -> None:
        self.sentence, self.facts = sentence, facts


def read_form(
    form: type[msgspec.Struct], typed: Mapping[str, str], language: str
) -> tuple[Any, dict[str, str]]:
    """Makes the struct from what was typed. Returns it, or None and what is wrong with each field.

    A field with a default may stay empty. Of a choice that is not checked nothing is typed.
    """
    values = {}
    wrong = {}
    for name, kind, is_optional in _kinds(form):
        text = _cleaned(typed.get(name, ""))
        if not text and is_optional:
            continue
        try:
            values[name] = _value(kind, text)
        except _Wrong as problem:
            wrong[name] = translate(problem.sentence, language, problem.facts)
    return (None, wrong) if wrong else (form(**values), {})


def fields_of(
    form: type[msgspec.Struct],
    typed: Mapping[str, str],
    wrong: Mapping[str, str],
    language: str,
    *,
    offered: Mapping[str, Mapping[str, str]] = MappingProxyType({}),
) -> list[Field]:
    """The fields of a form for its page, filled in with what was typed.

    `offered`: what texts can be chosen from, by the name of the field: a label for each.
    """
    return [
        Field(
            name=name,
            label=translate(_FIELDS[name].label, language),
            hint=_FIELDS[name].hint and translate(_FIELDS[name].hint, language),
            kind="option" if _is_offered(offered, name, typed) else _name_of(kind),
            options=_options(name, kind, language)
            or [Option(value, label) for value, label in offered.get(name, {}).items()],
            is_optional=is_optional,
            longest=_longest(kind),
            typed=typed.get(name, ""),
            shown=_shown(name, kind, typed.get(name, ""), language),
            wrong=wrong.get(name, ""),
        )
        for name, kind, is_optional in _kinds(form)
    ]


def _is_offered(offered: Mapping[str, Mapping[str, str]], name: str, typed: Mapping[str, str]) -> bool:
    """Whether a text is chosen. What was typed and is not offered stays a text."""
    return bool(offered.get(name)) and typed.get(name, "") in {"", *offered[name]}


def _kinds(form: type[msgspec.Struct]) -> Iterator[tuple[str, inspect.Type, bool]]:
    """Name and type of each field, and whether it may stay empty."""
    found = inspect.type_info(form)
    assert isinstance(found, inspect.StructType)
    for one in found.fields:
        kind = one.type
        if isinstance(kind, inspect.UnionType):
            [kind] = [part for part in kind.types if not isinstance(part, inspect.NoneType)]
        assert isinstance(kind, _TYPES), kind
        yield one.name, kind, not one.required


def _value(kind: inspect.Type, text: str) -> str | int | date | Enum:
    """What the text means. Raises: _Wrong."""
    if not text:
        raise _Wrong(words.MISSING)
    if len(text) > _longest(kind):
        raise _Wrong(words.TOO_LONG, longest=_longest(kind))
    match kind:
        case inspect.IntType():
            return _number(kind, text)
        case inspect.DateType():
            return _day(text)
        case inspect.DateTimeType():
            return _moment(text)
        case inspect.EnumType():
            return _one_of(kind, text)
        case inspect.BoolType():
            return text == _CHECKED
        case inspect.StrType(min_length=shortest) if shortest and len(text) < shortest:
            raise _Wrong(words.TOO_SHORT, shortest=shortest)
        case _:
            return text


def _number(kind: inspect.IntType, text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise _Wrong(words.NO_NUMBER)
    number = int(text)
    if kind.ge is not None and number < kind.ge:
        raise _Wrong(words.TOO_LITTLE, least=kind.ge)
    if kind.le is not None and number > kind.le:
        raise _Wrong(words.TOO_MUCH, most=kind.le)
    return number


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise _Wrong(words.NO_DAY) from None


def _moment(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(display.JAKARTA))
    except ValueError:
        raise _Wrong(words.NO_MOMENT) from None


def _one_of(kind: inspect.EnumType, text: str) -> Enum:
    members: type[Enum] = kind.cls
    try:
        return members(text)
    except ValueError:
        raise _Wrong(words.MISSING) from None


def _options(name: str, kind: inspect.Type, language: str) -> list[Option]:
    if not isinstance(kind, inspect.EnumType):
        return []
    members: type[Enum] = kind.cls
    return [Option(one.value, translate(_OPTIONS[name][one.value], language)) for one in members]


def _shown(name: str, kind: inspect.Type, text: str, language: str) -> str:
    if isinstance(kind, inspect.BoolType):
        return translate(words.YES if text == _CHECKED else words.NO, language)
    try:
        match _value(kind, _cleaned(text)):
            case Enum() as one:
                return translate(_OPTIONS[name][one.value], language)
            case int(number):
                return display.number_text(number, language)
            case datetime() as moment:
                return moment_text(moment, language)
            case date() as day:
                return display.day_text(day, language)
            case _:
                return text
    except _Wrong:
        return text


def _name_of(kind: inspect.Type) -> str:
    match kind:
        case inspect.IntType():
            return "number"
        case inspect.DateType():
            return "date"
        case inspect.DateTimeType():
            return "moment"
        case inspect.EnumType():
            return "option"
        case inspect.BoolType():
            return "choice"
        case _:
            return "text" if _longest(kind) > _LONG else "line"


def _longest(kind: inspect.Type) -> int:
    """The most characters of a field."""
    match kind:
        case inspect.IntType():
            return len(str(kind.le or 0))
        case inspect.StrType():
            return kind.max_length or _LONG
        case inspect.DateTimeType():
            return _MOMENT
        case inspect.EnumType():
            return _LONG
        case _:
            return _DAY


def _cleaned(typed: str) -> str:
    return typed.replace("\r\n", "\n").strip()
