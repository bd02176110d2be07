"""Purchases without a place: when a line begins the log states how many may go on, and the audit counts."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import msgspec
import pytest
import pytest_asyncio

from meterai.waiting_room.auditing.checks.rules import RulesCheck
from meterai.waiting_room.auditing.findings import Findings
from meterai.waiting_room.auditing.people.bypasses import ORDERS_S, TAKES_S, BypassCheck
from meterai.waiting_room.files.log_facts import CLOCK_SET_RIGHT, BypassFacts, OperatorFacts, StateFacts
from meterai.waiting_room.files.queue_folder import QueueFolder
from meterai.waiting_room.files.restore_files import RESTORE
from meterai.waiting_room.rules.bypasses import COUNTED_AGAIN_S, INSIDE_S, inside_bound
from meterai.waiting_room.rules.model import QueueState
from meterai.waiting_room.rules.state_causes import StateCause
from meterai.waiting_room.use_cases.log_bypass import BypassReason, log_bypass
from meterai.web.line.general_places import GeneralPlaces
from tests.storage_fixtures import TestDatabase
from tests.waiting_room.insider import Insider
from tests.waiting_room.moved_queue import CALM, MovedQueue, schedule_of

AT = 100_000

# --------------------------------------------------------------------------------------- in a running queue


@pytest_asyncio.fixture
async def line(database: TestDatabase, tmp_path: Path) -> AsyncIterator[MovedQueue]:
    """Nobody waits."""
    made = MovedQueue(database, QueueFolder(tmp_path / "casn"))
    await made.open(schedule_of())
    await made.seconds(2)
    yield made
    await made.close()


def codes(line: MovedQueue) -> set[str]:
    return {finding.code for finding in line.audited().findings}


async def give_forms(line: MovedQueue, forms: dict[str, int]) -> None:
    """The site reports this number of new forms, by event, once."""
    line.load = msgspec.structs.replace(CALM, begun=forms)
    await line.seconds(1)
    line.load = CALM


async def begin_line(line: MovedQueue) -> None:
    await line.wish("always_in_line", True)
    await line.until(lambda status: status.state is QueueState.OPEN)


async def buy(line: MovedQueue, people: int, why: BypassReason = "was_inside") -> None:
    moment = datetime.fromtimestamp(line.now, UTC)
    queue = await line.database.owner.fetchval("SELECT number FROM waiting_room.queue")
    for _ in range(people):
        await log_bypass(line.database.app, queue, why, order_id=uuid.uuid4(), now=moment)


async def plant(line: MovedQueue, people: int, why: str) -> None:
    """Asks to log purchases that nobody made."""
    insider = Insider(line.database, line.folder)
    for number in range(people):
        await insider.asks_to_log(BypassFacts(why=why, ref=f"{number:032x}"), line.now)


def stated(line: MovedQueue) -> list[str]:
    return [facts.value for facts in line.facts(StateFacts) if facts.value]


@pytest.mark.storage
async def test_fifty_who_never_were_inside_are_found(line: MovedQueue) -> None:
    await begin_line(line)
    await line.seconds(2)
    await plant(line, 50, "was_inside")
    await line.seconds(2)
    assert codes(line) == {"bypass.too_many"}


@pytest.mark.storage
async def test_a_general_shop_that_gives_all_that_it_has_is_not_accused_and_one_that_gives_more_is(
    database: TestDatabase, tmp_path: Path
) -> None:
    """Four networks ask each second. Then an insider writes orders that took no place."""
    line = MovedQueue(database, QueueFolder(tmp_path / "casn"), general_share=60)
    await line.open(schedule_of())
    await begin_line(line)
    places, opened = GeneralPlaces(database.app, 60), 0
    for _ in range(30):
        moment = datetime.fromtimestamp(line.now, UTC)
        for network in range(4):
            if await places.take(f"198.51.{network}.7", moment):
                await log_bypass(database.app, 1, "general_share", order_id=uuid.uuid4(), now=moment)
                opened += 1
        await line.seconds(1)
    assert opened >= 30
    assert codes(line) == set()
    await plant(line, 30, "general_share")
    await line.seconds(2)
    assert codes(line) == {"bypass.general"}
    await line.close()


@pytest.mark.storage
async def test_the_probe_of_the_status_page_may_order_once_a_minute(line: MovedQueue) -> None:
    await begin_line(line)
    for _ in range(3):
        await buy(line, 1, "probe")
        await line.seconds(60)
    assert codes(line) == set()
    assert line.audited().bypasses["probe"] == 3
    await plant(line, 2, "probe")
    await line.seconds(2)
    assert codes(line) == {"bypass.probe"}


@pytest.mark.storage
async def test_who_had_a_form_before_the_line_began_may_go_on_whenever_the_site_says_so(
    line: MovedQueue,
) -> None:
    """More forms are given until the site learns of the line. Those for no event count, others do not."""
    await give_forms(line, {"casn": 30, "": 10, "ppg": 1_000})
    await begin_line(line)
    await give_forms(line, {"casn": 20})
    await buy(line, 60)
    await line.seconds(COUNTED_AGAIN_S + 2)
    await give_forms(line, {"casn": 1_000})
    await line.seconds(2)
    assert stated(line) == [str(inside_bound(40)), str(inside_bound(60))]
    assert codes(line) == set()
    await buy(line, inside_bound(60) - 60)
    await line.seconds(2)
    assert codes(line) == set()
    await buy(line, 1)
    await line.seconds(2)
    assert codes(line) == {"bypass.too_many"}


@pytest.mark.storage
async def test_forms_of_the_last_half_hour_count_also_those_that_were_told_late(line: MovedQueue) -> None:
    owner = line.database.owner
    await give_forms(line, {"casn": 30})
    await owner.execute("UPDATE waiting_room.begun_form SET minute = minute - $1", INSIDE_S // 60 + 2)
    await give_forms(line, {"casn": 7})
    await begin_line(line)
    line.now += 60  # the controller is away, and the site reports afterwards
    await give_forms(line, {"casn": 20})
    await line.seconds(2)
    assert stated(line) == [str(inside_bound(7)), "61", str(inside_bound(27))]
    await buy(line, 27)
    await line.seconds(2)
    assert codes(line) == set()


@pytest.mark.storage
async def test_after_a_release_that_did_not_count_nobody_is_accused_for_half_an_hour(
    line: MovedQueue,
) -> None:
    await line.database.owner.execute(
        "UPDATE waiting_room.queue SET memory = jsonb_set(memory, '{said}', '[\"\", \"\"]')"
    )
    await line.seconds(2)
    await begin_line(line)
    await line.seconds(2)
    assert stated(line) == []


# ------------------------------------------------------------------------------------------ entry by entry


class Audited:
    """A log that states from its first rules on how many go on, in front of rules that a test changes."""

    def __init__(self, *, share: int | None = 60, log: int = 2) -> None:
        self.findings = Findings()
        self.now = SimpleNamespace(log=log, general_share=share, inside_minutes=INSIDE_S // 60)
        self.check = BypassCheck(cast(RulesCheck, SimpleNamespace(now=self.now)), self.findings)
        self.check.on_rules(AT, is_first=True)
        self._n = 0

    def state(self, at: int, state: str, cause: str = "calling", value: str = "") -> None:
        facts = StateFacts(state=QueueState(state), cause=StateCause(cause), value=value, rate=60)
        self.check.on_state(at, facts)

    def buys(self, at: int, count: int = 1, *, why: str = "was_inside") -> list[str]:
        for _ in range(count):
            self._n += 1
            self.check.on_bypass(self._n, at, BypassFacts(why=why, ref=str(self._n)))
        return [finding.code for finding in self.findings.shown()]


def test_the_number_holds_for_one_line_and_one_order_counts_once() -> None:
    audited = Audited()
    audited.state(AT, "direct", "nobody_waits")
    audited.state(AT + 10, "open", "people_wait", "3")
    audited.state(AT + 11, "open")
    assert audited.buys(AT + 20, 3) == []
    for _ in range(9):
        audited.check.on_bypass(9, AT + 21, BypassFacts(why="was_inside", ref="1"))
    assert audited.buys(AT + 22) == ["bypass.too_many"]
    audited = Audited()
    audited.state(AT + 10, "open", "people_wait", "3")
    audited.buys(AT + 20, 3)
    audited.state(AT + 30, "direct", "nobody_waits")
    audited.state(AT + 60, "open", "people_wait", "2")
    assert audited.buys(AT + 61, 2) == []
    assert audited.buys(AT + 61) == ["bypass.too_many"]


def test_the_number_grows_only_in_the_seconds_after_the_beginning_a_pause_or_a_clock() -> None:
    for act, grows in (("", False), ("pause", True), ("silence", True), (CLOCK_SET_RIGHT, True)):
        audited = Audited()
        audited.state(AT, "open", "people_wait", "0")
        if act == "pause":
            audited.state(AT + 100, "open", "controller_away", "60")
        elif act == "silence":
            audited.state(AT + 50, "halted", "site_silent")
            audited.state(AT + 100, "open")
        elif act:
            audited.check.on_clock_set_right(AT + 100)
        audited.state(AT + 101, "open", "calling", "9")
        assert audited.buys(AT + 102) == ([] if grows else ["bypass.too_many"])


def test_a_line_without_a_number_lets_nobody_go_on() -> None:
    audited = Audited()
    audited.state(AT, "open", "people_wait")
    assert audited.buys(AT + 1) == ["bypass.too_many"]


def test_a_site_that_has_not_reported_yet_begins_no_line() -> None:
    audited = Audited()
    audited.state(AT, "direct", "nobody_waits")
    audited.state(AT + 10, "halted", "site_silent")
    audited.state(AT + 20, "open", "people_wait", "1")
    assert audited.buys(AT + 21) == []


def test_the_opening_after_a_lottery_is_a_beginning_too() -> None:
    audited = Audited()
    audited.state(AT, "lottery", "planned", "5")
    audited.state(AT + 9_000, "open", "planned", "1")
    assert audited.buys(AT + 9_001) == []
    assert audited.buys(AT + 9_001) == ["bypass.too_many"]


def test_nobody_goes_on_longer_than_the_rules_say() -> None:
    audited = Audited()
    audited.state(AT, "open", "people_wait", "9")
    assert audited.buys(AT + INSIDE_S + TAKES_S) == []
    assert audited.buys(AT + INSIDE_S + TAKES_S + 1) == ["bypass.late"]


def test_after_an_older_release_the_number_is_unknown_for_half_an_hour_and_an_older_log_states_none() -> None:
    audited = Audited(log=1)
    assert audited.buys(AT, 50) == []
    audited.now.log = 2
    audited.check.on_rules(AT + 10, is_first=False)
    assert audited.buys(AT + 10, 50) == [], "from the line before"
    audited.state(AT + 10, "open")
    assert audited.buys(AT + 11, 50) == []
    audited.state(AT + 20, "direct", "nobody_waits")
    audited.state(AT + 10 + INSIDE_S + 1, "open", "people_wait")
    assert audited.buys(AT + 10 + INSIDE_S + 2) == ["bypass.too_many"]


def test_after_a_restore_the_number_is_unknown_for_half_an_hour() -> None:
    """The copy may lack the forms of the last hours."""
    for action, found in ((RESTORE, []), ("cap", ["bypass.too_many"])):
        audited = Audited()
        audited.state(AT, "open", "people_wait", "1")
        audited.check.on_operator(AT + 10, OperatorFacts(action=action, value="9:x", reason="disk"))
        assert audited.buys(AT + 11, 2) == found
    audited.check.on_operator(AT + 10, OperatorFacts(action=RESTORE, value="9:x", reason="disk"))
    audited.state(AT + 12, "direct", "nobody_waits")
    audited.state(AT + 11 + INSIDE_S, "open", "people_wait", "1")
    assert audited.buys(AT + 12 + INSIDE_S, 2) == ["bypass.too_many"] * 2


def test_the_general_shop_has_its_share_a_minute_and_some_at_once() -> None:
    audited = Audited(share=60)
    at_once = 10 + ORDERS_S + 3  # depth of the share, and the time until the order
    assert audited.buys(AT, at_once, why="general_share") == []
    assert audited.buys(AT + 60, at_once, why="general_share") == []
    assert audited.buys(AT + 61, 2, why="general_share") == ["bypass.general"]
    assert Audited(share=None).buys(AT, 500, why="general_share") == []
    assert Audited(share=0).buys(AT, 1, why="general_share") == ["bypass.general"]


def test_a_smaller_share_holds_when_the_last_orders_of_the_greater_one_are_placed() -> None:
    audited = Audited(share=60)
    audited.now.general_share = 0
    audited.check.on_rules(AT + 10, is_first=False)
    assert audited.buys(AT + 11, why="general_share") == []
    assert audited.buys(AT + 11 + TAKES_S, why="general_share") == ["bypass.general"]


def test_after_a_clock_was_set_right_the_share_fills_from_then_on() -> None:
    audited = Audited(share=60)
    audited.buys(AT + 3_600, 23, why="general_share")
    audited.check.on_clock_set_right(AT)
    assert audited.buys(AT + 60, 20, why="general_share") == []
