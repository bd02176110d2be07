"""Operators keep the chain by commands. Two officers sign what makes stamps."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from typer.testing import CliRunner

from meterai.cli.main import build
from meterai.customers.organisations import ensure_organisations
from meterai.kernel.refusals import Refusal
from meterai.kernel.serial_number import RANDOM_BYTES, make_serial
from meterai.ledger.use_cases.open_books import open_books
from tests.replays.officers_cast import Office, open_office
from tests.storage_fixtures import TestDatabase

pytestmark = pytest.mark.storage
WAITS = 4


async def meterai(office: Office, *words: str) -> tuple[int, str, str]:
    """Runs a command in this process: exit code, what it printed, and the code of its refusal."""
    settings = {
        "METERAI_DATA": str(office.folder / "data"),
        "METERAI_DATABASE_OPERATOR_URL": office.database.urls.operator,
        "COLUMNS": "200",
    }
    app = build(" ".join(words[:2]))
    ended = await asyncio.to_thread(CliRunner().invoke, app, [*words], env=settings)
    refused = ended.exception.code if isinstance(ended.exception, Refusal) else ""
    assert refused or isinstance(ended.exception, SystemExit | None), ended.exception
    return ended.exit_code, ended.output, refused


async def done(office: Office, *words: str) -> str:
    code, said, _ = await meterai(office, "partner", *words)
    assert code == 0, said
    return said


async def signed_by_two(office: Office, *words: str) -> str:
    """One officer alone gets nothing done; the second carries it out."""
    _, _, refused = await meterai(office, "partner", *words)
    assert refused == "officer.unsigned"
    code, said, _ = await meterai(office, "partner", *words, "--sign-with", str(office.key("ani")))
    assert code == WAITS, said
    number = said.partition("request ")[2].split()[0]
    code, said, _ = await meterai(office, "release", "sign", number, "--sign-with", str(office.key("budi")))
    assert code == 0, said
    return said


async def test_an_operator_keeps_a_chain(database: TestDatabase, tmp_path: Path) -> None:
    office = await open_office(database, tmp_path)
    now = datetime.now(UTC)
    await ensure_organisations(database.app, now)
    await open_books(database.app, now=now)
    await done(office, "add", "dist", "--name", "PT Dist", "--role", "distributor")
    said = await signed_by_two(office, "deposit", "dist", "10000000", "--receipt", "NTPN-7")
    assert "Recorded deposit NTPN-7 of Rp10.000.000 by dist" in said
    assert "1,000 stamps" in await done(office, "block", "dist", "1000", "--by", "deposit")

    await done(office, "add", "toko", "--name", "Toko", "--role", "retailer", "--below", "dist")
    await done(office, "agree", "toko", "--price", "10200", "--credit", "1000000", "--plain-hashes")
    await done(office, "pay", "toko", "1020000", "--receipt", "TRF-1")
    block = (await done(office, "block", "toko", "100", "--by", "funds")).split()[1].rstrip(":")
    assert "90 are left" in await done(office, "return", "toko", block, "10")
    await done(office, "state", "toko", "suspended", "--reason", "a test")
    _, _, refused = await meterai(office, "partner", "block", "toko", "1", "--by", "credit")
    assert refused == "partner.not_active"

    await done(office, "add", "wapu", "--name", "Bank", "--role", "collector")
    await signed_by_two(office, "agree", "wapu", "--price", "10000", "--credit", "500000")
    await done(office, "block", "wapu", "50", "--by", "credit")
    await signed_by_two(office, "pay", "wapu", "200000", "--receipt", "NTPN-8")

    assert await database.owner.fetchval("SELECT bool_or(plain_hashes) FROM partners.agreement")
    lines = msgspec.json.decode(await done(office, "list", "--json"))
    quota = {line["organisation"]["code"]: line["quota"] for line in lines}
    assert (quota["dist"]["available"], quota["toko"]["available"]) == (910, 90)
    assert (quota["toko"]["prepaid"], quota["wapu"]["credit_owed"]) == (102_000, 300_000)
    assert "toko (retailer, suspended): 90 stamps" in await done(office, "list")
    dues = await done(office, "dues", "wapu")
    assert "wapu owes the treasury Rp300.000." in dues
    assert "by credit: 50 stamps for Rp500.000, paid Rp200.000, owed Rp300.000" in dues
    dues = await done(office, "dues", "toko")
    assert "toko owes PT Dist Rp0." in dues
    assert "by funds: 90 stamps for Rp918.000, paid Rp918.000, owed Rp0" in dues
    await database.owner.execute("UPDATE partners.block SET paid = paid - 1 WHERE paid > 0")
    assert (await meterai(office, "partner", "dues", "wapu"))[0] == 1, "the ledger says something else"
    await given_back(office, database)
    shown = await done(office, "show", "dist")
    assert "With 1 below: 1,000 stamps, 0 used" in shown
    entries = await database.owner.fetch(
        "SELECT actor FROM operations.audit_entry WHERE action = ANY ($1)",
        ["partner.deposit", "partner.agree", "partner.payment"],
    )
    assert [row["actor"] for row in entries] == ["ani, budi"] * 3


async def given_back(office: Office, database: TestDatabase) -> None:
    """An officer lists what was taken only, and gives some of it back."""
    serial = make_serial(bytes(range(RANDOM_BYTES)))
    await database.owner.execute(
        """SELECT stamping.take_serials(id, ARRAY[$1], ARRAY[$1], ARRAY[NULL::uuid],
               ARRAY['surat.pdf'], now())
           FROM partners.organisation WHERE code = 'toko'""",
        serial,
    )
    listed = await done(office, "serials", "toko")
    assert serial in listed
    assert "1 unstamped." in listed
    assert "1 of 1 went back" in await done(office, "return-serials", "toko", serial)
    assert "0 of 1 went back" in await done(office, "return-serials", "toko", serial)
    facts = await database.owner.fetchval(
        "SELECT facts FROM operations.audit_entry WHERE action = 'partner.return_serials'"
    )
    assert msgspec.json.decode(facts) == {"serials": [serial]}
