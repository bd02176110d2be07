"""The page of a refusal leads back to where people can go on, and says what is really wrong."""

from __future__ import annotations

import re
import uuid
from datetime import datetime, timedelta
from urllib.parse import quote

import pytest

from meterai.customers.contacts import Contact
from meterai.customers.organisations import SELLER
from meterai.kernel.ids import first_id
from meterai.sales.gateways import Gateways
from meterai.sales.use_cases.cancel_order import cancel_order
from meterai.sales.use_cases.open_order import OpenedOrder, Owner, open_order
from meterai.waiting_room.rules.model import QueueState
from tests.sales.fake_gateway import FakeGateway
from tests.waiting_room.line import ANI
from tests.web.asking import ask
from tests.web.running_site import GATE, RunningSite, Visitor, called, sign_in


def way_back(visitor: Visitor) -> str:
    """Where the button of a refusal's page leads."""
    found = re.search(r'class="button" href="([^"]+)"', visitor.text)
    assert found
    return found[1]


@pytest.mark.parametrize(
    ("page", "form", "back"),
    [
        ("/kuota", "/kuota", "/kuota"),
        ("/en/saya", "/en/saya/masuk", "/en/saya"),
        ("/kuota", "/beli?acara=casn", "/beli?acara=casn"),
        ("/kuota", "/casn/kabari/pasang", "/casn/kabari"),
    ],
)
async def test_a_form_that_stood_open_too_long_leads_to_its_page(
    running: RunningSite, page: str, form: str, back: str
) -> None:
    visitor = running.visitor()
    visitor.sent_from = ""  # an old browser: it does not say whose page the form stands on
    await visitor.get(page)
    await visitor.post(form, bukti_formulir="AAAA")
    assert visitor.status == 403
    assert way_back(visitor) == back


async def test_a_browser_without_cookies_is_told_so(running: RunningSite) -> None:
    visitor = running.visitor()
    await visitor.get("/en/kuota")
    visitor.cookies.clear()
    await visitor.post("/en/kuota", jumlah="1")
    assert visitor.status == 403
    assert "allow cookies" in visitor.text
    assert "open for too long" not in visitor.text


@pytest.mark.parametrize(
    ("address", "back"),
    [
        ("/pesanan/{}/rekening", "/pesanan/{}"),
        ("/en/pesanan/{}/ganti/1", "/en/pesanan/{}"),
        ("/saya/keluar", "/saya"),
        ("/en/saya/masuk", "/en/saya"),
        ("/nowhere", "/"),
    ],
)
async def test_the_answer_to_a_form_that_is_loaded_again_leads_to_its_page(
    running: RunningSite, address: str, back: str
) -> None:
    visitor = running.visitor()
    order = await order_of(running, visitor)
    await visitor.get(address.format(order.number))
    assert visitor.status == (404 if back == "/" else 405)
    assert way_back(visitor) == back.format(order.number)


@pytest.mark.parametrize("language", ["", "/en"])
async def test_a_form_of_an_order_that_was_not_read_says_nothing_of_its_money(
    running: RunningSite, language: str
) -> None:
    """The order may be paid."""
    visitor = running.visitor()
    order = await order_of(running, visitor)
    still = "We have not received any money" if language else "Belum ada uang yang kami terima"
    for form, tells in (
        (f"/pesanan/{order.number}/rekening", False),
        ("/saya/masuk", False),
        ("/kuota", True),
    ):
        visitor.cookies.pop("kunjungan", None)
        await visitor.post(language + form)
        assert visitor.status == 403
        assert (still in visitor.text) == tells, form
    await visitor.get(f"{language}/pesanan/{order.number}/kuitansi")
    assert (visitor.status, still in visitor.text) == (404, False), "money may have come that is to go back"
    await visitor._ask("POST", f"{language}/periksa", b"", "text/plain")
    assert (visitor.status, still in visitor.text) == (422, False), "who has a file verified may have paid"


async def test_what_an_order_refuses_leads_to_the_order(running: RunningSite) -> None:
    visitor = running.visitor()
    order = await open_order(
        running.line.database.app, b"s" * 32, submit_id="w" * 20, flow="quota", event_slug=None,
        language="id", now=running.line.now,
    )  # fmt: skip
    await visitor.get(f"/p/{order.token}")
    await visitor.get(f"/pesanan/{order.number}/unduh/9")
    assert (visitor.status, way_back(visitor)) == (404, f"/pesanan/{order.number}")
    visitor.cookies.pop(f"pesanan_{order.number}")
    await visitor.get(f"/pesanan/{order.number}/unduh/9")
    assert (visitor.status, way_back(visitor)) == (404, "/saya"), "not to a page that says the same"


