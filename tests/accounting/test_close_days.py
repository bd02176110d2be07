"""Days are closed with a signed statement: balanced, chained, and what the books say."""

from __future__ import annotations

import asyncio
import hashlib
import json
import subprocess
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import msgspec
import pytest
import structlog

from meterai.accounting.days import store
from meterai.accounting.days.model import Amount, StoredStatement
from meterai.accounting.days.queries import closes_at, newest_statements, statement_of, unclosed_since
from meterai.accounting.days.statement_key import StatementKey, is_signed, read_key
from meterai.accounting.days.use_cases.close_days import close_days
from meterai.kernel.refusals import Refusal
from meterai.kit.files.secret_files import keep_ed25519_key
from meterai.kit.installation_secrets import Secrets
from meterai.kit.settings import Settings
from meterai.processes.closer import DayCloser
from tests.sales.shop import NOON, Shop, open_shop
from tests.storage_fixtures import TestDatabase

pytestmark = pytest.mark.storage
DAY, NEXT_DAY = date(2026, 9, 5), date(2026, 9, 6)
"""Those of NOON and of the day after."""
AFTER_BOTH = datetime(2026, 9, 6, 17, 15, tzinfo=UTC)


@pytest.fixture
async def shop(database: TestDatabase) -> AsyncIterator[Shop]:
    async with open_shop(database) as shop:
        yield shop


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> StatementKey:
    path = tmp_path_factory.mktemp("key") / "day-close.key.pem"
    keep_ed25519_key(path)
    assert path.stat().st_mode & 0o777 == 0o600
    return read_key(path)


async def close(shop: Shop, key: StatementKey, until: date, now: datetime) -> list[date]:
    return await close_days(shop.database.closer, key, until=until, clock=lambda: now)


async def stored(shop: Shop, day: date) -> StoredStatement:
    async with shop.database.site.connection() as connection:
        found = await statement_of(connection, day)
    assert found is not None
    return found


async def two_days(shop: Shop) -> None:
    """Two pieces are bought on the first day. On the second, one goes back, and money comes twice."""
    placed = await shop.placed_quota(pieces=2)
    await shop.pay(placed)
    shop.pass_time(days=1)
    (item,) = (await shop.page(placed.order_id)).items
    await shop.ask_back(placed.order_id, item.id, 1, given_back=0)
    late = await shop.placed_quota(pieces=3)
    shop.gateway.pay(late.payment.reference, 12_345)
    await shop.settle(late.payment.reference)


def amounts(figures: Any) -> dict[str, tuple[int, int]]:
    names = ("paid", "stamped", "held", "refunded", "suspense")
    return {name: msgspec.structs.astuple(getattr(figures, name)) for name in names}


async def test_a_statement_says_what_became_of_all_that_was_paid(shop: Shop, key: StatementKey) -> None:
    await two_days(shop)
    assert await close(shop, key, NEXT_DAY, AFTER_BOTH) == [DAY, NEXT_DAY]
    first, second = [(await stored(shop, day)).read() for day in (DAY, NEXT_DAY)]
    assert amounts(first.day) == {
        "paid": (25_000, 2),
        "stamped": (0, 0),
        "held": (25_000, 2),
        "refunded": (0, 0),
        "suspense": (0, 0),
    }
    assert first.total == first.day
    assert amounts(second.day) == {
        "paid": (12_345, 0),
        "stamped": (0, 0),
        "held": (-12_500, -1),
        "refunded": (12_345 + 12_500, 1),
        "suspense": (0, 0),
    }
    assert second.total == first.day + second.day
    assert second.total.held == Amount(rupiah=12_500, pieces=1)
    (own,) = first.treasury
    assert own.organisation == "distributor"
    assert own.day.deposited == own.day.drawn == own.total.deposited > 0
    assert (own.total.prepaid, own.total.due) == (0, 0)


async def test_statements_are_chained_and_openssl_confirms_them(
    shop: Shop, key: StatementKey, tmp_path: Path
) -> None:
    assert await close(shop, key, NEXT_DAY, AFTER_BOTH) == [DAY, NEXT_DAY]
    assert await close(shop, key, NEXT_DAY, AFTER_BOTH) == [], "again changes nothing"
    first, second = [await stored(shop, day) for day in (DAY, NEXT_DAY)]
    assert first.read().previous is None
    assert second.read().previous == hashlib.sha256(first.statement).hexdigest()
    canonical = json.dumps(json.loads(first.statement), sort_keys=True, separators=(",", ":"))
    assert first.statement == canonical.encode()
    assert is_signed(second.public_key, second.statement, second.signature)
    for name, content in (("said", second.statement), ("signed", second.signature)):
        (tmp_path / name).write_bytes(content)
    (tmp_path / "key.pem").write_text(second.public_key)
    check = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", "key.pem", "-rawin", "-in", "said"]
    for changed, status in ((b"", 0), (b" ", 1)):
        (tmp_path / "said").write_bytes(second.statement + changed)
        done = subprocess.run(
            [*check, "-sigfile", "signed"], cwd=tmp_path, capture_output=True, check=False, timeout=20
        )
        assert done.returncode == status, done.stderr
    with pytest.raises(asyncpg.PostgresError, match="history"):
        await shop.database.owner.execute("UPDATE accounting.day_statement SET signature = signature")


