"""The database makes ids and accounts as the code does."""

from __future__ import annotations

import uuid

import pytest

from meterai.kernel.ids import derived_id
from meterai.ledger.model import (
    DISTRIBUTOR,
    ISSUER,
    SELLER,
    AccountKind,
    account_id,
    books,
    lot_account_id,
    side_of,
    unit_of,
)
from meterai.ledger.use_cases.open_books import open_books
from tests.ledger.cast import NOW
from tests.storage_fixtures import TestDatabase

pytestmark = pytest.mark.storage


@pytest.mark.parametrize("parts", [("refund", str(uuid.uuid4()), "3"), ("x",), ("deposit", "Kwitansi é 1")])
async def test_an_id_is_made_from_the_same_names(database: TestDatabase, parts: tuple[str, ...]) -> None:
    made = await database.owner.fetchval("SELECT ledger.derived_id(VARIADIC $1::text[])", list(parts))
    assert made == derived_id(*parts)


async def test_every_account_of_the_plan_is_opened_under_its_id(database: TestDatabase) -> None:
    await open_books(database.app, now=NOW)
    rows = await database.owner.fetch(
        "SELECT id, kind, organisation_id, unit, balance_side FROM ledger.account"
        " WHERE ledger.house(kind) = id"
    )
    assert {(row["id"], row["kind"], row["organisation_id"]) for row in rows} == {
        (account.id, account.kind, account.organisation_id) for account in books(ISSUER, DISTRIBUTOR, SELLER)
    }
    assert all(
        (row["unit"], row["balance_side"]) == (unit_of(kind), side_of(kind))
        for row in rows
        for kind in [AccountKind(row["kind"])]
    )


async def test_a_lot_has_the_id_of_its_item(database: TestDatabase) -> None:
    item = uuid.uuid4()
    assert await database.owner.fetchval("SELECT ledger.lot($1)", item) == lot_account_id(item)
    assert await database.owner.fetchval("SELECT ledger.house('seller_stock')") == account_id(
        AccountKind.SELLER_STOCK, SELLER
    )
