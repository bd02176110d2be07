"""The audit's checks of people: entries, late tickets, certificates, promises, and tickets that people
hold."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, cast

import pytest

from meterai.waiting_room.auditing.checks.frontier import FrontierCheck
from meterai.waiting_room.auditing.checks.heads import KeptHeads
from meterai.waiting_room.auditing.checks.rules import RulesCheck
from meterai.waiting_room.auditing.checks.whole_log import judge_promises
from meterai.waiting_room.auditing.checks.windows import WindowCheck
from meterai.waiting_room.auditing.findings import Findings
from meterai.waiting_room.auditing.notes import Notes
from meterai.waiting_room.auditing.people.admissions import AdmissionCheck, HaltCheck
from meterai.waiting_room.auditing.people.entries import PeopleCheck
from meterai.waiting_room.auditing.people.held_tickets import judge_tickets
from meterai.waiting_room.auditing.window_list import WindowList
from meterai.waiting_room.files.log_facts import CertificateFacts, ClaimFacts, LateTicketFacts
from meterai.waiting_room.files.published_documents import GateCount
from meterai.waiting_room.rules.admission import LATE_S
from meterai.waiting_room.rules.merkle import EMPTY, Tree, root_of
from meterai.waiting_room.rules.model import Frontier, Lane
from meterai.waiting_room.rules.tickets import Ticket

ANI, BUDI = bytes(12), bytes(range(12))


@pytest.fixture
def notes() -> Iterator[Notes]:
    """Gate 7 gave number 5 in window 2 and number 9 in window 4. Both are Ani's."""
    with Notes() as notes:
        notes.add_joins(2, [(7, 5, ANI)])
        notes.add_joins(4, [(7, 9, ANI)])
        yield notes


# ---------------------------------------------------------------------------------------- who had a ticket


@pytest.mark.parametrize("table", ["joins", "late"])
@pytest.mark.parametrize("other", [{}, {"gate": 8}, {"sequence": 6}, {"window": 3}, {"id": BUDI}])
def test_who_entered_had_that_ticket_and_no_other(notes: Notes, table: str, other: dict[str, Any]) -> None:
    ticket = {"window": 2, "gate": 7, "sequence": 5, "id": ANI}
    if table == "late":
        ticket |= {"sequence": 7}
        notes.add("late", 1, ANI, 2, 7, 7)
    ticket |= other
    where = ticket["window"], ticket["gate"], ticket["sequence"]
    notes.add("claims", 3, 0, ticket["id"], "", *where)
    notes.seal()
    assert list(notes.unlisted_claims()) == ([(3, *where, False)] if other else [])


@pytest.mark.parametrize(
    ("n", "window", "gate", "is_dead"),
    [(1, 2, 7, True), (4, 2, 7, False), (1, 3, 7, False), (1, 2, 8, False)],
)
def test_a_late_ticket_is_of_a_gate_that_had_been_declared_dead_in_its_window(
    notes: Notes, n: int, window: int, gate: int, is_dead: bool
) -> None:
    notes.add("dead", n, window, gate)
    notes.add("late", 2, BUDI, 2, 7, 6)
    notes.add("claims", 3, 0, ANI, "", 2, 7, 6)
    notes.seal()
    assert list(notes.late_without_death()) == ([] if is_dead else [(2, 2, 7)])
    assert list(notes.unlisted_claims()) == [(3, 2, 7, 6, is_dead)]


@pytest.mark.parametrize(
    ("gate", "sequence", "window", "is_found"),
    [
        (7, 7, 1, True),
        (7, 7, 2, False),
        (7, 7, 4, False),
        (7, 7, 5, True),
        (7, 4, 2, False),
        (7, 4, 3, True),
        (7, 10, 3, True),
        (7, 10, 4, False),
        (7, 9, 4, True),
        (8, 9, 1, False),
    ],
)
def test_a_late_ticket_has_a_number_that_nobody_has_and_that_was_given_in_its_window(
    notes: Notes, gate: int, sequence: int, window: int, is_found: bool
) -> None:
    notes.add("late", 3, BUDI, window, gate, sequence)
    notes.seal()
    assert list(notes.late_out_of_order()) == ([(3, gate, sequence)] if is_found else [])


@pytest.mark.parametrize(
    ("window", "gate", "explained"),
    [(1, 7, [1]), (2, 7, [1, 6]), (3, 7, [6]), (4, 7, [6]), (5, 7, []), (3, 8, [])],
)
def test_a_hole_is_explained_by_its_own_gate_in_the_windows_around_it(
    notes: Notes, window: int, gate: int, explained: list[int]
) -> None:
    notes.add("dead", 1, window, gate)
    notes.seal()
    holes = list(notes.holes())
    assert [(first, last) for _, first, last, *_ in holes] == [(1, 4), (6, 8)]
    assert [first for _, first, _, _, is_explained in holes if is_explained] == explained