async def test_a_day_that_is_not_over_is_refused_and_an_unclosed_one_is_known(
    shop: Shop, key: StatementKey
) -> None:
    early = closes_at(DAY) - timedelta(seconds=1)
    with pytest.raises(Refusal) as refusal:
        await close(shop, key, DAY, early)
    assert refusal.value.code == "day.not_over"
    async with shop.database.reader.connection() as connection:
        assert await unclosed_since(connection, early) is None
        assert await unclosed_since(connection, AFTER_BOTH) == closes_at(DAY)
        await close(shop, key, NEXT_DAY, AFTER_BOTH)
        assert await unclosed_since(connection, AFTER_BOTH) is None


async def test_what_does_not_balance_is_named_and_gets_no_statement(shop: Shop, key: StatementKey) -> None:
    placed = await shop.placed_quota(pieces=2)
    await shop.pay(placed)
    await shop.database.owner.execute("UPDATE sales.item SET unit_fee = unit_fee - 1")
    for _ in range(2):
        with pytest.raises(Refusal) as refusal:
            await close(shop, key, DAY, AFTER_BOTH)
        assert refusal.value.code == "day.unbalanced"
        assert refusal.value.facts["why"] == (
            "rupiah: paid 25,000; stamped 0, held 24,998, refunded 0, suspense 0 make 24,998"
        )
    async with shop.database.reader.connection() as connection:
        assert await newest_statements(connection, limit=9) == []
    await shop.database.owner.execute("UPDATE sales.item SET unit_fee = unit_fee + 1")
    assert await close(shop, key, DAY, AFTER_BOTH) == [DAY], "mended, it goes on"


@pytest.mark.parametrize("lie", ["day", "previous", "business_date", "key"])
async def test_the_database_takes_no_statement_that_says_something_else(
    shop: Shop, key: StatementKey, lie: str
) -> None:
    """Also from a day close that somebody has taken over."""
    await close(shop, key, DAY, AFTER_BOTH)
    made = (await stored(shop, DAY)).read()
    honest = {"business_date": str(NEXT_DAY), "key": key.id, "day": msgspec.to_builtins(made.day)}
    honest |= {"previous": (await stored(shop, DAY)).digest}
    empty = {name: {"rupiah": 0, "pieces": 0} for name in amounts(made.day)}
    honest["day"] = {**empty, "paid_back": 0, "taken_back": 0}
    false = {"day": {**honest["day"], "taken_back": 5}, "previous": None, "business_date": "2026-09-07"}
    said = msgspec.json.encode(honest | {lie: false.get(lie, "0" * 16)})
    async with shop.database.closer.connection() as connection:
        await store.close_day(connection, NEXT_DAY, AFTER_BOTH)
        signed = StoredStatement(
            business_date=NEXT_DAY,
            statement=said,
            signature=key.sign(said),
            key_id=key.id,
            public_key=key.public_pem,
        )
        with pytest.raises(Refusal) as refusal:
            await store.store_statement(connection, signed, AFTER_BOTH)
        assert refusal.value.code == "day.not_as_booked"
        true = msgspec.structs.replace(signed, statement=msgspec.json.encode(honest))
        await store.store_statement(connection, true, AFTER_BOTH)


async def test_the_close_waits_for_what_is_being_booked(shop: Shop, key: StatementKey) -> None:
    """A settlement that has posted and not committed when the day is closed is in its statement."""
    placed = await shop.placed_quota(pieces=2)
    shop.gateway.pay(placed.payment.reference)
    shop.clock.now = NOON + timedelta(hours=1)
    async with shop.db.transaction() as tx:
        payment = await tx.fetchval("SELECT id FROM sales.payment WHERE order_id = $1", placed.order_id)
        await tx.execute(
            "SELECT sales.settle_payment($1, 'T-1', 25000, 'credited', 175, $2, $2)", payment, shop.clock()
        )
        closing = asyncio.create_task(close(shop, key, DAY, AFTER_BOTH))
        while not await shop.database.owner.fetchval("SELECT count(*) FROM ledger.closed_day"):
            await asyncio.sleep(0.01)
        assert not closing.done()
    assert await closing == [DAY]
    assert (await stored(shop, DAY)).read().day.paid == Amount(rupiah=25_000, pieces=2)


async def test_the_process_closes_each_day_once_it_is_over(shop: Shop, tmp_path: Path) -> None:
    settings = Settings(data=tmp_path)
    moments = [closes_at(DAY) - timedelta(seconds=1), closes_at(DAY), closes_at(DAY), AFTER_BOTH]
    closer = DayCloser(shop.database.closer, settings, lambda: moments[0])
    with structlog.testing.capture_logs() as logs:
        assert await closer.turn() == 0
    assert [(log["event"], log["code"]) for log in logs] == [("day_not_closed", "day.no_key")]
    Secrets(tmp_path).make_day_close_key()
    closer = DayCloser(shop.database.closer, settings, lambda: moments[0])
    closed = []
    while moments:
        closed.append(await closer.turn())
        moments.pop(0)
    assert closed == [0, 1, 0, 1]
