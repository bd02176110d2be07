"""Access, lists, "where is my money", events, news and receipts."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pikepdf
import pypdfium2
import pytest

from meterai.customers.contacts import canonical_contact
from meterai.kernel.ids import token_digest
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit import outbox
from meterai.kit.application_secret import Secret
from meterai.kit.messages import Message
from meterai.sales.events import load_events
from meterai.sales.news import News, refund_entry
from meterai.sales.queries.customers import orders_of_customer, quota_of_customer
from meterai.sales.queries.documents import documents_promised, orders_of_documents
from meterai.sales.queries.events import events, find_event
from meterai.sales.queries.money import MoneyPlace, gateway_asked_at, where_is_my_money
from meterai.sales.queries.order_access import find_order_by_token, order_access
from meterai.sales.queries.progress import can_be_paid, opens_charges
from meterai.sales.receipts import receipt_pdf
from meterai.sales.timeline import TimelineKind
from meterai.sales.use_cases.cancel_order import cancel_order
from meterai.sales.use_cases.change_channel import change_channel
from meterai.sales.use_cases.record_stamping import record_items_stamped
from meterai.sales.use_cases.send_link import send_link
from meterai.sales.use_cases.send_news import send_due_news
from meterai.sales.use_cases.set_events import set_events
from tests.plans import believe_large, looks_of
from tests.sales.refusing import refused
from tests.sales.shop import MINUTES, SECRET, Shop
from tests.storage_fixtures import TestDatabase

pytestmark = pytest.mark.storage
HERE = "https://meterai.example"


class Recorder:
    """Takes messages; refuses them while `down`."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.down: Refusal | None = None

    async def deliver(self, message: Message) -> None:
        if self.down is not None:
            raise self.down
        self.messages.append(message)


async def test_an_order_opens_to_its_token_and_its_customer_and_to_nobody_else(shop: Shop) -> None:
    mine, other = await shop.quota_draft(), await shop.quota_draft()
    charlie = await shop.customer(canonical_contact("charlie@example.com"))
    assert await order_access(shop.db, mine.order_id, mine.token)
    assert await order_access(shop.db, mine.order_id, None, customer_id=shop.alice)
    for order_id in (mine.order_id, uuid.uuid4()):
        assert not await order_access(shop.db, order_id, other.token)
        assert not await order_access(shop.db, order_id, None)
        assert not await order_access(shop.db, order_id, None, customer_id=charlie)


async def test_lists_hold_what_belongs_to_the_customer_only(shop: Shop) -> None:
    page = await shop.paid_quota(pieces=3)
    draft = await shop.quota_draft()
    await shop.open("quota")
    charlie = await shop.customer(canonical_contact("charlie@example.com"))
    theirs = await orders_of_customer(shop.db, shop.alice)
    assert {order.number for order in theirs} == {page.number, draft.number}, "but no draft without anything"
    for order, rest in ((theirs[0], theirs[1:]), (theirs[1], ())):
        older = await orders_of_customer(shop.db, shop.alice, behind=order.order_id)
        assert older == rest
    assert await orders_of_customer(shop.db, charlie, behind=page.id) == ()
    (lot,) = await quota_of_customer(shop.db, shop.alice)
    assert (lot.available, lot.number) == (3, page.number)
    assert await orders_of_customer(shop.db, charlie) == ()
    assert await quota_of_customer(shop.db, charlie) == ()


async def test_a_document_s_stamps_are_not_shown_as_quota(shop: Shop) -> None:
    await shop.pay(await shop.placed_stamps())
    assert await quota_of_customer(shop.db, shop.alice) == ()


async def test_a_document_belongs_to_its_order_until_that_ends_without_money(shop: Shop) -> None:
    drafted = await shop.page((await shop.stamp_draft()).order_id)
    placed = await shop.page((await shop.placed_stamps()).order_id)
    ids = [order.items[0].document_id for order in (drafted, placed)]
    held = {ids[0]: drafted.number, ids[1]: placed.number}
    assert await orders_of_documents(shop.db, ids) == held
    shop.clock.now += timedelta(minutes=MINUTES + 60)
    await shop.expire()
    assert await orders_of_documents(shop.db, ids) == {ids[0]: drafted.number}


async def test_a_document_is_promised_while_money_may_come_for_it_and_until_it_is_stamped(shop: Shop) -> None:
    async def promised(order_id: uuid.UUID) -> bool:
        ids = [item.document_id for item in (await shop.page(order_id)).items if item.document_id]
        return await documents_promised(shop.db, ids) == set(ids)

    draft, late = await shop.stamp_draft(), await shop.placed_stamps()
    assert await promised(draft.order_id)
    assert await promised(late.order_id)
    shop.pass_time(days=2)
    await shop.expire()
    assert await promised(late.order_id), "late money is credited"
    for _ in range(60):
        shop.pass_time(hours=1)
        await shop.poll()
    assert not await promised(late.order_id)
    paid = await shop.placed_stamps()
    await shop.pay(paid)
    assert await promised(paid.order_id)
    await record_items_stamped(shop.db, [(await shop.page(paid.order_id)).items[0].id], shop.clock())
    assert not await promised(paid.order_id)


