"""Client of the signer process, over its unix socket."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from datetime import date
from pathlib import Path
from uuid import UUID

from meterai.kernel.refusals import Kind, Refusal
from meterai.kernel.serial_number import SerialNumber
from meterai.stamping import signer_wire

_ANSWER_SECONDS_MAX = 30.0
_Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class SignerClient:
    """A `stamping.ports.Signer`. Keeps its connections, and finds a restarted signer by itself."""

    def __init__(self, socket_path: Path) -> None:
        self._path = socket_path
        self._idle: list[_Connection] = []
        self._identity: signer_wire.Identity | None = None

    async def identity(self) -> signer_wire.Identity:
        if self._identity is None:
            self._identity = await self._ask(signer_wire.Ping(), signer_wire.Identity)
        return self._identity

    async def code_signatures(
        self, wanted: Sequence[tuple[SerialNumber, date]]
    ) -> signer_wire.CodeSignatures:
        request = signer_wire.SignCodes([(str(serial), day) for serial, day in wanted])
        return await self._ask(request, signer_wire.CodeSignatures)

    async def seal(
        self, serials: Sequence[SerialNumber], may_lack_time_stamp: Collection[SerialNumber] = ()
    ) -> dict[SerialNumber, bytes | Refusal]:
        request = signer_wire.SealSerials(
            [str(serial) for serial in serials], [str(s) for s in may_lack_time_stamp]
        )
        answer = await self._ask(request, signer_wire.Seals)
        if self._identity is not None and answer.key_id != self._identity.key_id:
            self._identity = None  # another key was activated since
        outcomes: dict[SerialNumber, bytes | Refusal] = {}
        for serial in serials:
            if serial in answer.sealed:
                outcomes[serial] = answer.sealed[serial]
            else:
                refused = answer.refused[serial]
                outcomes[serial] = Refusal(refused.kind, refused.code)
        return outcomes

    async def hash_key(self) -> signer_wire.HashKey:
        return await self._ask(signer_wire.ShowHashKey(), signer_wire.HashKey)

    async def sign_hash(self, request_id: UUID) -> tuple[bytes, str]:
        answer = await self._ask(signer_wire.SignHashes([request_id]), signer_wire.HashSignatures)
        refused = answer.refused.get(str(request_id))
        if refused is not None:
            raise Refusal(refused.kind, refused.code)
        return answer.signed[str(request_id)], answer.key_id

    async def ping(self) -> signer_wire.Identity:
        """Asks the signer whether it answers, without a cache.

        Raises: Refusal(UNAVAILABLE, "signer.unavailable").
        """
        return await self._ask(signer_wire.Ping(), signer_wire.Identity)

    async def time_stamps(self, imprints: Sequence[bytes], nonce: bytes = b"") -> list[bytes]:
        asked = signer_wire.StampSignatures(list(imprints), nonce)
        return (await self._ask(asked, signer_wire.Tokens)).tokens

    async def keys(self) -> list[signer_wire.KeyReport]:
        """Returns the signer's report on each registered key. Raises: Refusal(UNAVAILABLE, ...)."""
        return (await self._ask(signer_wire.ListKeys(), signer_wire.Keys)).keys

    async def unregistered(self) -> list[signer_wire.UnregisteredKey]:
        """Returns the keys that it used and the register does not know. Raises: Refusal(UNAVAILABLE, ...)."""
        return (await self._ask(signer_wire.ListKeys(), signer_wire.Keys)).unregistered

    async def stopped(self) -> bool:
        """Whether the signer has seen a thrown stop switch. Raises: Refusal(UNAVAILABLE, ...)."""
        return (await self._ask(signer_wire.ListKeys(), signer_wire.Keys)).stopped

    async def close(self) -> None:
        """Closes the connections."""
        while self._idle:
            self._idle.pop()[1].close()

    async def _ask[A: signer_wire.Answer](self, request: signer_wire.Request, expected: type[A]) -> A:
        try:
            async with asyncio.timeout(_ANSWER_SECONDS_MAX):
                answer = await self._exchange(request)
        except (OSError, EOFError, TimeoutError, ValueError) as error:
            # The process that answered before may be gone, and the new one may have another key.
            self._identity = None
            raise Refusal(Kind.UNAVAILABLE, "signer.unavailable", reason=type(error).__name__) from error
        if isinstance(answer, signer_wire.Refused):
            raise Refusal(answer.kind, answer.code)
        assert isinstance(answer, expected)
        return answer

    async def _exchange(self, request: signer_wire.Request) -> signer_wire.Answer:
        """Sends one request. A kept connection may be dead. Asking twice is safe: each attempt is counted."""
        while self._idle:
            connection = self._idle.pop()
            try:
                return await self._exchange_on(connection, request)
            except (OSError, EOFError):
                continue
        return await self._exchange_on(await self._connect(), request)

    async def _exchange_on(self, connection: _Connection, request: signer_wire.Request) -> signer_wire.Answer:
        reader, writer = connection
        try:
            writer.write(signer_wire.frame(request))
            await writer.drain()
            body = await signer_wire.read_frame(reader)
            answer = signer_wire.read_answer(body)
        except BaseException:  # also when cancelled: an unread answer must not be taken for the next one
            writer.close()
            raise
        self._idle.append(connection)
        return answer

    async def _connect(self) -> _Connection:
        with signer_wire.ReachableSocket(self._path) as address:
            return await asyncio.open_unix_connection(address)
