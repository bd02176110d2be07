"""Takes serial numbers from the stock of an organisation, to be stamped later."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from meterai.kernel.serial_number import RANDOM_BYTES, SerialNumber, make_serial
from meterai.kit.database import Connection, Database
from meterai.ledger.open_day import on_open_day
from meterai.stamping.taken import store
from meterai.stamping.taken.model import NAME_MAX, TakenSerial, TakenState, WantedSerial
from meterai.stamping.taken.queries import taken_by_keys

type BeforeTaking = Callable[[Connection, int], Awaitable[None]]
"""Runs in the transaction before new serial numbers are taken; gets their count, to check limits."""
type AfterTaking = Callable[[Connection, Mapping[int, SerialNumber]], Awaitable[None]]
"""Runs in the transaction after they are taken; gets them by their index in the list of wanted ones."""


@on_open_day
async def take_serials(
    db: Database,
    wanted: Sequence[WantedSerial],
    *,
    organisation_id: UUID,
    before: BeforeTaking,
    after: AfterTaking,
    now: datetime,
) -> list[TakenSerial]:
    """Takes a serial number for each of `wanted`. Returns them in the same order.

    A key that has a serial number gets it again, also in another state. `before` and `after` see the others.

    Raises: what `before` and `after` raise; Refusal CONFLICT `ledger.insufficient`: the stock is too small.
    Nothing is taken then.
    """
    try:
        return await _take(db, wanted, organisation_id, before=before, after=after, now=now)
    except asyncpg.UniqueViolationError:  # the same call ran beside this one, and has taken them now
        return await _take(db, wanted, organisation_id, before=before, after=after, now=now)


async def _take(
    db: Database,
    wanted: Sequence[WantedSerial],
    organisation_id: UUID,
    *,
    before: BeforeTaking,
    after: AfterTaking,
    now: datetime,
) -> list[TakenSerial]:
    keys = [one.request_key for one in wanted if one.request_key is not None]
    async with db.transaction() as tx:
        known = await taken_by_keys(tx, organisation_id, keys)
        taken: dict[int, TakenSerial] = {}
        for place, one in enumerate(wanted):
            if one.request_key not in known:
                taken[place] = _new(one, organisation_id, now)
                if one.request_key is not None:
                    known[one.request_key] = taken[place]
        if taken:
            await before(tx, len(taken))
            await store.take(
                tx, organisation_id, [(new.serial, wanted[place]) for place, new in taken.items()], now=now
            )
            await after(tx, {place: new.serial for place, new in taken.items()})
    return [taken.get(place) or known[one.request_key or ""] for place, one in enumerate(wanted)]


def _new(one: WantedSerial, organisation_id: UUID, now: datetime) -> TakenSerial:
    return TakenSerial(
        serial=make_serial(secrets.token_bytes(RANDOM_BYTES)),
        state=TakenState.UNSTAMPED,
        organisation_id=organisation_id,
        request_key=one.request_key,
        document_id=one.document_id,
        name=one.name[:NAME_MAX],
        job_id=None,
        taken_at=now,
        used_at=None,
        released_at=None,
        returned_at=None,
    )
