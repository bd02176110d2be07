"""Defects of other waiting rooms, as far as pure code shows them (the rest: tests/simulator/test_line.py)."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from meterai.waiting_room.files import published_documents
from meterai.waiting_room.files.gate_journal import RECORD_BYTES, Journal, read_joins
from meterai.waiting_room.files.gate_register import GateRegister
from meterai.waiting_room.files.published_documents import Close, GateCount
from meterai.waiting_room.files.queue_folder import QueueFolder, publish
from meterai.waiting_room.files.window_files import (
    ANSWERS_WITHIN_S,
    DEAD_AFTER_S,
    LATELY_WINDOWS,
    FencedFolder,
    GateSign,
    Superseded,
    gather,
    is_listed,
)
from meterai.waiting_room.rules.admission import DEPTH_MIN, DEPTH_S, AdmissionBuckets
from meterai.waiting_room.rules.frontier_moves import advance
from meterai.waiting_room.rules.model import Frontier, Lane, Policy, QueueState, Schedule
from meterai.waiting_room.rules.rate_control import step
from meterai.waiting_room.rules.rate_model import (
    ControllerMemory,
    LineCounts,
    OperatorWishes,
    SiteMeasurements,
)
from meterai.waiting_room.rules.tickets import Ticket, event_number

SCHEDULE = Schedule(joins_from=0, opens_at=0, closes_at=100_000)


@given(
    st.lists(st.integers(0, 50), min_size=1, max_size=8),
    st.lists(st.floats(0, 30), min_size=1, max_size=12),
)
def test_a_frontier_that_moves_in_many_steps_passes_everybody_once(
    counts: list[int], moves: list[float]
) -> None:
    windows = list(enumerate(counts))
    frontier, passed, rest = Frontier(0, 0), 0, 0.0
    for people in moves:
        before = frontier
        frontier, more, rest = advance(before, windows, people + rest)
        assert frontier >= before
        passed += more
    assert passed <= sum(counts)
    assert abs(passed - min(sum(moves), sum(counts))) <= len(moves) + 1


@given(st.floats(60, 6_000), st.floats(1, 1e6), st.integers(0, 30))
def test_after_a_stop_of_any_length_no_more_enter_at_once_than_in_three_seconds(
    rate: float, stopped_s: float, percent: int
) -> None:
    """Too many admissions after a warm restart: unused places while the door was shut are lost."""
    door = AdmissionBuckets(0, 0, 0).filled(rate, percent, stopped_s)
    entered = 0
    for lane in (Lane.NEW, Lane.RETURNER):
        while (after := door.entered(lane)) is not None:
            door, entered = after, entered + 1
    assert entered <= rate / 60 * DEPTH_S + 2 * DEPTH_MIN


def test_without_a_share_of_their_own_returners_enter_when_newcomers_leave_room() -> None:
    """Otherwise people who come eleven minutes after the call would try for ever at an empty door."""
    door = AdmissionBuckets(0, 0, 0).filled(600, 0, 10)
    assert door.entered(Lane.RETURNER) is not None
    crowded = AdmissionBuckets(0, 0, 10).filled(600, 0, 10.15)
    assert crowded.entered(Lane.NEW) is not None
    assert crowded.entered(Lane.RETURNER) is None, "and not before that"


def test_returners_get_their_part_while_newcomers_take_every_place() -> None:
    door, entered = AdmissionBuckets(0, 0, 0), 0
    for tick in range(1, 601):
        door = door.filled(600, 15, tick / 10)
        for lane in (Lane.NEW, Lane.RETURNER):
            while (after := door.entered(lane)) is not None:
                door, entered = after, entered + (lane is Lane.RETURNER)
    assert 85 <= entered <= 95


@given(
    st.lists(st.tuples(st.floats(0, 5), st.sampled_from([Lane.NEW, Lane.RETURNER])), max_size=300),
    st.floats(60, 3_000),
)
def test_however_many_processes_knock_at_one_door_they_share_its_limit(
    knocks: list[tuple[float, Lane]], rate: float
) -> None:
    """Elsewhere limits are exceeded while state spreads. Here there is one state, which each process
    locks."""
    door, now, entered = AdmissionBuckets(0, 0, 0), 0.0, 0
    for after, lane in knocks:
        now += after / 10
        door = door.filled(rate, 15, now)
        if (opened := door.entered(lane)) is not None:
            door, entered = opened, entered + 1
    assert entered <= rate / 60 * (now + DEPTH_S) + 2 * DEPTH_MIN


def test_a_closed_tab_at_the_front_holds_up_nobody() -> None:
    """A thousand people at the front never come. The person behind them is nevertheless called, and soon."""
    memory, frontier, rest, claimed = ControllerMemory(rate=600, is_direct=False), Frontier(0, 0), 0.0, 0
    windows, called = [(0, 1_000), (1, 10)], 0
    for now in range(1, 200):
        decided = step(
            memory, schedule=SCHEDULE, policy=Policy(rate_cap=600), wishes=OperatorWishes(is_on=True),
            measured=SiteMeasurements(heard_s=0), line=LineCounts(1_010, called, claimed), now=now,
            elapsed_s=1,
        )  # fmt: skip
        memory = decided.memory
        frontier, called, rest = advance(frontier, windows, decided.calls / 60 + rest)
        if frontier.calls(1, 0):
            break
    assert now < 100
    assert decided.calls > 2 * decided.rate  # those absent make room for others


@pytest.mark.parametrize(("knocking", "state"), [(3, QueueState.OPEN), (0, QueueState.CLOSED)])
def test_where_the_line_counts_it_does_not_close_on_those_who_stand_at_the_full_door(
    knocking: int, state: QueueState
) -> None:
    decided = step(
        ControllerMemory(rate=60, is_direct=False), schedule=SCHEDULE, policy=Policy(line_counts=True),
        wishes=OperatorWishes(is_on=True), measured=SiteMeasurements(heard_s=0),
        line=LineCounts(0, 0, 0, knocking=knocking),
        now=SCHEDULE.closes_at + 900, elapsed_s=1,
    )  # fmt: skip
    assert decided.state is state


# -------------------------------------------------------------------------------------- counts that are gone


def a_join(window: int, sequence: int) -> bytes:
    return Ticket(
        key_id=1, event=event_number("casn"), window=window, joined_at=1_000, lane=Lane.NEW, gate=3,
        sequence=sequence, id=bytes(11) + bytes([sequence]),
    ).data()  # fmt: skip


def close_before(folder: QueueFolder, window: int) -> None:
    """The published end of a window in which gate 3 counted."""
    close = Close(
        event="casn", window=window, starts_at=0, ends_at=10, count=1, root="00",
        gates=[GateCount(3, 1, 1, 1, "00")],
    )  # fmt: skip
    publish(folder.window_close(window), published_documents.sign(close, folder.keys().controller))


def test_a_gate_whose_folder_is_gone_is_declared_dead_and_its_tickets_are_honoured(tmp_path: Path) -> None:
    folder = QueueFolder(tmp_path / "casn")
    close_before(folder, 4)
    assert gather(folder, 5, ended_s=1, now=100) is None  # it has time to answer
    gathered = gather(folder, 5, ended_s=DEAD_AFTER_S, now=100)
    assert gathered is not None
    assert gathered.dead == (3,)


def test_a_gate_that_was_ended_and_took_no_joins_is_not_dead(tmp_path: Path) -> None:
    folder = QueueFolder(tmp_path / "casn")
    close_before(folder, 4)
    folder.gate(3).mkdir(parents=True)
    gathered = gather(folder, 5, ended_s=DEAD_AFTER_S, now=100)
    assert gathered is not None
    assert gathered.dead == ()


def test_what_a_gate_closed_and_is_not_seen_yet_is_waited_for_and_never_left_out(tmp_path: Path) -> None:
    """NFS may hide for a minute what another machine wrote. Otherwise its tickets would count as forged."""
    folder = QueueFolder(tmp_path / "casn")
    close_before(folder, 4)
    sign = GateSign(gate=3, at=100, closed_through=6, there_from=5)
    publish(folder.gate(3) / "gate.json", msgspec.json.encode(sign))
    assert gather(folder, 5, ended_s=1, now=100) is None
    late = gather(folder, 5, ended_s=ANSWERS_WITHIN_S, now=100)
    assert late is not None
    assert late.dead == (3,), "its tickets are honoured without being listed"
    before = gather(folder, 4, ended_s=1, now=100)
    assert before is not None
    assert before.dead == (), "it was not there yet"


def test_a_gate_that_lost_files_and_was_ended_is_dead_in_the_windows_it_is_unsure_of(tmp_path: Path) -> None:
    folder = QueueFolder(tmp_path / "casn")
    sign = GateSign(gate=3, at=0, unsure_through=5)
    publish(folder.gate(3) / "gate.json", msgspec.json.encode(sign))
    dead = [gather(folder, window, ended_s=DEAD_AFTER_S, now=100) for window in (5, 6)]
    assert [found and found.dead for found in dead] == [(3,), ()]


def test_a_gate_that_lost_files_says_nothing_of_the_window_of_which_it_does_not_know_all(
    tmp_path: Path,
) -> None:
    journal = Journal(tmp_path, 3, published_high=7)
    assert journal.lost
    journal.unsure_through = 5
    for window in (5, 6):
        journal.append(window, a_join(window, 8 + window))
    journal.close_through(6, empty_from=5)
    assert not journal.close_path(5).exists()
    told = msgspec.json.decode(journal.close_path(6).read_bytes(), type=GateCount)
    assert told.count == 1
    journal.close()


@pytest.mark.parametrize("left", [None, 0, 1], ids=["no file", "none can be read", "one can be read"])
def test_a_gate_whose_joins_are_not_all_there_any_more_is_dead_in_that_window(
    tmp_path: Path, left: int | None
) -> None:
    """A ticket whose join is gone stands in no list. It is honoured where its gate is declared dead."""
    folder = QueueFolder(tmp_path / "casn")
    journal = Journal(folder.gate(3), 3)
    for number in (1, 2, 3):
        journal.append(5, a_join(5, number))
    journal.close_through(5, empty_from=5)
    journal.close()
    joins = folder.gate(3) / "w5.joins"
    whole = gather(folder, 5, ended_s=0, now=100)
    assert whole is not None
    assert (whole.count, whole.dead) == (3, ())
    if left is None:
        joins.unlink()
    else:
        raw = bytearray(joins.read_bytes())
        raw[left * RECORD_BYTES] ^= 1
        joins.write_bytes(raw)
    assert gather(folder, 5, ended_s=DEAD_AFTER_S - 1, now=100) is None, "NFS may hide them yet"
    rest = gather(folder, 5, ended_s=DEAD_AFTER_S, now=100)
    assert rest is not None
    assert (rest.count, rest.dead) == (left or 0, (3,))


def test_a_window_that_was_closed_takes_no_join(tmp_path: Path) -> None:
    journal = Journal(tmp_path, 3)
    journal.close_through(5, empty_from=4)
    with pytest.raises(ValueError, match="closed"):
        journal.append(5, a_join(5, 1))
    journal.append(6, a_join(6, 1))
    assert (journal.count(6), journal.count(7)) == (1, 0)
    journal.close_through(3, empty_from=1)
    assert journal.closed_through == 5, "what is closed stays so"
    journal.close()
    again = Journal(tmp_path, 3)
    assert again.closed_through == 5
    assert [ticket.sequence for ticket in read_joins(tmp_path / "w6.joins")] == [1]
    with pytest.raises(ValueError, match="closed"):
        again.append(4, a_join(4, 2))
    again.close()


def test_what_a_crash_cut_off_is_no_join_and_hides_none_that_come_after_it(tmp_path: Path) -> None:
    journal = Journal(tmp_path, 3)
    journal.append(5, a_join(5, 1))
    journal.close()
    for window in (5, 6):
        with (tmp_path / f"w{window}.joins").open("ab") as file:
            file.write(bytes(RECORD_BYTES - 1))
    again = Journal(tmp_path, 3)
    assert not again.lost
    assert not (tmp_path / "w6.joins").exists()
    for window in (5, 6):
        again.append(window, a_join(window, again.next_sequence()))
    again.close()
    found = [[ticket.sequence for ticket in read_joins(tmp_path / f"w{n}.joins")] for n in (5, 6)]
    assert found == [[1, 2], [3]]


def test_the_highest_sequence_is_noted_after_the_disk_has_the_joins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the other order a loss of power would look like a loss of files, after which a million sequences
    are skipped."""
    journal, done = Journal(tmp_path, 3), []
    for window in (5, 6):
        journal.append(window, a_join(window, journal.next_sequence()))
    batch = journal.write()
    assert batch is not None
    assert len(batch.files) == 2
    monkeypatch.setattr(
        "meterai.waiting_room.files.gate_journal.os.fdatasync", lambda file: done.append(file)
    )
    monkeypatch.setattr(
        "meterai.waiting_room.files.gate_journal.os.pwrite", lambda file, *_: done.append(file)
    )
    batch.sync()
    assert done == [*batch.files, batch.high_file]
    journal.close()


