"""The page of every state of an order says what happened to the money and what comes next (I20)."""

from __future__ import annotations

import re
import uuid
from dataclasses import replace
from datetime import timedelta
from html import escape
from typing import Any

import msgspec
import pypdfium2
import pytest

from meterai.sales.gateways import Gateways
from meterai.sales.model import ItemState, OrderState, PaymentOutcome, PaymentState, RefundReason, RefundState
from meterai.sales.ports import Channel
from meterai.sales.prices import ChannelCost
from meterai.sales.queries.money import MoneyPlace
from meterai.sales.receipts import receipt_pdf
from meterai.sales.timeline import TimelineKind, timeline_of
from meterai.web.orders.buyer_form import BuyerFields
from meterai.web.orders.order_view import OrderView, order_view, payment_name, refund_name
from meterai.web.orders.ways import first_working, ways_to_pay
from meterai.web.pages.assets import Assets
from meterai.web.pages.messages import state_text
from meterai.web.pages.templates import Pages, SiteFacts
from meterai.web.requests.visits import Visit
from tests.sales.fake_gateway import FakeGateway
from tests.web.made_orders import KNOWN, LINKS, NOW, ORDERS, item, order, payment, refund

WAYS = ways_to_pay(Gateways([FakeGateway()]), is_large=False)


@pytest.fixture(scope="module")
def pages() -> Pages:
    return Pages(SiteFacts("http://situs", False, 10_000, 2_500, 1_100, 30), Assets())


def view_of(name: str, language: str = "id") -> OrderView:
    visit = Visit(language, "/pesanan/x", "", "")
    return order_view(ORDERS[name], KNOWN, visit, ways=WAYS, now=NOW)


@pytest.mark.parametrize("language", ["id", "en"])
def test_every_state_has_words(language: str) -> None:
    names = [
        *(f"order.{state}" for state in OrderState),
        *(f"item.{state}" for state in ItemState),
        *(f"payment.{state}" for state in PaymentState),
        *(f"refund.{state}" for state in RefundState),
        *(f"reason.{reason}" for reason in RefundReason),
        *(f"money.{place}" for place in MoneyPlace),
        *(f"event.{happening}" for happening in TimelineKind),
    ]
    assert all(state_text(name, language).what for name in names)


def test_every_state_of_order_refund_and_money_has_a_next_step_and_says_where_the_money_is() -> None:
    names = [
        *(f"order.{state}" for state in OrderState),
        *(f"refund.{state}" for state in RefundState),
        *(f"money.{place}" for place in MoneyPlace),
    ]
    for name in names:
        text = state_text(name, "id")
        assert text.next, name
        assert text.money, name


@pytest.mark.parametrize(
    ("state", "why", "name"),
    [
        ("needs_account", None, "refund.needs_account"),
        ("needs_account", "payout.failed", "refund.account_refused"),
        ("needs_account", "gateway.refund_refused", "refund.not_as_paid"),
        ("payable", "gateway.refund_later", "refund.payable"),
        ("payable", "payout.mismatch", "refund.in_doubt"),
        ("sent", "payout.missing", "refund.in_doubt"),
        ("payable", "payout.uncovered", "refund.in_doubt"),
        ("sent", "payout.unapproved", "refund.unapproved"),
        ("sent", "payout.unavailable", "refund.sent"),
        ("paid", None, "refund.paid"),
    ],
)
def test_whoever_waits_for_a_refund_or_must_act_on_it_reads_why(
    state: str, why: str | None, name: str
) -> None:
    one = msgspec.structs.replace(refund(state), failure_code=why)
    waiting = order("completed", [item("quota", "refunding")], [payment("qris", "settled")], [one])
    visit = Visit("id", "/pesanan/x", "", "")
    view = order_view(waiting, KNOWN, visit, now=NOW)
    assert view.refund_names == {one.id: name}
    assert view.money_kind == state_text(name, "id").money_kind
    on_its_way = name in ("refund.payable", "refund.sent")
    assert (view.money_kind == "back") is on_its_way
    for language in ("id", "en"):
        text = state_text(name, language)
        assert text.what, name
        assert text.next, name
        assert text.money, name


