"""The public log survives a crash in the middle of a line and never loses a complete line."""

from __future__ import annotations

from pathlib import Path

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from meterai.waiting_room.files import published_documents
from meterai.waiting_room.files.public_log import (
    ENTRIES,
    HEADS,
    MARK_EVERY,
    EntryKind,
    LogMark,
    PublicLog,
    read_entries,
)
from meterai.waiting_room.rules.merkle import root_of

KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32)


def test_entries_are_numbered_and_the_head_stands_for_all_of_them(tmp_path: Path) -> None:
    log = PublicLog(tmp_path, "casn", KEY)
    for number in range(5):
        assert log.append(EntryKind.OPERATOR, {"action": "halt", "n": number}, 1_000 + number) == number
    head = log.sync(2_000)
    log.close()
    lines = [line for line, _ in read_entries(tmp_path / ENTRIES)]
    assert head.size == 5
    assert head.root == root_of(lines).hex()
    signed = (tmp_path / HEADS).read_bytes().replace(b" ", b"\n", 1)
    assert published_documents.read(signed, published_documents.Head, KEY.public_key()) == head


def test_a_line_that_a_crash_cut_off_is_dropped_and_the_log_goes_on(tmp_path: Path) -> None:
    log = PublicLog(tmp_path, "casn", KEY)
    log.append(EntryKind.CONFIG, {"a": 1}, 1)
    log.sync(1)
    log.close()
    with (tmp_path / ENTRIES).open("ab") as file:
        file.write(b'{"n":1,"at":2,"what":"oper')
    log = PublicLog(tmp_path, "casn", KEY)
    assert log.size == 1
    assert log.append(EntryKind.OPERATOR, {"b": 2}, 3) == 1
    head = log.sync(3)
    log.close()
    entries = [entry for _, entry in read_entries(tmp_path / ENTRIES)]
    assert [entry.facts for entry in entries] == [{"a": 1}, {"b": 2}]
    assert head.size == 2


def filled(folder: Path, count: int) -> list[bytes]:
    """A log with this many entries, and the marks that were kept."""
    marks: list[bytes] = []
    log = PublicLog(folder, "casn", KEY, keep_mark=marks.append)
    for number in range(count):
        log.append(EntryKind.OPERATOR, {"n": number}, number)
        if number % 100 == 99:
            log.sync(number)
    log.close()
    return marks


def test_who_takes_over_reads_on_from_the_last_mark(tmp_path: Path) -> None:
    marks = filled(tmp_path, 2 * MARK_EVERY + 300)
    assert len(marks) == 2
    root = PublicLog(tmp_path, "casn", KEY).root()
    entries = tmp_path / ENTRIES
    whole = entries.read_bytes()
    entries.write_bytes(b"x" * 5_000 + whole[5_000:])  # a reader of that line would come to another tree
    again = PublicLog(tmp_path, "casn", KEY, mark=marks[-1])
    assert (again.size, again.root()) == (2 * MARK_EVERY + 300, root)
    assert again.append(EntryKind.OPERATOR, {"n": 9}, 9) == 2 * MARK_EVERY + 300
    again.sync(9)
    again.close()
    entries.write_bytes(whole + entries.read_bytes()[len(whole) :])
    assert PublicLog(tmp_path, "casn", KEY).root() == again.root()


def test_a_mark_that_is_not_ours_or_not_of_this_log_is_not_believed(tmp_path: Path) -> None:
    [mark] = filled(tmp_path, MARK_EVERY)
    told = msgspec.json.decode(mark, type=LogMark)
    root = PublicLog(tmp_path, "casn", KEY).root()
    (tmp_path / "other").mkdir()
    other = Ed25519PrivateKey.from_private_bytes(b"o" * 32)
    strange = PublicLog(tmp_path / "other", "casn", other)
    strange.append(EntryKind.OPERATOR, {"n": 1}, 1)
    head = published_documents.sign(strange.sync(1), other).decode()
    for wrong in (
        b"half a ma",
        msgspec.json.encode(msgspec.structs.replace(told, size=MARK_EVERY - 1)),
        msgspec.json.encode(msgspec.structs.replace(told, peaks=["00" * 32] * len(told.peaks))),
        msgspec.json.encode(msgspec.structs.replace(told, bytes=told.bytes * 9)),
        msgspec.json.encode(msgspec.structs.replace(told, head=head)),
    ):
        log = PublicLog(tmp_path, "casn", KEY, mark=wrong)
        assert (log.size, log.root()) == (MARK_EVERY, root)
        log.close()


def test_entries_without_a_head_after_a_crash_are_known_and_half_a_head_is_dropped(
    tmp_path: Path,
) -> None:
    log = PublicLog(tmp_path, "casn", KEY)
    log.append(EntryKind.OPERATOR, {"n": 1}, 1)
    log.sync(1)
    assert not log.is_unsigned
    log.append(EntryKind.OPERATOR, {"n": 2}, 2)
    assert log.is_unsigned
    log.close()
    with (tmp_path / HEADS).open("ab") as file:
        file.write(b'{"kind":"head","event":"ca')
    log = PublicLog(tmp_path, "casn", KEY)
    assert log.is_unsigned
    log.sync(3)
    assert not log.is_unsigned
    log.close()
    heads = [
        published_documents.read(line.replace(b" ", b"\n", 1), published_documents.Head, KEY.public_key())
        for line in (tmp_path / HEADS).read_bytes().splitlines()
    ]
    assert [head.size for head in heads] == [1, 2]
