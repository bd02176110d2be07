"""Recognises by its form what somebody looks for."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import msgspec

from meterai.customers.contacts import canonical_contact
from meterai.kernel.refusals import Refusal
from meterai.kernel.serial_number import readings
from meterai.kit.formats.pasted_text import seen
from meterai.sales.queries.order_access import read_order_number

TEXT_LENGTH_MAX: Final = 200
_READINGS: Final = 8
_REFERENCE_LENGTH: Final = range(6, 101)


class Kind(StrEnum):
    """What a text may be. The first four are kinds of `operations.find_orders`, as is `REFERENCE`."""

    NUMBER = "number"
    EMAIL = "email"
    PHONE = "phone"
    SERIAL = "serial"
    REFERENCE = "reference"
    """Of a payment, a virtual account, or a refund: any word may be one."""


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
    if len(typed) in _REFERENCE_LENGTH and "@" not in typed:
        found.append(Candidate(Kind.REFERENCE, typed))
    return found