@pytest.mark.parametrize(("language", "name"), [("id", "Dokumen 1"), ("en", "Document 1")])
def test_a_document_whose_upload_is_gone_has_a_name_all_the_same(language: str, name: str) -> None:
    """The upload of an unpaid order is deleted after some days. Money may come for it months later."""
    gone = replace(KNOWN, names={})
    view = order_view(ORDERS["expired"], gone, Visit(language, "/pesanan/x", ""), now=NOW)
    assert [shown.name for shown in view.items] == [name]


@pytest.mark.parametrize("name", ORDERS)
@pytest.mark.parametrize("language", ["id", "en"])
def test_every_order_can_be_shown(name: str, language: str) -> None:
    view = view_of(name, language)
    assert state_text(view.state_name, language).next
    assert view.money_text
    assert all(shown.text.what for shown in view.items)


@pytest.mark.parametrize("channel", ["qris", "va_bni"])
@pytest.mark.parametrize(
    ("state", "name", "attempt"),
    [
        ("creating", "order.awaiting_payment", "payment.creating"),
        ("pending", "order.awaiting_payment", "payment.pending"),
        ("failed", "order.choose_again", "payment.denied"),
        ("expired", "order.choose_again", "payment.expired"),
        ("cancelled", "order.choose_again", "payment.cancelled"),
    ],
)
def test_who_has_yet_to_pay_reads_whether_they_still_can(
    channel: str, state: str, name: str, attempt: str
) -> None:
    """A payment that never had a code or a number failed; it was not denied.

    Whether stamps are made now is another question.
    """
    one, visit = payment(channel, state), Visit("id", "/pesanan/x", "", "")
    unopened = msgspec.structs.replace(one, qr_text=None, va_number=None)
    for made, called in ((one, attempt), (unopened, attempt.replace("denied", "failed"))):
        unpaid = order("awaiting_payment", [item("stamp", "waiting")], [made])
        for known in (KNOWN, replace(KNOWN, signing_stopped=True)):
            view = order_view(unpaid, known, visit, now=NOW)
            assert (view.state_name, view.payment_name) == (name, called)


@pytest.mark.parametrize(
    ("name", "called"),
    [
        ("stamping", "paid"),
        ("done", "completed"),
        ("refused", "completed_refused"),
        ("quota", "completed_quota"),
        ("used-up", "completed_used"),
        ("refunding", "completed_refunded"),
        ("late", "ended_refunded"),
        ("mispaid", "mispaid"),
        ("reversed", "reversed"),
    ],
)
def test_what_was_paid_is_called_by_what_became_of_it(name: str, called: str) -> None:
    assert view_of(name).state_name == f"order.{called}"


@pytest.mark.parametrize(
    ("name", "money"),
    [
        ("qris", "still"),
        ("expired", "still"),
        ("cancelled", "still"),
        ("stamping", "held"),
        ("done", "held"),
        ("refused", "held"),
        ("refunding", "back"),
        ("refunded", "returned"),
        ("mispaid", "held"),
        ("late", "back"),
        ("late-account", "held"),
        ("reversed", "gone"),
    ],
)
def test_the_page_says_whether_money_moved(name: str, money: str) -> None:
    assert view_of(name).money_kind == money


@pytest.mark.parametrize(
    ("state", "money"), [("needs_account", "held"), ("payable", "back"), ("paid", "gone")]
)
def test_a_second_payment_that_we_hold_is_not_hidden_by_the_first_that_was_taken_back(
    state: str, money: str
) -> None:
    first, second = payment("qris", "reversed"), payment("va_bni", "settled")
    second = msgspec.structs.replace(second, outcome=PaymentOutcome.REFUNDED_DOUBLE)
    double = msgspec.structs.replace(refund(state, "double", pieces=0), payment_id=second.id)
    taken = refund("paid", "reversed", is_set_off=True)
    made = order("completed", [item("quota", "refunded")], [first, second], [double, taken])
    assert order_view(made, KNOWN, Visit("id", "/pesanan/x", "", ""), now=NOW).money_kind == money


