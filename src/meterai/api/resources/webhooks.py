"""Webhooks: addresses to which messages about events go."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Response, delete, get, patch, post
from msgspec import Meta

from meterai.api.access.caller import Caller
from meterai.api.conventions.ids import Prefix, WebhookId, id_of, write_id
from meterai.api.conventions.once import Once
from meterai.api.conventions.operations import operation
from meterai.api.conventions.paging import PAGE, Cursor, Limit, Page, page_of, read_cursor
from meterai.api.dependencies import Service
from meterai.kernel.refusals import Kind
from meterai.partners.webhooks.addresses import check_url
from meterai.partners.webhooks.event_kinds import KINDS
from meterai.partners.webhooks.model import Webhook, WebhookState
from meterai.partners.webhooks.queries import find_webhook, secrets_of, webhooks_of
from meterai.partners.webhooks.signing import Scheme
from meterai.partners.webhooks.use_cases.add_webhook import add_webhook as add
from meterai.partners.webhooks.use_cases.add_webhook import rotate_secret as rotate
from meterai.partners.webhooks.use_cases.change_webhook import change_webhook as change
from meterai.partners.webhooks.use_cases.change_webhook import remove_webhook as remove

Url = Annotated[str, Meta(min_length=8, max_length=2048, description="An https address of the internet.")]
EventType = Annotated[str, Meta(pattern="^(" + "|".join(map(re.escape, KINDS)) + ")$")]
Types = Annotated[list[EventType], Meta(max_length=40, description="Types of events; empty: all.")]
Description = Annotated[str, Meta(max_length=200, pattern=r"^[^\x00-\x1f]*$")]
_URL = {"webhook.url": Kind.INVALID}


class WebhookOrder(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A webhook to add."""

    url: Url
    types: Types = []
    description: Description = ""
    scheme: Scheme = "hmac"


class WebhookChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to change. A disabled webhook loses what waits for it."""

    url: Url | None = None
    types: Types | None = None
    description: Description | None = None
    state: WebhookState | None = None


class SecretOrder(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How long messages are signed with the secret before, too."""

    overlap_hours: Annotated[int, Meta(ge=0, le=168)] = 24


class ShownSecret(msgspec.Struct, frozen=True, kw_only=True):
    """A secret that counts. Its value is shown once; a public key can be read again."""

    made_at: datetime
    ends_at: datetime | None
    public_key: str | None


class ShownWebhook(msgspec.Struct, frozen=True, kw_only=True):
    """A webhook. `failing_since`: the first request that was not taken, if the last one was not."""

    id: str
    url: str
    types: tuple[str, ...]
    description: str
    scheme: Scheme
    state: WebhookState
    disabled_because: str | None
    failing_since: datetime | None
    secrets: tuple[ShownSecret, ...]
    created_at: datetime


class NewKey(msgspec.Struct, frozen=True, kw_only=True):
    """What the receiver checks signatures with: a secret (`whsec_`) or a public key (`whpk_`)."""

    webhook_id: str
    key: str


async def _show(service: Service, webhook: Webhook) -> ShownWebhook:
    async with service.db.connection() as conn:
        secrets = await secrets_of(conn, webhook.id, now=service.clock())
    return ShownWebhook(
        id=write_id(Prefix.WEBHOOK, webhook.id),
        url=webhook.url,
        types=webhook.kinds,
        description=webhook.description,
        scheme=webhook.scheme,
        state=webhook.state,
        disabled_because=webhook.disabled_because,
        failing_since=webhook.failing_since,
        secrets=tuple(msgspec.convert(one, ShownSecret, from_attributes=True) for one in secrets),
        created_at=webhook.created_at,
    )


def _checked(service: Service, url: str) -> str:
    return check_url(url, is_production=service.settings.environment == "production")


@post(
    "/api/v1/webhooks",
    opt=operation(scope="webhooks:write", refuses={**_URL, "webhook.too_many": Kind.CONFLICT}),
    status_code=201,
)
async def add_webhook(data: WebhookOrder, caller: Caller, once: Once, service: Service) -> Response[NewKey]:
    """Adds a webhook. The answer has the key of its receiver; a secret is not shown again."""
    key = await add(
        service.db,
        once.id,
        caller.organisation_id,
        url=_checked(service, data.url),
        kinds=data.types,
        description=data.description,
        scheme=data.scheme,
        now=service.clock(),
    )
    made = NewKey(webhook_id=write_id(Prefix.WEBHOOK, once.id), key=key)
    return Response(made, headers={"Location": f"/api/v1/webhooks/{made.webhook_id}"})


@get("/api/v1/webhooks", opt=operation(scope="webhooks:write"))
async def list_webhooks(
    request: Request[Any, Any, Any],
    caller: Caller,
    service: Service,
    limit: Limit = PAGE,
    cursor: Cursor = "",
) -> Response[Page[ShownWebhook]]:
    """Lists the webhooks of the organisation that calls."""
    after = read_cursor(cursor, UUID)
    async with service.db.connection() as conn:
        rows = await webhooks_of(conn, caller.organisation_id, after=after, limit=limit + 1)
    shown = {row.id: await _show(service, row) for row in rows}
    return page_of(request, rows, limit=limit, show=lambda row: shown[row.id], place=lambda row: row.id)


@get("/api/v1/webhooks/{webhook_id:str}", opt=operation(scope="webhooks:write"))
async def read_webhook(caller: Caller, service: Service, webhook_id: WebhookId) -> ShownWebhook:
    """Reads a webhook."""
    async with service.db.connection() as conn:
        id = id_of(Prefix.WEBHOOK, webhook_id)
        found = await find_webhook(conn, id, organisation_id=caller.organisation_id)
    return await _show(service, found)


@patch("/api/v1/webhooks/{webhook_id:str}", opt=operation(scope="webhooks:write", refuses=_URL))
async def change_webhook(
    data: WebhookChange, caller: Caller, service: Service, webhook_id: WebhookId
) -> ShownWebhook:
    """Changes a webhook, disables it, or enables it again."""
    changed = await change(
        service.db,
        id_of(Prefix.WEBHOOK, webhook_id),
        caller.organisation_id,
        url=None if data.url is None else _checked(service, data.url),
        kinds=data.types,
        description=data.description,
        state=data.state,
        now=service.clock(),
    )
    return await _show(service, changed)


@delete("/api/v1/webhooks/{webhook_id:str}", opt=operation(scope="webhooks:write"), status_code=204)
async def remove_webhook(caller: Caller, service: Service, webhook_id: WebhookId) -> None:
    """Removes a webhook and what waits for it."""
    id = id_of(Prefix.WEBHOOK, webhook_id)
    await remove(service.db, id, caller.organisation_id, now=service.clock())


@post("/api/v1/webhooks/{webhook_id:str}/secrets", opt=operation(scope="webhooks:write"), status_code=201)
async def rotate_secret(
    data: SecretOrder, caller: Caller, once: Once, service: Service, webhook_id: WebhookId
) -> NewKey:
    """Makes a new secret. Messages are signed with the one before, too, until its overlap is over."""
    id = id_of(Prefix.WEBHOOK, webhook_id)
    overlap = timedelta(hours=data.overlap_hours)
    key = await rotate(service.db, id, caller.organisation_id, overlap=overlap, now=service.clock())
    return NewKey(webhook_id=webhook_id, key=key)


ROUTES = [
    add_webhook,
    list_webhooks,
    read_webhook,
    change_webhook,
    remove_webhook,
    rotate_secret,
]
