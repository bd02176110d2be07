"""How much room uploads without a proven contact may take, and the reserve of the disk."""

from __future__ import annotations

from pathlib import Path

import pytest

from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.files.free_space import DiskReserve
from meterai.stamping.store.unproven import COUNTED_BYTES_MIN
from meterai.stamping.upload_room import UploadRoom
from tests.storage_fixtures import TestDatabase

pytestmark = pytest.mark.storage
MB = 1 << 20


def room(database: TestDatabase, reserve: DiskReserve | None = None) -> UploadRoom:
    """Two MB for a network, three in all."""
    reserve = reserve or DiskReserve([], 0)
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
    tight = DiskReserve([tmp_path, tmp_path / "missing"], 1 << 60)
    assert tight.free_bytes()
    with pytest.raises(Refusal) as caught:
        async with room(database, tight).take(b"one", 1):
            pass
    assert (caught.value.kind, caught.value.code) == (Kind.UNAVAILABLE, "upload.disk_full")


def test_a_store_on_s3_has_no_free_space_to_run_out_of() -> None:
    remote = DiskReserve([], 1 << 60)
    assert remote.free_bytes() is None
    remote.refuse_uploads(1 << 40)