@pytest.mark.parametrize(
    ("left", "state", "item_state", "said"),
    [
        (5, "order.completed_quota", "Siap dipakai", ""),
        (
            3,
            "order.completed_quota",
            "Siap dipakai",
            "1 dipakai · 3 belum dipakai · 1 dikembalikan",
        ),
        (0, "order.completed_used", "Tidak bersisa", "4 dipakai · 1 dikembalikan"),
    ],
)
def test_an_order_of_quota_says_what_is_left_of_it(
    left: int, state: str, item_state: str, said: str, pages: Pages
) -> None:
    bought = msgspec.structs.replace(item("quota", "done", quantity=5), refunded_quantity=int(left < 5))
    made = order("completed", [bought], [payment("qris", "settled")], refundable=left)
    view = order_view(made, KNOWN, Visit("id", "/pesanan/x", ""), now=NOW)
    assert view.state_name == state
    assert view.items[0].text.what == item_state
    told = re.findall(r'<p class="small">(\d+ keping dipakai[^<]*)', page_of(view, pages).decode())
    assert [text.replace(" keping", "") for text in told] == ([said] if said else [])


def test_who_paid_another_amount_reads_that_the_order_is_not_paid_and_chooses_again(pages: Pages) -> None:
    page = page_of(view_of("mispaid", "en"), pages, "en").decode()
    assert "<h1>You paid a different amount; this order is not paid yet</h1>" in page
    assert "Choose how to pay once more." in page
    assert "<h2>Received</h2>" not in page


def test_money_that_came_for_a_cancelled_order_is_not_said_to_have_come_when_the_time_was_over() -> None:
    """The money may have come in time: the order was cancelled meanwhile."""
    for name in (f"reason.{RefundReason.LATE}", f"event.{TimelineKind.PAID_LATE}"):
        assert not {"waktu", "terlambat"} & set(state_text(name, "id").what.lower().split())
        assert not {"time", "late"} & set(state_text(name, "en").what.lower().split())


@pytest.mark.parametrize("name", ["late", "late-account"])
def test_an_order_that_is_over_never_says_that_money_is_not_seen_which_goes_back(name: str) -> None:
    text = state_text(view_of(name, "en").state_name, "en")
    assert text.what == "This order has ended; your money goes back"
    assert "as soon as we see the money" not in text.next


def test_an_order_whose_stamping_is_paused_does_not_say_that_it_is_being_stamped() -> None:
    known = replace(KNOWN, signing_stopped=True)
    view = order_view(ORDERS["stamping"], known, Visit("en", "/pesanan/x", ""), now=NOW)
    assert state_text(view.state_name, "en").what == "Payment received; stamping is paused for now"
    assert view.money_kind == "held"


def test_money_that_waits_for_an_account_is_asked_about_before_a_new_order_is_offered(pages: Pages) -> None:
    page = page_of(view_of("late-account"), pages).decode()
    assert page.index('name="rekening"') < page.index(">Buat pesanan baru<") < page.index("Isi pesanan")
    assert page.count('id="dana"') == 1
    page = page_of(view_of("late"), pages).decode()
    assert page.index(">Buat pesanan baru<") < page.index("Isi pesanan") < page.index('id="dana"')


def test_a_payment_that_could_not_be_made_offers_another_way_and_nothing_to_pay_with(pages: Pages) -> None:
    page = page_of(view_of("failed"), pages).decode()
    assert "Pilih cara bayar sekali lagi di bawah ini." in page
    assert "Bayar dengan cara di bawah ini." not in page
    assert '<details class="ask noprint" id="cara" open>' in page
    assert '<button class="button little" name="cara" value="qris">QRIS</button>' in page, "once more"
    assert '<button class="button plain little" name="cara" value="gopay">GoPay</button>' in page


