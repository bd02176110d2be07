"""Opening, filling and placing orders: double clicks, tabs, reloads, lost answers, empty stock."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Coroutine
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from meterai.customers.contacts import Contact, canonical_contact
from meterai.kernel.ids import token_digest
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.application_secret import Secret
from meterai.kit.http.status import http_status
from meterai.sales.model import DOCUMENTS_PER_ORDER_MAX, OrderState, PaymentState
from meterai.sales.ports import GatewayState, GatewayStatus
from meterai.sales.queries.order_access import find_order_by_token
from meterai.sales.queries.order_page import order_page, page_of_unpaid
from meterai.sales.use_cases.add_item import (
    FormDocument,
    ItemPut,
    add_document,
    put_documents,
    remove_item,
    set_quota,
)
from meterai.sales.use_cases.cancel_order import cancel_order
from meterai.sales.use_cases.change_channel import ATTEMPTS_MAX, EXTENSION, change_channel
from meterai.sales.use_cases.clean_up import clean_up_orders
from meterai.sales.use_cases.open_order import (
    OpenedOrder,
    Owner,
    open_order,
    open_order_with_documents,
    order_token,
)
from meterai.sales.use_cases.place_order import PlacedOrder, place_order
from meterai.sales.use_cases.set_contact import set_customer
from tests.sales.refusing import refused
from tests.sales.shop import ALICE, MINUTES, NOON, SECRET, Shop, open_payment, open_shop
from tests.storage_fixtures import TestDatabase, waiting_for_locks

pytestmark = pytest.mark.storage


def put(
    shop: Shop, order_id: uuid.UUID, document: uuid.UUID, *, stamps: int = 1, slot: str = ""
) -> Coroutine[Any, Any, ItemPut]:
    return add_document(
        shop.db,
        order_id,
        document_id=document,
        document_kind=None,
        stamps=stamps,
        now=NOON,
        slot=slot,
    )


async def test_the_same_form_opens_one_order_however_often_it_is_sent(shop: Shop) -> None:
    opening: dict[str, Any] = {
        "submit_id": "form-" + "a" * 20, "flow": "quota", "event_slug": None, "language": "id", "now": NOON,
    }  # fmt: skip
    opened = await asyncio.gather(*(open_order(shop.db, SECRET, **opening) for _ in range(10)))
    assert len({(one.order_id, one.number, one.token) for one in opened}) == 1
    assert await find_order_by_token(shop.db, opened[0].token) == opened[0].order_id


async def test_a_form_used_for_something_else_is_refused(shop: Shop) -> None:
    await shop.open("quota", submit_id="form-" + "a" * 20)
    refusal = await refused(shop.open("stamp", submit_id="form-" + "a" * 20))
    assert (refusal.kind, refusal.code) == (Kind.CONFLICT, "order.submit_id_reused")


@pytest.mark.parametrize("submit_id", ["", "short", "x" * 65, "spaces are not fine", "'; DROP TABLE --"])
async def test_a_submit_id_that_anybody_could_guess_or_forge_is_refused(shop: Shop, submit_id: str) -> None:
    opening = open_order(
        shop.db, SECRET, submit_id=submit_id, flow="quota", event_slug=None, language="id", now=NOON
    )
    assert (await refused(opening)).code == "order.submit_id"


async def test_an_unknown_event_is_refused(shop: Shop) -> None:
    opening = open_order(
        shop.db, SECRET, submit_id="a" * 20, flow="stamp", event_slug="nope", language="id", now=NOON
    )
    assert (await refused(opening)).code == "event.unknown"


def form_of(documents: int, form: str = "form-" + "a" * 20) -> list[FormDocument]:
    """Documents as they come with a form. Sent again, they have other ids in the same places."""
    return [
        FormDocument(document_id=uuid.uuid4(), document_kind=f"kind_{n}", slot=f"{form}/berkas_{n}/0/x")
        for n in range(documents)
    ]


def open_with(
    shop: Shop,
    documents: list[FormDocument],
    *,
    submit_id: str = "form-" + "a" * 20,
    event: str | None = None,
) -> Coroutine[Any, Any, OpenedOrder]:
    return open_order_with_documents(
        shop.db,
        SECRET,
        documents,
        submit_id=submit_id,
        event_slug=event,
        language="id",
        owner=Owner(customer_id=shop.alice, contact=ALICE),
        now=NOON,
    )


async def test_an_order_opened_with_documents_is_the_one_they_would_be_put_into(shop: Shop) -> None:
    documents = form_of(3)
    at_once = await order_page(shop.db, (await open_with(shop, documents)).order_id)
    by_steps = await shop.open("stamp")
    await put_documents(shop.db, by_steps.order_id, form_of(3), now=NOON)
    told = await order_page(shop.db, by_steps.order_id)
    sums = ("state", "flow", "customer_id", "contact", "quantity", "face_value", "fee", "vat", "total")
    assert [getattr(at_once, name) for name in sums] == [getattr(told, name) for name in sums]
    assert at_once.total > 0
    of_item = ("position", "document_kind", "quantity", "state", "unit_face_value", "unit_fee", "unit_vat")
    assert [[getattr(item, name) for name in of_item] for item in at_once.items] == [
        [getattr(item, name) for name in of_item] for item in told.items
    ]
    assert [item.document_id for item in at_once.items] == [one.document_id for one in documents]


@pytest.mark.parametrize("channel", ["qris", "va_bni"])
async def test_what_is_told_of_a_placed_order_is_what_its_page_reads(shop: Shop, channel: str) -> None:
    placed = await shop.place(await shop.stamp_draft(documents=2, stamps=2), channel)
    assert placed.order is not None
    assert page_of_unpaid(placed.order) == await order_page(shop.db, placed.order_id)
    again = await place_order(
        shop.db, shop.gateways, placed.order_id,
        channel=channel, payment_minutes=MINUTES, clock=shop.clock,
    )  # fmt: skip
    assert again.order is None, "what another call has placed may have changed since"


async def test_a_charge_that_was_not_opened_is_told_as_it_stands(shop: Shop) -> None:
    draft = await shop.stamp_draft()
    shop.gateway.down = True
    placed = await shop.place(draft)
    assert placed.order is not None
    assert placed.payment.state is PaymentState.CREATING
    assert page_of_unpaid(placed.order) == await order_page(shop.db, placed.order_id)


async def test_a_form_with_documents_sent_again_and_again_fills_one_order_once(shop: Shop) -> None:
    sent = [form_of(2) for _ in range(8)]
    opened = await asyncio.gather(*(open_with(shop, documents) for documents in sent))
    assert len({(one.order_id, one.number, one.token) for one in opened}) == 1
    order = await order_page(shop.db, opened[0].order_id)
    assert [item.document_kind for item in order.items] == ["kind_0", "kind_1"]
    assert order.quantity == 2
    placed = await shop.place(opened[0])
    again = await open_with(shop, form_of(2))
    assert (again.order_id, again.state) == (placed.order_id, "awaiting_payment")
    assert len((await order_page(shop.db, placed.order_id)).items) == 2, "an old form adds nothing"


_PAUSE = """
    CREATE FUNCTION public.pause(uuid) RETURNS uuid LANGUAGE plpgsql IMMUTABLE AS
        'BEGIN PERFORM pg_advisory_xact_lock_shared(42); RETURN $1; END';
    CREATE INDEX pause ON sales.orders (public.pause(id));
    ALTER TABLE sales.orders DROP CONSTRAINT orders_submit_id_key, DROP CONSTRAINT orders_token_digest_key;
    ALTER TABLE sales.orders ADD UNIQUE (submit_id);
    ALTER TABLE sales.orders ADD UNIQUE (token_digest);
