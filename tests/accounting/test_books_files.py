"""The books for accountants: hledger reads the journal, and its balances are the ledger's; VAT by month."""

from __future__ import annotations

import csv
import io
import subprocess
from datetime import date
from pathlib import Path
from xml.etree import ElementTree
from zipfile import ZipFile

import pytest

from meterai.accounting.books.fees import fees_csv, read_fees, write_fees_xlsx
from meterai.accounting.books.journal import journal
from meterai.kit.files.object_store import FolderStore
from tests.operations.world import World, build
from tests.storage_fixtures import TestDatabase

pytestmark = pytest.mark.storage
DAY, NEXT_DAY = date(2026, 9, 4), date(2026, 9, 5)


@pytest.fixture
async def world(database: TestDatabase, tmp_path: Path) -> World:
    return await build(database, FolderStore(tmp_path / "objects"))


async def printed(world: World, *, first: date | None = None, last: date = NEXT_DAY) -> str:
    async with (
        world.database.reader.connection() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        return "".join([part async for part in journal(connection, first=first, last=last)])


def hledger(text: str, *words: str) -> str:
    done = subprocess.run(
        ["hledger", "-f-", *words], input=text, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def balances(text: str) -> dict[tuple[str, str], int]:
    """By kind of account and unit, as hledger adds them up; debits are positive."""
    found = dict[tuple[str, str], int]()
    rows = csv.DictReader(io.StringIO(hledger(text, "bal", "-O", "csv", "--flat", "--layout", "bare", "-N")))
    for row in rows:
        key = row["account"].partition(":")[0], row["commodity"]
        found[key] = found.get(key, 0) + int(row["balance"])
    return {key: amount for key, amount in found.items() if amount}


async def test_hledger_finds_the_balances_of_the_ledger_in_the_journal(world: World) -> None:
    text = await printed(world)
    hledger(text, "check", "--strict", "ordereddates")
    rows = await world.owner.fetch(
        """SELECT kind, unit, sum(debits_posted - credits_posted)::bigint AS balance
           FROM ledger.account GROUP BY kind, unit"""
    )
    assert balances(text) == {(row["kind"], row["unit"]): row["balance"] for row in rows if row["balance"]}
    ids = await world.owner.fetch("SELECT id FROM ledger.transfer WHERE posted_at IS NULL")
    assert ids, "the world holds stamps"
    assert not any(str(row["id"]) in text for row in ids)


async def test_a_part_of_the_journal_begins_with_its_opening_balances(world: World) -> None:
    part = await printed(world, first=NEXT_DAY)
    assert part.count("opening balances") == 2
    assert "sale_vat" not in part
    assert balances(part) == balances(await printed(world))


async def test_accounts_are_named_by_kind_and_owner(world: World) -> None:
    text = await printed(world)
    customer = await world.owner.fetchval(
        "SELECT customer_id FROM ledger.account WHERE kind = 'lot' AND credits_posted > 0 LIMIT 1"
    )
    code = await world.owner.fetchval(
        """SELECT o.code FROM ledger.account a JOIN partners.organisation o ON o.id = a.organisation_id
           WHERE a.kind = 'partner_stock' AND a.credits_posted > 0 LIMIT 1"""
    )
    for name in (
        f"lot:{customer}",
        f"partner_stock:{code}",
        "suspense:seller",
        "treasury_prepaid:distributor",
    ):
        assert f"\naccount {name}\n" in text, name


async def test_fee_and_vat_of_a_month_are_the_ledgers_as_csv_and_in_a_workbook(
    world: World, tmp_path: Path
) -> None:
    async with world.database.reader.connection() as connection:
        months = await read_fees(connection, first=None, last=NEXT_DAY)
        assert await read_fees(connection, first=NEXT_DAY, last=NEXT_DAY) == []
    (found,) = [one for one in months if one.vat_charged]
    sums = {
        row["code"]: row["amount"]
        for row in await world.owner.fetch(
            "SELECT code, sum(amount)::bigint AS amount FROM ledger.transfer GROUP BY code"
        )
    }
    assert found.month == "2026-09"
    assert (found.fee_charged, found.fee_returned) == (sums["sale_fee"], sums["refund_fee"])
    assert (found.vat_charged, found.vat_returned) == (sums["sale_vat"], sums["refund_vat"])
    assert found.vat == sums["sale_vat"] - sums["refund_vat"] > 0
    (row,) = csv.DictReader(io.StringIO(fees_csv([found])))
    assert row["vat"] == str(found.vat)
    write_fees_xlsx(tmp_path / "fees.xlsx", [found])
    with ZipFile(tmp_path / "fees.xlsx") as book:
        cells = ElementTree.fromstring(book.read("xl/worksheets/sheet1.xml")).itertext()
        assert str(found.vat) in list(cells)
