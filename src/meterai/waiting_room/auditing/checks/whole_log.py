"""Checks that need the whole log."""

from __future__ import annotations

from meterai.waiting_room.auditing.checks.windows import WindowCheck
from meterai.waiting_room.auditing.findings import Findings, Promises
from meterai.waiting_room.auditing.notes import Notes
from meterai.waiting_room.rules.model import NOBODY


def judge_whole(notes: Notes, findings: Findings, *, listed_through: int) -> None:
    """Checks that whatever must exist elsewhere exists, and that whatever must be unique is unique.

    `listed_through`: as `WindowCheck.listed_through`.
    """
    for n, window, gate, sequence, is_dead in notes.unlisted_claims():
        code = "claim.late_unlogged" if is_dead else "claim.unlisted"
        findings.add(code, n, window=window, gate=gate, sequence=sequence)
    for table, column, code in (
        ("claims", "id", "claim.twice"),
        ("claims", "pass_id", "claim.pass_twice"),
        ("certificates", "id", "certificate.twice"),
    ):
        for n, first in notes.repeated(table, column):
            findings.add(code, n, first=first)
    for n, window, gate in notes.late_without_death():
        findings.add("late.gate_alive", n, window=window, gate=gate)
    for n, gate, sequence in notes.late_out_of_order():
        findings.add("late.sequence", n, gate=gate, sequence=sequence)
    for n, window, told, count in notes.people_otherwise():
        findings.add("window.people", n, window=window, told=told, found=count)
    for gate, missing, last, window, is_explained in notes.holes():
        if not is_explained and window <= listed_through:
            findings.add("sequence.hole", gate=gate, first=missing, last=last, window=window)
    for (n,) in notes.certificates_without_join():
        findings.add("certificate.not_joined", n)
    for n, claim in notes.certificates_of_let_in():
        findings.add("certificate.let_in", n, claim=claim)


def judge_promises(notes: Notes, windows: WindowCheck, *, until: int) -> Promises:
    """Judges the first promise to each id that was due by `until`, as far as the log shows it.

    People who were called in time and did not come may have left or paid late. The log does not say which.
    """
    given = pending = let_in = called = not_called = 0
    moves = notes.moves()
    frontier, after = NOBODY, next(moves, None)
    for due, claimed_at, window, id in notes.first_promises():
        given += 1
        while after is not None and after[0] <= due:
            frontier, after = after[1], next(moves, None)
        place = None if window is None else windows.place_of(window, id)
        if due > until:
            pending += 1
        elif claimed_at is not None and claimed_at <= due:
            let_in += 1
        elif window is not None and place is not None and frontier.calls(window, place):
            called += 1
        else:
            not_called += 1
    return Promises(given=given, pending=pending, let_in=let_in, called=called, not_called=not_called)
