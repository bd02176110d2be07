"""How much the uploads of people without a proven contact may take: of one network, and of all."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.database import Database
from meterai.kit.files.free_space import DiskReserve
from meterai.stamping.store import unproven

_LOOK_SECONDS = 5.0
"""How often a process reads what other processes have taken."""


class UploadRoom:
    """Refuses uploads beyond the quotas, and below the reserve of free space.

    One for each process. A file counts as at least `unproven.COUNTED_BYTES_MIN`: its row takes room too.
    """

    def __init__(
        self,
        db: Database,
        reserve: DiskReserve,
        *,
        network_bytes_max: int,
        all_bytes_max: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.reserve = reserve
        self._db = db
        self._network_bytes_max = network_bytes_max
        self._all_bytes_max = all_bytes_max
        self._clock = clock
        self._looked_at = float("-inf")
        self._taken: dict[bytes, int] = {}

    @asynccontextmanager
    async def take(self, network: bytes, size: int) -> AsyncIterator[None]:
        """Context that stores an upload of somebody without a proven contact. What fails takes no room.

        `network`: the keyed hash of the sender's address.

        Raises: Refusal BUSY `upload.network_full`, `upload.all_full`; UNAVAILABLE `upload.disk_full`.
        """
        self.reserve.refuse_uploads(size)
        if self._clock() - self._looked_at >= _LOOK_SECONDS:
            self._looked_at = self._clock()
            async with self._db.connection() as connection:
                self._taken = await unproven.bytes_by_network(connection)
        counted = max(size, unproven.COUNTED_BYTES_MIN)
        mine = self._taken.get(network, 0) + counted
        if mine > self._network_bytes_max:
            raise Refusal(Kind.BUSY, "upload.network_full")
        if sum(self._taken.values()) + counted > self._all_bytes_max:
            raise Refusal(Kind.BUSY, "upload.all_full")
        self._taken[network] = mine
        try:
            yield
        except BaseException:
            self._taken[network] = max(0, self._taken.get(network, 0) - counted)
            raise