async def test_where_is_my_money_knows_every_way_to_name_an_order(shop: Shop) -> None:
    page = await shop.paid_quota()
    reference = page.payments[0].reference
    spoken = page.number.replace("-", " ").lower()
    pasted = f"\u200e{page.payments[0].transaction_id}\u200b"
    for text in (page.number, spoken, f" {page.number} ", reference, pasted.strip("\u200e\u200b"), pasted):
        answer = await where_is_my_money(shop.db, text)
        assert answer is not None, text
        assert (answer.number, answer.place) == (page.number, MoneyPlace.HELD)
    for text in ("", "nonsense", "AAAA-BBBB-CCCC", "%", "a\0b", "x" * 10_000):
        assert await where_is_my_money(shop.db, text) is None


async def test_where_is_my_money_knows_the_number_of_a_virtual_account(shop: Shop) -> None:
    """A person who paid at a machine and has lost the page has no other way. This gateway gives everyone the
    same."""
    older = await shop.paid_quota(channel="va_bni")
    shop.pass_time(days=30)
    newer = await shop.placed_quota(channel="va_bni")
    assert older.payments[0].va_number == newer.payment.va_number == "9881234567890"
    for text in (
        "9881234567890",
        " 9881 2345 6789 0",
        "9881-2345-67890",
        "\u202a9881\u00a02345\u201367890\u202c",
    ):
        answer = await where_is_my_money(shop.db, text)
        assert answer is not None, text
        assert (answer.number, answer.place) == (newer.number, MoneyPlace.NOT_ARRIVED)
    assert await where_is_my_money(shop.db, "9881234567891") is None


async def test_where_is_my_money_says_when_the_gateway_was_last_asked(shop: Shop) -> None:
    assert await gateway_asked_at(shop.db) is None
    other = await shop.placed_quota()
    shop.pass_time(seconds=30)
    await shop.poll()
    placed = await shop.placed_quota()
    answers = [await where_is_my_money(shop.db, one.number) for one in (other, placed)]
    assert [one and one.asked_at for one in answers] == [shop.clock(), None]
    assert await gateway_asked_at(shop.db) == shop.clock()


async def test_where_is_my_money_tells_nothing_personal(shop: Shop) -> None:
    page = await shop.paid_quota()
    answer = await where_is_my_money(shop.db, page.number)
    told = msgspec.json.encode(answer).decode()
    assert "alice" not in told
    assert str(shop.alice) not in told


async def test_where_is_my_money_follows_it_to_the_end(shop: Shop) -> None:
    async def place(number: str) -> MoneyPlace:
        answer = await where_is_my_money(shop.db, number)
        assert answer is not None
        return answer.place

    placed = await shop.placed_quota(pieces=2, channel="qris")
    assert await place(placed.number) is MoneyPlace.NOT_ARRIVED
    await shop.pay(placed)
    page = await shop.page(placed.order_id)
    for given_back, expected in ((0, MoneyPlace.PARTLY_BACK), (1, MoneyPlace.BACK)):
        await shop.ask_back(page.id, page.items[0].id, 1, given_back=given_back)
        assert await place(placed.number) is MoneyPlace.GOING_BACK
        await shop.pay_refunds()
        assert await place(placed.number) is expected
    expired = await shop.placed_quota()
    shop.pass_time(minutes=MINUTES, seconds=1)
    await shop.expire()
    assert await place(expired.number) is MoneyPlace.NOT_ARRIVED_ENDED


async def test_the_page_tells_what_happened_in_order(shop: Shop) -> None:
    placed = await shop.placed_quota()
    shop.pass_time(minutes=2)
    await shop.pay(placed)
    page = await shop.page(placed.order_id)
    happened = [entry.kind for entry in page.timeline]
    assert happened[:3] == [TimelineKind.OPENED, TimelineKind.PLACED, TimelineKind.PAID]
    assert set(happened[3:]) == {TimelineKind.CREDITED, TimelineKind.COMPLETED}


ROTATED = Secret(b"new" * 12, (b"new" * 12,), (b"new" * 12, SECRET))
"""Long after a rotation: the secret with which the order was opened has ended."""