def test_who_can_pay_in_one_way_alone_is_offered_it_once_more_when_no_payment_is_open(pages: Pages) -> None:
    """The bank app that paid too little has no QRIS: the virtual account is the only way."""
    page = page_of(view_of("mispaid"), pages).decode()
    assert '<button class="button little" name="cara" value="va_bni">BNI</button>' in page
    page = page_of(view_of("va"), pages).decode()
    assert '<details class="ask noprint" id="cara">' in page
    assert 'value="va_bni"' not in page, "it is open"


def test_a_way_whose_gateway_is_in_trouble_can_not_be_chosen(pages: Pages) -> None:
    bank = FakeGateway()
    bank.costs = {Channel.VA_BNI: ChannelCost(flat=3_000)}
    others = FakeGateway()
    others.costs = {Channel.QRIS: ChannelCost(), Channel.VA_BRI: ChannelCost()}
    gateways = Gateways([others, bank])
    others.in_trouble = True
    visit = Visit("id", "/pesanan/x", "", "")
    ways = ways_to_pay(gateways, is_large=False)
    view = order_view(ORDERS["failed"], KNOWN, visit, ways=ways, now=NOW)
    page = page_of(view, pages).decode()
    assert 'name="cara" value="qris" disabled>QRIS · Sedang gangguan</button>' in page
    assert 'name="cara" value="va_bni">BNI</button>' in page
    assert first_working(ways) is Channel.VA_BNI, "the one that is marked before the payment"
    bank.in_trouble = True
    (qris, va) = ways_to_pay(gateways, is_large=False)
    assert all(way.works for way in (*qris.ways, *va.ways)), "all are in trouble: any may be tried"
    (large,) = ways_to_pay(gateways, is_large=True)
    assert [way.channel for way in large.ways] == [Channel.VA_BNI, Channel.VA_BRI]


def test_another_file_is_given_as_on_every_page_that_takes_one(pages: Pages) -> None:
    """The page shows at once that a file is too large, and that one is being sent."""
    page = page_of(view_of("refused"), pages).decode()
    (form,) = re.findall(r'<form [^>]*id="formGanti1".*?</form>', page, re.DOTALL)
    assert "masing-masing paling besar 10 MB." in form
    assert 'data-max="10485760"' in form
    assert 'data-busy="Sedang diunggah dan diperiksa…"' in form


@pytest.mark.parametrize("name", ["expired", "cancelled", "late"])
def test_what_an_order_that_is_over_held_waits_for_no_payment(name: str) -> None:
    (shown,) = view_of(name, "en").items
    assert shown.text.what == "No longer ordered"


def test_the_page_follows_exactly_while_something_can_still_happen_by_itself() -> None:
    moving = {name for name in ORDERS if view_of(name).moving}
    assert moving == {
        "creating",
        "failed",
        "qris",
        "va",
        "mandiri",
        "gopay",
        "shopeepay",
        "mispaid",
        "expired",
        "stamping",
        "refunding",
        "needs-account",
        "late",
    }
    assert {name for name in ORDERS if view_of(name).rarely} == {"expired", "late", "late-account"}


def test_the_page_of_an_expired_order_follows_for_as_long_as_money_may_come() -> None:
    visit, end = Visit("id", "/pesanan/x", ""), ORDERS["expired"].payments[0].expires_at
    for since, moving in ((timedelta(days=2, hours=23), True), (timedelta(days=3), False)):
        assert order_view(ORDERS["expired"], KNOWN, visit, now=end + since).moving == moving


def test_the_money_page_does_not_say_of_a_denied_payment_that_its_code_could_not_be_made(
    pages: Pages,
) -> None:
    opened = payment("qris", "failed")
    names = {"payment_name": payment_name, "refund_name": refund_name, "name": "order.awaiting_payment"}
    for one, called in (
        (opened, "The payment with that code was not accepted"),
        (msgspec.structs.replace(opened, qr_text=None), "The payment code could not be made"),
    ):
        answer = {"place": "not_arrived", "number": "x", "total": 12_500, "payments": [one], "refunds": []}
        visit = Visit("en", "/uang", "")
        page = pages.render(
            visit, "money.html", answer=answer, typed="x", missing=None, private=True, **names
        ).decode()
        assert f"<dd>{called}, " in page


