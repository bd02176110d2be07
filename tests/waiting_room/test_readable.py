"""A web server of another user reads what is public, and nothing else, although we start with umask 077."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from meterai.waiting_room.control.publisher import Publisher
from meterai.waiting_room.files.public_log import EntryKind
from meterai.waiting_room.files.published_documents import Announcement, Status
from meterai.waiting_room.files.queue_folder import QueueFolder
from meterai.waiting_room.rules.model import QueueState
from meterai.waiting_room.store.log_rows import DecidedEntry
from meterai.waiting_room.store.window_rows import ClosedWindow


@pytest.fixture(autouse=True)
def strict_umask() -> Iterator[None]:
    before = os.umask(0o077)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def publish_everything(folder: QueueFolder, epoch: int) -> None:
    publisher = Publisher(folder, epoch, folder.keys().controller)
    publisher.publish_config(b"{}\n", 1)
    publisher.publish_reveal(ClosedWindow(1, 0, 0.0, b"{}\n", b"{}\n"))
    publisher.append([DecidedEntry(0, 1, EntryKind.CONFIG, {})], 1)
    publisher.publish_status(
        Status(
            event="casn", epoch=epoch, sequence=1, at=1, state=QueueState.OPEN, frontiers=[(0, 0), (0, 0)],
            rate=1, fan=[], closes_at=2, last_call_at=None, poll=(2, 60), waiting=0, admitted=0,
            done_after_s=1, kept=(0, 0), log=(0, ""), note=Announcement(),
        )
    )  # fmt: skip
    publisher.close()


def test_what_is_public_can_be_read_by_everybody(tmp_path: Path) -> None:
    folder = QueueFolder(tmp_path / "queue" / "casn")
    publish_everything(folder, 1)
    found = list(folder.public.rglob("*"))
    assert len(found) >= 8
    assert {mode(path) for path in found if path.is_file()} == {0o644}
    assert {mode(path) for path in (folder.public, *found) if path.is_dir()} == {0o755}
    assert {mode(folder.path), mode(folder.path.parent)} == {0o711}


def test_secrets_stay_ours(tmp_path: Path) -> None:
    folder = QueueFolder(tmp_path / "queue" / "casn")
    publish_everything(folder, 1)
    assert mode(folder.secret) == 0o700
    assert {mode(path) for path in folder.secret.iterdir()} == {0o600}
    assert mode(folder.path / "stage") == 0o700


def test_the_next_controller_opens_what_an_earlier_one_left_shut(tmp_path: Path) -> None:
    folder = QueueFolder(tmp_path / "queue" / "casn")
    publish_everything(folder, 1)
    folder.config.chmod(0o600)
    folder.log.chmod(0o700)
    folder.public.chmod(0o700)  # as `meterai restore` makes it on a new machine
    publish_everything(folder, 2)
    assert (mode(folder.config), mode(folder.log), mode(folder.public)) == (0o644, 0o755, 0o755)