@pytest.mark.parametrize("secret", [SECRET, ROTATED], ids=["same", "rotated"])
async def test_news_carry_the_permanent_link_in_the_order_s_language(shop: Shop, secret: bytes) -> None:
    page = await shop.paid_quota()
    recorder = Recorder()
    assert await send_due_news(shop.db, recorder, secret, public_url=HERE, clock=shop.clock) == 1
    (message,) = recorder.messages
    assert (message.to, message.to_kind) == ("alice@example.com", "email")
    assert page.number in message.subject
    assert "Rp25.000" in message.text
    token = message.text.rsplit(f"{HERE}/p/", 1)[1].strip()
    assert await find_order_by_token(shop.db, token) == page.id
    assert await send_due_news(shop.db, recorder, secret, public_url=HERE, clock=shop.clock) == 0


async def test_news_wait_for_a_sender_that_is_away_and_give_up_on_an_address_that_refuses(
    shop: Shop,
) -> None:
    await shop.paid_quota()
    recorder = Recorder()
    recorder.down = Refusal(Kind.UNAVAILABLE, "message.unavailable")
    for _ in range(24 * 20):  # a day
        await send_due_news(shop.db, recorder, SECRET, public_url=HERE, clock=shop.clock)
        shop.pass_time(minutes=3)
    assert await shop.news() == ["paid"]
    recorder.down = Refusal(Kind.INVALID, "message.address_refused")
    await send_due_news(shop.db, recorder, SECRET, public_url=HERE, clock=shop.clock)
    assert await shop.news() == []


@pytest.mark.parametrize("language", ["id", "en"])
@pytest.mark.parametrize("news", list(News))
async def test_every_piece_of_news_has_a_text(shop: Shop, news: News, language: str) -> None:
    page = await shop.paid_quota(channel="va_bni")
    asked = await shop.ask_back(page.id, page.items[0].id, 1, given_back=0)
    owner = shop.database.owner
    await owner.execute("UPDATE sales.orders SET language = $1", language)
    await owner.execute("DELETE FROM jobs.outbox")
    if news is News.DOCUMENT_REFUSED:  # told only while one waits for what becomes of it
        await owner.execute("UPDATE sales.item SET state = 'refused'")
    async with shop.db.transaction() as tx:
        await outbox.enqueue_many(tx, [refund_entry(page.id, asked.refund_id, news)], shop.clock())
    recorder = Recorder()
    await send_due_news(shop.db, recorder, SECRET, public_url=HERE, clock=shop.clock)
    (message,) = recorder.messages
    assert page.number in message.subject + message.text
    assert ("/en/p/" in message.text) == (language == "en")
    assert "{" not in message.subject + message.text


async def test_the_link_is_sent_to_the_order_s_own_contact_once_a_minute(shop: Shop) -> None:
    opened = await shop.quota_draft()
    await send_link(shop.db, opened.order_id, token=opened.token, now=shop.clock())
    again = send_link(shop.db, opened.order_id, token=opened.token, now=shop.clock())
    assert (await refused(again)).code == "order.link_sent"
    foreign = send_link(shop.db, opened.order_id, token="x" * 32, now=shop.clock())
    assert (await refused(foreign)).code == "order.not_found"
    shop.pass_time(minutes=1)
    await send_link(shop.db, opened.order_id, token=opened.token, now=shop.clock())
    assert await shop.news() == ["link", "link"]


async def test_no_token_is_stored(shop: Shop) -> None:
    opened = await shop.quota_draft()
    row = await shop.database.owner.fetchval("SELECT o::text FROM sales.orders o")
    assert opened.token not in row
    assert token_digest(opened.token).hex() in row


@pytest.mark.parametrize(("language", "words"), [("id", "Kuitansi"), ("en", "Receipt")])
async def test_a_receipt_says_what_was_paid_and_shows_no_contact_in_full(
    shop: Shop, language: str, words: str
) -> None:
    page = await shop.paid_quota(pieces=2)
    data = receipt_pdf(page, language)
    assert data == receipt_pdf(page, language)
    text = pypdfium2.PdfDocument(data)[0].get_textpage().get_text_bounded()
    for expected in (
        words,
        page.number,
        "Rp20.000",
        "Rp5.000",
        "Rp496",
        "Rp25.000",
        "12.00" if language == "id" else "12:00",
        "WIB",
    ):
        assert expected in text, expected
    assert "alice@" not in text
    assert len(pikepdf.open(__import__("io").BytesIO(data)).pages) == 1


async def test_the_shipped_example_is_the_casn_event(database: TestDatabase) -> None:
    await set_events(database.app, load_events())
    event = await find_event(database.app, "casn")
    assert [d.kind for d in event.required_documents] == ["surat_lamaran", "surat_pernyataan"]
    assert (event.output_bytes_max, event.pdf_version_min) == (819_200, "1.6")
    assert event.hand_in is not None
    assert event.hand_in.address == "https://sscasn.bkn.go.id"
    assert event.is_open(datetime(2026, 9, 5, tzinfo=UTC))
    assert not event.is_open(event.closes_at)


