"""Proof of work as ALTCHA defines it (altcha.org, version 1): a moment of a phone, and no puzzle.

A challenge is `SHA-256(salt + number)`. The salt says when it expires and how difficult it is. The signature
is for one purpose and one asker (`bound_to`): a solution is worth nothing elsewhere. Nothing is kept of a
challenge until it is solved. Callers that take a solution note its name, so that it is good once.

What a challenge costs is `difficulty` times `UNIT` hashes at most, half of that on average. A browser tries
80 a millisecond on a processor that is slowed six times, and 500 on a usual one (`docs/gate.md`).
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
UNIT = 12_500
"""The greatest number of the easiest challenge."""
DIFFICULTY_MAX = 64
VALID_S = 600
_SALT_BYTES = 8
_PAYLOAD_MAX = 1_000


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


class Solved(msgspec.Struct, frozen=True):
    """A challenge of ours that was solved in time."""

    name: bytes
    difficulty: int
    expires: float


class ProofOfWork:
    """Makes challenges for one purpose and checks their solutions.

    `key`: 32 secret bytes, the same in every process that takes the solutions.
    """

    def __init__(self, key: bytes, purpose: str, *, unit: int = UNIT) -> None:
        self._key = hmac.digest(key, b"meterai work v2 " + purpose.encode(), hashlib.sha256)
        self._unit = unit

    def challenge(self, now: float, *, difficulty: int = 1, bound_to: str = "") -> Challenge:
        """Makes a challenge that is good for ten minutes. `now`: Unix seconds."""
        difficulty = min(max(difficulty, 1), DIFFICULTY_MAX)
        made = altcha.create_challenge(
            altcha.ChallengeOptions(
                algorithm=ALGORITHM,
                max_number=self._unit * difficulty,
                salt_length=_SALT_BYTES,
                hmac_key=self._key_for(bound_to),
                expires=datetime.fromtimestamp(int(now) + VALID_S, UTC),
                params={"d": str(difficulty)},  # short: salt and number fit one block of SHA-256
            )
        )
        return Challenge(made.algorithm, made.challenge, made.max_number, made.salt, made.signature)

    def solved(self, payload: str, now: float, *, bound_to: str = "") -> Solved | None:
        """The challenge that this solves; None when it solves no challenge of ours in time."""
        if not payload or len(payload) > _PAYLOAD_MAX:
            return None
        try:
            solution = msgspec.json.decode(base64.b64decode(payload, validate=True), type=Solution)
        except (ValueError, msgspec.MsgspecError):
            return None
        # The library would add a missing delimiter, which keeps digits of the number out of the salt.
        if solution.algorithm != ALGORITHM or not solution.salt.endswith("&"):
            return None
        if not 0 <= solution.number <= self._unit * DIFFICULTY_MAX:
            return None
        # It would compare the expiry with the machine's clock; ours may be the queue's.
        is_right, _ = altcha.verify_solution(payload, self._key_for(bound_to), check_expires=False)
        expires = _figure(solution.salt, "expires")
        if not is_right or expires <= now:
            return None
        name = bytes.fromhex(solution.challenge[:32])
        return Solved(name, _figure(solution.salt, "d"), expires)

    def _key_for(self, bound_to: str) -> bytes:
        return hmac.digest(self._key, bound_to.encode(), hashlib.sha256)


def _figure(salt: str, name: str) -> int:
    value = parse_qs(salt.partition("?")[2]).get(name, ["0"])[0]
    return int(value) if value.isdigit() else 0
