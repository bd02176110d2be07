"""The BI-SNAP adapter against the twin over real sockets. Each side signs and checks with code of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
import pytest_asyncio

from meterai.kernel.clock import system_clock
from meterai.kernel.money import Rupiah
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.http.outside_service import CallLimits, CircuitBreaker
from meterai.sales.adapters.snap.client import Partner
from meterai.sales.adapters.snap.gateway import Snap
from meterai.sales.adapters.snap.wire import Account, Amount, Said, customer_no
from meterai.sales.ports import Channel, ChargeRequest, GatewayState, Notice, Reply
from sandbox.snap import protocol
from sandbox.snap.protocol import Keys
from tests.sales.refusing import refused
from tests.sandbox.twins import BANK_KEY, OUR_KEY, SNAP_KEYS, SNAP_MERCHANT, Gateway, running_snap

NOW = datetime.now(UTC).replace(microsecond=0)
COMPANY = "98829"
WAYS = (Channel.QRIS, Channel.VA_BNI)
ASKED: dict[str, Channel] = {}
"""How the payments of a test were to be paid."""
PAYMENT = "/api/v1/gateways/snap/v1.0/transfer-va/payment"
SCANNED = "/api/v1/gateways/snap/v1.0/qr/qr-mpm-notify"
TOKEN = "/api/v1/gateways/snap/v1.0/access-token/b2b"


async def channel_of(reference: str) -> Channel | None:
    return ASKED.get(reference)


def adapter_at(url: str, *, secret: str = SNAP_KEYS.secret, now: datetime | None = None) -> Snap:
    return Snap(
        url,
        Partner(client_id=SNAP_KEYS.client_id, channel_id="95221", secret=secret, key=OUR_KEY),
        bank_key=BANK_KEY.public_key(),
        merchant=SNAP_MERCHANT,
        companies={Channel.VA_BNI: COMPANY, Channel.VA_MANDIRI: "88608"},
        channel_of=channel_of,
        clock=(lambda: now) if now else system_clock,
        limits=CallLimits(total_seconds=1),
        breaker=CircuitBreaker(failures_max=30),
    )


@pytest_asyncio.fixture
async def twin(tmp_path: Path) -> AsyncIterator[Gateway]:
    ASKED.clear()
    async with running_snap(tmp_path) as running:
        yield running


@pytest_asyncio.fixture
async def snap(twin: Gateway) -> AsyncIterator[Snap]:
    adapter = adapter_at(twin.url)
    yield adapter
    await adapter.close()


def request(reference: str = "ref-1", amount: int = 25000, channel: Channel = Channel.QRIS) -> ChargeRequest:
    ASKED[reference] = channel
    return ChargeRequest(
        reference=reference,
        amount=Rupiah(amount),
        channel=channel,
        description="2 meterai  elektronik",
        asked_at=NOW,
        expires_at=NOW + timedelta(minutes=30),
    )


# ---- charge, status, expiry


@pytest.mark.parametrize("channel", WAYS)
async def test_a_charge_shows_the_payer_how_to_pay_and_is_settled(
    twin: Gateway, snap: Snap, channel: Channel
) -> None:
    charge = await snap.create_charge(request(channel=channel))
    assert charge.state is GatewayState.PENDING
    async with twin.session.get(charge.payment_page_url) as page:
        assert ("QRIS" if channel is Channel.QRIS else "VA BNI") in await page.text()
    assert charge.qr_text.startswith("000201") is (channel is Channel.QRIS)
    assert charge.va_number == ("" if channel is Channel.QRIS else COMPANY + customer_no("ref-1"))
    assert (await snap.get_status("ref-1")).state is GatewayState.PENDING
    assert await twin.pay("ref-1") == 200
    status = await snap.get_status("ref-1")
    assert (status.state, status.amount, status.channel) == (GatewayState.SETTLED, 25000, channel)
    assert status.transaction_id


async def test_at_mandiri_people_choose_our_company_and_type_the_rest(snap: Snap) -> None:
    charge = await snap.create_charge(request(channel=Channel.VA_MANDIRI))
    assert (charge.biller_code, charge.va_number) == ("88608", customer_no("ref-1"))
    assert (await snap.expire("ref-1")).state is GatewayState.CANCELLED


async def test_an_unknown_reference_is_missing(snap: Snap) -> None:
    assert (await snap.get_status("nobody")).state is GatewayState.MISSING
    for channel in WAYS:
        ASKED["nobody"] = channel
        assert (await snap.get_status("nobody")).state is GatewayState.MISSING
        assert (await snap.expire("nobody")).state is GatewayState.MISSING


@pytest.mark.parametrize("channel", WAYS)
async def test_an_open_charge_is_closed_and_a_paid_one_is_not(
    twin: Gateway, snap: Snap, channel: Channel
) -> None:
    for reference in ("slow", "fast"):
        await snap.create_charge(request(reference, channel=channel))
    assert (await snap.expire("slow")).state is GatewayState.CANCELLED
    assert await twin.pay("slow") == 412
    await twin.pay("fast")
    assert (await snap.expire("fast")).state is GatewayState.SETTLED


async def test_a_lost_answer_is_found_for_an_account_and_lost_for_a_code(twin: Gateway, snap: Snap) -> None:
    """The dead connection is repeated under the same X-EXTERNAL-ID: 409. A status answer has no QR code."""
    for channel in WAYS:
        await twin.script(f"cut {channel}", charge_answer_lost_next=1)
    charge = await snap.create_charge(request(f"cut {Channel.VA_BNI}", channel=Channel.VA_BNI))
    assert charge.va_number == COMPANY + customer_no(charge.reference)
    assert charge.payment_page_url.startswith(twin.url)
    lost = await refused(snap.create_charge(request(f"cut {Channel.QRIS}")))
    assert (lost.kind, lost.code) == (Kind.CONFLICT, "gateway.charge_lost")
    assert (await snap.expire(f"cut {Channel.QRIS}")).state is GatewayState.CANCELLED


@pytest.mark.parametrize("channel", WAYS)
async def test_a_reference_takes_one_amount(snap: Snap, channel: Channel) -> None:
    await snap.create_charge(request(channel=channel))
    refusal = await refused(snap.create_charge(request(amount=1000, channel=channel)))
    assert (refusal.kind, refusal.code) == (Kind.CONFLICT, "gateway.charge_mismatch")


async def test_a_repeated_account_is_the_same_account(snap: Snap) -> None:
    asked = request(channel=Channel.VA_BNI)
    first, second = await snap.create_charge(asked), await snap.create_charge(asked)
    assert first == second


async def test_a_number_that_another_payment_has_is_refused_and_left_alone(
    twin: Gateway, snap: Snap, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("meterai.sales.adapters.snap.accounts.customer_no", lambda _: "0000000000007")
    await snap.create_charge(request("first", channel=Channel.VA_BNI))
    refusal = await refused(snap.create_charge(request("second", channel=Channel.VA_BNI)))
    assert refusal.code == "gateway.charge_lost"
    assert (await snap.expire("second")).state is GatewayState.MISSING
    assert await twin.pay("first") == 200


async def test_a_status_of_another_payment_is_not_ours(snap: Snap, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bank may answer with the newest payment of a number. Then ours is not there; nothing is deleted."""
    called: list[str] = []

    async def answer(service: str, path: str, body: dict[str, Any], **_: object) -> Said:
        called.append(path)
        paid = Amount("25000.00")
        account = Account(
            virtual_account_no=body["virtualAccountNo"],
            trx_id="other",
            payment_flag_status="03",
            total_amount=paid,
        )
        return Said(response_code="2002600", virtual_account_data=account)

    monkeypatch.setattr(snap._client, "call", answer)
    ASKED["ref-1"] = Channel.VA_BNI
    assert (await snap.get_status("ref-1")).state is GatewayState.MISSING
    assert (await snap.expire("ref-1")).state is GatewayState.MISSING
    assert set(called) == {"/v1.0/transfer-va/status"}


