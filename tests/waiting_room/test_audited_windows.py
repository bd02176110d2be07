"""The audit's checks of windows, their seeds and the beacon that is mixed in, entry by entry."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import cast

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from meterai.waiting_room.auditing.checks.clock import SLACK_S
from meterai.waiting_room.auditing.checks.rules import RulesCheck
from meterai.waiting_room.auditing.checks.windows import WindowCheck
from meterai.waiting_room.auditing.findings import Findings
from meterai.waiting_room.auditing.notes import Notes
from meterai.waiting_room.auditing.patience import Patience
from meterai.waiting_room.auditing.sources import Source
from meterai.waiting_room.files import published_documents
from meterai.waiting_room.files.log_facts import ChainFacts, CloseFacts, DeadGateFacts, RevealFacts
from meterai.waiting_room.files.published_documents import Close, Reveal
from meterai.waiting_room.files.window_files import digest
from meterai.waiting_room.rules.beacon_rounds import round_for
from meterai.waiting_room.rules.draw import window_seed
from meterai.waiting_room.rules.merkle import EMPTY
from meterai.waiting_room.rules.model import Schedule
from meterai.waiting_room.rules.seeds import SeedChains

WINDOW_S, LINKS = 10, 4
OPENS_AT = 1_800_000_000
CHAINS = SeedChains(bytes(32), LINKS)
KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))
QUICKNET = "drand-quicknet"


class Audited:
    """Windows from 1 on, without joins."""

    def __init__(self, beacon: str = "") -> None:
        self.findings = Findings()
        self.files: dict[str, bytes] = {}
        schedule = Schedule(joins_from=OPENS_AT, opens_at=OPENS_AT, closes_at=OPENS_AT + 90)
        published = SimpleNamespace(event="casn", chain_length=LINKS, commitment=CHAINS.commitment.hex())
        now = SimpleNamespace(schedule=schedule, beacon=beacon)
        rules = SimpleNamespace(now=now, published=published, key=KEY.public_key(), first_window=1)
        self.windows = WindowCheck(
            cast(Source, self),
            cast(RulesCheck, rules),
            cast(Notes, SimpleNamespace(add=lambda *row: None, add_joins=lambda window, joins: [*joins][:0])),
            findings=self.findings,
            patience=Patience(0, lambda seconds: None),
        )

    def read(self, name: str) -> bytes | None:
        return self.files.get(name)

    def pieces(self, name: str, start: int = 0) -> Iterator[bytes]:
        yield self.files.get(name, b"")

    def close(self, window: int, told: dict[str, object] | None = None, *, at: int = 0) -> list[str]:
        """Closes a window at its end. Returns the findings so far. `told`: what the document says instead."""
        ends_at = OPENS_AT + window * WINDOW_S
        facts = {"event": "casn", "window": window, "count": 0, "root": EMPTY.hex(), "ends_at": ends_at}
        close = Close(**{"starts_at": 0, "people": 0, "gates": [], **facts, **(told or {})})  # type: ignore[arg-type]
        raw = self.files[f"w/{window}.close.json"] = published_documents.sign(close, KEY)
        self.windows.on_close(
            0, at or ends_at, CloseFacts(window=window, count=0, root=EMPTY.hex(), sha256=digest(raw))
        )
        return self.found()

    def draw(
        self,
        window: int,
        told: dict[str, object] | None = None,
        *,
        link_of: int | None = None,
        beacon: str = "",
    ) -> list[str]:
        """Publishes a seed. Returns the findings so far. `told`: what the document says instead."""
        link = CHAINS.link(window if link_of is None else link_of)
        seed = window_seed(link, EMPTY, bytes.fromhex(beacon.partition(":")[2])).hex()
        facts = {"window": window, "link": link.hex(), "beacon": beacon, "seed": seed}
        reveal = Reveal(**{"event": "casn", **facts, **(told or {})})  # type: ignore[arg-type]
        self.files[f"w/{window}.reveal.json"] = published_documents.sign(reveal, KEY)
        self.windows.on_reveal(0, RevealFacts(**facts))  # type: ignore[arg-type]
        return self.found()

    def commit(self, number: int, *, first: int | None = None) -> list[str]:
        """The log commits to a further chain of seeds."""
        first = number * LINKS if first is None else first
        commitment = CHAINS.commitment_of(number).hex()
        self.windows.on_chain(0, ChainFacts(number=number, commitment=commitment, first_window=first))
        return self.found()

    def found(self) -> list[str]:
        return [finding.code for finding in self.findings.shown()]


@pytest.fixture
def audited() -> Audited:
    return Audited()


# ----------------------------------------------------------------------------------------------- their ends


def test_windows_are_closed_from_the_first_on_without_a_gap(audited: Audited) -> None:
    assert audited.close(1) == audited.close(2) == []
    assert audited.close(4) == ["window.order"]
    assert audited.close(3) == ["window.order"] * 2
    assert audited.close(5) == ["window.order"] * 2, "what came late takes nothing back"
    assert Audited().close(2) == ["window.order"], "the first was left out"


@pytest.mark.parametrize(
    ("early_s", "told", "found"),
    [
        (0, {}, []),
        (-30, {}, []),
        (1, {}, ["window.early"]),
        (0, {"ends_at": OPENS_AT + WINDOW_S + 1}, ["window.end"]),
        (-30, {"ends_at": OPENS_AT + WINDOW_S + 1}, ["window.end"]),
        (0, {"event": "lain"}, ["window.changed"]),
        (0, {"window": 2}, ["window.changed"]),
        (0, {"count": 1}, ["window.changed"]),
        (0, {"root": "00"}, ["window.changed"]),
    ],
)
def test_a_window_is_closed_at_its_end_and_says_of_itself_what_the_log_says(
    audited: Audited, early_s: int, told: dict[str, object], found: list[str]
) -> None:
    assert audited.close(1, at=OPENS_AT + WINDOW_S - early_s, told=told) == found


def test_half_a_record_at_the_end_of_a_list_is_one_that_must_not_be_there(audited: Audited) -> None:
    audited.files["w/1.ids"] = bytes(3)
    assert audited.close(1) == ["window.count", "window.gates"]


def test_a_document_that_is_none_was_changed_and_one_of_another_hand_is_forged(audited: Audited) -> None:
    audited.close(1)
    audited.draw(1)
    name, genuine = "w/2.close.json", audited.files["w/1.close.json"]
    for raw, code in (
        (audited.files["w/1.reveal.json"], "window.changed"),
        (genuine[:-9] + b"A" * 9, "window.forged"),
    ):
        audited.files[name] = raw
        audited.windows.on_close(0, OPENS_AT + 20, CloseFacts(window=2, count=0, root=EMPTY.hex(), sha256=""))
        assert code in audited.found()


def test_a_gate_is_declared_dead_with_the_end_of_the_window_and_neither_before_nor_after(
    audited: Audited,
) -> None:
    dead = [DeadGateFacts(window=window, gate=7) for window in (1, 2)]
    audited.close(1)
    audited.windows.on_dead_gate(0, dead[0])
    assert audited.found() == []
    audited.windows.on_dead_gate(0, dead[1])
    assert audited.found() == ["late.death_afterwards"]
    audited.close(2)
    audited.windows.on_dead_gate(0, dead[0])
    assert len(audited.found()) == 2


def test_tickets_of_the_window_that_was_open_when_a_clock_was_set_right_may_be_dated_after_it(
    audited: Audited,
) -> None:
    audited.windows.on_clock_set_right()
    assert audited.windows.open_when_set_right == {0, 1}
    audited = Audited()
    audited.close(1)
    audited.windows.on_clock_set_right()
    assert audited.windows.open_when_set_right == set(), "closed it takes nobody"


def test_a_window_has_the_end_that_was_published(audited: Audited) -> None:
    audited.close(1, at=OPENS_AT + 25)
    assert audited.windows.ended_at(1) == OPENS_AT + WINDOW_S
    assert audited.windows.ended_at(2) is None
    assert audited.windows.joined_last == -1, "nobody joined in it"


# ------------------------------------------------------------------------------------------------ their seeds


def closed_through(window: int) -> Audited:
    audited = Audited()
    for number in range(1, window + 1):
        audited.close(number)
    return audited


def test_seeds_are_told_from_the_first_window_on_without_a_gap_and_once() -> None:
    audited = closed_through(3)
    assert audited.draw(1) == []
    assert audited.draw(1) == ["seed.order", "seed.early", "seed.link"]
    assert audited.draw(2) == ["seed.order", "seed.early", "seed.link"]
    assert "seed.order" in closed_through(3).draw(2), "the first was left out"
    assert "seed.early" in closed_through(1).draw(2)


@pytest.mark.parametrize(
    "told", [{"event": "lain"}, {"window": 2}, {"link": "00"}, {"beacon": "1:00"}, {"seed": "00"}]
)
def test_phones_are_told_the_seed_that_the_log_tells(told: dict[str, object]) -> None:
    assert closed_through(1).draw(1, told) == ["seed.changed"]


def test_a_link_is_that_of_its_window_and_of_the_chain_that_was_committed_to() -> None:
    assert closed_through(1).draw(1, link_of=2) == ["seed.link"]
    audited = closed_through(LINKS)
    assert audited.commit(1) == ["seed.chain"], "people may have joined in its first window"
    audited = closed_through(2)
    assert audited.commit(1) == []
    for window in range(1, LINKS):
        assert audited.draw(window) == audited.close(window + 2) == []
    assert audited.draw(LINKS) == audited.draw(LINKS + 1) == []
    audited.close(LINKS + 2)
    assert audited.draw(LINKS + 2, link_of=LINKS + 1) == ["seed.link"], "told before"
    audited = closed_through(LINKS)
    for window in range(1, LINKS):
        audited.draw(window)
    assert audited.draw(LINKS) == ["seed.link"], "nothing was committed to"


@pytest.mark.parametrize(
    ("closed", "number", "first", "is_found"),
    [
        (0, 1, LINKS, False),
        (LINKS - 2, 1, LINKS, False),
        (LINKS - 1, 1, LINKS, True),
        (1, 2, 2 * LINKS, True),
        (1, 1, LINKS + 1, True),
        (1, 1, LINKS - 1, True),
    ],
)
def test_the_next_chain_is_committed_to_in_order_and_before_anybody_can_join_in_its_first_window(
    closed: int, number: int, first: int, is_found: bool
) -> None:
    assert closed_through(closed).commit(number, first=first) == ["seed.chain"] * is_found


# ----------------------------------------------------------------------------------------------- the beacon


def of_round(closed_at: int, later: int = 0, value: bytes = bytes(range(32))) -> str:
    """The round for a list that was closed then, or the one before or after it."""
    return f"{(round_for(QUICKNET, closed_at) or 0) + later}:{value.hex()}"


@pytest.mark.parametrize(
    ("back_s", "is_found"), [(WINDOW_S + SLACK_S, False), (WINDOW_S + SLACK_S + 1, True)]
)
def test_no_window_is_closed_when_a_later_round_of_the_beacon_has_been_drawn_with(
    back_s: int, is_found: bool
) -> None:
    """This holds even where the log says that the clock had been ahead: then nothing could have been
    drawn."""
    audited, first = Audited(QUICKNET), OPENS_AT + 5_000
    audited.close(1, at=first)
    assert audited.draw(1, beacon=of_round(first)) == []
    audited.close(2, at=first - back_s)
    assert audited.draw(2, beacon=of_round(first - back_s)) == ["seed.beacon"] * is_found


def test_what_a_clock_that_was_ahead_has_closed_is_drawn_later_than_windows_behind_it_are_closed() -> None:
    audited, ahead, now = Audited(QUICKNET), OPENS_AT + 5_000, OPENS_AT + 20
    audited.close(1, at=ahead)
    audited.close(2, at=now)
    assert audited.draw(1, beacon=of_round(ahead)) == audited.draw(2, beacon=of_round(now)) == []


@pytest.mark.parametrize("source", ["none", ""])
def test_no_beacon_that_the_rules_do_not_name_is_mixed_into_a_seed(source: str) -> None:
    """Its inventor may have tried a million of them, with the list at hand."""
    audited = Audited(source)
    audited.close(1)
    audited.close(2)
    assert audited.draw(1) == []
    assert audited.draw(2, beacon=of_round(OPENS_AT + 20)) == ["seed.beacon_unpromised"]


@pytest.mark.parametrize(
    "beacon",
    [of_round(OPENS_AT + 10, -1), of_round(OPENS_AT + 10, 1), of_round(OPENS_AT + 10, value=b""), ""],
)
def test_a_window_gets_the_first_round_that_is_due_when_its_list_is_closed(beacon: str) -> None:
    audited = Audited(QUICKNET)
    audited.close(1)
    assert audited.draw(1, beacon=beacon) == ["seed.beacon"]
