"""The CMS in its gap, and the digests of the file before and after."""

from __future__ import annotations

import hashlib

import pytest

from meterai.kernel.refusals import Refusal
from meterai.stamping.signer.filling import RunningDigest, fill

BEFORE, AFTER = b"%PDF-1.7 .../Contents ", b" /Reason (x) >>\n%%EOF\n"
PREPARED = BEFORE + b"<" + b"0" * 40 + b">" + AFTER
GAP = (len(BEFORE), len(BEFORE) + 42)


def test_the_gap_is_filled_and_nothing_else_changes() -> None:
    sealed = fill(PREPARED, *GAP, b"\x30\x82")
    assert sealed == BEFORE + b"<3082" + b"0" * 36 + b">" + AFTER


@pytest.mark.parametrize("gap", [(GAP[0] - 1, GAP[1]), (GAP[0], GAP[1] + 1), (GAP[1], GAP[0]), (0, 9999)])
def test_another_gap_than_the_prepared_one_is_refused(gap: tuple[int, int]) -> None:
    with pytest.raises(Refusal, match="gap_mismatch"):
        fill(PREPARED, *gap, b"\x30")


def test_a_seal_that_is_too_long_is_refused() -> None:
    with pytest.raises(Refusal, match="gap_too_small"):
        fill(PREPARED, *GAP, bytes(21))


def test_one_pass_gives_what_is_signed_and_the_names_of_both_files() -> None:
    running, sealed = RunningDigest(PREPARED, *GAP), fill(PREPARED, *GAP, b"\x30\x82")
    assert running.covered() == hashlib.sha256(BEFORE + AFTER).digest()
    assert running.prepared() == hashlib.sha256(PREPARED).hexdigest()
    assert running.sealed(sealed) == hashlib.sha256(sealed).hexdigest()


@pytest.mark.parametrize("place", [0, GAP[0] - 1, GAP[1], len(PREPARED) - 1])
def test_a_byte_changed_outside_the_gap_is_found(place: int) -> None:
    running, sealed = RunningDigest(PREPARED, *GAP), bytearray(fill(PREPARED, *GAP, b"\x30\x82"))
    sealed[place] ^= 1
    with pytest.raises(Refusal, match="unsound"):
        running.sealed(bytes(sealed))


def test_a_longer_file_is_found() -> None:
    running = RunningDigest(PREPARED, *GAP)
    with pytest.raises(Refusal, match="unsound"):
        running.sealed(fill(PREPARED, *GAP, b"\x30") + AFTER)