async def test_what_is_not_offered_is_refused(snap: Snap, twin: Gateway) -> None:
    assert set(snap.costs) == {*WAYS, Channel.VA_MANDIRI}
    other = adapter_at(twin.url)
    other._codes._merchant = "another merchant"
    assert (await refused(other.create_charge(request()))).facts["reason"] == "status_code_401"
    await other.close()


@pytest.mark.parametrize(
    ("how", "state"), [("deny", GatewayState.DENIED), ("chargeback", GatewayState.DENIED)]
)
@pytest.mark.parametrize("channel", WAYS)
async def test_money_that_was_taken_back_shows(
    twin: Gateway, snap: Snap, how: str, state: GatewayState, channel: Channel
) -> None:
    await snap.create_charge(request(channel=channel))
    await twin.pay("ref-1")
    await twin.post("/_reverse", {"order_id": "ref-1", "how": how})
    assert (await snap.get_status("ref-1")).state is state


@pytest.mark.parametrize("channel", WAYS)
async def test_another_sum_is_said_as_paid(twin: Gateway, snap: Snap, channel: Channel) -> None:
    await snap.create_charge(request(channel=channel))
    await twin.pay("ref-1", amount=24000)
    assert (await snap.get_status("ref-1")).amount == 24000


# ---- refunds