@pytest.mark.parametrize("language", ["", "/en"])
async def test_who_is_not_signed_in_any_more_is_led_to_signing_in(
    running: RunningSite, language: str
) -> None:
    visitor = running.visitor()
    await visitor.get(f"{language}/saya")
    await visitor.post(f"{language}/saya/dokumen")
    assert (visitor.status, way_back(visitor)) == (403, f"{language}/saya")


@pytest.mark.parametrize("language", ["", "/en"])
async def test_a_link_that_ended_leads_to_the_orders_of_whoever_signs_in(
    running: RunningSite, language: str
) -> None:
    visitor = running.visitor()
    await visitor.get(f"{language}/p/{'x' * 43}")
    assert (visitor.status, way_back(visitor)) == (404, f"{language}/saya")


async def test_an_event_stays_the_event_when_the_language_is_changed_beside_a_refused_file(
    running: RunningSite,
) -> None:
    visitor = running.visitor()
    await running.line.set_state(QueueState.DIRECT)
    await visitor.get("/beli?acara=casn")
    await visitor.post(action_of(visitor), acara="casn")
    assert visitor.status == 422
    assert 'href="/en/beli?acara=casn"' in visitor.text


def action_of(visitor: Visitor) -> str:
    found = re.search(r'<form method="post" action="([^"]+)"', visitor.text)
    assert found
    return found[1]


async def test_a_number_that_no_store_takes_is_one_that_is_not_known(running: RunningSite) -> None:
    visitor = running.visitor()
    await visitor.get("/uang?nomor=AB%00C")
    assert visitor.status == 404
    assert "tidak menemukan nomor ini" in visitor.text


async def test_a_number_with_something_behind_it_is_not_known_also_to_its_customer(
    running: RunningSite,
) -> None:
    visitor = running.visitor()
    order = await order_of(running, visitor)
    clock = lambda: running.line.now  # noqa: E731

    async def never(reference: str) -> None:
        raise AssertionError(reference)

    await cancel_order(
        running.line.database.app,
        None,  # type: ignore[arg-type]
        order.order_id,
        settle=never,
        clock=clock,
    )
    number = order.number.lower()
    assert await visitor.get(f"/pesanan/{number}/bayar") == f"/pesanan/{number}"
    for more in (" " * 90 + "\r\nX-Forged: 1", "\r\nX-Forged: 1", "/..", "\x00"):
        await visitor.get(f"/pesanan/{quote(order.number + more)}/bayar")
        assert visitor.status == 404
        assert "x-forged" not in str(visitor.headers)


@pytest.mark.parametrize(
    ("minutes", "item", "is_late"),
    [(1, "stamping", False), (3, "stamping", True), (300, "stamping", True), (300, "refused", False)],
)
async def test_the_status_page_says_that_stamps_are_late_while_somebody_waits_for_one(
    running: RunningSite, minutes: int, item: str, *, is_late: bool
) -> None:
    """However long it takes, but not while the customer has to do something."""
    visitor = running.visitor()
    order = await order_of(running, visitor)
    paid_at = running.line.now - timedelta(minutes=minutes)
    owner = running.line.database.owner
    await owner.execute(
        "UPDATE sales.orders SET state = 'paid', paid_at = $2 WHERE id = $1", order.order_id, paid_at
    )
    await add_item(running, order, item)
    await visitor.get("/status")
    assert ("Tertunda" in visitor.text) == is_late
    assert visitor.text.count("Berjalan") == 5 - is_late


async def add_job(running: RunningSite, document_id: uuid.UUID, trouble: str | None, since: datetime) -> None:
    """Adds a stamping job without anything else."""
    owner = running.line.database.owner
    async with owner.transaction():
        await owner.execute("SET LOCAL session_replication_role = replica")
        await owner.execute(
            "INSERT INTO stamping.job (id, organisation_id, customer_id, document_id, lot_account_id,"
            " reference_id, idempotency_key, request_digest, input_digest, state, trouble_code, created_at,"
            " next_attempt_at) VALUES ($1, $1, $1, $1, $1, $1, '', '', '', 'sealing', $2, $3, $3)",
            document_id, trouble, since,
        )  # fmt: skip


