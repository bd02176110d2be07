"""A second payment gateway: one class and one line. It takes charges and has an address for its notices."""

from __future__ import annotations

import json
import uuid
from collections.abc import AsyncIterator, Mapping
from typing import Any, Self

import pytest
import pytest_asyncio

from meterai.bootstrap import check_settings
from meterai.customers.contacts import Contact
from meterai.jail.pool import JailPool
from meterai.kit.settings import Settings
from meterai.sales.adapters.gateways import GATEWAYS, adapters_of, open_gateways
from meterai.sales.gateways import Gateways
from meterai.sales.model import OrderState
from meterai.sales.order import Order
from meterai.sales.ports import Channel, ChannelOf
from meterai.sales.prices import ChannelCost
from meterai.sales.qr_image import READ_QR_IMAGE
from meterai.sales.queries.order_page import order_page
from meterai.sales.use_cases.add_item import set_quota
from meterai.sales.use_cases.open_order import open_order
from meterai.sales.use_cases.set_contact import set_customer
from meterai.sales.use_cases.settle_asked import settle_asked
from tests.adapters.test_snap import PAYMENT, TOKEN, TRANSFERRED, adapter_at, signed, token_headers
from tests.sales.fake_gateway import FakeGateway, notice
from tests.web.asking import Answer, ask
from tests.web.running_site import RunningSite, Visitor, sign_in

pytestmark = pytest.mark.storage
ANI = Contact(kind="email", value="ani@contoh.id")


class Dompet(FakeGateway):
    """A gateway of this test, with QRIS alone."""

    name = "dompet"
    costs: Mapping[Channel, ChannelCost] = {Channel.QRIS: ChannelCost(basis_points=70)}

    @classmethod
    def from_settings(cls, settings: Settings, jail: JailPool, *, channel_of: ChannelOf) -> Self:
        assert settings.gateway_server_key == "key of dompet"
        return cls()

    async def close(self) -> None:
        pass


async def no_channel(_: str) -> None:
    """Of no payment: this gateway does not ask."""


@pytest_asyncio.fixture
async def dompet(running: RunningSite, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Dompet]:
    """The second gateway, in use behind the site."""
    monkeypatch.setitem(GATEWAYS, Dompet.name, Dompet)
    settings = Settings(payment_gateways="dompet", gateway_server_key="key of dompet")
    check_settings(settings)
    async with open_gateways(settings, JailPool([READ_QR_IMAGE]), channel_of=no_channel) as gateways:
        running.app.gateways = gateways
        gateway = gateways.named("dompet")
        assert isinstance(gateway, Dompet)
        yield gateway


async def order_of_ani(running: RunningSite, visitor: Visitor) -> uuid.UUID:
    """A draft of two stamps, of the customer who is signed in."""
    await sign_in(running, visitor, f"{ANI.kind}:{ANI.value}")
    owner = running.line.database.owner
    customer = await owner.fetchval("SELECT customer_id FROM customers.contact WHERE value = $1", ANI.value)
    opened = await open_order(
        running.line.database.app, running.app.secret, submit_id=uuid.uuid4().hex, flow="quota",
        event_slug=None, language="id", now=running.line.now,
    )  # fmt: skip
    await set_customer(running.line.database.app, running.app.secret, opened.order_id, customer, ANI)
    await set_quota(running.line.database.app, opened.order_id, 2, now=running.line.now)
    return opened.order_id


async def order_now(running: RunningSite, order_id: uuid.UUID) -> Order:
    return await order_page(running.line.database.app, order_id)


async def pay_by(visitor: Visitor, order: Order, channel: str) -> None:
    """Chooses a way to pay on the page before the payment."""
    await visitor.get(f"/pesanan/{order.number}/bayar")
    await visitor.post(f"/pesanan/{order.number}/bayar", cara=channel)


async def tell(running: RunningSite, gateway: str, body: bytes) -> Answer:
    return await ask(running.site, f"/api/v1/gateways/{gateway}/notices", method="POST", body=body)


