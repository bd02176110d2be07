"""The folder of a copy, and restores that fail."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from meterai.cli.copies import put_back, restore
from meterai.cli.copies.backup_folder import (
    BackupFolder,
    copy_queues,
    other_queue,
    put_back_queues,
)
from meterai.cli.copies.backup_keys import opening_keys, sealing_keys
from meterai.cli.copies.sealed_state import BackupFacts, OpenedState
from meterai.kernel.refusals import Refusal
from meterai.kit.files.atomic_write import sync_file_system
from meterai.kit.files.object_store import FolderStore
from meterai.kit.installation_secrets import Secrets
from meterai.kit.settings import Settings, from_environment
from meterai.launcher.database_server import DatabaseServer
from meterai.launcher.schema.migrate import head_version
from meterai.stamping.use_cases.note_restore import NotedRestore
from meterai.waiting_room.files.queue_folder import QueueFolder, folders_in
from meterai.waiting_room.files.queue_keys import separate_keys
from meterai.waiting_room.use_cases.rewind_queues import RewoundQueues
from sandbox.pki.authority import make_pki
from tests import backup_keys
from tests.places import passing_folder

KEYS = sealing_keys(from_environment(backup_keys.SETTINGS))
FACTS = BackupFacts(made_at=datetime(2026, 11, 1, tzinfo=UTC), schema=head_version())


def meterai(*words: str, data: Path, bytes_max: int = -1) -> subprocess.CompletedProcess[str]:
    """`bytes_max`: no file may be longer, as on a disk that is full."""
    command = ["prlimit", f"--fsize={bytes_max}", sys.executable, "-m", "meterai.cli", *words]
    env = {**os.environ, "METERAI_DATA": str(data)}
    return subprocess.run(command, capture_output=True, text=True, timeout=120, env=env)


def a_state(folder: Path, schema: str = FACTS.schema) -> None:
    folder.mkdir(parents=True)
    facts = msgspec.structs.replace(FACTS, schema=schema)
    (folder / "backup.json").write_bytes(msgspec.json.encode(facts))
    (folder / "database.dump").write_bytes(b"PGDMP that a disk has lost the rest of")


def test_two_copies_at_once_into_one_folder_are_refused(tmp_path: Path) -> None:
    """The second one would delete the new state while the first one writes it."""
    first, second = BackupFolder(tmp_path), BackupFolder(tmp_path)
    with first.held(), pytest.raises(Refusal, match=r"backup\.under_way"), second.held():
        pass
    with BackupFolder(tmp_path).held():
        pass


def test_a_state_that_a_power_cut_left_empty_is_none(tmp_path: Path) -> None:
    a_state(tmp_path / "state.old")
    a_state(tmp_path / "state")
    (tmp_path / "state" / "backup.json").write_bytes(b"")
    folder = BackupFolder(tmp_path)
    assert (folder.state, folder.facts()) == (tmp_path / "state.old", FACTS)


def test_the_old_state_goes_when_the_new_one_is_on_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced = []

    def sync(folder: Path) -> None:
        sync_file_system(folder)
        synced.append(sorted(str(path.parent.relative_to(tmp_path)) for path in tmp_path.glob("*/*.json")))

    monkeypatch.setattr("meterai.cli.copies.backup_folder.sync_file_system", sync)
    folder = BackupFolder(tmp_path)
    for _ in range(2):
        folder.finish(folder.begin(KEYS), FACTS)
    assert synced == [["state.part"], ["state"], ["state", "state.part"], ["state", "state.old"]]
    assert not (tmp_path / "state.old").exists()


def a_queue(folder: Path, keys: str, journal: str, *, is_older: bool = False) -> QueueFolder:
    """`is_older`: an earlier release kept all keys in one file."""
    queue = QueueFolder(folder)
    queue.secret.mkdir(parents=True, exist_ok=True)
    shared, own = {"ticket": keys, "event": keys}, {"controller": keys, "chain": keys}
    (queue.secret / "keys.json").write_text(json.dumps(shared | own if is_older else shared))
    if not is_older:
        (queue.secret / "controller.json").write_text(json.dumps(own))
    (queue.path / "journal").write_text(journal)
    return queue


def test_each_queue_is_put_back_that_is_not_here_or_was_half_put_back(tmp_path: Path) -> None:
    """The folder of all queues may be a mounted disk, so its existence says nothing about its content."""
    copy, root = tmp_path / "copy", tmp_path / "queues"
    for event in ("here", "gone", "half"):
        a_queue(copy / event, "keys", "old").from_copy.touch()
    a_queue(root / "here", "keys", "new")
    a_queue(root / "half", "", "").from_copy.touch()
    (root / "half" / "secret" / "keys.json").write_text("")  # the disk was full
    (copy / "beacon.json").touch()
    assert other_queue(copy, root) is None
    put_back_queues(copy, root)
    queues = {queue.slug: queue for queue in folders_in(root)}
    found = {slug: (queue.path / "journal").read_text() for slug, queue in queues.items()}
    assert found == {"here": "new", "gone": "old", "half": "old"}
    assert {slug for slug, queue in queues.items() if queue.from_copy.exists()} == {"gone", "half"}
    assert {event_key(queue) for queue in queues.values()} == {"keys"}
    assert (root / "beacon.json").exists()
    a_queue(root / "here", "others", "new")
    assert other_queue(copy, root) == root / "here"


def event_key(queue: QueueFolder) -> str:
    return str(json.loads((queue.secret / "keys.json").read_bytes())["event"])


def test_a_copy_of_an_earlier_release_is_the_same_queue_and_its_keys_are_moved_apart(tmp_path: Path) -> None:
    copy, root = tmp_path / "copy", tmp_path / "queues"
    for event in ("here", "gone"):
        a_queue(copy / event, "keys", "", is_older=True)
    a_queue(root / "here", "keys", "")
    assert other_queue(copy, root) is None
    put_back_queues(copy, root)
    for queue in folders_in(root):
        assert json.loads((queue.secret / "keys.json").read_bytes()).keys() == {"ticket", "event"}
        assert (queue.secret / "controller.json").exists()


def test_keys_that_are_moved_apart_during_a_copy_are_all_in_it(tmp_path: Path) -> None:
    queue = a_queue(tmp_path / "queues" / "casn", "keys", "", is_older=True)

    def copy_after_the_move(source: Path, target: Path) -> None:
        separate_keys(queue.secret)
        shutil.copy2(source, target)

    copy_queues(tmp_path / "queues", tmp_path / "copy", copy_after_the_move)
    assert QueueFolder(tmp_path / "copy" / "casn").has_keys


def test_what_else_a_disk_has_beside_the_queues_is_not_copied(tmp_path: Path) -> None:
    a_queue(tmp_path / "queues" / "casn", "keys", "")
    (tmp_path / "queues" / "lost+found").mkdir()
    copy_queues(tmp_path / "queues", tmp_path / "copy")
    assert [path.name for path in (tmp_path / "copy").iterdir()] == ["casn"]


@pytest.mark.long
@pytest.mark.storage
def test_roots_of_which_one_was_renewed_since_are_the_same_installation_s() -> None:
    with passing_folder("meterai-restore-") as place:
        old, new, other = (
            (make_pki(place / name, "p-256") / "trust" / "root.pem").read_bytes() for name in "abc"
        )
        data, copy = place / "data", place / "copy"
        here, there = (folder / "pki" / "trust" / "root.pem" for folder in (data, copy / "state"))
        a_state(copy / "state")
        for folder in (here.parent, there.parent):
            folder.mkdir(parents=True)

        here.write_bytes(old)
        there.write_bytes(other)
        refused = meterai("restore", str(copy), "--unencrypted", data=data)
        assert (refused.returncode, "another installation's" in refused.stderr) == (1, True)
        for ours, theirs in ((old + new, old), (old, old + new)):
            here.write_bytes(ours)
            there.write_bytes(theirs)
            restored = meterai("restore", str(copy), "--unencrypted", data=data)
            assert "Not restored. pg_restore" in restored.stderr, "the roots are no reason"
            assert here.read_bytes() == old + new


@pytest.mark.long
@pytest.mark.storage
def test_a_restore_that_fails_leaves_the_database_as_it_was() -> None:
    with passing_folder("meterai-restore-") as place:
        data = place / "data"
        assert "Brought" in meterai("db", "migrate", data=data).stdout
        a_state(place / "newer" / "state", schema="9999")
        refused = meterai("restore", str(place / "newer"), "--unencrypted", data=data)
        assert (refused.returncode, "newer release" in refused.stderr) == (1, True)
        a_state(place / "other" / "state")
        a_queue(place / "other" / "state" / "queue" / "casn", "its keys", "")
        a_queue(data / "queue" / "casn", "keys of a start by mistake", "")
        refused = meterai("restore", str(place / "other"), "--unencrypted", data=data)
        assert (refused.returncode, "is another queue than the copy's" in refused.stderr) == (1, True)
        assert not list(data.glob("before-restore-*"))

        a_state(place / "full" / "state")
        key = place / "full" / "state" / "pki" / "key.pem"
        key.parent.mkdir()
        key.write_bytes(bytes(100_000))
        failed = meterai("restore", str(place / "full"), "--unencrypted", data=data, bytes_max=50_000)
        assert (failed.returncode, str(data / "pki" / "key.pem") in failed.stderr) == (1, True)
        assert not (data / "pki" / "key.pem").exists()  # else the next restore would leave the half of it

        a_state(place / "damaged" / "state")
        failed = meterai("restore", str(place / "damaged"), "--unencrypted", data=data)
        assert (failed.returncode, "Traceback" in failed.stderr) == (1, False)
        assert "Not restored. pg_restore" in failed.stderr
        assert "The database is as it was" in failed.stderr
        assert "Already" in meterai("db", "migrate", data=data).stdout


def test_what_has_not_changed_in_a_queue_since_the_copy_before_is_not_copied_again(tmp_path: Path) -> None:
    queue = a_queue(tmp_path / "queues" / "casn", "keys", "12")
    window, log, head = (queue.path / name for name in ("public/w/1.ids", "public/log/entries", "sequence"))
    for path in (window, log, head):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("as it was")
    an_hour_ago = FACTS.made_at.timestamp() - 3600
    for path in (window, log):
        os.utime(path, (an_hour_ago, an_hour_ago))
    os.utime(head, (FACTS.made_at.timestamp(),) * 2)  # written while it was being copied

    def copied() -> Path:
        folder = BackupFolder(tmp_path / "copy")
        new = folder.begin(KEYS)
        copy_queues(tmp_path / "queues", new.path / "queue", new.put)
        folder.finish(new, FACTS)
        return folder.state / "queue" / "casn"

    def inodes(copy: Path) -> list[int]:
        places = (f"{copy / path.relative_to(queue.path)}.age" for path in (window, log, head))
        return [Path(place).stat().st_ino for place in places]

    (tmp_path / "copy").mkdir()
    (tmp_path / "kept").mkdir()
    for path in copied().rglob("*"):  # the inodes stay taken, or the next files may get them
        if path.is_file():
            os.link(path, tmp_path / "kept" / path.name)
    before = inodes(BackupFolder(tmp_path / "copy").state / "queue" / "casn")
    log.write_text("as it was, and more")
    head.write_text("as it is!")
    os.utime(head, (FACTS.made_at.timestamp(),) * 2)
    copy = copied()
    after = inodes(copy)
    assert [old == new for old, new in zip(before, after, strict=True)] == [True, False, False]
    keys = opening_keys(from_environment(backup_keys.SETTINGS), backup_keys.identity_file(tmp_path), "")
    with BackupFolder(tmp_path / "copy").opened(keys, tmp_path / "opened") as state:
        opened = state.path / "queue" / "casn"
        assert (opened / "public" / "log" / "entries").read_text() == "as it was, and more"
        assert (opened / "sequence").read_text() == "as it is!"
        assert (opened / "public" / "w" / "1.ids").stat().st_mtime == an_hour_ago
    assert not (tmp_path / "opened").exists()


def test_what_is_lost_begins_with_the_copy_and_not_with_the_last_stamp_before_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    last_stamp = FACTS.made_at - timedelta(hours=9)
    noted = NotedRestore(lost_from=last_stamp, lost_until=FACTS.made_at, forgotten={}, counters={})
    none = RewoundQueues(rewound=[], lost=[], too_old=[], lists={})
    restore._show(noted, none, [], FACTS.made_at)
    lost, stamps, *_ = capsys.readouterr().out.splitlines()
    assert lost == "Lost: orders, payments and all else that happened after 2026-11-01 00:00:00 UTC."
    assert stamps.startswith("Of stamps since 2026-10-31 15:00:00 UTC that the register does not know")
    restore._show(noted, none, [], None)
    assert "after the moment of the database put back." in capsys.readouterr().out


def test_a_database_on_a_disk_of_its_own_is_not_put_aside_and_the_next_step_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster = tmp_path / "data" / "postgres" / "data"
    cluster.mkdir(parents=True)
    (cluster / "PG_VERSION").write_text("17")
    a_state(tmp_path / "copy" / "state")
    monkeypatch.setattr(Path, "is_mount", lambda self: self == cluster.parent)
    settings = Settings(data=tmp_path / "data")
    server = DatabaseServer(settings, Secrets(settings.data), may_make=True)
    copy = OpenedState(tmp_path / "copy" / "state", FACTS, FolderStore(tmp_path / "copy" / "objects"))
    with pytest.raises(RuntimeError, match=f"move {cluster} to another folder.*Nothing was changed"):
        asyncio.run(put_back.put_back(settings, server, copy))
    assert [path.name for path in settings.data.iterdir()] == ["postgres"]
