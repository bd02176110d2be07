"""Things that are due: who fails keeps nobody from their turn."""

from __future__ import annotations

import asyncio

import pytest

from meterai.kit.bounded_gather import gather_bounded


async def test_each_gets_its_turn_and_the_first_failure_is_told_at_the_end() -> None:
    done = []

    async def work(number: int) -> int:
        await asyncio.sleep(0)
        if number in (1, 2):
            raise KeyError(number)
        done.append(number)
        return number * number

    with pytest.raises(KeyError, match="1"):
        await gather_bounded(range(5), work, at_once=2)
    assert done == [0, 3, 4]
    assert await gather_bounded((3, 4), work, at_once=2) == [9, 16]


async def test_no_more_are_at_work_than_may_be() -> None:
    at_work, most = 0, 0

    async def work(_: int) -> None:
        nonlocal at_work, most
        at_work += 1
        most = max(most, at_work)
        await asyncio.sleep(0)
        at_work -= 1

    await gather_bounded(range(9), work, at_once=3)
    assert most == 3
