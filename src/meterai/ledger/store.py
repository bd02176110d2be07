"""Opens the books, and turns the ledger's errors into refusals.

Transfers are made and posted by functions of the database (decision 0031).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import asyncpg

from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.database import Connection

DAY_CLOSED = "ledger.day_closed"
_BY_SQLSTATE = {
    "LG001": (Kind.CONFLICT, "ledger.id_reused"),
    "LG002": (Kind.NOT_FOUND, "ledger.unknown"),
    "LG003": (Kind.NOT_FOUND, "ledger.unknown"),
    "LG010": (Kind.UNAVAILABLE, DAY_CLOSED),
}
_BY_CONSTRAINT = {
    "account_never_overdrawn": (Kind.CONFLICT, "ledger.insufficient"),
    "transfer_ends_once": (Kind.CONFLICT, "ledger.already_ended"),
    "transfer_pkey": (Kind.CONFLICT, "ledger.id_reused"),
}


@contextmanager
def refusals() -> Iterator[None]:
    """Turns database errors of a function that posts transfers into refusals.

    Accounts are locked in the order of their ids, until the transaction ends: post last. After a refusal the
    transaction is lost, unless the call stands in `async with tx.transaction()` (a savepoint).

    Raises: Refusal with one of these codes.

    - "ledger.insufficient" (CONFLICT): an account would be overdrawn, reservations included.
    - "ledger.already_ended" (CONFLICT): the reservation was posted or voided before by another transfer.
    - "ledger.id_reused" (CONFLICT): a transfer of that id says something else.
    - "ledger.unknown" (NOT_FOUND): no such account, or no such reservation.
    - "ledger.day_closed" (UNAVAILABLE): the day is closed; `open_day.on_open_day` runs the step again.
    """
    try:
        yield
    except asyncpg.PostgresError as error:
        raise refusal_of(error) from error


async def open_books(tx: Connection, now: datetime) -> None:
    """Opens every account of the plan but the quota lots. Doing it again changes nothing."""
    await tx.execute("SELECT ledger.open_books($1)", now)


def refusal_of(error: asyncpg.PostgresError) -> Exception:
    """The refusal that a database error stands for; the error itself when it is none (a bug, an outage)."""
    known = _BY_SQLSTATE.get(error.sqlstate or "") or _BY_CONSTRAINT.get(error.constraint_name or "")
    return Refusal(*known) if known else error