"""
"""Rows enter the indexes in the order in which these were made: both callers stop before the unique ones."""


async def test_a_form_sent_twice_in_the_same_instant_opens_one_order(shop: Shop) -> None:
    owner = shop.database.owner
    await owner.execute(_PAUSE)
    await owner.execute("SELECT pg_advisory_lock(42)")
    sent = [asyncio.create_task(open_with(shop, form_of(2))) for _ in range(2)]
    async with asyncio.timeout(20):
        while await waiting_for_locks(owner) < 2:
            await asyncio.sleep(0.02)
    await owner.execute("SELECT pg_advisory_unlock(42)")
    opened = await asyncio.gather(*sent)
    assert len({(one.order_id, one.number, one.token) for one in opened}) == 1
    assert (await order_page(shop.db, opened[0].order_id)).quantity == 2


async def test_documents_that_no_order_can_be_opened_with_are_refused_and_leave_none(shop: Shop) -> None:
    used = form_of(1)
    await open_with(shop, used)
    for documents, event, form, code in (
        (used, None, "b" * 20, "item.document_used"),
        (form_of(1), "nope", "b" * 20, "event.unknown"),
        (form_of(DOCUMENTS_PER_ORDER_MAX + 1), None, "b" * 20, "order.too_many_documents"),
        (form_of(1), None, "short", "order.submit_id"),
    ):
        refusal = await refused(open_with(shop, documents, submit_id=form, event=event))
        assert refusal.code == code
    await shop.open("quota", submit_id="c" * 20)
    reused = await refused(open_with(shop, form_of(1), submit_id="c" * 20))
    assert reused.code == "order.submit_id_reused"
    assert await shop.database.owner.fetchval("SELECT count(*) FROM sales.orders") == 2


async def test_an_order_opened_by_somebody_signed_in_is_theirs_from_the_start(shop: Shop) -> None:
    owner = Owner(customer_id=shop.alice, contact=ALICE)
    opening: dict[str, Any] = {
        "submit_id": "a" * 20, "flow": "quota", "event_slug": None, "language": "id", "now": NOON,
    }  # fmt: skip
    opened = await open_order(shop.db, SECRET, owner=owner, **opening)
    page = await shop.page(opened.order_id)
    assert (page.customer_id, page.contact) == (shop.alice, ALICE)
    contact = canonical_contact("bob@example.com")
    bob = Owner(customer_id=await shop.customer(contact), contact=contact)
    for known in ({"owner": owner}, {"owner": bob, "held": [opened.token]}, {"held": ["x", opened.token]}):
        assert await open_order(shop.db, SECRET, **known, **opening) == opened
    rotated = Secret(b"new" * 12, (b"new" * 12,), (b"new" * 12, SECRET))
    assert await open_order(shop.db, rotated, owner=owner, **opening) == opened, "it keeps its link"
    again = await set_customer(shop.db, rotated, opened.order_id, shop.alice, ALICE)
    assert again.token == opened.token
    assert (await shop.page(opened.order_id)).customer_id == shop.alice, "a form sent again changes nothing"
    for stranger in ({}, {"owner": bob}, {"held": ["x"]}):
        refusal = await refused(open_order(shop.db, SECRET, **stranger, **opening))
        assert refusal.code == "order.submit_id_reused", "nor does it open what is somebody else's"


async def test_documents_sent_with_a_form_that_was_copied_get_into_no_order_of_somebody_else(
    shop: Shop,
) -> None:
    opened = await open_with(shop, form_of(1))
    copied = open_order_with_documents(
        shop.db, SECRET, form_of(2), submit_id="form-" + "a" * 20, event_slug=None, language="id", now=NOON,
    )  # fmt: skip
    assert (await refused(copied)).code == "order.submit_id_reused"
    assert len((await shop.page(opened.order_id)).items) == 1


@pytest.mark.parametrize("is_old", [False, True])
async def test_what_is_stored_of_a_form_opens_no_order(shop: Shop, *, is_old: bool) -> None:
    """`is_old`: an old row that holds the name itself; its link stays good."""
    opening: dict[str, Any] = {"flow": "quota", "event_slug": None, "language": "id", "now": NOON}
    opened = await open_order(shop.db, SECRET, submit_id="a" * 20, **opening)
    if is_old:
        link = order_token(SECRET, "a" * 20)
        await shop.database.owner.execute(
            "UPDATE sales.orders SET submit_id = $1, token_digest = $2", "a" * 20, token_digest(link)
        )
        assert await find_order_by_token(shop.db, link) == opened.order_id
        owned = await set_customer(shop.db, SECRET, opened.order_id, shop.alice, ALICE)
        assert await find_order_by_token(shop.db, owned.token) == opened.order_id
    stored = await shop.database.owner.fetchval("SELECT submit_id FROM sales.orders")
    assert (stored == "a" * 20) == is_old
    assert (await open_order(shop.db, SECRET, submit_id=stored, **opening)).order_id != opened.order_id


async def test_a_draft_gets_another_link_with_another_customer_and_keeps_it_otherwise(shop: Shop) -> None:
    nobodys = await open_order(
        shop.db, SECRET, submit_id="a" * 20, flow="quota", event_slug=None, language="id", now=NOON
    )
    await set_quota(shop.db, nobodys.order_id, 1, now=NOON)
    contact = canonical_contact("bob@example.com")
    bob, moved = await shop.customer(contact), canonical_contact("alice@example.org")
    await shop.prove(shop.alice, moved)

    async def give(customer: uuid.UUID, to: Contact) -> str:
        before = nobodys.token if not links else links[-1]
        owned = await set_customer(shop.db, SECRET, nobodys.order_id, customer, to)
        assert await find_order_by_token(shop.db, owned.token) == nobodys.order_id
        if owned.token != before:
            assert await find_order_by_token(shop.db, before) is None
        links.append(owned.token)
        return owned.token

    links: list[str] = []
    alices = await give(shop.alice, ALICE)
    assert await give(shop.alice, ALICE) == await give(shop.alice, moved) == alices != nobodys.token
    bobs = await give(bob, contact)
    again = await give(shop.alice, ALICE)
    assert len({nobodys.token, alices, bobs, again}) == 4, "nor does an earlier one come back"
    await shop.place(nobodys)
    assert await give(shop.alice, ALICE) == again
    assert (await refused(give(bob, contact))).code == "order.not_draft"


async def test_a_draft_given_to_two_at_once_is_one_of_theirs_and_opens_by_that_link(shop: Shop) -> None:
    contact = canonical_contact("bob@example.com")
    bob = await shop.customer(contact)
    nobodys = await open_order(
        shop.db, SECRET, submit_id="a" * 20, flow="quota", event_slug=None, language="id", now=NOON
    )
    both = ((shop.alice, ALICE), (bob, contact)) * 3
    owned = await asyncio.gather(*(set_customer(shop.db, SECRET, nobodys.order_id, *one) for one in both))
    links = {one.token for one in owned} | {nobodys.token}
    (found,) = [token for token in links if await find_order_by_token(shop.db, token)]
    owner = (await shop.page(nobodys.order_id)).customer_id
    assert found in {one.token for one, to in zip(owned, both, strict=True) if to[0] == owner}


async def test_a_tampered_token_finds_nothing(shop: Shop) -> None:
    opened = await shop.open()
    assert await find_order_by_token(shop.db, opened.token[:-1] + "~") is None
    assert await find_order_by_token(shop.db, "") is None


async def test_the_draft_shows_face_value_and_fee_apart(shop: Shop) -> None:
    opened = await shop.stamp_draft(documents=2, stamps=3)
    page = await shop.page(opened.order_id)
    assert (page.quantity, page.face_value, page.fee, page.vat, page.total) == (
        6,
        60_000,
        15_000,
        6 * 248,
        75_000,
    )


async def test_the_same_document_again_changes_its_number_of_stamps(shop: Shop) -> None:
    opened = await shop.open("stamp")
    document = uuid.uuid4()
    for stamps in (1, 3):
        item = await add_document(
            shop.db,
            opened.order_id,
            document_id=document,
            document_kind="surat_lamaran",
            stamps=stamps,
            now=NOON,
        )
    page = await shop.page(opened.order_id)
    assert [(i.id, i.quantity) for i in page.items] == [(item.item_id, 3)]
    await remove_item(shop.db, opened.order_id, item.item_id, now=NOON)
    page = await shop.page(opened.order_id)
    assert (page.items, page.total) == ((), 0)


async def test_a_second_stamp_changes_the_price_of_the_draft_and_taking_it_off_changes_it_back(
    shop: Shop,
) -> None:
    opened = await shop.open("stamp")
    first, second = uuid.uuid4(), uuid.uuid4()
    sums = []
    for document, stamps in ((first, 1), (second, 1), (first, 2), (first, 10), (first, 1)):
        await put(shop, opened.order_id, document, stamps=stamps)
        page = await shop.page(opened.order_id)
        sums.append((page.quantity, page.face_value, page.fee, page.total))
    assert sums == [
        (1, 10_000, 2_500, 12_500),
        (2, 20_000, 5_000, 25_000),
        (3, 30_000, 7_500, 37_500),
        (11, 110_000, 27_500, 137_500),
        (2, 20_000, 5_000, 25_000),
    ]
    assert [item.document_id for item in page.items] == [first, second]
    refusal = await refused(put(shop, opened.order_id, first, stamps=11))
    assert (refusal.code, refusal.facts) == ("order.stamps", {"maximum": 10})
    await shop.place(opened)
    assert (await refused(put(shop, opened.order_id, first, stamps=2))).code == "order.not_draft"


async def test_one_form_sent_many_times_at_once_fills_each_of_its_places_once(shop: Shop) -> None:
    opened = await shop.open("stamp")
    presses = [
        put(shop, opened.order_id, uuid.uuid4(), slot=f"form-1/berkas_{place}")
        for _ in range(6)
        for place in (1, 2)
    ]
    put_items = await asyncio.gather(*presses)
    page = await shop.page(opened.order_id)
    assert (len(page.items), page.total) == (2, 25_000)
    assert {item.item_id for item in put_items} == {item.id for item in page.items}


async def test_a_form_sent_again_later_undoes_nothing(shop: Shop) -> None:
    opened = await shop.open("stamp")
    document = uuid.uuid4()
    item = await put(shop, opened.order_id, document, slot="form-1/berkas_1")
    await put(shop, opened.order_id, document, stamps=2)
    again = await put(shop, opened.order_id, uuid.uuid4(), slot="form-1/berkas_1")
    assert (again.item_id, again.quantity, again.total) == (item.item_id, 2, 25_000)
    page = await shop.page(opened.order_id)
    assert [(one.document_id, one.quantity) for one in page.items] == [(document, 2)]
    await put(shop, opened.order_id, uuid.uuid4(), slot="form-2/berkas_1")
    assert len((await shop.page(opened.order_id)).items) == 2


async def test_a_document_belongs_to_one_order(shop: Shop) -> None:
    document = uuid.uuid4()
    first, second = await shop.open("stamp"), await shop.open("stamp")
    adding = [
        add_document(
            shop.db,
            opened.order_id,
            document_id=document,
            document_kind=None,
            stamps=1,
            now=NOON,
        )
        for opened in (first, second)
    ]
    await adding[0]
    assert (await refused(adding[1])).code == "item.document_used"


@pytest.mark.parametrize(
    ("pieces", "code"),
    [(0, "quota.none"), (-1, "quota.none"), (201, "quota.needs_npwp"), (10_001, "quota.too_many")],
)
async def test_quota_has_limits(shop: Shop, pieces: int, code: str) -> None:
    opened = await shop.open()
    setting = set_quota(shop.db, opened.order_id, pieces, now=NOON)
    assert (await refused(setting)).code == code


async def test_what_was_placed_is_not_filled_any_more(shop: Shop) -> None:
    opened = await shop.quota_draft()
    await shop.place(opened)
    setting = set_quota(shop.db, opened.order_id, 1, now=NOON)
    assert (await refused(setting)).code == "order.not_draft"


async def test_placing_reserves_the_stamps_and_opens_a_payment(shop: Shop) -> None:
    placed = await shop.placed_quota(pieces=3)
    page = await shop.page(placed.order_id)
    payment = open_payment(page)
    assert page.state is OrderState.AWAITING_PAYMENT
    assert (payment.state, payment.amount, payment.qr_text) == (
        PaymentState.PENDING,
        37_500,
        f"QR {payment.reference}",
    )
    assert payment == placed.payment, "what place_order answers is what the page shows"
    assert placed.expires_at == NOON + timedelta(minutes=MINUTES) == page.expires_at
    assert await shop.stock() == 997
    assert await shop.lot(page) == 0, "nothing is the customer's before it is paid"


async def test_ten_clicks_and_two_tabs_place_one_order(shop: Shop) -> None:
    opened = await shop.quota_draft(pieces=2)
    channels = ["qris", "va_bni"] * 5
    placed = await asyncio.gather(*(shop.place(opened, channel) for channel in channels))
    assert len({one.payment.reference for one in placed}) == 1
    assert len(shop.gateway.charges) == 1
    assert len((await shop.page(opened.order_id)).payments) == 1
    assert await shop.stock() == 998


async def test_placing_after_payment_gives_the_paid_order(shop: Shop) -> None:
    opened = await shop.quota_draft()
    await shop.pay(await shop.place(opened))
    again = await shop.place(opened)
    assert (again.state, again.payment.state) == (OrderState.COMPLETED, PaymentState.SETTLED)


async def test_without_stock_the_order_stays_a_draft_and_no_payment_is_opened(database: TestDatabase) -> None:
    async with open_shop(database, stock=2) as shop:
        opened = await shop.quota_draft(pieces=1)
        await shop.pay(await shop.placed_quota(pieces=2))
        refusal = await refused(shop.place(opened))
        assert refusal.code == "stock.out"
        assert http_status(refusal) < 500, "the site works: who tries again and again slows no line"
        page = await shop.page(opened.order_id)
        assert (page.state, page.payments, len(shop.gateway.charges)) == (OrderState.DRAFT, (), 1)
        assert await shop.stock() == 0


async def test_an_order_larger_than_what_is_left_hears_how_much_that_is(database: TestDatabase) -> None:
    async with open_shop(database, stock=2) as shop:
        opened = await shop.quota_draft(pieces=3)
        refusal = await refused(shop.place(opened))
        assert (refusal.code, refusal.facts) == ("stock.short", {"left": 2})
        assert http_status(refusal) < 500
        page = await shop.page(opened.order_id)
        assert (page.state, page.payments, shop.gateway.charges) == (OrderState.DRAFT, (), {})
        assert await shop.stock() == 2
        await shop.placed_quota(pieces=2)


async def test_a_shop_without_books_is_out_of_stock(database: TestDatabase) -> None:
    async with open_shop(database, stock=0) as shop:
        assert (await refused(shop.placed_quota())).code == "stock.out"


async def test_the_last_stamp_is_sold_once(database: TestDatabase) -> None:
    async with open_shop(database, stock=1) as shop:
        drafts = [await shop.quota_draft(pieces=1) for _ in range(8)]
        answers = await asyncio.gather(*(shop.place(draft) for draft in drafts), return_exceptions=True)
        assert sum(not isinstance(answer, Exception) for answer in answers) == 1
        codes = {answer.code for answer in answers if isinstance(answer, Refusal)}
        assert codes == {"stock.out"}


async def test_one_customer_holds_few_stamps_unpaid(shop: Shop) -> None:
    first = await shop.placed_quota(pieces=199)
    drafts = [await shop.stamp_draft(), await shop.quota_draft(pieces=1), await shop.stamp_draft(stamps=2)]
    answers = await asyncio.gather(*(shop.place(draft) for draft in drafts), return_exceptions=True)
    assert sum(isinstance(answer, PlacedOrder) for answer in answers) == 1
    assert {a.code for a in answers if isinstance(a, Refusal)} == {"order.unpaid_before"}
    assert await shop.stock() == 800
    await shop.pay(first)
    assert {(await shop.place(draft)).state for draft in drafts} == {OrderState.AWAITING_PAYMENT}


async def test_who_pays_nothing_leaves_stamps_for_documents(database: TestDatabase) -> None:
    async with open_shop(database, stock=1000) as shop:
        for number in range(6):
            shop.alice = await shop.customer(canonical_contact(f"mallory{number}@example.com"))
            drafts = [await shop.quota_draft(pieces=200) for _ in range(2)]
            answers = await asyncio.gather(*(shop.place(draft) for draft in drafts), return_exceptions=True)
        refusal = answers[0]
        assert isinstance(refusal, Refusal)
        assert refusal.code == "stock.held"
        assert http_status(refusal) < 500
        assert await shop.stock() == 600
        shop.alice = await shop.customer(canonical_contact("bob@example.com"))
        await shop.placed_stamps(documents=2)
        await shop.placed_quota(pieces=99)
        assert (await refused(shop.placed_quota(pieces=1))).code == "stock.held"
        shop.pass_time(minutes=MINUTES, seconds=1)
        await shop.expire()
        await shop.placed_quota(pieces=200)


@pytest.mark.parametrize(("stock", "pieces"), [(1, 1), (300, 200)])
async def test_whose_order_is_the_only_one_unpaid_gets_what_there_is(
    database: TestDatabase, stock: int, pieces: int
) -> None:
    async with open_shop(database, stock=stock) as shop:
        await shop.placed_quota(pieces=pieces)
        assert await shop.stock() == stock - pieces


async def test_an_empty_order_and_one_without_contact_are_not_placed(shop: Shop) -> None:
    assert (await refused(shop.place(await shop.open()))).code == "order.empty"
    nobody = await open_order(
        shop.db, SECRET, submit_id="b" * 20, flow="quota", event_slug=None, language="id", now=NOON
    )
    await set_quota(shop.db, nobody.order_id, 1, now=NOON)
    assert (await refused(shop.place(nobody))).code == "order.contact_missing"


async def test_unknown_orders_and_channels_are_refused(shop: Shop) -> None:
    opened = await shop.quota_draft()
    assert (await refused(shop.place(opened, "cash"))).code == "payment.no_channel"
    stranger = msgspec.structs.replace(opened, order_id=uuid.uuid4())
    assert (await refused(shop.place(stranger))).kind is Kind.NOT_FOUND


async def test_a_lost_answer_of_the_gateway_is_asked_for_again(shop: Shop) -> None:
    shop.gateway.lose_answers = 2
    lost = [await shop.placed_quota() for _ in range(2)]
    await shop.placed_quota()
    for placed in lost:
        payment = open_payment(await shop.page(placed.order_id))
        assert (payment.state, payment.qr_text) == (PaymentState.CREATING, None), "that was another's answer"
    shop.pass_time(seconds=9)
    assert await shop.poll() == 0, "they may still be being asked for"
    shop.pass_time(seconds=4)
    assert await shop.poll() == 3
    for placed in lost:
        payment = open_payment(await shop.page(placed.order_id))
        assert (payment.state, payment.qr_text) == (PaymentState.PENDING, f"QR {payment.reference}")
    assert len(shop.gateway.charges) == 3
    shop.gateway.down = True
    await shop.placed_quota()
    shop.gateway.down = False
    shop.pass_time(minutes=MINUTES)
    assert await shop.poll() == 4
    assert len(shop.gateway.charges) == 3, "none is opened for an order whose time is over"


async def test_a_payment_whose_charge_was_never_answered_still_counts(shop: Shop) -> None:
    shop.gateway.lose_answers = 1
    placed = await shop.placed_quota()
    await shop.pay(placed)
    assert (await shop.page(placed.order_id)).state is OrderState.COMPLETED


async def test_a_refused_charge_fails_and_another_channel_can_be_chosen(shop: Shop) -> None:
    shop.gateway.refuse_charge = Refusal(Kind.INVALID, "gateway.charge_refused")
    placed = await shop.placed_quota()
    assert placed.payment.state is PaymentState.FAILED
    shop.gateway.refuse_charge = None
    changed, *others = await asyncio.gather(*(to_virtual_account(shop, placed) for _ in range(3)))
    assert {one.payment.reference for one in others} == {changed.payment.reference}, "one of them is opened"
    changed = await to_virtual_account(shop, placed)
    assert (changed.payment.state, changed.payment.va_number) == (PaymentState.PENDING, "9881234567890")
    await shop.pay(changed)
    assert (await shop.page(placed.order_id)).state is OrderState.COMPLETED


async def test_a_charge_that_is_another_at_the_gateway_is_closed_there(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The payer never saw the charge. If it can't be closed, the attempt has failed all the same."""
    closed = []

    async def expire(reference: str) -> GatewayStatus:
        closed.append(reference)
        if len(closed) == 2:
            raise Refusal(Kind.UNAVAILABLE, "gateway.unavailable")
        return GatewayStatus(reference=reference, state=GatewayState.EXPIRED)

    monkeypatch.setattr(shop.gateway, "expire", expire)
    shop.gateway.refuse_charge = Refusal(Kind.CONFLICT, "gateway.charge_mismatch")
    placed = [await shop.placed_quota() for _ in range(2)]
    assert [each.payment.state for each in placed] == [PaymentState.FAILED] * 2
    assert closed == [each.payment.reference for each in placed]


