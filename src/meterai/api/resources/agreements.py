"""Agreements: what is agreed with the partner, and with those below it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from msgspec import Meta

from meterai.api.access.caller import Caller
from meterai.api.conventions.declared import declared
from meterai.api.conventions.ids import OrganisationId, Prefix, id_of, write_id
from meterai.api.conventions.once import Once
from meterai.api.conventions.operations import operation
from meterai.api.conventions.paging import PAGE, Cursor, Limit, Page, page_of, read_cursor
from meterai.api.dependencies import Service
from meterai.api.resources.organisations import organisation_below
from meterai.kernel.refusals import Kind
from meterai.partners.model import Agreement, Terms
from meterai.partners.queries.agreements import agreements_page, find_agreement
from meterai.partners.queries.organisations import find_child
from meterai.partners.use_cases.agree import agree

Rupiah = Annotated[int, Meta(ge=0, le=10**12)]
Pieces = Annotated[int, Meta(ge=1, le=10**9)]
_REFUSES = {
    "partner.not_here": Kind.CONFLICT,
    "partner.out_of_range": Kind.CONFLICT,
    "partner.officers_decide": Kind.FORBIDDEN,
    "partner.id_used": Kind.CONFLICT,
    "partner.not_active": Kind.CONFLICT,
}


class AgreementOrder(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Terms for an organisation right below. Prices are rupiah for each stamp; null: no limit."""

    unit_price: Rupiah
    service_fee: Rupiah = 0
    valid_from: date | None = None
    """The first day in Jakarta; null: today. A day that is over is refused."""
    valid_until: date | None = None
    """The last day; null: until a later agreement begins."""
    stamps_per_document_max: Pieces | None = None
    stamps_per_day_max: Pieces | None = None
    credit_limit: Rupiah = 0
    """Rupiah that it may owe for blocks. A lower limit than before takes back what is free at once."""
    signed_requests: bool = False
    """Whether its clients must sign their requests (RFC 9421)."""
    plain_hashes: bool = False
    """Whether the wire signs hashes for it whose attributes lack signing-certificate-v2. Some adapters in the
    field send these."""


class DatedAgreement(msgspec.Struct, frozen=True, kw_only=True):
    """An agreement. It never changes; a later one replaces it from its first day on."""

    id: str
    organisation_id: str
    valid_from: date | None
    valid_until: date | None
    unit_price: int
    service_fee: int
    stamps_per_document_max: int | None
    stamps_per_day_max: int | None
    credit_limit: int
    signed_requests: bool
    plain_hashes: bool
    created_at: datetime


def _show(agreement: Agreement) -> DatedAgreement:
    return DatedAgreement(
        id=write_id(Prefix.AGREEMENT, agreement.id),
        organisation_id=write_id(Prefix.ORGANISATION, agreement.organisation_id),
        valid_from=agreement.valid_from,
        valid_until=agreement.valid_until,
        unit_price=agreement.unit_price,
        service_fee=agreement.service_fee,
        stamps_per_document_max=agreement.stamps_per_document_max,
        stamps_per_day_max=agreement.stamps_per_day_max,
        credit_limit=agreement.credit_limit,
        signed_requests=agreement.signed_requests,
        plain_hashes=agreement.plain_hashes,
        created_at=agreement.created_at,
    )


@get("/api/v1/organisations/{organisation_id:str}/agreements", opt=operation(scope="organisations:read"))
async def list_agreements(
    request: Request[Any, Any, Any],
    caller: Caller,
    service: Service,
    organisation_id: OrganisationId,
    limit: Limit = PAGE,
    cursor: Cursor = "",
) -> Response[Page[DatedAgreement]]:
    """Lists the agreements of the organisation that calls, or of one below it, the newest first.

    The one that is valid today and began last counts.
    """
    before = read_cursor(cursor, UUID)
    organisation = await organisation_below(service, caller, organisation_id)
    async with service.db.connection() as conn:
        rows = await agreements_page(conn, organisation.id, before=before, limit=limit + 1)
    return page_of(request, rows, limit=limit, show=_show, place=lambda row: row.id)


@post(
    "/api/v1/organisations/{organisation_id:str}/agreements",
    opt=operation(scope="organisations:write", refuses=_REFUSES),
    status_code=201,
)
async def make_agreement(
    data: AgreementOrder, caller: Caller, once: Once, service: Service, organisation_id: OrganisationId
) -> Response[DatedAgreement]:
    """Makes an agreement with an organisation right below the one that calls.

    What it may owe is the caller's own risk. Agreements right below the issuer are signed by officers.
    """
    terms = msgspec.convert(data, Terms, from_attributes=True)
    with declared(_REFUSES):
        async with service.db.connection() as conn:
            child_id = id_of(Prefix.ORGANISATION, organisation_id)
            child = await find_child(conn, child_id, parent_id=caller.organisation_id)
        await agree(service.db, child.id, terms, now=service.clock(), agreement_id=once.id)
        async with service.db.connection() as conn:
            made = await find_agreement(conn, once.id)
    address = f"/api/v1/organisations/{organisation_id}/agreements"
    return Response(_show(made), headers={"Location": address})


ROUTES = [list_agreements, make_agreement]