async def test_a_second_gateway_takes_a_charge_and_its_notice(running: RunningSite, dompet: Dompet) -> None:
    visitor = running.visitor()
    order_id = await order_of_ani(running, visitor)
    await pay_by(visitor, await order_now(running, order_id), "qris")
    order = await order_now(running, order_id)
    assert order.state is OrderState.AWAITING_PAYMENT
    (payment,) = order.payments
    assert (payment.gateway, payment.qr_text) == ("dompet", f"QR {payment.reference}")
    dompet.pay(payment.reference)
    for new in (True, False):
        answer = await tell(running, "dompet", notice(payment.reference))
        assert (answer.status, json.loads(answer.body)) == (200, {"status": "ok", "new": new})
    assert (await order_now(running, order_id)).state is OrderState.AWAITING_PAYMENT, "the site books nothing"
    assert (
        await settle_asked(running.line.database.app, running.app.gateways, clock=lambda: running.line.now)
        == 2
    )
    assert (await order_now(running, order_id)).state is OrderState.COMPLETED
    kept = await running.line.database.owner.fetchval("SELECT gateway FROM sales.notice")
    assert kept == "dompet"


async def test_a_way_to_pay_that_the_gateway_lacks_is_refused(running: RunningSite, dompet: Dompet) -> None:
    visitor = running.visitor()
    order_id = await order_of_ani(running, visitor)
    await pay_by(visitor, await order_now(running, order_id), "va_bni")
    order = await order_now(running, order_id)
    assert (order.state, dompet.charges) == (OrderState.DRAFT, {})


async def test_each_gateway_takes_notices_at_its_own_address_alone(
    running: RunningSite, dompet: Dompet
) -> None:
    answer = await tell(running, "midtrans", notice("MTR-1"))
    assert (answer.status, json.loads(answer.body)["code"]) == (404, "api.not_found")
    address = "/api/v1/payments/midtrans/notices"
    assert (await ask(running.site, address, method="POST", body=notice("MTR-1"))).status == 404
    assert (await tell(running, "dompet", notice("MTR-1", signature="wrong"))).status == 403
    assert await running.line.database.owner.fetchval("SELECT count(*) FROM sales.notice") == 0


async def test_midtrans_has_an_address_like_the_others_and_the_one_of_its_dashboard(
    running: RunningSite,
) -> None:
    gateway = FakeGateway()
    gateway.name = "midtrans"
    running.app.gateways = Gateways([gateway])
    for address in ("/api/v1/gateways/midtrans/notices", "/api/v1/payments/midtrans/notices"):
        answer = await ask(running.site, address, method="POST", body=notice("MTR-1"))
        assert answer.status == 200


async def test_snap_gets_a_token_and_leaves_its_notices_at_addresses_of_its_own(running: RunningSite) -> None:
    """A copy gets the same good answer; a forged one is refused in SNAP's form, and nothing is kept."""
    running.app.gateways = Gateways([adapter_at("http://127.0.0.1:1")])

    async def call(path: str, body: bytes, headers: dict[str, str]) -> tuple[int, dict[str, Any]]:
        answer = await ask(running.site, path, method="POST", headers=headers, body=body)
        return answer.status, json.loads(answer.body)

    status, said = await call(TOKEN, b'{"grantType":"client_credentials"}', token_headers())
    assert (status, said["responseCode"]) == (200, "2007300")
    headers = signed(TRANSFERRED, said["accessToken"])
    assert (await call(PAYMENT, TRANSFERRED + b"0", headers))[1]["responseCode"] == "4012500"
    assert await running.line.database.owner.fetchval("SELECT count(*) FROM sales.notice") == 0
    for _ in range(2):
        status, said = await call(PAYMENT, TRANSFERRED, headers)
        assert (status, said["responseCode"]) == (200, "2002500")
    assert said["virtualAccountData"]["partnerServiceId"] == "   98829"
    kept = await running.line.database.owner.fetch("SELECT gateway, reference, raw FROM sales.notice")
    assert [(row["gateway"], row["reference"], bytes(row["raw"])) for row in kept] == [
        ("snap", "ref-1", TRANSFERRED)
    ]
    assert (await call("/api/v1/gateways/snap/notices", b"{}", {}))[0] == 404
    assert (await call("/api/v1/gateways/snap/v1.0/qr", b"{}", {}))[0] == 404


def test_a_gateway_that_there_is_not_is_named_at_the_start() -> None:
    with pytest.raises(ValueError, match=r"METERAI_PAYMENT_GATEWAYS: 'tunai' .* midtrans"):
        check_settings(Settings(payment_gateways="midtrans,tunai"))


def test_the_table_names_each_gateway_as_it_names_itself() -> None:
    assert all(name == adapter.name for name, adapter in GATEWAYS.items())
    assert [one.name for one in adapters_of(Settings())] == ["midtrans"]
