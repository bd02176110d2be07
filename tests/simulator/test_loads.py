"""What a load counts of those for whom it did not end well: nobody drops out of the figures."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path

import msgspec
import pytest
import typer
from aiohttp import web

from benchmarks.commands import journey as journey_command
from benchmarks.load import journey, orders, step_costs
from meterai.kit.installation import default_data
from simulator.crowd.applicant import Outcome, Stamped, TooLate
from simulator.crowd.browser import Elsewhere, Response
from simulator.crowd.queued_applicant import QueuedApplicant
from simulator.crowd.service import Service, ServiceMissing, see_reachable
from simulator.rehearsal import crowd as rehearsed
from simulator.rehearsal import rehearse as player
from simulator.rehearsal.schedule import Schedule
from tests.ports import free_port
from tests.sandbox.twins import served

SERVICE = Service(pid=1, site="http://127.0.0.1:9", inbox="", gateway="", gate="http://127.0.0.1:9")


def crowd() -> journey.Crowd:
    return journey.Crowd(SERVICE, b"", 1.0, 0.0, random.Random(1))


def evening(peak: float = 1.0, seconds: float = 60.0) -> rehearsed.Crowd:
    return rehearsed.Crowd(SERVICE, b"", peak, seconds, random.Random(1))


async def _pays_and_waits(self: QueuedApplicant, *_: object, **__: object) -> Outcome:
    self.on_step("pay", 1.0)
    await asyncio.sleep(60)
    raise AssertionError


async def _pays_in_vain(self: QueuedApplicant, *_: object, **__: object) -> Outcome:
    self.on_step("pay", 1.0)
    raise TooLate("the order was not finished")


async def test_who_paid_long_ago_and_has_no_file_when_a_run_ends_is_lost(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(QueuedApplicant, "buy_and_stamp", _pays_and_waits)
    for overdue_s, lost in ((0.0, 1), (30.0, 0)):
        monkeypatch.setattr(journey, "OVERDUE_S", overdue_s)
        load = crowd()
        person = asyncio.create_task(load._journey(1))
        await asyncio.sleep(0.05)
        person.cancel()
        await asyncio.gather(person, return_exceptions=True)
        assert load.counts["lost"] == lost


async def _is_reachable(*_: object, **__: object) -> None:
    pass


async def test_what_was_lost_while_warming_up_is_not_forgotten(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(QueuedApplicant, "buy_and_stamp", _pays_in_vain)
    load = crowd()
    await load._journey(1)
    load.forget()
    assert load.counts["lost"] == 1
    assert load.problems == ["TooLate: the order was not finished"]

    calls = 0

    async def only_the_first_in_vain(
        self: QueuedApplicant, files: Sequence[tuple[str, bytes]], **_: object
    ) -> Outcome:
        nonlocal calls
        calls += 1
        if calls == 1:
            await _pays_in_vain(self)
        return Outcome(files=[Stamped(files[0][1], str(calls))])

    monkeypatch.setattr(QueuedApplicant, "buy_and_stamp", only_the_first_in_vain)
    monkeypatch.setattr(orders, "find_service", lambda _: SERVICE)
    monkeypatch.setattr(orders, "see_reachable", _is_reachable)
    monkeypatch.setattr(orders, "cpu_seconds", lambda _: {})
    monkeypatch.setattr(orders, "verify_sample", lambda files, _: len(files))
    told = await orders.measure(tmp_path, orders=5, people=1, size_bytes=4_000)
    assert (told.finished, told.lost) == (5, 1)
    assert told.problems == ["TooLate: the order was not finished"]


@pytest.mark.parametrize(("pays", "count"), [(False, "refused"), (True, "lost")])
@pytest.mark.parametrize(
    "error", [Elsewhere("no page of this machine"), KeyError("links"), ZeroDivisionError()]
)
async def test_whatever_ends_a_journey_its_person_is_counted(
    monkeypatch: pytest.MonkeyPatch, error: Exception, pays: bool, count: str
) -> None:
    async def ends(self: QueuedApplicant, *_: object, **__: object) -> Outcome:
        if pays:
            self.on_step("pay", 1.0)
        raise error

    monkeypatch.setattr(QueuedApplicant, "buy_and_stamp", ends)
    for load in (crowd(), evening()):
        await load._journey(1)
        assert load.counts[count] == 1
        [told] = load.problems
        assert type(error).__name__ in told


async def test_who_paid_and_finds_no_file_in_the_finished_order_is_lost(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def pays_for_nothing(self: QueuedApplicant, *_: object, **__: object) -> Outcome:
        self.on_step("pay", 1.0)
        return Outcome()

    monkeypatch.setattr(QueuedApplicant, "buy_and_stamp", pays_for_nothing)
    for load in (crowd(), evening()):
        await load._journey(1)
        assert load.counts["lost"] == 1


@pytest.mark.parametrize("name", ["site", "gate", "inbox", "gateway"])
@pytest.mark.parametrize("address", ["https://meterai.example", "http://127.0.0.1:9", ""])
async def test_a_crowd_that_could_not_send_a_request_does_not_come(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, address: str
) -> None:
    async with served(web.Application(), free_port()) as url:
        there = Service(pid=1, site=url, inbox=url, gateway=url, gate=url)
        await see_reachable(there)
        found = msgspec.structs.replace(there, **{name: address})
        monkeypatch.setattr(journey, "find_service", lambda _: found)
        monkeypatch.setattr(player, "find_service", lambda _: found)
        journeys = journey.measure(
            tmp_path, rate=1, seconds=0, warm_up_seconds=0, drain_seconds=0, think_seconds=0,
            size_bytes=4_000, seed=1, apart=False,
        )  # fmt: skip
        rehearsal = player.rehearse(player.Stage(tmp_path, 0, 1, Schedule(()), 0, 1, lambda _: None))
        for coming in (journeys, rehearsal):
            with pytest.raises(ServiceMissing, match=f"the {name}"):
                await coming


@pytest.mark.parametrize(
    ("change", "code"),
    [({}, 0), ({"lost": 1}, 1), ({"verified": 1}, 1), ({"finished": 0, "sampled": 0, "verified": 0}, 1)],
)
def test_a_bench_of_journeys_that_lost_forged_or_finished_nothing_says_so(
    monkeypatch: pytest.MonkeyPatch, change: dict[str, int], code: int
) -> None:
    result = {"finished": 12, "lost": 0, "sampled": 2, "verified": 2, **change}
    monkeypatch.setattr(journey_command, "everybody_in_line", lambda *_: nullcontext())
    monkeypatch.setattr(journey_command, "result_of_crowd", lambda *_: result)
    with pytest.raises(typer.Exit) as ended:
        journey_command.bench_journey(json_output=True)
    assert ended.value.exit_code == code


def test_journeys_are_offered_to_the_service_of_script_server_unless_told_otherwise(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[Path] = []
    monkeypatch.setattr(journey, "measure", lambda data, **_: asked.append(data))
    monkeypatch.setattr(journey, "report", lambda _: None)
    for told, words in (("", ()), ("/srv/trial", ()), ("/srv/trial", ("--data", "/srv/meterai"))):
        monkeypatch.setenv("METERAI_DATA", told)
        monkeypatch.setattr(sys, "argv", ["journey_load", *words])
        journey.main()
    assert asked == [default_data(), Path("/srv/trial"), Path("/srv/meterai")]


HOLDS_SOMETHING = """if True:
    import asyncio
    from simulator.crowd.report import report
    async def measure():
        try:
            print("holds", flush=True)
            await asyncio.sleep(60)
        finally:
            print("lets go", flush=True)
    report(measure())
