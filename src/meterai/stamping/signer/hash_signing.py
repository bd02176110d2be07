"""Signs hashes that come from outside, for adapters of partners, with a key that seals nothing.

It signs attributes that the register holds for a request, after counting the attempt there (I8).
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from contextlib import ExitStack
from uuid import UUID

import structlog

from meterai.kernel.clock import Clock
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.database import Database
from meterai.kit.fail_points import FailPoint, never
from meterai.signatures.hash_attributes import check_attributes
from meterai.stamping.signer import register
from meterai.stamping.signer.counting import Counting
from meterai.stamping.signer.private_keys.key_counter import CountedKey
from meterai.stamping.signer.private_keys.key_ring import KeyRing
from meterai.stamping.signer.switch_watch import SwitchWatch
from meterai.stamping.signer_wire import HashKey, HashSignatures, Refused

log = structlog.get_logger(__name__)


class HashSigner:
    """Signs the requested hashes of the register."""

    def __init__(
        self,
        db: Database,
        keys: KeyRing,
        watch: SwitchWatch,
        *,
        clock: Clock,
        fail_point: FailPoint = never,
    ) -> None:
        self._keys = keys
        self._watch = watch
        self._clock = clock
        self._fail_point = fail_point
        self._counting = Counting(db, keys, watch, purpose="hash", clock=clock)

    async def key(self) -> HashKey:
        """Returns the key that signs hashes now. Raises: Refusal UNAVAILABLE `key.*` when none can."""
        await self._watch.look()
        key = self._keys.active(self._clock(), "hash")
        return HashKey(key.key_id, list(key.certificates))

    async def sign(self, requests: Sequence[UUID]) -> HashSignatures:
        """Signs the attributes of these requests. Returns a signature or a refusal for each.

        Refusals: CONFLICT `stamping.no_hash_request`, INVALID `hash.attributes`, UNAVAILABLE `key.*`.

        Raises: Refusal UNAVAILABLE `sealing.stopped`, `key.*` (the key was not used).
        """
        await self._watch.refuse_if_stopped()
        wanted = list(dict.fromkeys(requests))
        outcomes: dict[UUID, bytes | Refusal] = {}
        with ExitStack() as until_synced:
            async with self._counting.turn:
                key, counted = await self._counting.count(
                    until_synced,
                    lambda connection, key_id: register.count_hashes(
                        connection, wanted, key_id, self._clock()
                    ),
                )
                self._fail_point("signer_after_count")
                for hash_ in counted:
                    outcomes[hash_.request_id] = await self._sign(hash_, key)
            await asyncio.to_thread(key.counter.sync)
        self._fail_point("signer_after_sign")
        return _answer(wanted, outcomes, key.key_id)

    async def _sign(self, hash_: register.RequestedHash, key: CountedKey) -> bytes | Refusal:
        try:
            check_attributes(hash_.attributes, certificate=key.certificates[0], plain=hash_.plain)
        except ValueError as error:
            key.pass_over()
            log.warning("signer.hash_refused", request=str(hash_.request_id), reason=str(error))
            return Refusal(Kind.INVALID, "hash.attributes")
        try:
            return await key.sign(hashlib.sha256(hash_.attributes).digest())
        except Refusal as refusal:
            if refusal.code == "key.wrong_signature":
                self._watch.forget()
            log.warning("signer.hash_failed", code=refusal.code, **refusal.facts)
            return refusal


def _answer(wanted: Sequence[UUID], outcomes: dict[UUID, bytes | Refusal], key_id: str) -> HashSignatures:
    signed: dict[str, bytes] = {}
    refused: dict[str, Refused] = {}
    missing = Refusal(Kind.CONFLICT, "stamping.no_hash_request")
    for request in wanted:
        outcome = outcomes.get(request, missing)
        if isinstance(outcome, Refusal):
            refused[str(request)] = Refused(outcome.kind, outcome.code)
        else:
            signed[str(request)] = outcome
    return HashSignatures(signed, refused, key_id)