def test_one_number_is_a_hole_and_another_gate_fills_none(notes: Notes) -> None:
    notes.add_joins(4, [(7, 7, BUDI), (8, 1, BUDI), (8, 2, BUDI)])
    notes.seal()
    assert [(gate, first, last) for gate, first, last, *_ in notes.holes()] == [
        (7, 1, 4),
        (7, 6, 6),
        (7, 8, 8),
    ]


def test_people_are_counted_by_window_and_orders_once(notes: Notes) -> None:
    notes.add_joins(5, [(7, 10, ANI), (8, 1, ANI), (8, 2, BUDI)])
    for n, (window, told) in enumerate([(2, 1), (3, 0), (4, 2), (5, 2), (6, 1)]):
        notes.add("people", n, window, told)
    for n, ref in enumerate(["a", "a", "b"]):
        notes.add("bypasses", n, "was_inside", ref)
    notes.seal()
    assert list(notes.people_otherwise()) == [(2, 4, 2, 1), (4, 6, 1, 0)]
    assert notes.bypasses() == {"was_inside": 2}


def test_a_number_that_is_used_twice_is_found_also_for_the_same_window(notes: Notes) -> None:
    assert notes.add_joins(2, [(7, 5, BUDI), (7, 6, BUDI)]) == [(7, 5)]
    assert notes.add_joins(3, [(7, 5, ANI)]) == [(7, 5)]


def test_who_is_let_in_after_the_certificate_had_it_rightly(notes: Notes) -> None:
    """This holds where being in line counts from then on."""
    for n in (1, 3):
        notes.add("certificates", n, ANI)
    notes.add("claims", 2, 0, ANI, "", 2, 7, 5)
    notes.seal()
    assert list(notes.certificates_of_let_in()) == [(3, 2)]


# -------------------------------------------------------------------------------------- entry by entry


class Audited:
    """Window 2 ended at 100 and is drawn. Window 3 was open when a clock was set right. Closing is at 500."""

    def __init__(self, lanes: set[Lane] | None = None) -> None:
        self.findings, self.entered, self.judged_by_halt = Findings(), 0, 0
        rules = SimpleNamespace(now=SimpleNamespace(schedule=SimpleNamespace(closes_at=500)))
        rules.is_over = lambda at: at > 500
        windows = SimpleNamespace(ended_at={2: 100, 3: 110}.get, open_when_set_right={3})
        windows.place_of = lambda window, id: 17 if window == 2 else None
        self.people = PeopleCheck(
            cast(RulesCheck, rules),
            cast(WindowCheck, windows),
            cast(FrontierCheck, SimpleNamespace(lanes_of=lambda at, window, place: lanes or {*Lane})),
            cast(AdmissionCheck, SimpleNamespace(entered=self._enter)),
            cast(HaltCheck, SimpleNamespace(entered=self._held)),
            cast(Notes, SimpleNamespace(add=lambda *row: None)),
            self.findings,
        )

    def claims(self, *, at: int = 0, window: int = 2, place: str = "17", lane: Lane = Lane.NEW) -> list[str]:
        ticket = {"id": ANI.hex(), "window": window, "gate": 7, "sequence": 5}
        facts = ClaimFacts(**ticket, place=place, pass_id="", lane=lane)  # type: ignore[arg-type]
        self.people.on_claim(0, at, facts)
        return self.found()

    def comes_late(self, window: int, joined_at: int) -> list[str]:
        facts = LateTicketFacts(id=ANI.hex(), window=window, gate=7, sequence=5, joined_at=joined_at)
        self.people.on_late_ticket(0, facts)
        return self.found()

    def found(self) -> list[str]:
        return [finding.code for finding in self.findings.shown()]

    def _enter(self, n: int, at: int) -> None:
        self.entered += 1

    def _held(self, n: int, at: int) -> None:
        self.judged_by_halt += 1


def test_who_enters_is_called_by_a_place_that_is_drawn_in_the_lane_of_the_call() -> None:
    assert Audited().claims() == []
    assert Audited().claims(window=4) == ["claim.not_called"]
    assert Audited().claims(place="18") == ["claim.place"]
    assert Audited({Lane.RETURNER}).claims() == ["claim.lane"]
    assert Audited().claims(at=501) == ["claim.after_closing"]


@pytest.mark.parametrize(("lane", "takes"), [(Lane.NEW, 1), (Lane.RETURNER, 1), (Lane.IN_FLIGHT, 0)])
def test_all_but_orders_in_flight_take_a_place_at_the_door(lane: Lane, takes: int) -> None:
    audited = Audited()
    audited.claims(lane=lane)
    assert audited.entered == takes
    assert audited.judged_by_halt == 1, "a halt holds for every lane"


@pytest.mark.parametrize(("in_flight", "everybody", "warns"), [(9, 10, 0), (10, 200, 0), (11, 200, 1)])
def test_a_large_share_of_paid_orders_is_a_warning_and_no_finding(
    in_flight: int, everybody: int, warns: int
) -> None:
    audited = Audited()
    for number in range(everybody):
        audited.claims(lane=Lane.IN_FLIGHT if number < in_flight else Lane.NEW)
    audited.people.finish()
    assert [warning.code for warning in audited.findings.warnings] == ["claim.in_flight"] * warns
    assert audited.findings.count == 0