"""


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_bench_that_is_ended_lets_go_of_what_it_holds(sign: signal.Signals) -> None:
    command = ["env", f"--default-signal={sign.name}", sys.executable, "-c", HOLDS_SOMETHING]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as bench:
        assert bench.stdout is not None
        assert bench.stdout.readline() == "holds\n"
        bench.send_signal(sign)
        assert bench.stdout.read() == "lets go\n"
        assert bench.wait(10) != 0


async def test_who_is_never_called_waited_at_least_until_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    async def join(self: QueuedApplicant) -> Response:
        self.ticket = "T"
        return Response(200, {}, b"", "")

    async def wait(self: QueuedApplicant, page: Response) -> None:
        await asyncio.sleep(60)

    monkeypatch.setattr(QueuedApplicant, "_join", join)
    monkeypatch.setattr(QueuedApplicant, "_stand_in_line", wait)
    journeys = crowd()
    rehearsal = evening()
    people = [asyncio.create_task(one._journey(1)) for one in (journeys, rehearsal)]
    await asyncio.sleep(0.2)
    for person in people:
        person.cancel()
    await asyncio.gather(*people, return_exceptions=True)
    for waits in (journeys.waited, rehearsal.waits):
        assert len(waits) == 1
        assert waits[0] >= 0.15


async def test_who_paid_and_is_left_when_a_rehearsal_ends_is_lost_and_not_in_line_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(QueuedApplicant, "buy_and_stamp", _pays_and_waits)
    monkeypatch.setattr(rehearsed, "PAID_WAIT_S", 0.05)
    rehearsal = evening(peak=20.0, seconds=0.2)
    await rehearsal.come()
    unfinished = await rehearsal.go_home(0.05)
    assert (rehearsal.counts["lost"], unfinished) == (rehearsal.counts["came"], 0)


@pytest.mark.parametrize("name", ["site", "inbox", "gateway"])
async def test_benches_say_in_words_which_part_of_an_installation_they_can_not_ask(
    tmp_path: Path, name: str
) -> None:
    """Such as one behind TLS."""
    async with served(web.Application(), free_port()) as url:
        there = Service(pid=os.getpid(), site=url, inbox=url, gateway=url)
        found = msgspec.structs.replace(there, **{name: "https://meterai.example"})
        (tmp_path / "run").mkdir()
        (tmp_path / "run" / "service.json").write_bytes(msgspec.json.encode(found))
        for measuring in (
            orders.measure(tmp_path, orders=1, people=1, size_bytes=4_000),
            step_costs.measure(tmp_path, journeys=1, size_bytes=4_000, idle_seconds=0),
        ):
            with pytest.raises(ServiceMissing, match=f"reach the {name}.*start a service for them without"):
                await measuring
