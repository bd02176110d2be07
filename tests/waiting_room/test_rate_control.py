"""The rate follows what the site bears.

Some tests use the real controller and a measured site that gets slower. Others go step by step, without
processes: floor, cap, halt, stock, people who do not come.
"""

from __future__ import annotations

import heapq
import math
import os
import random
import uuid
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from meterai.waiting_room.control.status_writer import (
    LAST_STAMPS,
    STALLED,
    STAMPING_STOPPED,
    fan_of_step,
    note_of,
)
from meterai.waiting_room.files.published_documents import Announcement, Status
from meterai.waiting_room.files.queue_folder import QueueFolder
from meterai.waiting_room.rules import rate_control, rate_model
from meterai.waiting_room.rules.admission import DEPTH_S
from meterai.waiting_room.rules.model import Policy, QueueState, Schedule
from meterai.waiting_room.rules.rate_history import RateHistory
from meterai.waiting_room.rules.rate_model import (
    ControllerMemory,
    LineCounts,
    OperatorWishes,
    SiteMeasurements,
)
from meterai.waiting_room.rules.verdict import DONE_SPREAD, verdict_of
from meterai.waiting_room.use_cases.steer_queue import NOTE_BYTES_MAX
from meterai.web.requests.load_meter import LoadMeter
from meterai.web.requests.load_meter import _Request as LoadedRequest
from tests.storage_fixtures import TestDatabase
from tests.waiting_room.moved_queue import MovedQueue, schedule_of
from tests.web.asking import ask

OPEN = Schedule(joins_from=0, opens_at=0, closes_at=100_000)
LINE = LineCounts(waiting=10_000, called=0, claimed=0)
ON = OperatorWishes(is_on=True)
CALM = SiteMeasurements(heard_s=0.5, p95_ms=50, requests=100)
TOLD = Status(
    event="casn", epoch=1, sequence=1, at=0, state=QueueState.OPEN, frontiers=[(1, 0), (1, 0)], rate=900,
    fan=[], closes_at=OPEN.closes_at, last_call_at=None, poll=(2, 60), waiting=40_000, admitted=0,
    done_after_s=300, kept=(0, 0), log=(0, "0" * 32),
)  # fmt: skip


def run(
    seconds: int,
    measured: SiteMeasurements = CALM,
    *,
    memory: ControllerMemory | None = None,
    policy: Policy | None = None,
    wishes: OperatorWishes = ON,
    line: LineCounts | None = None,
    start: int = 1_000,
) -> rate_model.RateStep:
    """Takes this many steps, one each second. Without `line`, as many people come in as may."""
    step = None
    memory = memory or ControllerMemory(is_direct=False)
    entered = 0.0
    for second in range(seconds):
        step = rate_control.step(
            memory, schedule=OPEN, policy=policy or Policy(), wishes=wishes, measured=measured,
            line=line or msgspec.structs.replace(LINE, called=int(entered), claimed=int(entered)),
            now=start + second, elapsed_s=1.0,
        )  # fmt: skip
        memory, entered = step.memory, entered % 1 + min(step.calls, step.rate) / 60
    assert step is not None
    return step


def test_a_site_in_trouble_is_never_left_below_the_floor_and_a_silent_one_gets_nobody() -> None:
    trouble = SiteMeasurements(heard_s=0.5, p95_ms=5_000, requests=100)
    step = run(60, trouble, memory=ControllerMemory(rate=3_000, is_direct=False))
    assert step.calls * step.memory.show_share == pytest.approx(60)
    silent = run(1, SiteMeasurements(heard_s=30), memory=ControllerMemory(rate=3_000, is_direct=False))
    assert (silent.rate, silent.state) == (0, QueueState.HALTED)


def test_the_rate_grows_to_the_cap_and_never_above_it() -> None:
    assert run(600, policy=Policy(rate_cap=900)).rate == 900
    assert run(600, policy=Policy(rate_cap=900), wishes=OperatorWishes(is_on=True, rate_cap=100)).rate == 100
    above = run(600, policy=Policy(rate_cap=900), wishes=OperatorWishes(is_on=True, rate_cap=2_000))
    assert above.rate == 900, "a cap from before the policy was lowered"
    assert run(5, wishes=OperatorWishes(is_on=True, rate_cap=0)).calls == 0


