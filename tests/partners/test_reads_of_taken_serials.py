"""Quota, statements and reports know serial numbers that were taken first."""

from __future__ import annotations

import uuid
from datetime import date
from typing import Any

import pytest

from meterai.partners.model import Organisation
from meterai.partners.queries.quota import quota_below, quota_of
from meterai.partners.queries.statement import statement_of
from meterai.partners.reports.model import NewReport, ReportKind
from meterai.partners.reports.tables import TABLES, Figures, read_rows
from meterai.partners.stamps.queries import serial_below
from meterai.partners.stamps.serial_facts import facts_of_serials
from tests.partners.organisations import make_chain
from tests.partners.test_taken_serials import NOW, take
from tests.storage_fixtures import TestDatabase

pytestmark = pytest.mark.storage
MONTH = date(NOW.year, NOW.month, 1)


async def sign_hash_of(database: TestDatabase, owner: Organisation, serial: str) -> None:
    """What the signer and the site do when a hash is signed."""
    run = database.owner.fetchval
    request = await run(
        "SELECT stamping.ask_hash($1, $2, $3, $4, $4, 'attributes', $5)",
        owner.id, uuid.uuid4(), serial, bytes(32), NOW,
    )  # fmt: skip
    await run("SELECT stamping.begin_hash_signing(ARRAY[$1::uuid], 'a key', $2)", request, NOW)
    assert await run("SELECT stamping.bind_hash($1, 'a key', $2, $3)", request, bytes(256), NOW)


async def report(
    database: TestDatabase, owner: Organisation, kind: ReportKind
) -> tuple[list[dict[str, Any]], Figures]:
    figures, rows = Figures(), []
    new = NewReport(id=uuid.uuid4(), organisation_id=owner.id, kind=kind, month=MONTH)
    async with database.worker.transaction() as tx:
        async for page in read_rows(tx, new, figures):
            rows += [dict(zip(TABLES[kind].columns, row, strict=True)) for row in page]
    return rows, figures


async def test_stamps_of_serial_numbers_are_counted_reported_and_agree_with_the_ledger(
    database: TestDatabase,
) -> None:
    chain = await make_chain(database.operator, now=NOW)
    firm = chain.enterprise
    back, used, _waiting = [one.serial for one in await take(database, firm, "a", "b", "c")]
    await database.owner.execute("SELECT stamping.return_serials($1, $2, $3)", firm.id, [back], NOW)
    await sign_hash_of(database, firm, used)

    async with database.site.connection() as connection:
        quota = await quota_of(connection, firm.id)
        tree = await quota_below(connection, firm.id)
    assert (quota.available, quota.unstamped, quota.held, quota.used) == (68, 1, 0, 1)
    assert (tree.available, tree.unstamped, tree.held, tree.used) == (98, 1, 0, 1)

    stock, unstamped, *_ = (await statement_of(database.site, firm.id, MONTH)).parts
    assert (stock.account, stock.closing, unstamped.account, unstamped.closing) == (
        "partner_stock", 68, "unstamped", 1
    )  # fmt: skip
    assert {(line.code, line.amount) for line in unstamped.lines} == {
        ("take_serial", 3), ("return_serial", -1), ("stamp_serial", -1)
    }  # fmt: skip

    (row, *_), figures = await report(database, chain.enterprise, ReportKind.STOCK)
    assert (row["received"], row["used"], row["taken"], row["closing"]) == (100, 0, 2, 68)
    assert figures.agree
    rows, figures = await report(database, chain.enterprise, ReportKind.COLLECTOR_MONTH)
    assert [(row["serial"], row["document_type"], row["document_number"]) for row in rows] == [
        (used, "statement", "1")
    ]
    assert figures.agree


async def test_a_serial_number_without_a_job_is_shown_to_its_tree(database: TestDatabase) -> None:
    chain = await make_chain(database.operator, now=NOW)
    waiting, used = [one.serial for one in await take(database, chain.enterprise, "a", "b")]
    await sign_hash_of(database, chain.enterprise, used)
    for serial, state in ((waiting, "unstamped"), (used, "used")):
        found = await serial_below(database.site, serial, seen_by=chain.distributor.id)
        assert found is not None
        assert (found.state, found.organisation_id, found.job_id) == (state, chain.enterprise.id, None)
        assert found.facts is not None
        assert found.facts.number == "1"
        assert await serial_below(database.site, serial, seen_by=chain.retailer.id) is None


async def test_what_is_known_of_a_serial_number_is_forgotten_when_it_was_given_back_or_after_ten_years(
    database: TestDatabase,
) -> None:
    firm = (await make_chain(database.operator, now=NOW)).enterprise
    back, used, waiting = [one.serial for one in await take(database, firm, "a", "b", "c")]
    await database.owner.execute(
        """UPDATE partners.serial_facts
           SET liable_identity_type = 'nik', liable_identity = '3174000000000001', liable_name = 'Sri'"""
    )
    await database.owner.execute("SELECT stamping.return_serials($1, $2, $3)", firm.id, [back], NOW)
    await sign_hash_of(database, firm, used)
    await database.owner.execute(
        "UPDATE stamping.taken_serial SET taken_at = '2010-01-01', used_at = used_at - interval '16 years'"
    )
    async with database.worker.connection() as connection:
        assert await connection.fetchval("SELECT partners.forget_liable_parties(2010)") == 2
    known = await facts_of_serials(database.site, [back, used, waiting])
    assert known.keys() == {used, waiting}
    assert known[used].facts.liable is None
    assert known[waiting].facts.liable is not None
