"""What a customer is told, and when one message is enough."""

from __future__ import annotations

import asyncio
import re
import uuid
from datetime import timedelta

import pytest

from meterai.customers.choices import Choices, NewsKind
from meterai.customers.contacts import Contact, canonical_contact
from meterai.customers.queries import SessionCustomer
from meterai.customers.use_cases.choose_news import choose_news, read_choices
from meterai.kernel.ids import token_digest
from meterai.kernel.refusals import Refusal
from meterai.kit import outbox
from meterai.kit.messages import Message
from meterai.sales.bank_account import BankAccount
from meterai.sales.model import Flow, OrderState, RefundReason
from meterai.sales.news import PAID_NEWS_AFTER, TOPIC, News, OrderToTell, RefundFacts, message_of
from meterai.sales.ports import Channel
from meterai.sales.queries.order_access import find_order_by_token
from meterai.sales.store import order_links, orders
from meterai.sales.use_cases.leave_contact import leave_contact
from meterai.sales.use_cases.record_stamping import record_item_refused, record_items_stamped
from meterai.sales.use_cases.replace_document import replace_document
from meterai.sales.use_cases.send_news import note_paid_news, send_due_news
from tests.sales.shop import ALICE, SECRET, Shop
from tests.storage_fixtures import waiting_for_locks


@pytest.mark.parametrize("language", ["id", "en"])
@pytest.mark.parametrize("news", News)
def test_each_kind_of_news_has_its_words_and_the_link_in_both_languages(news: News, language: str) -> None:
    order = OrderToTell(
        id=uuid.UUID(int=0),
        submit_id="form",
        token_round=0,
        token_digest=b"",
        number="M7KQ-3XPD-92RT",
        flow=Flow.QUOTA,
        state=OrderState.PAID,
        total=12_500,
        channel=Channel.GOPAY,
        language=language,
        contact_kind="email",
        contact_value="ani@contoh.id",
        waits_for_choice=True,
        all_stamped=True,
    )
    refund = RefundFacts(amount=12_500, reason=RefundReason.DOUBLE, waits_for_account=True)
    message = message_of(order, news, "http://situs/p/x", refund=refund)
    assert message is not None
    assert message.text.endswith("http://situs/p/x")
    assert order.number in message.subject
    assert "{" not in message.subject + message.text
    tells_of_payment = news in (News.PAID, News.COMPLETED, News.COMPLETED_PARTLY)
    assert ("(GoPay)" in message.text) is tells_of_payment
    if news in (News.MONEY_RETURNS, News.NEEDS_ACCOUNT, News.REFUND_PAID):
        assert "Rp12.500" in message.subject
        assert {"id": "Dibayar dua kali", "en": "Paid twice"}[language] in message.text


class Letters:
    """Keeps what would be sent."""

    def __init__(self) -> None:
        self.subjects: list[str] = []
        self.texts: list[str] = []
        self.to: list[str] = []

    async def deliver(self, message: Message) -> str:
        self.to.append(message.to)
        self.texts.append(message.text)
        self.subjects.append(message.subject.partition(":")[0])
        return ""


async def due(shop: Shop, after: timedelta) -> list[str]:
    entries = await outbox.claim(shop.db, shop.clock() + after, limit=10, lease_s=0, topics=(TOPIC,))
    return [entry.payload["news"] for entry in entries]


async def told(shop: Shop, after: timedelta) -> list[str]:
    letters = Letters()
    await send_due_news(
        shop.db, letters, b"secret", public_url="http://x", clock=lambda: shop.clock() + after
    )
    return letters.subjects


async def told_late(shop: Shop, after: timedelta) -> list[str]:
    await note_paid_news(shop.db, now=shop.clock() + after)
    return await told(shop, after)


async def test_news_of_a_payment_waits_for_the_stamps_that_follow_at_once(shop: Shop) -> None:
    await shop.pay(await shop.placed_stamps())
    assert await told_late(shop, PAID_NEWS_AFTER - timedelta(seconds=1)) == []
    assert await told_late(shop, PAID_NEWS_AFTER) == ["Pembayaran diterima"]
    assert await told_late(shop, 2 * PAID_NEWS_AFTER) == []


async def test_news_of_payments_do_not_wait_for_orders_that_are_being_ended(shop: Shop) -> None:
    """Ending some orders locks them in another sequence: each transaction would wait for the other."""
    placed = [await shop.placed_stamps() for _ in range(2)]
    for one in placed:
        await shop.pay(one)
    now = shop.clock() + PAID_NEWS_AFTER
    async with shop.db.transaction() as tx:
        await orders.lock_order(tx, placed[0].order_id)
        async with asyncio.timeout(60):
            assert await note_paid_news(shop.db, now=now) == 1
    assert [await note_paid_news(shop.db, now=now) for _ in range(2)] == [1, 0]


