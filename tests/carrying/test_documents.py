"""What a leading controller publishes reaches every host, whether they share a folder or NATS carries it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from meterai.waiting_room.carrying import carried_documents, document_stream
from meterai.waiting_room.carrying.carried_documents import LARGE, Document, sha256_of
from meterai.waiting_room.carrying.line_names import DOCUMENTS, EPOCH
from meterai.waiting_room.carrying.nats_connection import NatsConnection
from meterai.waiting_room.carrying.port import DocumentCarrier
from meterai.waiting_room.carrying.seal import Seal
from meterai.waiting_room.files.public_log import ENTRIES, HEADS, EntryKind, PublicLog
from meterai.waiting_room.files.queue_folder import QueueFolder
from meterai.waiting_room.files.window_files import FencedFolder, Superseded
from tests.carrying.hosts import EVENT, SHARED, Hosts, until


class _Leader:
    """A controller that leads: its stage, and the log."""

    def __init__(self, carrier: DocumentCarrier, folder: QueueFolder, epoch: int) -> None:
        self.carrier, self.folder = carrier, folder
        self.stage = FencedFolder(folder, epoch, carrier)
        self.log: PublicLog = self.stage.open_log(folder.keys().controller)

    async def publish(self, name: str, content: bytes) -> None:
        await asyncio.to_thread(self.stage.publish, self.folder.public / name, content)

    async def enter(self, *facts: int) -> None:
        """Adds entries to the log, each with a head."""
        await asyncio.to_thread(self._enter, facts)

    def _enter(self, facts: tuple[int, ...]) -> None:
        for fact in facts:
            self.log.append(EntryKind.OPERATOR, {"action": str(fact)}, fact)
            self.log.sync(fact)


async def _leader(hosts: Hosts, host: str, epoch: int) -> _Leader:
    return _Leader(*await hosts.leader(host, epoch), epoch)


def _public(folder: QueueFolder) -> dict[str, bytes]:
    files = (file for file in folder.public.rglob("[!.]*") if file.is_file())
    return {file.relative_to(folder.public).as_posix(): file.read_bytes() for file in files}


async def _until_same(one: QueueFolder, other: QueueFolder) -> None:
    await until(lambda: _public(one) == _public(other))


async def test_a_front_has_what_the_leader_published(line_hosts: Hosts) -> None:
    """The list of a window is large. It is there before the document that names it; keys come, too."""
    front = await line_hosts.front()
    leader = await _leader(line_hosts, "satu", 1)
    ids = bytes(LARGE + 18)
    await leader.publish("w/1.ids", ids)
    await leader.publish("w/1.close.json", b"close")
    await until(front.window_close(1).exists)
    assert front.window_ids(1).read_bytes() == ids
    await leader.publish("w/1.reveal.json", b"reveal")
    await leader.publish("status.json", b"one")
    await leader.publish("status.json", b"two")
    await leader.enter(1, 2, 3)
    await _until_same(leader.folder, front)
    assert front.status.read_bytes() == b"two"
    await until((front.secret / "keys.json").exists)
    assert front.event_key() == leader.folder.event_key()
    if front.path != leader.folder.path:
        assert not (front.secret / "controller.json").exists(), "a front foresees no draw"
    # a host that comes later
    await _until_same(leader.folder, await line_hosts.front("later"))


async def test_what_a_leader_that_was_replaced_publishes_is_refused(
    line_hosts: Hosts, capfd: pytest.CaptureFixture[str]
) -> None:
    first = await _leader(line_hosts, "satu", 4)
    await first.publish("status.json", b"of the first")
    await first.enter(1, 2)
    second = await _leader(line_hosts, "dua", 5)
    assert second.log.size == 2, "it goes on with the log"
    with pytest.raises(Superseded):
        await first.publish("status.json", b"too late")
    await second.enter(3)
    await second.publish("status.json", b"of the second")
    front = await line_hosts.front()
    await _until_same(second.folder, front)
    assert front.status.read_bytes() == b"of the second"
    assert len((front.log / ENTRIES).read_bytes().splitlines()) == 3
    await first.carrier.leave()
    await until(lambda: first.folder.status.read_bytes() == b"of the second")
    assert (first.folder.log / HEADS).read_bytes() == (second.folder.log / HEADS).read_bytes()
    assert "line_message_refused" not in capfd.readouterr().out, "what earlier leaders published still counts"


async def test_the_controllers_keys_come_to_the_next_controller(line_hosts: Hosts) -> None:
    first = await _leader(line_hosts, "satu", 1)
    second, folder = await line_hosts.leader("dua", 2)
    assert folder.keys().chain == first.folder.keys().chain
    await second.leave()


async def test_an_old_leader_can_not_take_over_again(nats_hosts: Hosts) -> None:
    await nats_hosts.leader("satu", 7)
    late, _ = await nats_hosts.controller("dua")
    with pytest.raises(Superseded):
        await late.lead(6)


async def test_a_leader_goes_on_after_nats_was_away(nats_hosts: Hosts) -> None:
    """NATS away is a disk that takes no writes: the same is tried again afterwards, and nothing is lost."""
    leader = await _leader(nats_hosts, "satu", 1)
    front = await nats_hosts.front()
    await leader.enter(1)
    await _until_same(leader.folder, front)
    assert nats_hosts.server is not None
    nats_hosts.server.end()
    with pytest.raises(OSError):
        await leader.publish("status.json", b"while it is away")
    with pytest.raises(OSError):
        await leader.enter(2)
    assert not leader.folder.status.exists(), "first elsewhere, then here"
    leader.log.close()
    nats_hosts.server.start()
    await until(lambda: leader.carrier.may_lead)

    async def again() -> bool:
        try:
            await leader.carrier.open(EVENT)
        except OSError:
            return False
        return True

    async with asyncio.timeout(20):
        while not await again():
            await asyncio.sleep(0.1)
    leader = _Leader(leader.carrier, leader.folder, 1)
    assert leader.log.size == 2
    await leader.enter(3)
    await leader.publish("status.json", b"afterwards")
    await _until_same(leader.folder, front)


async def test_a_message_without_an_acknowledgement_is_not_doubled(
    nats_hosts: Hosts, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is in the stream, and nobody knows: the leader learns that before it goes on."""
    leader = await _leader(nats_hosts, "satu", 1)
    await leader.enter(1)
    store = NatsConnection.store

    async def unheard(*given: Any, **named: Any) -> int:
        await store(*given, **named)
        raise TimeoutError("the answer was lost")

    with monkeypatch.context() as patch:
        patch.setattr(NatsConnection, "store", unheard)
        with pytest.raises(TimeoutError):
            await leader.enter(2)
    await leader.carrier.open(EVENT)
    leader = _Leader(leader.carrier, leader.folder, 1)
    assert leader.log.size == 2
    await leader.enter(3)
    await _until_same(leader.folder, await nats_hosts.front())