def test_a_rate_that_nobody_uses_proves_nothing_and_does_not_grow() -> None:
    few = LineCounts(waiting=0, called=1, claimed=1)
    step = run(1_200, memory=ControllerMemory(is_direct=False), line=few)
    assert step.rate < 130, "a sudden crowd would be let in faster than anybody has seen the site bear"
    assert run(60, memory=msgspec.structs.replace(step.memory, rate=900.0), line=few).rate == 900


def test_the_brake_takes_at_once_lets_go_at_once_and_the_site_keeps_what_it_was_seen_to_bear() -> None:
    before = run(600, policy=Policy(rate_cap=900))
    full = run(5, SiteMeasurements(heard_s=0.5, p95_ms=2_400, requests=100), memory=before.memory)
    assert full.calls < 0.1 * before.calls
    assert full.rate > 0.9 * before.rate, "told a rate of seconds, people would look again in a minute"
    after = run(1, memory=full.memory)
    assert after.calls > 0.9 * before.calls


def test_how_far_it_shrank_in_a_long_trouble_is_not_taken_for_what_the_site_bears() -> None:
    before = run(600, policy=Policy(rate_cap=900))
    trouble = run(180, SiteMeasurements(heard_s=0.5, p95_ms=5_000, requests=100), memory=before.memory)
    assert trouble.rate < 300
    assert run(75, memory=trouble.memory).rate > 0.75 * before.rate


def test_the_guess_of_the_evening_knows_no_brake_and_nothing_that_was_never_seen() -> None:
    memory = ControllerMemory(rate=1_000, is_direct=False, show_share=1.0)
    braked = run(3, msgspec.structs.replace(CALM, p95_ms=2_300), memory=memory)
    assert braked.calls < 150
    assert rate_control.expected_calls(braked, RateHistory(), Policy()) == pytest.approx(1_000, rel=0.1)
    fresh, warm = (
        run(600, memory=one, wishes=OperatorWishes(is_on=True, halted=True))
        for one in (ControllerMemory(), memory)
    )
    assert rate_control.expected_calls(fresh, RateHistory(), Policy()) == 0
    assert rate_control.expected_calls(fresh, RateHistory(minutes=(700,)), Policy()) > 0
    narrow = Policy(rate_floor=10)
    fresh = run(600, memory=ControllerMemory(), policy=narrow, wishes=OperatorWishes(is_on=True, halted=True))
    assert rate_control.expected_calls(fresh, RateHistory(), narrow) == 0, (
        "the last step beyond the free growth is 3"
    )
    assert rate_control.expected_calls(warm, RateHistory(), Policy()) == pytest.approx(1_000, rel=0.2)


def test_a_site_that_was_down_begins_with_half_of_what_it_bore() -> None:
    before = run(600, policy=Policy(rate_cap=900))
    down = run(30, SiteMeasurements(heard_s=30), memory=before.memory)
    assert down.rate == 0
    assert 440 < run(1, memory=down.memory).rate < 500


def test_a_halt_calls_nobody_and_is_over_at_once_when_it_ends() -> None:
    before = run(30)
    halted = run(5, memory=before.memory, wishes=OperatorWishes(is_on=True, halted=True))
    assert (halted.state, halted.rate, halted.calls) == (QueueState.HALTED, 0, 0)
    after = run(1, memory=halted.memory)
    assert after.state is QueueState.OPEN
    assert after.rate >= before.rate


def test_without_stamps_nobody_is_called() -> None:
    empty = run(1, SiteMeasurements(heard_s=0.5, p95_ms=50, requests=100, stock=0))
    assert (empty.state, empty.calls) == (QueueState.OUT_OF_STOCK, 0)