def page_of(view: OrderView, pages: Pages, language: str = "id") -> bytes:
    return pages.render(
        Visit(language, "/pesanan/x", ""), "order.html", view=view, permanent="", proof="x", is_sent=False,
        private=True, refused="", refused_facts={}, typed={},
    )  # fmt: skip


@pytest.mark.parametrize(("language", "said"), [("id", "2 keping sekaligus"), ("en", "all 2 stamps at once")])
def test_nobody_is_asked_for_how_many_stamps_of_a_refused_document_the_money_is_wanted(
    language: str, said: str, pages: Pages
) -> None:
    """The stamps go back as a whole."""
    two = order(
        "completed",
        [item("stamp", "refused", quantity=2, refusal="pdf.too_heavy")],
        [payment("qris", "settled")],
        refundable=2,
    )
    view = order_view(two, KNOWN, Visit(language, "/pesanan/x", ""), now=NOW)
    page = page_of(view, pages, language).decode()
    assert '<input type="hidden" name="keping" value="2">' in page
    assert page.count('name="keping"') == 1
    assert said in page


@pytest.mark.parametrize("name", ORDERS)
def test_a_page_with_fields_is_not_loaded_anew_under_whoever_fills_them_in(name: str, pages: Pages) -> None:
    view = view_of(name)
    page = page_of(view, pages)
    body = page.decode().partition("<main")[2]
    has_fields = re.search(r'<select|<input (?!type="hidden")', body) is not None
    assert view.has_fields == has_fields
    assert (b'http-equiv="refresh"' in page) == (view.moving and not has_fields)


def test_the_mark_changes_with_what_is_shown() -> None:
    assert len({view_of(name).mark for name in ORDERS}) == len(ORDERS)


def test_what_is_to_be_paid_with_a_phone_has_a_code_for_people_at_a_computer() -> None:
    assert {name for name in ORDERS if view_of(name).qr} == {"qris", "gopay", "shopeepay"}
    for link in (LINKS["gopay"], "https://wallet.contoh.id/" + "a" * 300):
        one = msgspec.structs.replace(payment("shopeepay", "pending"), pay_url=link)
        made = order("awaiting_payment", [item("stamp", "waiting")], [one])
        view = order_view(made, KNOWN, Visit("id", "/pesanan/x", ""), now=NOW)
        assert not view.qr, "a camera opens no app by it"


@pytest.mark.parametrize("channel", list(Channel))
@pytest.mark.parametrize("language", ["id", "en"])
def test_each_way_to_pay_is_named_with_all_that_it_needs(pages: Pages, channel: str, language: str) -> None:
    one = payment(channel, "pending")
    made = order("awaiting_payment", [item("stamp", "waiting")], [one])
    visit = Visit(language, "/pesanan/x", "", "")
    page = page_of(order_view(made, KNOWN, visit, now=NOW), pages, language).decode()
    bank = {"va_mandiri": "Mandiri"}.get(channel) or channel.removeprefix("va_").upper()
    assert bank.lower() in page.lower()
    needed = [escape(text) for text in (one.va_number, one.biller_code, one.pay_url) if text]
    assert all(f'"{text}"' in page for text in needed), "in a button to copy it, or a link"
    assert ('<ol class="small' in page) is (channel != "qris"), "how one pays"


def test_a_number_is_shown_in_groups() -> None:
    assert view_of("va").va_grouped == "8578 0000 1234 5678"


