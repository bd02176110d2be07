"""Records what distributors deposit at the treasury, and what organisations pay their parents."""

from __future__ import annotations

import uuid
from datetime import datetime

import msgspec

from meterai.kernel.ids import derived_id
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.acting import Actor
from meterai.kit.audit_trail import write_audit
from meterai.kit.database import Connection, Database
from meterai.ledger.model import ISSUER
from meterai.ledger.open_day import on_open_day
from meterai.partners import store
from meterai.partners.model import Organisation, OrganisationRole, OrganisationState
from meterai.partners.queries.organisations import find_by_code, find_organisation

DEPOSIT, PAYMENT = "partner.deposit", "partner.payment"
"""Two officers sign them. `_BELOW`: further down the tree nobody does."""
_BELOW = "partner.payment_below"
_REFERENCE_LENGTH_MAX = 64


class MoneyToRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A deposit or a payment before it is recorded."""

    organisation: Organisation
    reference: str
    facts: dict[str, object]
    needs_two: bool
    """Whether two officers must sign it."""


async def prepare_deposit(db: Database, code: str, *, receipt: str, amount: int) -> MoneyToRecord:
    """Looks at a distributor's deposit before officers sign.

    Raises: Refusal NOT_FOUND `partner.unknown`; INVALID `partner.reference`, `partner.not_here`.
    """
    found = await _prepare(db, code, receipt=receipt, amount=amount)
    if found.organisation.role is not OrganisationRole.DISTRIBUTOR:
        raise Refusal(Kind.INVALID, "partner.not_here")
    return msgspec.structs.replace(found, needs_two=True)


async def prepare_payment(db: Database, code: str, *, receipt: str, amount: int) -> MoneyToRecord:
    """Looks at what an organisation paid its parent, before it is recorded. Raises: as `prepare_deposit`."""
    found = await _prepare(db, code, receipt=receipt, amount=amount)
    if found.organisation.role is OrganisationRole.DISTRIBUTOR:
        raise Refusal(Kind.INVALID, "partner.not_here")
    return found


async def _prepare(db: Database, code: str, *, receipt: str, amount: int) -> MoneyToRecord:
    reference = given_reference(receipt)
    async with db.connection() as connection:
        found = await find_by_code(connection, code)
    if found.state is OrganisationState.CLOSED:
        raise Refusal(Kind.INVALID, "partner.not_here")
    return MoneyToRecord(
        organisation=found,
        reference=reference,
        facts=facts_of_money(found, amount),
        needs_two=found.parent_id == ISSUER,
    )


def facts_of_money(organisation: Organisation, amount: int) -> dict[str, object]:
    """What two officers release, beside the receipt number, and what the audit trail keeps."""
    return {"organisation": organisation.code, "amount": amount}


@on_open_day
async def record_deposit(
    db: Database,
    organisation_id: uuid.UUID,
    *,
    receipt: str,
    amount: int,
    now: datetime,
    actor: str | Actor,
) -> bool:
    """Records a distributor's deposit at the treasury under the treasury's receipt (NTPN).

    Blocks draw stamps against it; the deposit alone issues none. Returns False when it was recorded before.
    Two officers must have released it.

    Raises: Refusal NOT_FOUND `partner.unknown`; INVALID `partner.reference`, `partner.not_here` (no
    distributor), `stock.above_limit`; CONFLICT `partner.id_used` (the receipt was used for something else);
    FORBIDDEN `officer.unsigned`.
    """
    async with db.transaction() as tx:
        organisation = await find_organisation(tx, organisation_id)
        return await record_deposit_in(tx, organisation, receipt=receipt, amount=amount, now=now, actor=actor)


async def record_deposit_in(
    tx: Connection,
    organisation: Organisation,
    *,
    receipt: str,
    amount: int,
    now: datetime,
    actor: str | Actor,
) -> bool:
    """Does what `record_deposit` does, in the transaction of an officer's signature."""
    reference = given_reference(receipt)
    deposit_id = derived_id("deposit", reference.upper())
    if not await store.book_deposit(tx, deposit_id, reference, organisation.id, amount, now):
        return False
    facts = facts_of_money(organisation, amount)
    await write_audit(tx, actor=actor, action=DEPOSIT, subject=reference, facts=facts, now=now)
    return True


@on_open_day
async def record_payment(
    db: Database,
    organisation_id: uuid.UUID,
    *,
    reference: str,
    amount: int,
    now: datetime,
    payment_id: uuid.UUID | None = None,
    actor: str | Actor | None = None,
) -> bool:
    """Records what an organisation paid its parent: for its oldest unpaid blocks first, the rest in advance.

    Returns False when it was recorded before. Of a collector right below the issuer the payment goes to the
    treasury, and two officers must have released it. `actor` None: the parent itself, through the API.

    Raises: Refusal NOT_FOUND `partner.unknown`; INVALID `partner.reference`, `partner.not_here` (a
    distributor pays by deposit); CONFLICT `partner.id_used`; FORBIDDEN `officer.unsigned`,
    `partner.officers_decide`.
    """
    async with db.transaction() as tx:
        organisation = await find_organisation(tx, organisation_id)
        return await record_payment_in(
            tx,
            organisation,
            reference=reference,
            amount=amount,
            now=now,
            payment_id=payment_id,
            actor=actor,
        )


async def record_payment_in(
    tx: Connection,
    organisation: Organisation,
    *,
    reference: str,
    amount: int,
    now: datetime,
    payment_id: uuid.UUID | None = None,
    actor: str | Actor | None = None,
) -> bool:
    """Does what `record_payment` does, in the transaction of an officer's signature."""
    given = given_reference(reference)
    new_id = payment_id or derived_id("partner_payment", organisation.id, given)
    released = organisation.parent_id == ISSUER
    is_new = await store.take_payment(tx, new_id, organisation.id, amount, given, now, released=released)
    if is_new and actor is not None:
        facts = facts_of_money(organisation, amount)
        action = PAYMENT if released else _BELOW
        await write_audit(tx, actor=actor, action=action, subject=given, facts=facts, now=now)
    return is_new


def given_reference(reference: str) -> str:
    """The number of a receipt. Raises: Refusal INVALID `partner.reference`."""
    given = reference.strip()
    if not 1 <= len(given) <= _REFERENCE_LENGTH_MAX:
        raise Refusal(Kind.INVALID, "partner.reference", maximum=_REFERENCE_LENGTH_MAX)
    return given
