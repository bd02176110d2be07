"""Taking stamps from the organisation above: how many and how paid, the sum, then the act."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from litestar import Response, get, post

from meterai.kernel.clock import business_date
from meterai.kernel.ids import derived_id
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.http.status import http_status
from meterai.partners.model import Organisation, OrganisationRole, PaidBy
from meterai.partners.queries.agreements import agreement_on
from meterai.partners.queries.quota import Quota, quota_of
from meterai.partners.rights import Right
from meterai.partners.use_cases.move_stamps import pass_block
from meterai.texts.partners import PAID_BY
from meterai.web.account.acting import organisation_of
from meterai.web.account.sign_in import told
from meterai.web.requests.forms import Form
from meterai.web.requests.request_context import RequestContext, WebRequest

PAGE = "/saya/stok"
PIECES_MAX = 1_000_000
"""Of one block that is taken on the site."""


@dataclass(frozen=True, slots=True)
class Offer:
    """What an organisation may take, and what it has for it."""

    unit_price: int
    """Rupiah for each stamp, the service fee included."""
    quota: Quota
    means: tuple[PaidBy, ...]
    """The ways to pay that are open to it."""


@get(PAGE)
async def show_offer(request: WebRequest, context: RequestContext) -> Response[bytes]:
    """Asks for the number of stamps and how they are paid."""
    organisation = await organisation_of(request, context, Right.BUY)
    return await _page(request, context, organisation, Form(fields={"kiriman": secrets.token_urlsafe(18)}))


@post(PAGE, status_code=303)
async def take(request: WebRequest, context: RequestContext) -> Response[bytes]:
    """Shows the sum. A second press with that sum takes the stamps, once for each form."""
    form = await context.form(request)
    organisation = await organisation_of(request, context, Right.BUY)
    try:
        offer = await _offer(context, organisation)
        pieces, means = _wanted(form, offer)
        if form.number("jumlah_rupiah", -1) != pieces * offer.unit_price:
            return await _page(request, context, organisation, form, sum=pieces * offer.unit_price)
        block = await pass_block(
            context.service.db,
            derived_id("taken on the site", organisation.id, form.text("kiriman")[:64]),
            to=organisation.id,
            pieces=pieces,
            paid_by=means,
            now=context.service.clock(),
        )
    except Refusal as refusal:
        return await _page(request, context, organisation, form, refusal)
    return context.redirect(request, f"/saya/blok/{block.id}")


def _wanted(form: Form, offer: Offer) -> tuple[int, PaidBy]:
    """How many stamps, and how they are paid. Raises: Refusal INVALID `partner.out_of_range`,
    `partner.not_paid_so`.
    """
    pieces = form.number("keping")
    if not 1 <= pieces <= PIECES_MAX:
        raise Refusal(Kind.INVALID, "partner.out_of_range")
    for means in offer.means:
        if form.text("cara") == means:
            return pieces, means
    raise Refusal(Kind.INVALID, "partner.not_paid_so")


async def _offer(context: RequestContext, organisation: Organisation) -> Offer:
    """Raises: Refusal CONFLICT `partner.no_agreement`."""
    async with context.service.db.connection() as connection:
        agreed = await agreement_on(connection, organisation.id, business_date(context.service.clock()))
        quota = await quota_of(connection, organisation.id)
    if organisation.role is OrganisationRole.DISTRIBUTOR:
        return Offer(context.pages.facts.face_value, quota, (PaidBy.DEPOSIT,))
    if agreed is None:
        raise Refusal(Kind.CONFLICT, "partner.no_agreement")
    means = (PaidBy.FUNDS, PaidBy.CREDIT) if agreed.credit_limit else (PaidBy.FUNDS,)
    return Offer(agreed.unit_price + agreed.service_fee, quota, means)


async def _page(
    request: WebRequest,
    context: RequestContext,
    organisation: Organisation,
    form: Form,
    refusal: Refusal | None = None,
    *,
    sum: int = 0,
) -> Response[bytes]:
    try:
        offer = await _offer(context, organisation)
    except Refusal as none:
        offer, refusal = None, none
    return context.page(
        request,
        "stock.html",
        status=http_status(refusal),
        offer=offer,
        submit_id=form.text("kiriman"),
        pieces=form.text("keping"),
        means=form.text("cara") or (offer.means[0] if offer else ""),
        ways=PAID_BY,
        sum=sum,
        private=True,
        **told(refusal),
    )


ROUTES = [show_offer, take]
