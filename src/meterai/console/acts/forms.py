"""Forms of acts: the fields of a struct as a page shows them, and what was typed as that struct."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta, inspect

from meterai.kit.formats import display
from meterai.texts import console_acts as words
from meterai.texts.mechanism.translation import translate

Line = Annotated[str, Meta(min_length=1, max_length=200)]
Text = Annotated[str, Meta(min_length=1, max_length=4000)]
Whole = Annotated[int, Meta(ge=0, le=999_999_999)]
"""A number of things or people."""
Sum = Annotated[int, Meta(ge=0, le=999_999_999_999_999)]
"""Rupiah."""
_LONG: Final = 200
_DAY: Final = len("2026-09-05")
_CHECKED: Final = "ya"


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A field as the page shows it, with what was typed and what is wrong with it."""

    name: str
    label: str
    hint: str
    kind: str
    """line, text (several lines), number, date or choice (a box that is checked or not)."""
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
    form: type[msgspec.Struct], typed: Mapping[str, str], wrong: Mapping[str, str], language: str
) -> list[Field]:
    """The fields of a form for its page, filled in with what was typed."""
    return [
        Field(
            name=name,
            label=translate(words.FIELDS[name].label, language),
            hint=translate(words.FIELDS[name].hint, language),
            kind=_name_of(kind),
            is_optional=is_optional,
            longest=_longest(kind),
            typed=typed.get(name, ""),
            shown=_shown(kind, typed.get(name, ""), language),
            wrong=wrong.get(name, ""),
        )
        for name, kind, is_optional in _kinds(form)
    ]


def _kinds(form: type[msgspec.Struct]) -> Iterator[tuple[str, inspect.Type, bool]]:
    """Name and type of each field, and whether it may stay empty."""
    found = inspect.type_info(form)
    assert isinstance(found, inspect.StructType)
    for one in found.fields:
        kind = one.type
        if isinstance(kind, inspect.UnionType):
            [kind] = [part for part in kind.types if not isinstance(part, inspect.NoneType)]
        assert isinstance(kind, (inspect.StrType, inspect.IntType, inspect.DateType, inspect.BoolType)), kind
        yield one.name, kind, not one.required


def _value(kind: inspect.Type, text: str) -> str | int | date:
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


def _shown(kind: inspect.Type, text: str, language: str) -> str:
    if isinstance(kind, inspect.BoolType):
        return translate(words.YES if text == _CHECKED else words.NO, language)
    try:
        match _value(kind, _cleaned(text)):
            case int(number):
                return display.number_text(number, language)
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
        case _:
            return _DAY


def _cleaned(typed: str) -> str:
    return typed.replace("\r\n", "\n").strip()
