"""Finds anything that a text names."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec

from meterai.kit.database import Connection, Database, call
from meterai.operations.finding.case_story import CaseHit
from meterai.operations.finding.certificate_story import CertificateHit
from meterai.operations.finding.key_story import find_keys
from meterai.operations.finding.kinds import (
    CASE_KINDS,
    CERTIFICATE_KINDS,
    ORDER_KINDS,
    PARTNER_KINDS,
    Candidate,
    Kind,
    candidates,
)
from meterai.operations.finding.partner_story import ApiRequestHit, PartnerHit
from meterai.sales.model import Flow, OrderState
from meterai.stamping.keys.signing_keys import SigningKey

HITS_MAX: Final = 50


class OrderHit(msgspec.Struct, frozen=True, kw_only=True):
    """An order that was found. The contact is masked."""

    number: str
    state: OrderState
    flow: Flow
    quantity: int
    total: int
    contact: str | None
    created_at: datetime
    paid_at: datetime | None


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What a text names, each the newest first."""

    orders: list[OrderHit]
    cases: list[CaseHit]
    partners: list[PartnerHit]
    """By their codes."""
    api_requests: list[ApiRequestHit]
    certificates: list[CertificateHit]
    keys: list[SigningKey]
    help_codes: list[str]
    """The text itself, if it may be one. Only the logs know whether it is."""

    @property
    def count(self) -> int:
        """How many things there are."""
        names = set(self.__struct_fields__) - {"help_codes"}
        return sum(len(getattr(self, name)) for name in names)


async def find_anything(db: Database, text: str) -> Found:
    """Finds what a typed text names, of each kind at most `HITS_MAX`."""
    sought = candidates(text)
    async with db.connection() as connection:
        orders = await _find(connection, "operations.find_orders", OrderHit, sought, ORDER_KINDS)
        cases = await _find(connection, "operations.find_cases", CaseHit, sought, CASE_KINDS)
        partners = await _find(connection, "operations.find_partners", PartnerHit, sought, PARTNER_KINDS)
        asked = await _find(connection, "operations.find_api_requests", ApiRequestHit, sought, (Kind.ID,))
        certificates = await _find(
            connection, "operations.find_certificates", CertificateHit, sought, CERTIFICATE_KINDS
        )
        keys = await find_keys(connection, {one.value for one in sought if one.kind is Kind.KEY})
    return Found(
        orders=sorted(orders, key=lambda hit: hit.created_at, reverse=True)[:HITS_MAX],
        cases=sorted(cases, key=lambda hit: hit.opened_at, reverse=True)[:HITS_MAX],
        partners=sorted(partners, key=lambda hit: hit.code)[:HITS_MAX],
        api_requests=asked,
        certificates=certificates,
        keys=keys,
        help_codes=[one.value for one in sought if one.kind is Kind.HELP_CODE],
    )


async def _find[Hit](
    connection: Connection,
    function: str,
    shape: type[Hit],
    sought: Sequence[Candidate],
    kinds: Collection[Kind],
) -> list[Hit]:
    """The hits of a function of the database, each once."""
    query = call(function, 3, whole_row=True)
    found: dict[Any, Hit] = {}
    for one in sought:
        if one.kind in kinds:
            rows = await connection.fetch(query, one.kind, one.value, HITS_MAX)
            found |= {row[0]: msgspec.convert(dict(row), shape) for row in rows}
    return list(found.values())
