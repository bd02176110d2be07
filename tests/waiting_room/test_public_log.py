"""The public log survives a crash in the middle of a line and never forgets a whole one."""

from __future__ import annotations

from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from meterai.waiting_room import documents
from meterai.waiting_room.merkle import root_of
from meterai.waiting_room.public_log import ENTRIES, HEADS, PublicLog, What, read_entries

KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32)


def test_entries_are_numbered_and_the_head_stands_for_all_of_them(tmp_path: Path) -> None:
    log = PublicLog(tmp_path, "casn", KEY)
    for number in range(5):
        assert log.append(What.OPERATOR, {"action": "halt", "n": number}, 1_000 + number) == number
    head = log.sync(2_000)
    log.close()
    lines = [line for line, _ in read_entries(tmp_path / ENTRIES)]
    assert head.size == 5
    assert head.root == root_of(lines).hex()
    signed = (tmp_path / HEADS).read_bytes().replace(b" ", b"\n", 1)
    assert documents.read(signed, documents.Head, KEY.public_key()) == head


def test_a_line_that_a_crash_cut_off_is_dropped_and_the_log_goes_on(tmp_path: Path) -> None:
    log = PublicLog(tmp_path, "casn", KEY)
    log.append(What.CONFIG, {"a": 1}, 1)
    log.sync(1)
    log.close()
    with (tmp_path / ENTRIES).open("ab") as file:
        file.write(b'{"n":1,"at":2,"what":"oper')
    log = PublicLog(tmp_path, "casn", KEY)
    assert log.size == 1
    assert log.append(What.OPERATOR, {"b": 2}, 3) == 1
    head = log.sync(3)
    log.close()
    entries = [entry for _, entry in read_entries(tmp_path / ENTRIES)]
    assert [entry.facts for entry in entries] == [{"a": 1}, {"b": 2}]
    assert head.size == 2
