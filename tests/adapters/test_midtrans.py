"""The Midtrans adapter: test vectors, and the gateway twin over real sockets with its faults."""

from __future__ import annotations

import hashlib
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
import pytest_asyncio

from meterai.jail.pool import JailPool
from meterai.kernel.money import Rupiah
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.http.outside_service import Answer, CallLimits, CircuitBreaker
from meterai.sales.adapters.midtrans import Midtrans
from meterai.sales.adapters.midtrans_channels import wallet_link
from meterai.sales.adapters.midtrans_wire import Refund, Transaction, refunded_of
from meterai.sales.model import RefundChannel, refund_channel
from meterai.sales.ports import Channel, ChargeRequest, GatewayState
from meterai.sales.qr_image import READ_QR_IMAGE
from tests.ports import free_port
from tests.sales.refusing import refused
from tests.sandbox.twins import SERVER_KEY, Gateway, running_gateway

NOW = datetime.now(UTC).replace(microsecond=0)


@pytest_asyncio.fixture
async def twin(tmp_path: Path) -> AsyncIterator[Gateway]:
    async with running_gateway(tmp_path) as running:
        yield running


@pytest_asyncio.fixture
async def midtrans(twin: Gateway) -> AsyncIterator[Midtrans]:
    breaker = CircuitBreaker(failures_max=3, open_seconds=60)
    jail = JailPool([READ_QR_IMAGE], spare=False)
    limits = CallLimits(total_seconds=1)
    adapter = Midtrans(twin.url, SERVER_KEY, jail=jail, limits=limits, breaker=breaker)
    yield adapter
    await adapter.close()
    await jail.close()


def request(reference: str = "ref-1", amount: int = 25000, channel: Channel = Channel.QRIS) -> ChargeRequest:
    return ChargeRequest(
        reference=reference,
        amount=Rupiah(amount),
        channel=channel,
        description="2 meterai elektronik",
        asked_at=NOW,
        expires_at=NOW + timedelta(minutes=30),
    )


