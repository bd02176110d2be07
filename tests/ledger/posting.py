"""Transfers that tests book by hand, as the owner of the schema or as the role of tests.

No process may: its functions of the database make the transfers from rows (decision 0031).
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

import asyncpg
import msgspec

from meterai.kit.database import Connection
from meterai.ledger.model import Account, AccountKind, TransferCode, lot_account_id, side_of, unit_of
from meterai.ledger.store import refusal_of

_OPEN = "SELECT ledger.open_accounts($1, $2, $3, $4, $5, $6, $7)"
_POST = "SELECT ledger.post_transfers($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"


class TransferKind(StrEnum):
    """What a transfer does to the balances of its two accounts."""

    SINGLE = "single"  # moves at once
    PENDING = "pending"  # holds
    POST = "post"  # ends a pending one: moves what it held
    VOID = "void"  # ends a pending one: frees what it held


def lot(item_id: uuid.UUID, *, organisation_id: uuid.UUID, customer_id: uuid.UUID) -> Account:
    """The quota lot of an order's item: sold by `organisation_id`, owned by `customer_id`."""
    return Account(
        id=lot_account_id(item_id),
        kind=AccountKind.LOT,
        organisation_id=organisation_id,
        customer_id=customer_id,
    )


class Transfer(msgspec.Struct, frozen=True, kw_only=True):
    """A transfer to write. Make one with `move`, `reserve`, `post_reservation` or `void_reservation`.

    The id comes from the caller and makes the transfer idempotent: derive it from what it settles. `post` and
    `void` take accounts, unit and amount from the reservation that `pending_id` names.
    """

    id: uuid.UUID
    kind: TransferKind
    code: TransferCode
    reference_id: uuid.UUID
    """The id of the order, of the stamping job, or of the deposit."""
    organisation_id: uuid.UUID
    debit: uuid.UUID | None = None
    credit: uuid.UUID | None = None
    amount: int | None = None
    """Rupiah or stamps, more than 0."""
    pending_id: uuid.UUID | None = None
    expires_at: datetime | None = None
    """When a reservation should have ended. A void ends it, never the time alone (I2 checks)."""


def move(
    transfer_id: uuid.UUID,
    code: TransferCode,
    *,
    debit: uuid.UUID,
    credit: uuid.UUID,
    amount: int,
    reference_id: uuid.UUID,
    organisation_id: uuid.UUID,
) -> Transfer:
    """A transfer that moves its amount at once."""
    return Transfer(
        id=transfer_id,
        kind=TransferKind.SINGLE,
        code=code,
        reference_id=reference_id,
        organisation_id=organisation_id,
        debit=debit,
        credit=credit,
        amount=amount,
    )


def reserve(
    transfer_id: uuid.UUID,
    code: TransferCode,
    *,
    debit: uuid.UUID,
    credit: uuid.UUID,
    amount: int,
    reference_id: uuid.UUID,
    organisation_id: uuid.UUID,
    expires_at: datetime | None = None,
) -> Transfer:
    """A transfer that holds its amount on both accounts until it is posted or voided."""
    return Transfer(
        id=transfer_id,
        kind=TransferKind.PENDING,
        code=code,
        reference_id=reference_id,
        organisation_id=organisation_id,
        debit=debit,
        credit=credit,
        amount=amount,
        expires_at=expires_at,
    )


def post_reservation(
    transfer_id: uuid.UUID,
    code: TransferCode,
    *,
    pending_id: uuid.UUID,
    reference_id: uuid.UUID,
    organisation_id: uuid.UUID,
) -> Transfer:
    """Ends a reservation by moving the whole of what it held."""
    return Transfer(
        id=transfer_id,
        kind=TransferKind.POST,
        code=code,
        reference_id=reference_id,
        organisation_id=organisation_id,
        pending_id=pending_id,
    )


def void_reservation(
    transfer_id: uuid.UUID,
    code: TransferCode,
    *,
    pending_id: uuid.UUID,
    reference_id: uuid.UUID,
    organisation_id: uuid.UUID,
) -> Transfer:
    """Ends a reservation by freeing the whole of what it held."""
    return Transfer(
        id=transfer_id,
        kind=TransferKind.VOID,
        code=code,
        reference_id=reference_id,
        organisation_id=organisation_id,
        pending_id=pending_id,
    )


async def open_accounts(tx: Connection, accounts: Sequence[Account], now: datetime) -> None:
    """Opens accounts with a balance of 0; one that is open already is left alone.

    Raises: Refusal(CONFLICT, "ledger.id_reused") when an account of that id says something else.
    """
    try:
        await tx.execute(_OPEN, *_account_columns(accounts), now)
    except asyncpg.PostgresError as error:
        raise refusal_of(error) from error


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
