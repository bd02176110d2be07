"""The site's pages and stored documents, before and after the payment."""

from __future__ import annotations

import uuid
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from meterai.customers.contacts import Contact
from meterai.customers.organisations import SELLER
from meterai.kernel.refusals import Kind, Refusal
from meterai.ledger.use_cases.open_books import open_books
from meterai.operations.use_cases.stop_signing import stop_signing
from meterai.pdf.ink_kinds import Ink
from meterai.pdf.profiles import Profile
from meterai.pdf.requests import Inspection, PageSize, SignatureKind
from meterai.sales.events import load_events
from meterai.sales.gateways import Gateways
from meterai.sales.use_cases.add_item import FormDocument
from meterai.sales.use_cases.open_order import OpenedOrder, Owner, open_order_with_documents
from meterai.sales.use_cases.set_contact import set_customer
from meterai.stamping.model import OutputVerdict
from meterai.stamping.placement import Placement
from meterai.stamping.requests import OutputLimits
from meterai.stamping.store.documents import NewDocument, insert_document
from meterai.web.requests.forms import Upload
from tests.sales.fake_gateway import FakeGateway
from tests.web.running_site import RunningSite, Visitor, sign_in

LEFT = Placement(page=1, x=80, y=80, covers=Ink.NOTHING)
RIGHT = Placement(page=1, x=420, y=80, covers=Ink.NOTHING)


async def stored(
    running: RunningSite,
    owner: uuid.UUID | None,
    *placements: Placement,
    organisation_id: uuid.UUID = SELLER,
) -> uuid.UUID:
    """Stores a letter of one page, as if it had been uploaded."""
    document = NewDocument(
        id=uuid.uuid4(),
        organisation_id=organisation_id,
        customer_id=owner,
        name="Surat.pdf",
        kind=None,
        input_object="00" * 32,
        input_bytes=1000,
        profile=Profile.FINAL,
        inspection=Inspection(
            size_bytes=1000,
            pages=[PageSize(width_pt=595, height_pt=842, rotation=0)],
            pdf_version="1.7",
            signatures=SignatureKind.NONE,
            encrypted=False,
            repaired=False,
            notices=[],
        ),
        placements=list(placements),
        output=OutputVerdict(output_bytes=30_000, pdf_version="1.7"),
        output_bytes_max=None,
        pdf_version_min=None,
        created_at=running.line.now,
        retained_until=running.line.now + timedelta(days=7),
    )
    async with running.line.database.app.connection() as connection:
        await insert_document(connection, document)
    return document.id


async def customer_called(running: RunningSite, visitor: Visitor, name: str) -> Owner:
    """Signs a visitor in."""
    contact = Contact(kind="email", value=f"{name}@contoh.id")
    await sign_in(running, visitor, f"email:{contact.value}")
    customer = await running.line.database.owner.fetchval(
        "SELECT customer_id FROM customers.contact WHERE value = $1", contact.value
    )
    return Owner(customer_id=customer, contact=contact)


async def draft(
    running: RunningSite, document_id: uuid.UUID, owner: Owner | None, event: str | None = None
) -> OpenedOrder:
    """A draft with this document."""
    return await open_order_with_documents(
        running.line.database.app, b"s" * 32,
        [FormDocument(document_id=document_id, document_kind=None, slot="one")],
        submit_id=uuid.uuid4().hex, event_slug=event, language="id", owner=owner,
        now=running.line.now,
    )  # fmt: skip


async def owner_of(running: RunningSite, document_id: uuid.UUID) -> uuid.UUID | None:
    owner: uuid.UUID | None = await running.line.database.owner.fetchval(
        "SELECT customer_id FROM stamping.document WHERE id = $1", document_id
    )
    return owner


