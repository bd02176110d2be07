"""What we hold of a person is handed out whole, and erased everywhere; the books and the verifier go on."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from meterai.cli.operator import history, person, release
from meterai.customers.contacts import Contact
from meterai.kernel.refusals import Refusal
from meterai.kit.acting import Actor
from meterai.kit.files.object_store import FolderStore
from meterai.operations.use_cases.check_invariants import run_invariants
from meterai.operations.use_cases.clean_up_uploads import clean_up_uploads
from meterai.operations.use_cases.erase_person import erase_person, refuse_unsettled
from meterai.operations.use_cases.export_person import export_person, files_of
from meterai.operations.use_cases.look_at_person import facts_of, look_at_person
from tests.operations.world import COUNTERS, EARLIER, NOW, World, build, named, serial_of
from tests.replays.officers_cast import Office, open_office
from tests.storage_fixtures import TestDatabase

pytestmark = pytest.mark.storage

ALICE = Contact(kind="email", value="alice@rahasia.example")
MARKS = ("rahasia", "012345678901234", "987654321")
"""What stands for Alice in her data: in addresses, names and texts, her NPWP, her bank account."""
LATER = datetime.now(UTC)


async def with_marks(world: World) -> None:
    """Gives Alice data of every kind, and pays what she is owed."""
    run, alice, order = world.owner.execute, named("customer", "alice"), named("order", "alice")
    await world.insert(
        "customers.contact",
        id=named("contact", "alice"),
        customer_id=alice,
        kind="email",
        value=ALICE.value,
        verified_at=EARLIER,
    )
    await run(
        """INSERT INTO partners.member SELECT id, $1, 'owner', $2 FROM partners.organisation
           WHERE code = 'firm'""",
        alice,
        EARLIER,
    )
    await run(
        "UPDATE sales.orders SET contact_kind = 'email', contact_value = $2 WHERE id = $1", order, ALICE.value
    )
    await run("INSERT INTO sales.buyer VALUES ($1, 'PT Rahasia', '012345678901234', $2)", order, EARLIER)
    refund = named("refund", "alice again")
    await run(
        """UPDATE sales.refund SET state = 'paid', paid_at = $2, next_attempt_at = NULL,
               bank = 'bca', account_number = '987654321', account_holder = 'Rahasia' WHERE id = $1""",
        refund,
        EARLIER,
    )
    await world.book(world.moved("alice again", "alice", "refund_paid", 12_500))
    await run(
        "UPDATE stamping.document SET name = 'rahasia.pdf', input_deleted_at = $2 WHERE id = $1",
        named("document", "alice"),
        EARLIER,
    )
    await run("UPDATE sales.notice SET raw = 'rahasia' WHERE reference = 'reference alice'")
    await run(
        """SELECT cases.open_case($1, 'K2345678', 'money', '', 'rahasia', 'email', $2, true, 'id', '', $3)""",
        named("case", "alice"),
        ALICE.value,
        EARLIER,
    )
    await run(
        """INSERT INTO jobs.outbox (topic, payload, available_at, created_at) VALUES
               ('message.email', jsonb_build_object('to', $1::text, 'text', 'rahasia'), $2, $2)""",
        ALICE.value,
        EARLIER,
    )
    await run(
        """INSERT INTO waiting_room.reminder
               (queue, id, number, contact_kind, contact_value, language, ticket)
           SELECT number, decode(repeat('ab', 12), 'hex'), 1, 'email', $1, 'id', 't'
           FROM waiting_room.queue""",
        ALICE.value,
    )
    await run(
        """SELECT operations.write_audit('customer', 'refund.name_account', $1::text, '{}', now(), $2::text,
               '{"account": "987654321", "holder": "Rahasia"}')""",
        str(refund),
        str(alice),
    )


async def everything(world: World) -> str:
    """All rows of all tables, as text."""
    tables = await world.owner.fetch(
        """SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables
           WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"""
    )
    rows = [
        row[0] for one in tables for row in await world.owner.fetch(f"SELECT t::text FROM {one['name']} t")
    ]
    return "\n".join(rows)


def found_in(text: str) -> list[str]:
    raw = {mark.encode().hex(): mark for mark in MARKS}
    lower = text.lower()
    return [mark for code, mark in raw.items() if mark in lower or code in lower]


async def assert_sound(world: World) -> None:
    found = await run_invariants(
        world.database.reader, now=NOW, objects=world.objects, judge=None, counters=COUNTERS
    )
    assert {one.id: one.violations for one in found if not one.ok} == {}


async def run(office: Office, command: Callable[..., Any], *words: str) -> Any:
    """A command of an officer, in this process."""
    app = typer.Typer()
    app.command()(command)
    variables = {
        "METERAI_DATA": str(office.folder / "data"),
        "METERAI_DATABASE_OPERATOR_URL": office.database.urls.operator,
        "METERAI_DATABASE_READER_URL": office.database.urls.reader,
    }
    return await asyncio.to_thread(CliRunner().invoke, app, words, env=variables)


async def test_a_person_who_is_owed_something_is_not_erased_and_the_reason_is_named(
    database: TestDatabase, tmp_path: Path
) -> None:
    world = await build(database, FolderStore(tmp_path))
    await with_marks(world)
    alice = await look_at_person(database.operator, ALICE)
    refuse_unsettled(alice)
    for change, reason in (
        ("UPDATE sales.refund SET state = 'payable' WHERE account_number <> ''", "1 refunds"),
        ("UPDATE sales.orders SET state = 'awaiting_payment' WHERE contact_value <> ''", "1 orders"),
        ("UPDATE stamping.job SET ended_at = NULL, state = 'sealing'", "1 documents"),
    ):
        undo = database.owner.transaction()
        await undo.start()
        await database.owner.execute(change)
        blockers = await database.owner.fetchval(
            "SELECT operations.look_at_person('email', $1) -> 'blockers'", ALICE.value
        )
        with pytest.raises(Refusal) as caught:
            refuse_unsettled(type(alice)(**{**vars_of(alice), "blockers": json.loads(blockers)}))
        assert caught.value.code == "person.not_settled"
        assert reason in str(caught.value.facts["what"])
        await undo.rollback()
    await database.owner.execute("UPDATE sales.refund SET state = 'payable' WHERE account_number <> ''")
    with pytest.raises(Refusal, match=r"person\.not_settled"):
        await erase_person(
            database.operator, alice.id, facts_of(ALICE, "asked"), actor=Actor(name="ani"), now=LATER
        )
    assert found_in(await everything(world)), "nothing was erased"
    nobody = await look_at_person(database.operator, Contact(kind="email", value="none@b.id"))
    with pytest.raises(Refusal, match=r"person\.unknown"):
        refuse_unsettled(nobody)


def vars_of(person: Any) -> dict[str, Any]:
    return {name: getattr(person, name) for name in person.__struct_fields__}


async def test_a_person_is_handed_out_and_erased_and_books_and_stamps_still_hold(
    database: TestDatabase, tmp_path: Path
) -> None:
    objects = FolderStore(tmp_path)
    world = await build(database, objects)
    await with_marks(world)
    await assert_sound(world)
    (key,) = await database.owner.fetchrow("SELECT sha256 FROM stamping.release")
    alice, facts = str(named("customer", "alice")), facts_of(ALICE, "asked")
    copy = await export_person(database.operator, alice, facts, actor=Actor(name="gita"), now=LATER)
    assert found_in(json.dumps(copy)) == list(MARKS)
    assert all(
        copy[kind] for kind in ("contacts", "orders", "documents", "cases", "messages", "reminders", "audit")
    )
    assert files_of(copy) == {"bermeterai-0001-rahasia.pdf": key}
    assert [held["organisation"] for held in copy["memberships"]] == ["PT firm"]

    await erase_person(database.operator, alice, facts, actor=Actor(name="gita, dewi"), now=LATER)
    assert await database.owner.fetchval("SELECT count(*) FROM partners.member") == 0
    await clean_up_uploads(database.worker, objects, now=LATER + timedelta(minutes=1))
    assert found_in(await everything(world)) == []
    assert not list(tmp_path.glob("??/*"))
    assert await database.owner.fetchval("SELECT name FROM sales.buyer") == f"Pembeli {alice[:8]}"
    async with database.verifier.connection() as connection:
        assert await connection.fetchval("SELECT sha256 FROM verification.released") == key
        state = "SELECT state FROM verification.serial WHERE serial = $1"
        assert await connection.fetchval(state, serial_of("alice")) == "released"
    await assert_sound(world)


async def test_an_admin_alone_hands_out_and_only_two_officers_erase(
    database: TestDatabase, tmp_path: Path
) -> None:
    world = await build(database, FolderStore(tmp_path / "objects"))
    await with_marks(world)
    office = await open_office(database, tmp_path)
    alice, facts, to = str(named("customer", "alice")), facts_of(ALICE, "asked"), tmp_path / "copy"
    for act in (export_person, erase_person):
        with pytest.raises(Refusal, match=r"officer\.unsigned"):
            await act(database.operator, alice, facts, actor=Actor(name="ani"), now=LATER)
    words = (ALICE.value, "--reason", "asked", "--sign-with", str(office.key("gita")))
    said = await run(office, person.export, *words, "--to", str(to))
    assert said.exit_code == 0, said.output
    assert found_in((to / "person.json").read_text()) == list(MARKS)
    assert to.stat().st_mode & 0o077 == 0
    said = await run(office, person.erase, *words, "--dry-run")
    assert (said.exit_code, "1 documents" in said.output) == (0, True)
    said = await run(office, person.erase, *words)
    assert (said.exit_code, "request 1 waits for a second officer" in said.output) == (4, True), said.output
    with pytest.raises(Refusal, match=r"officer\.unsigned"):
        await erase_person(database.operator, alice, facts, actor=Actor(name="ani", request=1), now=LATER)
    said = await run(office, release.sign_request, "1", "--sign-with", str(office.key("dewi")))
    assert (said.exit_code, "Erased person" in said.output) == (0, True), said.output
    await clean_up_uploads(database.worker, world.objects, now=LATER + timedelta(minutes=1))
    assert found_in(await everything(world)) == [], "nor in what the officers signed"
    said = await run(office, history.show_history, "--verify")
    assert said.exit_code == 0, said.output
