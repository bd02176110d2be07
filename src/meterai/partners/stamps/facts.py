"""What is known of a stamped document for tax reports: the document, its value, and who owes the duty."""

from __future__ import annotations

import re
from datetime import date as Day
from enum import StrEnum
from typing import Annotated, Final

from msgspec import Meta, Struct

from meterai.kernel.one_line import ONE_LINE
from meterai.kernel.refusals import Kind, Refusal

_VALUE_MAX = 10**15
_IDENTITIES: Final = {
    "nik": re.compile(r"[0-9]{16}"),
    "npwp": re.compile(r"[0-9]{15,16}|[0-9]{22}"),
    "passport": re.compile(r"[A-Z0-9]{5,15}"),
}


class DocumentType(StrEnum):
    """What the law taxes (UU 10/2020 article 3)."""

    STATEMENT = "statement"  # agreement, statement, declaration
    NOTARIAL_DEED = "notarial_deed"
    LAND_DEED = "land_deed"
    SECURITY = "security"
    SECURITIES_TRANSACTION = "securities_transaction"
    AUCTION = "auction"
    SUM_OF_MONEY = "sum_of_money"  # of more than Rp5.000.000
    OTHER = "other"


class IdentityType(StrEnum):
    """What identifies a taxpayer."""

    NIK = "nik"
    NPWP = "npwp"
    PASSPORT = "passport"


class LiableParty(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who owes the duty."""

    identity_type: IdentityType
    identity: Annotated[
        str,
        Meta(min_length=5, max_length=22, pattern=ONE_LINE, description="Digits, or a passport's number."),
    ]
    name: Annotated[str, Meta(min_length=1, max_length=120, pattern=ONE_LINE)]

    def __repr__(self) -> str:
        return "LiableParty(...)"


class StampFacts(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a collector reports of a stamped document. Others may give what they like."""

    type: DocumentType | None = None
    number: Annotated[str, Meta(min_length=1, max_length=80, pattern=ONE_LINE)] | None = None
    """The document's own number."""
    date: Day | None = None
    """The day on which the duty became due."""
    value: Annotated[int, Meta(ge=0, le=_VALUE_MAX)] | None = None
    """The sum that the document states, in rupiah."""
    liable: LiableParty | None = None

    def missing(self) -> list[str]:
        """Names what a collector still has to say."""
        return [name for name in self.__struct_fields__ if getattr(self, name) is None]


def check_facts(facts: StampFacts | None, *, needed: bool) -> None:
    """Checks what was said of a document. `needed`: a collector has to report it.

    Raises: Refusal INVALID `facts.missing` with the names in `fields`, `facts.identity`.
    """
    missing = (facts or StampFacts()).missing() if needed else []
    if missing:
        raise Refusal(Kind.INVALID, "facts.missing", fields=", ".join(missing))
    if (
        facts
        and facts.liable
        and not _IDENTITIES[facts.liable.identity_type].fullmatch(facts.liable.identity)
    ):
        raise Refusal(Kind.INVALID, "facts.identity")