async def test_nobody_pays_for_a_document_that_stayed_with_the_contact_before(running: RunningSite) -> None:
    """The site died after the draft got its new contact and before its documents did."""
    visitor = running.visitor()
    ani = await customer_called(running, visitor, "ani")
    document = await stored(running, ani.customer_id, RIGHT)
    order = await draft(running, document, ani)
    budi = await customer_called(running, visitor, "budi")
    await set_customer(running.line.database.app, b"s" * 32, order.order_id, budi.customer_id, budi.contact)
    await visitor.get(f"/en/pesanan/{order.number}/bayar")
    assert visitor.status == 200
    assert "<dt>Document 1</dt>" in visitor.text
    assert await owner_of(running, document) == budi.customer_id


@pytest.mark.parametrize(("language", "said"), [("", "sudah ditutup pada"), ("/en", "closed on")])
async def test_who_pays_for_an_event_that_is_over_is_told_so_before(
    running: RunningSite, language: str, said: str
) -> None:
    event = load_events()[0]
    ani = await customer_called(running, running.visitor(), "ani")
    order = await draft(running, await stored(running, ani.customer_id, RIGHT), ani, event.slug)
    for now in (event.closes_at - timedelta(minutes=1), event.closes_at):
        running.line.now = now
        visitor = running.visitor()
        await visitor.get(f"/p/{order.token}")
        await visitor.get(f"{language}/pesanan/{order.number}/bayar")
        assert (visitor.status, f"{event.name} {said}" in visitor.text) == (200, now == event.closes_at)


@pytest.mark.parametrize("stops", [True, False])
async def test_who_pays_while_stamping_is_paused_is_told_so_before(
    running: RunningSite, *, stops: bool
) -> None:
    ani = await customer_called(running, running.visitor(), "ani")
    order = await draft(running, await stored(running, ani.customer_id, RIGHT), ani)
    if stops:
        db, now = running.line.database.app, running.line.now
        await stop_signing(db, reason="a drill", actor="oscar", now=now)
    visitor = running.visitor()
    await visitor.get(f"/p/{order.token}")
    await visitor.get(f"/en/pesanan/{order.number}/bayar")
    assert ("Stamping is paused for now" in visitor.text) == stops
    assert "a drill" not in visitor.text


@pytest.mark.parametrize(
    ("language", "said"),
    [("", "Persediaan meterai sedang habis."), ("/en", "Stamps are out of stock right now.")],
    ids=["id", "en"],
)
async def test_who_is_about_to_pay_while_no_stamp_is_left_is_told_so_before(
    running: RunningSite, monkeypatch: pytest.MonkeyPatch, language: str, said: str
) -> None:
    ani = await customer_called(running, running.visitor(), "ani")
    order = await draft(running, await stored(running, ani.customer_id, RIGHT), ani)
    monkeypatch.setattr("meterai.operations.service_status.LOOK_S", 0.0)
    running.app.gateways = Gateways([FakeGateway()])
    visitor, page = running.visitor(), f"{language}/pesanan/{order.number}/bayar"
    await visitor.get(f"/p/{order.token}")
    await visitor.get(page)
    assert (visitor.status, visitor.text.count(said)) == (200, 0)
    await running.line.database.owner.execute(
        "UPDATE ledger.account SET debits_pending = credits_posted WHERE kind = 'seller_stock'"
    )
    await visitor.get(page)
    assert (visitor.status, visitor.text.count(said)) == (200, 1)
    await visitor.post(page, cara="qris")
    assert (visitor.status, visitor.text.count(said)) == (409, 1)


