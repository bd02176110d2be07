"""Adds many files to a bundle, several at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from datetime import datetime
from uuid import UUID

from meterai.jail.pool import JailPool
from meterai.kernel.clock import Clock
from meterai.kit.database import Database
from meterai.kit.files.object_store import ObjectStore
from meterai.stamping.bundles.given_files import GivenFile
from meterai.stamping.bundles.model import COMMAND_ROOM, BundleRoom
from meterai.stamping.ports import Vouch
from meterai.stamping.use_cases.add_to_bundle import add_to_bundle, refuse_in_bundle


async def fill_bundle(
    db: Database,
    jail: JailPool,
    objects: ObjectStore,
    vouch: Vouch,
    *,
    bundle_id: UUID,
    customer_id: UUID,
    given: Iterator[GivenFile],
    at_once: int,
    clock: Clock,
    until: datetime | None = None,
    room: BundleRoom = COMMAND_ROOM,
    on_file: Callable[[UUID], None] = lambda _id: None,
) -> bool:
    """Checks and adds files until there are no more, or until `until`. Returns whether all were added.

    `given` is read in a thread, one file at a time, so that no more than `at_once` files are in memory.
    Files added before an error stay.

    Raises: Refusal as `add_to_bundle`; what reading `given` raises.
    """
    turn = asyncio.Lock()
    complete = True

    async def take() -> GivenFile | None:
        nonlocal complete
        async with turn:  # only one thread at a time may ask an iterator
            if until is not None and clock() >= until:
                complete = complete and await asyncio.to_thread(next, given, None) is None
                return None
            return await asyncio.to_thread(next, given, None)

    async def add_some() -> None:
        while (file := await take()) is not None:
            on_file(await _add(db, jail, objects, vouch, bundle_id, customer_id, file, clock(), room))

    tasks = [asyncio.create_task(add_some()) for _ in range(at_once)]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return complete


async def _add(
    db: Database,
    jail: JailPool,
    objects: ObjectStore,
    vouch: Vouch,
    bundle_id: UUID,
    customer_id: UUID,
    file: GivenFile,
    now: datetime,
    room: BundleRoom,
) -> UUID:
    if file.data is None:
        assert file.refusal is not None
        return await refuse_in_bundle(
            db,
            bundle_id=bundle_id,
            customer_id=customer_id,
            path=file.path,
            content_name=file.stands_for,
            size=file.size,
            refusal=file.refusal,
            room=room,
        )
    added = await add_to_bundle(
        db,
        jail,
        objects,
        vouch,
        bundle_id=bundle_id,
        customer_id=customer_id,
        path=file.path,
        data=file.data,
        now=now,
        room=room,
    )
    return added.id
