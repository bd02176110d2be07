"""A generated history is one that the product could have written."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import pytest

from benchmarks.growth.__main__ import grow, main
from benchmarks.growth.history import TABLES
from meterai.kernel.serial_number import parse_serial
from meterai.kit.files.object_store import FolderStore
from meterai.operations.use_cases.check_invariants import run_invariants
from meterai.operations.use_cases.open_site import DEVELOPMENT_STOCK, open_site
from meterai.stamping.signer.key_files import read_counters
from tests.storage_fixtures import TestDatabase

pytestmark = pytest.mark.storage

NOW = datetime(2026, 9, 4, 12, tzinfo=UTC)
CUSTOMERS = 200


async def fill(database: TestDatabase, signer: Path) -> None:
    """Prepares a service with a history of 200 customers."""
    await open_site(database.app, events_file="", development=True, now=NOW)
    await grow(
        database.urls.app,
        database.urls.owner,
        signer=signer,
        customers=CUSTOMERS,
        now=NOW,
        progress=lambda what, done, total: None,
    )


def test_without_a_service_it_says_how_to_start_one(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(sys, "argv", ["growth", "--data", str(tmp_path)])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert "Start it: script/server" in capsys.readouterr().err


async def test_a_made_up_history_keeps_every_invariant(database: TestDatabase, tmp_path: Path) -> None:
    await fill(database, tmp_path)
    results = await run_invariants(
        database.reader,
        now=NOW,
        objects=FolderStore(tmp_path / "objects"),
        counters=read_counters(tmp_path),
    )
    assert [(found.id, found.violations) for found in results if not found.ok] == []
    looked_at = {found.id: found.checked for found in results}
    assert looked_at.pop("I9") == 0, "no file of an imported release is here"
    assert looked_at.pop("I13") == 0, "nobody of the history stood in line"
    assert looked_at.pop("I25") == 0, "everything is finished"
    for partners in ("I28", "I29", "I30", "I31"):
        assert looked_at.pop(partners) == 0, "people bought, and no partner"
    assert looked_at.pop("I32") == 0, "no report and no bank statement came"
    assert all(looked_at.values())
    assert looked_at["I1"] == 2 * CUSTOMERS
    (files,) = [found for found in results if found.id == "I9"]
    assert "400 imported" in files.note, "what was not looked at is said"


async def test_a_made_up_history_breaks_no_foreign_key_and_leaves_every_index_whole(
    database: TestDatabase, tmp_path: Path
) -> None:
    await fill(database, tmp_path)
    keys = await database.owner.fetch(
        """SELECT conrelid::regclass::text AS of_table, conname, pg_get_constraintdef(oid) AS definition
           FROM pg_constraint WHERE contype = 'f' AND conrelid = ANY ($1::text[]::regclass[])""",
        list(TABLES),
    )
    assert len(keys) > 10
    for key in keys:  # adding it again checks every row
        await database.owner.execute(f"ALTER TABLE {key['of_table']} DROP CONSTRAINT {key['conname']}")
        await database.owner.execute(f"ALTER TABLE {key['of_table']} ADD {key['definition']}")
    assert not await database.owner.fetchval(
        "SELECT count(*) FROM pg_index WHERE NOT (indisvalid AND indisready)"
    )


async def test_a_made_up_serial_number_is_one_that_a_person_could_type(
    database: TestDatabase, tmp_path: Path
) -> None:
    await fill(database, tmp_path)
    serials = [row["serial"] for row in await database.owner.fetch("SELECT serial FROM stamping.serial")]
    assert [parse_serial(serial) for serial in serials] == serials
    assert len(set(serials)) == 2 * CUSTOMERS


async def test_what_was_there_before_stays(database: TestDatabase, tmp_path: Path) -> None:
    await fill(database, tmp_path)
    stock = await database.owner.fetch("SELECT code, amount FROM ledger.transfer WHERE code = 'issue'")
    assert sorted(row["amount"] for row in stock) == [2 * CUSTOMERS, DEVELOPMENT_STOCK]


async def test_a_second_history_is_refused(database: TestDatabase, tmp_path: Path) -> None:
    await fill(database, tmp_path)
    with pytest.raises(FileExistsError):
        await fill(database, tmp_path)


async def test_the_application_cannot_call_a_release_imported(database: TestDatabase) -> None:
    columns = "serial, version, sha256, bytes, pages, document_id, released_at"
    values = "'0', 1, '', 1, 1, gen_random_uuid(), now()"
    async with database.app.connection() as app:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await app.execute(f"INSERT INTO stamping.release ({columns}, imported) VALUES ({values}, true)")
