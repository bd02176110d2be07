"""Proof of work as ALTCHA (version 1) defines it, and the wait that stands in for it."""

from __future__ import annotations

import base64
import json
import re

import msgspec
import pytest

from meterai.kit.http import signed_wait
from meterai.kit.http.proof_of_work import DIFFICULTY_MAX, VALID_S, ProofOfWork
from meterai.kit.http.signed_wait import SignedWait
from meterai.kit.http.used_once import UsedOnce
from meterai.kit.http.work_demand import WorkDemand, WorkDone, WorkNeeded, WorkSent, difficulty_of, wait_of
from simulator.crowd.work import solve

KEY = b"k" * 32


def a_proof(unit: int = 500, *, key: bytes = KEY, purpose: str = "test") -> ProofOfWork:
    return ProofOfWork(key, purpose, unit=unit)


def challenge_of(
    work: ProofOfWork, now: float, *, difficulty: int = 1, bound_to: str = ""
) -> dict[str, object]:
    made = work.challenge(now, difficulty=difficulty, bound_to=bound_to)
    return json.loads(msgspec.json.encode(made))  # type: ignore[no-any-return]


def packed(solution: dict[str, object]) -> str:
    return base64.b64encode(json.dumps(solution).encode()).decode()


def test_a_challenge_has_the_fields_of_altcha_and_says_when_it_ends() -> None:
    challenge = challenge_of(ProofOfWork(KEY, "test"), 1_000, difficulty=4)
    assert set(challenge) == {"algorithm", "challenge", "maxnumber", "salt", "signature"}
    assert challenge["algorithm"] == "SHA-256"
    assert re.fullmatch(rf"[0-9a-f]{{16}}\?expires={1_000 + VALID_S}&d=4&", str(challenge["salt"]))
    assert len(f"{challenge['salt']}{challenge['maxnumber']}") < 56, "one block of SHA-256"


def test_a_solution_is_good_in_time_and_names_its_difficulty() -> None:
    work = a_proof()
    solution = solve(challenge_of(work, 1_000, difficulty=4))
    assert work.solved(solution, 1_000 + VALID_S) is None
    solved = work.solved(solution, 1_000 + VALID_S - 1)
    assert solved is not None
    assert (solved.difficulty, solved.expires) == (4, 1_000 + VALID_S)


def test_a_solution_is_good_for_one_key_one_purpose_and_one_network() -> None:
    solution = solve(challenge_of(a_proof(), 1_000, bound_to="192.0.2"))
    assert a_proof().solved(solution, 1_001, bound_to="192.0.2")
    assert a_proof().solved(solution, 1_001, bound_to="192.0.3") is None
    assert a_proof(key=b"x" * 32).solved(solution, 1_001, bound_to="192.0.2") is None
    assert a_proof(purpose="other").solved(solution, 1_001, bound_to="192.0.2") is None


@pytest.mark.parametrize(
    "change",
    [
        {"number": 501 * DIFFICULTY_MAX},
        {"number": -1},
        {"salt": "0011223344556677?expires=99999&d=64&"},
        {"algorithm": "SHA-1"},
        {"signature": "0" * 64},
        {"signature": "é"},
        {"challenge": "0" * 64},
        {"number": 1.5},
    ],
)
def test_a_changed_solution_is_worth_nothing(change: dict[str, object]) -> None:
    work = a_proof()
    solution = json.loads(base64.b64decode(solve(challenge_of(work, 1_000))))
    assert work.solved(packed(solution | change), 1_001) is None


def test_a_solution_can_not_be_made_more_difficult_than_it_was() -> None:
    work = a_proof()
    solution = json.loads(base64.b64decode(solve(challenge_of(work, 1_000))))
    dearer = {"salt": solution["salt"].replace("d=1", "d=64")}
    assert work.solved(packed(solution | dearer), 1_001) is None


def test_digits_of_the_number_cannot_be_moved_into_the_end_of_validity() -> None:
    """The salt ends with a delimiter. Without one a salt could be spliced."""
    work = a_proof(500_000)
    solution = json.loads(base64.b64decode(solve(challenge_of(work, 1_000))))
    spliced = {
        "salt": solution["salt"] + str(solution["number"])[:1],
        "number": int(str(solution["number"])[1:] or 0),
    }
    assert work.solved(packed(solution | spliced), 1_001) is None


