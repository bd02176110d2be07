"""Gives the checked documents of a bundle to stamping. Their stamps are reserved part by part."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from datetime import datetime
from uuid import UUID

import msgspec

from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.database import Connection, Database, Row
from meterai.ledger.open_day import on_open_day
from meterai.ledger.queries import balance
from meterai.pdf.requests import Inspection
from meterai.stamping.bundles.model import STAMPED_ALREADY, Rule, end_pages
from meterai.stamping.placement import Placement
from meterai.stamping.store import bundles
from meterai.stamping.use_cases.reserve_parts import AfterPart, Lots, reserve_part

_PLACED_AT_ONCE = 500

type Before = Callable[[Connection, int], Awaitable[None]]


@on_open_day
async def start_bundle(
    db: Database,
    *,
    bundle_id: UUID,
    customer_id: UUID,
    rule: Rule,
    lots: Lots,
    expected: int | None = None,
    again: bool = False,
    only: Collection[UUID] | None = None,
    settled: bool = False,
    short: bool = False,
    before: Before | None = None,
    after: AfterPart | None = None,
    now: datetime,
) -> int:
    """Chooses each checked document that has no stamp yet, and reserves the stamps of the first part.

    Workers reserve the parts behind it (`reserve_parts`). Nothing happens unless the quota is enough for all
    that the customer has started. Documents that were given to stamping before are left alone, so that
    asking twice stamps nothing twice. Returns how many were given.

    - `rule`: where the stamps go, except on files whose place a person chose.
    - `lots`: the customer's quota lots and what is free in each, the oldest first.
    - `expected`: the number of documents that the person agreed to; None when nobody was asked.
    - `again`: whether documents that carry a stamp already are included.
    - `only`: these files and no others.
    - `settled`: whether a stamp that covers something is refused, unless a person agreed to it.
    - `short`: whether to start with too little quota; the rest waits until there is more.
    - `before`: counts the documents against limits, within the transaction.
    - `after`: notes within the transaction what needs the jobs of the first part.

    Raises: Refusal NOT_FOUND `bundle.unknown`, `quota.unknown`; CONFLICT `bundle.cancelled`, `bundle.changed`
    (another number of documents than expected), `bundle.covers`, `quota.missing` with `missing`, `needed`,
    `available`, and `ledger.insufficient` when somebody used the quota at the same moment; what `before`
    and `after` raise.
    """
    async with db.transaction() as tx:
        bundle = await bundles.lock_bundle(tx, bundle_id, customer_id)
        if bundle is None:
            raise Refusal(Kind.NOT_FOUND, "bundle.unknown")
        if bundle["cancelled_at"] is not None:
            raise Refusal(Kind.CONFLICT, "bundle.cancelled")
        without = "" if again else STAMPED_ALREADY
        chosen = await bundles.choose_files(tx, bundle_id, without=without, only=only)
        if not chosen:
            return 0
        if expected is not None and expected != chosen:
            raise Refusal(Kind.CONFLICT, "bundle.changed", documents=chosen)
        if before is not None:
            await before(tx, chosen)
        if bundle["door"] != "api":  # its files were placed when they came
            await _place(tx, bundle_id, rule, settled=settled)
        await bundles.set_started(tx, bundle_id, rule, now)
        await _reserve_first(tx, bundle_id, customer_id, lots, chosen, now, short=short, after=after)
    return chosen


async def _place(tx: Connection, bundle_id: UUID, rule: Rule, *, settled: bool) -> None:
    """Writes the places of the chosen files' stamps by the rule. Few files are in memory at a time.

    Raises: Refusal CONFLICT `bundle.covers`.
    """
    covering, after = 0, None
    while rows := await bundles.waiting_files(tx, bundle_id, after=after, limit=_PLACED_AT_ONCE):
        places = [(row["document_id"], _place_of(row, rule)) for row in rows]
        covering += sum(not place.is_settled for _, place in places)
        await bundles.set_places(tx, places, profile=rule.profile)
        after = rows[-1]["id"]
    if settled and covering:
        raise Refusal(Kind.CONFLICT, "bundle.covers", documents=covering)


def _place_of(row: Row, rule: Rule) -> Placement:
    """The place that a person chose for this file, else the one by the rule."""
    ends = end_pages(msgspec.convert(row["inspection"], Inspection))
    stored = msgspec.convert(row["placements"], list[Placement])[0]
    looked = msgspec.convert(row["looked"], Placement | None)
    return rule.spot(ends, stored, by_hand=row["by_hand"], looked=looked)


async def _reserve_first(
    tx: Connection,
    bundle_id: UUID,
    customer_id: UUID,
    lots: Lots,
    needed: int,
    now: datetime,
    *,
    short: bool,
    after: AfterPart | None,
) -> None:
    """Reserves the first part. The quota must be enough for the rest, and for the customer's other bundles.

    It is counted once the first part holds the lots: two bundles that start together can't both count it.
    """
    available = sum(free for _, free in lots)
    if available < needed and not short:
        raise _missing(needed, available)
    if available > 0:
        await reserve_part(tx, bundle_id, customer_id, lots=lots, after=after, now=now)
    if short:
        return
    left = [await balance(tx, lot) for lot, _ in lots]
    missing = await bundles.count_waiting(tx, customer_id) - sum(lot.available for lot in left if lot)
    if missing > 0:
        raise _missing(needed, needed - missing)


def _missing(needed: int, available: int) -> Refusal:
    return Refusal(
        Kind.CONFLICT,
        "quota.missing",
        missing=needed - available,
        needed=needed,
        available=max(available, 0),
    )
