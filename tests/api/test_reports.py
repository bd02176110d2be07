"""Reports by the API: asked for, made by the worker from the ledger, fetched as files."""

from __future__ import annotations

import csv
import io
import secrets
import xml.etree.ElementTree as xml
import zipfile
from datetime import timedelta

import pytest
import pytest_asyncio

from meterai.kernel.ids import derived_id, new_id
from meterai.kernel.serial_number import RANDOM_BYTES, make_serial
from meterai.partners.model import Organisation, stock_account_id
from meterai.partners.use_cases.make_reports import forget_old_reports, make_due_report
from tests.api.partner import Partner, Tokens, caller_of, code_of, json_of
from tests.partners.organisations import Chain, make_chain
from tests.web.running_site import RunningSite
from tests.web.test_stored_documents import RIGHT, stored

URL = "/api/v1/reports"


@pytest_asyncio.fixture
async def chain(running: RunningSite) -> Chain:
    return await make_chain(running.line.database.app, now=running.line.now)


def partner_of(running: RunningSite, tokens: Tokens, organisation: Organisation) -> Partner:
    return tokens.partner(running.site, caller_of(organisation.id))


async def use_stamp(running: RunningSite, of: Organisation, *, number: str) -> str:
    """A stamp of an organisation that was used, with facts of its document. Gives its serial number."""
    owner, now = running.line.database.owner, running.line.now
    document = await stored(running, of.account_holder, RIGHT, organisation_id=of.id)
    job, serial = new_id(now), make_serial(secrets.token_bytes(RANDOM_BYTES))
    new = await owner.fetchval(
        """SELECT stamping.start_jobs(ARRAY[$1::uuid], ARRAY[$2::uuid], ARRAY[$3::uuid], ARRAY[$3::text],
               ARRAY[decode(repeat('00', 32), 'hex')], ARRAY[$4::uuid], ARRAY[$3::uuid],
               ARRAY[decode(repeat('00', 32), 'hex')], $5, NULL, ARRAY[$6::text], ARRAY[$1::uuid],
               ARRAY[1], $5)""",
        job, of.account_holder, document, stock_account_id(of.id), now, serial,
    )  # fmt: skip
    assert new == [job]
    await owner.execute(
        """INSERT INTO partners.stamp_facts VALUES ($1, $2, 'sum_of_money', $3, $4, 7500000, 'npwp',
               '0123456789012345', '=Toko Maju')""",
        job, of.id, number, now.date(),
    )  # fmt: skip
    reservation = await owner.fetchval("SELECT reservation_id FROM stamping.serial WHERE serial = $1", serial)
    await owner.execute(
        """SELECT ledger.post_lines(ARRAY[ROW($1, 'post', $2, 'stamping', NULL, NULL, NULL, $3, $4, NULL)
               ::ledger.line], $5)""",
        derived_id("stamping", reservation), reservation, job, of.id, now,
    )  # fmt: skip
    await owner.execute("UPDATE stamping.serial SET state = 'released', released_at = $1", now)
    await owner.execute("UPDATE stamping.job SET state = 'released', ended_at = $1", now)
    return serial


async def make(running: RunningSite) -> int:
    return await make_due_report(running.line.database.worker, clock=lambda: running.line.now)


def table_of(body: bytes) -> list[dict[str, str]]:
    assert body.startswith("\ufeff".encode())
    return list(csv.DictReader(io.StringIO(body.decode("utf-8-sig"))))