@pytest.mark.parametrize(
    ("minutes", "trouble", "is_late"),
    [
        (3, "tsa.unavailable", True),
        (1, "tsa.unavailable", False),
        (3, None, False),
        (3, "object.missing", False),
    ],
)
async def test_a_stamp_from_quota_that_is_held_up_is_late_too_and_one_of_a_large_bundle_is_not(
    running: RunningSite, minutes: int, trouble: str | None, *, is_late: bool
) -> None:
    visitor = running.visitor()
    await add_job(running, uuid.uuid4(), trouble, running.line.now - timedelta(minutes=minutes))
    await visitor.get("/status")
    assert ("Tertunda" in visitor.text) == is_late
    assert visitor.text.count("Berjalan") == 5 - is_late


@pytest.mark.parametrize(
    ("trouble", "is_late"),
    [("object.missing", False), ("object.damaged", False), ("signer.unavailable", True)],
)
async def test_a_stamp_that_waits_for_its_file_to_be_put_back_delays_nobody_else(
    running: RunningSite, trouble: str, *, is_late: bool
) -> None:
    visitor = running.visitor()
    order, owner = await order_of(running, visitor), running.line.database.owner
    paid_at = running.line.now - timedelta(minutes=3)
    await owner.execute("UPDATE sales.orders SET state = 'paid', paid_at = $1", paid_at)
    await add_item(running, order, "stamping")
    await owner.execute("UPDATE sales.item SET kind = 'stamp', document_id = order_id")
    await add_job(running, order.order_id, trouble, paid_at)
    await visitor.get("/status")
    assert ("Tertunda" in visitor.text) == is_late
    assert visitor.text.count("Berjalan") == 5 - is_late


@pytest.mark.parametrize(
    ("states", "seconds_old", "seconds_due", "can_pay"),
    [
        ([], 0, 0, True),
        (["creating"], 20, 0, True),
        (["creating"], 40, 0, False),  # the gateway does not answer
        (["pending"], 600, 20, True),
        (["pending"], 600, 180, False),  # nobody asks for it
        (["failed"] * 3, 60, 0, False),  # it refuses us
        (["failed"] * 2, 60, 0, True),
        (["failed"] * 3 + ["pending"], 60, 0, True),
        (["failed"] * 3, 900, 0, True),
    ],
)
async def test_the_status_page_says_whether_people_can_pay(
    running: RunningSite, states: list[str], seconds_old: int, seconds_due: int, *, can_pay: bool
) -> None:
    visitor = running.visitor()
    order = await order_of(running, visitor)
    asked_at = running.line.now - timedelta(seconds=seconds_old)
    for number, state in enumerate(states):
        await running.line.database.owner.execute(
            "INSERT INTO sales.payment (id, order_id, gateway, channel, reference, amount, state, created_at,"
            " expires_at, poll_at) VALUES ($1, $2, 'midtrans', 'qris', $3, 12500, $4, $5, $6, $7)",
            uuid.UUID(int=first_id(asked_at).int + number),
            order.order_id,
            f"reference-{number}",
            state,
            asked_at,
            running.line.now + timedelta(minutes=20),
            running.line.now - timedelta(seconds=seconds_due),
        )
    await visitor.get("/en/status")
    assert (visitor.status, visitor.text.count("Disrupted")) == (200, 0 if can_pay else 1)


async def test_who_has_the_link_sent_is_told_so_and_a_second_press_stays_on_the_order(
    running: RunningSite,
) -> None:
    visitor = running.visitor()
    order = await order_of(running, visitor)
    await visitor.get(f"/p/{order.token}")
    page = f"/pesanan/{order.number}"
    await visitor.get(page)
    assert "sedang dikirim" not in visitor.text
    await visitor.get(await visitor.post(f"{page}/kirim-tautan"))
    assert "sedang dikirim ke s•••@contoh.id" in visitor.text
    await visitor.post(f"{page}/kirim-tautan")
    assert visitor.status == 429
    assert "baru saja dikirim" in visitor.text
    assert f'action="{page}/kirim-tautan"' in visitor.text, "on the page of the order"


