"""The form that asks what a collector reports of a document, and what people type into it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any, Final

import msgspec

from meterai.partners.stamps.facts import LiableParty, StampFacts
from meterai.web.requests.forms import Form

FIELDS: Final[Mapping[str, str]] = {
    "document_type": "jenis",
    "document_number": "nomor",
    "document_date": "tanggal",
    "document_value": "nilai",
    "liable_identity_type": "identitas_jenis",
    "liable_identity": "identitas",
    "liable_name": "nama",
}
"""A fact, as reports name it -> its field."""
_DAY = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})|(\d{1,2})[-/. ](\d{1,2})[-/. ](\d{4})", re.ASCII)
_NOT_IN_SUMS = str.maketrans("", "", ". \u00a0")
_NOT_IN_IDENTITIES = str.maketrans("", "", ".- \u00a0")


def read_facts(form: Form) -> tuple[StampFacts | None, list[str]]:
    """The facts in a form; None, and the names of the facts that are missing or wrong.

    The API's limits hold (`StampFacts`). Whether an identity has the form of its type: `check_facts`.
    """
    typed = {name: form.text(field) for name, field in FIELDS.items()}
    said: dict[str, Any] = typed | {
        "document_date": _day(typed["document_date"]),
        "document_value": _sum(typed["document_value"]),
        "liable_identity": typed["liable_identity"].translate(_NOT_IN_IDENTITIES).upper(),
    }
    wrong = [name for name in FIELDS if not _fits(name, said[name])]
    if wrong:
        return None, wrong
    return _facts(said), []


def _facts(said: Mapping[str, Any]) -> StampFacts:
    liable = {
        "identity_type": said["liable_identity_type"],
        "identity": said["liable_identity"],
        "name": said["liable_name"],
    }
    facts = {
        "type": said["document_type"],
        "number": said["document_number"],
        "date": said["document_date"],
        "value": said["document_value"],
        "liable": liable,
    }
    return msgspec.convert(facts, StampFacts)


def _fits(name: str, value: Any) -> bool:
    """Whether a fact alone is within the API's limits."""
    of_party = name.startswith("liable_")
    struct = LiableParty if of_party else StampFacts
    field = name.removeprefix("liable_" if of_party else "document_")
    kind = next(one.type for one in msgspec.structs.fields(struct) if one.name == field)
    try:
        return msgspec.convert(value, kind) is not None
    except msgspec.ValidationError:
        return False


def _day(text: str) -> date | None:
    """`2026-11-05`, as browsers send it, or `5-11-2026`, `5/11/2026`, as people type it."""
    found = _DAY.fullmatch(text)
    if found is None:
        return None
    year, month, day = (
        int(part or 0) for part in (found[1] or found[6], found[2] or found[5], found[3] or found[4])
    )
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _sum(text: str) -> int | None:
    """`Rp1.250.000`, `1250000`."""
    digits = re.sub(r"(?i)^rp", "", text).translate(_NOT_IN_SUMS)
    return int(digits) if digits.isascii() and digits.isdecimal() and len(digits) <= 16 else None
