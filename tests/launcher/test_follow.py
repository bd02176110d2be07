"""`meterai follow`: what a database that is recovered from its WAL needs beside itself."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import pytest

from meterai.cli.copies.followed_folder import FollowedFolder
from meterai.cli.copies.follower import Follower, NotFollowed
from meterai.cli.copies.put_back_followed import moment_of_database
from meterai.kernel.refusals import Refusal
from meterai.kit.files.folder_watch import FolderWatch
from meterai.kit.files.object_store import FolderStore
from meterai.kit.installation_id import AnotherInstallation
from meterai.kit.installation_secrets import Secrets
from meterai.kit.settings import Settings
from meterai.operations.followed import forget_followed, oldest_followed, receiving
from tests.operations.world import build
from tests.places import passing_folder
from tests.prepared import copy_prepared
from tests.replays.recovered_server import FollowedServer
from tests.storage_fixtures import TestDatabase

NOW = datetime(2026, 11, 1, 9, tzinfo=UTC)
GATE = Path("queue/casn/gates/1")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A data directory with a marked store, a queue with keys, and an empty folder for the copy."""
    data = tmp_path / "data"
    FolderStore(data / "objects").mark()
    for path, text in (
        (GATE / "w1.joins", "alice"),
        (GATE / "notes", "......"),
        ("queue/casn/public/log/entries.jsonl", "1\n"),
        ("queue/casn/public/status.json", "calm"),
        ("queue/casn/secret/keys.json", "a key"),
        ("signer/aa.count", "7".zfill(20)),
    ):
        (data / path).parent.mkdir(parents=True, exist_ok=True)
        (data / path).write_text(text)
    (tmp_path / "copy").mkdir()
    return tmp_path


@asynccontextmanager
async def following(
    place: Path, database: TestDatabase, *, needs_wal: bool = False
) -> AsyncIterator[Follower]:
    settings, copy = Settings(data=place / "data"), FollowedFolder(place / "copy")
    follower = Follower(settings, database.urls.follower, copy, needs_wal=needs_wal)
    try:
        yield follower
    finally:
        follower.close()


def has(place: Path, key: str) -> bool:
    return FolderStore(place / "copy" / "objects").has(key)


def copied(place: Path, path: Path | str) -> str:
    return (place / "copy" / path).read_text()


async def test_what_is_new_is_copied_and_keys_are_not(place: Path, database: TestDatabase) -> None:
    store = FolderStore(place / "data" / "objects")
    first = await store.put(b"before")
    async with following(place, database) as follower:
        await follower.round(NOW)
        assert has(place, first)
        assert copied(place, GATE / "w1.joins") == "alice"

        second = await store.put(b"since")
        with (place / "data" / GATE / "w1.joins").open("a") as file:
            file.write("bob")
        late = place / "data" / "queue/lain/public/log/heads.jsonl"  # an event that is new
        late.parent.mkdir(parents=True)
        late.write_text("head\n")
        (place / "data/queue/casn/public/status.json").write_text("busy")
        (place / "data/signer/aa.count").write_text("9".zfill(20))
        (place / "data/signer/bb.retired").touch()
        assert not has(place, second)
        await follower.round(NOW + timedelta(seconds=5))
        assert has(place, second)
        assert copied(place, GATE / "w1.joins") == "alicebob"
        assert copied(place, "queue/lain/public/log/heads.jsonl") == "head\n"
        assert copied(place, "queue/casn/public/status.json") == "busy"
        assert int(copied(place, "signer/aa.count")) == 9
        assert copied(place, "signer/bb.retired") == ""
        assert FollowedFolder(place / "copy").mark().at == NOW + timedelta(seconds=5)
        assert await oldest_followed(database.owner) == NOW + timedelta(seconds=5)
    assert not [path for path in (place / "copy").rglob("*") if "secret" in path.parts]


async def test_a_log_that_became_shorter_is_kept_and_a_counter_never_goes_back(
    place: Path, database: TestDatabase
) -> None:
    entries, counter = Path("queue/casn/public/log/entries.jsonl"), Path("signer/aa.count")
    async with following(place, database) as follower:
        (place / "data" / entries).write_text("1\n2\n3\n")
        await follower.round(NOW)
        (place / "data" / entries).write_text("1\nother\n")
        (place / "data" / counter).write_text("3".zfill(20))
        (place / "data" / GATE / "w1.joins").unlink()
        await follower.round(NOW + timedelta(seconds=5))
    assert copied(place, entries) == "1\nother\n"
    (kept,) = (place / "copy" / "cut").rglob("entries.jsonl")
    assert kept.read_text() == "1\n2\n3\n"
    assert int(copied(place, counter)) == 7
    assert copied(place, GATE / "w1.joins") == "alice"


async def test_a_disk_that_is_not_there_ends_following_and_takes_nothing_from_the_copy(
    place: Path, database: TestDatabase
) -> None:
    store = FolderStore(place / "data" / "objects")
    await build(database, store)
    released = await database.owner.fetchval("SELECT sha256 FROM stamping.release LIMIT 1")
    async with following(place, database) as follower:
        await follower.round(NOW)
        store.root.rename(place / "away")
        store.root.mkdir()
        with pytest.raises(NotFollowed, match="is its disk mounted"):
            await follower.round(NOW + timedelta(minutes=5))
        assert has(place, released)
        store.mark()  # mounted again, and the file is gone
        follower.begin_again()
        await follower.round(NOW + timedelta(minutes=6))
        await follower.round(NOW + timedelta(minutes=7))
        assert has(place, released)