def answered_with(said: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> Midtrans:
    """An adapter that gets `said` as the answer to every question, as it stands then."""
    adapter = Midtrans("http://127.0.0.1:1", SERVER_KEY)

    async def answer(*_: object, **__: object) -> Answer:
        return Answer(status=200, content_type="application/json", body=msgspec.json.encode(said))

    monkeypatch.setattr(adapter._service, "call", answer)
    return adapter


# ---- charge, status, expiry


@pytest.mark.parametrize("channel", list(Midtrans.costs))
async def test_a_charge_shows_the_payer_how_to_pay_and_is_settled(
    twin: Gateway, midtrans: Midtrans, channel: Channel
) -> None:
    charge = await midtrans.create_charge(request(channel=channel))
    assert charge.state is GatewayState.PENDING
    assert charge.payment_page_url.startswith(twin.url)
    assert bool(charge.qr_text) is (channel in (Channel.QRIS, Channel.GOPAY))
    assert bool(charge.va_number) is channel.is_virtual_account
    assert bool(charge.biller_code) is (channel is Channel.VA_MANDIRI)
    assert bool(charge.pay_url) is channel.is_wallet
    await twin.pay("ref-1")
    status = await midtrans.get_status("ref-1")
    assert (status.state, status.amount, status.channel) == (GatewayState.SETTLED, 25000, channel)
    assert status.transaction_id == charge.transaction_id


async def test_an_unknown_reference_is_missing(midtrans: Midtrans) -> None:
    assert (await midtrans.get_status("nobody")).state is GatewayState.MISSING
    assert (await midtrans.expire("nobody")).state is GatewayState.MISSING


@pytest.mark.parametrize("reference", ["", ".", "..", "a/b", "a?b", "x" * 51])
async def test_a_reference_that_leads_elsewhere_is_not_asked_for(reference: str) -> None:
    """A notice may name any reference, and so may the picture's address in an answer."""
    adapter = Midtrans("http://127.0.0.1:1", SERVER_KEY)
    assert (await refused(adapter.get_status(reference))).code == "gateway.charge_refused"


async def test_repeating_a_charge_gives_the_same_charge(midtrans: Midtrans) -> None:
    assert await midtrans.create_charge(request()) == await midtrans.create_charge(request())


@pytest.mark.parametrize("channel", list(Midtrans.costs))
async def test_a_charge_whose_answer_was_lost_is_found_again(
    twin: Gateway, midtrans: Midtrans, channel: Channel
) -> None:
    await twin.script("ref-1", charge_answer_lost_next=1, forget_idempotency_keys=True, status_fails_next=1)
    assert (await refused(midtrans.create_charge(request(channel=channel)))).code == "gateway.unavailable"
    asking = midtrans.create_charge(request(channel=channel))
    if channel is Channel.SHOPEEPAY:
        assert (await refused(asking)).code == "gateway.charge_lost", "its link was in the first answer only"
        return
    charge = await asking
    assert charge.state is GatewayState.PENDING
    assert charge.qr_text.startswith("000201") or charge.va_number  # read from the picture of the code
    assert charge.payment_page_url.startswith(twin.url)


async def test_a_dead_connection_is_repeated_without_the_caller_noticing(
    twin: Gateway, midtrans: Midtrans
) -> None:
    await twin.script("ref-1", charge_answer_lost_next=1)
    charge = await midtrans.create_charge(request())
    assert charge.qr_text.startswith("000201")


async def test_another_amount_or_channel_under_a_used_reference_is_a_mismatch(midtrans: Midtrans) -> None:
    await midtrans.create_charge(request())
    for other in (request(amount=12500), request(channel=Channel.VA_BNI)):
        refusal = await refused(midtrans.create_charge(other))
        assert (refusal.kind, refusal.code) == (Kind.CONFLICT, "gateway.charge_mismatch")


async def test_a_charge_that_makes_no_sense_is_refused(midtrans: Midtrans) -> None:
    for bad in (request(reference="../etc"), request(amount=0), request(reference="x" * 51)):
        assert (await refused(midtrans.create_charge(bad))).code == "gateway.charge_refused"


async def test_expiring_says_what_stands_also_when_the_payer_was_faster(
    twin: Gateway, midtrans: Midtrans
) -> None:
    await midtrans.create_charge(request("slow"))
    await midtrans.create_charge(request("fast"))
    await twin.pay("fast")
    assert (await midtrans.expire("slow")).state is GatewayState.EXPIRED
    assert (await midtrans.expire("slow")).state is GatewayState.EXPIRED
    assert (await midtrans.expire("fast")).state is GatewayState.SETTLED


async def test_a_late_payment_of_another_amount_shows_its_amount(twin: Gateway, midtrans: Midtrans) -> None:
    await twin.script("ref-1", pay_after_expiry=True, paid_amount=24000)
    await midtrans.create_charge(request())
    await midtrans.expire("ref-1")
    await twin.pay("ref-1")
    status = await midtrans.get_status("ref-1")
    assert (status.state, status.amount) == (GatewayState.SETTLED, 24000)


@pytest.mark.parametrize(
    ("how", "state"), [("chargeback", GatewayState.REVERSED), ("deny", GatewayState.DENIED)]
)
async def test_a_reversal_is_seen(twin: Gateway, midtrans: Midtrans, how: str, state: GatewayState) -> None:
    await midtrans.create_charge(request())
    await twin.pay("ref-1")
    await twin.post("/_reverse", {"order_id": "ref-1", "how": how})
    assert (await midtrans.get_status("ref-1")).state is state


# ---- refunds


async def test_a_refund_is_paid_once_however_often_it_is_asked(twin: Gateway, midtrans: Midtrans) -> None:
    await midtrans.create_charge(request())
    await twin.pay("ref-1")
    first = await midtrans.refund("ref-1", 10000, "refund-1", "unused")
    assert (first.state, first.amount) == (GatewayState.PARTIALLY_REFUNDED, 10000)
    assert await midtrans.refund("ref-1", 10000, "refund-1", "unused") == first
    assert (await midtrans.get_status("ref-1")).refunded == 10000
    last = await midtrans.refund("ref-1", 15000, "refund-2", "unused")
    assert last.state is GatewayState.REFUNDED
    assert (await midtrans.get_status("ref-1")).refunded == 25000


async def test_a_refund_whose_answer_was_lost_is_found_again(twin: Gateway, midtrans: Midtrans) -> None:
    await midtrans.create_charge(request())
    await twin.pay("ref-1")
    await twin.script("ref-1", refund_answer_lost_next=3)
    assert (await refused(midtrans.refund("ref-1", 10000, "r", ""))).code == "gateway.unavailable"
    await midtrans.refund("ref-1", 10000, "r", "")
    assert (await midtrans.get_status("ref-1")).refunded == 10000


async def test_a_refund_for_good_and_one_for_now_are_told_apart(twin: Gateway, midtrans: Midtrans) -> None:
    await midtrans.create_charge(request("va", channel=Channel.VA_BNI))
    await midtrans.create_charge(request("qris"))
    await twin.pay("va")
    await twin.pay("qris")
    refusal = await refused(midtrans.refund("va", 10000, "r1", ""))
    assert (refusal.kind, refusal.code) == (Kind.CONFLICT, "gateway.refund_refused")
    await twin.script("qris", refund_later_next=1)
    refusal = await refused(midtrans.refund("qris", 10000, "r2", ""))
    assert (refusal.kind, refusal.code) == (Kind.BUSY, "gateway.refund_later")
    await midtrans.refund("qris", 10000, "r2", "")
    assert (await refused(midtrans.refund("qris", 10001, "r2", ""))).code == "gateway.refund_mismatch"
    assert (await refused(midtrans.refund("qris", 90000, "r3", ""))).code == "gateway.refund_refused"
    assert (await refused(midtrans.refund("nobody", 10000, "r3", ""))).code == "gateway.refund_refused"


@pytest.mark.parametrize("channel", list(Midtrans.costs))
async def test_money_of_wallets_goes_back_and_money_of_banks_does_not(
    twin: Gateway, midtrans: Midtrans, channel: Channel
) -> None:
    await midtrans.create_charge(request(channel=channel))
    await twin.pay("ref-1")
    if refund_channel(channel) is RefundChannel.GATEWAY:
        assert (await midtrans.refund("ref-1", 25000, "r", "")).state is GatewayState.REFUNDED
    else:
        assert (await refused(midtrans.refund("ref-1", 25000, "r", ""))).code == "gateway.refund_refused"


@pytest.mark.parametrize(
    ("hour", "code"),
    [
        ("2026-12-02T23:54:00+07:00", "gateway.refund_later"),
        ("2026-12-03T06:04:00+07:00", "gateway.refund_later"),
        ("2026-12-03T06:06:00+07:00", "gateway.refund_refused"),
        ("2026-12-03T23:49:00+07:00", "gateway.refund_refused"),
    ],
)
async def test_a_wallet_that_is_closed_at_night_refuses_nothing_for_good(
    twin: Gateway, hour: str, code: str
) -> None:
    """The money would go to an account that nobody named."""
    midtrans = Midtrans(twin.url, SERVER_KEY, clock=lambda: datetime.fromisoformat(hour))
    await midtrans.create_charge(request(channel=Channel.SHOPEEPAY))
    await twin.pay("ref-1")
    await twin.script("ref-1", wallet_closed=True)
    assert (await refused(midtrans.refund("ref-1", 25000, "r", ""))).code == code
    await midtrans.create_charge(request("bank", channel=Channel.VA_BCA))
    await twin.pay("bank")
    assert (await refused(midtrans.refund("bank", 25000, "r", ""))).code == "gateway.refund_refused"
    await midtrans.close()


@pytest.mark.parametrize("gone", [25000, 20000])
async def test_what_was_given_back_in_another_way_is_not_refused_for_good(
    twin: Gateway, midtrans: Midtrans, gone: int
) -> None:
    await midtrans.create_charge(request())
    await twin.pay("ref-1")
    await midtrans.refund("ref-1", gone, "forgotten", "")
    refusal = await refused(midtrans.refund("ref-1", 10000, "asked anew", ""))
    assert refusal.code == "gateway.refund_mismatch", "to an account it would be paid twice"


async def test_what_is_still_being_done_is_refused_by_nobody(twin: Gateway, midtrans: Midtrans) -> None:
    await twin.script("ref-1", charge_in_process_next=1, refund_in_process_next=1)
    assert (await refused(midtrans.create_charge(request()))).code == "gateway.unavailable"
    await midtrans.create_charge(request())
    await twin.pay("ref-1")
    assert (await refused(midtrans.refund("ref-1", 10000, "r", ""))).code == "gateway.unavailable"
    await midtrans.refund("ref-1", 10000, "r", "")
    assert (await midtrans.get_status("ref-1")).refunded == 10000


@pytest.mark.parametrize("said", [{}, {"refund_amount": "9999.00"}, {"refund_amount": "0.00"}])
async def test_a_refund_of_which_the_gateway_knows_nothing_is_not_paid(
    twin: Gateway, midtrans: Midtrans, monkeypatch: pytest.MonkeyPatch, said: dict[str, str]
) -> None:
    """The answer says yes, but not to which amount. The gateway is asked again under the same key."""
    await midtrans.create_charge(request())
    await twin.pay("ref-1")
    await midtrans.refund("ref-1", 10000, "another", "")
    call = midtrans._service.call

    async def answer(method: str, path: str, **more: Any) -> Answer:
        if method == "GET":
            return await call(method, path, **more)
        body = msgspec.json.encode({"status_code": "200"} | said)
        return Answer(status=200, content_type="application/json", body=body)

    with monkeypatch.context() as patch:
        patch.setattr(midtrans._service, "call", answer)
        refusal = await refused(midtrans.refund("ref-1", 10000, "r", ""))
    assert (refusal.code, refusal.facts["reason"]) == ("gateway.unavailable", "refund_not_listed")
    await midtrans.refund("ref-1", 10000, "r", "")
    assert (await midtrans.get_status("ref-1")).refunded == 20000


@pytest.mark.parametrize("code", ["400", "411", "202"])
async def test_a_charge_that_is_refused_is_not_asked_for_again(
    monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    """The customer chooses another way at once. `202`: the bank denied it."""
    denied = {
        "status_code": code,
        "order_id": "ref-1",
        "gross_amount": "25000.00",
        "transaction_status": "deny",
    }
    adapter = answered_with(denied, monkeypatch)
    refusal = await refused(adapter.create_charge(request()))
    assert (refusal.kind, refusal.code) == (Kind.INVALID, "gateway.charge_refused")
    assert refusal.facts["gateway_code"] == code


@pytest.mark.parametrize(
    ("listed", "code"),
    [
        ([{"refund_key": "r", "refund_amount": "10000.00"}], ""),
        ([{"refund_key": "r", "refund_amount": "9000.00"}], "gateway.refund_mismatch"),
        ([{"refund_key": "by hand", "refund_amount": "15000.00"}], "gateway.refund_refused"),
        ([{"refund_key": "by hand", "refund_amount": "15001.00"}], "gateway.refund_mismatch"),
        ([], "gateway.refund_refused"),
    ],
)
async def test_a_refusal_to_refund_is_believed_when_the_refund_is_not_there_already(
    monkeypatch: pytest.MonkeyPatch, listed: list[dict[str, str]], code: str
) -> None:
    """Otherwise it would be paid out too. An answer with the sum of another refund has paid nothing."""
    adapter = Midtrans("http://127.0.0.1:1", SERVER_KEY)
    paid = {"order_id": "ref-1", "transaction_id": "t-1", "payment_type": "qris", "gross_amount": "25000.00"}
    paid |= {"status_code": "200", "transaction_status": "partial_refund" if listed else "settlement"}

    refusing = {"status_code": "412", "refund_amount": "10000.00"}

    async def answer(method: str, path: str, **_: object) -> Answer:
        body = refusing if method == "POST" else paid | {"refunds": listed}
        return Answer(status=200, content_type="application/json", body=msgspec.json.encode(body))

    monkeypatch.setattr(adapter._service, "call", answer)
    refunding = adapter.refund("ref-1", 10_000, "r", "")
    if code:
        assert (await refused(refunding)).code == code
        if not listed:
            refusing["status_code"] = "409"
            assert (await refused(adapter.refund("ref-1", 1, "r", ""))).code == "gateway.refund_later"
    else:
        assert (await refunding).amount == 10_000
        refusing |= {"status_code": "200", "refund_amount": "20000.00"}
        assert (await adapter.refund("ref-1", 10_000, "r", "")).amount == 10_000, "what it names is the sum"


@pytest.mark.parametrize("picture", [404, 200])
async def test_a_charge_that_nobody_can_be_shown_any_more_is_lost(
    monkeypatch: pytest.MonkeyPatch, picture: int
) -> None:
    """A customer who saw no code and was told to scan it would wait until the order expires."""
    adapter = Midtrans("http://127.0.0.1:1", SERVER_KEY)
    found = {"status_code": "201", "order_id": "ref-1", "transaction_id": "t-1", "payment_type": "qris"}
    found |= {"gross_amount": "25000.00", "transaction_status": "pending"}

    async def answer(method: str, path: str, **_: object) -> Answer:
        if path.endswith("/qr-code"):
            return Answer(status=picture, content_type="text/html", body=b"<html>")
        said = {"status_code": "406"} if method == "POST" else found
        return Answer(status=200, content_type="application/json", body=msgspec.json.encode(said))

    monkeypatch.setattr(adapter._service, "call", answer)
    refusal = await refused(adapter.create_charge(request()))
    assert (refusal.kind, refusal.code) == (Kind.CONFLICT, "gateway.charge_lost")
    found["transaction_status"] = "settlement"
    assert (await adapter.create_charge(request())).state is GatewayState.SETTLED, "it needs no code"
    found["status_code"] = "404"
    refusal = await refused(adapter.create_charge(request()))
    assert (refusal.kind, refusal.code) == (Kind.CONFLICT, "gateway.charge_lost"), "taken, and yet not there"


async def test_a_charge_ends_at_the_gateway_when_its_order_does(monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise a virtual account could be paid for a day."""
    adapter, asked = Midtrans("http://127.0.0.1:1", SERVER_KEY), list[dict[str, Any]]()

    async def answer(method: str, path: str, *, body: bytes, **_: object) -> Answer:
        asked.append(msgspec.json.decode(body))
        return Answer(status=200, content_type="application/json", body=b'{"status_code": "400"}')

    monkeypatch.setattr(adapter._service, "call", answer)
    began = datetime(2026, 12, 31, 17, 0, tzinfo=UTC)
    ways = dict.fromkeys(Midtrans.costs, timedelta(minutes=30)) | {Channel.VA_BNI: timedelta(seconds=5)}
    for channel, ends in ways.items():
        one = msgspec.structs.replace(request(channel=channel), asked_at=began, expires_at=began + ends)
        await refused(adapter.create_charge(one))
    common = {
        "transaction_details": {"order_id": "ref-1", "gross_amount": 25_000},
        "item_details": [{"id": "1", "price": 25_000, "quantity": 1, "name": "2 meterai elektronik"}],
    }
    expiry = {"order_time": "2027-01-01 00:00:00 +0700", "expiry_duration": 1_800, "unit": "second"}
    shortest = asked[list(ways).index(Channel.VA_BNI)].pop("custom_expiry")
    assert shortest == expiry | {"expiry_duration": 20}
    asked[list(ways).index(Channel.VA_BNI)]["custom_expiry"] = expiry
    for_mandiri = {"bill_info1": "Untuk:", "bill_info2": "2 meterai elektronik"}
    assert asked == [
        common | way | {"custom_expiry": expiry}
        for way in (
            {"payment_type": "qris", "qris": {"acquirer": "gopay"}},
            {"payment_type": "bank_transfer", "bank_transfer": {"bank": "bca"}},
            {"payment_type": "bank_transfer", "bank_transfer": {"bank": "bni"}},
            {"payment_type": "bank_transfer", "bank_transfer": {"bank": "bri"}},
            {"payment_type": "echannel", "echannel": for_mandiri},
            {"payment_type": "bank_transfer", "bank_transfer": {"bank": "permata"}},
            {"payment_type": "gopay", "gopay": {}},
            {"payment_type": "shopeepay", "shopeepay": {}},
        )
    ]


async def test_what_moves_money_is_known_again_by_a_key_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is sent again on a connection that died, and whenever no answer came."""
    adapter, keys = Midtrans("http://127.0.0.1:1", SERVER_KEY), list[object]()

    async def answer(method: str, path: str, *, headers: dict[str, str] | None = None, **_: object) -> Answer:
        keys.append((method, headers and headers["Idempotency-Key"]))
        return Answer(status=200, content_type="application/json", body=b'{"status_code": "500"}')

    monkeypatch.setattr(adapter._service, "call", answer)
    for asking in (adapter.create_charge(request()), adapter.refund("ref-1", 10_000, "r", "")):
        assert (await refused(asking)).code == "gateway.unavailable"
    assert keys == [("POST", "ref-1"), ("POST", "r")]


@pytest.mark.parametrize(
    "other", [{}, {"order_id": "ref-2"}, {"gross_amount": "25001.00"}, {"payment_type": "bank_transfer"}]
)
async def test_the_code_of_another_charge_is_shown_to_nobody(
    monkeypatch: pytest.MonkeyPatch, other: dict[str, str]
) -> None:
    made = {"status_code": "201", "order_id": "ref-1", "gross_amount": "25000.00", "payment_type": "qris"}
    made |= {"transaction_status": "pending", "qr_string": "00020101"} | other
    adapter = answered_with(made, monkeypatch)
    charging = adapter.create_charge(request())
    if other:
        assert (await refused(charging)).code == "gateway.charge_mismatch"
    else:
        assert (await charging).qr_text == "00020101"


def test_of_refunds_in_a_list_the_list_is_the_sum() -> None:
    listed = tuple(Refund(refund_amount=text) for text in ("10000.00", "2500", "none"))
    assert refunded_of(Transaction(refund_amount="2500.00", refunds=listed)) == 12_500
    assert refunded_of(Transaction(refund_amount="2500.00")) == 2_500
    assert refunded_of(Transaction()) == 0


@pytest.mark.parametrize(
    ("payment_type", "bank", "channel"),
    [
        ("qris", "", Channel.QRIS),
        ("bank_transfer", "bni", Channel.VA_BNI),
        ("bank_transfer", "bca", Channel.VA_BCA),
        ("bank_transfer", "permata", Channel.VA_PERMATA),
        ("bank_transfer", "cimb", None),
        ("echannel", "", Channel.VA_MANDIRI),
        ("gopay", "", Channel.GOPAY),
        ("credit_card", "bni", None),
    ],
)
def test_what_was_paid_in_a_way_that_we_do_not_offer_is_none_of_our_channels(
    payment_type: str, bank: str, channel: Channel | None
) -> None:
    said = {"payment_type": payment_type, "va_numbers": [{"bank": bank}]}
    assert msgspec.convert(said, Transaction).channel is channel


@pytest.mark.parametrize(
    ("channel", "link"),
    [
        (Channel.GOPAY, "https://gopay.co.id/app/merchanttransfer?tref=AB-1&x=%20"),
        (Channel.GOPAY, "gojek://gopay/merchanttransfer?tref=AB"),
        (Channel.SHOPEEPAY, "https://wsa.wallet.airpay.co.id/universal-link/wallet/pay?token=a_b-c"),
        (Channel.SHOPEEPAY, "shopeeid://pay?token=x"),
    ],
)
def test_a_link_into_a_wallet_may_stand_on_a_page(channel: Channel, link: str) -> None:
    assert wallet_link(link, channel) == link


@pytest.mark.parametrize(
    "link",
    [
        "",
        "http://gopay.co.id/app",
        "shopeeid://pay?token=x",
        "javascript://gopay.co.id/%0aalert(1)",
        "javascript:alert(1)",
        "data:text/html,x",
        "//gopay.co.id/app",
        "HTTPS://gopay.co.id/app",
        "https://gopay.co.id@evil.example/app",
        "https://gopay.co.id:8443/app",
        "https://gopay.co.id\\@evil.example/",
        "https://localhost/app",
        "https://gopay.co.id/a b",
        'https://gopay.co.id/"><script>',
        "https://gopay.co.id/app\n",
        "https://gop\u0430y.co.id/app",
        "https://gopay.co.id/" + "a" * 2_000,
    ],
)
def test_a_link_that_leads_elsewhere_stands_on_no_page(link: str) -> None:
    """People tap it without seeing where it leads."""
    assert not wallet_link(link, Channel.GOPAY)


@pytest.mark.parametrize("channel", [Channel.GOPAY, Channel.SHOPEEPAY, Channel.VA_BCA, Channel.VA_MANDIRI])
async def test_a_charge_without_a_usable_number_or_link_is_lost(
    monkeypatch: pytest.MonkeyPatch, channel: Channel
) -> None:
    said = {"status_code": "201", "order_id": "ref-1", "gross_amount": "25000.00", "transaction_id": "t-1"}
    said |= {"payment_type": "bank_transfer", "transaction_status": "pending", "bill_key": "123456"}
    said |= {"va_numbers": [{"bank": "bca", "va_number": "<b>1</b>"}]}  # type: ignore[dict-item]
    said |= {"actions": [{"name": "deeplink-redirect", "url": "javascript:alert(1)"}]}  # type: ignore[dict-item]
    if channel is not Channel.VA_BCA:
        said["payment_type"] = "echannel" if channel is Channel.VA_MANDIRI else channel.value
    refusal = await refused(answered_with(said, monkeypatch).create_charge(request(channel=channel)))
    assert refusal.code == "gateway.charge_lost"


async def test_a_code_of_gopay_may_be_paid_with_another_app(twin: Gateway, midtrans: Midtrans) -> None:
    """Midtrans calls the payment one by QRIS then."""
    await midtrans.create_charge(request(channel=Channel.GOPAY))
    await twin.script("ref-1", other_app=True, forget_idempotency_keys=True)
    await twin.pay("ref-1")
    assert (await midtrans.get_status("ref-1")).channel is Channel.QRIS
    again = await midtrans.create_charge(request(channel=Channel.GOPAY))
    assert (again.state, again.channel) == (GatewayState.SETTLED, Channel.GOPAY)
    assert (await midtrans.refund("ref-1", 25000, "r", "")).state is GatewayState.REFUNDED


# ---- failures outside


@pytest.mark.parametrize(
    "fault",
    [
        {"status_fails_next": 9},
        {"status_delay_seconds": 5},
        {"status_huge_next": 9},
        {"status_redirect_next": 9},
        {"status_garbled_next": 9},
    ],
    ids=lambda fault: next(iter(fault)),
)
async def test_a_failing_gateway_is_unavailable_within_the_time_out(
    twin: Gateway, midtrans: Midtrans, fault: dict[str, Any]
) -> None:
    await midtrans.create_charge(request())
    await twin.script("ref-1", **fault)
    began = time.monotonic()
    refusal = await refused(midtrans.get_status("ref-1"))
    assert (refusal.kind, refusal.code) == (Kind.UNAVAILABLE, "gateway.unavailable")
    assert time.monotonic() - began < 2
    await twin.script("ref-1")
    assert (await midtrans.get_status("ref-1")).state is GatewayState.PENDING


@pytest.mark.parametrize(
    "odd",
    [
        {"gross_amount": "0.00"},
        {"gross_amount": "25000"},
        {"transaction_id": "a\0b"},
        {"qr_string": "\0"},
        {"order_id": "ref-2"},
        {"transaction_status": ""},
        *({"status_code": code} for code in ("500", "", "402", "410", "429")),
    ],
    ids=lambda odd: next(iter(odd)),
)
async def test_an_answer_that_nobody_could_book_is_none(
    monkeypatch: pytest.MonkeyPatch, odd: dict[str, Any]
) -> None:
    """Nor is an answer about our account or our rate a verdict: a refund would be paid out."""
    said = {
        "status_code": "200",
        "order_id": "ref-1",
        "transaction_id": "t-1",
        "transaction_status": "settlement",
        "payment_type": "qris",
        "gross_amount": "25000.00",
    }
    midtrans = answered_with(said, monkeypatch)
    assert (await midtrans.get_status("ref-1")).state is GatewayState.SETTLED
    said |= odd
    for asking in (midtrans.get_status("ref-1"), midtrans.expire("ref-1")):
        refusal = await refused(asking)
        assert (refusal.kind, refusal.code) == (Kind.UNAVAILABLE, "gateway.unavailable")


async def test_the_breaker_opens_after_failures_and_answers_at_once(
    twin: Gateway, midtrans: Midtrans
) -> None:
    await twin.script(status_fails_next=3)
    for _ in range(3):
        assert (await refused(midtrans.get_status("ref-1"))).facts["reason"] == "status_500"
    assert (await refused(midtrans.get_status("ref-1"))).facts["reason"] == "breaker_open"


async def test_no_gateway_at_all_is_unavailable() -> None:
    adapter = Midtrans(f"http://127.0.0.1:{free_port()}", SERVER_KEY)
    assert (await refused(adapter.get_status("ref-1"))).code == "gateway.unavailable"
    await adapter.close()


async def test_a_wrong_server_key_is_no_verdict_on_the_payment(twin: Gateway) -> None:
    adapter = Midtrans(twin.url, "wrong")
    assert (await refused(adapter.get_status("ref-1"))).facts["reason"] == "status_code_401"
    await adapter.close()


async def test_an_answer_for_another_merchant_is_refused(twin: Gateway) -> None:
    adapter = Midtrans(twin.url, SERVER_KEY, merchant_id="G999")
    await adapter.create_charge(request())
    assert (await refused(adapter.get_status("ref-1"))).code == "payment.other_merchant"
    await adapter.close()


# ---- notices


VECTOR_KEY = "askvnoibnosifnboseofinbofinfgbiufglnbfg"  # the example in Midtrans' documentation


def notice(**change: Any) -> bytes:
    said = {
        "order_id": "1111",
        "status_code": "200",
        "gross_amount": "100000.00",
        "transaction_status": "settlement",
        "transaction_id": "t-1",
        "payment_type": "qris",
    } | change
    signed = f"{said['order_id']}{said['status_code']}{said['gross_amount']}{VECTOR_KEY}"
    return msgspec.json.encode({"signature_key": hashlib.sha512(signed.encode()).hexdigest()} | said)


def parse(raw: bytes) -> Any:
    return Midtrans("http://127.0.0.1:1", VECTOR_KEY).parse_notice(raw, {})


def test_the_documented_vector_is_accepted() -> None:
    signed = b"1111200100000.00" + VECTOR_KEY.encode()
    said = parse(notice(signature_key=hashlib.sha512(signed).hexdigest().upper()))
    assert (said.reference, said.amount, said.state) == ("1111", 100000, GatewayState.SETTLED)


@pytest.mark.parametrize(
    "change",
    [
        {"signature_key": ""},
        {"signature_key": "0" * 128},
        {"signature_key": "é" * 128},
    ],
)
def test_a_forged_notice_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(Refusal) as caught:
        parse(notice(**change))
    assert (caught.value.kind, caught.value.code) == (Kind.FORBIDDEN, "payment.notice_forged")


def test_a_notice_for_another_merchant_is_refused() -> None:
    """One key may sign for several merchants: payments of the others are not ours."""
    ours = Midtrans("http://127.0.0.1:1", VECTOR_KEY, merchant_id="G1")
    assert ours.parse_notice(notice(merchant_id="G1"), {}).reference == "1111"
    for other in (notice(merchant_id="G2"), notice()):
        with pytest.raises(Refusal, match=r"payment\.other_merchant"):
            ours.parse_notice(other, {})


@pytest.mark.parametrize("name", ["order_id", "status_code", "gross_amount"])
def test_a_changed_value_breaks_the_signature(name: str) -> None:
    said = msgspec.json.decode(notice())
    said[name] = {"order_id": "1112", "status_code": "201", "gross_amount": "10000.00"}[name]
    with pytest.raises(Refusal, match=r"payment\.notice_forged"):
        parse(msgspec.json.encode(said))


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"[]",
        b"\xff{}",
        b'{"order_id": 1111}',
        b" " * 16_000,
        b"[" * 16_384,
        b'{"a":' + b"[" * 16_000,
        notice(gross_amount="100000"),
        notice(gross_amount="100000.5"),
        notice(gross_amount="-100000.00"),
        notice(gross_amount="1e5.00"),
        notice(gross_amount="0.00"),
        notice(transaction_id="a\0b"),
        notice(order_id="a/b"),
        notice(order_id="a" * 101),
    ],
)
def test_an_unreadable_notice_is_refused(raw: bytes) -> None:
    with pytest.raises(Refusal) as caught:
        parse(raw)
    assert (caught.value.kind, caught.value.code) == (Kind.INVALID, "payment.notice_unreadable")


def test_the_notice_by_which_the_dashboard_tests_our_address_is_read() -> None:
    reference = "payment_notif_test_G684004555_3d1a6e1a-5f0b-4c1e-9c53-0f6a2b7f6a11"
    assert parse(notice(order_id=reference)).reference == reference


def test_copies_of_an_event_share_its_key_and_other_events_do_not() -> None:
    settled = parse(notice()).event_key
    assert parse(notice(status_message="again")).event_key == settled
    others = {
        parse(notice(transaction_status="refund", refund_amount="1000.00")).event_key,
        parse(notice(transaction_status="refund", refund_amount="2000.00")).event_key,
        parse(notice(transaction_id="t-2")).event_key,
    }
    assert len(others | {settled}) == 4


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (GatewayState.PENDING, "pending authorize"),
        (GatewayState.SETTLED, "settlement capture"),
        (GatewayState.EXPIRED, "expire"),
        (GatewayState.CANCELLED, "cancel"),
        (GatewayState.DENIED, "deny failure"),
        (GatewayState.REFUNDED, "refund"),
        (GatewayState.PARTIALLY_REFUNDED, "partial_refund"),
        (GatewayState.REVERSED, "chargeback partial_chargeback"),
        (GatewayState.UNKNOWN, "teleported"),
    ],
)
def test_every_word_of_the_gateway_is_one_of_ours(state: GatewayState, words: str) -> None:
    for word in words.split():
        assert parse(notice(transaction_status=word)).state is state


@pytest.mark.parametrize("strange", [{"fraud_status": "challenge"}, {"currency": "USD"}])
def test_suspicious_money_is_not_booked_whether_all_of_it_is_there_or_a_part(strange: dict[str, str]) -> None:
    for word in ("settlement", "partial_refund"):
        assert parse(notice(transaction_status=word, **strange)).state is GatewayState.UNKNOWN
    assert parse(notice(transaction_status="pending", **strange)).state is GatewayState.PENDING, "none came"


async def test_the_twins_notices_are_understood_and_its_forgeries_are_not(
    twin: Gateway, midtrans: Midtrans
) -> None:
    await midtrans.create_charge(request())
    await twin.pay("ref-1")
    await twin.merchant.wait_for(1)
    said = midtrans.parse_notice(twin.merchant.notices[0], {})
    assert (said.reference, said.state, said.amount) == ("ref-1", GatewayState.SETTLED, 25000)
    await twin.script("ref-1", notice_forged=True)
    await twin.post("/_notice", {"order_id": "ref-1"})
    await twin.merchant.wait_for(2)
    with pytest.raises(Refusal, match=r"payment\.notice_forged"):
        midtrans.parse_notice(twin.merchant.notices[1], {})
