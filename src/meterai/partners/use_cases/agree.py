"""Makes an agreement with an organisation."""

from __future__ import annotations

import uuid
from datetime import datetime

import msgspec

from meterai.kernel.clock import business_date
from meterai.kernel.ids import derived_id
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.acting import Actor
from meterai.kit.audit_trail import write_audit
from meterai.kit.database import Connection, Database
from meterai.ledger.model import ISSUER
from meterai.ledger.open_day import on_open_day
from meterai.partners import store
from meterai.partners.model import Organisation, OrganisationRole, OrganisationState, Terms
from meterai.partners.queries.agreements import face_value_on
from meterai.partners.queries.organisations import find_by_code, find_organisation

ACTION = "partner.agree"
"""Two officers sign it. `_BELOW`: further down the tree nobody does."""
_BELOW = "partner.agree_below"


class TermsToSign(msgspec.Struct, frozen=True, kw_only=True):
    """An agreement before it is made."""

    organisation: Organisation
    terms: Terms
    """With their first day."""
    facts: dict[str, object]
    needs_two: bool
    """Whether two officers must sign it."""


async def prepare_agreement(db: Database, code: str, terms: Terms, *, now: datetime) -> TermsToSign:
    """Looks at an agreement before officers sign. What nobody signs, the database judges when it is made.

    Raises: Refusal NOT_FOUND `partner.unknown`; INVALID `partner.not_here`, `partner.out_of_range`.
    """
    dated = with_first_day(terms, now)
    first = dated.valid_from
    assert first is not None
    async with db.connection() as connection:
        found = await find_by_code(connection, code)
        face_value = await face_value_on(connection, first)
    needs_two = found.parent_id == ISSUER
    if needs_two and (
        found.state is OrganisationState.CLOSED
        or first < business_date(now)
        or (dated.unit_price, dated.service_fee) != (face_value, 0)
        or (dated.credit_limit > 0 and found.role is OrganisationRole.DISTRIBUTOR)
    ):
        raise Refusal(Kind.INVALID, "partner.not_here")
    if dated.valid_until is not None and dated.valid_until < first:
        raise Refusal(Kind.INVALID, "partner.out_of_range")
    return TermsToSign(organisation=found, terms=dated, facts=facts_of_terms(dated), needs_two=needs_two)


@on_open_day
async def agree(
    db: Database,
    organisation_id: uuid.UUID,
    terms: Terms,
    *,
    now: datetime,
    agreement_id: uuid.UUID | None = None,
    actor: str | Actor | None = None,
) -> bool:
    """Agrees on terms with an organisation. Returns False when just these were agreed before.

    Right below the issuer two officers must have released it: what a collector may owe makes stamps. Further
    down it is the parent's own risk. The credit that is free follows at once.

    Raises: Refusal NOT_FOUND `partner.unknown`; INVALID `partner.not_here` (terms that are over, a price
    other than the face value right below the issuer, credit for a distributor), `partner.out_of_range`;
    FORBIDDEN `officer.unsigned`, `partner.officers_decide`; CONFLICT `partner.id_used`.
    """
    async with db.transaction() as tx:
        organisation = await find_organisation(tx, organisation_id)
        return await agree_in(tx, organisation, terms, now=now, agreement_id=agreement_id, actor=actor)


async def agree_in(
    tx: Connection,
    organisation: Organisation,
    terms: Terms,
    *,
    now: datetime,
    agreement_id: uuid.UUID | None = None,
    actor: str | Actor | None = None,
) -> bool:
    """Does what `agree` does, in the transaction of an officer's signature."""
    dated = with_first_day(terms, now)
    facts = facts_of_terms(dated)
    new_id = agreement_id or derived_id("agreement", organisation.id, msgspec.json.encode(facts).decode())
    is_new = await store.agree(
        tx, new_id, organisation.id, dated, now, released=organisation.parent_id == ISSUER
    )
    if is_new and actor is not None:
        action = ACTION if organisation.parent_id == ISSUER else _BELOW
        await write_audit(tx, actor=actor, action=action, subject=organisation.code, facts=facts, now=now)
    return is_new


def facts_of_terms(terms: Terms) -> dict[str, object]:
    """What two officers release, and what the audit trail keeps."""
    return store.facts_of_terms(terms)


def with_first_day(terms: Terms, now: datetime) -> Terms:
    """The terms with their first day named."""
    return msgspec.structs.replace(terms, valid_from=terms.valid_from or business_date(now))
