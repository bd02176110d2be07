"""The payout adapter against the twin over real sockets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
import pytest_asyncio
from aiohttp import web

from meterai.kernel.money import Rupiah
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.http.outside_service import Answer
from meterai.sales.adapters.payout import IrisPayouts
from meterai.sales.ports import PayoutRequest, PayoutResult, PayoutState
from tests.ports import free_port
from tests.sandbox.twins import PAYOUT_KEY, Gateway, running_gateway, served

REQUEST = PayoutRequest(
    reference="payout-1",
    amount=Rupiah(12500),
    bank="bni",
    account="1172993826",
    name="Budi Utomo",
    note="Pengembalian dana",
)


@pytest_asyncio.fixture
async def twin(tmp_path: Path) -> AsyncIterator[Gateway]:
    async with running_gateway(tmp_path) as running:
        await running.script(payout_delay_seconds=0.1)
        yield running


@pytest_asyncio.fixture
async def iris(twin: Gateway) -> AsyncIterator[IrisPayouts]:
    adapter = IrisPayouts(twin.url + "/iris/api/v1", PAYOUT_KEY)
    yield adapter
    await adapter.close()


async def test_a_payout_is_ordered_once_and_arrives(iris: IrisPayouts) -> None:
    first = await iris.pay(REQUEST)
    assert first.state is PayoutState.QUEUED
    assert await iris.pay(REQUEST) == first
    await asyncio.sleep(0.15)
    assert (await iris.get_status(first.provider_reference)).state is PayoutState.COMPLETED


@pytest.mark.parametrize("reference", ["PO-2026-000123", "PO/2026/12?a=b#c%2F ü"])
async def test_a_payout_is_found_whatever_its_reference_looks_like(reference: str) -> None:
    """A payout that can't be asked for would look like a refused account, and be paid twice."""

    async def show(request: web.Request) -> web.Response:
        return web.json_response({"reference_no": request.match_info["reference"], "status": "completed"})

    provider = web.Application()
    provider.router.add_get("/payouts/{reference}", show)
    async with served(provider, free_port()) as url:
        iris = IrisPayouts(url, PAYOUT_KEY)
        found = await iris.get_status(reference)
        await iris.close()
    assert (found.provider_reference, found.state) == (reference, PayoutState.COMPLETED)


@pytest.mark.parametrize("reference", ["", "PO-\0"])
async def test_a_payout_that_nobody_could_ask_for_again_is_ordered_again(
    twin: Gateway, iris: IrisPayouts, monkeypatch: pytest.MonkeyPatch, reference: str
) -> None:
    """Under the same key. Kept as on its way, it would stay so for ever."""
    call = iris._service.call

    async def without_reference(*asked: Any, **more: Any) -> Answer:
        answer = await call(*asked, **more)
        [payout] = msgspec.json.decode(answer.body)["payouts"]
        body = msgspec.json.encode({"payouts": [payout | {"reference_no": reference}]})
        return Answer(status=answer.status, content_type=answer.content_type, body=body)

    with monkeypatch.context() as patch:
        patch.setattr(iris._service, "call", without_reference)
        with pytest.raises(Refusal) as refused:
            await iris.pay(REQUEST)
    assert (refused.value.code, refused.value.facts["reason"]) == ("payout.unavailable", "unreadable")
    assert (await iris.pay(REQUEST)).state in (PayoutState.QUEUED, PayoutState.COMPLETED)


async def test_a_payout_whose_answer_was_lost_is_found_again(twin: Gateway, iris: IrisPayouts) -> None:
    await twin.script(payout_answer_lost_next=1)
    result = await iris.pay(REQUEST)
    assert (await iris.get_status(result.provider_reference)).state is not PayoutState.MISSING


async def test_a_provider_that_forgot_the_reference_pays_it_once_more(
    twin: Gateway, iris: IrisPayouts
) -> None:
    """Only the merchant's own book prevents this."""
    first = await iris.pay(REQUEST)
    await twin.script(payout_delay_seconds=0, forget_idempotency_keys=True)
    again = [await iris.pay(REQUEST) for _ in range(2)]
    paid = {one.provider_reference for one in (first, *again)}
    assert len(paid) == 3
    for reference in paid - {first.provider_reference}:
        assert (await iris.get_status(reference)).state is PayoutState.COMPLETED
    assert iris.remembers <= timedelta(hours=24), "keys are kept no longer for certain"


