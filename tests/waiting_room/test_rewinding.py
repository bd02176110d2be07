"""Files of a queue that are ahead of a restored database: what the rows do not know is cut off."""

from __future__ import annotations

from pathlib import Path

import pytest

from meterai.waiting_room.files.log_facts import CLOCK_SET_RIGHT, OperatorFacts, encode_facts
from meterai.waiting_room.files.public_log import EntryKind, PublicLog, read_entries
from meterai.waiting_room.files.queue_folder import QueueFolder, publish
from meterai.waiting_room.files.restore_files import RESTORE, rewind


@pytest.fixture
def folder(tmp_path: Path) -> QueueFolder:
    """Two entries under one head, then two under another. Windows 4 and 5; window 5 is not revealed."""
    made = QueueFolder(tmp_path / "casn")
    log = opened(made)
    for at in (1, 2):
        for reason in ("a", "b"):
            facts = encode_facts(OperatorFacts(action="halt", value="", reason=f"{reason}{at}"))
            log.append(EntryKind.OPERATOR, facts, at)
        log.sync(at)
    log.close()
    for path in (made.window_close(4), made.window_ids(4), made.window_reveal(4), made.window_close(5)):
        publish(path, b"x")
    publish(made.log_mark, b"x")
    (made.path / "stage" / "12").mkdir(parents=True)
    return made


def opened(folder: QueueFolder) -> PublicLog:
    return PublicLog(folder.log, "casn", folder.keys().controller)


def test_the_log_goes_on_where_the_rows_end_and_the_head_that_is_gone_is_named(folder: QueueFolder) -> None:
    whole = opened(folder)
    root = whole.root().hex()
    whole.close()
    done = rewind(folder, log_size=2, closed_through=4, revealed_through=3)
    assert (done.entries, done.head, done.epoch) == (2, f"4:{root}", 12)
    log = opened(folder)
    assert (log.size, log.is_unsigned) == (2, False)
    log.close()
    assert [entry.n for _, entry in read_entries(folder.log / "entries.jsonl")] == [0, 1]
    assert not folder.log_mark.exists()


def test_what_operators_did_in_the_time_that_is_gone_is_told(folder: QueueFolder) -> None:
    """It no longer holds: a line that was switched on or halted lets everybody in after a restore."""
    log = opened(folder)
    for action in (CLOCK_SET_RIGHT, RESTORE):
        log.append(EntryKind.OPERATOR, encode_facts(OperatorFacts(action=action, value="9", reason="r")), 3)
    log.sync(3)
    log.close()
    with (folder.log / "entries.jsonl").open("ab") as file:
        file.write(b'{"n":6,')  # as a crash leaves it
    done = rewind(folder, log_size=3, closed_through=4, revealed_through=3)
    assert done.acts == [OperatorFacts(action="halt", value="", reason="b2")]
    assert rewind(folder, log_size=3, closed_through=4, revealed_through=3).acts == []


def test_windows_that_the_rows_do_not_know_are_taken_back(folder: QueueFolder) -> None:
    rewind(folder, log_size=2, closed_through=4, revealed_through=3)
    assert folder.window_close(4).exists()
    assert folder.window_ids(4).exists()
    assert not folder.window_reveal(4).exists()
    assert not folder.window_close(5).exists()


def test_files_that_are_not_ahead_stay_as_they_are(folder: QueueFolder) -> None:
    for _ in range(2):
        done = rewind(folder, log_size=4, closed_through=5, revealed_through=4)
        assert (done.entries, done.head) == (0, "")
    assert folder.window_close(5).exists()
