"""Keeps the terms of personal data: once a day each class loses what is older (docs/security.md)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Final

import structlog

from meterai.cases.use_cases.clean_up import clean_up_cases
from meterai.customers.use_cases.clean_up import forget_contacts
from meterai.kernel.clock import business_date
from meterai.kit.database import Connection, Database, call, log_trouble
from meterai.kit.privacy import RetentionTerms
from meterai.partners.stamps.ordering import forget_liable_parties
from meterai.sales.use_cases import forget_people as orders
from meterai.stamping.use_cases.forget_documents import forget_documents
from meterai.waiting_room.use_cases.forget_people import forget_people

log = structlog.get_logger(__name__)

_TRIES_AGAIN: Final = timedelta(hours=1)
"""When a worker that began and did not finish is followed by another one."""


async def keep_terms(db: Database, queues: Path, terms: RetentionTerms, *, now: datetime) -> int:
    """Forgets what is due in every class, on the first call of each day (WIB). Returns how much that was.

    A class that fails does not keep the others; then the run is not finished, and is repeated in an hour.
    """
    if not await _begin(db, now):
        return 0
    forgotten = {name: await _kept(name, keep) for name, keep in steps_of(db, queues, terms, now=now).items()}
    done = {name: count for name, count in forgotten.items() if count is not None}
    if len(done) == len(forgotten):
        async with db.connection() as connection:
            await connection.execute(
                "UPDATE operations.retention_run SET finished_at = $1, begun_at = NULL", now
            )
        log.info("personal_data_forgotten", **done)
    return sum(done.values())


def steps_of(
    db: Database, queues: Path, terms: RetentionTerms, *, now: datetime
) -> Mapping[str, Callable[[], Awaitable[int]]]:
    """What keeps the term of each class, by its name."""
    return {
        "documents": partial(forget_documents, db, days=terms.stamped_days, now=now),
        "contacts": partial(
            forget_contacts,
            db,
            removed_days=terms.removed_contact_days,
            idle_days=terms.idle_contact_days,
            now=now,
        ),
        "order_contacts": partial(orders.forget_order_contacts, db, days=terms.order_contact_days, now=now),
        "buyers": partial(orders.forget_buyers, db, years=terms.books_years, now=now),
        "liable_parties": partial(forget_liable_parties, db, years=terms.books_years, now=now),
        "bank_accounts": partial(orders.forget_bank_accounts, db, days=terms.bank_account_days, now=now),
        "notices": partial(orders.forget_notices, db, days=terms.notice_days, now=now),
        "lines": partial(forget_people, db, queues, days=terms.line_days, now=now),
        "cases": partial(clean_up_cases, db, days=terms.case_days, now=now),
        "audit_values": partial(_forget_audit_values, db, days=terms.audit_value_days, now=now),
    }


async def last_kept(conn: Connection) -> datetime:
    """When all terms were kept last."""
    at: datetime = await conn.fetchval("SELECT finished_at FROM operations.retention_run")
    return at


async def _begin(db: Database, now: datetime) -> bool:
    """Whether this worker does today's run."""
    async with db.connection() as connection:
        finished = await last_kept(connection)
        if business_date(finished) >= business_date(now):
            return False
        begun = await connection.fetchval(
            """UPDATE operations.retention_run SET begun_at = $1
               WHERE finished_at = $2 AND (begun_at IS NULL OR begun_at < $3) RETURNING true""",
            now,
            finished,
            now - _TRIES_AGAIN,
        )
    return begun is True


async def _kept(name: str, keep: Callable[[], Awaitable[int]]) -> int | None:
    """Does one step. None: it failed, and the log says why."""
    try:
        return await keep()
    except Exception as error:
        log_trouble(log, error, outage="retention.unavailable", fault="retention.fault", data_class=name)
        return None


async def _forget_audit_values(db: Database, *, days: int, now: datetime) -> int:
    async with db.connection() as connection:
        forgotten: int = await connection.fetchval(
            call("operations.forget_audit_values", 1), now - timedelta(days=days)
        )
    return forgotten
