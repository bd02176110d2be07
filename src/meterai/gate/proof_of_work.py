"""Proof of work in the form of ALTCHA (altcha.org, version 1): a second of a phone, never a puzzle.

A challenge is `SHA-256(salt + number)`, signed with a key that all gates of an event share, with its end of
validity in the salt. Nothing is kept of it until it is solved; solved ones are kept until they expire, so
that each is good for one join at this gate. The more joins come, the more a challenge costs.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from urllib.parse import parse_qs

import msgspec

ALGORITHM = "SHA-256"
NUMBER_MAX = 50_000
"""25,000 hashes on average: a third of a second on a phone of 2018, two seconds on a weak one."""
HARDEST = 8
"""A challenge costs at most so many times as much as the easiest: eight seconds of a usual phone."""
VALID_S = 600
_USED_MAX = 200_000


class Challenge(msgspec.Struct, frozen=True):
    """What the browser gets."""

    algorithm: str
    challenge: str
    maxnumber: int
    salt: str
    signature: str


class Solution(msgspec.Struct, frozen=True):
    """What the browser sends back (JSON, base64)."""

    algorithm: str
    challenge: str
    number: int
    salt: str
    signature: str


class Work:
    """Challenges of one event. `key`: 32 secret bytes, the same at every gate."""

    def __init__(self, key: bytes, *, number_max: int = NUMBER_MAX) -> None:
        self._key = hmac.digest(key, b"meterai altcha v1", hashlib.sha256)
        self._number_max = number_max
        self._used: dict[int, set[int]] = {}
        """Challenges that were solved, by the ten minutes in which they expire."""

    def challenge(self, now: float, *, hardness: int = 1) -> Challenge:
        """A new challenge, good for ten minutes, `hardness` (at most `HARDEST`) times the easiest."""
        number_max = self._number_max * min(max(hardness, 1), HARDEST)
        # the delimiter at the end keeps digits of the number from being moved into the salt
        salt = f"{secrets.token_hex(8)}?expires={int(now) + VALID_S}&"
        challenge = _challenge(salt, secrets.randbelow(number_max + 1))
        return Challenge(ALGORITHM, challenge, number_max, salt, self._sign(challenge))

    def is_solved(self, payload: str, now: float) -> bool:
        """Whether this solves one of our challenges in time, for the first time here."""
        try:
            solution = msgspec.json.decode(base64.b64decode(payload, validate=True), type=Solution)
        except (ValueError, msgspec.MsgspecError):
            return False
        challenge = solution.challenge.encode()
        if (
            solution.algorithm != ALGORITHM
            or not solution.salt.endswith("&")
            or not 0 <= solution.number <= self._number_max * HARDEST
            or not hmac.compare_digest(self._sign(solution.challenge).encode(), solution.signature.encode())
            or not hmac.compare_digest(_challenge(solution.salt, solution.number).encode(), challenge)
        ):
            return False
        expires = _expires(solution.salt)
        return expires > now and self._use(int(solution.challenge[:16], 16), expires, now)

    def _use(self, name: int, expires: float, now: float) -> bool:
        """False: it was used before. When too many are kept, those that expire first are forgotten."""
        period = int(expires) // VALID_S
        for past in [p for p in self._used if p < int(now) // VALID_S]:
            del self._used[past]
        if name in self._used.setdefault(period, set()):
            return False
        if sum(map(len, self._used.values())) >= _USED_MAX:
            self._used[min(self._used)].clear()
        self._used[period].add(name)
        return True

    def _sign(self, challenge: str) -> str:
        return hmac.new(self._key, challenge.encode(), hashlib.sha256).hexdigest()


def _challenge(salt: str, number: int) -> str:
    return hashlib.sha256(f"{salt}{number}".encode()).hexdigest()


def _expires(salt: str) -> float:
    told = parse_qs(salt.partition("?")[2]).get("expires", ["0"])[0]
    return float(told) if told.isdigit() else 0.0
