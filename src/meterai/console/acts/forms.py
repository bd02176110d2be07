"""Forms of acts: the fields of a struct as a page shows them, and what was typed as that struct."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta, inspect

from meterai.texts.console_acts import FIELDS, MISSING, NO_NUMBER, TOO_LONG, TOO_SHORT
from meterai.texts.mechanism.translation import translate

Line = Annotated[str, Meta(min_length=1, max_length=200)]
OptionalLine = Annotated[str, Meta(max_length=200)]
"""For a field with a default: nothing typed is the default."""
Text = Annotated[str, Meta(min_length=1, max_length=4000)]
Whole = Annotated[int, Meta(ge=0, le=999_999_999)]
"""A number of things or people."""
Day = Annotated[str, Meta(min_length=1, max_length=10, extra={"input": "date"})]
_LONG: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A field as the page shows it, with what was typed and what is wrong with it."""

    name: str
    label: str
    hint: str
    is_long: bool
    """Whether it has several lines."""
    is_number: bool
    is_optional: bool
    input: str
    """How browsers ask for it: `text`, or `date` as in 2027-01-31."""
    longest: int
    """Characters."""
    typed: str
    wrong: str


def read_form(
    form: type[msgspec.Struct], typed: Mapping[str, str], language: str
) -> tuple[Any, dict[str, str]]:
    """Makes the struct from what was typed. Returns it, or None and what is wrong with each field.

    A field with a default may stay empty.
    """
    values: dict[str, str | int] = {}
    wrong = {}
    for name, kind in _kinds(form).items():
        text = _cleaned(typed.get(name, ""))
        if not text and name in _optional(form):
            continue
        values[name] = text
        if not text:
            wrong[name] = translate(MISSING, language)
        elif len(text) > _longest(kind):
            wrong[name] = translate(TOO_LONG, language, {"longest": _longest(kind)})
        elif len(text) < _shortest(kind):
            wrong[name] = translate(TOO_SHORT, language, {"shortest": _shortest(kind)})
        elif isinstance(kind, inspect.IntType):
            if not (text.isascii() and text.isdigit()):
                wrong[name] = translate(NO_NUMBER, language)
            else:
                values[name] = int(text)
    return (None, wrong) if wrong else (form(**values), {})


def fields_of(
    form: type[msgspec.Struct], typed: Mapping[str, str], wrong: Mapping[str, str], language: str
) -> list[Field]:
    """The fields of a form for its page, filled in with what was typed."""
    inputs = _inputs(form)
    return [
        Field(
            name=name,
            label=translate(FIELDS[name].label, language),
            hint=translate(FIELDS[name].hint, language),
            is_long=_longest(kind) > _LONG,
            is_number=isinstance(kind, inspect.IntType),
            is_optional=name in _optional(form),
            input=inputs.get(name, "text"),
            longest=_longest(kind),
            typed=typed.get(name, ""),
            wrong=wrong.get(name, ""),
        )
        for name, kind in _kinds(form).items()
    ]


def _kinds(form: type[msgspec.Struct]) -> dict[str, inspect.StrType | inspect.IntType]:
    kinds = {}
    for name, kind in _types(form).items():
        bare = kind.type if isinstance(kind, inspect.Metadata) else kind
        assert isinstance(bare, (inspect.StrType, inspect.IntType))
        kinds[name] = bare
    return kinds


def _inputs(form: type[msgspec.Struct]) -> dict[str, str]:
    """The inputs of fields that are no plain texts."""
    kinds = _types(form).items()
    return {
        name: kind.extra["input"] for name, kind in kinds if isinstance(kind, inspect.Metadata) and kind.extra
    }


def _types(form: type[msgspec.Struct]) -> dict[str, inspect.Type]:
    found = inspect.type_info(form)
    assert isinstance(found, inspect.StructType)
    return {one.name: one.type for one in found.fields}


def _optional(form: type[msgspec.Struct]) -> set[str]:
    """The fields that may stay empty."""
    found = inspect.type_info(form)
    assert isinstance(found, inspect.StructType)
    return {one.name for one in found.fields if not one.required}


def _longest(kind: inspect.StrType | inspect.IntType) -> int:
    """The most characters of a field."""
    if isinstance(kind, inspect.IntType):
        return len(str(kind.le or 0))
    return kind.max_length or _LONG


def _shortest(kind: inspect.StrType | inspect.IntType) -> int:
    """The fewest characters of a field."""
    return 1 if isinstance(kind, inspect.IntType) else kind.min_length or 0


def _cleaned(typed: str) -> str:
    return typed.replace("\r\n", "\n").strip()