def sold(stock: int, *, each: int, share: float, done_after_s: int, rate: int) -> tuple[int, int, int]:
    """Plays two hours in which this share of the called people come, half a minute after their call.

    Each of them orders this many stamps, at different speeds. Returns (stamps left, people called, people who
    got nothing).
    """
    dice, coming, ordering = random.Random(3), list[float](), list[float]()
    memory, left_over, called, all_called, refused = (
        ControllerMemory(rate=rate, is_direct=False),
        0.0,
        0,
        0,
        0,
    )
    for second in range(7_200):
        arrived = sum(at <= second for at in coming)
        coming = [at for at in coming if at > second]
        step = rate_control.step(
            memory, schedule=OPEN, policy=Policy(rate_cap=rate), wishes=ON,
            measured=msgspec.structs.replace(CALM, stock=stock, done_after_s=done_after_s),
            line=msgspec.structs.replace(LINE, called=called, claimed=arrived),
            now=1_000 + second, elapsed_s=1.0,
        )  # fmt: skip
        memory = step.memory
        people, left_over = divmod(left_over + step.calls / 60 * (step.state is QueueState.OPEN), 1)
        called = int(people)
        all_called += called
        for _ in range(sum(dice.random() < share for _ in range(called))):
            coming.append(second + dice.expovariate(1 / 30))
            heapq.heappush(ordering, coming[-1] + 0.4 * done_after_s * math.exp(dice.gauss(0, DONE_SPREAD)))
        while ordering and ordering[0] <= second:
            heapq.heappop(ordering)
            refused += stock < each
            stock -= each if stock >= each else 0
    return stock, all_called, refused


@pytest.mark.parametrize(
    ("stock", "share", "done_after_s", "rate"),
    [(2_000, 0.9, 900, 60), (2_000, 0.3, 900, 60), (200, 0.9, 300, 100), (200, 0.3, 300, 100)],
)
def test_no_more_are_called_than_there_are_stamps_for(
    stock: int, share: float, done_after_s: int, rate: int
) -> None:
    left, called, refused = sold(stock, each=2, share=share, done_after_s=done_after_s, rate=rate)
    assert refused <= 0.13 * share * called, "the slowest; not half of them"
    assert left <= 0.02 * stock, "and all are sold while people wait"
    thrifty = sold(stock, each=1, share=share, done_after_s=done_after_s, rate=rate)
    assert thrifty[0] <= 0.1 * stock, "who takes one stamp leaves one for others"


@pytest.mark.parametrize(("cap", "state"), [(20, QueueState.OPEN), (40, QueueState.DIRECT)])
def test_where_an_operator_caps_a_line_forms_as_soon_as_more_come(cap: int, state: QueueState) -> None:
    """A bank or a provider may demand a cap, although the site shows no pressure."""
    wishes = msgspec.structs.replace(ON, rate_cap=cap)
    coming = msgspec.structs.replace(CALM, entered_per_min=30)
    nobody = LineCounts(waiting=0, called=0, claimed=0)
    assert run(1, coming, memory=ControllerMemory(is_direct=True), wishes=wishes, line=nobody).state is state


@pytest.mark.parametrize(("coming", "state"), [(50, QueueState.DIRECT), (70, QueueState.OPEN)])
def test_a_slow_site_has_nobody_wait_whom_the_line_would_let_in_at_once(
    coming: float, state: QueueState
) -> None:
    """One slow upload among three says nothing, and the floor is called in any case."""
    slow = msgspec.structs.replace(CALM, p95_ms=3_000.0, entered_per_min=coming)
    nobody, policy = LineCounts(waiting=0, called=0, claimed=0), Policy(rate_floor=60)
    assert run(1, slow, policy=policy, memory=ControllerMemory(is_direct=True), line=nobody).state is state


def test_who_waits_is_told_how_many_are_called_while_few_stamps_are_left() -> None:
    few = msgspec.structs.replace(CALM, stock=200)
    step = run(60, few, policy=Policy(rate_cap=900), memory=ControllerMemory(rate=900, is_direct=False))
    assert rate_control.expected_calls(step, RateHistory(minutes=(900,)), Policy()) < 100
    assert step.memory.is_short