async def test_events_that_are_not_configured_any_more_are_not_offered(database: TestDatabase) -> None:
    (casn,) = load_events()
    await set_events(database.app, [casn, msgspec.structs.replace(casn, slug="pppk")])
    await set_events(database.app, [msgspec.structs.replace(casn, slug="pppk", name="PPPK 2026")])
    assert [(e.slug, e.name) for e in await events(database.app)] == [("pppk", "PPPK 2026")]
    assert (await refused(find_event(database.app, "casn"))).code == "event.unknown"


_PAPER = "[[event.required_documents]]\nkind = 'xx'\nname_id = 'X'\nname_en = 'X'\n"
_CLOSES_EARLY = "last_call_at = 2026-09-05T14:00:01Z\ncloses_at = 2026-09-05T14:00:00Z"


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (("+07:00", ""), "zone offset"),
        (("2034-", "2014-"), "after opens_at"),
        (("slug = ", "slag = "), "slag"),
        (("Asia/Jakarta", "Asia/Tokyo"), "zone"),
        (("https://sscasn", "javascript:sscasn"), "address"),
        (("819200", "800"), "output_bytes_max"),
        (('"casn"', '"kuota"'), "/kuota is a page of the site"),
        (('"surat_pernyataan"', '"surat_lamaran"'), "the same kind"),
        (("[event.queue]", _PAPER * 9 + "[event.queue]"), "it has 11 required_documents"),
        (("on = true", _CLOSES_EARLY), "last_call_at is after closes_at"),
        (("on = true", "opens_at = 2035-01-01T00:00:00+07:00"), "opens, calls for the last time, and closes"),
    ],
)
def test_an_events_file_with_a_mistake_is_refused_by_name(
    tmp_path: Path, change: tuple[str, str], complaint: str
) -> None:
    from meterai.sales.events import EXAMPLE

    path = tmp_path / "events.toml"
    path.write_text(EXAMPLE.read_text().replace(*change))
    with pytest.raises(ValueError, match=complaint):
        load_events(path)


async def test_whether_the_gateway_opens_charges_is_asked_of_the_latest(shop: Shop) -> None:
    async def opens(after_s: float = 0) -> bool:
        shop.pass_time(seconds=after_s)
        async with shop.db.connection() as connection:
            return await opens_charges(connection, now=shop.clock())

    assert await opens(), "nobody has asked"
    shop.gateway.down = True
    for _ in range(5):
        await shop.placed_quota(1)
    assert await opens(), "its answers may be on their way"
    assert not await opens(after_s=13)
    shop.gateway.down = False
    await shop.poll()
    assert await opens()

    shop.gateway.down = True
    await shop.placed_quota(1)
    assert await opens(after_s=240), "one that is never opened, and late answers to what is open, stop nobody"
    async with shop.db.connection() as connection:
        assert not await can_be_paid(connection, now=shop.clock())

    shop.gateway.down, shop.gateway.refuse_charge = False, Refusal(Kind.INVALID, "gateway.charge_refused")
    for _ in range(20):
        await shop.placed_quota(1)
    assert not await opens(after_s=13)
    assert await opens(after_s=600), "of long ago"


async def test_whether_people_can_pay_is_said_without_reading_every_payment(shop: Shop) -> None:
    """Anybody may ask, by the status page."""
    await shop.paid_quota()
    await believe_large(shop.database, "sales.payment", "sales.orders")
    looks = await looks_of(shop.db, lambda connection: can_be_paid(connection, now=shop.clock()))
    payments = {"sales.payment_one_open", "sales.payment_to_poll", "sales.payment_pkey"}
    assert looks == payments | {"sales.orders_pkey"}


async def test_what_was_given_up_and_one_order_s_refusals_do_not_say_that_no_charge_is_opened(
    shop: Shop,
) -> None:
    async def opens() -> bool:
        shop.pass_time(seconds=13)
        async with shop.db.connection() as connection:
            return await opens_charges(connection, now=shop.clock())

    shop.gateway.down = True
    placed = [await shop.placed_quota(1) for _ in range(6)]
    assert not await opens()
    shop.gateway.down = False
    for one in placed[1:]:
        await cancel_order(shop.db, shop.gateways, one.order_id, settle=shop.settle, clock=shop.clock)
    await shop.poll()
    assert await opens(), "nobody opens them any more"

    for _ in range(2):
        await shop.placed_quota(1)
    refused_one = await shop.placed_quota(1)
    shop.gateway.refuse_charge = Refusal(Kind.INVALID, "gateway.charge_refused")
    for channel in ("va_bni", "qris") * 4:
        await change_channel(
            shop.db,
            shop.gateways,
            refused_one.order_id,
            channel=channel,
            payment_minutes=MINUTES,
            settle=shop.settle,
            clock=shop.clock,
        )
    await shop.placed_quota(1)
    assert await opens(), "one order is one"
