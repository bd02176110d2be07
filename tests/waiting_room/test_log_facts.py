"""Facts in the public log are read back as they were written, and nothing else passes as facts."""

from __future__ import annotations

import msgspec
import pytest

from meterai.waiting_room.files.log_facts import ClaimFacts, FrontierFacts, decode_facts, encode_facts
from meterai.waiting_room.files.public_log import EntryKind
from meterai.waiting_room.rules.model import Frontier, Lane


def test_a_frontier_keeps_all_of_its_64_bits() -> None:
    said = FrontierFacts(lane=Lane.NEW, window=3, x=str(2**64 - 1), epoch=1, rate=600)
    kept = msgspec.json.decode(msgspec.json.encode(encode_facts(said)))
    assert isinstance(kept["x"], str)
    read = decode_facts(EntryKind.FRONTIER, kept)
    assert isinstance(read, FrontierFacts)
    assert read.frontier == Frontier(3, 2**64 - 1)


def test_every_kind_of_entry_has_a_form() -> None:
    for what in EntryKind:
        with pytest.raises(msgspec.ValidationError):
            decode_facts(what, {"nothing": "known"})


def test_an_entry_with_a_field_too_many_is_refused() -> None:
    claim = ClaimFacts(id="00" * 12, window=1, place="5", pass_id="p", lane=Lane.NEW, gate=1, sequence=2)
    told = encode_facts(claim)
    assert decode_facts(EntryKind.CLAIM, told) == claim
    with pytest.raises(msgspec.ValidationError):
        decode_facts(EntryKind.CLAIM, {**told, "vip": True})
