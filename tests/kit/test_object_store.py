"""The object store keeps bytes under the name of their content."""

import asyncio
import errno
import hashlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from typing import ClassVar

import pytest

from meterai.cli.outage_messages import outage_message
from meterai.kit.database import is_outage
from meterai.kit.files.object_store import (
    FolderStore,
    ObjectMissing,
    ObjectStore,
    RemoteStore,
    open_store,
)


@pytest.fixture(params=["folder", "obstore"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> ObjectStore:
    """The folder store, and obstore's client on a store in memory."""
    return FolderStore(tmp_path / "objects") if request.param == "folder" else RemoteStore("memory:///")


async def test_what_was_put_is_found_under_its_sha256(store: ObjectStore) -> None:
    key = await store.put(b"dokumen")
    assert key == hashlib.sha256(b"dokumen").hexdigest()
    assert await store.get(key) == b"dokumen"


async def test_what_is_no_key_leads_to_no_file(tmp_path: Path) -> None:
    store, secret = FolderStore(tmp_path / "o"), tmp_path / "rahasia"
    secret.write_bytes(b"rahasia")
    for name in ("../rahasia", "A" * 64, "a" * 63, "a" * 64 + "\n", ""):
        for attempt in (store.get(name), store.delete(name)):
            with pytest.raises(ObjectMissing):
                await attempt
    assert secret.exists()


async def test_the_folder_of_a_new_object_is_on_the_disk_after_its_name_is_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, sync, synced = FolderStore(tmp_path / "o"), os.fsync, []
    key = hashlib.sha256(b"dokumen").hexdigest()
    folder = tmp_path / "o" / key[:2]

    def watched(file: int) -> None:
        sync(file)
        if os.path.samestat(os.fstat(file), folder.stat()):
            synced.append((folder / key[2:]).exists())

    monkeypatch.setattr(os, "fsync", watched)
    assert await store.put(b"dokumen") == key
    assert synced == [True]


async def test_an_unfinished_file_that_took_its_name_lately_stays_however_old_its_content_is(
    tmp_path: Path,
) -> None:
    store, file = FolderStore(tmp_path / "o"), tmp_path / "o" / "ab" / "cd.part"
    file.parent.mkdir()
    file.touch()
    os.utime(file, (0, 0))
    assert sum([await store.clean_up() for _ in range(256)]) == 0
    assert file.exists()


async def test_putting_the_same_bytes_again_is_the_same_object(store: ObjectStore) -> None:
    assert await store.put(b"a" * 100_000) == await store.put(b"a" * 100_000)


async def test_a_missing_object_is_named_missing(store: ObjectStore) -> None:
    with pytest.raises(ObjectMissing):
        await store.get("0" * 64)


async def test_a_deleted_object_is_gone_and_deleting_again_is_no_error(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    key = await store.put(b"x")
    await store.delete(key)
    await store.delete(key)
    with pytest.raises(ObjectMissing):
        await store.get(key)


async def test_a_key_that_is_no_digest_reaches_no_file(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("x")
    with pytest.raises(ObjectMissing):
        await FolderStore(tmp_path).get("../secret")


def test_the_setting_chooses_the_store(tmp_path: Path) -> None:
    assert isinstance(open_store("", tmp_path), FolderStore)
    assert isinstance(open_store(f"file://{tmp_path}/elsewhere", tmp_path), FolderStore)
    assert isinstance(open_store("memory:///", tmp_path), RemoteStore)


async def test_several_are_stored_found_and_forgotten_together(store: ObjectStore) -> None:
    contents = {hashlib.sha256(text).hexdigest(): text for text in (b"satu", b"dua", b"tiga" * 50_000)}
    first, second, third = contents
    await store.put_all(contents)
    await store.put_all({first: contents[first]})  # again is no error
    assert await store.get_all([third, "0" * 64, first]) == [contents[third], None, contents[first]]
    await store.delete(first)
    await store.delete(second)
    assert await store.get_all([first, second, third]) == [None, None, contents[third]]


async def test_a_store_that_can_not_write_leaves_nothing_half_stored(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    good, bad = hashlib.sha256(b"x").hexdigest(), "00" + "f" * 62
    (tmp_path / "00").write_text("no folder")
    with pytest.raises(OSError, match="00"):
        await store.put_all({good: b"x", bad: b"y"})
    assert await store.get_all([good]) == [None]


async def test_a_file_that_can_not_be_synced_is_taken_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = FolderStore(tmp_path)

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "no space")

    (tmp_path / hashlib.sha256(b"x").hexdigest()[:2]).mkdir()
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="no space") as failed:
        await store.put(b"x")
    assert _files(tmp_path) == {}
    assert failed.value.filename == str(tmp_path), "who reads of it asks which disk it is"


async def test_while_its_disk_is_away_a_store_takes_nothing_and_misses_nothing(tmp_path: Path) -> None:
    """What is put into the folder below is gone when the disk is mounted over it again."""
    root, disk = tmp_path / "objects", tmp_path / "disk"
    store = FolderStore(root, needs_mark=True)
    with pytest.raises(OSError, match="not mounted"):
        await store.put(b"x")
    store.mark()
    key = await store.put(b"x")
    root.rename(disk)
    root.mkdir()
    for attempt in (store.put(b"y"), store.get(key)):
        with pytest.raises(OSError, match="not mounted") as failed:
            await attempt
        assert is_outage(failed.value)
    assert _files(root) == {}
    root.rmdir()
    disk.rename(root)
    assert await store.get(key) == b"x"
    with pytest.raises(ObjectMissing):
        await store.get("0" * 64)


_KILLED_WRITER = """
import asyncio, os, pathlib, signal, sys
from meterai.kit.files.object_store import FolderStore
os.fsync = lambda _: os.kill(os.getpid(), signal.SIGKILL)
asyncio.run(FolderStore(pathlib.Path(sys.argv[1])).put(b"setengah"))
"""


async def test_what_a_killed_writer_left_is_deleted_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = FolderStore(tmp_path)
    kept = await store.put(b"utuh")
    (tmp_path / hashlib.sha256(b"setengah").hexdigest()[:2]).mkdir(exist_ok=True)
    writer = subprocess.run([sys.executable, "-c", _KILLED_WRITER, tmp_path], check=False)
    assert writer.returncode == -signal.SIGKILL
    assert sorted(_files(tmp_path).values()) == [b"setengah", b"utuh"]

    async def clean_up_everything() -> int:
        return sum([await store.clean_up() for _ in range(256)])

    assert await clean_up_everything() == 0  # it may be at work yet
    monkeypatch.setattr("meterai.kit.files.object_store.UNFINISHED_SECONDS_MAX", -1.0)
    assert await clean_up_everything() == 1
    assert list(_files(tmp_path).values()) == [b"utuh"]
    assert await store.get(kept) == b"utuh"


def _files(folder: Path) -> dict[int, bytes]:
    return {path.stat().st_ino: path.read_bytes() for path in folder.glob("??/*")}


async def test_a_store_tells_what_it_holds_since_before_a_moment(store: ObjectStore) -> None:
    before = time.time() - 1
    key = await store.put(b"there")
    assert await store.stored_before(before, int(key[:2], 16)) == []
    assert await store.stored_before(time.time() + 1, int(key[:2], 16)) == [key]
    assert await store.stored_before(time.time() + 1, (int(key[:2], 16) + 1) % 256) == []


async def test_who_stops_waiting_for_the_disk_leaves_no_file_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, sync, is_syncing, goes_on = FolderStore(tmp_path / "o"), os.fsync, Event(), Event()

    def slow(file: int) -> None:
        is_syncing.set()
        assert goes_on.wait(10)
        sync(file)

    key = await store.put(b"uploaded")  # makes its folder, and the pool's thread
    await store.delete(key)
    before = sorted(os.listdir("/proc/self/fd"))
    monkeypatch.setattr(os, "fsync", slow)
    putting = asyncio.create_task(store.put(b"uploaded"))
    while not is_syncing.is_set():
        await asyncio.sleep(0.01)
    putting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await putting
    goes_on.set()
    async with asyncio.timeout(10):
        while sorted(os.listdir("/proc/self/fd")) != before:
            await asyncio.sleep(0.01)


async def test_who_stops_waiting_before_the_thread_begins_leaves_nothing(tmp_path: Path) -> None:
    store = FolderStore(tmp_path / "objects")
    await store.put(b"earlier")
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(1))
    goes_on, is_busy = Event(), Event()
    busy = asyncio.create_task(asyncio.to_thread(lambda: is_busy.set() or goes_on.wait(10)))
    while not is_busy.is_set():
        await asyncio.sleep(0.01)
    before = sorted(os.listdir("/proc/self/fd"))
    putting = asyncio.create_task(store.put(b"uploaded"))
    await asyncio.sleep(0.05)
    putting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await putting
    goes_on.set()
    await busy
    assert sorted(os.listdir("/proc/self/fd")) == before
    assert not list(store.root.rglob("*.part"))
    assert await store.put(b"uploaded")


class _Bucket(BaseHTTPRequestHandler):
    """Answers like S3 with a status that the test sets, and keeps what is put while that is 200."""

    status = 200
    kept: ClassVar[dict[str, bytes]] = {}
    asked: ClassVar[list[str]] = []

    def do_PUT(self) -> None:
        self.asked.append(self.path)
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.status == 200 and self.headers["Authorization"].startswith("AWS4-HMAC-SHA256 Credential=ID/"):
            self.kept[self.path] = body
        self._answer(self.status, b"")

    def do_GET(self) -> None:
        found = self.kept.get(self.path)
        self._answer(self.status if found or self.status != 200 else 404, found or b"")

    def do_POST(self) -> None:
        self._answer(self.status, b"")

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("ETag", '"x"')
        self.send_header("Last-Modified", "Wed, 01 Jan 2025 00:00:00 GMT")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nobody reads it."""


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[RemoteStore]:
    monkeypatch.setattr(_Bucket, "status", 200)
    monkeypatch.setattr(_Bucket, "kept", {})
    monkeypatch.setattr(_Bucket, "asked", [])
    with ThreadingHTTPServer(("127.0.0.1", 0), _Bucket) as server:
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        for name, value in {
            "ACCESS_KEY_ID": "ID",
            "SECRET_ACCESS_KEY": "secret",
            "REGION": "ap-southeast-3",
            "ENDPOINT": f"http://127.0.0.1:{server.server_port}",
        }.items():
            monkeypatch.setenv(f"AWS_{name}", value)
        yield RemoteStore("s3://meterai/produksi")
        server.shutdown()
        thread.join()


async def test_s3_is_reached_by_what_the_environment_says(bucket: RemoteStore) -> None:
    key = await bucket.put(b"dokumen")
    assert list(_Bucket.kept) == [f"/meterai/produksi/{key[:2]}/{key[2:]}"]
    assert await bucket.get_all([key, "0" * 64]) == [b"dokumen", None]


@pytest.mark.parametrize("status", [400, 401, 403, 404], ids=["bad", "who", "not-yours", "no-bucket"])
async def test_trouble_with_s3_is_trouble_with_a_disk(bucket: RemoteStore, status: int) -> None:
    """Callers that wait for a missing store wait for OSError."""
    _Bucket.status = status
    key = "0" * 64
    for attempt in (
        bucket.put(b"dokumen"),
        bucket.put_all({key: b"dokumen"}),
        bucket.delete(key),
        bucket.stored_before(0, 0),
        *([bucket.get(key)] if status != 404 else []),
    ):
        with pytest.raises(OSError, match="the object store: ") as told:
            await attempt
        assert "\n" not in str(told.value)
        assert is_outage(told.value)
        assert outage_message(told.value).startswith("This did not work: the object store: ")


async def test_a_request_to_s3_is_tried_again_for_some_seconds_only(
    bucket: RemoteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever uploads is told before a proxy gives up."""
    monkeypatch.setattr("meterai.kit.files.object_store.TRIES_FOR", timedelta())
    _Bucket.status = 503
    with pytest.raises(OSError, match="the object store: "):
        await RemoteStore("s3://meterai/produksi").put(b"dokumen")
    assert len(_Bucket.asked) == 1


def test_a_store_that_nobody_knows_is_trouble_too() -> None:
    with pytest.raises(OSError, match="the object store: "):
        RemoteStore("foo://x")


_SHORT_COMMAND = """
import asyncio, pathlib, time
from meterai.kit.files.object_store import open_store

class Slow(asyncio.SelectorEventLoop):
    def call_soon_threadsafe(self, *words, **named):
        super().call_soon_threadsafe(*words, **named)
        time.sleep(0.3)

asyncio.run(open_store("memory:///", pathlib.Path("/none")).put(b"dokumen"), loop_factory=Slow)
"""


def test_a_short_command_ends_well_though_a_thread_of_the_store_is_slow() -> None:
    """Otherwise SIGABRT ends it when it has done its work, as a backup to S3."""
    done = subprocess.run([sys.executable, "-c", _SHORT_COMMAND], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
