"""Forms of acts: the fields of a struct as a page shows them, and what was typed as that struct."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta, inspect

from meterai.texts.console_acts import FIELDS, MISSING, TOO_LONG
from meterai.texts.mechanism.translation import translate

Line = Annotated[str, Meta(min_length=1, max_length=200)]
Text = Annotated[str, Meta(min_length=1, max_length=4000)]
_LONG: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A field as the page shows it, with what was typed and what is wrong with it."""

    name: str
    label: str
    hint: str
    is_long: bool
    """Whether it has several lines."""
    longest: int
    """Characters."""
    typed: str
    wrong: str


def read_form(
    form: type[msgspec.Struct], typed: Mapping[str, str], language: str
) -> tuple[Any, dict[str, str]]:
    """Makes the struct from what was typed. Returns it, or None and what is wrong with each field."""
    values = {name: _cleaned(typed.get(name, "")) for name in _lengths(form)}
    wrong = {}
    for name, longest in _lengths(form).items():
        if not values[name]:
            wrong[name] = translate(MISSING, language)
        elif len(values[name]) > longest:
            wrong[name] = translate(TOO_LONG, language, {"longest": longest})
    return (None, wrong) if wrong else (form(**values), {})


def fields_of(
    form: type[msgspec.Struct], typed: Mapping[str, str], wrong: Mapping[str, str], language: str
) -> list[Field]:
    """The fields of a form for its page, filled in with what was typed."""
    return [
        Field(
            name=name,
            label=translate(FIELDS[name].label, language),
            hint=translate(FIELDS[name].hint, language),
            is_long=longest > _LONG,
            longest=longest,
            typed=typed.get(name, ""),
            wrong=wrong.get(name, ""),
        )
        for name, longest in _lengths(form).items()
    ]


def _lengths(form: type[msgspec.Struct]) -> dict[str, int]:
    """The most characters of each field."""
    found = inspect.type_info(form)
    assert isinstance(found, inspect.StructType)
    lengths = {}
    for one in found.fields:
        assert isinstance(one.type, inspect.StrType)
        lengths[one.name] = one.type.max_length or _LONG
    return lengths


def _cleaned(typed: str) -> str:
    return typed.replace("\r\n", "\n").strip()