@pytest.mark.parametrize(
    ("item", "left", "payment", "words"),
    [
        ("done", 1, "settled", "Kuota Anda siap dipakai"),
        ("done", 0, "settled", "Kuota pesanan ini sudah habis"),
        ("refused", 0, "settled", "Ada dokumen yang tidak dapat diberi meterai"),
        ("refunding", 0, "settled", "Uangnya kembali"),
        ("refunded", 0, "settled", "Uangnya kembali"),
        ("done", 0, "reversed", "diambil kembali oleh bank"),
    ],
)
async def test_lists_say_of_a_finished_order_what_its_page_says(
    running: RunningSite, item: str, left: int, payment: str, words: str
) -> None:
    visitor = running.visitor()
    order = await finished_order(running, visitor, item=item, payment=payment)
    await give_lot(running, order, left)
    for page in (f"/pesanan/{order.number}", "/saya", f"/uang?nomor={order.number}"):
        await visitor.get(page)
        assert visitor.status == 200
        assert words in visitor.text, page
        assert ">Selesai<" not in visitor.text


async def test_the_page_of_an_expired_order_looks_rarely_and_not_for_ever(running: RunningSite) -> None:
    """Money may come late; the gateway is asked for three days."""
    visitor = running.visitor()
    order = await order_of(running, visitor)
    owner = running.line.database.owner
    await owner.execute("UPDATE sales.orders SET state = 'expired', expires_at = $1", running.line.now)
    await owner.execute(
        "INSERT INTO sales.payment (id, order_id, gateway, channel, reference, amount, state, created_at,"
        " expires_at) VALUES ($1, $1, 'midtrans', 'qris', 'A', 12500, 'expired', $2, $2)",
        order.order_id, running.line.now,
    )  # fmt: skip
    await visitor.get(f"/p/{order.token}")
    for days, looks in ((2, ("30", None)), (2, (None, "1"))):
        running.line.now += timedelta(days=days)
        await visitor.get(f"/pesanan/{order.number}/keadaan")
        assert (visitor.headers.get("x-rest"), visitor.headers.get("x-ended")) == looks


async def test_a_way_to_pay_that_there_is_not_is_taken_for_no_other(running: RunningSite) -> None:
    visitor = running.visitor()
    order = await order_of(running, visitor)
    owner, ends = running.line.database.owner, running.line.now + timedelta(minutes=20)
    await owner.execute("UPDATE sales.orders SET state = 'awaiting_payment', expires_at = $1", ends)
    await owner.execute(
        "INSERT INTO sales.payment (id, order_id, gateway, channel, reference, amount, state, created_at,"
        " expires_at) VALUES ($1, $1, 'midtrans', 'qris', 'A', 12500, 'pending', $2, $3)",
        order.order_id, running.line.now, ends,
    )  # fmt: skip
    await visitor.get(await visitor.get(f"/p/{order.token}"))
    running.app.gateways = Gateways([FakeGateway()])  # never asked
    await visitor.post(f"/pesanan/{order.number}/ganti-cara", cara="tunai")
    assert visitor.status == 422
    assert "Pilih QRIS atau virtual account." in visitor.text


async def test_every_page_says_that_a_refund_is_looked_into(running: RunningSite) -> None:
    visitor = running.visitor()
    order = await finished_order(running, visitor, item="refunding", payment="settled")
    await running.line.database.owner.execute(
        "INSERT INTO sales.refund (id, order_id, item_id, payment_id, quantity, amount, reason, channel,"
        " state, failure_code, round, next_attempt_at, created_at)"
        " VALUES ($1, $1, $1, $1, 1, 12500, 'customer', 'payout', 'payable', 'payout.mismatch', 1, $2, $2)",
        order.order_id, running.line.now,
    )  # fmt: skip
    for page in (f"/pesanan/{order.number}", f"/uang?nomor={order.number}"):
        await visitor.get(page)
        assert "Sedang kami periksa" in visitor.text, page
        assert "segera dibayarkan" not in visitor.text


@pytest.mark.parametrize("forgets", [False, True])
async def test_a_code_that_is_typed_too_late_is_told_to_be_old(running: RunningSite, forgets: bool) -> None:
    """`forgets`: the browser has deleted the cookie of the awaited code, as it does after 15 minutes."""
    visitor = running.visitor()
    await visitor.get("/saya")
    await visitor.get(await visitor.post("/saya/masuk", kontak="sri@contoh.id"))
    found = re.search(r'name="kode_id" value="([^"]+)"', visitor.text)
    assert found
    running.line.now += timedelta(minutes=16)
    if forgets:
        visitor.cookies.pop("kode")
    await visitor.post("/saya/kode", kode="123456", kode_id=found[1])
    assert visitor.status == 410
    assert "tidak berlaku lagi" in visitor.text
    assert "s•••@contoh.id" in visitor.text


