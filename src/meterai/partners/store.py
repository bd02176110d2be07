"""Every statement that changes tables of partners, and what the database refuses."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Final

import asyncpg
import msgspec

from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.acting import officers_refusals
from meterai.kit.database import Connection
from meterai.partners.model import MemberRole, NewOrganisation, OrganisationState, PaidBy, Terms

_REFUSALS: Final = {
    "PA001": (Kind.CONFLICT, "partner.not_active"),
    "PA002": (Kind.CONFLICT, "partner.no_agreement"),
    "PA003": (Kind.INVALID, "partner.not_paid_so"),
    "PA004": (Kind.CONFLICT, "partner.period_unpaid"),
    "PA005": (Kind.CONFLICT, "partner.more_than_left"),
    "PA006": (Kind.CONFLICT, "partner.credit_short"),
    "PA007": (Kind.CONFLICT, "partner.funds_short"),
    "PA008": (Kind.INVALID, "partner.not_here"),
    "PA009": (Kind.FORBIDDEN, "partner.officers_decide"),
    "LG001": (Kind.CONFLICT, "partner.id_used"),
    "LG010": (Kind.UNAVAILABLE, "ledger.day_closed"),
    "account_never_overdrawn": (Kind.CONFLICT, "partner.stock_short"),
    "transfer_pkey": (Kind.CONFLICT, "partner.id_used"),
    "organisation_code_key": (Kind.CONFLICT, "partner.code_used"),
    "organisation_code_check": (Kind.INVALID, "partner.code_form"),
    "organisation_npwp_check": (Kind.INVALID, "partner.npwp_form"),
}
"""SQLSTATE or constraint -> refusal."""


@contextmanager
def partner_refusals() -> Iterator[None]:
    """Turns what the functions of the schema `partners` refuse into a Refusal of `_REFUSALS`.

    Raises: also what `officers_refusals` raises.
    """
    try:
        with officers_refusals():
            yield
    except asyncpg.PostgresError as error:
        known = _REFUSALS.get(error.sqlstate or "") or _REFUSALS.get(error.constraint_name or "")
        if known is not None:
            raise Refusal(*known) from error
        if error.sqlstate == "23514":  # amounts and limits that no table takes
            raise Refusal(Kind.INVALID, "partner.out_of_range") from error
        raise


async def add_organisation(tx: Connection, new: NewOrganisation, now: datetime) -> bool:
    """Adds an organisation with its account holder and accounts. False: it is there already."""
    return await _call(
        tx,
        "SELECT partners.add_organisation($1, $2, $3, $4, $5, $6, $7)",
        new.id,
        new.parent_id,
        new.name,
        new.role,
        new.code,
        new.npwp,
        now,
    )


async def set_state(tx: Connection, organisation_id: uuid.UUID, state: OrganisationState) -> None:
    """Suspends an organisation, lets it go on, or closes it."""
    with partner_refusals():
        await tx.execute("SELECT partners.set_state($1, $2)", organisation_id, state)


async def set_state_below(
    tx: Connection, organisation_id: uuid.UUID, parent_id: uuid.UUID, state: OrganisationState
) -> None:
    """Does the same for the organisation right above it."""
    with partner_refusals():
        await tx.execute("SELECT partners.set_state_below($1, $2, $3)", organisation_id, parent_id, state)


async def agree(
    tx: Connection,
    agreement_id: uuid.UUID,
    organisation_id: uuid.UUID,
    terms: Terms,
    now: datetime,
    *,
    released: bool,
) -> bool:
    """Writes an agreement. `released`: two officers have. False: it is there already."""
    function = "operations.partner_agree" if released else "partners.agree"
    facts = facts_of_terms(terms)
    return await _call(
        tx,
        f"SELECT {function}($1, $2, $3, $4)",
        agreement_id,
        organisation_id,
        facts,
        now,
    )


def facts_of_terms(terms: Terms) -> dict[str, object]:
    """The terms as officers release them, and as the database reads them. What is not limited is left out."""
    facts: dict[str, object] = msgspec.to_builtins(terms)
    return {name: value for name, value in facts.items() if value is not None}


async def book_deposit(
    tx: Connection,
    deposit_id: uuid.UUID,
    receipt: str,
    organisation_id: uuid.UUID,
    amount: int,
    now: datetime,
) -> bool:
    """Books a distributor's deposit at the treasury. False: it is booked already."""
    return await _call(
        tx,
        "SELECT operations.partner_deposit($1, $2, $3, $4, $5)",
        deposit_id,
        receipt,
        organisation_id,
        amount,
        now,
    )


async def pass_block(
    tx: Connection,
    block_id: uuid.UUID,
    organisation_id: uuid.UUID,
    pieces: int,
    paid_by: PaidBy,
    now: datetime,
) -> bool:
    """Passes stamps from an organisation's parent to it. False: the block is passed already."""
    return await _call(
        tx,
        "SELECT partners.pass_block($1, $2, $3, $4, $5)",
        block_id,
        organisation_id,
        pieces,
        paid_by,
        now,
    )


async def take_back(
    tx: Connection, return_id: uuid.UUID, block_id: uuid.UUID, pieces: int, now: datetime
) -> bool:
    """Takes pieces of a block back to its giver. False: this return is booked already."""
    return await _call(tx, "SELECT partners.take_back($1, $2, $3, $4)", return_id, block_id, pieces, now)


async def take_payment(
    tx: Connection,
    payment_id: uuid.UUID,
    organisation_id: uuid.UUID,
    amount: int,
    reference: str,
    now: datetime,
    *,
    released: bool,
) -> bool:
    """Books what an organisation paid its parent. `released`: two officers have. False: it is booked."""
    function = "operations.partner_payment" if released else "partners.take_payment"
    return await _call(
        tx,
        f"SELECT {function}($1, $2, $3, $4, $5)",
        payment_id,
        organisation_id,
        amount,
        reference,
        now,
    )


async def put_member(
    tx: Connection, organisation_id: uuid.UUID, customer_id: uuid.UUID, role: MemberRole, now: datetime
) -> None:
    """Makes a person a member, or changes the role of one."""
    await _lock_members(tx, organisation_id)
    await tx.execute(
        """INSERT INTO partners.member (organisation_id, customer_id, role, added_at) VALUES ($1, $2, $3, $4)
           ON CONFLICT (organisation_id, customer_id) DO UPDATE SET role = excluded.role""",
        organisation_id,
        customer_id,
        role,
        now,
    )


async def delete_member(tx: Connection, organisation_id: uuid.UUID, customer_id: uuid.UUID) -> bool:
    """Ends a membership. False: there is none."""
    await _lock_members(tx, organisation_id)
    ended = await tx.fetchval(
        "DELETE FROM partners.member WHERE organisation_id = $1 AND customer_id = $2 RETURNING true",
        organisation_id,
        customer_id,
    )
    return bool(ended)


async def _lock_members(tx: Connection, organisation_id: uuid.UUID) -> None:
    """Keeps others from changing the members until the transaction ends: two owners could leave at once."""
    await tx.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 7240815041))", str(organisation_id))


async def _call(tx: Connection, statement: str, *values: Any) -> bool:
    """Calls a function that returns whether anything is new. Raises: see `partner_refusals`."""
    with partner_refusals():
        return bool(await tx.fetchval(statement, *values))