def to_virtual_account(shop: Shop, placed: PlacedOrder) -> Awaitable[PlacedOrder]:
    return change_channel(
        shop.db,
        shop.gateways,
        placed.order_id,
        channel="va_bni",
        payment_minutes=MINUTES,
        settle=shop.settle,
        clock=shop.clock,
    )


async def test_changing_the_channel_closes_the_old_charge_first(shop: Shop) -> None:
    placed = await shop.placed_quota()
    shop.pass_time(minutes=5)
    changes = [to_virtual_account(shop, placed) for _ in range(5)]
    changed = await asyncio.gather(*changes)
    assert {one.payment.reference for one in changed} == {f"{placed.number}-2"}
    page = await shop.page(placed.order_id)
    assert [p.state for p in page.payments] == [PaymentState.CANCELLED, PaymentState.PENDING]
    assert shop.gateway.charges[placed.payment.reference].state == "expired"
    assert page.expires_at == open_payment(page).expires_at == NOON + timedelta(minutes=35)


async def test_no_change_of_the_channel_lets_an_order_wait_longer_than_its_stamps_are_held(
    shop: Shop,
) -> None:
    placed = await shop.placed_quota()
    for channel in ("va_bni", "qris"):
        shop.pass_time(minutes=18)
        changed = await change_channel(
            shop.db,
            shop.gateways,
            placed.order_id,
            channel=channel,
            payment_minutes=MINUTES,
            settle=shop.settle,
            clock=shop.clock,
        )
        page = await shop.page(placed.order_id)
        assert changed.payment.expires_at == page.expires_at == NOON + timedelta(minutes=MINUTES) + EXTENSION


