"""Gives all checked documents of a bundle to stamping: quota first, then all of them or none."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.database import Database, Row
from meterai.pdf.requests import Inspection
from meterai.stamping.bundles.model import FILES_MAX, STAMPED_ALREADY, Rule, end_pages, share_out
from meterai.stamping.placement import Placement
from meterai.stamping.store import bundles
from meterai.stamping.use_cases.start_stamping import StampingRequest, start_within


async def start_bundle(
    db: Database,
    *,
    bundle_id: UUID,
    customer_id: UUID,
    rule: Rule,
    lots: Sequence[tuple[UUID, int]],
    expected: int | None = None,
    again: bool = False,
    only: Collection[UUID] | None = None,
    settled: bool = False,
    now: datetime,
) -> int:
    """Reserves one stamp for each checked document that has none yet, and accepts their jobs.

    It is one transaction: nobody gets half a bundle because the quota ran out. Documents that were given to
    stamping before are left alone, so that asking twice stamps nothing twice. Returns how many were given.

    - `rule`: where the stamps go, except on files whose place a person chose.
    - `lots`: the customer's quota lots and what is free in each, the oldest first.
    - `expected`: the number of documents that the person agreed to; None when nobody was asked.
    - `again`: whether documents that carry a stamp already are included.
    - `only`: these files and no others.
    - `settled`: whether a stamp that covers something is refused, unless a person agreed to it.

    Raises: Refusal NOT_FOUND `bundle.unknown`, `quota.unknown`; CONFLICT `bundle.changed` (another number of
    documents than expected), `bundle.covers`, `quota.missing` with `missing`, `needed`, `available`, and
    `ledger.insufficient` when somebody used the quota at the same moment.
    """
    async with db.transaction() as tx:
        if await bundles.lock_bundle(tx, bundle_id, customer_id) is None:
            raise Refusal(Kind.NOT_FOUND, "bundle.unknown")
        without = "" if again else STAMPED_ALREADY
        rows = await bundles.ready_files(tx, bundle_id, without=without, only=only, limit=FILES_MAX)
        ready = [_Ready(row) for row in rows]
        if not ready:
            return 0
        if expected is not None and expected != len(ready):
            raise Refusal(Kind.CONFLICT, "bundle.changed", documents=len(ready))
        places = [(file.document_id, file.place(rule)) for file in ready]
        if settled and (covering := sum(not place.is_settled for _, place in places)):
            raise Refusal(Kind.CONFLICT, "bundle.covers", documents=covering)
        chosen = share_out(lots, len(ready))
        if chosen is None:
            raise _missing(len(ready), lots)
        await bundles.set_places(tx, places, profile=rule.profile)
        requests = [file.request(customer_id, lot) for file, lot in zip(ready, chosen, strict=True)]
        await start_within(tx, requests, now=now)
        await bundles.set_started(tx, bundle_id, now)
    return len(ready)


class _Ready:
    """A document that can be stamped."""

    def __init__(self, row: Row) -> None:
        self.file_id = row["id"]
        self.document_id = row["document_id"]
        self._by_hand = row["by_hand"]
        self._looked = msgspec.convert(row["looked"], Placement | None)
        self._inspection = msgspec.convert(row["inspection"], Inspection)
        self._stored = msgspec.convert(row["placements"], list[Placement])[0]

    def place(self, rule: Rule) -> Placement:
        """The place that a person chose for this file, else the one by the rule."""
        ends = end_pages(self._inspection)
        return rule.spot(ends, self._stored, by_hand=self._by_hand, looked=self._looked)

    def request(self, customer_id: UUID, lot: UUID) -> StampingRequest:
        return StampingRequest(
            document_id=self.document_id,
            customer_id=customer_id,
            lot_account_id=lot,
            reference_id=self.file_id,
            idempotency_key=f"bundle-{self.file_id}",
        )


def _missing(needed: int, lots: Sequence[tuple[UUID, int]]) -> Refusal:
    available = sum(free for _, free in lots)
    missing = needed - available
    return Refusal(Kind.CONFLICT, "quota.missing", missing=missing, needed=needed, available=available)
