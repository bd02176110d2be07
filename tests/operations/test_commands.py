"""Commands such as `meterai check` as an operator runs them: real processes, real database."""

from __future__ import annotations

import asyncio
import csv
import io
import os
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from meterai.cli.operator.history import newest, shown
from meterai.cli.operator.shared.operator_settings import operator_name
from meterai.kit.audit_trail import AuditEntry, write_audit
from meterai.kit.files.object_store import FolderStore
from meterai.stamping import signer_wire
from tests.console.running_console import browser_of
from tests.console.test_sign_in import ORIGIN as CONSOLE
from tests.console.test_sign_in import enrol
from tests.officers import record_officer
from tests.operations.plants import PLANTS
from tests.operations.world import COUNTERS, World, build
from tests.prepared import without_settings
from tests.storage_fixtures import TestDatabase

pytestmark = pytest.mark.storage


@pytest.fixture
async def world(database: TestDatabase, tmp_path: Path) -> World:
    (tmp_path / "signer").mkdir()
    for key, uses in COUNTERS.items():
        (tmp_path / "signer" / f"{key}.count").write_text(f"{uses:020}")
    return await build(database, FolderStore(tmp_path / "objects"))


async def meterai(
    database: TestDatabase, data: Path, *words: str, reserve_bytes: int = 0, **settings: str
) -> tuple[int, str, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "meterai.cli",
        *words,
        "--data",
        str(data),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={
            **os.environ,
            "METERAI_DATABASE_READER_URL": database.urls.reader,
            "METERAI_DATABASE_OPERATOR_URL": database.urls.operator,
            "METERAI_DISK_RESERVE_BYTES": str(reserve_bytes),
            "COLUMNS": "140",
            **settings,
        },
    )
    out, err = await process.communicate()
    return process.returncode or 0, out.decode(), err.decode()


# The world's clock stands still in 2026: what is young there is old for the command, which has the real one.
AGES = "UPDATE ledger.transfer SET expires_at = expires_at + interval '100 years' WHERE code = 'reserve_sale'"


async def test_check_ends_well_on_a_healthy_service(world: World, tmp_path: Path) -> None:
    await world.owner.execute("SET session_replication_role = replica")
    await world.owner.execute(AGES)
    status, out, err = await meterai(world.database, tmp_path, "check", "--json")
    report: dict[str, Any] = msgspec.json.decode(out)
    assert (status, report["ok"]) == (0, True), out + err
    assert {found["id"] for found in report["invariants"]} >= {"I1", "I3", "I8", "I9", "I23"}
    (warning,) = report["warnings"]
    assert warning.startswith("2026-09-04 is over and not closed: run meterai day close"), "all else is well"
    await world.owner.execute(
        """INSERT INTO stamping.signing_key (
               key_id, place, certificates, valid_from, valid_until, active_from, added_at)
           VALUES ('0123456789abcdef', 'file:pki', '{a}', '2026-01-01', now() + interval '9.5 days',
               '2026-01-01', '2026-01-01')"""
    )
    await world.owner.execute(
        """INSERT INTO stamping.archive (document_id, level, due_at, attempts, trouble_code)
           VALUES (gen_random_uuid(), 'B-T', now(), 3, 'revocation.unavailable')"""
    )
    status, out, _ = await meterai(world.database, tmp_path, "check", "--no-files", reserve_bytes=1 << 60)
    assert status == 0
    assert f"The disk of {tmp_path} has " in " ".join(out.split())
    assert "ends in 9 days and no other follows" in out
    assert "1 released files at B-T could not be raised or renewed" in out
    assert "An authority does not say whether a certificate is revoked." in out
    await world.owner.execute(
        "UPDATE stamping.signing_key SET valid_until = '2026-02-03' WHERE place = 'file:pki'"
    )
    status, out, _ = await meterai(world.database, tmp_path, "check", "--no-files")
    assert "has ended: nothing is signed and no other follows" in " ".join(out.split())


@pytest.mark.long
async def test_check_says_when_the_time_stamp_authority_s_certificate_ends(
    world: World, tmp_path: Path
) -> None:
    ends = datetime.now(UTC) + timedelta(days=9, hours=12)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        signer_wire.read_request(await signer_wire.read_frame(reader))
        writer.write(signer_wire.frame(signer_wire.Identity("key", [], tsa_ends=ends)))

    signer_wire.socket_path(tmp_path).parent.mkdir(parents=True)
    async with await asyncio.start_unix_server(answer, signer_wire.socket_path(tmp_path)):
        _, out, _ = await meterai(world.database, tmp_path, "check", "--no-files")
        assert "The time-stamp authority's certificate ends in 9 days" in out
        ends = datetime.now(UTC) - timedelta(hours=1)
        _, out, _ = await meterai(world.database, tmp_path, "check", "--no-files")
        assert "The time-stamp authority's certificate has ended" in out


