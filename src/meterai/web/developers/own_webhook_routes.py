"""The webhooks of an organisation and their deliveries. For its owners."""

from __future__ import annotations

import secrets
from typing import Final
from uuid import UUID

from litestar import Response, get, post

from meterai.kernel.ids import derived_id, new_id
from meterai.kernel.refusals import Refusal
from meterai.kit.http.status import http_status
from meterai.partners.model import Organisation
from meterai.partners.rights import Right
from meterai.partners.webhooks.addresses import check_url
from meterai.partners.webhooks.queries import deliveries_of, find_webhook
from meterai.partners.webhooks.use_cases.add_webhook import add_webhook
from meterai.partners.webhooks.use_cases.change_webhook import change_webhook, remove_webhook
from meterai.partners.webhooks.use_cases.send_again import replay, send_test
from meterai.texts.developers.deliveries import DELIVERY_STATES
from meterai.web.account.acting import acting_member
from meterai.web.account.sign_in import told
from meterai.web.developers.own_routes import PAGE as ABOVE
from meterai.web.requests.forms import Form, id_in
from meterai.web.requests.request_context import RequestContext, WebRequest

PAGE: Final = f"{ABOVE}/webhook"
_SHOWN: Final = 30
_CHIPS: Final = {"waiting": "busy", "delivered": "done", "failed": "stop", "stopped": ""}
_ENDED: Final = ("failed", "stopped")


@get(PAGE)
async def ask_webhook(request: WebRequest, context: RequestContext) -> Response[bytes]:
    """Asks for the address of a new webhook."""
    await acting_member(request, context, Right.CONNECT)
    return _new_page(request, context, Form(fields={"kiriman": secrets.token_urlsafe(18)}))


@post(PAGE, status_code=303)
async def add(request: WebRequest, context: RequestContext) -> Response[bytes]:
    """Adds a webhook for all events, and shows its secret, once."""
    form = await context.form(request)
    _, organisation = await acting_member(request, context, Right.CONNECT)
    service = context.service
    try:
        key = await add_webhook(
            service.db,
            derived_id("webhook of the site", organisation.id, form.text("kiriman")[:64]),
            organisation.id,
            url=check_url(form.text("url"), is_production=service.settings.environment == "production"),
            kinds=(),
            description="",
            scheme="hmac",
            now=service.clock(),
        )
    except Refusal as refusal:
        return _new_page(request, context, form, refusal)
    return _new_page(request, context, form, key=key)


@get(f"{PAGE}/{{webhook_id:uuid}}")
async def show_webhook(request: WebRequest, context: RequestContext, webhook_id: UUID) -> Response[bytes]:
    """Shows a webhook and its last deliveries."""
    _, organisation = await acting_member(request, context, Right.CONNECT)
    return await _page(request, context, organisation, webhook_id)


@post(f"{PAGE}/{{webhook_id:uuid}}/uji", status_code=303)
async def test(request: WebRequest, context: RequestContext, webhook_id: UUID) -> Response[bytes]:
    """Sends a test event."""
    await context.form(request)
    _, organisation = await acting_member(request, context, Right.CONNECT)
    now = context.service.clock()
    try:
        await send_test(context.service.db, webhook_id, organisation.id, delivery_id=new_id(now), now=now)
    except Refusal as refusal:
        return await _page(request, context, organisation, webhook_id, refusal)
    return context.redirect(request, f"{PAGE}/{webhook_id}")


@post(f"{PAGE}/{{webhook_id:uuid}}/ulang", status_code=303)
async def send_again(request: WebRequest, context: RequestContext, webhook_id: UUID) -> Response[bytes]:
    """Sends a message again, or all that failed or were stopped."""
    form = await context.form(request)
    _, organisation = await acting_member(request, context, Right.CONNECT)
    one = id_in(form.text("pesan"))
    try:
        await replay(
            context.service.db,
            webhook_id,
            organisation.id,
            deliveries=None if one is None else [one],
            states=_ENDED if one is None else (*_ENDED, "delivered"),
            since=None,
            now=context.service.clock(),
        )
    except Refusal as refusal:
        return await _page(request, context, organisation, webhook_id, refusal)
    return context.redirect(request, f"{PAGE}/{webhook_id}")


@post(f"{PAGE}/{{webhook_id:uuid}}/aktifkan", status_code=303)
async def enable(request: WebRequest, context: RequestContext, webhook_id: UUID) -> Response[bytes]:
    """Enables a webhook that was disabled."""
    await context.form(request)
    _, organisation = await acting_member(request, context, Right.CONNECT)
    await change_webhook(
        context.service.db,
        webhook_id,
        organisation.id,
        url=None,
        kinds=None,
        description=None,
        state="enabled",
        now=context.service.clock(),
    )
    return context.redirect(request, f"{PAGE}/{webhook_id}")


@post(f"{PAGE}/{{webhook_id:uuid}}/hapus", status_code=303)
async def remove(request: WebRequest, context: RequestContext, webhook_id: UUID) -> Response[bytes]:
    """Removes a webhook with what waits for it."""
    await context.form(request)
    _, organisation = await acting_member(request, context, Right.CONNECT)
    await remove_webhook(context.service.db, webhook_id, organisation.id, now=context.service.clock())
    return context.redirect(request, ABOVE)


async def _page(
    request: WebRequest,
    context: RequestContext,
    organisation: Organisation,
    webhook_id: UUID,
    refusal: Refusal | None = None,
) -> Response[bytes]:
    async with context.service.db.connection() as conn:
        webhook = await find_webhook(conn, webhook_id, organisation_id=organisation.id)
        deliveries = await deliveries_of(conn, webhook_id, before=None, limit=_SHOWN)
    return context.page(
        request,
        "developers/own_webhook.html",
        status=http_status(refusal),
        webhook=webhook,
        deliveries=deliveries,
        states=DELIVERY_STATES,
        chips=_CHIPS,
        has_ended=any(one.state in _ENDED for one in deliveries),
        private=True,
        **told(refusal),
    )


def _new_page(
    request: WebRequest,
    context: RequestContext,
    form: Form,
    refusal: Refusal | None = None,
    *,
    key: str = "",
) -> Response[bytes]:
    return context.page(
        request,
        "developers/own_webhook_new.html",
        status=http_status(refusal),
        is_kept=not key,
        key=key,
        url=form.text("url"),
        submit_id=form.text("kiriman"),
        private=True,
        **told(refusal),
    )


ROUTES = [ask_webhook, add, show_webhook, test, send_again, enable, remove]
