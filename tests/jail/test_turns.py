"""Turns at a pool of jails: who is next, who gives way, and what one network may use."""

from __future__ import annotations

import asyncio

import pytest

from meterai.jail.probe import ProbeRequest
from meterai.jail.queueing.callers import Caller
from meterai.jail.queueing.cpu_budgets import PERIOD_SECONDS, CpuBudgets
from meterai.jail.queueing.heavy_files import HeavyFiles
from meterai.jail.queueing.turns import Turns
from meterai.kernel.refusals import Refusal
from meterai.pdf.requests import RenderRequest


class Crowd:
    """People who wait for one slot, and the order in which they had it."""

    def __init__(self, turns: Turns) -> None:
        self.turns = turns
        self.done: list[str] = []
        self.tasks: list[asyncio.Task[None]] = []

    async def come(self, network: str, visitor: str = "", known: str = "") -> asyncio.Task[None]:
        async def work() -> None:
            async with self.turns.turn(Caller(network, visitor, known)):
                self.done.append(network + visitor + known)
                await asyncio.sleep(0)

        task = asyncio.create_task(work())
        self.tasks.append(task)
        await asyncio.sleep(0)
        return task

    async def end(self) -> list[Refusal]:
        found = await asyncio.gather(*self.tasks, return_exceptions=True)
        return [one for one in found if isinstance(one, Refusal)]


async def test_networks_take_turns_and_so_do_the_visitors_of_one() -> None:
    crowd = Crowd(Turns(1, 100))
    async with crowd.turns.turn(Caller("house")):
        for network, visitor in ("Aa", "Aa", "Aa", "Ab", "Ba", "Ca"):
            await crowd.come(network, visitor)
    assert await crowd.end() == []
    assert crowd.done == ["Aa", "Ba", "Ca", "Ab", "Aa", "Aa"]


async def test_whoever_is_known_waits_in_a_line_of_their_own() -> None:
    crowd = Crowd(Turns(1, 100))
    async with crowd.turns.turn(Caller("house")):
        for known in ("", "", "", "customer"):
            await crowd.come("A", known=known)
    await crowd.end()
    assert crowd.done == ["A", "Acustomer", "A", "A"]


async def test_a_full_waiting_room_refuses_the_longest_line_and_not_whoever_comes_last() -> None:
    crowd = Crowd(Turns(1, 3))
    async with crowd.turns.turn(Caller("house")):
        for network in "AAAB":
            await crowd.come(network)
        last = await crowd.come("A")  # its own line is the longest
        await asyncio.sleep(0)
        assert last.done()
    assert [refusal.code for refusal in await crowd.end()] == ["jail.busy", "jail.busy"]
    assert crowd.done == ["A", "B", "A"]


async def test_whoever_goes_away_leaves_the_slot_to_the_next() -> None:
    crowd = Crowd(Turns(1, 100))
    async with crowd.turns.turn(Caller("house")):
        first, _ = await crowd.come("A"), await crowd.come("B")
        gone = await crowd.come("C")
        gone.cancel()
    first.cancel()  # it has the turn by now, and has not begun
    await crowd.end()
    assert crowd.done == ["B"]
    assert crowd.turns.waiting == 0
    await asyncio.wait_for(crowd.come("D"), 1)
    await crowd.end()
    assert crowd.done == ["B", "D"]


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_network_that_used_its_budget_is_told_when_to_come_back() -> None:
    clock = Clock()
    budgets = CpuBudgets(120, clock=clock)
    heavy, other = Caller("203.0.113"), Caller("198.51.100")
    for _ in range(15):
        budgets.check(heavy)
        budgets.spend(heavy, 8.0)
    with pytest.raises(Refusal) as caught:
        budgets.check(heavy)
    assert caught.value.code == "jail.budget_spent"
    budgets.check(other)
    clock.now += int(str(caught.value.facts["retry_after_s"]))
    budgets.check(heavy)
    clock.now += PERIOD_SECONDS
    budgets.spend(heavy, 119)
    budgets.check(heavy)


def test_whoever_is_known_goes_on_when_the_network_is_at_its_end() -> None:
    budgets = CpuBudgets(120, clock=Clock())
    stranger, known = Caller("203.0.113"), Caller("203.0.113", known="customer 1")
    budgets.spend(stranger, 200)
    budgets.check(known)
    budgets.spend(known, 60)
    with pytest.raises(Refusal):  # nothing left of their own, and nothing of the network
        budgets.check(known)


def test_a_campus_of_500_people_in_three_minutes_is_not_refused() -> None:
    """Two documents each, at three times what the heaviest ordinary one takes."""
    clock = Clock()
    budgets, campus = CpuBudgets(120, clock=clock), Caller("192.0.2")
    for _ in range(500):
        for _ in range(2):
            budgets.check(campus)
            budgets.spend(campus, 0.18)
        clock.now += 180 / 500


def test_a_budget_of_nothing_is_no_limit() -> None:
    budgets = CpuBudgets(0, clock=Clock())
    budgets.spend(Caller("A", known="customer"), 10_000)
    budgets.check(Caller("A", known="customer"))


def test_a_heavy_file_is_known_by_its_bytes_its_task_and_its_page_for_an_hour() -> None:
    clock = Clock()
    files = HeavyFiles(clock=clock)
    one = RenderRequest(data=b"one", page=1)
    files.add("render", one)
    assert files.has("render", RenderRequest(data=b"one", page=1, width_px=7))
    assert not files.has("render", RenderRequest(data=b"one", page=2))
    assert not files.has("judge", one)
    assert not files.has("probe", ProbeRequest())
    clock.now += 3601
    assert not files.has("render", one)