@pytest.mark.parametrize(("stock", "is_promised"), [(20, False), (5_000, False), (50_000, True)])
def test_who_stands_behind_the_last_stamps_is_promised_nothing(stock: int, *, is_promised: bool) -> None:
    """20,000 people are ahead, and an hour has shown that 900 are called in a minute."""
    memory = ControllerMemory(
        rate=900,
        is_direct=False,
        called_lately=((900, 3_000),),
        past=RateHistory(minutes=(900,) * 60, up_s=3_600),
    )
    step = run(1, msgspec.structs.replace(CALM, stock=stock), policy=Policy(rate_cap=900), memory=memory)
    queue = SimpleNamespace(event="casn", schedule=OPEN, policy=Policy(rate_cap=900), wishes=ON)
    decided = SimpleNamespace(queue=queue, step=step, waiting=40_000)
    status = msgspec.structs.replace(TOLD, at=1_000, fan=fan_of_step(decided, 1_000.0))  # type: ignore[arg-type]
    assert (verdict_of(status, 20_000, now=1_000).done_by is not None) is is_promised
    ready = verdict_of(status, 10, now=1_000).done_by
    assert (ready is not None) is (stock > 6_000), "the last stamps are for those who were called"


@pytest.mark.parametrize(
    ("stock", "trouble", "note"),
    [
        (5_000, {}, LAST_STAMPS),
        (50_000, {}, Announcement()),
        (None, {}, Announcement()),
        (0, {}, Announcement()),
        (5_000, {"waiting": 0}, Announcement()),
        (5_000, {"note": Announcement("Sabar", "Patience")}, Announcement("Sabar", "Patience")),
        (5_000, {"can_buy": False}, STALLED),
        (5_000, {"is_stamping": False}, STAMPING_STOPPED),
    ],
)
def test_who_waits_reads_that_the_last_stamps_are_for_those_who_were_called(
    stock: int | None, trouble: dict[str, Any], note: Announcement
) -> None:
    measured = msgspec.structs.replace(
        CALM,
        stock=stock,
        can_buy=trouble.get("can_buy", True),
        is_stamping=trouble.get("is_stamping", True),
    )
    step = run(1, measured, memory=ControllerMemory(rate=900, is_direct=False, called_lately=((900, 3_000),)))
    queue = SimpleNamespace(state=step.state, note=trouble.get("note", Announcement()))
    decided = SimpleNamespace(queue=queue, step=step, waiting=trouble.get("waiting", 40_000))
    assert note_of(decided, measured) == note  # type: ignore[arg-type]
    assert len((note.id + note.en).encode()) <= NOTE_BYTES_MAX


def test_the_line_is_not_short_of_stamps_once_there_are_more() -> None:
    short = run(
        60, msgspec.structs.replace(CALM, stock=200), memory=ControllerMemory(rate=900, is_direct=False)
    ).memory
    assert run(1, msgspec.structs.replace(CALM, stock=20_000), memory=short).memory.is_short is False
    assert run(1, CALM, memory=short).memory.is_short is False, "how many there are was not asked"


def test_many_stamps_change_nothing_in_who_is_called() -> None:
    step = run(600, msgspec.structs.replace(CALM, stock=20_000), policy=Policy(rate_cap=900))
    endless = msgspec.structs.replace(step, enough_for=math.inf)
    assert endless == run(600, policy=Policy(rate_cap=900))


def test_when_half_of_those_called_do_not_come_about_twice_as_many_are_called() -> None:
    step = run(300, line=LineCounts(waiting=10_000, called=20, claimed=10), policy=Policy(rate_cap=600))
    assert step.rate == 600
    assert 1_050 < step.calls < 1_250


@pytest.mark.parametrize(
    "measured",
    [
        SiteMeasurements(heard_s=0.5, p95_ms=1_600, requests=100),
        SiteMeasurements(heard_s=0.5, in_flight=400, requests=0),
        SiteMeasurements(heard_s=0.5, backlog_s=40, requests=100),
        SiteMeasurements(heard_s=0.5, fault_share=0.2, requests=100),
    ],
)
def test_each_kind_of_trouble_halves_the_rate_within_ten_seconds(measured: SiteMeasurements) -> None:
    assert run(10, measured, memory=ControllerMemory(rate=2_000, is_direct=False)).calls < 1_000


