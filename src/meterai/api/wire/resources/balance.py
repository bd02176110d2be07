"""The balance: stamps that are left, and serial numbers that were taken and not stamped yet."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from meterai.api.wire.answers import SUCCESS, done
from meterai.api.wire.codes import DONE
from meterai.api.wire.endpoints import WireRequest, endpoint
from meterai.kernel.refusals import Kind, Refusal
from meterai.kernel.typed_ids import Prefix, write_id
from meterai.partners.queries.quota import stocks_of
from meterai.stamping.taken.queries import count_unstamped


@endpoint("backend", "GET POST", "/function/saldopos", scope="quota:read")
async def read_balance(asked: WireRequest) -> dict[str, Any]:
    """Answers with the balance of the organisation."""
    return await _balance(asked)


@endpoint("backend", "GET POST", "/sale/saldo-scm", scope="quota:read")
async def read_balance_of_place(asked: WireRequest) -> dict[str, Any]:
    """Answers with the balance of the entry `idLoc` of the login, which is the organisation's own."""
    if asked.said.text("idLoc") not in ("", place_id(asked.caller.organisation_id)):
        raise Refusal(Kind.INVALID, "wire.field_wrong", field="idLoc")
    return await _balance(asked)


def place_id(organisation_id: UUID) -> str:
    """The id of an organisation as the wire has it."""
    return write_id(Prefix.ORGANISATION, organisation_id)


async def _balance(asked: WireRequest) -> dict[str, Any]:
    organisation_id = asked.caller.organisation_id
    async with asked.service.db.connection() as connection:
        left = await stocks_of(connection, [organisation_id])
    waiting = await count_unstamped(asked.service.db, organisation_id)
    saldo = left.get(organisation_id, 0)
    result = {"status": DONE, "message": SUCCESS, "saldo": saldo, "notstamp": waiting}
    return done(result, status=DONE)


ENDPOINTS = (read_balance, read_balance_of_place)