async def test_the_channel_is_changed_a_few_times_only(shop: Shop) -> None:
    placed = await shop.placed_quota()

    def changing(n: int) -> Awaitable[PlacedOrder]:
        return change_channel(
            shop.db,
            shop.gateways,
            placed.order_id,
            channel=("qris", "va_bni")[n % 2],
            payment_minutes=MINUTES,
            settle=shop.settle,
            clock=shop.clock,
        )

    for n in range(1, ATTEMPTS_MAX):
        assert (await changing(n)).payment.reference == f"{placed.number}-{n + 1}"
    assert (await refused(changing(ATTEMPTS_MAX))).code == "payment.too_many_attempts"
    assert open_payment(await shop.page(placed.order_id)).reference == f"{placed.number}-{ATTEMPTS_MAX}"


async def test_a_charge_paid_while_the_channel_is_changed_is_credited(shop: Shop) -> None:
    placed = await shop.placed_quota()
    shop.gateway.on_expire = lambda reference: shop.gateway.pay(reference)
    changing = to_virtual_account(shop, placed)
    assert (await refused(changing)).code == "order.already_paid"
    page = await shop.page(placed.order_id)
    assert (page.state, len(page.payments)) == (OrderState.COMPLETED, 1)


async def test_the_channel_is_not_changed_in_the_last_minute_nor_while_the_gateway_is_away(
    shop: Shop,
) -> None:
    placed = await shop.placed_quota()

    shop.gateway.down = True
    assert (await refused(to_virtual_account(shop, placed))).code == "gateway.unavailable"
    assert open_payment(await shop.page(placed.order_id)).channel == "qris"
    shop.gateway.down = False
    shop.pass_time(minutes=MINUTES, seconds=-30)
    assert (await refused(to_virtual_account(shop, placed))).code == "order.expires_soon"