async def test_check_ends_with_1_and_names_what_is_broken(world: World, tmp_path: Path) -> None:
    await world.owner.execute("SET session_replication_role = replica")
    await world.owner.execute(AGES)
    await world.owner.execute(next(plant.sql for plant in PLANTS if plant.invariant == "I23"))
    status, out, _ = await meterai(world.database, tmp_path, "check", "--no-files")
    assert status == 1
    assert "I23" in out
    assert "transfers say" in out
    assert "I9" not in out


async def test_check_says_what_to_do_when_nothing_runs(database: TestDatabase, tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "meterai.cli", "check", "--data", str(tmp_path)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=without_settings(),
    )
    _, err = await process.communicate()
    assert process.returncode == 2
    assert b"script/server" in err


async def test_issue_quota_issues_once_per_deposit(database: TestDatabase, tmp_path: Path) -> None:
    words = ("issue-quota", "1000", "--deposit", "NTPN-42", "--json")
    _, first, _ = await meterai(database, tmp_path, *words)
    status, again, _ = await meterai(database, tmp_path, *words)
    assert status == 0
    one, two = msgspec.json.decode(first), msgspec.json.decode(again)
    assert (one["new"], one["stock"], one["amount"]) == (True, 1000, 10_000_000)
    assert (two["new"], two["stock"]) == (False, 1000)
    status, _, err = await meterai(database, tmp_path, "issue-quota", "999", "--deposit", "NTPN-42")
    assert status == 1
    assert "booked before with other figures" in err
    assert "ledger.id_reused" in err