# ------------------------------------------------------------------------ with a controller and a site


@dataclass
class Site:
    """Two places, a service time that the test changes while it runs, and the real meter around it.

    The test moves the time. It plays the requests of a second when that second is over.
    """

    service_s: float = 0.2
    now: float = 0.0
    meter: LoadMeter = field(init=False)
    free_at: list[float] = field(default_factory=lambda: [0.0, 0.0])
    flying: list[tuple[float, int, LoadedRequest]] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    """Seconds until the answer, for everybody who came."""

    def __post_init__(self) -> None:
        self.meter = LoadMeter(None, dict, clock=lambda: self.now)  # type: ignore[arg-type]

    def ask(self, at: float, *, has_file: bool = False) -> None:
        """A request that comes now and is served when a place is free."""
        self.play_to(at)
        request = LoadedRequest(self.meter, None, None, has_file=has_file)
        self.meter.began(request)
        starts = max(at, heapq.heappop(self.free_at))
        ends = starts + self.service_s
        heapq.heappush(self.free_at, ends)
        heapq.heappush(self.flying, (ends, len(self.times), request))
        self.times.append(ends - at)

    def play_to(self, moment: float) -> None:
        """Answers what is done by then."""
        while self.flying and self.flying[0][0] <= moment:
            self.now, _, request = heapq.heappop(self.flying)
            self.meter.ended(request, 200)
        self.now = moment


@dataclass
class Crowd:
    """Called people who come in as quickly as the admission lets them. Each sends the site one request."""

    line: MovedQueue
    site: Site
    came: int = 0
    owed: float = 0.0

    async def seconds(self, count: int) -> Status:
        for _ in range(count):
            status = self.line.seen[-1]
            self.owed = min(self.owed + status.rate / 60, status.rate / 60 * DEPTH_S)
            entering = min(int(self.owed), status.called - self.came)
            self.owed -= entering
            for number in range(entering):
                self.site.ask(self.line.now + number / max(entering, 1))
            await self._claim(entering)
            self.site.play_to(self.line.now + 1)
            self.line.load = self.site.meter.tick(lag_s=0.0, monotonic=self.line.now)
            await self.line.seconds(1)
        return self.line.seen[-1]

    async def _claim(self, people: int) -> None:
        self.came += people
        await self.line.database.owner.executemany(
            """INSERT INTO waiting_room.pass
                   (id, pass_id, claimed_at, number, queue, lane, gate, sequence)
               SELECT $1, $2, $3, 1, number, 0, 1, $4 FROM waiting_room.queue""",
            [(os.urandom(12), uuid.uuid4(), datetime.now(UTC), self.came) for _ in range(people)],
        )