async def test_a_charge_that_the_gateway_does_not_close_keeps_its_channel(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise there would be two that can be paid."""
    placed = await shop.placed_quota()
    monkeypatch.setattr(shop.gateway, "expire", shop.gateway.get_status)
    changing = to_virtual_account(shop, placed)
    assert (await refused(changing)).code == "gateway.unavailable"
    assert [payment.state for payment in (await shop.page(placed.order_id)).payments] == [
        PaymentState.PENDING
    ]


async def test_whoever_changes_the_channel_of_an_order_that_ended_is_not_told_that_they_paid(
    shop: Shop,
) -> None:
    cancelled, expired = await shop.placed_quota(), await shop.placed_quota()

    async def code_of(placed: PlacedOrder) -> str:
        return (await refused(to_virtual_account(shop, placed))).code

    await cancel_order(shop.db, shop.gateways, cancelled.order_id, settle=shop.settle, clock=shop.clock)
    assert await code_of(cancelled) == "order.cancelled"
    shop.pass_time(minutes=MINUTES)
    assert await code_of(expired) == "order.expired", "also before it was written as that"
    shop.pass_time(seconds=1)
    await shop.expire()
    assert await code_of(expired) == "order.expired"


async def test_nothing_is_added_to_an_order_that_is_being_placed(shop: Shop) -> None:
    """Otherwise it would be in the order without being paid for."""
    draft = await shop.stamp_draft()
    owner = shop.database.owner
    async with asyncio.timeout(10):
        async with owner.transaction():
            await owner.execute("UPDATE sales.orders SET state = 'cancelled' WHERE id = $1", draft.order_id)
            adding = asyncio.create_task(
                add_document(
                    shop.db,
                    draft.order_id,
                    document_id=uuid.uuid4(),
                    document_kind=None,
                    stamps=1,
                    now=shop.clock(),
                )
            )
            await asyncio.wait([adding], timeout=0.2)
            assert not adding.done()
        assert (await refused(adding)).code == "order.not_draft"
    assert len((await shop.page(draft.order_id)).items) == 1


async def test_old_drafts_are_forgotten_and_placed_orders_are_not(shop: Shop) -> None:
    draft, placed = await shop.quota_draft(), await shop.placed_quota()
    cancelled = await shop.placed_quota()
    await cancel_order(shop.db, shop.gateways, cancelled.order_id, settle=shop.settle, clock=shop.clock)
    shop.pass_time(days=8)
    await shop.expire()
    assert await clean_up_orders(shop.db, now=shop.clock()) == 1
    assert (await refused(shop.page(draft.order_id))).code == "order.not_found"
    for kept in (placed, cancelled):  # money may come for it
        assert (await shop.page(kept.order_id)).contact == ALICE