@pytest.mark.parametrize("payload", ["", "%%%", "e30=", "bnVsbA==", "/////w==", "W10=", "A" * 9_000])
def test_rubbish_is_no_solution(payload: str) -> None:
    assert a_proof().solved(payload, 0) is None
    assert SignedWait(KEY, "test").read(payload, 0, bound_to="") is None


def test_a_challenge_costs_as_much_as_it_is_difficult() -> None:
    work = a_proof(100)
    assert work.challenge(0, difficulty=4).maxnumber == 400
    assert work.challenge(0, difficulty=999).maxnumber == 100 * DIFFICULTY_MAX


def test_what_was_used_is_forgotten_when_it_has_expired() -> None:
    used = UsedOnce()
    for step in range(50):
        assert used.use(str(step).encode(), step * 100 + VALID_S, step * 100)
    assert sum(map(len, used._used.values())) <= 2 * VALID_S / 100


def test_a_name_is_good_once_also_when_others_were_used_since(monkeypatch: pytest.MonkeyPatch) -> None:
    used = UsedOnce()
    assert [used.use(name, 6_600, 6_002) for name in (b"a", b"b", b"a", b"b")] == [True, True, False, False]
    # when there are too many to keep, those that expire first are forgotten
    monkeypatch.setattr("meterai.kit.http.used_once._USED_MAX", 2)
    assert [used.use(name, 7_200, 6_599) for name in (b"c", b"d", b"c", b"d")] == [True, True, False, False]
    assert sum(map(len, used._used.values())) == 2


def test_a_wait_is_for_what_it_was_begun_and_says_how_long_it_lasted() -> None:
    waits = SignedWait(KEY, "test")
    begun = waits.begin(1_000, bound_to="192.0.2 ani@contoh.id")
    waited = waits.read(begun, 1_030, bound_to="192.0.2 ani@contoh.id")
    assert waited is not None
    assert waited.seconds == 30
    assert waits.read(begun, 1_030, bound_to="192.0.2 budi@contoh.id") is None
    assert SignedWait(KEY, "other").read(begun, 1_030, bound_to="192.0.2 ani@contoh.id") is None
    assert waits.read(begun, 1_000 + signed_wait.VALID_S, bound_to="192.0.2 ani@contoh.id") is None
    assert waits.read(begun[:-2] + "AA", 1_030, bound_to="192.0.2 ani@contoh.id") is None


def test_work_grows_with_the_count_and_waits_with_what_was_taken_by_waiting() -> None:
    assert [difficulty_of(count) for count in (0, 29, 30, 100, 300, 2_999, 3_000, 10**6)] == [
        0, 0, 1, 2, 4, 8, 16, DIFFICULTY_MAX,
    ]  # fmt: skip
    assert [wait_of(taken) for taken in (0, 10, 20)] == [15, 30, 60]


def test_a_form_that_lacks_work_gets_a_challenge_and_a_wait_that_goes_on() -> None:
    demand = WorkDemand(KEY, "test")

    def needed(sent: WorkSent, now: float) -> WorkNeeded:
        about = {"address": "192.0.2.1", "about": "ani@contoh.id"}
        return demand.needed(sent, now, **about, difficulty=1, wait_s=15)

    first = needed(WorkSent(), 1_000)
    assert first.seconds == 15
    early = needed(WorkSent(wait=first.wait), 1_010)
    assert (early.wait, early.seconds) == (first.wait, 5)
    here = {"address": "192.0.2.9", "about": "ani@contoh.id"}
    waited = demand.done(WorkSent(wait=first.wait), 1_015, **here)
    assert waited.is_enough(64, 15)
    assert not waited.is_enough(64, 16)
    solved = demand.done(WorkSent(solution=solve(json.loads(first.challenge))), 1_015, **here)
    assert solved.is_enough(2, 10**6), "half of it: it may have grown meanwhile"
    assert not solved.is_enough(4, 0)
    assert not WorkDone().is_enough(1, 0)