def sheet_of(body: bytes, number: int) -> list[list[str]]:
    """The cells of a sheet of a workbook, as text."""
    name = {"m": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        root = xml.fromstring(archive.read(f"xl/worksheets/sheet{number}.xml"))
    return [
        ["".join(cell.itertext()) for cell in row.iterfind("m:c", name)]
        for row in root.iterfind("m:sheetData/m:row", name)
    ]


async def test_a_collectors_month_has_each_stamp_and_agrees_with_the_ledger(
    running: RunningSite, tokens: Tokens, chain: Chain
) -> None:
    serials = [await use_stamp(running, chain.collector, number=f"INV-{n}") for n in range(3)]
    await use_stamp(running, chain.enterprise, number="of others")
    partner, month = partner_of(running, tokens, chain.collector), f"{running.line.now:%Y-%m}"
    asked = await partner.post(URL, {"kind": "collector_month", "month": month}, key="one")
    again = await partner.post(URL, {"kind": "collector_month", "month": month}, key="one")
    assert (asked.status, json_of(asked)["state"], again.body) == (202, "waiting", asked.body)
    address = asked.headers["location"]
    assert code_of(await partner.get(f"{address}/csv")) == (409, "report.not_ready")
    assert (await make(running), await make(running)) == (1, 0)
    report = json_of(await partner.get(address))
    assert (report["state"], report["lines"]) == ("ready", 3)
    assert report["figures"] | {"stamps": 3, "duty": 30_000, "ledger_used_ever": 3} == report["figures"]
    written = await partner.get(report["files"]["csv"])
    rows = table_of(written.body)
    assert sorted(row["Nomor seri"] for row in rows) == sorted(serials)
    assert {(row["Nilai dokumen"], row["Nama pihak terutang"]) for row in rows} == {
        ("7500000", "'=Toko Maju")
    }
    assert {row["Nomor dokumen"] for row in rows} == {"INV-0", "INV-1", "INV-2"}
    book = await partner.get(report["files"]["xlsx"])
    assert 'filename="collector-month' in book.headers["content-disposition"]
    cells = sheet_of(book.body, 1)
    assert (len(cells), {row[3] for row in cells[1:]}, cells[1][-1]) == (4, set(serials), "=Toko Maju")
    assert ["Jumlah meterai", "3"] in sheet_of(book.body, 2)


async def test_a_report_that_does_not_agree_with_the_ledger_is_not_given_out(
    running: RunningSite, tokens: Tokens, chain: Chain
) -> None:
    """A serial number was taken out of the books of stamping. The ledger knows that a stamp was used."""
    await use_stamp(running, chain.collector, number="INV-0")
    partner = partner_of(running, tokens, chain.collector)
    asked = await partner.post(URL, {"kind": "collector_month", "month": f"{running.line.now:%Y-%m}"})
    await running.line.database.owner.execute(
        "UPDATE stamping.job SET customer_id = $1", chain.enterprise.account_holder
    )
    await make(running)
    report = json_of(await partner.get(asked.headers["location"]))
    assert (report["state"], report["code"], report["files"]) == ("failed", "report.unreconciled", {})
    assert (report["figures"]["used_ever"], report["figures"]["ledger_used_ever"]) == (0, 1)


async def test_a_distributors_stock_shows_each_organisation_below_it(
    running: RunningSite, tokens: Tokens, chain: Chain
) -> None:
    await use_stamp(running, chain.enterprise, number="1")
    partner = partner_of(running, tokens, chain.distributor)
    asked = await partner.post(URL, {"kind": "stock", "month": f"{running.line.now:%Y-%m}"})
    await make(running)
    rows = table_of((await partner.get(f"{asked.headers['location']}/csv")).body)
    moved = ("Diterima", "Diteruskan", "Dipakai", "Stok akhir")
    assert {row["Kode unit"]: tuple(row[name] for name in moved) for row in rows} == {
        "dist": ("1000", "300", "0", "700"),
        "retail": ("200", "0", "0", "200"),
        "firm": ("100", "30", "1", "69"),
        "branch": ("30", "0", "0", "30"),
    }


@pytest.mark.parametrize(
    ("role", "expected"),
    [
        (
            "collector",
            {"Dasar": "credit", "Keping": "50", "Nilai": "500000", "Dibayar": "0", "Terutang": "500000"},
        ),
        ("distributor", {"Dasar": "deposit", "Nilai": "10000000", "Setoran yang belum dipakai": "10000000"}),
    ],
)
async def test_the_treasurys_dues_are_those_of_the_ledger(
    running: RunningSite, tokens: Tokens, chain: Chain, role: str, expected: dict[str, str]
) -> None:
    partner = partner_of(running, tokens, getattr(chain, role))
    asked = await partner.post(URL, {"kind": "treasury_dues", "month": f"{running.line.now:%Y-%m}"})
    await make(running)
    assert json_of(await partner.get(asked.headers["location"]))["state"] == "ready"
    (row,) = table_of((await partner.get(f"{asked.headers['location']}/csv")).body)
    assert row | expected == row


async def test_reports_are_listed_to_their_organisation_and_to_no_other(
    running: RunningSite, tokens: Tokens, chain: Chain
) -> None:
    partner, other = (partner_of(running, tokens, one) for one in (chain.enterprise, chain.retailer))
    ids = []
    for _ in range(3):
        running.line.now += timedelta(seconds=1)
        asked = await partner.post(URL, {"kind": "stock", "month": f"{running.line.now:%Y-%m}"})
        ids.append(json_of(asked)["id"])
    first = json_of(await partner.get(f"{URL}?limit=2"))
    rest = json_of(await partner.get(f"{URL}?limit=2&cursor={first['next_cursor']}"))
    assert [one["id"] for one in first["data"] + rest["data"]] == ids[::-1]
    assert rest["next_cursor"] is None
    assert json_of(await other.get(URL))["data"] == []
    for path in ("", "/csv", "/xlsx"):
        foreign, unknown = [await other.get(f"{URL}/{id}{path}") for id in (ids[0], "rpt_" + "0" * 26)]
        assert code_of(foreign) == code_of(unknown) == (404, "api.unknown_id")


@pytest.mark.parametrize(
    ("kind", "month", "code"),
    [
        ("collector_month", "", (409, "report.not_for_role")),
        ("treasury_dues", "", (409, "report.not_for_role")),
        ("stock", "2099-01", (404, "report.no_month")),
        ("stock", "2026-13", (422, "api.invalid")),
        ("all", "", (422, "api.invalid")),
    ],
)
async def test_a_report_that_nobody_can_make_is_refused(
    running: RunningSite, tokens: Tokens, chain: Chain, kind: str, month: str, code: tuple[int, str]
) -> None:
    partner = partner_of(running, tokens, chain.enterprise)
    order = {"kind": kind, "month": month or f"{running.line.now:%Y-%m}"}
    assert code_of(await partner.post(URL, order)) == code


async def test_old_reports_go_with_their_files(running: RunningSite, tokens: Tokens, chain: Chain) -> None:
    partner, owner = partner_of(running, tokens, chain.enterprise), running.line.database.owner
    await partner.post(URL, {"kind": "stock", "month": f"{running.line.now:%Y-%m}"})
    await make(running)
    worker = running.line.database.worker
    assert await forget_old_reports(worker, now=running.line.now + timedelta(days=29)) == 0
    assert await owner.fetchval("SELECT count(*) FROM partners.report_part") == 2
    assert await forget_old_reports(worker, now=running.line.now + timedelta(days=31)) == 1
    assert await owner.fetchval("SELECT count(*) FROM partners.report_part") == 0