async def test_what_the_service_deleted_leaves_the_copy_after_the_next_round(
    place: Path, database: TestDatabase
) -> None:
    store = FolderStore(place / "data" / "objects")
    async with following(place, database) as follower:
        upload = await store.put(b"an upload whose time is over")
        await follower.round(NOW)
        await store.delete(upload)
        await follower.round(NOW + timedelta(seconds=5))
        await follower.round(NOW + timedelta(seconds=10))
        assert not has(place, upload)


async def test_without_a_receiver_of_the_wal_the_copy_is_good_for_nothing_newer(
    place: Path, database: TestDatabase
) -> None:
    async with following(place, database, needs_wal=True) as follower:
        with pytest.raises(NotFollowed, match=r"no replication slot meterai_wal: start meterai-wal\.service"):
            await follower.round(NOW)
    with pytest.raises(Refusal, match=r"follow\.none"):
        FollowedFolder(place / "copy").mark()
    async with following(place, database) as follower:
        await follower.round(NOW)
    assert await forget_followed(database.owner, str(place / "copy"))
    assert await oldest_followed(database.owner) is None


async def test_files_of_another_installation_are_not_put_back(place: Path, database: TestDatabase) -> None:
    async with following(place, database) as follower:
        await follower.round(NOW)
    mark = FollowedFolder(place / "copy").mark()
    assert await moment_of_database(database.owner, mark) == NOW
    await database.owner.execute("ALTER TABLE operations.installation DISABLE TRIGGER ALL")
    await database.owner.execute("UPDATE operations.installation SET id = gen_random_uuid()")
    with pytest.raises(AnotherInstallation):
        await moment_of_database(database.owner, mark)


def test_a_watch_says_when_it_has_missed_something(tmp_path: Path) -> None:
    watch = FolderWatch(tmp_path, but_for=["secret"])
    assert not watch.take().is_complete
    for name in ("secret", "new/within"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "file").touch()
    (tmp_path / "gone").touch()
    (tmp_path / "gone").unlink()
    changes = watch.take()
    assert changes == ({tmp_path / "new/within/file"}, {tmp_path / "gone"}, True)
    (tmp_path / "new/within/file").write_text("more")
    assert watch.take().changed == {tmp_path / "new/within/file"}
    for number in range(int(Path("/proc/sys/fs/inotify/max_queued_events").read_text()) // 2 + 10):
        (tmp_path / str(number % 3)).touch()
        (tmp_path / str(number % 3)).unlink()
    assert not watch.take().is_complete
    tmp_path.rename(tmp_path.with_name("elsewhere"))
    assert not watch.is_current
    watch.close()
    shutil.rmtree(tmp_path.with_name("elsewhere"))


@pytest.fixture
def server() -> Iterator[tuple[Path, FollowedServer]]:
    with passing_folder("meterai-follow-") as folder:
        disk = folder / "disk"
        disk.mkdir(mode=0o711)
        copy_prepared(disk / "data")
        (disk / "data" / "postgres").rename(disk / "server")
        password = Secrets(disk / "data").database_owner
        server = FollowedServer(disk, folder / "copy", password=password)
        try:
            yield folder, server
        finally:
            server.stop()


@pytest.mark.storage
async def test_a_recovered_database_names_no_file_that_was_not_followed(
    server: tuple[Path, FollowedServer],
) -> None:
    """Files and their rows come all the time, until the server is killed between two rounds."""
    folder, followed_server = server
    await followed_server.begin()
    data, copy = folder / "disk" / "data", FollowedFolder(folder / "copy")
    store = FolderStore(data / "objects")
    store.mark()
    url = followed_server.url().replace("meterai_owner", "meterai_follower")
    password = Secrets(data).database_roles["follower"]
    url = url.replace(url.partition("://")[2].partition("@")[0], f"meterai_follower:{password}")
    follower = Follower(Settings(data=data), url, copy, needs_wal=True)
    owner = await asyncpg.connect(followed_server.url())
    await owner.execute("CREATE TABLE named (key text, at timestamptz)")

    async def write() -> None:
        while True:
            key = await store.put(os.urandom(64))
            await owner.execute("INSERT INTO named VALUES ($1, now())", key)

    writing = asyncio.create_task(write())
    for _ in range(5):
        await asyncio.sleep(0.1)
        await follower.round(datetime.now(UTC))
    await asyncio.sleep(0.3)
    writing.cancel()
    with suppress(asyncio.CancelledError):
        await writing
    assert (seen := await receiving(owner)) is not None
    assert (seen.is_connected, seen.behind_bytes < 1 << 20) == (True, True)
    everything = await owner.fetchval("SELECT count(*) FROM named")
    mark = copy.mark()
    follower.close()
    owner.terminate()
    followed_server.lose()
    shutil.rmtree(folder / "disk")

    (folder / "new").mkdir()
    followed_server.recover(folder / "new", (folder / "copy" / "recovery-target.conf").read_text())
    owner = await asyncpg.connect(followed_server.url())
    rows = await owner.fetch("SELECT key, at FROM named")
    assert 0 < len(rows) < everything
    assert [row["key"] for row in rows if not copy.objects.has(row["key"])] == []
    lost_before = await owner.fetchval("SELECT max(at) FROM named")
    assert abs((lost_before - mark.at).total_seconds()) < 1
    assert await moment_of_database(owner, mark) <= mark.at
    await owner.close()
