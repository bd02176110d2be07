"""Client of the signers: asks the first one that can answer."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Collection, Sequence
from datetime import date
from pathlib import Path
from uuid import UUID

import msgspec

from meterai.kernel.refusals import Kind, Refusal
from meterai.kernel.serial_number import SerialNumber
from meterai.kit.settings import Settings
from meterai.kit.tracing.spans import current_traceparent, span, take_over
from meterai.stamping import signer_wire
from meterai.stamping.signer_places import Connection, Place, SocketPlace, signer_places

_OF_ALL = ("sealing.stopped", "tsa.unavailable")
"""Why no signer signs: the others need not be asked."""
_ANSWER_SECONDS_MAX = 30.0
_AWAY_SECONDS = 5.0
"""How long a signer that did not answer is asked after the others."""


class SignerClient:
    """A `stamping.ports.Signer`. Keeps its connections, and finds a restarted signer by itself.

    Of several signers it asks the first one. If that can't answer or can't sign, it asks the next: each has a
    key of its own, and each attempt is counted, so asking twice is safe.
    """

    def __init__(self, *places: Path | Place) -> None:
        """`places`: a path is that of a unix socket."""
        found = [SocketPlace(place) if isinstance(place, Path) else place for place in places]
        self._signers = [_OneSigner(place) for place in found]
        self._identity: signer_wire.Identity | None = None

    @classmethod
    def of(cls, settings: Settings) -> SignerClient:
        """A client of the signers that the settings name. Raises: ValueError."""
        return cls(*signer_places(settings))

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
        """Returns the report on each registered key, by its signer. Raises: Refusal(UNAVAILABLE, ...)."""
        return [report for answer in await self._key_lists() for report in answer.keys]

    async def unregistered(self) -> list[signer_wire.UnregisteredKey]:
        """Returns the keys that they used and the register lacks. Raises: Refusal(UNAVAILABLE, ...)."""
        return [key for answer in await self._key_lists() for key in answer.unregistered]

    async def stopped(self) -> bool:
        """Whether each signer that answers has seen a thrown stop switch. Raises: as `keys`."""
        return all(answer.stopped for answer in await self._key_lists())

    async def _key_lists(self) -> list[signer_wire.Keys]:
        """Asks all signers. Raises: Refusal(UNAVAILABLE, "signer.unavailable") when none answers."""
        asked = (signer.ask(signer_wire.ListKeys()) for signer in self._signers)
        answers = await asyncio.gather(*asked, return_exceptions=True)
        lists = [answer for answer in answers if isinstance(answer, signer_wire.Keys)]
        if not lists:
            raise next(refusal for refusal in map(_refusal_of, answers) if refusal is not None)
        return lists

    async def close(self) -> None:
        """Closes the connections."""
        for signer in self._signers:
            signer.close()

    async def _ask[A: signer_wire.Answer](self, request: signer_wire.Request, expected: type[A]) -> A:
        refusal: Refusal | None = None
        for signer in sorted(self._signers, key=_OneSigner.is_away):
            try:
                answer = await signer.ask(request)
            except Refusal as unavailable:
                self._identity = None  # the process that answered before may be gone
                refusal = refusal or unavailable
                continue
            if isinstance(answer, expected):
                return answer
            assert isinstance(answer, signer_wire.Refused)
            refused = Refusal(answer.kind, answer.code)
            if answer.kind is not Kind.UNAVAILABLE or answer.code in _OF_ALL:
                raise refused
            refusal = refused
        assert refusal is not None, "there is a signer"
        raise refusal


class _OneSigner:
    """A signer, and the connections to it."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._idle: list[Connection] = []
        self._away_until = 0.0

    def is_away(self) -> bool:
        """Whether it did not answer lately."""
        return time.monotonic() < self._away_until

    async def ask(self, request: signer_wire.Request) -> signer_wire.Answer:
        """Sends one request. Raises: Refusal(UNAVAILABLE, "signer.unavailable")."""
        with span("ask signer", kind="client", asked=type(request).__name__):
            if traceparent := current_traceparent():
                request = msgspec.structs.replace(request, traceparent=traceparent)
            try:
                async with asyncio.timeout(_ANSWER_SECONDS_MAX):
                    answer = await self._exchange(request)
            except (OSError, EOFError, TimeoutError, ValueError) as error:
                self._away_until = time.monotonic() + _AWAY_SECONDS
                raise Refusal(Kind.UNAVAILABLE, "signer.unavailable", reason=type(error).__name__) from error
            take_over(answer.spans, "signer")
            return answer

    def close(self) -> None:
        """Closes the connections."""
        while self._idle:
            self._idle.pop()[1].close()

    async def _exchange(self, request: signer_wire.Request) -> signer_wire.Answer:
        """Asks once more when a kept connection is dead: each attempt is counted."""
        while self._idle:
            connection = self._idle.pop()
            try:
                return await self._exchange_on(connection, request)
            except (OSError, EOFError):
                continue
        return await self._exchange_on(await self._place.connect(), request)

    async def _exchange_on(self, connection: Connection, request: signer_wire.Request) -> signer_wire.Answer:
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
        self._away_until = 0.0
        return answer


def _refusal_of(answer: signer_wire.Answer | BaseException) -> Refusal | None:
    if isinstance(answer, signer_wire.Refused):
        return Refusal(answer.kind, answer.code)
    if isinstance(answer, BaseException) and not isinstance(answer, Refusal):
        raise answer
    return answer if isinstance(answer, Refusal) else None