async def test_refunds_in_parts_and_repeats(twin: Gateway, snap: Snap) -> None:
    await snap.create_charge(request())
    await twin.pay("ref-1")
    first = await snap.refund("ref-1", 10000, "key-1", "x")
    assert first.state is GatewayState.PARTIALLY_REFUNDED
    assert await snap.refund("ref-1", 10000, "key-1", "x") == first
    assert (await snap.get_status("ref-1")).refunded == 10000
    assert (await refused(snap.refund("ref-1", 5000, "key-1", "x"))).code == "gateway.refund_mismatch"
    assert (await refused(snap.refund("ref-1", 20000, "key-2", "x"))).code == "gateway.refund_mismatch"
    assert (await snap.refund("ref-1", 15000, "key-3", "x")).state is GatewayState.REFUNDED
    assert (await snap.get_status("ref-1")).refunded == 25000


async def test_a_refund_whose_answer_was_lost_is_paid_once(twin: Gateway, snap: Snap) -> None:
    await snap.create_charge(request())
    await twin.pay("ref-1")
    await twin.script("ref-1", refund_answer_lost_next=1)
    assert (await snap.refund("ref-1", 10000, "key-1", "x")).amount == 10000
    assert (await snap.get_status("ref-1")).refunded == 10000


async def test_refusals_of_refunds(twin: Gateway, snap: Snap) -> None:
    await snap.create_charge(request())
    refusal = await refused(snap.refund("ref-1", 10000, "key-1", "x"))
    assert (refusal.kind, refusal.code) == (Kind.CONFLICT, "gateway.refund_refused"), "it is not paid"
    await twin.pay("ref-1")
    await twin.script("ref-1", refund_later_next=1)
    refusal = await refused(snap.refund("ref-1", 10000, "key-1", "x"))
    assert (refusal.kind, refusal.code) == (Kind.BUSY, "gateway.refund_later")
    await twin.script("ref-1", refund_fails_next=1)
    assert (await refused(snap.refund("ref-1", 10000, "key-1", "x"))).code == "gateway.unavailable"
    await twin.script("ref-1", refund_in_process_next=1)
    assert (await refused(snap.refund("ref-1", 10000, "key-1", "x"))).facts["reason"] == "in_process"
    await snap.create_charge(request("va", channel=Channel.VA_BNI))
    await twin.pay("va")
    assert (await refused(snap.refund("va", 10000, "key-1", "x"))).code == "gateway.refund_refused"


# ---- tokens, keys and faults


async def test_an_ended_token_is_fetched_again_unseen(twin: Gateway, snap: Snap) -> None:
    await snap.create_charge(request())
    await twin.script(None, token_ended_next=1)
    assert (await snap.get_status("ref-1")).state is GatewayState.PENDING
    await twin.script(None, token_ended_next=2)
    assert (await refused(snap.get_status("ref-1"))).facts["reason"] == "status_code_401"
    await twin.script(None, token_ended_next=1, token_fails_next=1)
    assert (await refused(snap.get_status("ref-1"))).facts["reason"] == "status_500"


async def test_a_repeated_external_id_is_refused_there_and_asked_again_here(
    twin: Gateway, snap: Snap, monkeypatch: pytest.MonkeyPatch
) -> None:
    await snap.create_charge(request())
    ids = iter(["7", "7", "8"])
    monkeypatch.setattr("meterai.sales.adapters.snap.signing.external_id", lambda _: next(ids))
    assert (await snap.get_status("ref-1")).state is GatewayState.PENDING
    assert (await snap.get_status("ref-1")).state is GatewayState.PENDING
    assert list(ids) == [], "the second question went out once more"


async def test_wrong_keys_and_clocks_are_told_from_payments(twin: Gateway) -> None:
    for adapter in (
        adapter_at(twin.url, secret="another"),
        adapter_at(twin.url, now=NOW - timedelta(hours=1)),
    ):
        assert (await refused(adapter.get_status("ref-1"))).facts["reason"] == "status_code_401"
        await adapter.close()