def test_only_what_is_to_be_paid_has_time_left() -> None:
    assert {name: view_of(name).left_s for name in ORDERS if view_of(name).left_s is not None} == {
        "qris": 1_800,
        "va": 1_800,
        "mandiri": 1_800,
        "gopay": 1_800,
        "shopeepay": 1_800,
    }
    visit = Visit("id", "/pesanan/x", "")
    late = order_view(ORDERS["qris"], KNOWN, visit, now=NOW + timedelta(days=1))
    assert late.left_s == 0


def test_a_contact_is_never_shown_whole() -> None:
    assert "sri@" not in view_of("qris").contact


def test_each_refund_says_to_which_account_it_goes() -> None:
    named = msgspec.structs.replace(refund("payable"), bank="bca", account_tail="7890")
    made = order(
        "completed", [item("quota", "done")], [payment("va_bni", "settled")], [named, refund("paid")]
    )
    visit = Visit("id", "/pesanan/x", "")
    pages = Pages(SiteFacts("https://meterai.example", True, 10_000, 2_500, 1_100, 30), Assets())
    view = order_view(made, KNOWN, visit, now=NOW)
    page = pages.render(visit, "order_state.html", view=view, typed={}).decode()
    assert re.findall(r"Rekening: [^<]*", page) == ["Rekening: BCA •••• 7890"]


def test_a_receipt_takes_off_what_its_stamps_were_given_back_for_and_nothing_else() -> None:
    twice = order(
        "completed",
        [item("quota", "done", quantity=2)],
        [payment("qris", "settled")],
        [refund("paid", "double", pieces=0), refund("payable", "customer")],
        refundable=1,
    )
    visit = Visit("en", "/pesanan/x/kuitansi", "", "")
    view = order_view(twice, KNOWN, visit, now=NOW)
    pages = Pages(SiteFacts("https://meterai.example", True, 10_000, 2_500, 1_100, 30), Assets())
    page = pages.render(visit, "receipt.html", view=view, **RECEIPT).decode()
    assert page.count("Refund of Rp12.500 · On record, about to be paid") == 1


RECEIPT: dict[str, Any] = {
    "private": True, "proof": "", "refused": "", "buyer": None, "typed": BuyerFields(),
}  # fmt: skip


def test_a_receipt_says_of_a_refund_what_the_page_of_the_order_says() -> None:
    doubtful = msgspec.structs.replace(refund("payable"), failure_code="payout.mismatch")
    made = order("completed", [item("quota", "done")], [payment("qris", "settled")], [doubtful])
    visit = Visit("en", "/pesanan/x/kuitansi", "", "")
    pages = Pages(SiteFacts("https://meterai.example", True, 10_000, 2_500, 1_100, 30), Assets())
    view = order_view(made, KNOWN, visit, now=NOW)
    page = pages.render(visit, "receipt.html", view=view, **RECEIPT).decode()
    assert "We are looking into it" in page


@pytest.mark.parametrize(
    ("language", "said"), [("id", "diambil kembali oleh bank"), ("en", "took this payment back")]
)
def test_a_receipt_says_that_the_bank_took_the_payment_back(language: str, said: str) -> None:
    visit = Visit(language, "/pesanan/x/kuitansi", "", "")
    pages = Pages(SiteFacts("https://meterai.example", True, 10_000, 2_500, 1_100, 30), Assets())
    for name in ("done", "reversed"):
        view = order_view(ORDERS[name], KNOWN, visit, now=NOW)
        page = pages.render(visit, "receipt.html", view=view, **RECEIPT).decode()
        text = pypdfium2.PdfDocument(receipt_pdf(ORDERS[name], language))[0].get_textpage().get_text_bounded()
        assert (said in page) == (said in " ".join(text.split())) == (name == "reversed"), name


