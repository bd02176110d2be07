"""The keys of a queue lie in two files: what gates read says nothing about draws that are still to come."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from meterai.kit.files.atomic_write import write_whole
from meterai.waiting_room.files import queue_keys
from meterai.waiting_room.files.queue_folder import QueueFolder, separate_keys_in
from meterai.waiting_room.files.queue_keys import KEY_ID, QueueKeys
from meterai.waiting_room.rules.tickets import contact_id, event_number, read_ticket
from tests.storage_fixtures import TestDatabase
from tests.waiting_room.running_queue import running_queue, schedule_now

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files to other users")


@pytest.fixture(autouse=True)
def umask_of_units() -> Iterator[None]:
    before = os.umask(0o007)
    yield
    os.umask(before)


@pytest.fixture
def folder(tmp_path: Path) -> QueueFolder:
    return QueueFolder(tmp_path / "queue" / "casn")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def read(path: Path) -> dict[str, str]:
    return msgspec.json.decode(path.read_bytes(), type=dict[str, str])


def put_together(folder: QueueFolder) -> None:
    """As earlier releases left the keys: all in the file that gates read."""
    shared, own = folder.secret / "keys.json", folder.secret / "controller.json"
    write_whole(shared, msgspec.json.encode(read(shared) | read(own)), mode=0o640)
    own.unlink()


def raw(keys: QueueKeys) -> tuple[bytes, ...]:
    return keys.ticket.private_bytes_raw(), keys.event, keys.controller.private_bytes_raw(), keys.chain


def test_a_new_queue_keeps_the_keys_of_its_controller_from_the_group_of_gates(folder: QueueFolder) -> None:
    folder.keys()
    assert read(folder.secret / "keys.json").keys() == {"ticket", "event"}
    assert (mode(folder.secret), mode(folder.secret / "keys.json")) == (0o750, 0o640)
    assert mode(folder.secret / "controller.json") == 0o600
    assert folder.path.stat().st_mode & stat.S_ISVTX, "gates can't put another folder in its place"


def test_keys_of_an_earlier_release_are_moved_apart_and_stay_the_same(folder: QueueFolder) -> None:
    before = folder.keys()
    put_together(folder)
    assert folder.has_keys
    assert raw(folder.keys()) == raw(before)
    assert read(folder.secret / "keys.json").keys() == {"ticket", "event"}
    assert mode(folder.secret / "keys.json") == 0o640
    assert (folder.gate_keys().event, folder.event_key()) == (before.event, before.event)


def test_a_crash_while_keys_are_moved_loses_none(folder: QueueFolder) -> None:
    before = folder.keys()
    own = (folder.secret / "controller.json").read_bytes()
    put_together(folder)
    (folder.secret / "controller.json").write_bytes(own)  # written, and the other file not yet
    assert raw(folder.keys()) == raw(before)
    assert read(folder.secret / "keys.json").keys() == {"ticket", "event"}


def test_other_keys_of_a_controller_are_never_overwritten(folder: QueueFolder, tmp_path: Path) -> None:
    folder.keys()
    own = (folder.secret / "controller.json").read_bytes()
    other = QueueFolder(tmp_path / "other" / "casn")
    other.keys()
    put_together(other)
    (folder.secret / "keys.json").write_bytes((other.secret / "keys.json").read_bytes())
    with pytest.raises(ValueError, match="different secrets"):
        folder.keys()
    assert (folder.secret / "controller.json").read_bytes() == own


def test_keys_of_queues_that_no_controller_opens_are_moved_too(folder: QueueFolder, tmp_path: Path) -> None:
    """Such as those of a queue that closed."""
    folder.keys()
    put_together(folder)
    damaged = tmp_path / "queue" / "rusak" / "secret"
    damaged.mkdir(parents=True)
    (damaged / "keys.json").write_bytes(b"{")
    separate_keys_in(tmp_path / "queue")
    assert read(folder.secret / "keys.json").keys() == {"ticket", "event"}


def test_a_file_that_was_opened_to_others_is_shut(folder: QueueFolder) -> None:
    folder.keys()
    (folder.secret / "controller.json").chmod(0o644)
    folder.keys()
    assert mode(folder.secret / "controller.json") == 0o600


@as_root
@pytest.mark.parametrize("planted", [".", "secret", "secret/controller.json"])
def test_keys_that_another_user_put_there_are_refused(
    folder: QueueFolder, monkeypatch: pytest.MonkeyPatch, planted: str
) -> None:
    """That user would know each draw beforehand."""
    folder.keys()
    os.chown(folder.path / planted, 65_534, 0)
    monkeypatch.setattr(os, "geteuid", lambda: 12_345)
    with pytest.raises(PermissionError, match="another user"):
        folder.keys()


@as_root
def test_files_of_a_server_that_gives_all_to_one_user_are_ours(
    folder: QueueFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As some network file systems do. What we write there belongs to that user too."""
    before = folder.keys()
    monkeypatch.setattr(os, "geteuid", lambda: 12_345)  # and the files stay root's
    monkeypatch.setattr(queue_keys, "_owner_of_ours", lambda folder: 65_534)
    for path in (folder.path, folder.secret, folder.secret / "controller.json"):
        os.chown(path, 65_534, 0)
    assert raw(folder.keys()) == raw(before)


@as_root
def test_root_moves_keys_for_their_owner(folder: QueueFolder) -> None:
    folder.keys()
    put_together(folder)
    os.chown(folder.secret / "keys.json", 12_345, 54_321)
    separate_keys_in(folder.path.parent)
    for name in ("keys.json", "controller.json"):
        found = (folder.secret / name).stat()
        assert (found.st_uid, found.st_gid) == (12_345, 54_321)


@pytest.mark.storage
async def test_a_controller_moves_the_keys_of_an_earlier_release_apart_and_goes_on(
    database: TestDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running_queue(database, tmp_path) as running:
        await running.open(schedule_now(), always=True)
        before = running.folder.keys()
        put_together(running.folder)
        monkeypatch.setattr(running, "status", lambda: None)  # it opens the keys too
        running.controller()
        ticket, text = await running.join(running.gate(), "ani@contoh.id")
        assert ticket.id == contact_id(before.event, "email:ani@contoh.id")
        read_ticket(text, {KEY_ID: before.ticket.public_key()}, event_number("casn"))
        assert read(running.folder.secret / "keys.json").keys() == {"ticket", "event"}
