"""Gives serial numbers that nobody stamped back to the stock."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from meterai.kit.audit_trail import write_audit
from meterai.kit.database import Database
from meterai.ledger.open_day import on_open_day
from meterai.stamping.taken import store

_ACTION = "partner.return_serials"


class Operator(msgspec.Struct, frozen=True, kw_only=True):
    """Who acts for an organisation, for the audit trail."""

    name: str
    organisation_code: str


@on_open_day
async def return_serials(
    db: Database,
    serials: Sequence[str],
    *,
    organisation_id: UUID,
    now: datetime,
    by: Operator | None = None,
) -> list[str]:
    """Returns those serial numbers of an organisation to its stock that are unstamped. They are annulled.

    Returns those that went back now. Doing it again changes nothing. `by`: None: the organisation itself.
    """
    async with db.transaction() as tx:
        back = await store.give_back(tx, organisation_id, serials, now=now)
        if back and by is not None:
            await write_audit(
                tx,
                actor=by.name,
                action=_ACTION,
                subject=by.organisation_code,
                facts={"serials": back},
                now=now,
            )
    return back
