"""Rounds of a public beacon (drand): when each is due, which one a window gets, and what one says. Pure.

A window gets the first round that is due a full second after its roots were decided. So the round is unknown
while people join, and nobody can choose a later one.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Final

import msgspec

from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.formats.untrusted_json import read_json
from meterai.kit.settings import NO_BEACON

KNOWN: Final[Mapping[str, str]] = {
    "8990e7a9aaed2ffed73dbd7092123d6f289930540d7651336225dc172e51b2ce": "drand-default",
    "52db9ba70e0cc0f6eaf7803dd07447a1f5477735fd3f661792ba94600c84e971": "drand-quicknet",
}
"""Chain hash -> network of the League of Entropy."""
_NETWORKS: Final = {"drand-default": (1_595_431_050, 30), "drand-quicknet": (1_692_803_367, 3)}
_OTHER = re.compile(r"drand ([0-9a-f]{64}) (\d{1,11}) (\d{1,6})")
_HEX = re.compile(r"[0-9a-f]{64}")
_AFTER_S = 1


def is_beacon(source: str) -> bool:
    """Whether the rules name a beacon. They say `none`, or in older queues nothing, when there is none."""
    return source not in ("", NO_BEACON)


class ChainInfo(msgspec.Struct, frozen=True, kw_only=True):
    """The answer of `/info` in drand's HTTP API about a chain."""

    hash: str
    genesis_time: int
    period: int
    """Seconds from one round to the next."""

    @property
    def name(self) -> str:
        """The source's name in the rules: a known network, or a chain with the figures that date its
        rounds."""
        known = KNOWN.get(self.hash)
        if known is not None and _NETWORKS[known] == (self.genesis_time, self.period):
            return known
        return f"drand {self.hash} {self.genesis_time} {self.period}"


class Round(msgspec.Struct, frozen=True):
    """The answer of `/public/N` in drand's HTTP API."""

    round: int
    randomness: str
    signature: str


def round_for(source: str, decided_at: int) -> int | None:
    """The round for a window whose roots were decided in this second; None: the source's rounds have no
    known dates."""
    genesis, period = _dates_of(source)
    if period < 1:
        return None
    return max(1, -(-(decided_at + _AFTER_S - genesis) // period) + 1)


def due_at(source: str, number: int) -> int:
    """When a round is due, in Unix seconds. The source's rounds must have known dates."""
    genesis, period = _dates_of(source)
    return genesis + (number - 1) * period


def _dates_of(source: str) -> tuple[int, int]:
    """(Unix time of the first round, seconds between two); zeros: the source's rounds have no known dates."""
    found = _OTHER.fullmatch(source)
    return (int(found[2]), int(found[3])) if found else _NETWORKS.get(source, (0, 0))


def value_of(raw: bytes, number: int) -> str:
    """Reads an answer for this round as `round:hex`.

    The randomness must be the SHA-256 of the signature. The signature itself (BLS12-381) is not verified, as
    none of our libraries can do it. An auditor can ask the source or any of its mirrors for the round.

    Raises: Refusal UNAVAILABLE `beacon.wrong`.
    """
    try:
        told = read_json(raw, Round)
        signature = bytes.fromhex(told.signature)
    except ValueError:  # msgspec's errors are ValueErrors, too
        raise Refusal(Kind.UNAVAILABLE, "beacon.wrong") from None
    follows = hashlib.sha256(signature).hexdigest() == told.randomness
    if told.round != number or not follows or not _HEX.fullmatch(told.randomness):
        raise Refusal(Kind.UNAVAILABLE, "beacon.wrong")
    return f"{number}:{told.randomness}"
