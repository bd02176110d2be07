"""The owner of the database changes, removes, inserts and reorders entries of the audit trail.

Before, only a trigger kept them, which the owner can switch off, and nobody could have seen it afterwards.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from meterai.kit.audit_trail import write_audit
from meterai.operations.auditing.head_places import place_of
from meterai.operations.use_cases.publish_head import publish_head
from tests.replays.officers_cast import Office, Said, open_office
from tests.storage_fixtures import TestDatabase

pytestmark = pytest.mark.storage

FINE = "as they were written"
AGAIN = """WITH RECURSIVE again AS (
        SELECT e.id, operations.audit_hash(decode(repeat('00', 32), 'hex'), e.id, e.at, e.actor, e.action,
            e.subject, e.facts, e.written_by, e.signatures, e.request_id) AS hash
        FROM operations.audit_entry e WHERE e.id = (SELECT min(id) FROM operations.audit_entry)
        UNION ALL
        SELECT e.id, operations.audit_hash(again.hash, e.id, e.at, e.actor, e.action,
            e.subject, e.facts, e.written_by, e.signatures, e.request_id)
        FROM again JOIN operations.audit_entry e
            ON e.id = (SELECT min(n.id) FROM operations.audit_entry n WHERE n.id > again.id)
    ), hashed AS (
        UPDATE operations.audit_entry e SET hash = again.hash FROM again WHERE again.id = e.id
        RETURNING e.id, e.hash
    ) UPDATE operations.audit_head h SET entry = hashed.id, hash = hashed.hash FROM hashed
    WHERE hashed.id = (SELECT max(id) FROM operations.audit_entry)"""
"""Computes every hash again, as somebody can who owns the database."""


@pytest.fixture
async def office(database: TestDatabase, tmp_path: Path) -> Office:
    """Six entries: the officers, a stop of ani's, and four acts of customers."""
    office = await open_office(database, tmp_path)
    stop = ("stop-signing", "--reason", "drill", "--sign-with", str(office.key("ani")))
    assert "The switch is thrown" in (await office.meterai(*stop)).out
    for number in range(4):
        async with database.site.transaction() as tx:
            await write_audit(
                tx,
                actor="customer",
                action="contact.add",
                subject=f"customer {number}",
                facts={"contact": number},
                personal={"address": f"siti{number}@example.id"},
                now=datetime.now(UTC),
            )
    return office


async def tamper(office: Office, *statements: str) -> None:
    async with office.database.owner.transaction():
        await office.database.owner.execute("SET LOCAL session_replication_role = replica")
        for statement in statements:
            await office.database.owner.execute(statement)


async def verify(office: Office, *words: str) -> Said:
    return await office.meterai("history", "--verify", *words)


async def put_head(office: Office) -> str:
    """Puts the head into a file outside, as the worker does each minute."""
    file = office.folder / "heads"
    put = await publish_head(
        office.database.worker, place_of(f"file://{file}"), "heads", now=datetime.now(UTC)
    )
    assert put == 1
    return str(file)


async def test_a_trail_as_it_was_written_is_found_so(office: Office) -> None:
    said = await verify(office)
    assert (said.code, FINE in said.out) == (0, True), said
    assert "Signatures that hold: 1 with SSH keys, 0 with passkeys." in said.out
    said = await verify(office, "--head", await put_head(office))
    assert (said.code, "Heads from outside that fit: 1." in said.out) == (0, True), said


@pytest.mark.everyday(
    "UPDATE operations.audit_entry SET actor = 'budi' WHERE id = 2",
    "DELETE FROM operations.audit_entry WHERE id = 3",
    "change8",
    "change9",
)
@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("UPDATE operations.audit_entry SET actor = 'budi' WHERE id = 2", "first wrong one is entry 2 ("),
        ("UPDATE operations.audit_entry SET facts = '{}' WHERE id = 4", "first wrong one is entry 4 ("),
        ("UPDATE operations.audit_entry SET at = at - interval '1 us' WHERE id = 4", "is entry 4 ("),
        ("UPDATE operations.audit_entry SET written_by = 'x' WHERE id = 4", "is entry 4 ("),
        ("UPDATE operations.audit_entry SET signatures = '[]' WHERE id = 2", "is entry 2 ("),
        ("DELETE FROM operations.audit_entry WHERE id = 3", "entry 3 is missing"),
        ("DELETE FROM operations.audit_entry WHERE id IN (3, 4)", "entry 3 to 4 is missing"),
        ("DELETE FROM operations.audit_entry WHERE id > 4", "entries after it were removed"),
        (
            """INSERT INTO operations.audit_entry (id, at, actor, action, subject, facts, hash)
               SELECT 7, at, actor, action, subject, facts, hash FROM operations.audit_entry WHERE id = 6""",
            "is entry 7 (",
        ),
        (
            "UPDATE operations.audit_entry SET id = CASE id WHEN 3 THEN 104 WHEN 4 THEN 3 ELSE id END;"
            "UPDATE operations.audit_entry SET id = 4 WHERE id = 104",
            "is entry 3 (",
        ),
        (
            "UPDATE operations.audit_value SET value = 'eve@example.id' WHERE entry_id = 5",
            "beside it was changed",
        ),
    ],
)
async def test_what_was_changed_is_named(office: Office, change: str, words: str) -> None:
    await tamper(office, change)
    said = await verify(office)
    assert (said.code, words in said.out) == (1, True), said


