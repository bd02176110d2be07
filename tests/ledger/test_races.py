"""Named races: each has happened to people, or brings databases to a halt."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest

from meterai.kernel.refusals import Refusal
from meterai.kit.database import Database
from tests.ledger import posting
from tests.ledger.cast import (
    NOW,
    STOCK,
    USED,
    book,
    deliver,
    held,
    lot_of,
    moved,
    open_lot,
    posted,
    standing,
    voided,
)
from tests.ledger.posting import (
    Transfer,
)
from tests.storage_fixtures import TestDatabase

pytestmark = pytest.mark.storage

PAIRS = 1_000


async def _outcome(db: Database, *transfers: Transfer) -> str:
    try:
        return str(await book(db, *transfers))
    except Refusal as refusal:
        return refusal.code


async def test_of_a_thousand_pieces_each_is_either_refunded_or_stamped(database: TestDatabase) -> None:
    db = database.app
    await deliver(db, PAIRS)
    lots = [lot_of(f"lot {n}") for n in range(PAIRS)]
    async with db.transaction() as tx:
        await posting.open_accounts(tx, lots, NOW)
        await posting.post(tx, [moved(f"sale {lot.id}", STOCK, lot.id, 1) for lot in lots], NOW)

    async def pair(number: int) -> tuple[str, str]:
        lot = lots[number].id
        refund = _outcome(db, moved(f"refund {number}", lot, STOCK, 1))
        stamp = _outcome(db, held(f"stamp {number}", lot, USED, 1))
        if number % 2:
            first, second = await asyncio.gather(refund, stamp)
            return first, second
        second, first = await asyncio.gather(stamp, refund)
        return first, second

    ends = Counter(await asyncio.gather(*(pair(number) for number in range(PAIRS))))
    refunded, stamped = ends["1", "ledger.insufficient"], ends["ledger.insufficient", "1"]
    assert refunded + stamped == PAIRS, f"one of the two wins, the other is refused: {ends}"
    assert refunded, "the refund won at least once"
    assert stamped, "the stamp won at least once"
    assert (await standing(db, STOCK))[0] == refunded


async def test_ten_clicks_on_refund_give_back_one_piece(database: TestDatabase) -> None:
    await deliver(database.app, 5)
    lot = await open_lot(database.app, "lot", 1)
    clicks = [_outcome(database.app, moved("refund", lot, STOCK, 1)) for _ in range(10)]
    assert sorted(await asyncio.gather(*clicks)) == ["0"] * 9 + ["1"]
    assert await standing(database.app, STOCK) == (5, 0, 5)


async def test_a_reservation_that_is_posted_and_voided_at_once_ends_once(database: TestDatabase) -> None:
    await deliver(database.app, 100)
    lot = await open_lot(database.app, "lot", 100)
    await book(database.app, *(held(f"hold {n}", lot, USED, 1) for n in range(100)))
    races = [
        asyncio.gather(
            _outcome(database.app, posted(f"use {n}", f"hold {n}")),
            _outcome(database.app, voided(f"free {n}", f"hold {n}")),
        )
        for n in range(100)
    ]
    assert {tuple(sorted(ends)) for ends in await asyncio.gather(*races)} == {("1", "ledger.already_ended")}
    used = (await standing(database.app, USED))[0]
    assert await standing(database.app, lot) == (100 - used, 0, 100 - used)


async def test_batches_that_cross_in_opposite_order_never_deadlock(database: TestDatabase) -> None:
    await deliver(database.app, 400)
    lots = [await open_lot(database.app, f"lot {n}", 100) for n in range(4)]
    around = [(0, 1), (2, 3), (1, 2), (3, 0)]

    def batch(name: str, pairs: list[tuple[int, int]]) -> list[Transfer]:
        return [moved(f"{name} {a} {b}", lots[a], lots[b], 1) for a, b in pairs]

    back = [(b, a) for a, b in reversed(around)]
    calls = [
        _outcome(database.app, *batch(f"{direction} {n}", pairs))
        for n in range(100)
        for direction, pairs in (("there", around), ("back", back))
    ]
    assert set(await asyncio.gather(*calls)) == {"4"}
    assert [await standing(database.app, lot) for lot in lots] == [(100, 0, 100)] * 4