@pytest.mark.parametrize(
    "fault", ["status_fails_next", "status_redirect_next", "status_garbled_next", "status_huge_next"]
)
async def test_answers_that_are_none(twin: Gateway, snap: Snap, fault: str) -> None:
    await snap.create_charge(request())
    await twin.script("ref-1", **{fault: 1})
    assert (await refused(snap.get_status("ref-1"))).code == "gateway.unavailable"
    assert (await snap.get_status("ref-1")).state is GatewayState.PENDING


# ---- what the gateway sends


def token_headers(*, keys: Keys = SNAP_KEYS, moment: datetime | None = None) -> dict[str, str]:
    stamp = protocol.stamp((moment or system_clock()).timestamp())
    return {
        "X-CLIENT-KEY": keys.client_id,
        "X-TIMESTAMP": stamp,
        "X-SIGNATURE": protocol.sign_for_token(keys, stamp),
    }


def token_from(snap: Snap) -> str:
    given = snap.parse_notice(b'{"grantType": "client_credentials"}', token_headers(), TOKEN)
    assert isinstance(given, Reply)
    said = msgspec.json.decode(given.body)
    assert (given.status, said["responseCode"], said["expiresIn"]) == (200, "2007300", "900")
    token: str = said["accessToken"]
    return token


def signed(raw: bytes, token: str, *, path: str = PAYMENT, secret: str = SNAP_KEYS.secret) -> dict[str, str]:
    stamp = protocol.stamp(system_clock().timestamp())
    return {
        "Authorization": f"Bearer {token}",
        "X-TIMESTAMP": stamp,
        "X-SIGNATURE": protocol.mac(secret, "POST", path, token=token, body=raw, time=stamp),
        "X-PARTNER-ID": SNAP_KEYS.client_id,
        "X-EXTERNAL-ID": "41807553358950093184162180797837",
        "CHANNEL-ID": "95221",
    }


TRANSFERRED = (
    b'{ "partnerServiceId": "   98829", "customerNo": "0000000000007", "trxId": "ref-1",\n'
    b'  "virtualAccountNo": "   988290000000000007", "virtualAccountName": "Meterai  MT-1",\n'
    b'  "paymentRequestId": "p-1", "paidAmount": {"value": "25000.00", "currency": "IDR"},\n'
    b'  "referenceNo": "r-1" }'
)


def code_of(refusal: Refusal, snap: Snap, path: str = PAYMENT) -> tuple[int, str]:
    reply = snap.refuse_notice(refusal, path)
    return reply.status, msgspec.json.decode(reply.body)["responseCode"]


def refused_notice(snap: Snap, raw: bytes, headers: Mapping[str, str], path: str = PAYMENT) -> Refusal:
    with pytest.raises(Refusal) as raised:
        snap.parse_notice(raw, headers, path)
    return raised.value


@pytest.fixture
def door() -> Snap:
    return adapter_at("http://127.0.0.1:1")


def test_a_notice_is_read_with_headers_in_any_case(door: Snap) -> None:
    headers = signed(TRANSFERRED, token_from(door))
    for spelled in (str, str.lower, str.upper):
        notice = door.parse_notice(TRANSFERRED, {spelled(k): v for k, v in headers.items()}, PAYMENT)
        assert isinstance(notice, Notice)
        assert (notice.reference, notice.amount, notice.state) == ("ref-1", 25000, GatewayState.SETTLED)
    headers["Authorization"] = headers["Authorization"].replace("Bearer", "bearer")
    assert isinstance(door.parse_notice(TRANSFERRED, headers, PAYMENT), Notice)


def test_a_notice_may_be_sent_with_other_white_space_than_it_was_signed_with(door: Snap) -> None:
    headers = signed(protocol.without_space(TRANSFERRED), token_from(door))
    assert isinstance(door.parse_notice(TRANSFERRED, headers, PAYMENT), Notice)
    squeezed = TRANSFERRED.replace(b"Meterai  MT-1", b"Meterai MT-1")
    assert refused_notice(door, squeezed, headers).code == "payment.notice_forged"


def test_the_answer_repeats_the_account_with_its_spaces(door: Snap) -> None:
    said = msgspec.json.decode(door.acknowledge(TRANSFERRED, PAYMENT).body)
    assert said["responseCode"] == "2002500"
    account = said["virtualAccountData"]
    assert account["partnerServiceId"] == "   98829"
    assert account["virtualAccountNo"] == "   988290000000000007"
    assert account["paymentFlagStatus"] == "00"
    assert msgspec.json.decode(door.acknowledge(b"{}", SCANNED).body)["responseCode"] == "2005200"


