"""What the wire says of a document, as reports of collectors have it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any, Final

import msgspec

from meterai.api.wire.resources.document_types import type_code, type_of
from meterai.kernel.refusals import Kind, Refusal
from meterai.partners.stamps.facts import IdentityType, LiableParty, StampFacts, check_facts
from meterai.partners.stamps.serial_facts import SerialFacts

FIELDS: Final = (
    "namadoc",
    "nodoc",
    "tgldoc",
    "nilaidoc",
    "namejidentitas",
    "noidentitas",
    "namedipungut",
)
"""The fields of the wire that are facts."""
_NAMED: Final = {"type": "namadoc", "number": "nodoc", "date": "tgldoc", "value": "nilaidoc"}
_OF_LIABLE: Final = ("namejidentitas", "noidentitas", "namedipungut")
_IDENTITIES: Final = {
    "KTP": IdentityType.NIK,
    "NIK": IdentityType.NIK,
    "NPWP": IdentityType.NPWP,
    "PASSPORT": IdentityType.PASSPORT,
    "PASPOR": IdentityType.PASSPORT,
}
_NOTHING: Final = ("", "false", "null")
"""What clients send in an empty field."""
_NO_NUMBER: Final = "0"
_DAY: Final = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ].*)?")
_VALUE: Final = re.compile(r"([0-9]{1,16})(?:[.,]0{1,4})?")
_THOUSANDS: Final = re.compile(r"[0-9]{1,3}(?:\.[0-9]{3})+")


def read_facts(texts: Mapping[str, str]) -> StampFacts:
    """Reads the facts among the fields of a document. What is empty is not said.

    Raises: Refusal INVALID `wire.field_wrong` with the field.
    """
    return StampFacts(
        type=type_of(_said(texts, "namadoc")),
        number=_number(texts),
        date=_day(texts),
        value=_value(texts),
        liable=_liable(texts),
    )


def changed_facts(known: SerialFacts | None, texts: Mapping[str, str]) -> SerialFacts:
    """The facts after a change. A field that is empty, or missing, keeps what was said before.

    Raises: as `read_facts`.
    """
    said = {field: text for field in FIELDS if (text := _said(texts, field))}
    texts = (_texts_of(known) if known else {}) | said
    return SerialFacts(facts=read_facts(texts), wire_type=type_code(texts.get("namadoc", "")))


def _texts_of(known: SerialFacts) -> dict[str, str]:
    """Facts as the wire says them."""
    facts = known.facts
    values = {
        "namadoc": known.wire_type or None,
        "nodoc": facts.number,
        "tgldoc": facts.date,
        "nilaidoc": facts.value,
        **(_texts_of_liable(facts.liable) if facts.liable else {}),
    }
    return {field: str(value) for field, value in values.items() if value is not None}


def _texts_of_liable(liable: LiableParty) -> dict[str, str]:
    kind = next(word for word, one in _IDENTITIES.items() if one is liable.identity_type)
    return {"namejidentitas": kind, "noidentitas": liable.identity, "namedipungut": liable.name}


def check_said(facts: StampFacts, texts: Mapping[str, str], *, needed: bool) -> StampFacts:
    """Checks facts, as `check_facts` does, and returns those to keep. `needed`: a collector reports them.

    A collector's document without a number is reported with the number that clients send for it.

    Raises: Refusal INVALID `facts.missing` with the fields of the wire in `fields`, `facts.identity`.
    """
    if needed and facts.number is None and texts.get("nodoc") == _NO_NUMBER:
        facts = msgspec.structs.replace(facts, number=_NO_NUMBER)
    try:
        check_facts(facts, needed=needed)
    except Refusal as refusal:
        if refusal.code != "facts.missing":
            raise
        missing = ", ".join(_missing(facts, texts))
        raise Refusal(Kind.INVALID, "facts.missing", fields=missing) from refusal
    return facts


def _missing(facts: StampFacts, texts: Mapping[str, str]) -> list[str]:
    named = [_NAMED[name] for name in facts.missing() if name in _NAMED]
    empty = [field for field in _OF_LIABLE if not _said(texts, field)]
    return named + (empty if facts.liable is None else [])


def _said(texts: Mapping[str, str], field: str) -> str:
    text = texts.get(field, "")
    return "" if text.lower() in _NOTHING else text


def _wrong(field: str) -> Refusal:
    return Refusal(Kind.INVALID, "wire.field_wrong", field=field)


def _number(texts: Mapping[str, str]) -> str | None:
    text = _said(texts, "nodoc")
    return None if text in ("", _NO_NUMBER) else _fitting(StampFacts, "number", text, field="nodoc")


def _day(texts: Mapping[str, str]) -> date | None:
    text = _said(texts, "tgldoc")
    found = _DAY.fullmatch(text)
    try:
        return date.fromisoformat(found[1]) if found else None if not text else _no_day()
    except ValueError as error:
        raise _wrong("tgldoc") from error


def _no_day() -> date:
    raise ValueError


def _value(texts: Mapping[str, str]) -> int | None:
    text = _said(texts, "nilaidoc")
    if not text:
        return None
    if _THOUSANDS.fullmatch(text):
        text = text.replace(".", "")
    found = _VALUE.fullmatch(text)
    if not found:
        raise _wrong("nilaidoc")
    value: int = _fitting(StampFacts, "value", int(found[1]), field="nilaidoc")
    return value


def _liable(texts: Mapping[str, str]) -> LiableParty | None:
    kind, number, name = (_said(texts, field) for field in _OF_LIABLE)
    if kind and kind.upper() not in _IDENTITIES:
        raise _wrong("namejidentitas")
    if not (kind and number and name):
        return None
    number = re.sub(r"[\s.-]", "", number).upper()
    return LiableParty(
        identity_type=_IDENTITIES[kind.upper()],
        identity=_fitting(LiableParty, "identity", number, field="noidentitas"),
        name=_fitting(LiableParty, "name", name, field="namedipungut"),
    )


def _fitting(owner: type[msgspec.Struct], name: str, value: Any, *, field: str) -> Any:
    """A value that its place takes. Raises: Refusal INVALID `wire.field_wrong`."""
    kind = next(one.type for one in msgspec.structs.fields(owner) if one.name == name)
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise _wrong(field) from error