async def test_the_audit_trail_says_who_issued_how_much_for_which_receipt(
    database: TestDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SUDO_USER", "oscar")
    monkeypatch.setenv("LOGNAME", "somebody else")
    oscar = operator_name()  # where the kernel does not know who logged in
    for receipt in ("NTPN-42", "ntpn-42"):
        await meterai(database, tmp_path, "issue-quota", "1000", "--deposit", receipt)
    await meterai(database, tmp_path, "issue-quota", "999", "--deposit", "NTPN-42")
    async with database.app.transaction() as tx:
        await write_audit(tx, actor="ani", action="queue.halt", subject="it", facts={}, now=datetime.now(UTC))
    status, out, err = await meterai(database, tmp_path, "history", "--json")
    assert status == 0, err
    issued, halted = msgspec.json.decode(out)
    assert (issued["actor"], issued["action"], issued["subject"]) == (oscar, "quota.issue", "NTPN-42")
    assert issued["facts"] == {"pieces": 1000, "amount": 10_000_000}
    assert halted["action"] == "queue.halt"
    _, out, _ = await meterai(database, tmp_path, "history", "--of", "quota")
    assert out.endswith(f" WIB {oscar}  quota.issue  NTPN-42  amount: 10000000, pieces: 1000\n")
    assert out.count("\n") == 1


async def test_an_officer_enrols_with_the_link_that_the_owner_printed(
    database: TestDatabase, tmp_path: Path
) -> None:
    await record_officer(database, "ani", "{finance}")
    settings = {"METERAI_DATABASE_URL": database.urls.owner, "METERAI_CONSOLE_URL": f"{CONSOLE}/"}
    status, out, err = await meterai(database, tmp_path, "officers", "invite", "nobody", **settings)
    assert (status, out, "officer.unknown" in err) == (1, "", True)
    status, out, err = await meterai(database, tmp_path, "officers", "invite", "ani", **settings)
    assert (status, "to ani alone" in err) == (0, True), err
    link = out.removesuffix("\n")
    assert link.startswith(f"{CONSOLE}/undangan/"), "the link alone, so that it can be passed on"
    browser = browser_of(database, clock=lambda: datetime.now(UTC))
    await enrol(browser, link.removeprefix(CONSOLE), at=datetime.now(UTC))
    assert browser.headers["location"] == "/", browser.text
    assert await browser.get("/sesi") == "/sesi"
    invited = await database.owner.fetchval(
        "SELECT actor FROM operations.audit_entry WHERE (action, subject) = ('officer.invite', 'ani')"
    )
    assert invited == operator_name()


@pytest.mark.parametrize(
    ("login", "sudo", "expected"),
    [
        ("0", "oscar", "root"),
        ("4294967295", "oscar", "oscar"),
        ("4294967295", "", "uid 54321"),
        ("54321", "oscar", "uid 54321"),
        ("", "oscar", "oscar"),
    ],
)
def test_an_act_is_of_who_logged_in_whatever_the_environment_says(
    login: str, sudo: str, expected: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "loginuid").write_text(login)
    monkeypatch.setattr("meterai.cli.operator.shared.operator_settings._LOGIN_UID", tmp_path / "loginuid")
    monkeypatch.setattr(os, "getuid", lambda: 54321)
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.setenv(name, "somebody else")
    monkeypatch.setenv("SUDO_USER", sudo)
    assert operator_name() == expected


def test_an_act_is_shown_with_its_time_in_wib_and_older_ones_are_said_to_be_there(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Otherwise acts at the turn of a year would have the date of another year."""
    acts = [
        AuditEntry(
            at=datetime(2026, 12, 31, 17, minute, tzinfo=UTC), actor="a", action="b", subject="c", facts={}
        )
        for minute in (2, 1, 0)
    ]
    assert [shown(act)[:23] for act in newest(acts, 2)] == [
        "2027-01-01 00:01:00 WIB",
        "2027-01-01 00:02:00 WIB",
    ]
    assert "older ones" in capsys.readouterr().err
    assert len(newest(acts, 3)) == 3
    assert capsys.readouterr().err == ""


@pytest.mark.long
async def test_the_books_of_a_period_are_told_in_words_as_json_and_as_csv(
    world: World, tmp_path: Path
) -> None:
    """The world's day, as an accountant asks for it."""
    words = ("books", "--from", "2026-09-01", "--until", "2026-09-30")
    status, out, err = await meterai(world.database, tmp_path, *words)
    assert status == 0, err
    assert "2026-09-01 to 2026-09-30 (WIB)" in out
    _, out, _ = await meterai(world.database, tmp_path, *words, "--json")
    report: dict[str, Any] = msgspec.json.decode(out)
    closing = {one["account"]: one["closing"] for one in report["accounts"]}
    rows = await world.owner.fetch(
        "SELECT kind, sum(credits_posted - debits_posted)::bigint AS balance"
        " FROM ledger.account GROUP BY kind"
    )
    stored = {row["kind"]: row["balance"] for row in rows}
    assert closing == {kind: stored[kind] for kind in closing}
    assert not any(balance for kind, balance in stored.items() if kind not in closing)
    _, out, _ = await meterai(world.database, tmp_path, *words, "--csv")
    lines = list(csv.DictReader(io.StringIO(out)))
    (sold,) = [line for line in lines if line["code"] == "sale_vat"]
    assert (sold["business_date"], sold["unit"], sold["credit"]) == ("2026-09-04", "IDR", "vat_payable")
    vat = await world.owner.fetchval("SELECT sum(amount) FROM ledger.transfer WHERE code = 'sale_vat'")
    assert int(sold["amount"]) == vat
    status, _, err = await meterai(
        world.database, tmp_path, "books", "--from", "2026-09-02", "--until", "2026-09-01"
    )
    assert status == 2
    assert "before the first" in err


@pytest.mark.long
async def test_what_issue_quota_would_book_is_shown_and_not_booked(
    database: TestDatabase, tmp_path: Path
) -> None:
    """An extra zero can't be taken back."""
    await meterai(database, tmp_path, "issue-quota", "12", "--deposit", "NTPN-41")
    words = ("issue-quota", "100000", "--deposit", "NTPN-42")
    _, out, said = await meterai(database, tmp_path, *words, "--dry-run")
    assert said.splitlines()[-1] == f"Next: meterai {' '.join(words)} --data {tmp_path}"
    assert "Nothing is booked. This would issue 100,000 stamps for deposit NTPN-42 of Rp1.000.000.000" in out
    assert "can sell 12 stamps now, and 100,012 then" in out
    status, out, _ = await meterai(
        database, tmp_path, "issue-quota", "13", "--deposit", "NTPN-41", "--dry-run"
    )
    assert (status, out) == (1, ""), "the receipt was booked with another number"
    _, out, _ = await meterai(database, tmp_path, "issue-quota", "12", "--deposit", "NTPN-41", "--dry-run")
    assert "Issued before" in out
    _, out, _ = await meterai(database, tmp_path, *words)
    assert "can sell 100,012 stamps now, 12 before" in out


@pytest.mark.parametrize("receipt", ["", "  "])
async def test_a_receipt_that_is_empty_issues_nothing(
    database: TestDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, receipt: str
) -> None:
    """As from an unset shell variable. In production it would issue stamps without a deposit."""
    monkeypatch.setenv("METERAI_ENVIRONMENT", "production")
    words = ("issue-quota", "1000", "--deposit", receipt)
    status, out, err = await meterai(database, tmp_path, *words)
    assert (status, out) == (2, "")
    assert "--deposit" in err


async def test_the_history_of_the_keys_is_not_pushed_out_by_what_customers_and_queues_do(
    database: TestDatabase, tmp_path: Path
) -> None:
    now = datetime.now(UTC)
    async with database.app.transaction() as tx:
        kept = ["key.add", "sealing.stop", "register.restore"]
        for action in [*kept, *["contact.added", "queue.halt", "refund.end"] * 20]:
            await write_audit(tx, actor="ani", action=action, subject="it", facts={}, now=now)
    status, out, err = await meterai(database, tmp_path, "keys", "history")
    assert status == 0, err
    assert [line.split()[4] for line in out.splitlines()] == kept


@pytest.mark.long
@pytest.mark.parametrize("slip", ["0123", "0123456789abcdee"])
async def test_the_serials_of_an_unknown_key_are_not_none_but_refused(
    world: World, tmp_path: Path, slip: str
) -> None:
    status, out, err = await meterai(world.database, tmp_path, "keys", "serials", slip)
    assert (status, out) == (1, "")
    assert "key.unknown" in err