async def test_who_has_the_code_to_pay_with_is_told_when_stamping_is_stopped_and_when_the_event_closes(
    running: RunningSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A code can be paid for half an hour. Meanwhile stamping may stop, or the event may close."""
    event = load_events()[0]
    ani = await customer_called(running, running.visitor(), "ani")
    order = await draft(running, await stored(running, ani.customer_id, RIGHT), ani, event.slug)
    running.app.gateways = Gateways([FakeGateway()])
    monkeypatch.setattr("meterai.operations.service_status.LOOK_S", 0.0)
    running.line.now = event.closes_at - timedelta(minutes=1)
    visitor = running.visitor()
    await visitor.get(f"/p/{order.token}")
    await visitor.get(f"/pesanan/{order.number}/bayar")
    await visitor.post(f"/pesanan/{order.number}/bayar", cara="qris")
    assert visitor.status == 303
    warnings = "Stamping is paused for now", f"{event.name} closed on"

    async def told() -> tuple[list[bool], str]:
        await visitor.get(f"/en/pesanan/{order.number}/keadaan")
        assert visitor.status == 200
        assert "Pay before" in visitor.text
        return [words in visitor.text for words in warnings], visitor.headers["x-mark"]

    nothing, mark = await told()
    assert nothing == [False, False]
    await stop_signing(running.line.database.app, reason="a drill", actor="oscar", now=running.line.now)
    stopped, stopped_mark = await told()
    assert stopped == [True, False]
    running.line.now = event.closes_at
    closed, closed_mark = await told()
    assert closed == [True, True]
    assert len({mark, stopped_mark, closed_mark}) == 3


@pytest.mark.parametrize(("act", "wish"), [("batal", {}), ("ganti-cara", {"cara": "va_bni"})])
async def test_what_a_silent_gateway_keeps_from_being_done_is_not_said_to_be_done_later(
    running: RunningSite, act: str, wish: dict[str, str]
) -> None:
    """The order is not cancelled, and its way of payment not changed, unless people ask again."""
    ani = await customer_called(running, running.visitor(), "ani")
    order = await draft(running, await stored(running, ani.customer_id, RIGHT), ani)
    gateway = FakeGateway()
    running.app.gateways = Gateways([gateway])
    visitor, page = running.visitor(), f"/en/pesanan/{order.number}"
    await visitor.get(f"/p/{order.token}")
    await visitor.get(f"{page}/bayar")
    await visitor.post(f"{page}/bayar", cara="qris")
    await visitor.get(page)
    gateway.down = True
    await visitor.post(f"{page}/{act}", **wish)
    assert visitor.status == 503
    assert "the order is not cancelled, and the way to pay is not changed. Try again" in visitor.text
    assert "by ourselves" not in visitor.text
    assert "We have not received any money." in visitor.text
    gateway.down = False
    assert (await visitor.post(f"{page}/{act}", **wish), visitor.status) == (page, 303)


@pytest.mark.parametrize("is_theirs", [False, True])
async def test_nobody_orders_what_the_agency_would_not_take(running: RunningSite, *, is_theirs: bool) -> None:
    """The same holds for a draft that becomes theirs when they order it."""
    visitor = running.visitor()
    ani = await customer_called(running, visitor, "ani")
    order = await draft(running, await stored(running, None, RIGHT), None)
    if is_theirs:
        await set_customer(running.line.database.app, b"s" * 32, order.order_id, ani.customer_id, ani.contact)
    await running.line.database.owner.execute(
        "UPDATE stamping.document SET output = output || '{\"too_large\": true}'"
    )
    await visitor.get(f"/p/{order.token}")
    page = f"/pesanan/{order.number}"
    assert await visitor.get(f"{page}/bayar") == f"{page}/syarat/1"


async def test_news_go_out_in_the_language_in_which_the_contact_was_given(running: RunningSite) -> None:
    visitor = running.visitor()
    order = await draft(running, await stored(running, None, RIGHT), None)
    await visitor.get(f"/en/p/{order.token}")
    await customer_called(running, visitor, "ani")
    running.app.gateways = Gateways([FakeGateway()])
    await visitor.get(f"/en/pesanan/{order.number}/bayar")
    await visitor.post(f"/en/pesanan/{order.number}/bayar", cara="qris", milik="1")
    assert visitor.status == 303
    language = await running.line.database.owner.fetchval("SELECT language FROM sales.orders")
    assert language == "en"


async def test_enough_quota_in_too_small_parts_is_told_as_that(
    running: RunningSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    """People who were told to buy quota first had enough, and one more piece would not have helped."""

    async def two_lots(*_: Any) -> list[Any]:
        return [SimpleNamespace(lot_account_id=uuid.uuid4(), available=1) for _ in range(2)]

    monkeypatch.setattr("meterai.web.account.quota_document_routes.quota_of", two_lots)
    visitor = running.visitor()
    ani = await customer_called(running, visitor, "ani")
    page = f"/saya/dokumen/{await stored(running, ani.customer_id, LEFT, RIGHT)}/letak"
    await visitor.get(page)
    await visitor.post(page)
    assert visitor.status == 409
    assert "Kuota Anda cukup, tetapi terbagi" in visitor.text
    assert "beli 2 keping sekaligus" in visitor.text
    assert "Kuota Anda tidak terpakai" in visitor.text
    assert 'class="money' not in visitor.text, "that quota was paid for"


async def refused_order(running: RunningSite) -> OpenedOrder:
    """A paid order whose document could not be stamped."""
    document = await stored(running, None, RIGHT)
    order = await draft(running, document, None)
    owner = running.line.database.owner
    await owner.execute(
        "UPDATE sales.orders SET state = 'completed', paid_at = $1, closed_at = $1", running.line.now
    )
    await owner.execute("UPDATE sales.item SET state = 'refused', refusal_code = 'pdf.broken'")
    return order


async def refuse_stamping(
    running: RunningSite, document_id: uuid.UUID, owner: Owner, reference_id: uuid.UUID
) -> None:
    """A stamping job that ended with a refusal. It does not matter which account pays."""
    await open_books(running.line.database.app, now=running.line.now)
    await running.line.database.owner.execute(
        """INSERT INTO stamping.job (id, organisation_id, customer_id, document_id, idempotency_key, state,
               request_digest, lot_account_id, reference_id, input_digest, lease_token, attempts,
               refusal_code, created_at, ended_at)
           SELECT gen_random_uuid(), $1, $2, $3, 'one', 'refused', $4, min(id::text)::uuid, $5, $4, 1, 1,
               'pdf.broken', $6, $6 FROM ledger.account""",
        SELLER, owner.customer_id, document_id, bytes(32), reference_id, running.line.now,
    )  # fmt: skip


@pytest.mark.parametrize("item_state", ["refused", "refunded"])
async def test_the_page_of_a_refused_document_leads_to_the_order_that_has_its_stamps(
    running: RunningSite, item_state: str
) -> None:
    """The stamps are not quota: "My stamps" would say that there are none, and people would buy again."""
    visitor = running.visitor()
    ani = await customer_called(running, visitor, "ani")
    document = await stored(running, ani.customer_id, RIGHT)
    order = await draft(running, document, ani)
    owner = running.line.database.owner
    await owner.execute(
        "UPDATE sales.orders SET state = 'completed', paid_at = $1, closed_at = $1", running.line.now
    )
    item = await owner.fetchval("UPDATE sales.item SET state = $1 RETURNING id", item_state)
    await refuse_stamping(running, document, ani, item)
    await visitor.get(f"/saya/dokumen/{document}")
    assert f'href="/pesanan/{order.number}"' in visitor.text
    assert "Kuota Anda utuh" not in visitor.text
    await visitor.get(f"/pesanan/{order.number}")
    assert visitor.status == 200


async def test_a_refused_document_leaves_the_quota_for_another(running: RunningSite) -> None:
    visitor = running.visitor()
    ani = await customer_called(running, visitor, "ani")
    document = await stored(running, ani.customer_id, RIGHT)
    await refuse_stamping(running, document, ani, document)
    await visitor.get(f"/saya/dokumen/{document}")
    assert "Kuota Anda utuh" in visitor.text
    assert "/pesanan/" not in visitor.text


@pytest.mark.parametrize("code", ["pdf.not_pdf", "jail.busy", "form.no_file"])
async def test_who_has_paid_is_not_told_that_no_money_has_moved(
    running: RunningSite, monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    """The words are written for files that are refused before the payment."""

    async def refuse(*_: Any, **__: Any) -> None:
        raise Refusal(Kind.INVALID, code)

    monkeypatch.setattr("meterai.web.orders.replacing_routes.accept_upload", refuse)
    visitor, order = running.visitor(), await refused_order(running)
    await visitor.get(f"/p/{order.token}")
    await visitor.get(f"/pesanan/{order.number}")
    await visitor.post(f"/pesanan/{order.number}/ganti/1")
    assert visitor.status == 422
    assert "Belum ada uang yang kami terima" not in visitor.text
    assert "Uang Anda sudah kami terima" in visitor.text


@pytest.mark.parametrize(
    ("verdict", "limits", "words"),
    [
        (
            OutputVerdict(too_large=True, output_bytes=900_000, pdf_version="1.7"),
            OutputLimits(bytes_max=800_000),
            "lebih besar dari",
        ),
        (
            OutputVerdict(version_low=True, output_bytes=1, pdf_version="1.4"),
            OutputLimits(pdf_version_min="1.6"),
            "lebih rendah dari 1.6",
        ),
    ],
)
async def test_no_stamp_is_spent_on_another_file_that_the_agency_would_not_take(
    running: RunningSite,
    monkeypatch: pytest.MonkeyPatch,
    verdict: OutputVerdict,
    limits: OutputLimits,
    words: str,
) -> None:
    """The file is stamped at once. Nobody is asked about its size, as before a payment."""
    stamped: list[Any] = []

    async def accept(*_: Any, **__: Any) -> Any:
        return SimpleNamespace(
            document_id=uuid.uuid4(),
            output=verdict,
            limits=limits,
            compared=True,
            profile=Profile.FINAL,
            photos=(),
        )

    async def replace(*asked: Any, **_: Any) -> None:
        stamped.append(asked)

    monkeypatch.setattr("meterai.web.orders.replacing_routes.accept_upload", accept)
    monkeypatch.setattr("meterai.web.orders.replacing_routes.replace_document", replace)
    visitor, order = running.visitor(), await refused_order(running)
    await visitor.get(f"/p/{order.token}")
    await visitor.get(f"/pesanan/{order.number}")
    await visitor.post(f"/pesanan/{order.number}/ganti/1")
    assert stamped == []
    assert visitor.status == 422
    assert words in visitor.text


@pytest.mark.parametrize(
    ("refused", "wanted"),
    [
        (Profile.SIGN_LATER, Profile.SIGN_LATER),
        (Profile.FINAL, Profile.FINAL),
        (Profile.SIGNED, Profile.FINAL),  # which nobody chooses
    ],
)
async def test_another_file_may_be_signed_afterwards_when_the_refused_one_might(
    running: RunningSite, monkeypatch: pytest.MonkeyPatch, refused: Profile, wanted: Profile
) -> None:
    """The file is stamped at once: nobody is asked again."""
    asked: list[Profile] = []

    async def accept(*_: Any, profile: Profile, **__: Any) -> None:
        asked.append(profile)
        raise Refusal(Kind.INVALID, "pdf.not_pdf")

    running.app.jail = running.app.objects = None
    monkeypatch.setattr("meterai.web.documents.uploads.accept_document", accept)
    monkeypatch.setattr("meterai.web.requests.forms.Form.uploads", lambda *_: [Upload("lain.pdf")])
    visitor, order = running.visitor(), await refused_order(running)
    await running.line.database.owner.execute("UPDATE stamping.document SET profile = $1", refused)
    await visitor.get(f"/p/{order.token}")
    await visitor.get(f"/pesanan/{order.number}")
    await visitor.post(f"/pesanan/{order.number}/ganti/1")
    assert asked == [wanted]
