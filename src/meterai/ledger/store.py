"""The two statements that write the ledger: functions of the database, whose tables nobody may write."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

import asyncpg

from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.database import Connection
from meterai.ledger.model import Account, Transfer, side_of, unit_of

_OPEN = "SELECT ledger.open_accounts($1, $2, $3, $4, $5, $6, $7)"
_POST = "SELECT ledger.post_transfers($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"
_OPEN_AND_POST = """
    SELECT done.new FROM ledger.open_accounts($12, $13, $14, $15, $16, $17, $11) AS opened, LATERAL (
        SELECT opened, ledger.post_transfers($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) AS new
    ) done
"""

_BY_SQLSTATE = {
    "LG001": (Kind.CONFLICT, "ledger.id_reused"),
    "LG002": (Kind.NOT_FOUND, "ledger.unknown"),
    "LG003": (Kind.NOT_FOUND, "ledger.unknown"),
}
_BY_CONSTRAINT = {
    "account_never_overdrawn": (Kind.CONFLICT, "ledger.insufficient"),
    "transfer_ends_once": (Kind.CONFLICT, "ledger.already_ended"),
    "transfer_pkey": (Kind.CONFLICT, "ledger.id_reused"),
}


async def open_accounts(tx: Connection, accounts: Sequence[Account], now: datetime) -> None:
    """Opens accounts with a balance of 0; one that is open already is left alone.

    Raises: Refusal(CONFLICT, "ledger.id_reused") when an account of that id says something else.
    """
    try:
        await tx.execute(_OPEN, *_account_columns(accounts), now)
    except asyncpg.PostgresError as error:
        raise refusal_of(error) from error


async def open_and_post(
    tx: Connection, accounts: Sequence[Account], transfers: Sequence[Transfer], now: datetime
) -> int:
    """Opens accounts and writes transfers in one call. Says and raises what `open_accounts` and `post` do."""
    return await _call(tx, _OPEN_AND_POST, [*transfer_columns(transfers), now, *_account_columns(accounts)])


async def post(tx: Connection, transfers: Sequence[Transfer], now: datetime) -> int:
    """Writes transfers, all or none, moves the balances, and returns how many of them are new.

    A transfer that exists with the same content is not counted and is no error. `expires_at` and times are
    not compared: a retry may be later. Ids within one call must differ.

    Accounts are locked in the order of their ids. So calls never deadlock if each transaction makes one, or
    uses accounts of its own. The locks are held until the transaction ends: call it late. After a refusal the
    transaction is lost, unless the call stands in `async with tx.transaction()` (a savepoint).

    Raises: Refusal with one of these codes. A wrong combination of units, kinds or amounts is a bug and stays
    a database error.

    - "ledger.insufficient" (CONFLICT): an account would be overdrawn, reservations included.
    - "ledger.already_ended" (CONFLICT): the reservation was posted or voided before by another transfer.
    - "ledger.id_reused" (CONFLICT): a transfer of that id says something else.
    - "ledger.unknown" (NOT_FOUND): no such account, or no such reservation.
    """
    if not transfers:
        return 0
    return await _call(tx, _POST, [*transfer_columns(transfers), now])


async def _call(tx: Connection, statement: str, arguments: Sequence[object]) -> int:
    try:
        new = await tx.fetchval(statement, *arguments)
    except asyncpg.PostgresError as error:
        raise refusal_of(error) from error
    return int(new)


def _account_columns(accounts: Sequence[Account]) -> tuple[list[object], ...]:
    """Accounts as `ledger.open_accounts` takes them, for `_OPEN` and `_OPEN_AND_POST`."""
    return (
        [account.id for account in accounts],
        [unit_of(account.kind) for account in accounts],
        [account.kind for account in accounts],
        [account.organisation_id for account in accounts],
        [account.customer_id for account in accounts],
        [side_of(account.kind) for account in accounts],
    )


def transfer_columns(transfers: Sequence[Transfer]) -> tuple[list[object], ...]:
    """Transfers as `ledger.post_transfers` takes them, for a function of the database that calls it."""
    return (
        [transfer.id for transfer in transfers],
        [transfer.kind for transfer in transfers],
        [transfer.pending_id for transfer in transfers],
        [transfer.debit for transfer in transfers],
        [transfer.credit for transfer in transfers],
        [transfer.amount for transfer in transfers],
        [transfer.code for transfer in transfers],
        [transfer.reference_id for transfer in transfers],
        [transfer.organisation_id for transfer in transfers],
        [transfer.expires_at for transfer in transfers],
    )


@contextmanager
def refusals() -> Iterator[None]:
    """Turns database errors of a function that posts transfers into the refusals that `post` names."""
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
