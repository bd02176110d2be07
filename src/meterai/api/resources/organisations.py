"""Organisations: the partner's own, and those below it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Response, get, patch, post
from msgspec import Meta

from meterai.api.access.caller import Caller
from meterai.api.conventions.declared import declared
from meterai.api.conventions.ids import OrganisationId, Prefix, id_of, write_id
from meterai.api.conventions.once import Once
from meterai.api.conventions.operations import operation
from meterai.api.conventions.paging import PAGE, Cursor, Limit, Page, page_of, read_cursor
from meterai.api.dependencies import Service
from meterai.api.resources.sandbox import now_of
from meterai.kernel.clock import business_date
from meterai.kernel.refusals import Kind
from meterai.partners.model import (
    Agreement,
    NewOrganisation,
    Organisation,
    OrganisationRole,
    OrganisationState,
)
from meterai.partners.queries.agreements import agreement_on
from meterai.partners.queries.organisations import children_of, find_below
from meterai.partners.use_cases.add_organisation import add_organisation as add
from meterai.partners.use_cases.set_state_below import set_state_below

_ADD_REFUSES = {
    "partner.name": Kind.CONFLICT,
    "partner.not_here": Kind.CONFLICT,
    "partner.code_form": Kind.CONFLICT,
    "partner.npwp_form": Kind.CONFLICT,
    "partner.code_used": Kind.CONFLICT,
    "partner.id_used": Kind.CONFLICT,
    "partner.not_active": Kind.CONFLICT,
}

_STATE_REFUSES = {
    "partner.not_active": Kind.CONFLICT,
    "partner.not_empty": Kind.CONFLICT,
    "partner.officers_decide": Kind.FORBIDDEN,
}


class ShownOrganisation(msgspec.Struct, frozen=True, kw_only=True):
    """An organisation. `code` is a short name for files and commands."""

    id: str
    parent_id: str
    name: str
    code: str
    role: OrganisationRole
    state: OrganisationState
    npwp: str | None
    created_at: datetime


class ShownAgreement(msgspec.Struct, frozen=True, kw_only=True):
    """What is agreed today. Prices are rupiah for each stamp; a limit that is null does not exist."""

    valid_from: date | None
    valid_until: date | None
    unit_price: int
    service_fee: int
    stamps_per_document_max: int | None
    stamps_per_day_max: int | None
    credit_limit: int
    signed_requests: bool
    plain_hashes: bool


class OwnOrganisation(ShownOrganisation, frozen=True, kw_only=True):
    """The organisation that calls, with its agreement."""

    agreement: ShownAgreement | None


class OrganisationOrder(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An organisation to add right below the one that calls."""

    name: Annotated[str, Meta(min_length=1, max_length=200, pattern=r"^[^\x00-\x20][^\x00-\x1f]*$")]
    code: Annotated[str, Meta(pattern="^[a-z0-9][a-z0-9-]{1,30}$")]
    role: OrganisationRole
    npwp: Annotated[str, Meta(pattern=r"^(\d{15}|\d{16}|\d{22})$")] | None = None


class OrganisationChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The state that an organisation right below gets. What is closed stays closed."""

    state: OrganisationState


def show(organisation: Organisation) -> ShownOrganisation:
    """An organisation as partners see it."""
    return ShownOrganisation(**_fields(organisation))


def _fields(organisation: Organisation) -> dict[str, Any]:
    return {
        "id": write_id(Prefix.ORGANISATION, organisation.id),
        "parent_id": write_id(Prefix.ORGANISATION, organisation.parent_id),
        "name": organisation.name,
        "code": organisation.code,
        "role": organisation.role,
        "state": organisation.state,
        "npwp": organisation.npwp,
        "created_at": organisation.created_at,
    }


async def organisation_below(service: Service, caller: Caller, text: str) -> Organisation:
    """Finds the organisation that calls, or one below it. Raises: api.unknown_id (404)."""
    with declared():
        async with service.db.connection() as conn:
            return await find_below(conn, id_of(Prefix.ORGANISATION, text), seen_by=caller.organisation_id)


_OWN_REFUSES = {"api.unknown_id": Kind.NOT_FOUND}


@get("/api/v1/organisation", opt=operation(scope="organisations:read", refuses=_OWN_REFUSES))
async def read_own_organisation(caller: Caller, service: Service) -> OwnOrganisation:
    """Reads the organisation that calls, with the agreement that counts today."""
    own, today = caller.organisation_id, await now_of(service, caller)
    with declared():
        async with service.db.connection() as conn:
            found = await find_below(conn, own, seen_by=own)
            agreement = await agreement_on(conn, own, business_date(today))
    return OwnOrganisation(**_fields(found), agreement=_show_agreement(agreement))


def _show_agreement(agreement: Agreement | None) -> ShownAgreement | None:
    if agreement is None:
        return None
    return msgspec.convert(agreement, ShownAgreement, from_attributes=True)


@get("/api/v1/organisations", opt=operation(scope="organisations:read"))
async def list_organisations(
    request: Request[Any, Any, Any],
    caller: Caller,
    service: Service,
    limit: Limit = PAGE,
    cursor: Cursor = "",
) -> Response[Page[ShownOrganisation]]:
    """Lists the organisations right below the one that calls, the earliest first."""
    after = read_cursor(cursor, UUID)
    async with service.db.connection() as conn:
        rows = await children_of(conn, caller.organisation_id, after=after, limit=limit + 1)
    return page_of(request, rows, limit=limit, show=show, place=lambda row: row.id)


@get("/api/v1/organisations/{organisation_id:str}", opt=operation(scope="organisations:read"))
async def read_organisation(
    caller: Caller, service: Service, organisation_id: OrganisationId
) -> ShownOrganisation:
    """Reads an organisation: the one that calls, or one below it at any depth."""
    return show(await organisation_below(service, caller, organisation_id))


@post(
    "/api/v1/organisations",
    opt=operation(scope="organisations:write", refuses=_ADD_REFUSES),
    status_code=201,
)
async def add_organisation(
    data: OrganisationOrder, caller: Caller, once: Once, service: Service
) -> Response[ShownOrganisation]:
    """Adds an organisation right below the one that calls.

    A distributor adds retailers, enterprises and collectors. They add sub-accounts. It gets stamps once an
    agreement is made.
    """
    new = NewOrganisation(
        id=once.id,
        parent_id=caller.organisation_id,
        name=data.name.strip(),
        role=data.role,
        code=data.code,
        npwp=data.npwp,
    )
    with declared(_ADD_REFUSES):
        made = show(await add(service.db, new, now=service.clock()))
    return Response(made, headers={"Location": f"/api/v1/organisations/{made.id}"})


@patch(
    "/api/v1/organisations/{organisation_id:str}",
    opt=operation(scope="organisations:write", refuses=_STATE_REFUSES),
)
async def change_organisation(
    data: OrganisationChange, caller: Caller, service: Service, organisation_id: OrganisationId
) -> ShownOrganisation:
    """Suspends an organisation right below the one that calls, lets it go on, or closes it for good.

    What is suspended, and all below it, gets and uses no stamps. Returns go on. What officers
    suspended they alone resume. Only what has no stamps, owes nothing and prepaid nothing is closed.
    """
    child = id_of(Prefix.ORGANISATION, organisation_id)
    with declared(_STATE_REFUSES):
        return show(await set_state_below(service.db, child, data.state, parent_id=caller.organisation_id))


ROUTES = [
    read_own_organisation,
    list_organisations,
    read_organisation,
    add_organisation,
    change_organisation,
]
