"""The connection of a process to NATS: messages that are stored (JetStream), and their readers.

NATS away is like a disk that takes no writes: methods raise OSError. The connection comes back by itself.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Final, Literal

import nats
import nats.errors
import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js import JetStreamContext, api
from nats.js.errors import APIError, BucketNotFoundError, NotFoundError
from nats.js.errors import Error as StreamError
from nats.js.object_store import ObjectStore

from meterai.kit.formats.comma_list import listed
from meterai.kit.http.role_port import NotReady
from meterai.kit.settings import Settings
from meterai.waiting_room.carrying.line_names import DOCUMENTS, FILES, GATES, KEYS, SIGNS, SUBJECTS

log = structlog.get_logger(__name__)

User = Literal["controller", "gate", "mirror"]
"""As whom a process connects, in the words of `deploy/nats.conf`."""
STORED_WITHIN_S: Final = 2.0
GATES_KEPT_DAYS: Final = 30
"""What gates wrote is kept so long at most. A controller without files needs a copy of older ones."""
_QUIET_S: Final = 2.0
"""After so long without a message a reader asks whether it still has a consumer."""
_WRONG_LAST_SEQUENCE: Final = 10_071
"""Error code of JetStream: another message was stored since."""
_RETRY_S: Final = 0.5
_DEAD_S: Final = 10.0
"""A connection on which nothing was answered for so long is replaced."""
_LATE_S: Final = 5.0
"""A first connection that takes longer is said to the log."""


class Overtaken(Exception):
    """Another message was stored since the one that the publisher took for the last."""


@dataclass(frozen=True, slots=True)
class Message:
    """A stored message."""

    sequence: int
    subject: str
    headers: Mapping[str, str]
    body: bytes
    left: int = 0
    """How many more were there for this reader."""


class NatsConnection:
    """A connection that is opened once and then kept up."""

    def __init__(self, settings: Settings, user: User) -> None:
        self._settings, self._user = settings, user
        self._client = Client()
        self._js = JetStreamContext(self._client, timeout=STORED_WITHIN_S)
        self._answered_at = time.monotonic()
        self._renewing: asyncio.Task[None] | None = None
        self.times_connected = 0
        """How often a server was reached: it may be another one now, without our streams."""

    @property
    def is_up(self) -> bool:
        """Whether a server answers now."""
        return self._client.is_connected

    async def check(self) -> None:
        """Whether this process can do its work, for monitors. Raises: `NotReady`."""
        if not self.is_up:
            raise NotReady("NATS does not answer")

    async def open(self) -> None:
        """Connects; tries until it succeeds or is cancelled.

        Raises: OSError for a file that can't be read.
        """
        settings = self._settings
        tls = ssl.create_default_context(cafile=settings.nats_tls_ca) if settings.nats_tls_ca else None
        late = asyncio.get_running_loop().call_later(_LATE_S, self._tell_away)
        try:
            await self._connect(tls)
        finally:
            late.cancel()
        self.times_connected += 1

    async def _connect(self, tls: ssl.SSLContext | None) -> None:
        settings = self._settings
        await self._client.connect(
            listed(settings.nats_url),
            name=f"meterai {self._user}",
            user_credentials=settings.nats_credentials or None,
            tls=tls,
            inbox_prefix=f"_INBOX_{self._user}",
            connect_timeout=2,
            reconnect_time_wait=_RETRY_S,  # type: ignore[arg-type] # seconds
            max_reconnect_attempts=-1,
            ping_interval=5,
            error_cb=_note_nothing,
            disconnected_cb=self._note_away,
            reconnected_cb=self._note_back,
        )

    async def close(self) -> None:
        """Closes it."""
        if self._renewing is not None:
            self._renewing.cancel()
        await _close(self._client)

    # ---------------------------------------------------------------- writing

    async def make_streams(self) -> None:
        """Makes the streams that are missing, and changes those that are set otherwise. Raises: OSError.

        Controllers alone have the right to.
        """
        with self._asking():
            for wanted in _streams(self._settings):
                try:
                    await self._js.add_stream(wanted)
                except APIError as error:
                    if error.err_code != _STREAM_IS_THERE:
                        raise
                    await self._js.update_stream(wanted)
            try:
                await self._js.object_store(FILES)
            except (BucketNotFoundError, NotFoundError):
                bucket = api.ObjectStoreConfig(FILES, replicas=self._settings.nats_replicas)
                await self._js.create_object_store(FILES, bucket)

    async def store(
        self,
        subject: str,
        body: bytes,
        headers: Mapping[str, str] | None = None,
        *,
        after: int | None = None,
        within_s: float = STORED_WITHIN_S,
    ) -> int:
        """Stores a message. Returns its sequence.

        `after`: the sequence that must be the stream's last one.

        Raises: `Overtaken` when it is not; OSError when nobody knows that it was stored.
        """
        sent = dict(headers or {})
        if after is not None:
            sent["Nats-Expected-Last-Sequence"] = str(after)
        with self._asking():
            self._demand()
            try:
                return (await self._js.publish(subject, body, timeout=within_s, headers=sent)).seq
            except APIError as error:
                if error.err_code == _WRONG_LAST_SEQUENCE:
                    raise Overtaken(subject) from None
                raise

    async def store_file(self, name: str, content: bytes) -> None:
        """Stores a large content under its digest, unless it is there. Raises: OSError."""
        with self._asking():
            self._demand()
            bucket = await self._bucket()
            try:
                await bucket.get_info(name)
            except NotFoundError:
                await bucket.put(name, content)

    # ---------------------------------------------------------------- reading

    async def file(self, name: str) -> bytes:
        """A large content. Raises: OSError."""
        with self._asking():
            self._demand()
            return (await (await self._bucket()).get(name)).data or b""

    async def last_sequence(self, stream: str) -> int:
        """The sequence of a stream's last message; 0: there was none. Raises: OSError."""
        with self._asking():
            self._demand()
            return (await self._js.stream_info(stream)).state.last_seq

    async def last_message(self, stream: str, subject: str) -> Message | None:
        """The last message of a subject. Raises: OSError."""
        with self._asking():
            self._demand()
            try:
                found = await self._js.get_last_msg(stream, subject)
            except NotFoundError:
                return None
        return Message(found.seq or 0, subject, found.headers or {}, found.data or b"")

    async def message_at(self, stream: str, sequence: int) -> Message | None:
        """The message with this sequence. Raises: OSError."""
        with self._asking():
            self._demand()
            try:
                found = await self._js.get_msg(stream, sequence)
            except NotFoundError:
                return None
        return Message(sequence, found.subject or "", found.headers or {}, found.data or b"")

    async def follow(
        self, stream: str, subjects: Sequence[str], *, after: int
    ) -> AsyncGenerator[Message | None]:
        """The messages of a stream behind a sequence, in order, and those that come.

        None: there is none now. A message may come again, but none is left out. Raises: OSError, also after
        NATS was away: the stream may have another history since; `Rewound`.
        """
        position, times = after, self.times_connected
        while True:
            with self._asking():
                self._demand()
                if times != self.times_connected:
                    raise ConnectionError("NATS was away")
                if await self.last_sequence(stream) < position:
                    raise Rewound(stream)
                subscription = await self._js.subscribe(
                    "", stream=stream, config=_reader(subjects, position + 1)
                )
            try:
                async for message in self._read(subscription):
                    position = message.sequence if message else position
                    yield message
            finally:
                with suppress(nats.errors.Error, OSError):
                    await subscription.unsubscribe()

    async def _read(self, subscription: JetStreamContext.PushSubscription) -> AsyncGenerator[Message | None]:
        """What one consumer brings, until it leaves something out or is gone, or NATS was away."""
        times = self.times_connected
        with self._asking():
            known = await subscription.consumer_info()
            if not known.num_pending and not (known.delivered and known.delivered.consumer_seq):
                yield None  # nothing is there, and nothing is on its way
        number = 0
        while True:
            with self._asking():
                try:
                    raw = await subscription.next_msg(timeout=_QUIET_S)
                except nats.errors.TimeoutError:
                    self._demand()
                    if times != self.times_connected:
                        return
                    try:
                        known = await subscription.consumer_info()
                    except NotFoundError:
                        return
                    if known.delivered and known.delivered.consumer_seq > number:
                        return
                    yield None
                    continue
            number += 1
            if raw.metadata.sequence.consumer != number or times != self.times_connected:
                return
            yield _message(raw)

    async def _bucket(self) -> ObjectStore:
        return await self._js.object_store(FILES)

    @contextmanager
    def _asking(self) -> Iterator[None]:
        """Turns the client's errors into OSError, and replaces a client that never gets an answer."""
        try:
            yield
        except (nats.errors.Error, StreamError, TimeoutError, asyncio.InvalidStateError) as error:
            is_late = isinstance(error, TimeoutError) and time.monotonic() - self._answered_at > _DEAD_S
            if is_late and self._client.is_connected and (self._renewing is None or self._renewing.done()):
                self._renewing = asyncio.create_task(self._renew())
            raise ConnectionError(f"{type(error).__name__}: {error}") from error
        self._answered_at = time.monotonic()

    async def _renew(self) -> None:
        """Connects with another client: one whose server died while it connected may never notice."""
        former, self._client = self._client, Client()
        self._js = JetStreamContext(self._client, timeout=STORED_WITHIN_S)
        log.warning("line_nats_away", user=self._user, reason="nothing is answered")
        await _close(former)
        await self.open()
        log.info("line_nats_back", user=self._user)

    def _demand(self) -> None:
        """Raises: ConnectionError at once while there is no connection: nothing is kept to be sent later."""
        if not self._client.is_connected:
            raise ConnectionError("NATS does not answer")

    async def _note_away(self) -> None:
        if not self._client.is_closed:
            self._tell_away()

    def _tell_away(self) -> None:
        log.warning("line_nats_away", user=self._user, reason=str(self._client.last_error or "it ended"))

    async def _note_back(self) -> None:
        self.times_connected += 1
        log.info("line_nats_back", user=self._user)


