"""Name and NPWP of a buyer: asked before paying, shown on the receipt to its owner alone."""

from __future__ import annotations

import uuid

import pypdfium2
import pytest

from meterai.sales.gateways import Gateways
from meterai.sales.use_cases.settle_payment import settle_payment
from tests.sales.fake_gateway import FakeGateway
from tests.web.running_site import RunningSite, Visitor, sign_in

pytestmark = pytest.mark.storage
MAJU = {"pembeli": "PT Maju", "npwp": "0123 4567 8901 2000"}


@pytest.fixture
def gateway(running: RunningSite) -> FakeGateway:
    """The gateway of the running site."""
    gateway = FakeGateway()
    running.app.gateways = Gateways([gateway])
    return gateway


async def ask_for(running: RunningSite, pieces: str, **fields: str) -> tuple[Visitor, str]:
    """A signed-in visitor who has sent the form for quota, and where that led."""
    visitor = running.visitor()
    await sign_in(running, visitor, "email:sri@contoh.id")
    await visitor.get("/kuota")
    return visitor, await visitor.post("/kuota", kiriman=uuid.uuid4().hex, jumlah=pieces, **fields)


async def pay(running: RunningSite, gateway: FakeGateway, visitor: Visitor, page: str, **fields: str) -> str:
    """Places and pays the order of a page; gives its number."""
    await visitor.get(page)
    number = (await visitor.post(page, **fields)).rpartition("/")[2]
    gateway.pay(f"{number}-1")
    await settle_payment(running.line.database.app, gateway, f"{number}-1", clock=lambda: running.line.now)
    return number


@pytest.mark.parametrize(
    ("pieces", "fields", "said"),
    [
        ("300", {}, "hanya untuk pembeli dengan NPWP"),
        ("300", {"pembeli": "PT Maju", "npwp": "1234"}, "NPWP-nya belum benar"),
        ("300", {"pembeli": "", "npwp": "0123456789012000"}, "Nama pada kuitansi belum diisi"),
        ("10001", MAJU, "Paling banyak 10.000 keping"),
    ],
)
async def test_a_large_quota_says_what_it_needs_and_keeps_what_was_typed(
    running: RunningSite, pieces: str, fields: dict[str, str], said: str
) -> None:
    visitor, _ = await ask_for(running, pieces, **fields)
    assert visitor.status == 422
    assert said in visitor.text
    for typed in (pieces, *filter(None, fields.values())):
        assert f'value="{typed}"' in visitor.text
    assert '<details id="banyak" open>' in visitor.text or not any(fields.values())
    assert await running.line.database.owner.fetchval("SELECT count(*) FROM sales.orders") == 0


async def test_a_large_order_is_offered_a_virtual_account_only(
    running: RunningSite, gateway: FakeGateway
) -> None:
    visitor, page = await ask_for(running, "300", **MAJU)
    await visitor.get(page)
    assert visitor.status == 200
    assert 'value="qris"' not in visitor.text
    assert 'value="0123 4567 8901 2000"' in visitor.text
    assert await visitor.post(page, cara="qris", **MAJU) == page
    assert "hanya dapat dibayar lewat virtual account" in visitor.text
    number = await pay(running, gateway, visitor, page, cara="va_bni", **MAJU)
    await visitor.get(f"/pesanan/{number}")
    assert 'name="keping"' in visitor.text
    assert 'value="300"' in visitor.text, "all of it can be given back"


async def test_who_bought_stands_on_the_receipt_and_on_no_other_page(
    running: RunningSite, gateway: FakeGateway
) -> None:
    visitor, page = await ask_for(running, "2")
    await visitor.get(page)
    await visitor.post(page, cara="qris", pembeli="PT Maju", npwp="12")
    assert (visitor.status, 'value="12"' in visitor.text) == (422, True)
    number = await pay(running, gateway, visitor, page, cara="qris", **MAJU)
    receipt = f"/pesanan/{number}/kuitansi"
    await visitor.get(receipt)
    for words in ("PT Maju", "NPWP 0123 4567 8901 2000", "PT Meterai Percobaan"):
        assert words in visitor.text
    assert 'name="npwp"' not in visitor.text, "it is kept as it is"
    await visitor.get(f"{receipt}.pdf")
    text = pypdfium2.PdfDocument(visitor.body)[0].get_textpage().get_text_bounded()
    for words in ("PT Maju", "NPWP 0123 4567 8901 2000", "PT Meterai Percobaan", "Rp25.000"):
        assert words in text
    stranger = running.visitor()
    for address in (receipt, f"{receipt}.pdf"):
        await stranger.get(address)
        assert stranger.status == 404
    for address in (f"/pesanan/{number}", "/saya", f"/uang?nomor={number}"):
        await visitor.get(address)
        assert ("PT Maju" in visitor.text, "4567 8901" in visitor.text) == (False, False), address


async def test_a_receipt_gets_its_buyer_once_after_the_payment(
    running: RunningSite, gateway: FakeGateway
) -> None:
    visitor, page = await ask_for(running, "2")
    receipt = f"/pesanan/{await pay(running, gateway, visitor, page, cara='qris')}/kuitansi"
    await visitor.get(receipt)
    await visitor.post(receipt, pembeli="", npwp="")
    assert (visitor.status, "Nama pada kuitansi belum diisi" in visitor.text) == (422, True)
    assert await visitor.post(receipt, **MAJU) == receipt
    await visitor.get(receipt)
    assert "PT Maju" in visitor.text
    await visitor.post(receipt, pembeli="PT Lain")
    assert (visitor.status, "sudah tetap" in visitor.text) == (409, True)