def test_a_scanned_code_is_read_and_copies_have_one_key(door: Snap) -> None:
    said: dict[str, Any] = {
        "originalReferenceNo": "t-1",
        "originalPartnerReferenceNo": "ref-1",
        "latestTransactionStatus": "00",
        "amount": {"value": "25000.00", "currency": "IDR"},
    }
    keys = set()
    for status in ("00", "00", "04"):
        raw = msgspec.json.encode(said | {"latestTransactionStatus": status})
        notice = door.parse_notice(raw, signed(raw, token_from(door), path=SCANNED), SCANNED)
        assert isinstance(notice, Notice)
        keys.add(notice.event_key)
    assert len(keys) == 2


def test_forged_notices_are_refused_in_snaps_words(door: Snap) -> None:
    token = token_from(door)
    right = signed(TRANSFERRED, token)
    other_sum = TRANSFERRED.replace(b"25000", b"95000")
    for raw, headers, path, code in (
        (other_sum, right, PAYMENT, "4012500"),
        (TRANSFERRED, signed(TRANSFERRED, token, secret="another"), PAYMENT, "4012500"),
        (TRANSFERRED, right, SCANNED, "4015200"),
        (TRANSFERRED, right | {"X-TIMESTAMP": "2026-01-01T00:00:00+07:00"}, PAYMENT, "4012500"),
        (TRANSFERRED, right | {"X-SIGNATURE": right["X-SIGNATURE"].lower()}, PAYMENT, "4012500"),
        (TRANSFERRED, right | {"Authorization": "Bearer other"}, PAYMENT, "4012501"),
        (TRANSFERRED, {}, PAYMENT, "4012501"),
    ):
        refusal = refused_notice(door, raw, headers, path)
        assert refusal.code == "payment.notice_forged"
        assert code_of(refusal, door, path) == (401, code)


def test_a_token_ends(door: Snap) -> None:
    old = adapter_at("http://127.0.0.1:1", now=system_clock() - timedelta(seconds=901))
    given = old.parse_notice(
        b'{"grantType":"client_credentials"}',
        token_headers(moment=system_clock() - timedelta(seconds=901)),
        TOKEN,
    )
    assert isinstance(given, Reply)
    token = msgspec.json.decode(given.body)["accessToken"]
    assert refused_notice(door, TRANSFERRED, signed(TRANSFERRED, token)).facts["reason"] == "token"


def test_nobody_else_gets_a_token(door: Snap) -> None:
    body = b'{"grantType": "client_credentials"}'
    thief = Keys(SNAP_KEYS.client_id, SNAP_KEYS.secret, SNAP_KEYS.merchant, OUR_KEY)
    right = token_headers()
    for headers in (
        token_headers(keys=thief),
        right | {"X-CLIENT-KEY": "other"},
        right | {"X-TIMESTAMP": right["X-TIMESTAMP"].replace("+07:00", "")},
        token_headers(moment=system_clock() - timedelta(minutes=6)),
        {},
    ):
        refusal = refused_notice(door, body, headers, TOKEN)
        assert code_of(refusal, door, TOKEN) == (401, "4017300")
    assert code_of(refused_notice(door, b'{"grantType": "x"}', right, TOKEN), door, TOKEN) == (400, "4007300")


@pytest.mark.parametrize(
    "raw",
    [
        b"{}",
        b"no json",
        TRANSFERRED.replace(b'"referenceNo"', b'"trxId"'),
        TRANSFERRED.replace(b"25000.00", b"25000"),
        TRANSFERRED.replace(b"ref-1", b""),
        TRANSFERRED.replace(b"ref-1", b"x" * 65),
    ],
    ids=["empty", "no json", "a key twice", "amount", "no reference", "long reference"],
)
def test_signed_nonsense_is_unreadable(door: Snap, raw: bytes) -> None:
    refusal = refused_notice(door, raw, signed(raw, token_from(door)))
    assert code_of(refusal, door) == (400, "4002500")


def test_an_external_id_is_a_number(door: Snap) -> None:
    headers = signed(TRANSFERRED, token_from(door)) | {"X-EXTERNAL-ID": "abc"}
    assert refused_notice(door, TRANSFERRED, headers).code == "payment.notice_unreadable"
