"""A worker is killed after the next station took a message, and before it noted that."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
import pytest_asyncio

from meterai.customers.contacts import canonical_contact
from meterai.customers.organisations import ensure_organisations
from meterai.kit import outbox
from meterai.kit.messages import MESSAGE_TOPICS, Message, ToKind
from meterai.news.messages import store
from meterai.news.messages.queries import message_states
from meterai.news.messages.sending import LOST_AFTER
from meterai.news.use_cases.declare_incident import declare_incident
from tests.news.test_news import form
from tests.sales.shop import NOON, Shop
from tests.sandbox.twins import Inbox, running_inbox
from tests.storage_fixtures import TestDatabase
from tests.workers.message_process import take_a_turn

TO: dict[ToKind, str] = {"email": "ani@contoh.id", "phone": "+6281234567890"}


@pytest_asyncio.fixture
async def inbox(tmp_path: Path) -> AsyncIterator[Inbox]:
    async with running_inbox(tmp_path, whatsapp_token="secret") as running:
        yield running


async def run_worker(inbox: Inbox, database: TestDatabase, now: datetime, *, killed: bool) -> None:
    """One turn of a worker's process; `killed`: it ends as by `kill -9` once a message is taken."""
    variables = {
        "TEST_DATABASE": database.urls.worker,
        "TEST_SMTP": f"smtp://127.0.0.1:{inbox.smtp_port}",
        "TEST_WHATSAPP": f"{inbox.url}/whatsapp/messages",
        "TEST_NOW": now.isoformat(),
    }
    if not killed:
        await take_a_turn(variables)
        return
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.workers.message_process",
        env={**os.environ, **variables, "METERAI_FAIL_POINT": "message_taken"},
    )
    assert await process.wait() == 137, "the fail point was reached"


async def write_down(database: TestDatabase, kind: ToKind) -> None:
    message = Message(to_kind=kind, to=TO[kind], subject="Giliran Anda", text="Masuk.")
    async with database.worker.transaction() as tx:
        entry = (MESSAGE_TOPICS[kind], msgspec.structs.asdict(message))
        await outbox.enqueue_many(tx, [entry], NOON)


async def left(database: TestDatabase) -> int:
    count: int = await database.owner.fetchval("SELECT count(*) FROM jobs.outbox")
    return count


async def test_an_e_mail_that_is_sent_twice_can_be_seen_to_be_one(
    inbox: Inbox, database: TestDatabase
) -> None:
    await write_down(database, "email")
    await run_worker(inbox, database, NOON, killed=True)
    await run_worker(inbox, database, NOON + timedelta(seconds=20), killed=False)
    assert len(await inbox.messages(to=TO["email"])) == 1, "not at once"
    await run_worker(inbox, database, NOON + timedelta(seconds=31), killed=False)
    first, second = await inbox.messages(to=TO["email"])
    assert first["id"] == second["id"]
    assert first["id"].endswith("@example.id>")
    assert await left(database) == 0


async def test_a_whatsapp_message_is_sent_twice_at_most(inbox: Inbox, database: TestDatabase) -> None:
    await write_down(database, "phone")
    for turn in range(2):
        await run_worker(inbox, database, NOON + timedelta(minutes=turn), killed=True)
    await run_worker(inbox, database, NOON + timedelta(minutes=2), killed=False)
    assert len(await inbox.messages(to=TO["phone"])) == 2
    assert await left(database) == 0


async def test_a_message_about_news_is_sent_once_or_its_end_is_unknown(
    inbox: Inbox, database: TestDatabase
) -> None:
    await ensure_organisations(database.app, NOON)
    shop = Shop(database)
    for number in range(3):
        await shop.customer(canonical_contact(f"orang{number}@contoh.id"))
    number = (await declare_incident(database.operator, form(), actor="ani", now=NOON)).number
    everybody = [row["id"] for row in await database.owner.fetch("SELECT id FROM customers.customer")]
    async with database.operator.transaction() as tx:
        assert await store.add(tx, everybody, incident=number, until=NOON + timedelta(days=1), now=NOON) == 3
    await run_worker(inbox, database, NOON, killed=True)
    for later in (timedelta(seconds=31), LOST_AFTER + timedelta(seconds=1)):
        await run_worker(inbox, database, NOON + later, killed=False)
    came = [one["to"] for one in await inbox.messages()]
    assert len(came) == len(set(came)), "none came twice"
    async with database.operator.connection() as connection:
        states = await message_states(connection, incident=number, now=NOON)
    assert states["unknown"] in (1, 2), "those that were under way"
    assert states["unknown"] + states["sent"] == 3
    kept = await database.owner.fetch("SELECT reference FROM news.message WHERE state = 'sent'")
    assert {row["reference"] for row in kept} <= {one["id"] for one in await inbox.messages()}