@pytest.mark.parametrize(("window", "dead"), [(5 + LATELY_WINDOWS, (3,)), (6 + LATELY_WINDOWS, ())])
@pytest.mark.parametrize("known_by", ["its last list", "its note"])
def test_a_gate_without_a_folder_is_missed_for_some_windows(
    tmp_path: Path, known_by: str, window: int, dead: tuple[int, ...]
) -> None:
    folder = QueueFolder(tmp_path / "casn")
    if known_by == "its note":
        GateRegister(folder.known_gate(3)).note(5, 1)
    else:
        close_before(folder, 5)
    gathered = gather(folder, window, ended_s=DEAD_AFTER_S, now=100)
    assert gathered is not None
    assert gathered.dead == dead


def test_who_wakes_up_after_another_took_over_publishes_nothing(tmp_path: Path) -> None:
    folder = QueueFolder(tmp_path / "casn")
    first, place = FencedFolder(folder, 1), folder.public / "status.json"
    first.publish(place, b"1")
    FencedFolder(folder, 1).publish(place, b"1 again")
    second = FencedFolder(folder, 2)
    with pytest.raises(Superseded):
        first.publish(place, b"too late")
    with pytest.raises(Superseded):
        FencedFolder(folder, 1)
    second.publish(place, b"2")
    assert place.read_bytes() == b"2"
    (folder.path / "stage" / "of another release").mkdir()
    with pytest.raises(Superseded):
        FencedFolder(folder, 3)


def test_a_join_is_in_the_list_under_its_gate_sequence_and_id_or_not_at_all(tmp_path: Path) -> None:
    folder = QueueFolder(tmp_path / "casn")
    records = [
        bytes([90 - gate * 9 - sequence]) * 12 + gate.to_bytes(2, "big") + sequence.to_bytes(4, "big")
        for gate in (1, 2)
        for sequence in (2, 4, 6, 8)[: 5 - gate]
    ]
    assert not is_listed(folder, 5, records[0])
    publish(folder.window_ids(5), b"".join(records))
    assert [is_listed(folder, 5, record) for record in records] == [True] * 7
    for record in records:
        sequence = int.from_bytes(record[14:], "big")
        assert not is_listed(folder, 5, bytes(12) + record[12:])
        for other in (sequence - 1, sequence + 1):
            assert not is_listed(folder, 5, record[:14] + other.to_bytes(4, "big"))
