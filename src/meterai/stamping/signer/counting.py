"""Counts attempts to sign in the register before they reach a key (I8)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import ExitStack

from meterai.kernel.clock import Clock
from meterai.kit.database import Connection, Database
from meterai.stamping.keys.signing_keys import Purpose
from meterai.stamping.signer.private_keys.key_counter import CountedKey, reconcile
from meterai.stamping.signer.private_keys.key_ring import KeyRing
from meterai.stamping.signer.switch_watch import SwitchWatch


class Counting:
    """Counts the attempts of all keys of one purpose.

    One batch at a time is counted and signed, in the order of counting. So the attempts that never reached
    the key are always the newest ones, and a restart finds them.
    """

    def __init__(
        self, db: Database, keys: KeyRing, watch: SwitchWatch, *, purpose: Purpose, clock: Clock
    ) -> None:
        self._db = db
        self._keys = keys
        self._watch = watch
        self._purpose: Purpose = purpose
        self._clock = clock
        self.turn = asyncio.Lock()
        """Held from before a batch is counted until all its signatures are made."""
        self._unanswered: CountedKey | None = None
        """Key whose attempts were counted when the connection to the database broke before the answer."""

    async def count[R](
        self, until_synced: ExitStack, read: Callable[[Connection, str], Awaitable[R]]
    ) -> tuple[CountedKey, R]:
        """Counts by `read`, which gets the id of the key that signs now, within a turn.

        The key is held open until `until_synced` ends, which must be after its counter is on the disk.

        Raises: Refusal UNAVAILABLE `sealing.stopped`, `key.*`: they may have changed while this batch waited.
        """
        await self._watch.refuse_if_stopped()
        key = until_synced.enter_context(self._keys.in_use(self._clock(), self._purpose))
        async with self._db.connection() as connection:
            if self._unanswered is not None:
                await reconcile(connection, self._unanswered, self._clock())
            self._unanswered = key
            counted = await read(connection, key.key_id)
            self._unanswered = None
        return key, counted
