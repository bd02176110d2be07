"""Proof of work in the form of ALTCHA (altcha.org, version 1): a second of a phone, never a puzzle.

A challenge is `SHA-256(salt + number)`, signed with a key that all gates of an event share, with its end of
validity in the salt. Nothing is kept of it until it is solved; solved ones are kept until they expire, so
that each is good for one join at this gate.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections import OrderedDict
from urllib.parse import parse_qs

import msgspec

ALGORITHM = "SHA-256"
NUMBER_MAX = 50_000
"""25,000 hashes on average: a third of a second on a phone of 2018, two seconds on a weak one."""
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
        self._used: OrderedDict[bytes, float] = OrderedDict()

    def challenge(self, now: float) -> Challenge:
        """A new challenge, good for ten minutes."""
        # the delimiter at the end keeps digits of the number from being moved into the salt
        salt = f"{secrets.token_hex(8)}?expires={int(now) + VALID_S}&"
        challenge = _challenge(salt, secrets.randbelow(self._number_max + 1))
        return Challenge(ALGORITHM, challenge, self._number_max, salt, self._sign(challenge))

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
            or not 0 <= solution.number <= self._number_max
            or not hmac.compare_digest(self._sign(solution.challenge).encode(), solution.signature.encode())
            or not hmac.compare_digest(_challenge(solution.salt, solution.number).encode(), challenge)
        ):
            return False
        expires = _expires(solution.salt)
        return expires > now and self._use(challenge[:32], expires, now)

    def _use(self, name: bytes, expires: float, now: float) -> bool:
        if name in self._used:
            return False
        while self._used and (len(self._used) >= _USED_MAX or next(iter(self._used.values())) <= now):
            self._used.popitem(last=False)
        self._used[name] = expires
        return True

    def _sign(self, challenge: str) -> str:
        return hmac.new(self._key, challenge.encode(), hashlib.sha256).hexdigest()


def _challenge(salt: str, number: int) -> str:
    return hashlib.sha256(f"{salt}{number}".encode()).hexdigest()


def _expires(salt: str) -> float:
    told = parse_qs(salt.partition("?")[2]).get("expires", ["0"])[0]
    return float(told) if told.isdigit() else 0.0
