"""Lets an organisation suspend, resume and close those right below it."""

from __future__ import annotations

import uuid

from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.database import Database
from meterai.partners import store
from meterai.partners.model import Organisation, OrganisationState
from meterai.partners.queries.organisations import find_child
from meterai.partners.queries.quota import quota_of


async def set_state_below(
    db: Database, organisation_id: uuid.UUID, state: OrganisationState, *, parent_id: uuid.UUID
) -> Organisation:
    """Sets the state of an organisation right below `parent_id`. What officers suspended they resume.

    Raises: Refusal NOT_FOUND `partner.unknown`, for all others; CONFLICT `partner.not_active` (it is closed),
    `partner.not_empty` (to be closed, but it has stamps, debts or prepaid money); FORBIDDEN
    `partner.officers_decide`.
    """
    async with db.transaction() as tx:
        await find_child(tx, organisation_id, parent_id=parent_id)
        await store.set_state_below(tx, organisation_id, parent_id, state)
        if state is OrganisationState.CLOSED:
            left = await quota_of(tx, organisation_id)
            if left.available or left.held or left.credit_owed or left.prepaid:
                raise Refusal(Kind.CONFLICT, "partner.not_empty")
        return await find_child(tx, organisation_id, parent_id=parent_id)