@pytest.mark.everyday("DELETE FROM operations.audit_entry-ends at entry 0, but the head from outside")
@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("UPDATE operations.audit_entry SET subject = 'somebody else' WHERE id = 4", "Entry 6 does not fit"),
        ("DELETE FROM operations.audit_entry WHERE id > 4", "ends at entry 4, but the head from outside"),
        ("DELETE FROM operations.audit_entry", "ends at entry 0, but the head from outside"),
    ],
)
async def test_hashes_computed_again_do_not_fit_the_head_outside(
    office: Office, change: str, words: str
) -> None:
    file = await put_head(office)
    await tamper(office, change, AGAIN, "DELETE FROM operations.audit_head_sent")
    if "id" not in change:
        await tamper(
            office, "UPDATE operations.audit_head SET entry = 0, hash = decode(repeat('00', 32), 'hex')"
        )
    assert (await verify(office)).code == 0, "without a head from outside it can't be seen"
    said = await verify(office, "--head", file)
    assert (said.code, words in said.out) == (1, True), said


async def test_a_signature_that_is_another_s_is_named_even_in_a_whole_chain(office: Office) -> None:
    for change, words in (
        ("jsonb_set(signatures, '{0,officer}', '\"budi\"')", "a key that budi is not known to have"),
        ("jsonb_set(signatures, '{0,text}', '\"I sign.\"')", "ani signed another act"),
        ("jsonb_set(signatures, '{0,signature}', '\"none\"')", "the signature of ani does not hold"),
        ("'[]'", "0 of 1 signatures"),
    ):
        before = await office.value("SELECT signatures::text FROM operations.audit_entry WHERE id = 2")
        await tamper(office, f"UPDATE operations.audit_entry SET signatures = {change} WHERE id = 2", AGAIN)
        said = await verify(office)
        assert (said.code, words in said.out) == (1, True), said
        await tamper(office, f"UPDATE operations.audit_entry SET signatures = '{before}' WHERE id = 2", AGAIN)
    assert (await verify(office)).code == 0


async def test_erased_values_keep_the_chain(office: Office) -> None:
    file = await put_head(office)
    said = await office.meterai("history")
    assert "siti1@example.id" in said.out
    erase = ("erase", "customer 1", "--reason", "asked by letter")
    said = await office.meterai(*erase, "--sign-with", str(office.key("hana")))
    assert (said.code, "officer.may_not" in said.err) == (1, True), said
    said = await office.meterai(*erase, "--sign-with", str(office.key("gita")))
    assert (said.code, "Erased 1 value" in said.out) == (0, True), said
    said = await office.meterai("history")
    assert "siti1@example.id" not in said.out
    assert "siti2@example.id" in said.out
    assert "address: (erased)" in said.out
    said = await verify(office, "--head", file)
    assert (said.code, FINE in said.out) == (0, True), said


async def test_a_head_that_no_place_keeps_is_put_again_and_seen(
    office: Office, collector: HTTPServer
) -> None:
    behind = "SELECT operations.audit_head_behind() IS NOT NULL"
    url = f"http://127.0.0.1:{collector.server_port}/heads"
    place = place_of(url)
    collector.status = 507  # type: ignore[attr-defined]
    assert await publish_head(office.database.worker, place, url, now=datetime.now(UTC)) == 0
    missing = place_of(f"file://{office.folder}/missing/heads")
    assert await publish_head(office.database.worker, missing, "missing", now=datetime.now(UTC)) == 0
    async with office.database.site.connection() as connection:
        assert await connection.fetchval(behind)
        collector.status = 204  # type: ignore[attr-defined]
        assert await publish_head(office.database.worker, place, url, now=datetime.now(UTC)) == 1
        assert await publish_head(office.database.worker, place, url, now=datetime.now(UTC)) == 0
        assert not await connection.fetchval(behind)
    (line,) = collector.kept  # type: ignore[attr-defined]
    (office.folder / "log").write_text(f"Dec  1 08:00:00 host collector: {line}\n")
    assert (await verify(office, "--head", str(office.folder / "log"))).code == 0


class _Collector(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        if self.server.status < 300:  # type: ignore[attr-defined]
            self.server.kept.append(body)  # type: ignore[attr-defined]
        self.send_response(self.server.status)  # type: ignore[attr-defined]
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@pytest.fixture
async def collector() -> AsyncIterator[HTTPServer]:
    """A service outside that keeps lines."""
    server = HTTPServer(("127.0.0.1", 0), _Collector)
    server.kept, server.status = [], 204  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    await asyncio.to_thread(server.shutdown)
    server.server_close()
