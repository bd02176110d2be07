"""Recognises by its form what somebody looks for."""

from __future__ import annotations

import re
import uuid
from enum import StrEnum
from typing import Final

import msgspec

from meterai.cases.model import read_case_number
from meterai.customers.contacts import canonical_contact
from meterai.kernel.refusals import Refusal
from meterai.kernel.serial_number import readings
from meterai.kernel.typed_ids import Prefix, read_id
from meterai.kit.formats.pasted_text import digits_of, seen
from meterai.sales.queries.order_access import read_order_number

TEXT_LENGTH_MAX: Final = 200
_READINGS: Final = 8
_REFERENCE_LENGTH: Final = range(6, 101)
_UUID_LENGTH: Final = 36
_WORD_LENGTH: Final = range(2, 81)
_PLACE_LENGTH: Final = 24
_HEXADECIMAL: Final = re.compile("[0-9a-f]{8,40}")
_HELP_CODE: Final = re.compile("([2-9A-HJKMNP-TV-Z]{4})([2-9A-HJKMNP-TV-Z]{4})")


class Kind(StrEnum):
    """What a text may be, as the functions `operations.find_...` know it (SQL)."""

    NUMBER = "number"
    EMAIL = "email"
    PHONE = "phone"
    SERIAL = "serial"
    REFERENCE = "reference"
    """Of a payment, a virtual account, or a refund: any word may be one."""
    CASE = "case"
    HELP_CODE = "help_code"
    """Of a page that said what went wrong."""
    WORD = "word"
    """A name or a code of partners: any words may be one."""
    PLACE = "place"
    """The id of a contact in a line, as its public log has it."""
    KEY = "key"
    """The id of a signing key, or the number of a certificate of one."""
    ID = "id"
    """A UUID, also as the API writes it."""


ORDER_KINDS: Final = (Kind.NUMBER, Kind.EMAIL, Kind.PHONE, Kind.SERIAL, Kind.REFERENCE, Kind.ID)
CERTIFICATE_KINDS: Final = (Kind.NUMBER, Kind.PLACE)
PARTNER_KINDS: Final = (Kind.WORD, Kind.ID, Kind.SERIAL, Kind.EMAIL, Kind.PHONE)
CASE_KINDS: Final = (Kind.CASE, Kind.EMAIL, Kind.PHONE, Kind.HELP_CODE)


class Candidate(msgspec.Struct, frozen=True):
    """A text read as something. `value`: in the form in which it is stored."""

    kind: Kind
    value: str


def candidates(text: str) -> list[Candidate]:
    """Reads a typed text as everything that it may be, the likeliest first."""
    typed = seen(text).replace("\0", "").strip()[:TEXT_LENGTH_MAX]
    found = [Candidate(Kind.SERIAL, serial) for serial in readings(typed)[:_READINGS]]
    if number := read_order_number(typed):
        found.append(Candidate(Kind.NUMBER, number))
    try:
        contact = canonical_contact(typed)
    except Refusal:
        pass
    else:
        found.append(Candidate(Kind(contact.kind), contact.value))
    if code := _help_code(typed):
        found.append(Candidate(Kind.HELP_CODE, code))
    if case := read_case_number(typed) or read_case_number(f"K{typed}"):
        found.append(Candidate(Kind.CASE, case))
    if id := _id(typed):
        return [*found, Candidate(Kind.ID, str(id))]
    found += _hexadecimal(typed)
    if len(typed) in _WORD_LENGTH:
        found.append(Candidate(Kind.WORD, typed))
    if len(typed) in _REFERENCE_LENGTH and "@" not in typed:
        found.append(Candidate(Kind.REFERENCE, typed))
    return found


def _help_code(typed: str) -> str:
    """The help code in a typed text; empty: there is none. A word of eight letters is no code."""
    code = _HELP_CODE.fullmatch(digits_of(typed).upper())
    return f"{code[1]}-{code[2]}" if code and not typed.isalpha() else ""


def _hexadecimal(typed: str) -> list[Candidate]:
    """What a number in hexadecimal may be. Readers of PDFs write that of a certificate with colons."""
    digits = re.sub(r"[\s:]", "", typed.lower())
    if not _HEXADECIMAL.fullmatch(digits):
        return []
    places = [Candidate(Kind.PLACE, digits)] if len(digits) == _PLACE_LENGTH else []
    return [*places, Candidate(Kind.KEY, digits)]


def _id(typed: str) -> uuid.UUID | None:
    """The id in a typed text, with or without a prefix."""
    for prefix in Prefix:
        if found := read_id(prefix, typed.lower()):
            return found
    try:
        return uuid.UUID(typed) if len(typed) == _UUID_LENGTH else None
    except ValueError:
        return None