async def test_orders_whose_contact_moves_are_locked_in_the_order_of_who_ends_them(shop: Shop) -> None:
    """Otherwise each waits for the other."""
    other = canonical_contact("alice@example.org")
    last = await shop.placed_quota()
    shop.pass_time(minutes=-1)
    first = await shop.placed_quota()  # of a process whose clock is behind
    await shop.database.owner.execute("UPDATE customers.contact SET replaced_at = $1", shop.clock())
    await shop.prove(shop.alice, other)
    async with asyncio.timeout(60), shop.db.transaction() as tx:
        await orders.lock_order(tx, first.order_id)
        moved = asyncio.create_task(move_all(shop, ALICE, other))
        while not await waiting_for_locks(shop.database.owner):
            await asyncio.sleep(0.01)
        await orders.lock_order(tx, last.order_id)
    await moved
    assert (await shop.page(first.order_id)).contact == (await shop.page(last.order_id)).contact == other


async def move_all(shop: Shop, before: Contact, after: Contact) -> None:
    async with shop.db.transaction() as tx:
        await order_links.lock_links(tx, shop.alice)
        await order_links.move_contact(tx, shop.alice, before, after)


async def test_one_message_tells_of_payment_and_stamps_when_they_come_together(shop: Shop) -> None:
    placed = await shop.placed_stamps()
    await shop.pay(placed)
    for item in (await shop.page(placed.order_id)).items:
        await record_items_stamped(shop.db, [item.id], shop.clock())
    assert await told(shop, timedelta(0)) == ["Dokumen Anda sudah bermeterai"]
    assert await told_late(shop, PAID_NEWS_AFTER) == []


async def test_news_of_a_payment_for_quota_comes_at_once(shop: Shop) -> None:
    await shop.paid_quota()
    assert await told(shop, timedelta(0)) == ["Pembayaran diterima"]


async def test_who_has_a_refused_document_is_not_told_that_every_stamp_is_on_its_document(shop: Shop) -> None:
    placed = await shop.placed_stamps(documents=2)
    await shop.pay(placed)
    refused, stamped = (await shop.page(placed.order_id)).items
    assert refused.document_id is not None
    await record_item_refused(shop.db, refused.id, refused.document_id, "pdf.broken", shop.clock())
    await record_items_stamped(shop.db, [stamped.id], shop.clock())
    assert await told(shop, timedelta(0)) == [
        "Dokumen tidak dapat diberi meterai",
        "Dokumen lainnya sudah bermeterai",
    ]
    await replace_document(shop.db, refused.id, uuid.uuid4(), now=shop.clock())
    await record_items_stamped(shop.db, [refused.id], shop.clock())
    assert await told(shop, timedelta(0)) == ["Dokumen Anda sudah bermeterai"]


async def test_replacing_a_document_is_no_second_payment(shop: Shop) -> None:
    placed = await shop.placed_stamps()
    await shop.pay(placed)
    (item,) = (await shop.page(placed.order_id)).items
    assert item.document_id is not None
    await record_item_refused(shop.db, item.id, item.document_id, "pdf.broken", shop.clock())
    assert await told(shop, timedelta(0)) == ["Dokumen tidak dapat diberi meterai"]
    shop.pass_time(days=1)
    await replace_document(shop.db, item.id, uuid.uuid4(), now=shop.clock())
    assert await told_late(shop, timedelta(0)) == []
    assert await told_late(shop, PAID_NEWS_AFTER) == []


async def test_what_was_done_while_its_news_waited_is_not_asked_for(shop: Shop) -> None:
    placed = await shop.placed_stamps()
    await shop.pay(placed)
    (item,) = (await shop.page(placed.order_id)).items
    assert item.document_id is not None
    await record_item_refused(shop.db, item.id, item.document_id, "pdf.broken", shop.clock())
    await replace_document(shop.db, item.id, uuid.uuid4(), now=shop.clock())
    quota = await shop.paid_quota(channel="va_bni")
    asked = await shop.ask_back(quota.id, quota.items[0].id, 2, given_back=0)
    account = BankAccount(bank="bni", number="1234567890", holder="Alice")
    await shop.name_account(quota.id, asked.refund_id, account)
    assert await shop.news() == ["document_refused", "paid", "refund_asked", "refund_named"]
    assert await told(shop, timedelta(0)) == ["Pembayaran diterima", "Rp25.000 akan dikirim ke rekening"]


