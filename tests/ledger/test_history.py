"""Nobody rewrites the books: neither the application's roles nor the owner by mistake."""

from __future__ import annotations

import itertools
import re
import uuid

import asyncpg
import pytest

from meterai.ledger.model import (
    SELLER,
    AccountKind,
    Side,
    Unit,
    side_of,
    unit_of,
)
from tests.ledger.cast import NOW, STOCK, deliver, open_lot
from tests.storage_fixtures import TestDatabase

pytestmark = pytest.mark.storage

_WRITES = [
    "INSERT INTO ledger.transfer SELECT * FROM ledger.transfer",
    "UPDATE ledger.transfer SET amount = amount + 1",
    "DELETE FROM ledger.transfer",
    "TRUNCATE ledger.transfer",
    "INSERT INTO ledger.account SELECT * FROM ledger.account",
    "UPDATE ledger.account SET credits_posted = credits_posted + 1",
    "DELETE FROM ledger.account",
    "TRUNCATE ledger.account CASCADE",
    "ALTER TABLE ledger.transfer DISABLE TRIGGER ALL",
    "DROP TABLE ledger.transfer CASCADE",
    "CREATE FUNCTION ledger.mine() RETURNS void LANGUAGE sql AS ''",
]


@pytest.mark.parametrize("statement", _WRITES)
@pytest.mark.parametrize("role", ["app", "signer", "reader"])
async def test_no_role_of_ours_can_write_the_tables(
    database: TestDatabase, role: str, statement: str
) -> None:
    await deliver(database.app, 1)
    async with getattr(database, role).connection() as conn:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await conn.execute(statement)


async def test_an_account_has_the_unit_and_the_side_of_its_kind(database: TestDatabase) -> None:
    opened = await database.owner.prepare(
        """SELECT ledger.open_accounts(
               ARRAY[$1::uuid], ARRAY[$2], ARRAY[$3], ARRAY[$4::uuid], '{NULL}', ARRAY[$5], $6)"""
    )
    for kind, unit, side in itertools.product([*AccountKind, "till"], Unit, Side):
        arguments = (uuid.uuid4(), unit, kind, SELLER, side, NOW)
        if kind in AccountKind and (unit, side) == (unit_of(AccountKind(kind)), side_of(AccountKind(kind))):
            await opened.fetchval(*arguments)
        else:
            with pytest.raises(asyncpg.PostgresError) as refused:
                await opened.fetchval(*arguments)
            assert refused.value.sqlstate == "LG005", (kind, unit, side)
    assert await database.owner.fetchval("SELECT count(*) FROM ledger.account") == len(AccountKind)


@pytest.mark.parametrize("role", ["signer", "reader"])
async def test_only_the_application_may_post(database: TestDatabase, role: str) -> None:
    async with getattr(database, role).connection() as conn:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await conn.execute("SELECT ledger.open_accounts('{}', '{}', '{}', '{}', '{}', '{}', $1)", NOW)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger.transfer SET amount = amount + 1",
        "UPDATE ledger.transfer SET code = 'other' WHERE false",
        "DELETE FROM ledger.transfer WHERE false",
        "TRUNCATE ledger.transfer CASCADE",
        "DELETE FROM ledger.account WHERE false",
        "TRUNCATE ledger.account CASCADE",
        "UPDATE ledger.account SET customer_id = gen_random_uuid()",
        "UPDATE ledger.account SET balance_side = 'none'",
    ],
)
async def test_history_stands_even_against_the_owner(database: TestDatabase, statement: str) -> None:
    await deliver(database.app, 1)
    with pytest.raises(asyncpg.PostgresError) as refused:
        await database.owner.execute(statement)
    assert refused.value.sqlstate == "LG009"


async def test_even_the_owner_cannot_overdraw_an_account(database: TestDatabase) -> None:
    await deliver(database.app, 5)
    with pytest.raises(asyncpg.CheckViolationError, match="account_never_overdrawn"):
        await database.owner.execute(
            "UPDATE ledger.account SET debits_posted = debits_posted + 6 WHERE id = $1", STOCK
        )


async def test_a_temporary_table_cannot_stand_in_for_the_ledger(database: TestDatabase) -> None:
    """The functions run with the owner's rights, so names must not come from the caller's search path."""
    await deliver(database.app, 5)
    async with database.app.connection() as conn:
        await conn.execute(
            "CREATE TEMPORARY TABLE account (id uuid); CREATE TEMPORARY TABLE transfer (id uuid)"
        )
    await open_lot(database.app, "lot", 2)
    assert (
        await database.owner.fetchval("SELECT sum(credits_posted) FROM ledger.account WHERE kind = 'lot'")
        == 2
    )


async def test_no_function_with_its_owners_rights_takes_a_name_from_its_caller(
    database: TestDatabase,
) -> None:
    """Where pg_temp is not named, it is searched first."""
    found = await database.owner.fetch(
        "SELECT oid::regprocedure::text AS name, (SELECT split_part(one, '=', 2) FROM unnest(proconfig) one"
        " WHERE one LIKE 'search_path=%') AS path FROM pg_proc WHERE prosecdef"
    )
    assert len(found) >= 5
    wrong = [row["name"] for row in found if not re.fullmatch(r"pg_catalog, .*pg_temp", row["path"] or "")]
    assert wrong == []
