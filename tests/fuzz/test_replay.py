"""Seeds, former findings and a little mutation of both, without a fuzzer."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.fuzz.targets import TARGETS

FOUND = Path(__file__).parent / "found"
MUTATIONS = {
    "ambiguous": 1,
    "comparison": 2,
    "edited": 10,
    "inspection": 5,
    "revisions": 5,
    "verdict": 40,
    "verdict_of_anything": 10,
}


def inputs(name: str) -> list[bytes]:
    return [*TARGETS[name].seeds(), *(path.read_bytes() for path in sorted((FOUND / name).glob("*")))]


@pytest.mark.parametrize("name", TARGETS)
def test_what_was_found_stays_mended(name: str) -> None:
    chance = random.Random(name)
    for data in inputs(name):
        TARGETS[name].check(data)
        for _ in range(MUTATIONS.get(name, 50)):
            TARGETS[name].check(mutated(data, chance))


def mutated(data: bytes, chance: random.Random) -> bytes:
    out = bytearray(data)
    for _ in range(chance.randint(1, 3)):
        place = chance.randint(0, len(out))
        match chance.randrange(3):
            case 0:
                out[place:place] = chance.randbytes(chance.randint(1, 9))
            case 1:
                del out[place : place + chance.randint(1, 9)]
            case _:
                out[place : place + 2] = chance.randbytes(2)
    return bytes(out)
