"""Replay: somebody who reads what a gate reads chooses who wins the lottery.

Before: `secret/keys.json` held the root of the seeds too, and each gate loaded it. Its reader computed the
seed for each contact that could join last, joined once with the right one, and a friend was number 1 of 62.
"""

from __future__ import annotations

import base64
import os
import re
import stat
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import msgspec
import pytest
import pytest_asyncio

from meterai.kit.files.atomic_write import write_whole
from meterai.waiting_room.files import published_documents
from meterai.waiting_room.files.gate_journal import read_join_records
from meterai.waiting_room.files.published_documents import Config
from meterai.waiting_room.files.queue_folder import QueueFolder
from meterai.waiting_room.files.window_seeds import WindowSeeds
from meterai.waiting_room.rules import merkle
from meterai.waiting_room.rules.draw import place_of, window_seed
from meterai.waiting_room.rules.seeds import SeedChain
from meterai.waiting_room.rules.tickets import ID_BYTES, contact_id
from tests.storage_fixtures import TestDatabase
from tests.waiting_room.moved_queue import MovedQueue, schedule_of

pytestmark = pytest.mark.storage
FRIEND = "email:teman@contoh.id"
OTHERS = [f"email:pelamar{number}@contoh.id" for number in range(60)]
LOTTERY = 0
"""The number of its window."""
TRIES = 2_000
RECORD = 18


@pytest.fixture(autouse=True)
def umask_of_units() -> Iterator[None]:
    before = os.umask(0o007)
    yield
    os.umask(before)


@pytest_asyncio.fixture
async def line(database: TestDatabase, tmp_path: Path) -> AsyncIterator[MovedQueue]:
    made = MovedQueue(database, QueueFolder(tmp_path / "queue" / "casn"))
    await made.open(schedule_of(lottery_s=60))
    for contact in (*OTHERS, FRIEND):
        made.join(contact)
    yield made
    await made.close()


class Reader:
    """Somebody with the rights of a gate's user. Each file counts whose mode lets the group read it."""

    def __init__(self, folder: QueueFolder) -> None:
        self.folder = folder
        self.loot = list(_readable_files(folder.path))
        self.config = published_documents.decode(folder.config.read_bytes(), Config)

    def chain(self) -> SeedChain | None:
        """The chain of seeds, if some text of 32 bytes in some file is its root."""
        for content in self.loot:
            for root in {*_in_base64(content), *_in_hexadecimal(content)}:
                chain = SeedChain(root, self.config.chain_length)
                if chain.commitment.hex() == self.config.commitment:
                    return chain
        return None

    def contact_after_which(self, winner: str) -> str | None:
        """A contact that makes `winner` the first in the lottery, if it joins last. None: nobody can tell."""
        chain = self.chain()
        if chain is None:
            return None
        key, link = self.folder.event_key(), chain.link(LOTTERY)
        joins = read_join_records(self.folder.gate(1) / f"w{LOTTERY}.joins")
        records = [joins[at : at + RECORD] for at in range(0, len(joins), RECORD)]
        sequence = int.from_bytes(records[-1][-4:], "big") + 1
        end = (1).to_bytes(2, "big") + sequence.to_bytes(4, "big")
        wanted = contact_id(key, winner)
        for number in range(TRIES):
            contact = f"email:biasa{number}@contoh.id"
            tried = [*records, contact_id(key, contact) + end]
            seed = window_seed(link, merkle.root_of(tried))
            if min(tried, key=lambda record: place_of(seed, record[:ID_BYTES]))[:ID_BYTES] == wanted:
                return contact
        return None


def _readable_files(folder: Path) -> Iterator[bytes]:
    for path in folder.iterdir():
        mode = path.lstat().st_mode
        if stat.S_ISDIR(mode) and mode & stat.S_IRGRP and mode & stat.S_IXGRP:
            yield from _readable_files(path)
        elif stat.S_ISREG(mode) and mode & stat.S_IRGRP:
            yield path.read_bytes()


def _in_base64(content: bytes) -> Iterator[bytes]:
    for text in re.findall(rb"[A-Za-z0-9_-]{43}", content):
        yield base64.urlsafe_b64decode(text + b"=")


def _in_hexadecimal(content: bytes) -> Iterator[bytes]:
    for text in re.findall(rb"[0-9a-f]{64}", content):
        yield bytes.fromhex(text.decode())


async def number_of(line: MovedQueue, contact: str) -> tuple[int, int]:
    """The contact's number in the drawn lottery, and of how many."""
    await line.until(lambda status: line.folder.window_reveal(LOTTERY).exists(), seconds=120)
    seeds = WindowSeeds(line.folder, line.keys.controller.public_key())
    ids = line.folder.window_ids(LOTTERY).read_bytes()
    places = sorted(
        (seeds.place_in(LOTTERY, ids[at : at + ID_BYTES]), ids[at : at + ID_BYTES])
        for at in range(0, len(ids), RECORD)
    )
    order = [id for _, id in places]
    return order.index(contact_id(line.keys.event, contact)) + 1, len(order)


def put_together(folder: QueueFolder) -> None:
    """As earlier releases kept the keys: all in the file that gates read."""
    shared, own = folder.secret / "keys.json", folder.secret / "controller.json"
    found = [msgspec.json.decode(path.read_bytes(), type=dict[str, str]) for path in (shared, own)]
    write_whole(shared, msgspec.json.encode(found[0] | found[1]), mode=0o640)
    own.unlink()


async def test_a_reader_of_what_gates_read_can_not_tell_who_wins(line: MovedQueue) -> None:
    reader = Reader(line.folder)
    assert any(b'"ticket"' in content for content in reader.loot), "it has the keys of tickets"
    assert reader.chain() is None
    assert reader.contact_after_which(FRIEND) is None


async def test_with_the_keys_of_earlier_releases_one_ordinary_join_made_a_friend_the_first(
    line: MovedQueue,
) -> None:
    put_together(line.folder)
    chosen = Reader(line.folder).contact_after_which(FRIEND)
    assert chosen is not None
    line.join(chosen)
    assert await number_of(line, FRIEND) == (1, len(OTHERS) + 2)


async def test_after_the_keys_were_moved_apart_nothing_is_left_to_read(line: MovedQueue) -> None:
    put_together(line.folder)
    assert Reader(line.folder).chain() is not None
    line.folder.keys()  # as the next controller does
    assert Reader(line.folder).chain() is None
