"""Reserves the stamps of started bundles, part by part, while the workers stamp the part before."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import structlog

from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.database import Connection, Database, Row
from meterai.ledger.open_day import on_open_day
from meterai.stamping.bundles.model import PART, share_out
from meterai.stamping.store import bundles
from meterai.stamping.use_cases.start_stamping import StampingRequest, start_within

log = structlog.get_logger(__name__)

NEXT_BELOW = PART // 2
"""The next part follows when fewer stamps of the bundle than this are still to be made."""
_BUNDLES = 20
_LOOK = timedelta(seconds=0.5)
_HALTED = timedelta(seconds=15)
"""How long a bundle rests when no stamps could be reserved."""

type Lots = Sequence[tuple[UUID, int]]
"""Quota lots and what is free in each, the oldest first."""
type FindLots = Callable[[UUID, UUID], Awaitable[Lots]]
"""Finds the lots of a customer; called with the organisation of the bundle and the customer.

Its refusals halt the bundle for a while."""


type AfterPart = Callable[[Connection, Mapping[UUID, UUID]], Awaitable[None]]
"""Does within the transaction what needs the jobs of a part; called with the job of each file."""


async def reserve_due_parts(
    db: Database, find_lots: FindLots, *, after: AfterPart | None = None, now: datetime
) -> int:
    """Reserves the next part of each bundle whose part before is nearly done. Returns how many stamps.

    A bundle without quota, or of an organisation that is suspended, rests and says why. It goes on by itself
    once nothing is in its way.
    """
    async with db.connection() as connection:
        due = await bundles.due_bundles(connection, now, limit=_BUNDLES)
    return sum([await _reserve_due(db, find_lots, bundle, after, now) for bundle in due])


async def _reserve_due(
    db: Database, find_lots: FindLots, bundle: Row, after: AfterPart | None, now: datetime
) -> int:
    try:
        lots = await find_lots(bundle["organisation_id"], bundle["customer_id"])
        return await _reserve_next(db, lots, bundle, after=after, now=now)
    except Refusal as refusal:
        if refusal.kind is Kind.NOT_FOUND:
            raise
        await _halt(db, bundle["id"], refusal, now)
        return 0


@on_open_day
async def _reserve_next(
    db: Database, lots: Lots, bundle: Row, *, after: AfterPart | None, now: datetime
) -> int:
    async with db.transaction() as tx:
        if await bundles.lock_due(tx, bundle["id"], now) is None:
            return 0
        if await bundles.count_at_work(tx, bundle["id"], limit=NEXT_BELOW) >= NEXT_BELOW:
            await bundles.set_next_part(tx, bundle["id"], now + _LOOK)
            return 0
        return await reserve_part(tx, bundle["id"], bundle["customer_id"], lots=lots, after=after, now=now)


async def reserve_part(
    tx: Connection,
    bundle_id: UUID,
    customer_id: UUID,
    *,
    lots: Lots,
    after: AfterPart | None = None,
    now: datetime,
) -> int:
    """Reserves stamps for the next files of a bundle that wait, and accepts their jobs. Returns how many.

    The bundle is locked by the caller. With less quota than files, the first files get it.

    Raises: Refusal CONFLICT `quota.missing` when there is none; as `start_within`.
    """
    waiting = await bundles.waiting_files(tx, bundle_id, after=None, limit=PART)
    gone = [file["id"] for file in waiting if file["document_id"] is None]
    ready = [file for file in waiting if file["document_id"] is not None]
    chosen = share_out(lots, len(ready))
    if ready and not chosen:
        raise Refusal(Kind.CONFLICT, "quota.missing", missing=len(ready), needed=len(ready), available=0)
    given = ready[: len(chosen)]
    requests = [_request(file, customer_id, lot) for file, lot in zip(given, chosen, strict=True)]
    if requests:
        started = await start_within(tx, requests, now=now)
        if after is not None:
            await after(tx, {file["id"]: one.job.id for file, one in zip(given, started, strict=True)})
    await bundles.end_wait(tx, [*gone, *(file["id"] for file in given)])
    is_last = len(waiting) < PART and len(given) == len(ready)
    await bundles.set_next_part(tx, bundle_id, None if is_last else now + _LOOK)
    return len(given)


def _request(file: Row, customer_id: UUID, lot: UUID) -> StampingRequest:
    return StampingRequest(
        document_id=file["document_id"],
        customer_id=customer_id,
        lot_account_id=lot,
        reference_id=file["id"],
        idempotency_key=f"bundle-{file['id']}",
    )


async def _halt(db: Database, bundle_id: UUID, refusal: Refusal, now: datetime) -> None:
    """Notes why the bundle does not go on, and when to try again."""
    async with db.transaction() as tx:
        locked = await bundles.lock_due(tx, bundle_id, now)
        if locked is None:
            return
        if locked["halt_code"] != refusal.code:
            log.info("bundle.halted", bundle_id=str(bundle_id), code=refusal.code)
        await bundles.set_next_part(tx, bundle_id, now + _HALTED, halt_code=refusal.code)