def test_thirty_requests_at_one_moment_are_few_and_thirty_that_wait_are_many() -> None:
    site = Site(service_s=0.01)
    for _ in range(30):
        site.ask(0.5)
    site.play_to(1.0)
    assert site.meter.tick(lag_s=0, monotonic=1).in_flight < 5  # 30 people once called together, all answered
    site.service_s = 1_000
    for _ in range(30):
        site.ask(1.0)
    site.play_to(4.0)
    stuck = site.meter.tick(lag_s=0, monotonic=4)
    assert (round(stuck.in_flight * 4) // 10, stuck.p95_ms) == (9, 3_000)  # three seconds of four


@pytest.mark.parametrize(("files", "told"), [(30, 900), (10, 10)])
def test_uploads_are_looked_at_by_themselves_where_there_are_enough(files: int, told: int) -> None:
    """They are a twentieth of the requests, so the p95 of all would just miss them."""
    site = Site(service_s=0.01)
    site.free_at = [0.0] * 1_000
    for number in range(1_000):
        site.service_s = 0.9 if number < files else 0.01
        site.ask(0.001 * number, has_file=number < files)
    site.play_to(2.0)
    assert round(site.meter.tick(lag_s=0, monotonic=2).p95_ms) == told


@pytest.mark.parametrize(
    ("path", "counted"),
    [
        ("/beli", 1),
        ("/periksa", 0),
        ("/api/v1/metrics", 0),
        ("/wire/stampservice/keystamp/adapter/docSigningZ", 0),
        ("/casn/masuk", 0),
    ],
)
@pytest.mark.parametrize(("status", "faults"), [(200, 0), (422, 0), (503, 1), (None, 1)])
async def test_requests_of_a_purchase_that_fail_are_counted(
    path: str, counted: int, status: int | None, faults: int
) -> None:
    async def application(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        if status is None:
            raise LookupError
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    meter = LoadMeter(application, dict)
    with suppress(LookupError):
        await ask(meter, path, method="POST")
    load = meter.tick(lag_s=0, monotonic=1)
    assert (load.requests, load.faults) == (counted, counted * faults)


def test_forms_are_told_until_a_report_has_arrived() -> None:
    begun = Counter({"casn": 3})
    meter = LoadMeter(None, dict, begun=lambda: begun)  # type: ignore[arg-type]
    lost, told = (meter.tick(lag_s=0, monotonic=second) for second in (1, 2))
    assert lost.begun == told.begun == {"casn": 3}
    begun.update({"casn": 1, "": 2})
    meter.note_told(told)
    assert meter.tick(lag_s=0, monotonic=3).begun == {"casn": 1, "": 2}


def test_a_late_event_loop_tells_what_uploads_wait_before_they_are_here() -> None:
    site = Site(service_s=0.01)
    site.free_at = [0.0] * 1_000
    site.ask(0.1)
    site.play_to(1.0)
    assert site.meter.tick(lag_s=0.3, monotonic=1).p95_ms == 300
    for number in range(30):
        site.ask(1 + 0.01 * number, has_file=True)
    site.play_to(2.0)
    assert site.meter.tick(lag_s=0.3, monotonic=2).p95_ms == 3_000


def _calls(line: MovedQueue) -> float:
    """People called a minute, over the last three seconds."""
    then, now = line.seen[-4], line.seen[-1]
    return (now.called - then.called) * 60 / (now.at - then.at)


@pytest.mark.storage
async def test_the_rate_falls_with_a_slowed_site_and_recovers_and_nobody_inside_waits_long(
    database: TestDatabase, tmp_path: Path
) -> None:
    line = MovedQueue(database, QueueFolder(tmp_path / "casn"))
    await line.open(schedule_of(), Policy(rate_floor=60, rate_cap=400), always=True)
    for number in range(3_000):
        line.join(f"email:orang{number}@contoh.id", is_durable=False)
    await database.owner.execute("UPDATE waiting_room.queue SET memory = '{\"rate\": 400.0}'")
    crowd = Crowd(line, Site())
    await crowd.seconds(20)
    before, came = _calls(line), crowd.came
    assert line.seen[-1].rate == 400
    crowd.site.service_s = 0.4  # it bears 300 a minute now, not 600
    fell_s = 0
    while _calls(line) >= 300:
        await crowd.seconds(1)
        fell_s += 1
        assert fell_s <= 10, "the rate stays above what the site bears"
    at_once = crowd.came
    await crowd.seconds(40)
    low = (crowd.came - at_once) * 60 / 40
    slow = sorted(crowd.site.times[came:])
    crowd.site.service_s = 0.2
    then = crowd.came
    await crowd.seconds(30)
    recovered = (crowd.came - then) * 60 / 30
    await line.close()
    p95 = slow[len(slow) * 95 // 100]
    told = f"rate {before} -> {low} after {fell_s} s -> {recovered}, p95 {p95:.2f} s of {len(slow)}"
    assert 380 < before < 500, told  # a few never come
    assert 150 < low < 330, told
    assert p95 < 2, told
    assert len(slow) > 120, told
    assert recovered > low + 50, told