async def test_only_a_purchase_says_at_the_contact_and_the_code_that_no_money_has_come(
    running: RunningSite,
) -> None:
    """A visitor who signs in may have paid."""
    visitor = running.visitor()
    order = await order_of(running, visitor)
    await visitor.get(f"/p/{order.token}")
    for contact, code, is_purchase in (
        ("/saya/masuk", "/saya/kode", False),
        (f"/pesanan/{order.number}/kontak", f"/pesanan/{order.number}/kode", True),
    ):
        await visitor.get("/saya" if contact == "/saya/masuk" else contact)
        await visitor.post(contact, kontak="sri")
        assert visitor.status == 422
        assert ("Belum ada uang yang kami terima" in visitor.text) == is_purchase
        assert await visitor.post(contact, kontak="sri@contoh.id") == code
        await visitor.get(code)
        found = re.search(r'name="kode_id" value="([^"]+)"', visitor.text)
        assert found
        await visitor.post(code, kode="12", kode_id=found[1])
        assert "Kodenya tidak cocok" in visitor.text
        assert ("Belum ada uang yang kami terima" in visitor.text) == is_purchase


async def test_who_signs_out_leaves_nothing_to_the_next_person_at_the_device(running: RunningSite) -> None:
    visitor = running.visitor()
    order = await order_of(running, visitor)
    await visitor.get(f"/p/{order.token}")
    await visitor.get("/saya")
    assert await visitor.post("/saya/keluar") == "/"
    assert {name for name, value in visitor.cookies.items() if value} == {"kunjungan"}
    await visitor.get(f"/pesanan/{order.number}")
    assert visitor.status == 404


async def test_who_signs_out_leaves_no_pass_and_no_form_either_and_keeps_the_place_in_line(
    running: RunningSite,
) -> None:
    visitor = await called(running, ANI)
    ticket = visitor.cookies["antre_casn"]
    await visitor.get("/casn/masuk")
    assert await visitor.get("/beli?acara=casn") == "/beli?acara=casn"
    visitor.cookies |= {"dalam_lain": "x"}
    await visitor.get("/saya")
    await visitor.post("/saya/keluar")
    kept = {name: value for name, value in visitor.cookies.items() if value}
    assert kept == {"kunjungan": visitor.cookies["kunjungan"], "antre_casn": ticket}
    assert (await visitor.get("/beli?acara=casn")).startswith(GATE)


@pytest.mark.parametrize(
    ("page", "form"),
    [
        ("/saya", "/saya/masuk"),
        ("/kuota", "/kuota"),
        ("/casn/masuk", "/casn/masuk"),
        ("/kuota", "/casn/kabari/henti"),
    ],
)
async def test_a_refused_form_can_be_read_in_the_other_language(
    running: RunningSite, page: str, form: str
) -> None:
    visitor = running.visitor()
    await visitor.get(page)
    await visitor.post(form, jumlah="0")
    assert visitor.status in (403, 422, 200)
    found = re.search(r'<a href="([^"]+)" hreflang="en"', visitor.text)
    assert found
    await visitor.get(found[1])
    assert visitor.status == 200
    assert '<html lang="en"' in visitor.text


async def test_an_order_that_refuses_something_is_followed_at_its_own_address(running: RunningSite) -> None:
    visitor = running.visitor()
    order = await order_of(running, visitor)
    await running.line.database.owner.execute(
        "UPDATE sales.orders SET state = 'paid', paid_at = $1", running.line.now
    )
    page = f"/en/pesanan/{order.number}"
    await visitor.get(page)
    assert f'http-equiv="refresh" content="6; url={page}"' in visitor.text
    await visitor.get("/saya")
    await visitor.post(f"{page}/rekening")
    assert visitor.status == 422
    assert f'http-equiv="refresh" content="6; url={page}"' in visitor.text
    assert f'href="/pesanan/{order.number}" hreflang="id"' in visitor.text