def test_a_late_ticket_was_made_in_its_window() -> None:
    assert Audited().comes_late(2, 100 + LATE_S) == []
    assert Audited().comes_late(2, 101 + LATE_S) == ["late.backdated"]
    assert Audited().comes_late(4, 0) == ["late.backdated"], "it is not closed"
    assert Audited().comes_late(3, 9_999) == [], "the clock had been ahead"


@pytest.mark.parametrize(("at", "is_found"), [(499, True), (500, False)])
def test_certificates_are_made_after_the_closing(at: int, is_found: bool) -> None:
    audited = Audited()
    audited.people.on_certificate(0, at, CertificateFacts(id=ANI.hex(), sha256=""))
    assert audited.found() == ["certificate.early"] * is_found


# -------------------------------------------------------------------------------------------- at the end


@pytest.mark.parametrize(
    ("due", "claimed_at", "window", "outcome"),
    [
        (50, 50, 2, "let_in"),
        (50, 51, 2, "called"),
        (50, None, 2, "called"),
        (49, None, 2, "not_called"),
        (50, None, 3, "not_called"),
        (50, None, None, "not_called"),
        (90, None, 2, "called"),
        (91, 10, 2, "pending"),
    ],
)
def test_a_promise_is_judged_by_what_had_come_when_it_was_due(
    due: int, claimed_at: int | None, window: int | None, outcome: str
) -> None:
    told = SimpleNamespace(
        moves=lambda: iter([(10, Frontier(1, 5)), (50, Frontier(2, 18)), (90, Frontier(2, 20))]),
        first_promises=lambda: iter([(due, claimed_at, window, ANI)]),
    )
    windows = SimpleNamespace(place_of=lambda window, id: 17)
    promises = judge_promises(cast(Notes, told), cast(WindowCheck, windows), until=90)
    assert (promises.given, getattr(promises, outcome)) == (1, 1)


def test_the_first_promise_to_somebody_counts(notes: Notes) -> None:
    for n, done_by in enumerate([60, 50]):
        notes.add("promises", n, ANI, done_by)
    notes.seal()
    assert list(notes.first_promises()) == [(60, None, 2, ANI)]


@pytest.mark.parametrize(
    ("closed_through", "stands"), [(None, "open"), (2, "open"), (3, "missing"), (4, "missing")]
)
def test_a_ticket_that_is_held_is_missed_once_its_window_is_closed(
    notes: Notes, closed_through: int | None, stands: str
) -> None:
    notes.seal()
    findings = Findings()
    ticket = cast(Ticket, SimpleNamespace(window=3, gate=7, sequence=6, id=ANI))
    held = judge_tickets([ticket], notes, findings, closed_through=closed_through)
    assert [one.stands for one in held] == [stands]
    assert [finding.code for finding in findings.shown()] == ["sequence.dropped"] * (stands == "missing")


def record(gate: int, sequence: int) -> bytes:
    return ANI + gate.to_bytes(2, "big") + sequence.to_bytes(4, "big")


@pytest.mark.parametrize(
    ("joins", "is_sorted"),
    [
        ([(1, 2), (1, 3), (2, 1)], True),
        ([(1, 2), (1, 2)], False),
        ([(1, 3), (1, 2)], False),
        ([(2, 1), (1, 2)], False),
    ],
)
def test_a_list_is_sorted_by_gate_and_number_and_names_nobody_twice(
    joins: list[tuple[int, int]], is_sorted: bool
) -> None:
    found = WindowList()
    assert [one[:2] for one in found.joins(record(*join) for join in joins)] == joins
    assert found.is_sorted is is_sorted


def test_gates_counted_what_is_listed_and_who_counted_nobody_needs_no_word() -> None:
    found, mine = WindowList(), [record(7, 5), record(7, 6)]
    list(found.joins(mine))
    right, nobody = GateCount(7, 2, 5, 6, root_of(mine).hex()), GateCount(8, 0, 0, 0, EMPTY.hex())
    assert found.gates_unlike([right]) == found.gates_unlike([right, nobody]) == []
    assert found.gates_unlike([nobody]) == [7]
    assert found.gates_unlike([right, GateCount(8, 1, 1, 1, "")]) == [8]
    for other in (
        GateCount(7, 1, 5, 6, right.root),
        GateCount(7, 2, 5, 7, right.root),
        GateCount(7, 2, 5, 6, ""),
    ):
        assert found.gates_unlike([other]) == [7]


def test_a_head_that_somebody_kept_may_be_written_in_capitals() -> None:
    findings = Findings()
    kept = KeptHeads([(0, EMPTY.hex().upper()), (1, "00")], findings, "log.kept_head")
    kept.compare(Tree())
    assert findings.count == 0
    kept.finish()
    assert findings.count == 1, "of entries that are not there"
