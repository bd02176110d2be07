"""Proof of work as ALTCHA defines it (altcha.org, version 1): about a second of a phone, and no puzzle.

A challenge is `SHA-256(salt + number)`, signed with a key that all gates of an event share. The time at which
it expires is part of the salt. The gate keeps nothing of a challenge until it is solved. It keeps solved ones
until they expire, so that each is good for one join at this gate.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import UTC, datetime
from urllib.parse import parse_qs

import msgspec
from altcha import v1 as altcha

ALGORITHM = altcha.SHA256
NUMBER_MAX = 50_000
"""25,000 hashes on average: a third of a second on a phone of 2018, two seconds on a weak one."""
DIFFICULTY_MAX = 8
"""How many times as much the most difficult challenge costs: up to eight seconds of a usual phone."""
VALID_S = 600
_SALT_BYTES = 8
_USED_MAX = 200_000


class Challenge(msgspec.Struct, frozen=True):
    """What the browser gets, as JSON."""

    algorithm: str
    challenge: str
    maxnumber: int
    salt: str
    signature: str


class Solution(msgspec.Struct, frozen=True):
    """What the browser sends back, as JSON in base64."""

    algorithm: str
    challenge: str
    number: int
    salt: str
    signature: str


class ProofOfWork:
    """Makes the challenges of one event and checks their solutions.

    `key`: 32 secret bytes, the same at every gate of the event.
    """

    def __init__(self, key: bytes, *, number_max: int = NUMBER_MAX) -> None:
        self._key = hmac.digest(key, b"meterai altcha v1", hashlib.sha256)
        self._number_max = number_max
        self._used: dict[int, set[int]] = {}
        """Solved challenges, by the ten minutes in which they expire."""

    def challenge(self, now: float, *, difficulty: int = 1) -> Challenge:
        """Makes a challenge that is good for ten minutes.

        `now`: Unix seconds. `difficulty`: how many times as much it costs as the easiest, up to
        `DIFFICULTY_MAX`.
        """
        made = altcha.create_challenge(
            altcha.ChallengeOptions(
                algorithm=ALGORITHM,
                max_number=self._number_max * min(max(difficulty, 1), DIFFICULTY_MAX),
                salt_length=_SALT_BYTES,
                hmac_key=self._key,
                expires=datetime.fromtimestamp(int(now) + VALID_S, UTC),
            )
        )
        return Challenge(made.algorithm, made.challenge, made.max_number, made.salt, made.signature)

    def is_solved(self, payload: str, now: float) -> bool:
        """Whether this solves one of our challenges in time, for the first time at this gate."""
        try:
            solution = msgspec.json.decode(base64.b64decode(payload, validate=True), type=Solution)
        except (ValueError, msgspec.MsgspecError):
            return False
        # The library would add a missing delimiter, which keeps digits of the number out of the salt.
        if solution.algorithm != ALGORITHM or not solution.salt.endswith("&"):
            return False
        if not 0 <= solution.number <= self._number_max * DIFFICULTY_MAX:
            return False
        # It would compare the expiry with the machine's clock; ours is the queue's.
        is_right, _ = altcha.verify_solution(payload, self._key, check_expires=False)
        expires = _expiry(solution.salt)
        return is_right and expires > now and self._use(int(solution.challenge[:16], 16), expires, now)

    def _use(self, name: int, expires: float, now: float) -> bool:
        """Notes a solved challenge; False when it was used before.

        When too many are kept, the ones that expire first are forgotten.
        """
        period = int(expires) // VALID_S
        for past in [p for p in self._used if p < int(now) // VALID_S]:
            del self._used[past]
        if name in self._used.setdefault(period, set()):
            return False
        if sum(map(len, self._used.values())) >= _USED_MAX:
            self._used[min(self._used)].clear()
        self._used[period].add(name)
        return True


def _expiry(salt: str) -> float:
    value = parse_qs(salt.partition("?")[2]).get("expires", ["0"])[0]
    return float(value) if value.isdigit() else 0.0
