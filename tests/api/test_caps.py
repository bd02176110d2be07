"""The caps of a client: what it may spend by hour and by day."""

from __future__ import annotations

import asyncio
import uuid
from contextlib import suppress
from datetime import datetime, timedelta

from meterai.customers.organisations import ensure_organisations
from meterai.kernel.refusals import Refusal
from meterai.ledger.model import ISSUER
from meterai.partners.clients.model import Limits
from meterai.partners.clients.public_keys import read_public_key
from meterai.partners.clients.spending import spend
from meterai.partners.model import OrganisationRole
from meterai.partners.use_cases.clean_up_clients import clean_up_clients
from meterai.partners.use_cases.register_client import register_client
from tests.api.programs import new_key, public_half
from tests.partners.organisations import organisation
from tests.storage_fixtures import TestDatabase
from tests.waiting_room.line import NOON


async def client_of(database: TestDatabase, code: str, **caps: int) -> uuid.UUID:
    firm = await organisation(database.app, code, OrganisationRole.DISTRIBUTOR, below=ISSUER, now=NOON)
    made = await register_client(
        database.operator,
        firm.id,
        name="Program uji",
        limits=Limits(scopes=frozenset(["stamps:write"]), **caps),
        key=read_public_key(public_half(new_key())),
        actor="ani",
        now=NOON,
    )
    return made.client_id


async def spends(database: TestDatabase, client: uuid.UUID, pieces: int, at: datetime) -> str:
    """The code of the refusal; empty: they are spent."""
    try:
        async with database.site.transaction() as tx:
            await spend(tx, client, pieces, now=at)
    except Refusal as refusal:
        return refusal.code if 0 < int(str(refusal.facts["retry_after_s"])) <= 24 * 3600 else "no time"
    return ""


async def test_a_client_spends_up_to_its_caps_and_again_in_the_next_hour_and_day(
    database: TestDatabase,
) -> None:
    await ensure_organisations(database.app, NOON)
    capped = await client_of(database, "satu", stamps_per_hour_max=10, stamps_per_day_max=15)
    free = await client_of(database, "dua")
    assert await spends(database, capped, 8, NOON) == ""
    assert await spends(database, capped, 3, NOON) == "client.hour_cap"
    assert await spends(database, capped, 2, NOON) == "", "what was refused does not count"
    with suppress(RuntimeError):
        async with database.site.transaction() as tx:
            await spend(tx, capped, 5, now=NOON + timedelta(hours=1))
            raise RuntimeError("the order fails")
    assert await spends(database, capped, 5, NOON + timedelta(hours=1)) == "", "nor what was rolled back"
    assert await spends(database, capped, 1, NOON + timedelta(hours=2)) == "client.day_cap"
    assert await spends(database, capped, 1, NOON + timedelta(hours=12)) == "", "a day of Jakarta"
    assert await spends(database, free, 1_000_000, NOON) == ""
    kept = "SELECT count(*) FROM partners.client_spending"
    assert await database.owner.fetchval(kept) > 0
    assert await clean_up_clients(database.worker, now=NOON + timedelta(days=4)) > 0
    assert await database.owner.fetchval(kept) == 0


async def test_orders_at_one_time_do_not_pass_the_cap_together(database: TestDatabase) -> None:
    await ensure_organisations(database.app, NOON)
    client = await client_of(database, "satu", stamps_per_hour_max=5)
    codes = await asyncio.gather(*(spends(database, client, 1, NOON) for _ in range(8)))
    assert sorted(codes) == [""] * 5 + ["client.hour_cap"] * 3
