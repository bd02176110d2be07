"""How much room uploads without a proven contact may take, and the reserve of the disk."""

from __future__ import annotations

from pathlib import Path

import pytest

from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.files.free_space import DiskReserve
from meterai.kit.settings import Settings
from meterai.stamping.store.unproven import COUNTED_BYTES_MIN
from meterai.stamping.upload_room import UploadRoom
from tests.storage_fixtures import TestDatabase

pytestmark = pytest.mark.storage
MB = 1 << 20


def room(database: TestDatabase, reserve: DiskReserve | None = None) -> UploadRoom:
    """Two MB for a network, three in all."""
    reserve = reserve or DiskReserve({}, 0)
    return UploadRoom(database.app, reserve, network_bytes_max=2 * MB, all_bytes_max=3 * MB)


async def test_a_network_fills_its_part_and_all_together_fill_the_whole(database: TestDatabase) -> None:
    there = room(database)
    for _ in range(2):
        async with there.take(b"one", MB):
            pass
    with pytest.raises(Refusal, match=r"upload\.network_full"):
        async with there.take(b"one", 1):
            pass
    async with there.take(b"two", MB):
        pass
    with pytest.raises(Refusal, match=r"upload\.all_full"):
        async with there.take(b"three", 1):
            pass


async def test_what_is_refused_takes_no_room(database: TestDatabase) -> None:
    there = room(database)
    for _ in range(10):
        with pytest.raises(Refusal, match=r"pdf\.broken"):
            async with there.take(b"one", MB):
                raise Refusal(Kind.INVALID, "pdf.broken")
    async with there.take(b"one", 2 * MB):
        pass


async def test_small_files_count_for_what_their_rows_take(database: TestDatabase) -> None:
    there = room(database)
    for _ in range(2 * MB // COUNTED_BYTES_MIN):
        async with there.take(b"one", 700):
            pass
    with pytest.raises(Refusal, match=r"upload\.network_full"):
        async with there.take(b"one", 700):
            pass


async def test_below_the_reserve_nothing_is_taken(database: TestDatabase, tmp_path: Path) -> None:
    tight = DiskReserve({"queue": tmp_path, "objects": tmp_path / "missing"}, 1 << 60)
    assert tight.free_bytes().keys() == {"queue"}
    assert tight.nearly_full().keys() == {tmp_path}
    with pytest.raises(Refusal) as caught:
        async with room(database, tight).take(b"one", 1):
            pass
    assert (caught.value.kind, caught.value.code) == (Kind.UNAVAILABLE, "upload.disk_full")


def test_uploads_to_s3_take_no_room_of_our_disks(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path, objects_url="s3://files", disk_reserve_bytes=1 << 60)
    remote = DiskReserve.of(settings)
    remote.refuse_uploads(1 << 40)
    assert tmp_path in remote.nearly_full(), "the queues and this machine's files are there all the same"
