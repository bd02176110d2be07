"""What a form must bring when others have used up what is free: proof of work, or a wait without JavaScript.

The first form that lacks it is refused with `WorkNeeded`. The page that answers it carries a challenge and a
wait. Its script solves the challenge and sends the form again (`static/work.js`). Without a script people
press the button again when the wait is over.
"""

from __future__ import annotations

import math

import msgspec

from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.http.client_network import network_of
from meterai.kit.http.proof_of_work import DIFFICULTY_MAX, Challenge, ProofOfWork
from meterai.kit.http.signed_wait import SignedWait

STEPS = ((30, 1), (100, 2), (300, 4), (1_000, 8), (3_000, 16), (6_000, 32), (12_000, DIFFICULTY_MAX))
"""From this count on, work is this difficult. Thousands of phones share a carrier's address: for the first
3,000 a slow phone works for two seconds at most."""
WAIT_S = 15.0
"""The shortest wait."""
WAIT_DOUBLES = 10
"""Each time this many were taken after a wait, the next wait is twice as long."""


class WorkSent(msgspec.Struct, frozen=True):
    """What a form brought: a solution, or a wait. Empty when it brought none."""

    solution: str = ""
    wait: str = ""


class WorkDone(msgspec.Struct, frozen=True):
    """Work or a wait that was ours and is valid. `name`: under which it is used up."""

    name: bytes = b""
    expires: float = 0.0
    difficulty: int = 0
    waited_s: float = 0.0

    def is_enough(self, difficulty: int, wait_s: float) -> bool:
        """Whether it is worth a form of this difficulty, or a wait this long.

        Half the difficulty is enough: it may have grown while a slow phone worked.
        """
        return self.difficulty * 2 >= difficulty or (self.waited_s > 0 and self.waited_s >= wait_s)


class WorkNeeded(Refusal):
    """Refuses a form until it brings the work, or has waited."""

    def __init__(self, challenge: Challenge, wait: str, seconds: int) -> None:
        super().__init__(Kind.INVALID, "work.needed", retry_after_s=seconds)
        self.challenge = msgspec.json.encode(challenge).decode()
        self.wait = wait
        self.seconds = seconds


class WorkDemand:
    """The work of one purpose. `key`: 32 secret bytes, the same in every process of it."""

    def __init__(self, key: bytes, purpose: str) -> None:
        self.proof = ProofOfWork(key, purpose)
        self._wait = SignedWait(key, purpose)

    def done(self, sent: WorkSent, now: float, *, address: str, about: str) -> WorkDone:
        """Reads what a form brought. `about`: what it asks for, for which alone a wait is good."""
        network = network_of(address)
        solved = self.proof.solved(sent.solution, now, bound_to=network)
        if solved is not None:
            return WorkDone(solved.name, solved.expires, solved.difficulty)
        waited = self._wait.read(sent.wait, now, bound_to=f"{network} {about}") if sent.wait else None
        if waited is not None:
            return WorkDone(waited.name, waited.expires, waited_s=waited.seconds)
        return WorkDone()

    def needed(
        self, sent: WorkSent, now: float, *, address: str, about: str, difficulty: int, wait_s: float
    ) -> WorkNeeded:
        """The refusal that asks for work of this difficulty, or for a wait. A wait that has begun goes on."""
        network = network_of(address)
        bound_to = f"{network} {about}"
        waited = self._wait.read(sent.wait, now, bound_to=bound_to) if sent.wait else None
        wait = self._wait.begin(now, bound_to=bound_to) if waited is None else sent.wait
        left = wait_s - (0.0 if waited is None else waited.seconds)
        challenge = self.proof.challenge(now, difficulty=difficulty, bound_to=network)
        return WorkNeeded(challenge, wait, max(1, math.ceil(left)))


def difficulty_of(count: float) -> int:
    """How difficult work is after this count; 0: none is needed."""
    return max((difficulty for least, difficulty in STEPS if count >= least), default=0)


def wait_of(taken: float) -> float:
    """The seconds of a wait. `taken`: how many were taken without work."""
    return WAIT_S * 2 ** (taken / WAIT_DOUBLES)
