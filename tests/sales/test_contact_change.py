"""Officers move a paid order to another contact: its links end, and its money goes where it was asked."""

from __future__ import annotations

import uuid
from pathlib import Path

import asyncpg
import pytest

from meterai.cli.operator import history, orders
from meterai.customers.codes import Asker, Budgets, Purpose, WorkBrought
from meterai.customers.contacts import Contact, canonical_contact
from meterai.customers.organisations import SELLER
from meterai.customers.use_cases.prove_contact import prove_contact
from meterai.customers.use_cases.request_code import request_code
from meterai.customers.use_cases.verify_code import verify_code
from meterai.kernel.ids import new_id
from meterai.kit.acting import Actor
from meterai.operations.use_cases.check_invariants import run_invariants
from meterai.sales.bank_account import BankAccount
from meterai.sales.model import RefundState
from meterai.sales.queries.customers import orders_of_customer, quota_of_customer
from meterai.sales.queries.order_access import find_order_by_token, order_access
from meterai.sales.queries.order_page import OrderPage
from meterai.sales.support.use_cases.change_contact import change_contact, prepare_move
from meterai.sales.use_cases.open_order import order_token
from meterai.sales.use_cases.refund_quota import give_refund_account, request_refund
from meterai.sales.use_cases.tell_moved_orders import tell_moved_orders
from tests.operations.test_persons import run
from tests.replays.officers_cast import open_office
from tests.sales.refusing import refused
from tests.sales.shop import ALICE, SECRET, Shop
from tests.sales.test_refunds import ACCOUNT

pytestmark = pytest.mark.storage

NEW = canonical_contact("0812 3456 7890")
THIEF = BankAccount(bank="bni", number="9876543210", holder="Mallory")
SITE = "https://situs.example"
PROOF = "K-2345-6789: knew the amount and the account"


async def move(shop: Shop, number: str, to: str, *, proof: str = PROOF) -> None:
    """An officer at the console moves an order."""
    async with shop.database.console.connection() as connection:
        moved = await prepare_move(connection, number, to, proof)
    await change_contact(shop.database.console, moved, actor=Actor(name="sari"), now=shop.clock())


async def told(shop: Shop) -> list[tuple[str, str]]:
    """The messages of the move, after a turn of the worker: to whom, and what."""
    await shop.database.owner.execute("DELETE FROM jobs.outbox WHERE topic LIKE 'message.%'")
    await tell_moved_orders(shop.database.worker, SECRET, public_url=SITE, clock=shop.clock)
    found = await shop.outbox("message.email") + await shop.outbox("message.phone")
    return [(one["to"], one["text"]) for one in found]


async def opens(shop: Shop, token: str) -> uuid.UUID | None:
    """The order that a link opens."""
    return await find_order_by_token(shop.database.site, token)


async def code_for(
    shop: Shop, contact: Contact, purpose: Purpose, subject: uuid.UUID | None
) -> tuple[uuid.UUID, str]:
    """A code that is sent to a contact."""
    sent = await request_code(
        shop.db,
        SECRET,
        contact,
        purpose=purpose,
        subject=subject,
        asker=Asker.STRANGER,
        mark="",
        address="192.0.2.1",
        brought=WorkBrought(),
        budgets=Budgets(),
        language="id",
        now=shop.clock(),
    )
    code = await shop.database.owner.fetchval(
        "SELECT payload ->> 'code' FROM jobs.outbox WHERE payload ->> 'to' = $1 ORDER BY id DESC LIMIT 1",
        contact.value,
    )
    return sent.code_id, code


async def is_proven(shop: Shop, contact: Contact) -> bool:
    """Whether a contact was proven."""
    proven: bool = await shop.database.owner.fetchval(
        "SELECT verified_at IS NOT NULL FROM customers.contact WHERE value = $1", contact.value
    )
    return proven


async def link(shop: Shop, page: OrderPage) -> str:
    """The token of an order's link, as messages have it."""
    row = await shop.database.owner.fetchrow(
        "SELECT submit_id, token_round FROM sales.orders WHERE id = $1", page.id
    )
    assert row
    return order_token(SECRET, row["submit_id"], row["token_round"])


