"""What is on its way, or waits here, takes no more memory than it may, and does not stand still for ever."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.http import body_budget
from meterai.kit.http.body_budget import BodyBudget, read_body


async def pieces(count: int, size: int, pause_s: float = 0.0) -> AsyncIterator[bytes]:
    for _ in range(count):
        await asyncio.sleep(pause_s)
        yield bytes(size)


async def refusal_of(chunks: AsyncIterator[bytes], budget: BodyBudget) -> Refusal:
    with pytest.raises(Refusal) as caught:
        await read_body(chunks, budget)
    return caught.value


async def test_what_is_larger_than_all_the_room_is_read_to_its_end_and_refused() -> None:
    budget, sent = BodyBudget(100), pieces(5, 50)
    refused = await refusal_of(sent, budget)
    assert (refused.kind, refused.code) == (Kind.BUSY, "form.busy")
    assert [chunk async for chunk in sent] == []
    assert len(await read_body(pieces(2, 50), budget)) == 100


async def test_many_small_ones_share_the_room_with_large_ones_that_do_not_end() -> None:
    budget = BodyBudget(1_000)
    large = [asyncio.create_task(refusal_of(pieces(11, 100, 0.01), budget)) for _ in range(2)]
    small = [asyncio.create_task(read_body(pieces(5, 20, 0.02), budget)) for _ in range(8)]
    assert [len(body) for body in await asyncio.gather(*small)] == [100] * 8
    assert {refused.code for refused in await asyncio.gather(*large)} == {"form.busy"}


async def test_what_is_here_counts_until_its_request_has_ended() -> None:
    """It waits for the jail, and others that wait may not fill the memory."""
    budget, is_done = BodyBudget(250), asyncio.Event()

    async def request(is_answered: asyncio.Event) -> int:
        body = await read_body(pieces(2, 50), budget)
        await is_answered.wait()
        return len(body)

    waiting = [asyncio.create_task(request(is_done)) for _ in range(2)]
    await asyncio.sleep(0.01)
    given_up = asyncio.create_task(refusal_of(pieces(2, 50), budget))
    assert (await given_up).code == "form.busy"
    assert len(await asyncio.create_task(read_body(pieces(1, 50), budget))) == 50, "for less there is room"
    is_done.set()
    assert await asyncio.gather(*waiting) == [100, 100]
    after = [asyncio.create_task(request(is_done)) for _ in range(2)]
    assert await asyncio.gather(*after) == [100, 100]


async def test_what_stands_still_is_given_up_and_what_comes_slowly_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(body_budget, "PATIENCE_S", 0.3)
    budget = BodyBudget(2_000)
    assert (await refusal_of(pieces(1, 1, 60), budget)).code == "form.unreadable"
    assert (await refusal_of(pieces(60, 5, 0.05), budget)).code == "form.unreadable", "100 bytes a second"
    slow = asyncio.create_task(read_body(pieces(12, 100, 0.05), budget))
    assert len(await slow) == 1_200, "at most 2,000 bytes a second"
    assert len(await read_body(pieces(40, 50), budget)) == 2_000, "nothing is kept of those given up"


async def test_who_has_sent_much_may_stand_still_no_longer_than_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(body_budget, "PATIENCE_S", 0.2)

    async def rushing_first() -> AsyncIterator[bytes]:
        yield bytes(100_000)
        await asyncio.sleep(60)

    assert (await refusal_of(rushing_first(), BodyBudget(1_000_000))).code == "form.unreadable"
