"""The gateway's own list shows what books that agree with themselves can't show."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path

import msgspec
import pytest

from meterai.sales.ports import GatewayState
from meterai.sales.use_cases.compare_gateway import Comparison, ListedTransaction, compare_gateway
from tests.run_here import RunHere
from tests.sales.shop import Shop

pytestmark = pytest.mark.storage
LAST_EVENING = datetime(2027, 12, 31, 16, 59, tzinfo=UTC)
"""A minute to midnight in Jakarta, at the end of a year."""
THIS_YEAR, NEXT_YEAR = date(2027, 12, 31), date(2028, 1, 1)


def listed(shop: Shop) -> list[ListedTransaction]:
    """What the gateway would export."""
    gone = (GatewayState.PENDING, GatewayState.REVERSED)
    return [
        ListedTransaction(
            reference=reference,
            came=0 if held.state in gone else held.paid,
            refunded=sum(held.refunds.values()),
            status=held.state,
        )
        for reference, held in shop.gateway.charges.items()
    ]


async def compare(shop: Shop, rows: list[ListedTransaction], day: date = THIS_YEAR) -> Comparison:
    return await compare_gateway(shop.db, rows, first=day, last=day)


@pytest.fixture
async def evening(shop: Shop) -> Shop:
    """Two payments before midnight and one after it, by WIB; one that goes back, one that never came."""
    shop.clock.now = LAST_EVENING
    await shop.paid_quota(pieces=2)
    page = await shop.paid_quota(pieces=3)
    await shop.ask_back(page.id, page.items[0].id, 1, given_back=0)
    await shop.pay_refunds()
    await shop.placed_quota()
    shop.pass_time(minutes=1)
    await shop.paid_quota(pieces=5)
    return shop


async def test_both_records_agree_on_a_day_that_ends_in_jakarta(evening: Shop) -> None:
    found = await compare(evening, listed(evening))
    assert (found.differences, found.listed, found.booked) == ([], 3, 2)
    assert (found.listed_rupiah, found.booked_rupiah) == (125_000, 62_500)
    found = await compare(evening, listed(evening), NEXT_YEAR)
    assert (found.differences, found.booked, found.booked_rupiah) == ([], 1, 62_500)


async def test_what_somebody_wrote_into_the_books_or_took_out_of_them_is_named(evening: Shop) -> None:
    rows = listed(evening)
    two, three, _, five = (row.reference for row in rows)

    async def differing(*changed: ListedTransaction) -> list[str]:
        by_reference = {row.reference: row for row in (*rows, *changed)}
        return [one.reference for one in (await compare(evening, [*by_reference.values()])).differences]

    assert await differing(msgspec.structs.replace(rows[0], came=0, status="pending")) == [two], "never paid"
    assert await differing(msgspec.structs.replace(rows[0], came=24_999)) == [two], "raised"
    assert await differing(msgspec.structs.replace(rows[1], refunded=0)) == [three], "refunded in the books"
    assert await differing(msgspec.structs.replace(rows[1], refunded=None)) == [], "the list says nothing"
    assert await differing(msgspec.structs.replace(rows[0], reference="GONE-1")) == ["GONE-1"], "deleted"
    without = [one.reference for one in (await compare(evening, rows[1:])).differences]
    assert without == [two], "the gateway never had it"
    denied = msgspec.structs.replace(rows[0], came=0, refunded=None, status="deny")
    found = await compare(evening, [denied, *rows, denied])
    assert (found.differences, found.listed_rupiah) == ([], 125_000), "a second try under one number"
    found = await compare(evening, [*rows, msgspec.structs.replace(rows[0])])
    assert [one.reference for one in found.differences] == [two], "paid twice under one number"
    assert found.listed_rupiah == 125_000 + 25_000
    evening.gateway.charges[five].state = GatewayState.REVERSED
    await evening.settle(five)
    assert (await compare(evening, listed(evening))).differences == []
    assert await differing() == [five], "written off, and the gateway has it"


@pytest.mark.parametrize(
    ("header", "line", "status", "said"),
    [
        ("order_id,transaction_status,gross_amount", "{0},settlement,25000.00", 0, "They agree."),
        ("Order ID,Transaction Status,Gross Amount,Fee", "{0},Settlement,25000,1", 0, "They agree."),
        ("order_id,transaction_status,gross_amount", "{0},expire,25000.00", 1, "1 differ."),
        ("order_id,transaction_status,gross_amount", "ELSE-1,settlement,7.00", 1, "2 differ."),
    ],
)
async def test_the_list_is_compared_by_command(
    shop: Shop, tmp_path: Path, header: str, line: str, status: int, said: str
) -> None:
    page = await shop.paid_quota(pieces=2)
    file = tmp_path / "list.csv"
    file.write_text(f"\ufeff{header}\n{line.format(page.payments[0].reference)}\n")
    command = [sys.executable, "-m", "meterai.cli", "reconcile", str(file), "--from", "2026-09-05"]
    done = await asyncio.to_thread(
        subprocess.run,
        command,
        env={**os.environ, "METERAI_DATABASE_READER_URL": shop.database.urls.reader, "COLUMNS": "200"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == status, done.stderr
    assert said in done.stdout + done.stderr


_HEADER = b"order_id,transaction_status,gross_amount\n"


@pytest.mark.parametrize(
    ("written", "said"),
    [
        (_HEADER + b"A-1,paid,25000.00\n", "'paid' is not known"),
        (_HEADER + b"A-1,settlement,25.000\n", "is no amount"),
        (b"order_id,gross_amount\nA-1,25000.00\n", "transaction_status"),
        (_HEADER.decode().encode("utf-16"), "is no CSV in UTF-8"),
        (_HEADER + b'"' + b"A-1" * 50_000, "is no CSV in UTF-8"),
    ],
    ids=range(5),
)
def test_a_list_that_can_not_be_read_is_no_verdict(
    written: bytes, said: str, run_here: RunHere, tmp_path: Path
) -> None:
    """A spreadsheet may have saved the file in another way. A stack trace would look like a fault of ours."""
    file = tmp_path / "list.csv"
    file.write_bytes(written)
    done = run_here("reconcile", str(file), "--from", "2026-09-05", env={"COLUMNS": "200"})
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
