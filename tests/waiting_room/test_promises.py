"""Promises of the gates: kept in files, read by the controller, judged when they are due."""

from __future__ import annotations

import hashlib
import resource
from pathlib import Path

import pytest

from meterai.waiting_room.files.promise_book import (
    FILE,
    RECORD_BYTES,
    Outcome,
    Promise,
    PromiseBook,
    facts_of,
    is_kept,
    parse_promise,
    read_promises,
)

NOW = 1_800_000_000


def id_of(number: int) -> bytes:
    return hashlib.sha256(number.to_bytes(4, "big")).digest()[:12]


def promise(number: int = 1, *, after: int = 600) -> Promise:
    return Promise(id=id_of(number), window=70_000, given_at=NOW, done_by=NOW + after)


def test_a_promise_is_24_bytes_and_says_what_was_promised() -> None:
    assert len(promise().data()) == 24
    assert parse_promise(promise().data()) == promise()


def test_the_first_promise_counts_and_a_later_one_does_not_replace_it(tmp_path: Path) -> None:
    book = PromiseBook(tmp_path)
    assert book.give(promise(after=600))
    assert not book.give(promise(after=300))
    book.write()
    assert read_promises(tmp_path, 0)[0] == [promise(after=600)]


def test_after_a_restart_nobody_is_promised_a_second_time(tmp_path: Path) -> None:
    book = PromiseBook(tmp_path)
    book.give(promise(1))
    book.write()
    again = PromiseBook(tmp_path)
    assert not again.give(promise(1, after=900))
    assert again.give(promise(2))


@pytest.mark.parametrize("room_for", [0, 10, RECORD_BYTES, RECORD_BYTES + 3])
def test_a_disk_that_takes_a_part_leaves_nothing_half_and_forgets_nothing(
    tmp_path: Path, room_for: int
) -> None:
    book = PromiseBook(tmp_path)
    book.give(promise(1))
    book.write()
    for number in (2, 3):
        book.give(promise(number))
    usual = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (RECORD_BYTES + room_for, usual[1]))
    try:
        with pytest.raises(OSError):
            book.write()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, usual)
    assert (tmp_path / FILE).stat().st_size == RECORD_BYTES
    book.write()
    assert read_promises(tmp_path, 0)[0] == [promise(1), promise(2), promise(3)]


def test_the_controller_reads_on_from_where_it_was_and_waits_for_the_rest_of_a_record(tmp_path: Path) -> None:
    book = PromiseBook(tmp_path)
    book.give(promise(1))
    book.write()
    first, at = read_promises(tmp_path, 0)
    book.give(promise(2))
    book.write()
    whole = (tmp_path / FILE).read_bytes()
    (tmp_path / FILE).write_bytes(whole[:-3])
    assert read_promises(tmp_path, at) == ([], at)
    (tmp_path / FILE).write_bytes(whole)
    second, end = read_promises(tmp_path, at)
    assert (first, second, end) == ([promise(1)], [promise(2)], 2 * RECORD_BYTES)


def test_a_record_that_a_crash_cut_off_is_dropped_at_the_next_start(tmp_path: Path) -> None:
    book = PromiseBook(tmp_path)
    book.give(promise(1))
    book.give(promise(2))
    book.write()
    whole = (tmp_path / FILE).read_bytes()
    (tmp_path / FILE).write_bytes(whole[:-5])
    again = PromiseBook(tmp_path)
    again.give(promise(3))
    again.write()
    assert read_promises(tmp_path, 0)[0] == [promise(1), promise(3)]


def test_of_30_000_promises_hardly_one_goes_uncounted(tmp_path: Path) -> None:
    book = PromiseBook(tmp_path)
    assert sum(not book.give(promise(number)) for number in range(30_000)) < 3


def test_the_log_says_who_was_promised_what() -> None:
    facts = facts_of(promise())
    assert (facts.id, facts.done_by, facts.probability) == (id_of(1).hex(), NOW + 600, 0.95)


@pytest.mark.parametrize(
    ("outcome", "kept"),
    [
        (Outcome(is_called=True, done_at=NOW + 600), True),
        (Outcome(is_called=True, done_at=NOW + 601), False),
        (Outcome(is_called=False), False),
        (Outcome(is_called=True, is_paid=True), False),
        (Outcome(is_called=True), None),
    ],
    ids=["in time", "late", "not even called", "paid and not stamped", "did not come, or left"],
)
def test_a_promise_is_judged_by_what_we_did_not_by_who_did_not_come(
    outcome: Outcome, kept: bool | None
) -> None:
    assert is_kept(promise().done_by, outcome) is kept