@pytest.mark.parametrize("language", ["id", "en"])
def test_what_the_bank_took_back_is_nowhere_called_returned_by_us(language: str, pages: Pages) -> None:
    made = ORDERS["reversed"]
    visit = Visit(language, "/pesanan/x", "", "")
    view = order_view(made, KNOWN, visit, now=NOW)
    assert list(view.refund_names.values()) == ["refund.set_off"]
    page = page_of(replace(view, timeline=timeline_of(made)), pages, language).decode()
    receipt = pages.render(visit, "receipt.html", view=view, **RECEIPT).decode()
    file = pypdfium2.PdfDocument(receipt_pdf(made, language))[0].get_textpage().get_text_bounded()
    assert state_text("refund.set_off", language).what in page
    for said in ("refund.paid", "event.refund_paid", "event.refund_booked"):
        assert state_text(said, language).what not in page + receipt
    assert "-Rp" not in file


@pytest.mark.parametrize("state", ["awaiting_payment", "expired", "cancelled"])
def test_money_of_another_amount_that_the_bank_took_back_is_not_said_to_come_from_us(state: str) -> None:
    other = msgspec.structs.replace(payment("va_bni", "reversed"), outcome=PaymentOutcome.REFUNDED_AMOUNT)
    taken = refund("paid", "wrong_amount", pieces=0, is_set_off=True)
    ours = refund("payable", "wrong_amount", pieces=0)
    visit = Visit("id", "/pesanan/x", "", "")
    for refunds, open_name, ended_name, money in (
        ([taken], "order.choose_again", f"order.{state}", "gone"),
        ([taken, ours], "order.mispaid", "order.ended_refunded", "back"),
    ):
        made = order(state, [item("stamp", "waiting")], [other], refunds)
        view = order_view(made, KNOWN, visit, now=NOW)
        assert view.state_name == (open_name if state == "awaiting_payment" else ended_name)
        assert view.money_kind == money


@pytest.mark.parametrize(
    ("language", "again"), [("id", "Jangan membayar lagi"), ("en", "Do not pay again")], ids=["id", "en"]
)
@pytest.mark.parametrize("state", ["expired", "cancelled", "failed"])
def test_who_may_have_paid_with_a_code_that_was_closed_is_not_only_asked_to_choose_again(
    state: str, language: str, again: str, pages: Pages
) -> None:
    """The gateway may have said so of money that it has."""
    opened = payment("qris", state)
    never = msgspec.structs.replace(opened, qr_text=None)
    made = [order("awaiting_payment", [item("stamp", "waiting")], [one]) for one in (opened, never)]
    visit = Visit(language, "/pesanan/x", "", "")
    views = [order_view(one, KNOWN, visit, now=NOW) for one in made]
    shown = [page_of(view, pages, language).decode() for view in views]
    assert {view.state_name for view in views} == {"order.choose_again"}
    assert again in shown[0]
    assert (again in shown[1]) is (state != "failed"), "a code that was never shown is paid by nobody"
    assert (state_text("payment.failed", language).what in shown[0]) is False


def test_a_long_contact_stays_on_the_receipt() -> None:
    paid = msgspec.structs.replace(ORDERS["done"], contact_value=f"sri@{'kabupaten-panjang.' * 12}contoh.id")
    page = pypdfium2.PdfDocument(receipt_pdf(paid, "id"))[0]
    text, width = page.get_textpage(), page.get_width()
    assert all(text.get_charbox(at)[2] < width for at in range(text.count_chars()))


@pytest.mark.parametrize(
    ("state", "why", "said"),
    [
        ("needs_account", "", "Akan dikembalikan, menunggu nomor rekening Anda"),
        ("sent", "", "Sedang dikembalikan"),
        ("sent", "payout.unapproved", "Akan dikembalikan, sedang kami periksa"),
        ("paid", "", "Dikembalikan"),
    ],
)
def test_a_receipt_as_a_file_says_where_the_money_is(state: str, why: str, said: str) -> None:
    given_back = msgspec.structs.replace(refund(state), item_id=uuid.uuid4(), failure_code=why)
    paid = order("completed", [item("quota", "refunding")], [payment("va_bni", "settled")], [given_back])
    text = pypdfium2.PdfDocument(receipt_pdf(paid, "id"))[0].get_textpage().get_text_bounded()
    assert [line.partition(" -")[0] for line in text.splitlines() if "-Rp" in line] == [said]
