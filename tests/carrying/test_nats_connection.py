"""What the connection to NATS promises to those who use it."""

from __future__ import annotations

import asyncio

import pytest
from nats.js import JetStreamContext

from meterai.kit.settings import Settings
from meterai.waiting_room.carrying import nats_connection
from meterai.waiting_room.carrying.line_names import DOCUMENTS, document_subject
from meterai.waiting_room.carrying.nats_connection import NatsConnection, Overtaken, Rewound
from tests.nats_server import NatsServer

_ONE, _OTHER = document_subject("cpns", "one"), document_subject("cpns", "other")


async def _next(reader: object, count: int) -> list[tuple[int, bytes] | None]:
    found = []
    async with asyncio.timeout(20):
        while len(found) < count:
            message = await anext(reader)  # type: ignore[call-overload]
            found.append(message and (message.sequence, message.body))
    return found


async def test_messages_are_stored_in_order_and_read_again_after_the_server_was_away(
    nats_server: NatsServer, nats_line: NatsConnection
) -> None:
    await nats_line.make_streams()  # again: it changes nothing
    reader = nats_line.follow(DOCUMENTS, [f"{_ONE.rpartition('.')[0]}.*"], after=0)
    assert await _next(reader, 1) == [None]
    assert await nats_line.store(_ONE, b"satu", {"Path": "public/a"}, after=0) == 1
    with pytest.raises(Overtaken):
        await nats_line.store(_OTHER, b"dua", after=0)
    assert await nats_line.store(_OTHER, b"dua", after=1) == 2
    assert await nats_line.store(_ONE, b"tiga", after=2) == 3
    assert await _next(reader, 2) in ([(1, b"satu"), (2, b"dua")], [(2, b"dua"), (3, b"tiga")])
    last = await nats_line.last_message(DOCUMENTS, _ONE)
    assert last is not None
    assert (last.sequence, last.body) == (3, b"tiga")
    assert await nats_line.last_message(DOCUMENTS, f"{_ONE}-not") is None

    nats_server.end()
    with pytest.raises(OSError):
        await nats_line.store(_ONE, b"empat")
    nats_server.start()
    async with asyncio.timeout(20):
        while not nats_line.is_up:
            await asyncio.sleep(0.05)
    again = nats_line.follow(DOCUMENTS, [f"{_ONE.rpartition('.')[0]}.*"], after=0)
    assert await _next(again, 2) == [(2, b"dua"), (3, b"tiga")]
    assert await nats_line.last_sequence(DOCUMENTS) == 3
    with pytest.raises(Rewound):
        await _next(nats_line.follow(DOCUMENTS, [_ONE], after=9), 1)
    await again.aclose()
    await reader.aclose()


async def test_large_contents_are_kept_once_under_their_digest(nats_line: NatsConnection) -> None:
    content = bytes(range(256)) * 4_000
    await nats_line.store_file("a1b2", content)
    await nats_line.store_file("a1b2", b"not taken: the name says what it holds")
    assert await nats_line.file("a1b2") == content
    with pytest.raises(OSError):
        await nats_line.file("c3d4")


async def test_a_reader_does_not_end_before_what_is_on_its_way(
    nats_line: NatsConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is left at the server, and the messages are still on their way: that is not the end."""
    ask = JetStreamContext.PushSubscription.consumer_info

    async def ask_late(subscription: JetStreamContext.PushSubscription) -> object:
        await asyncio.sleep(0.1)
        return await ask(subscription)

    monkeypatch.setattr(JetStreamContext.PushSubscription, "consumer_info", ask_late)
    await nats_line.store(_ONE, b"satu")
    reader = nats_line.follow(DOCUMENTS, [_ONE], after=0)
    assert await _next(reader, 1) == [(1, b"satu")]
    await reader.aclose()


async def test_a_connection_is_closed_although_its_server_is_gone(nats_server: NatsServer) -> None:
    """The client has something to send, and writes it to the server that is not there: a TypeError."""
    connection = NatsConnection(Settings(nats_url=nats_server.url), "gate")
    await connection.open()
    nats_server.end()
    async with asyncio.timeout(20):
        while connection.is_up:
            await asyncio.sleep(0.01)
    await connection._client.subscribe("waits.to.be.sent")
    await connection.close()
    assert not connection.is_up


async def test_a_client_that_hangs_is_replaced(
    nats_line: NatsConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that ends while a client connects may leave it without the task that sends."""
    await nats_line.store(_ONE, b"satu")
    monkeypatch.setattr(nats_connection, "_DEAD_S", 0.1)
    flusher = nats_line._client._flusher_task
    assert flusher is not None
    flusher.cancel()
    with pytest.raises(OSError):
        await nats_line.store(_ONE, b"lost", within_s=0.3)
    async with asyncio.timeout(20):
        while nats_line.times_connected < 2:
            await asyncio.sleep(0.05)
    sequence = await nats_line.store(_ONE, b"dua")
    last = await nats_line.last_message(DOCUMENTS, _ONE)
    assert last is not None
    assert (last.sequence, last.body) == (sequence, b"dua")


async def test_a_reader_whose_consumer_outlives_a_connection_begins_anew(nats_line: NatsConnection) -> None:
    """The server of the connection goes, that of the consumer stays: another one may lack what was read."""
    reader = nats_line.follow(DOCUMENTS, [_ONE], after=0)
    assert await _next(reader, 1) == [None]
    transport = nats_line._client._transport
    assert transport is not None
    transport.close()
    with pytest.raises(ConnectionError, match="NATS was away"):
        await _next(reader, 20)