async def test_a_failed_payout_says_why(twin: Gateway, iris: IrisPayouts) -> None:
    await twin.script(payout_delay_seconds=0, payout_rejected=True)
    result = await iris.pay(REQUEST)
    status = await iris.get_status(result.provider_reference)
    assert (status.state, status.failure) == (PayoutState.FAILED, "002")


async def test_a_payout_that_failed_for_our_own_balance_is_not_the_account_s_fault(
    twin: Gateway, iris: IrisPayouts
) -> None:
    await twin.script(payout_delay_seconds=0, payout_fell_through_next=1)
    result = await iris.pay(REQUEST)
    status = await iris.get_status(result.provider_reference)
    assert (status.state, status.failure) == (PayoutState.FELL_THROUGH, "016")
    again = await iris.pay(msgspec.structs.replace(REQUEST, reference="payout-2"))
    assert (await iris.get_status(again.provider_reference)).state is PayoutState.COMPLETED


async def test_a_payout_that_arrived_may_fail_after_all(twin: Gateway, iris: IrisPayouts) -> None:
    await twin.script(payout_delay_seconds=0, payout_returned_seconds=0.3)
    result = await iris.pay(REQUEST)
    assert (await iris.get_status(result.provider_reference)).state is PayoutState.COMPLETED
    await asyncio.sleep(0.35)
    assert (await iris.get_status(result.provider_reference)).state is PayoutState.FAILED


async def test_a_payout_that_needs_an_approval_stays_queued_until_it_has_one(
    twin: Gateway, iris: IrisPayouts
) -> None:
    await twin.script(payout_delay_seconds=0, payout_unapproved=True)
    result = await iris.pay(REQUEST)
    assert (await iris.get_status(result.provider_reference)).state is PayoutState.QUEUED
    await twin.script()
    assert (await iris.get_status(result.provider_reference)).state is PayoutState.COMPLETED


async def test_an_approved_payout_waits_for_nobody() -> None:
    async def show(request: web.Request) -> web.Response:
        return web.json_response({"reference_no": request.match_info["reference"], "status": "approved"})

    provider = web.Application()
    provider.router.add_get("/payouts/{reference}", show)
    async with served(provider, free_port()) as url:
        iris = IrisPayouts(url, PAYOUT_KEY)
        found = await iris.get_status("p-1")
        await iris.close()
    assert found.state is PayoutState.PROCESSED


async def test_other_content_under_a_used_reference_and_bad_accounts_are_refused(iris: IrisPayouts) -> None:
    await iris.pay(REQUEST)
    with pytest.raises(Refusal, match=r"payout\.mismatch"):
        await iris.pay(msgspec.structs.replace(REQUEST, amount=Rupiah(99999)))
    with pytest.raises(Refusal, match=r"payout\.refused"):
        await iris.pay(msgspec.structs.replace(REQUEST, reference="payout-2", account="none"))


async def test_a_failing_provider_is_unavailable_and_an_unknown_payout_missing(
    twin: Gateway, iris: IrisPayouts
) -> None:
    await twin.script(payout_fails_next=1)
    with pytest.raises(Refusal) as caught:
        await iris.pay(REQUEST)
    assert (caught.value.kind, caught.value.code) == (Kind.UNAVAILABLE, "payout.unavailable")
    assert caught.value.facts["sent"] is True, "it may have been taken before it failed"
    assert (await iris.get_status("abc")).state is PayoutState.MISSING


@pytest.mark.parametrize(("status", "sent"), [(401, False), (403, False), (404, True), (429, True)])
async def test_a_refused_key_ordered_nothing_and_what_a_proxy_may_say_is_no_proof(
    status: int, sent: bool
) -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(status=status)

    provider = web.Application()
    provider.router.add_post("/payouts", answer)
    async with served(provider, free_port()) as url:
        iris = IrisPayouts(url, "wrong")
        with pytest.raises(Refusal, match=r"payout\.unavailable") as caught:
            await iris.pay(REQUEST)
        await iris.close()
    assert caught.value.facts["sent"] is sent


async def test_a_request_that_found_nobody_was_not_sent() -> None:
    nobody = IrisPayouts(f"http://127.0.0.1:{free_port()}/iris/api/v1", PAYOUT_KEY)
    for _ in range(7):  # the last ones stop at the breaker
        with pytest.raises(Refusal) as caught:
            await nobody.pay(REQUEST)
        assert caught.value.facts["sent"] is False
    await nobody.close()