async def test_news_go_to_no_contact_that_was_removed(shop: Shop) -> None:
    """Somebody else may have the number by now. Nor does a link that came to it open the order."""
    opened, stays = await shop.quota_draft(), canonical_contact("alice@example.org")
    order = await shop.place(opened)
    gone_id, stays_id = await shop.database.owner.fetchval("SELECT id FROM customers.contact"), uuid.uuid4()
    await shop.database.owner.execute(
        "INSERT INTO customers.contact VALUES ($1, $2, $3, $4, $5)",
        stays_id, shop.alice, stays.kind, stays.value, shop.clock(),
    )  # fmt: skip
    alice = SessionCustomer(
        customer_id=shop.alice, contacts=(ALICE, stays), contact_ids=(gone_id, stays_id), language="id",
        proven_by=stays_id, proven_at=shop.clock(), used_at=shop.clock(),
        token="alice's",
    )  # fmt: skip
    await shop.database.owner.execute(
        """INSERT INTO customers.session (token_digest, customer_id, contact_id, created_at, expires_at)
           VALUES ($1, $2, $3, $4, $5)""",
        token_digest(alice.token), shop.alice, stays_id, shop.clock(), shop.clock() + timedelta(days=7),
    )  # fmt: skip
    for _ in range(2):
        await leave_contact(shop.db, SECRET, alice, gone_id, now=shop.clock())
    assert (await shop.page(order.order_id)).contact == stays
    assert await find_order_by_token(shop.db, opened.token) is None
    await shop.pay(order)
    letters = Letters()
    await send_due_news(shop.db, letters, SECRET, public_url="http://x", clock=shop.clock)
    (link,) = re.findall("http://x/p/([A-Za-z0-9_-]+)", "".join(letters.texts))
    assert await find_order_by_token(shop.db, link) == order.order_id


async def test_messages_about_refunds_name_the_order_the_sum_and_the_reason(shop: Shop) -> None:
    """Each names its own refund, also when they are sent together."""
    placed = await shop.placed_quota(pieces=4, channel="va_bni")
    shop.gateway.pay(placed.payment.reference, 40_000)
    await shop.settle(placed.payment.reference)
    quota = await shop.paid_quota(pieces=3)
    for given_back, pieces in ((0, 1), (1, 2)):
        await shop.ask_back(quota.id, quota.items[0].id, pieces, given_back=given_back)
    await shop.pay_refunds()
    letters = Letters()
    await send_due_news(shop.db, letters, SECRET, public_url="http://x", clock=shop.clock, limit=20)
    wrong, by_gateway, paid = (
        [text for text in letters.texts if words in text]
        for words in ("Uangnya belum dikirim", "sumber dana semula", "sudah kami bayarkan")
    )
    assert [("Rp40.000" in text, "Jumlah yang dibayar berbeda" in text) for text in wrong] == [(True, True)]
    assert all(placed.number in text for text in wrong)
    for texts in (by_gateway, paid):
        assert all(quota.number in text and "Atas permintaan Anda" in text for text in texts)
        assert sorted(re.findall(r"Rp[\d.]+\d", "".join(texts))) == ["Rp12.500", "Rp25.000"]


async def test_news_of_an_order_go_to_the_contact_that_wants_them(shop: Shop) -> None:
    """The contact of the order has turned them off. The last one can't."""
    phone = canonical_contact("081234567890")
    await shop.pay(await shop.placed_stamps())
    await shop.prove(shop.alice, phone)
    theirs = (await choices_of_customer(shop))[ALICE]
    await choose_news(shop.db, [(theirs.contact_id, NewsKind.ORDER, False)], now=shop.clock())
    other = (await choices_of_customer(shop))[phone]
    with pytest.raises(Refusal, match=r"choice\.order_nowhere"):
        await choose_news(shop.db, [(other.contact_id, NewsKind.ORDER, False)], now=shop.clock())
    letters = Letters()
    await note_paid_news(shop.db, now=shop.clock() + PAID_NEWS_AFTER)
    await send_due_news(
        shop.db, letters, SECRET, public_url="http://x", clock=lambda: shop.clock() + PAID_NEWS_AFTER
    )
    assert letters.to == [phone.value]


async def choices_of_customer(shop: Shop) -> dict[Contact, Choices]:
    return {one.contact: one for one in await read_choices(shop.db, shop.alice)}