async def test_every_answer_about_an_order_says_how_long_one_can_still_pay(running: RunningSite) -> None:
    visitor = running.visitor()
    order = await order_of(running, visitor)
    owner, now = running.line.database.owner, running.line.now
    await owner.execute("UPDATE sales.orders SET state = 'awaiting_payment' WHERE id = $1", order.order_id)
    await owner.execute(
        "INSERT INTO sales.payment (id, order_id, gateway, channel, reference, amount, state, qr_text,"
        " created_at, expires_at) VALUES ($1, $1, 'midtrans', 'qris', $2, 12500, 'pending', 'QR', $3, $4)",
        order.order_id, f"{order.number}-1", now, now + timedelta(minutes=30),
    )  # fmt: skip
    await visitor.get(f"/pesanan/{order.number}")
    assert 'data-seconds="1800"' in visitor.text
    running.line.now += timedelta(minutes=20)
    await visitor.get(f"/pesanan/{order.number}/keadaan")
    assert 'data-seconds="600"' in visitor.text
    cookies = "; ".join(f"{name}={value}" for name, value in visitor.cookies.items())
    known = {"cookie": cookies, "if-none-match": visitor.headers["etag"]}
    again = await ask(running.site, f"/pesanan/{order.number}/keadaan", headers=known)
    assert (again.status, again.headers["x-left"]) == (304, "600")


async def test_who_sees_an_order_without_its_link_is_not_asked_to_keep_it(running: RunningSite) -> None:
    visitor = running.visitor()
    order = await order_of(running, visitor)
    await visitor.get(f"/pesanan/{order.number}")
    assert "Simpan tautan ini" not in visitor.text
    await visitor.get(f"/p/{order.token}")
    await visitor.get(f"/pesanan/{order.number}")
    assert "Simpan tautan ini" in visitor.text


@pytest.mark.parametrize("language", ["", "/en"])
async def test_the_link_to_keep_opens_the_order_in_the_language_of_its_page(
    running: RunningSite, language: str
) -> None:
    visitor = running.visitor()
    order = await order_of(running, visitor)
    await visitor.get(f"/p/{order.token}")
    await visitor.get(f"{language}/pesanan/{order.number}")
    link = re.search(r'class="serial">https?://[^/]+(/[^<]+)<', visitor.text)
    assert link
    assert await visitor.get(link[1]) == f"{language}/pesanan/{order.number}"


async def finished_order(running: RunningSite, visitor: Visitor, *, item: str, payment: str) -> OpenedOrder:
    """A completed order of one stamp, in these states."""
    order, now = await order_of(running, visitor), running.line.now
    await running.line.database.owner.execute(
        "UPDATE sales.orders SET state = 'completed', paid_at = $2, closed_at = $2 WHERE id = $1",
        order.order_id, now,
    )  # fmt: skip
    await add_item(running, order, item)
    await add_payment(running, order, payment)
    return order


async def add_item(running: RunningSite, order: OpenedOrder, state: str) -> None:
    """Adds one stamp."""
    await running.line.database.owner.execute(
        "INSERT INTO sales.item (id, order_id, position, kind, quantity, state, unit_face_value, unit_fee,"
        " unit_vat) VALUES ($1, $1, 1, 'quota', 1, $2, 10000, 2500, 248)",
        order.order_id, state,
    )  # fmt: skip


async def give_lot(running: RunningSite, order: OpenedOrder, left: int) -> None:
    """Adds the lot of the stamp, and whether it is still there."""
    owner = running.line.database.owner
    await owner.execute(
        "INSERT INTO ledger.account (id, unit, kind, organisation_id, customer_id, balance_side,"
        " credits_posted, debits_posted, created_at)"
        " SELECT id, 'STAMP', 'lot', $2, customer_id, 'credit', 1, $3, created_at FROM sales.orders"
        " WHERE id = $1",
        order.order_id, SELLER, 1 - left,
    )  # fmt: skip
    await owner.execute("UPDATE sales.item SET lot_account_id = id WHERE id = $1", order.order_id)


async def add_payment(running: RunningSite, order: OpenedOrder, state: str) -> None:
    """Adds the payment of the order."""
    await running.line.database.owner.execute(
        "INSERT INTO sales.payment (id, order_id, gateway, channel, reference, amount, state, outcome,"
        " created_at, expires_at) VALUES ($1, $1, 'midtrans', 'qris', $2, 12500, $3, 'credited', $4, $4)",
        order.order_id, f"{order.number}-1", state, running.line.now,
    )  # fmt: skip


async def order_of(running: RunningSite, visitor: Visitor) -> OpenedOrder:
    """A draft of a visitor who is signed in from now on."""
    await sign_in(running, visitor, "email:sri@contoh.id")
    customer = await running.line.database.owner.fetchval("SELECT id FROM customers.customer")
    return await open_order(
        running.line.database.app, b"s" * 32, submit_id=uuid.uuid4().hex, flow="quota", event_slug=None,
        owner=Owner(customer_id=customer, contact=Contact(kind="email", value="sri@contoh.id")),
        language="id", now=running.line.now,
    )  # fmt: skip
