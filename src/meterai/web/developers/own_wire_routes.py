"""Access by user name and password for an organisation's clients in the field. Owners change it."""

from __future__ import annotations

from typing import Final

from litestar import Response, get, post

from meterai.customers.contact_changes import refuse_old_proof
from meterai.kernel.refusals import Kind, Refusal
from meterai.kernel.typed_ids import Prefix, read_id
from meterai.kit.http.status import http_status
from meterai.kit.wire_hosts import ROLES, base_address
from meterai.partners.clients.queries import clients_of
from meterai.partners.logins.model import MadeLogin, is_user_name
from meterai.partners.logins.owners_acts import add_own_login, end_own_login, switch_own_wire
from meterai.partners.logins.queries import logins_of, wire_access
from meterai.partners.model import Organisation
from meterai.partners.rights import Right
from meterai.partners.usage.queries import last_wire_requests, spending_of
from meterai.stamping.taken.queries import count_unstamped, oldest_unstamped
from meterai.stamping.use_cases.return_serials import return_serials
from meterai.web.account.acting import Acting, acting_member
from meterai.web.account.sign_in import told
from meterai.web.developers.own_rows import client_rows, login_rows, request_rows
from meterai.web.requests.forms import Form
from meterai.web.requests.request_context import RequestContext, WebRequest

PAGE: Final = "/saya/kawat"
SERIALS_SHOWN: Final = 50
_SWITCH: Final = {"nyala": True, "mati": False}
_REQUESTS_SHOWN: Final = 20
_REQUESTS_LOOKED_AT: Final = 1000


@get(PAGE)
async def show_wire(request: WebRequest, context: RequestContext) -> Response[bytes]:
    """Shows the switch, user names, addresses, serial numbers that wait, and the last requests."""
    return await _page(request, context, *await acting_member(request, context))


@post(f"{PAGE}/akses", status_code=303)
async def switch(request: WebRequest, context: RequestContext) -> Response[bytes]:
    """Switches the wire on or off."""
    form = await context.form(request)
    whose, organisation = await acting_member(request, context, Right.CONNECT)
    now, on = context.service.clock(), _SWITCH.get(form.text("akses"))
    try:
        if on is None:
            raise Refusal(Kind.CONFLICT, "login.wire_so")
        refuse_old_proof(whose.person, now)
        await switch_own_wire(context.service.db, whose.person, organisation.id, on=on, now=now)
    except Refusal as refusal:
        return await _page(request, context, whose, organisation, refusal)
    return context.redirect(request, PAGE)


@post(f"{PAGE}/nama", status_code=303)
async def add_login(request: WebRequest, context: RequestContext) -> Response[bytes]:
    """Gives a client a user name, and shows its password, once."""
    form = await context.form(request)
    whose, organisation = await acting_member(request, context, Right.CONNECT)
    now, client_id = context.service.clock(), read_id(Prefix.CLIENT, form.text("klien"))
    try:
        if client_id is None:
            raise Refusal(Kind.NOT_FOUND, "client.unknown")
        refuse_old_proof(whose.person, now)
        made = await add_own_login(
            context.service.db, whose.person, organisation.id, client_id, user=form.text("nama"), now=now
        )
    except Refusal as refusal:
        return await _page(request, context, whose, organisation, refusal, form)
    return await _page(request, context, whose, organisation, made=made)


@post(f"{PAGE}/nama/akhiri", status_code=303)
async def end_login(request: WebRequest, context: RequestContext) -> Response[bytes]:
    """Ends a user name at once."""
    form = await context.form(request)
    whose, organisation = await acting_member(request, context, Right.CONNECT)
    now, user = context.service.clock(), form.text("nama")
    try:
        if not is_user_name(user):
            raise Refusal(Kind.NOT_FOUND, "login.unknown")
        refuse_old_proof(whose.person, now)
        await end_own_login(context.service.db, whose.person, organisation.id, user=user, now=now)
    except Refusal as refusal:
        return await _page(request, context, whose, organisation, refusal)
    return context.redirect(request, PAGE)


@post(f"{PAGE}/nomor", status_code=303)
async def give_back(request: WebRequest, context: RequestContext) -> Response[bytes]:
    """Returns serial numbers that were chosen to the stock."""
    form = await context.form(request)
    _, organisation = await acting_member(request, context, Right.CONNECT)
    service = context.service
    shown = await oldest_unstamped(service.db, organisation.id, limit=SERIALS_SHOWN)
    chosen = [one.serial for one in shown if form.text(one.serial)]
    went = await return_serials(service.db, chosen, organisation_id=organisation.id, now=service.clock())
    return context.redirect(request, f"{PAGE}?kembali={len(went)}#nomor")


async def _page(
    request: WebRequest,
    context: RequestContext,
    whose: Acting,
    organisation: Organisation,
    refusal: Refusal | None = None,
    form: Form | None = None,
    made: MadeLogin | None = None,
) -> Response[bytes]:
    service, now = context.service, context.service.clock()
    db, typed, settings = service.db, form or Form(), service.settings
    clients = await clients_of(db, organisation.id, now=now)
    names = {client.id: client.name for client in clients}
    async with db.connection() as conn:
        spending = await spending_of(conn, organisation.id, now)
        asked = (
            await last_wire_requests(conn, organisation.id, among=_REQUESTS_LOOKED_AT, limit=_REQUESTS_SHOWN)
            if whose.may(Right.CONNECT)
            else []
        )
    returned = request.query_params.get("kembali", "")
    return context.page(
        request,
        "developers/own_wire.html",
        status=200 if made else http_status(refusal),
        organisation=organisation,
        access=await wire_access(db, organisation.id),
        must_sign=any(client.signs_requests for client in clients),
        clients=client_rows(clients, spending, now),
        logins=login_rows(await logins_of(db, organisation.id), names),
        made=made,
        addresses={
            role: base_address(role, public_url=service.public_url, hosts=settings.wire_hosts)
            for role in ROLES
        },
        waiting=await count_unstamped(db, organisation.id),
        serials=await oldest_unstamped(db, organisation.id, limit=SERIALS_SHOWN),
        returned=int(returned) if returned.isascii() and returned.isdigit() and len(returned) < 4 else None,
        asked=request_rows(asked, names),
        typed_name=typed.text("nama"),
        typed_client=typed.text("klien"),
        manages=whose.may(Right.CONNECT),
        fresh=whose.person.has_fresh_proof(now),
        own_contact=whose.person.contact.masked if whose.person.contact else "",
        private=True,
        **told(refusal),
    )


ROUTES = [show_wire, switch, add_login, end_login, give_back]