async def test_an_order_moves_to_a_contact_that_nobody_has_proven_yet(shop: Shop) -> None:
    page = await shop.paid_quota(pieces=3)
    old = await link(shop, page)
    assert await opens(shop, old) == page.id
    await move(shop, page.number.lower(), "0812-3456-7890")
    assert await opens(shop, old) is None, "it ends at once"
    here, away = sorted(await told(shop))
    new = await link(shop, page)
    assert (here[0], f"{SITE}/p/{new}\n" in here[1]) == (NEW.value, True)
    assert (away[0], NEW.masked in away[1], "/p/" in away[1]) == (ALICE.value, True, False)
    assert f"{SITE}/pengaduan?soal=account&nomor={page.number}" in away[1], "so that it can be undone"
    assert (await opens(shop, new), await opens(shop, old)) == (page.id, None)
    assert await told(shop) == [], "once"

    assert await is_proven(shop, NEW) is False
    assert not await order_access(shop.db, page.id, None, customer_id=shop.alice)
    assert (await orders_of_customer(shop.db, shop.alice), await quota_of_customer(shop.db, shop.alice)) == (
        (),
        (),
    )
    code_id, code = await code_for(shop, NEW, Purpose.SIGN_IN, None)
    session = await verify_code(shop.db, code_id, code, language="id", now=shop.clock())
    assert await is_proven(shop, NEW) is True
    assert [lot.available for lot in await quota_of_customer(shop.db, session.customer_id)] == [3]
    assert await order_access(shop.db, page.id, None, customer_id=session.customer_id)

    await move(shop, page.number, ALICE.value)
    assert [lot.available for lot in await quota_of_customer(shop.db, shop.alice)] == [3]
    assert {to for to, _ in await told(shop)} == {ALICE.value, NEW.value}
    assert await opens(shop, new) is None


async def test_what_can_not_move_says_why_and_stays(shop: Shop) -> None:
    unpaid, paid = await shop.placed_quota(), await shop.paid_quota()
    stamping = await shop.placed_stamps()
    await shop.pay(stamping)
    for number, to, proof, code in (
        (unpaid.number, NEW.value, PROOF, "support.not_paid"),
        (paid.number, "ALICE@example.com", PROOF, "support.same_contact"),
        (stamping.number, NEW.value, PROOF, "support.being_stamped"),
        (paid.number, NEW.value, " K-1 ", "support.no_proof"),
        (paid.number, "nobody", PROOF, "contact.unreadable"),
        ("0000-0000-0000", NEW.value, PROOF, "support.no_order"),
    ):
        assert (await refused(move(shop, number, to, proof=proof))).code == code
    async with shop.database.console.connection() as connection:
        prepared = await prepare_move(connection, paid.number, NEW.value, PROOF)
    await shop.database.owner.execute(
        "UPDATE ledger.account SET debits_pending = 1 WHERE id = $1", paid.items[0].lot_account_id
    )
    late = await refused(
        change_contact(shop.database.console, prepared, actor=Actor(name="sari"), now=shop.clock())
    )
    assert late.code == "support.being_stamped", "a document began in between"
    await shop.database.owner.execute(
        "UPDATE ledger.account SET debits_pending = 0 WHERE id = $1", paid.items[0].lot_account_id
    )
    assert await shop.database.owner.fetchval("SELECT count(*) FROM sales.contact_change") == 0


async def test_money_that_was_asked_for_goes_where_it_was_asked(shop: Shop) -> None:
    page = await shop.paid_quota(pieces=3, channel="va_bni")
    item = page.items[0].id
    asked = await shop.ask_back(page.id, item, 1, given_back=0, account=ACCOUNT)
    shop.pass_time(minutes=1)
    await move(shop, page.number, NEW.value)
    shop.pass_time(minutes=1)
    code_id, code = await code_for(shop, NEW, Purpose.ORDER_ACT, page.id)
    proof = await prove_contact(shop.db, code_id, code, now=shop.clock())
    assert await is_proven(shop, NEW) is True
    terms = {"proof_id": proof.proof_id, "wait": shop.payout_rules.wait, "now": shop.clock()}
    other = await refused(give_refund_account(shop.db, page.id, asked.refund_id, THIEF, **terms))
    assert other.code == "refund.other_account"
    await shop.database.owner.execute(
        "INSERT INTO operations.officer VALUES ('ani', '{finance}', '{key}', '{}', now())"
    )
    later = await request_refund(shop.db, page.id, item, 1, account=THIEF, given_back=1, **terms)
    await shop.pay_refunds()
    states = {one.id: one.state for one in (await shop.page(page.id)).refunds}
    assert states == {asked.refund_id: RefundState.SENT, later.refund_id: RefundState.PAYABLE}
    assert [one.account for one in shop.payout.requests.values()] == ["1234567890"]
    waits = "SELECT needs_release FROM sales.refund WHERE id = $1"
    assert await shop.database.owner.fetchval(waits, later.refund_id), "two officers look at it first"