async def test_a_request_that_was_taken_before_its_provider_went_away_may_have_arrived() -> None:
    """The repeat gets no answer."""

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        server.close()
        writer.close()

    server = await asyncio.start_server(take, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    gone = IrisPayouts(f"http://{host}:{port}/iris/api/v1", PAYOUT_KEY)
    with pytest.raises(Refusal) as caught:
        await gone.pay(REQUEST)
    assert caught.value.facts["sent"] is True
    await gone.close()


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"reference_no": "po-1", "status": "completed"}, ""),
        ({"reference_no": "po-2", "status": "completed"}, "answer_of_another_payout"),
        ({"reference_no": "po-1", "status": "teleported"}, "unknown_state"),
        ({"status": "completed"}, "unreadable"),
    ],
)
async def test_what_the_provider_says_of_another_payout_or_in_words_that_we_do_not_know_ends_none(
    monkeypatch: pytest.MonkeyPatch, said: dict[str, str], why: str
) -> None:
    """It would be written as paid, and nobody would have the money."""
    assert await _what_is_made_of(monkeypatch, said, lambda iris: iris.get_status("po-1")) == why


@pytest.mark.parametrize(
    ("count", "why"), [(0, "not_one_payout"), (1, ""), (2, "not_one_payout")], ids=["none", "one", "two"]
)
async def test_an_order_that_is_answered_with_another_number_of_payouts_is_asked_about_again(
    monkeypatch: pytest.MonkeyPatch, count: int, why: str
) -> None:
    said = {"payouts": [{"reference_no": f"po-{n}", "status": "queued"} for n in range(count)]}
    assert await _what_is_made_of(monkeypatch, said, lambda iris: iris.pay(REQUEST)) == why


async def _what_is_made_of(
    monkeypatch: pytest.MonkeyPatch,
    said: dict[str, Any],
    ask: Callable[[IrisPayouts], Awaitable[PayoutResult]],
    *,
    status: int = 200,
) -> str:
    """Why nothing was taken; empty when it was taken as it is."""
    iris = IrisPayouts("http://127.0.0.1:1", PAYOUT_KEY)

    async def answer(*_: object, **__: object) -> Answer:
        return Answer(status=status, content_type="application/json", body=msgspec.json.encode(said))

    monkeypatch.setattr(iris._service, "call", answer)
    try:
        await ask(iris)
    except Refusal as refusal:
        told = f"{refusal.code} {refusal.facts.get('sent')} {refusal.facts.get('reason')}"
        return told.removeprefix("payout.unavailable True ")
    return ""


@pytest.mark.parametrize(
    ("status", "codes", "state"),
    [
        ("queued", "", PayoutState.QUEUED),
        ("processed", "", PayoutState.PROCESSED),
        ("failed", "", PayoutState.FAILED),
        ("rejected", "001 002 003 006 007 010 011 012 013 014 015 017 019 020", PayoutState.FAILED),
        ("failed", "004 005 008 009 016 018 021 022 023 024", PayoutState.FELL_THROUGH),
    ],
)
async def test_a_customer_is_asked_for_another_account_only_where_one_helps(
    monkeypatch: pytest.MonkeyPatch, status: str, codes: str, state: PayoutState
) -> None:
    for code in codes.split() or [""]:
        found = list[PayoutResult]()

        async def look(iris: IrisPayouts, found: list[PayoutResult] = found) -> PayoutResult:
            found.append(await iris.get_status("po-1"))
            return found[0]

        said = {"reference_no": "po-1", "status": status, "error_code": code}
        assert await _what_is_made_of(monkeypatch, said, look) == ""
        assert (found[0].state, found[0].failure) == (state, code)


async def test_a_payout_that_arrived_is_not_ordered_again_for_a_code_beside_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def arrived(iris: IrisPayouts) -> PayoutResult:
        found = await iris.get_status("po-1")
        assert (found.state, found.failure) == (PayoutState.COMPLETED, "016")
        return found

    said = {"reference_no": "po-1", "status": "completed", "error_code": "016"}
    assert await _what_is_made_of(monkeypatch, said, arrived) == ""


async def test_an_id_that_is_known_with_other_content_is_no_outage_whatever_is_said_of_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told = await _what_is_made_of(monkeypatch, {}, lambda iris: iris.pay(REQUEST), status=409)
    assert told.startswith("payout.mismatch")


def test_a_payout_request_keeps_the_account_out_of_logs() -> None:
    assert "1172993826" not in repr(REQUEST)
    assert "Budi" not in str(REQUEST)