class Rewound(OSError):
    """A stream lost messages, or was made again: its reader begins at its start."""


_STREAM_IS_THERE: Final = 10_058
"""Error code of JetStream: the name is in use with other settings."""


def _streams(settings: Settings) -> list[api.StreamConfig]:
    kept_s = 86_400.0 * min(GATES_KEPT_DAYS, settings.keep_line_days)
    common: dict[str, Any] = {"num_replicas": settings.nats_replicas, "allow_direct": False}
    last_only = {"max_msgs_per_subject": 1, **common}
    return [
        api.StreamConfig(GATES, subjects=SUBJECTS[GATES], max_age=kept_s, **common),
        api.StreamConfig(SIGNS, subjects=SUBJECTS[SIGNS], storage=api.StorageType.MEMORY, **last_only),
        api.StreamConfig(DOCUMENTS, subjects=SUBJECTS[DOCUMENTS], **last_only),
        api.StreamConfig(KEYS, subjects=SUBJECTS[KEYS], **last_only),
    ]


def _reader(subjects: Sequence[str], first: int) -> api.ConsumerConfig:
    return api.ConsumerConfig(
        filter_subjects=list(subjects),
        deliver_policy=api.DeliverPolicy.BY_START_SEQUENCE,
        opt_start_seq=first,
        ack_policy=api.AckPolicy.NONE,
        inactive_threshold=30.0,
        mem_storage=True,
        num_replicas=1,
    )


def _message(raw: Msg) -> Message:
    seen = raw.metadata
    return Message(seen.sequence.stream, raw.subject, raw.headers or {}, raw.data, seen.num_pending or 0)


async def _close(client: Client) -> None:
    """Closes a client, whatever state it is in: one whose transport is gone raises anything."""
    with suppress(Exception):
        async with asyncio.timeout(STORED_WITHIN_S):
            await client.close()


async def _note_nothing(error: Exception) -> None:
    """Each try to connect fails with one: `line_nats_away` says it once."""
