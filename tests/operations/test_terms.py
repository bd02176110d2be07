"""Personal data goes when its term is over. What the books and the verifier need stays."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.files.object_store import FolderStore, ObjectMissing
from meterai.kit.privacy import terms_of
from meterai.kit.settings import Settings
from meterai.operations.use_cases import keep_terms as job
from meterai.operations.use_cases.check_invariants import run_invariants
from meterai.operations.use_cases.clean_up_uploads import clean_up_uploads
from meterai.sales.store import terms as sales_terms
from meterai.stamping.queries import released_file, released_objects
from meterai.waiting_room.rules.model import Schedule
from tests.operations.world import COUNTERS, World, build, named, serial_of
from tests.storage_fixtures import TestDatabase

pytestmark = pytest.mark.storage

TODAY = datetime.now(UTC)
LONG_AGO = datetime(2011, 5, 4, tzinfo=UTC)
LATELY = TODAY - timedelta(days=20)


@dataclass
class OldWorld(World):
    """The world, and the folder of its lines."""

    lines: Path

    @property
    def notes(self) -> Path:
        """What people wrote when they joined at the first gate."""
        return self.lines / "casn" / "gates" / "1" / "notes"


@pytest.fixture
async def world(database: TestDatabase, tmp_path: Path) -> OldWorld:
    built = await build(database, FolderStore(tmp_path / "objects"))
    return OldWorld(**vars(built), lines=tmp_path / "queue")


async def contact(world: OldWorld, name: str, *, verified: datetime, removed: datetime | None = None) -> None:
    await world.insert(
        "customers.contact",
        id=named("contact", f"{name} {removed}"),
        customer_id=named("customer", name),
        kind="email",
        value=f"{name}{'.old' if removed else ''}@example.id",
        verified_at=verified,
        replaced_at=removed,
    )


async def age(world: OldWorld) -> None:
    """Alice and what she did is old. Of Bob one refund is old, and of the line the closing."""
    run = world.owner.execute
    alice = named("order", "alice")
    await run(
        """UPDATE sales.orders SET created_at = $2, paid_at = $2, closed_at = $2, contact_kind = 'email',
               contact_value = 'alice@example.id' WHERE id = $1""",
        alice,
        LONG_AGO,
    )
    await run("INSERT INTO sales.buyer VALUES ($1, 'PT Alice', NULL, $2)", alice, LONG_AGO)
    await run("INSERT INTO sales.buyer VALUES ($1, 'PT Bob', NULL, $2)", named("order", "bob"), LATELY)
    await run(
        "UPDATE stamping.document SET created_at = $1 WHERE id = $2", LONG_AGO, named("document", "alice")
    )
    await run("UPDATE stamping.job SET ended_at = $1 WHERE id = $2", LONG_AGO, named("job", "alice"))
    for refund, paid in (("bob one", LONG_AGO), ("bob two", None)):
        await run(
            """UPDATE sales.refund SET account_number = '123456789', account_holder = 'Bob', bank = 'bca',
                   paid_at = $2 WHERE id = $1""",
            named("refund", refund),
            paid,
        )
        await named_account(world, named("refund", refund))
    await run("UPDATE sales.notice SET received_at = $1", LONG_AGO)
    await run("UPDATE sales.event SET closes_at = $1, opens_at = '2011-01-01'", LONG_AGO)
    closed = int(LONG_AGO.timestamp())
    schedule = Schedule(joins_from=closed - 60, opens_at=closed - 60, closes_at=closed)
    await run("UPDATE waiting_room.queue SET schedule = $1", msgspec.json.encode(schedule).decode())
    await run(
        """INSERT INTO waiting_room.certificate
           SELECT number, decode(repeat('ab', 12), 'hex'), 'C', 'signed', $1 FROM waiting_room.queue""",
        LONG_AGO,
    )
    await run(
        """INSERT INTO waiting_room.reminder
               (queue, id, number, contact_kind, contact_value, language, ticket)
           SELECT number, decode(repeat('ab', 12), 'hex'), 1, 'email', 'a@b.id', 'id', 't'
           FROM waiting_room.queue"""
    )
    await contact(world, "alice", verified=LONG_AGO)
    await contact(world, "bob", verified=LONG_AGO)
    await contact(world, "bob", verified=LONG_AGO, removed=LONG_AGO)


async def named_account(world: OldWorld, refund: object) -> None:
    await world.owner.fetchval(
        """SELECT operations.write_audit('customer', 'refund.name_account', $1::text, '{}', now(), 'bob',
               '{"account": "123456789", "holder": "Bob"}')""",
        str(refund),
    )


async def kept(world: OldWorld, now: datetime = TODAY + timedelta(days=1)) -> int:
    return await job.keep_terms(world.database.worker, world.lines, terms_of(Settings()), now=now)


async def column(world: OldWorld, query: str) -> list[Any]:
    return [row[0] for row in await world.owner.fetch(query)]


async def assert_sound(world: OldWorld) -> None:
    found = await run_invariants(
        world.database.reader, now=TODAY, objects=world.objects, judge=None, counters=COUNTERS
    )
    broken = {one.id: one.violations for one in found if not one.ok}
    broken.pop("I27", None)  # the days of payments were moved, not those of their bookings
    assert broken == {}


async def test_each_class_loses_what_is_past_its_term_and_nothing_else(world: OldWorld) -> None:
    await age(world)
    await assert_sound(world)
    world.notes.parent.mkdir(parents=True)
    world.notes.write_bytes(b"encrypted")
    assert await kept(world) > 0
    assert not world.notes.exists()
    assert await column(world, "SELECT document FROM waiting_room.certificate") == [b""]
    assert await column(world, "SELECT name FROM sales.buyer") == ["PT Bob"]
    assert await column(world, "SELECT value FROM customers.contact ORDER BY value") == [
        "alice@example.id",  # a refund is owed to her
        "bob@example.id",
    ]
    accounts = "SELECT account_number FROM sales.refund WHERE bank = 'bca' ORDER BY state"
    assert await column(world, accounts) == [None, "123456789"]
    values = "SELECT subject FROM operations.audit_entry e JOIN operations.audit_value v ON v.entry_id = e.id"
    (left,) = set(await column(world, f"{values} WHERE v.value IS NOT NULL"))
    assert left == str(named("refund", "bob two"))
    assert set(await column(world, "SELECT raw FROM sales.notice")) == {b""}
    assert await column(world, "SELECT count(*) FROM waiting_room.reminder") == [0]
    assert await column(world, "SELECT contact_value FROM sales.orders WHERE contact_value <> ''") == [
        "alice@example.id"
    ]
    await world.owner.execute("UPDATE sales.refund SET state = 'paid', paid_at = $1", TODAY)
    await world.owner.execute("UPDATE operations.retention_run SET finished_at = $1", LONG_AGO)
    assert await kept(world) == 2, "with the refund paid, the order and the customer lose her contact"
    assert await column(world, "SELECT contact_value FROM sales.orders WHERE contact_value <> ''") == []


async def test_a_stamped_document_is_forgotten_and_its_serial_number_is_still_known(world: OldWorld) -> None:
    await age(world)
    (key,) = await column(world, "SELECT sha256 FROM stamping.release")
    await kept(world)
    assert await clean_up_uploads(world.database.worker, world.objects, now=TODAY) > 0
    with pytest.raises(ObjectMissing):
        await world.objects.get(key)
    document = named("document", "alice")
    with pytest.raises(Refusal) as caught:
        await released_file(world.database.site, world.objects, document)
    assert (caught.value.kind, caught.value.code) == (Kind.GONE, "document.forgotten")
    names = await column(world, "SELECT name FROM stamping.document WHERE forgotten_at IS NOT NULL")
    assert names == ["dokumen.pdf"]
    assert await column(world, "SELECT sha256 FROM verification.released") == [key]
    assert await column(world, f"SELECT state FROM verification.serial WHERE serial = '{serial_of('alice')}'")
    async with world.database.operator.connection() as connection:
        assert await released_objects(connection, int(key[:2], 16)) == set(), "a backup does not miss it"
    await assert_sound(world)
    assert await clean_up_uploads(world.database.worker, world.objects, now=TODAY) == 0


async def test_the_job_runs_once_a_day_and_a_failed_class_keeps_the_run_open(
    world: OldWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    tomorrow = TODAY + timedelta(days=1)
    steps = job.steps_of

    async def fails() -> int:
        raise OSError("the disk is away")

    monkeypatch.setattr(job, "steps_of", lambda *some, **more: {**steps(*some, **more), "lines": fails})
    await age(world)
    await kept(world, tomorrow)
    assert await column(world, "SELECT count(*) FROM sales.buyer") == [1], "the others were done"
    async with world.database.site.connection() as connection:
        before = await job.last_kept(connection)
        assert before < tomorrow
        monkeypatch.undo()
        assert await kept(world, tomorrow + timedelta(minutes=5)) == 0, "another worker waits an hour"
        await kept(world, tomorrow + timedelta(hours=2))
        assert await job.last_kept(connection) == tomorrow + timedelta(hours=2)


async def test_a_worker_that_is_taken_over_cannot_erase_the_books_early(world: OldWorld) -> None:
    await age(world)
    await world.owner.execute(
        "UPDATE sales.orders SET paid_at = now() - interval '9 years' WHERE paid_at < $1", LATELY
    )
    ahead = TODAY + timedelta(days=40_000)
    async with world.database.worker.connection() as connection:
        assert await sales_terms.forget_buyers(connection, 9_999) == 0
        await world.owner.execute("UPDATE sales.refund SET paid_at = $1 WHERE state = 'paid'", TODAY)
        assert await sales_terms.forget_bank_accounts(connection, ahead) == 0
        await world.owner.execute("UPDATE stamping.job SET ended_at = $1 WHERE ended_at IS NOT NULL", LATELY)
        assert await connection.fetchval("SELECT stamping.forget_old($1, now())", ahead) == 0
