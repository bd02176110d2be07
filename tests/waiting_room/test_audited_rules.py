"""What the audit reads from each version of the rules: how a schedule may change, and when it is over."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from meterai.waiting_room.auditing.checks.rules import CLOSED_LATE_S, CUT_AT_S, RulesCheck
from meterai.waiting_room.auditing.findings import Findings
from meterai.waiting_room.files import published_documents
from meterai.waiting_room.files.log_facts import ConfigFacts
from meterai.waiting_room.files.published_documents import LOG_STATES, Config
from meterai.waiting_room.files.window_files import digest
from meterai.waiting_room.rules.model import Policy, Schedule
from meterai.waiting_room.rules.windows import LOGGED_LATE_S

JOINS, OPENS, CLOSES = 1_000, 5_000, 9_000
KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))
PUBLIC = KEY.public_key().public_bytes_raw().hex()
FIRST = Config(
    event="casn",
    version=1,
    schedule=Schedule(joins_from=JOINS, opens_at=OPENS, closes_at=CLOSES),
    policy=Policy(),
    commitment="",
    chain_length=1_000,
    ticket_keys={1: PUBLIC},
    controller_key=PUBLIC,
)


class Audited:
    """Rules that are published and logged one after the other, and the findings."""

    def __init__(self, *, log: int = 1) -> None:
        first = msgspec.structs.replace(FIRST, log=log)
        self._files = {"config.json": published_documents.sign(first, KEY)}
        self._config = first
        self.findings = Findings()
        self.rules = RulesCheck(self, self.findings)
        self.log(JOINS - 100, first, None)

    def read(self, name: str) -> bytes | None:
        return self._files.get(name)

    def pieces(self, name: str, start: int = 0) -> Iterator[bytes]:
        raise NotImplementedError

    def logs(
        self, at: int, *, line_counts: bool = False, closed_through: int | None = None, **schedule: int
    ) -> bool:
        """Logs another version. Returns whether it cuts time again."""
        changed = msgspec.structs.replace(
            self._config,
            version=self._config.version + 1,
            schedule=msgspec.structs.replace(self._config.schedule, **schedule),
            policy=Policy(line_counts=line_counts),
        )
        return self.log(at, changed, closed_through)

    def found(self) -> list[str]:
        return [finding.code for finding in self.findings.shown()]

    def log(self, at: int, config: Config, closed_through: int | None) -> bool:
        """Publishes and logs a version."""
        self._config, raw = config, published_documents.sign(config, KEY)
        self._files[f"configs/{config.version}.json"] = raw
        facts = ConfigFacts(sha256=digest(raw), version=config.version)
        return self.rules.on_config(config.version, at, facts, closed_through=closed_through)


@pytest.fixture
def audited() -> Audited:
    return Audited()


LATER = JOINS + LOGGED_LATE_S + 1


@pytest.mark.parametrize(
    ("at", "closed_through", "changes", "is_found"),
    [
        (LATER, None, {"closes_at": CLOSES + 1, "last_call_at": CLOSES}, False),
        (LATER - 1, None, {"joins_from": OPENS, "opens_at": OPENS + 1}, False),
        (LATER, None, {"joins_from": JOINS + 1}, True),
        (LATER, None, {"opens_at": OPENS + 1}, True),
        (LATER, None, {"window_s": 11}, True),
        (LATER, None, {"first_window": 2}, True),
        # a clock that was ahead has closed windows before anybody could join
        (JOINS, 3, {"opens_at": OPENS + 1, "first_window": 5}, False),
        (JOINS, 3, {"opens_at": OPENS + 1, "first_window": 4}, True),
        # time is cut again
        (7_000, 3, {"joins_from": 7_000, "opens_at": 7_000, "first_window": 4}, False),
        (7_000, None, {"joins_from": 7_000, "opens_at": 7_000, "first_window": 4}, False),
        (7_000, 3, {"joins_from": 7_000, "opens_at": 7_000, "first_window": 3}, True),
        (7_000, 3, {"joins_from": 6_999, "opens_at": 7_000, "first_window": 4}, True),
        (7_000, 3, {"joins_from": 7_000, "opens_at": 7_000, "first_window": 4, "window_s": 11}, True),
        (7_000 + CUT_AT_S, 3, {"joins_from": 7_000, "opens_at": 7_000, "first_window": 4}, False),
        (7_001 + CUT_AT_S, 3, {"joins_from": 7_000, "opens_at": 7_000, "first_window": 4}, True),
        (7_000 - CUT_AT_S, 3, {"joins_from": 7_000, "opens_at": 7_000, "first_window": 4}, False),
        (6_999 - CUT_AT_S, 3, {"joins_from": 7_000, "opens_at": 7_000, "first_window": 4}, True),
        # at the closing one window is left, however late that is done; not before
        (CLOSES + 500, 3, {"joins_from": CLOSES - 1, "opens_at": CLOSES - 1, "first_window": 4}, False),
        (CLOSES - 500, 3, {"joins_from": CLOSES - 1, "opens_at": CLOSES - 1, "first_window": 4}, True),
        # people who come as announced would find the lottery over
        (OPENS, None, {"joins_from": OPENS, "opens_at": OPENS, "first_window": 2}, False),
        (OPENS - 1, None, {"joins_from": OPENS - 1, "opens_at": OPENS - 1}, True),
    ],
)
def test_a_schedule_may_change_before_anybody_can_join_and_where_time_is_cut_anew(
    audited: Audited, at: int, closed_through: int | None, changes: dict[str, int], is_found: bool
) -> None:
    is_cut = audited.logs(at, closed_through=closed_through, **changes)
    assert audited.found() == ["rules.schedule"] * is_found
    assert is_cut == (changes.get("opens_at", OPENS) != OPENS)


@pytest.mark.parametrize(
    "changes",
    [
        {"event": "lain"},
        {"commitment": "00"},
        {"chain_length": 1_001},
        {"ticket_keys": {1: bytes(32).hex()}},
        {"controller_key": bytes(32).hex()},
        {"beacon": "drand-quicknet"},
    ],
)
def test_what_was_committed_to_never_changes(audited: Audited, changes: dict[str, object]) -> None:
    audited.log(JOINS - 50, msgspec.structs.replace(FIRST, version=2, **changes), None)
    assert audited.found() == ["rules.commitment"]


def test_rules_that_say_that_there_is_no_beacon_say_what_older_ones_left_empty(audited: Audited) -> None:
    audited.log(JOINS - 50, msgspec.structs.replace(FIRST, version=2, beacon="none"), None)
    assert audited.found() == []


def test_versions_come_one_after_the_other_and_none_is_forgotten(audited: Audited) -> None:
    for version in (4, 2, 3, 5):
        audited.log(JOINS - 50, msgspec.structs.replace(FIRST, version=version), None)
    assert audited.found() == ["rules.order"] * 2


def test_rules_of_an_older_release_are_a_warning_because_they_promise_less(audited: Audited) -> None:
    """Also in between, where somebody starts the older release so that less is checked."""
    assert [(one.code, one.entry) for one in audited.findings.warnings] == [("rules.older_log", 1)]
    new = Audited(log=LOG_STATES)
    assert new.findings.warnings == []
    for version, log in ((2, LOG_STATES - 1), (3, LOG_STATES), (4, LOG_STATES - 1)):
        new.log(JOINS - 50, msgspec.structs.replace(FIRST, version=version, log=log), None)
    assert [(one.code, one.entry) for one in new.findings.warnings] == [("rules.older_log", 2)]
    assert new.found() == []


def over_from(audited: Audited) -> int:
    """The time from which nobody may be called or let in."""
    return next(at for at in range(CLOSES - 2_000, CLOSES + 9_000) if audited.rules.is_over(at))


def test_rules_that_change_no_closing_open_nothing_again(audited: Audited) -> None:
    late = CLOSES + CLOSED_LATE_S + 1
    assert over_from(audited) == late
    audited.logs(CLOSES + 4_000)
    assert over_from(audited) == late


def test_a_closing_that_is_brought_forward_closes_nothing_that_is_over(audited: Audited) -> None:
    audited.logs(CLOSES - 500, closes_at=CLOSES - 1_000)
    assert over_from(audited) == CLOSES - 500 + CLOSED_LATE_S + 1
    audited.logs(CLOSES + 100, closes_at=CLOSES + 300)
    assert over_from(audited) == CLOSES + 300 + CLOSED_LATE_S + 1


def test_while_being_in_line_counts_nothing_is_over(audited: Audited) -> None:
    audited.logs(CLOSES - 500, line_counts=True)
    assert not audited.rules.is_over(10 * CLOSES)
    audited.logs(CLOSES + 700)
    assert over_from(audited) == CLOSES + 700 + CLOSED_LATE_S + 1
