"""The page of the sandbox for partners: test clients with test keys, by one press."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from litestar import Response, get, post

from meterai.kernel.refusals import Refusal
from meterai.kernel.typed_ids import Prefix, read_id, write_id
from meterai.kit.http.status import http_status
from meterai.partners.clients.queries import clients_of
from meterai.partners.model import MemberRole, Organisation
from meterai.partners.queries.organisations import memberships_of
from meterai.partners.rights import Right
from meterai.partners.sandbox.model import require
from meterai.partners.sandbox.use_cases.give_test_client import (
    GivenClient,
    end_test_client,
    give_test_client,
    make_own_organisation,
)
from meterai.partners.sandbox.use_cases.move_clock import clock_ahead
from meterai.web.account.acting import Acting, acting, acting_of
from meterai.web.account.sign_in import told
from meterai.web.organisation.happenings import happenings_of
from meterai.web.requests.request_context import RequestContext, WebRequest

PAGE = "/saya/uji"


@dataclass(frozen=True, slots=True)
class Named:
    """An id, and the name that tokens call it by."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class ClientRow:
    """A test client that counts."""

    id: str
    name: str
    created_at: datetime


@get(PAGE)
async def show_sandbox(request: WebRequest, context: RequestContext) -> Response[bytes]:
    """Shows the test clients of an organisation, or offers the first one."""
    require(context.service.settings)
    whose = await acting_of(request, context)
    if whose is None:
        return context.redirect(request, "/saya")
    return await _page(request, context, whose)


@post(PAGE, status_code=303)
async def give_key(request: WebRequest, context: RequestContext) -> Response[bytes]:
    """Makes a test client and shows its private key, once. A person without an organisation gets one."""
    require(context.service.settings)
    await context.form(request)
    whose = await acting(request, context, Right.MANAGE)
    service, now = context.service, context.service.clock()
    try:
        organisation = await _organisation(context, whose) or await make_own_organisation(
            service.db, whose.person.customer_id, session=whose.person.token, now=now
        )
        given = await give_test_client(service.db, organisation.id, now=now)
    except Refusal as refusal:
        return await _page(request, context, whose, refusal)
    return await _page(request, context, whose, given=given)


@post(f"{PAGE}/cabut", status_code=303)
async def end_client(request: WebRequest, context: RequestContext) -> Response[bytes]:
    """Ends a test client for good."""
    require(context.service.settings)
    form = await context.form(request)
    whose = await acting(request, context, Right.MANAGE)
    organisation = await _organisation(context, whose)
    client_id = read_id(Prefix.CLIENT, form.text("klien"))
    if organisation is not None and client_id is not None:
        service = context.service
        await end_test_client(service.db, client_id, organisation.id, now=service.clock())
    return context.redirect(request, PAGE)


async def _organisation(context: RequestContext, whose: Acting) -> Organisation | None:
    """The organisation for which the person acts, else the first that they own."""
    if whose.organisation is not None:
        return whose.organisation
    async with context.service.db.connection() as connection:
        memberships = await memberships_of(connection, whose.person.customer_id)
    return next((one for one, role in memberships if role is MemberRole.OWNER), None)


async def _page(
    request: WebRequest,
    context: RequestContext,
    whose: Acting,
    refusal: Refusal | None = None,
    *,
    given: GivenClient | None = None,
) -> Response[bytes]:
    service, now = context.service, context.service.clock()
    organisation = await _organisation(context, whose)
    clients = [] if organisation is None else await clients_of(service.db, organisation.id, now=now)
    return context.page(
        request,
        "sandbox.html",
        status=http_status(refusal),
        is_kept=given is None,
        organisation=organisation,
        may_manage=whose.may(Right.MANAGE),
        clients=[
            ClientRow(write_id(Prefix.CLIENT, one.id), one.name, one.created_at)
            for one in clients
            if one.revoked_at is None
        ],
        private_key=given.private_key if given else "",
        ids=_ids(given) if given else [],
        happenings=await happenings_of(service, organisation) if organisation else [],
        clock_now=now + await clock_ahead(service.db, organisation.id) if organisation else None,
        now=now,
        token_address=f"{service.public_url}/api/v1/token",
        private=True,
        **told(refusal),
    )


def _ids(given: GivenClient) -> list[Named]:
    client_id, key_id = write_id(Prefix.CLIENT, given.client_id), write_id(Prefix.KEY, given.key_id)
    return [Named("client_id", client_id), Named("kid", key_id)]


ROUTES = [show_sandbox, give_key, end_client]