async def test_a_host_without_files_catches_up_with_segments_and_pieces(
    nats_hosts: Hosts, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The stream keeps few pieces of a log: what is older is in segments. A leader's next goes on there."""
    monkeypatch.setattr(carried_documents, "RING", 16)
    monkeypatch.setattr(document_stream, "SEGMENT_PIECES", 6)
    front = await nats_hosts.front()
    leader = await _leader(nats_hosts, "satu", 1)
    await leader.enter(*range(50))
    leader.log.append(EntryKind.OPERATOR, {"action": "x" * (LARGE + 1)}, 50)  # larger than a message
    await leader.enter(51, 52)
    await _until_same(leader.folder, front)
    await _until_same(leader.folder, await nats_hosts.front("later"))
    second = await _leader(nats_hosts, "dua", 2)
    assert second.log.root() == leader.log.root()
    await second.enter(*range(53, 90))
    await _until_same(second.folder, front)
    await _until_same(second.folder, await nats_hosts.front("latest"))


async def test_a_queue_that_was_there_before_nats_is_carried_as_it_is(nats_hosts: Hosts) -> None:
    folder = nats_hosts.folder("satu")
    alone = _Leader(*await _shared(folder), 1)
    await alone.publish("w/1.ids", b"ids")
    await alone.publish("config.json", b"rules")
    await alone.enter(1, 2, 3)
    before = _public(folder)
    leader = await _leader(nats_hosts, "satu", 2)
    assert leader.log.root() == alone.log.root()
    front = await nats_hosts.front()
    await until(lambda: _public(front) == before)


async def _shared(folder: QueueFolder) -> tuple[DocumentCarrier, QueueFolder]:
    from meterai.waiting_room.carrying.shared_folder import SharedFolder

    folder.keys()
    return SharedFolder(), folder


async def test_messages_that_come_twice_or_out_of_order_change_nothing(nats_hosts: Hosts) -> None:
    leader = await _leader(nats_hosts, "satu", 1)
    await leader.publish("status.json", b"one")
    await leader.enter(1, 2)
    front = await nats_hosts.front()
    await _until_same(leader.folder, front)
    inode = front.status.stat().st_ino
    same = await nats_hosts.front()  # another mirror of the same folder reads everything again
    await leader.enter(3)
    await _until_same(leader.folder, same)
    assert front.status.stat().st_ino == inode, "it was not written again"


@pytest.mark.parametrize("forgery", ["content", "another secret", "elsewhere", "old epoch", "file", "epoch"])
async def test_a_message_that_no_controller_of_ours_wrote_is_refused(
    nats_hosts: Hosts, nats_line: NatsConnection, forgery: str, capfd: pytest.CaptureFixture[str]
) -> None:
    leader = await _leader(nats_hosts, "satu", 3)
    await leader.publish("status.json", b"genuine")
    front = await nats_hosts.front()
    await until(front.status.exists)
    path = {"elsewhere": "public/../secret/keys.json", "file": "secret/keys.json"}.get(
        forgery, "public/status.json"
    )
    epoch = 2 if forgery == "old epoch" else 3
    content = b"forged"
    document = Document(EVENT, path, epoch, sha256_of(content), len(content))
    seal = Seal("not ours" * 5) if forgery == "another secret" else SHARED
    headers = document.headers(seal)
    if forgery == "epoch":
        await nats_line.store(EPOCH, b"9", {"Mark": seal.mark(EPOCH, "8")})
    else:
        await nats_line.store(document.subject, b"FORGED" if forgery == "content" else content, headers)
    last = await nats_line.last_sequence(DOCUMENTS)
    with pytest.raises(OSError):
        await leader.publish("w/1.close.json", b"close")  # a message came in between
    await leader.publish("w/1.close.json", b"close")
    assert await nats_line.last_sequence(DOCUMENTS) == last + 1
    await until(front.window_close(1).exists)
    assert front.status.read_bytes() == b"genuine"
    await until((front.secret / "keys.json").exists)
    assert front.event_key() == leader.folder.event_key()
    assert capfd.readouterr().out.count("line_message_refused") >= 1


async def test_a_key_of_another_installation_is_not_taken(
    nats_hosts: Hosts, nats_line: NatsConnection
) -> None:
    from meterai.waiting_room.carrying.line_names import key_subject

    leader = await _leader(nats_hosts, "satu", 1)
    front = await nats_hosts.front()
    await until((front.secret / "keys.json").exists)
    other = Ed25519PrivateKey.generate().private_bytes_raw()
    for reader, seal in (("gates", Seal("not ours" * 5)), ("controllers", SHARED)):
        subject = key_subject(EVENT, reader)
        await nats_line.store(subject, seal.close(other, subject))
    await leader.publish("status.json", b"one")
    await until(front.status.exists)
    await asyncio.sleep(0.2)
    await until((front.secret / "keys.json").exists)
    assert front.event_key() == leader.folder.event_key()
    assert leader.folder.keys().chain != other


async def test_streams_that_were_lost_are_filled_again_from_the_leaders_folder(nats_hosts: Hosts) -> None:
    leader = await _leader(nats_hosts, "satu", 3)
    await leader.publish("w/1.close.json", b"close")
    await leader.enter(1, 2)
    front = await nats_hosts.front()
    await _until_same(leader.folder, front)
    assert nats_hosts.server is not None
    nats_hosts.server.lose_disk()
    nats_hosts.server.start()
    with pytest.raises(Superseded):
        await _again_until_it_is_known(leader)
    await leader.carrier.leave()
    await until(lambda: leader.carrier.may_lead)
    await leader.carrier.lead(2)  # the database's number may have been lost, too
    await leader.carrier.open(EVENT)
    leader = _Leader(leader.carrier, leader.folder, 3)
    assert leader.log.size == 2
    await leader.enter(3)
    await _until_same(leader.folder, front)
    later = await nats_hosts.front("later")
    await _until_same(leader.folder, later)
    await until((later.secret / "keys.json").exists)


async def _again_until_it_is_known(leader: _Leader) -> None:
    """Tries for as long as nobody answers."""
    async with asyncio.timeout(20):
        while True:
            try:
                await leader.publish("status.json", b"again")
            except OSError:
                await asyncio.sleep(0.1)
            else:
                return


async def test_a_leader_that_can_hand_nothing_on_lets_another_one_lead(
    nats_hosts: Hosts, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is connected to a server that does not reach the others: what it sends is not acknowledged."""
    leader = await _leader(nats_hosts, "satu", 1)

    async def cut_off(*given: Any, **named: Any) -> int:
        raise TimeoutError("no quorum")

    monkeypatch.setattr(document_stream, "_AWAY_S_MAX", 0.2)
    with monkeypatch.context() as patch:
        patch.setattr(NatsConnection, "store", cut_off)
        with pytest.raises(OSError):
            await leader.publish("status.json", b"one")
        assert leader.carrier.may_lead, "it may have been for a moment"
        await asyncio.sleep(0.3)
        assert not leader.carrier.may_lead
    await leader.publish("status.json", b"one")
    assert leader.carrier.may_lead


async def test_what_a_leaders_disk_did_not_take_comes_back_from_the_stream(nats_hosts: Hosts) -> None:
    leader = await _leader(nats_hosts, "satu", 1)
    await leader.enter(1, 2, 3)
    before = _public(leader.folder)
    leader.log.close()
    for name in (ENTRIES, HEADS):
        with (leader.folder.log / name).open("r+b") as file:
            file.truncate(file.seek(0, 2) - 20)
    await leader.carrier.open(EVENT)
    assert _public(leader.folder) == before
    leader = _Leader(leader.carrier, leader.folder, 1)
    await leader.enter(4)
    await _until_same(leader.folder, await nats_hosts.front())
