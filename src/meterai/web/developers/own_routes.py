"""The programs of an organisation: their keys, webhooks, usage and last requests. For its owners."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from litestar import Response, get, post

from meterai.customers.contact_changes import refuse_old_proof
from meterai.kernel.clock import business_date
from meterai.kernel.refusals import Kind, Refusal
from meterai.kernel.typed_ids import Prefix, read_id, write_id
from meterai.kit.http.status import http_status
from meterai.partners.clients.model import SCOPES
from meterai.partners.clients.public_keys import read_public_key
from meterai.partners.clients.queries import clients_of
from meterai.partners.members.use_cases.change_own_clients import add_own_key, end_own_key, make_own_client
from meterai.partners.model import Organisation
from meterai.partners.rights import Right
from meterai.partners.usage.queries import last_requests, spending_of, usage_by_day
from meterai.partners.webhooks.queries import webhooks_of
from meterai.partners.webhooks.use_cases.add_webhook import WEBHOOKS_MAX
from meterai.texts.developers.scopes import SCOPE_WORDS
from meterai.web.account.acting import Acting, acting_member
from meterai.web.account.sign_in import told
from meterai.web.developers.own_rows import client_rows, request_rows, usage_rows
from meterai.web.requests.forms import Form
from meterai.web.requests.request_context import RequestContext, WebRequest

PAGE: Final = "/saya/pengembang"
_DAYS_SHOWN: Final = 7
_REQUESTS_SHOWN: Final = 20
_SELDOM: Final = frozenset({"quota:move", "organisations:write"})
"""Scopes that a new client has only when they are chosen."""


@get(PAGE)
async def show_programs(request: WebRequest, context: RequestContext) -> Response[bytes]:
    """Shows clients, webhooks, usage and the last requests."""
    whose, organisation = await acting_member(request, context, Right.CONNECT)
    return await _page(request, context, whose, organisation)


@post(f"{PAGE}/klien", status_code=303)
async def make_client(request: WebRequest, context: RequestContext) -> Response[bytes]:
    """Makes a client with its first public key."""
    form = await context.form(request)
    whose, organisation = await acting_member(request, context, Right.CONNECT)
    service, now = context.service, context.service.clock()
    try:
        key = read_public_key(form.text("kunci").encode())
        refuse_old_proof(whose.person, now)
        made = await make_own_client(
            service.db,
            whose.person,
            organisation.id,
            name=form.text("nama"),
            scopes=frozenset(scope for scope in SCOPES if form.text(scope)),
            key=key,
            now=now,
        )
    except Refusal as refusal:
        return await _page(request, context, whose, organisation, refusal, form)
    return context.redirect(request, f"{PAGE}#{write_id(Prefix.CLIENT, made.client_id)}")


@post(f"{PAGE}/kunci", status_code=303)
async def add_key(request: WebRequest, context: RequestContext) -> Response[bytes]:
    """Adds a public key to a client."""
    form = await context.form(request)
    whose, organisation = await acting_member(request, context, Right.CONNECT)
    service, now = context.service, context.service.clock()
    client_id = read_id(Prefix.CLIENT, form.text("klien"))
    try:
        if client_id is None:
            raise Refusal(Kind.NOT_FOUND, "client.unknown")
        refuse_old_proof(whose.person, now)
        key = read_public_key(form.text("kunci").encode())
        await add_own_key(service.db, whose.person, organisation.id, client_id, key=key, now=now)
    except Refusal as refusal:
        return await _page(request, context, whose, organisation, refusal)
    return context.redirect(request, f"{PAGE}#{form.text('klien')}")


@post(f"{PAGE}/kunci/akhiri", status_code=303)
async def end_key(request: WebRequest, context: RequestContext) -> Response[bytes]:
    """Ends a key at once."""
    form = await context.form(request)
    whose, organisation = await acting_member(request, context, Right.CONNECT)
    service, now = context.service, context.service.clock()
    key_id = read_id(Prefix.KEY, form.text("kunci"))
    try:
        if key_id is None:
            raise Refusal(Kind.NOT_FOUND, "client.key_unknown")
        refuse_old_proof(whose.person, now)
        await end_own_key(service.db, whose.person, organisation.id, key_id, now=now)
    except Refusal as refusal:
        return await _page(request, context, whose, organisation, refusal)
    return context.redirect(request, PAGE)


async def _page(
    request: WebRequest,
    context: RequestContext,
    whose: Acting,
    organisation: Organisation,
    refusal: Refusal | None = None,
    form: Form | None = None,
) -> Response[bytes]:
    service, now = context.service, context.service.clock()
    today = business_date(now)
    clients = await clients_of(service.db, organisation.id, now=now)
    async with service.db.connection() as conn:
        hooks = await webhooks_of(conn, organisation.id, after=None, limit=WEBHOOKS_MAX)
        first = today - timedelta(days=_DAYS_SHOWN - 1)
        days = await usage_by_day(conn, organisation.id, first=first, last=today)
        spending = await spending_of(conn, organisation.id, now)
        asked = await last_requests(conn, organisation.id, client_id=None, before=None, limit=_REQUESTS_SHOWN)
    names = {client.id: client.name for client in clients}
    typed = form or Form()
    return context.page(
        request,
        "developers/own.html",
        status=http_status(refusal),
        organisation=organisation,
        clients=client_rows(clients, spending, now),
        webhooks=hooks,
        usage=usage_rows(days, names),
        asked=request_rows(asked, names),
        scopes=SCOPE_WORDS,
        chosen=[scope for scope in SCOPES if (typed.text(scope) if form else scope not in _SELDOM)],
        typed_name=typed.text("nama"),
        typed_key=typed.text("kunci"),
        fresh=whose.person.has_fresh_proof(now),
        own_contact=whose.person.contact.masked if whose.person.contact else "",
        private=True,
        **told(refusal),
    )


ROUTES = [show_programs, make_client, add_key, end_key]