async def test_documents_and_their_jobs_move_with_the_order_and_used_quota_stays(shop: Shop) -> None:
    placed, quota = await shop.placed_stamps(), await shop.paid_quota()
    await shop.pay(placed)
    page = await shop.page(placed.order_id)
    shop.plays_the_stamping = True
    await shop.database.owner.execute("UPDATE sales.item SET state = 'done'")
    for one, lot in ((page.items[0], page.items[0].lot_account_id), (None, quota.items[0].lot_account_id)):
        await add_stamped(shop, lot, document=one and one.document_id, item=one and one.id)
    for number in (page.number, quota.number):
        await move(shop, number, NEW.value)
    owners = await shop.database.owner.fetch(
        """SELECT d.customer_id = $1 AS is_alices, d.customer_id = j.customer_id AS is_one
           FROM stamping.job j JOIN stamping.document d ON d.id = j.document_id ORDER BY 1""",
        shop.alice,
    )
    assert [tuple(row) for row in owners] == [(False, True), (True, True)]
    broken = [
        one.id for one in await run_invariants(shop.database.reader, now=shop.clock()) if one.violations
    ]
    assert "I16" not in broken
    with pytest.raises(asyncpg.PostgresError, match="stays its customer"):
        await shop.database.owner.execute("UPDATE ledger.account SET customer_id = $1", shop.alice)
    await shop.database.owner.execute("SET session_replication_role = replica")
    await shop.database.owner.execute("UPDATE ledger.account SET customer_id = gen_random_uuid()")
    broken = [
        one.id for one in await run_invariants(shop.database.reader, now=shop.clock()) if one.violations
    ]
    assert "I16" in broken


async def test_the_officer_signs_and_no_contact_stands_in_the_entry(shop: Shop, tmp_path: Path) -> None:
    page = await shop.paid_quota()
    office = await open_office(shop.database, tmp_path)
    words = (page.number, "--to", NEW.value, "--proof", PROOF, "--sign-with")
    said = await run(office, orders.change_contact, *words, str(office.key("ani")))
    assert (said.exit_code, await shop.outbox("sales.contact_changed")) == (1, []), "not her role"
    await shop.database.owner.execute("UPDATE operations.officer SET roles = '{support}' WHERE name = 'gita'")
    said = await run(office, orders.change_contact, *words, str(office.key("gita")))
    assert (said.exit_code, NEW.value in said.output) == (0, False), said.output
    entry = await shop.database.owner.fetchrow(
        """SELECT e.actor, e.subject, e.facts::text || e.signatures::text AS said, v.value
           FROM operations.audit_entry e JOIN operations.audit_value v ON v.entry_id = e.id AND v.name = 'to'
           WHERE e.action = 'order.change_contact'"""
    )
    assert entry
    assert (entry["actor"], entry["subject"], entry["value"]) == ("gita", page.number, NEW.value)
    assert PROOF in entry["said"]
    assert NEW.value not in entry["said"]
    said = await run(office, history.show_history, "--verify")
    assert said.exit_code == 0, said.output
    person = await shop.database.owner.fetchval("SELECT customer_id::text FROM sales.orders")
    await shop.database.owner.fetchval("SELECT operations.erase_audit_values($1)", person)
    left = await shop.database.owner.fetchval(
        "SELECT string_agg(signed_text, '') FROM operations.officer_signature"
    )
    assert left == "", "nor in what was signed, once the person is erased"


async def add_stamped(
    shop: Shop, lot: uuid.UUID | None, *, document: uuid.UUID | None, item: uuid.UUID | None
) -> None:
    """A released job of Alice with her document, from a lot."""
    owner = shop.database.owner
    document = document or uuid.uuid4()
    await owner.execute("SET session_replication_role = replica")
    await owner.execute(
        """INSERT INTO stamping.document (id, organisation_id, customer_id, name, input_object, input_bytes,
               inspection, placements, output, created_at, retained_until)
           VALUES ($1, $2, $3, 'surat.pdf', $4, 1, '{}', '[]', '{}', $5, $5)""",
        document,
        SELLER,
        shop.alice,
        "0" * 64,
        shop.clock(),
    )
    await owner.execute(
        """INSERT INTO stamping.job (id, organisation_id, customer_id, document_id, idempotency_key,
               request_digest, lot_account_id, reference_id, input_digest, state, ended_at, next_attempt_at,
               created_at)
           VALUES ($1, $2, $3, $4, $5, 'd', $6, $7, sha256('x'), 'released', $8, $8, $8)""",
        new_id(shop.clock()),
        SELLER,
        shop.alice,
        document,
        uuid.uuid4().hex,
        lot,
        item or uuid.uuid4(),
        shop.clock(),
    )
    await owner.execute("SET session_replication_role = origin")
