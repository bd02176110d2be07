"""Deliveries: the log of messages to webhooks, tests and replays."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from msgspec import Meta

from meterai.api.access.caller import Caller
from meterai.api.conventions.ids import DeliveryId, Prefix, WebhookId, id_of, write_id
from meterai.api.conventions.once import Once
from meterai.api.conventions.operations import operation
from meterai.api.conventions.paging import PAGE, Cursor, Limit, Page, page_of, read_cursor
from meterai.api.dependencies import Service
from meterai.kernel.refusals import Kind
from meterai.partners.webhooks.model import Delivery, DeliveryState
from meterai.partners.webhooks.queries import attempts_of, deliveries_of, find_delivery, find_webhook
from meterai.partners.webhooks.use_cases.send_again import replay as send_again
from meterai.partners.webhooks.use_cases.send_again import send_test

_DISABLED = {"webhook.disabled": Kind.CONFLICT}


class ShownDelivery(msgspec.Struct, frozen=True, kw_only=True):
    """A message to a webhook. `stopped`: the webhook was disabled or removed before."""

    id: str
    webhook_id: str
    event_id: str
    type: str
    state: DeliveryState
    attempts: int
    is_replay: bool
    next_attempt_at: datetime | None
    created_at: datetime
    ended_at: datetime | None


class ShownAttempt(msgspec.Struct, frozen=True, kw_only=True):
    """A try. `trouble` says why there was no answer."""

    number: int
    at: datetime
    milliseconds: int
    status: int | None
    trouble: str | None


class DeliveryLog(ShownDelivery, frozen=True, kw_only=True):
    """A message with its attempts."""

    log: tuple[ShownAttempt, ...]


class ReplayOrder(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which messages are sent again: with these ids, these states, and since this time, where given."""

    deliveries: Annotated[list[DeliveryId], Meta(min_length=1, max_length=100)] | None = None
    states: Annotated[list[Literal["delivered", "failed", "stopped"]], Meta(min_length=1, max_length=3)] = (
        msgspec.field(default_factory=lambda: ["failed", "stopped"])
    )
    since: Annotated[datetime, Meta(tz=True)] | None = None


class Replayed(msgspec.Struct, frozen=True, kw_only=True):
    """How many messages are sent again: at most 1,000. Ask again for the rest."""

    queued: int


def _fields(delivery: Delivery) -> dict[str, Any]:
    return {
        "id": write_id(Prefix.DELIVERY, delivery.id),
        "webhook_id": write_id(Prefix.WEBHOOK, delivery.webhook_id),
        "event_id": write_id(Prefix.EVENT, delivery.event_id),
        "type": delivery.kind,
        "state": delivery.state,
        "attempts": delivery.attempts,
        "is_replay": delivery.is_replay,
        "next_attempt_at": delivery.next_attempt_at,
        "created_at": delivery.created_at,
        "ended_at": delivery.ended_at,
    }


def _show(delivery: Delivery) -> ShownDelivery:
    return ShownDelivery(**_fields(delivery))


@get("/api/v1/webhooks/{webhook_id:str}/deliveries", opt=operation(scope="webhooks:write"))
async def list_deliveries(
    request: Request[Any, Any, Any],
    caller: Caller,
    service: Service,
    webhook_id: WebhookId,
    limit: Limit = PAGE,
    cursor: Cursor = "",
) -> Response[Page[ShownDelivery]]:
    """Lists the deliveries of a webhook, the newest first."""
    before = read_cursor(cursor, UUID)
    async with service.db.connection() as conn:
        id = id_of(Prefix.WEBHOOK, webhook_id)
        await find_webhook(conn, id, organisation_id=caller.organisation_id)
        rows = await deliveries_of(conn, id, before=before, limit=limit + 1)
    return page_of(request, rows, limit=limit, show=_show, place=lambda row: row.id)


@get("/api/v1/deliveries/{delivery_id:str}", opt=operation(scope="webhooks:write"))
async def read_delivery(caller: Caller, service: Service, delivery_id: DeliveryId) -> DeliveryLog:
    """Reads a delivery with the log of its attempts."""
    async with service.db.connection() as conn:
        id = id_of(Prefix.DELIVERY, delivery_id)
        found = await find_delivery(conn, id, organisation_id=caller.organisation_id)
        attempts = await attempts_of(conn, id)
    log = tuple(msgspec.convert(one, ShownAttempt, from_attributes=True) for one in attempts)
    return DeliveryLog(**_fields(found), log=log)


@post(
    "/api/v1/webhooks/{webhook_id:str}/tests",
    opt=operation(scope="webhooks:write", refuses=_DISABLED),
    status_code=202,
)
async def test_webhook(caller: Caller, once: Once, service: Service, webhook_id: WebhookId) -> ShownDelivery:
    """Sends a test event to a webhook. The delivery says how it went."""
    id = id_of(Prefix.WEBHOOK, webhook_id)
    return _show(
        await send_test(service.db, id, caller.organisation_id, delivery_id=once.id, now=service.clock())
    )


@post(
    "/api/v1/webhooks/{webhook_id:str}/replays",
    opt=operation(scope="webhooks:write", refuses=_DISABLED),
    status_code=202,
)
async def replay_deliveries(
    data: ReplayOrder, caller: Caller, once: Once, service: Service, webhook_id: WebhookId
) -> Replayed:
    """Sends messages again. Receivers know by the id of a message whether they have had it."""
    asked = data.deliveries
    queued = await send_again(
        service.db,
        id_of(Prefix.WEBHOOK, webhook_id),
        caller.organisation_id,
        deliveries=None if asked is None else [id_of(Prefix.DELIVERY, text) for text in asked],
        states=data.states,
        since=data.since,
        now=service.clock(),
    )
    return Replayed(queued=queued)


ROUTES = [list_deliveries, read_delivery, test_webhook, replay_deliveries]
