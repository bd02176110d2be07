"""Usage: requests, stamps and refusals by day, against the caps; and the last requests."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, Response, get

from meterai.api.access.caller import Caller
from meterai.api.conventions.bodies import invalid
from meterai.api.conventions.ids import ClientId, Prefix, id_of, write_id
from meterai.api.conventions.operations import operation
from meterai.api.conventions.paging import PAGE, Cursor, Limit, Page, page_of, read_cursor
from meterai.api.conventions.request_log import RequestLog
from meterai.api.dependencies import Service, one_of
from meterai.kernel.clock import business_date
from meterai.partners.usage.model import ApiRequest, DayUsage, Spending
from meterai.partners.usage.queries import last_requests, spending_of, usage_by_day

DAYS_MAX = 31


class UsageOfDay(msgspec.Struct, frozen=True, kw_only=True):
    """What a client did on a day in Jakarta. Of its requests, `refused` were answered with 400 or more."""

    day: date
    client_id: str
    requests: int
    refused: int
    stamps: int


class ClientCaps(msgspec.Struct, frozen=True, kw_only=True):
    """What a client has ordered or passed on, against its caps. A cap that is null does not exist."""

    client_id: str
    name: str
    stamps_this_hour: int
    stamps_per_hour_max: int | None
    stamps_today: int
    stamps_per_day_max: int | None


class Usage(msgspec.Struct, frozen=True, kw_only=True):
    """What the clients of the organisation did. Days without any request are left out."""

    first_day: date
    last_day: date
    days: list[UsageOfDay]
    clients: list[ClientCaps]


class ShownRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A request of the last seven days. `id` is the `Request-Id` of its answer."""

    id: str
    client_id: str
    at: datetime
    method: str
    path: str
    """With names in the place of ids, such as `/api/v1/stamps/{stamp_id}`."""
    status: int
    code: str | None
    milliseconds: int


def _day(one: DayUsage) -> UsageOfDay:
    return UsageOfDay(
        day=one.day,
        client_id=write_id(Prefix.CLIENT, one.client_id),
        requests=one.requests,
        refused=one.refused,
        stamps=one.stamps,
    )


def _caps(one: Spending) -> ClientCaps:
    return ClientCaps(
        client_id=write_id(Prefix.CLIENT, one.client_id),
        name=one.name,
        stamps_this_hour=one.stamps_this_hour,
        stamps_per_hour_max=one.limits.stamps_per_hour_max,
        stamps_today=one.stamps_today,
        stamps_per_day_max=one.limits.stamps_per_day_max,
    )


def _request(one: ApiRequest) -> ShownRequest:
    return ShownRequest(
        id=write_id(Prefix.REQUEST, one.id),
        client_id=write_id(Prefix.CLIENT, one.client_id),
        at=one.at,
        method=one.method,
        path=one.path,
        status=one.status,
        code=one.code,
        milliseconds=one.milliseconds,
    )


@get("/api/v1/usage", opt=operation(scope="usage:read"))
async def read_usage(
    request: Request[Any, Any, Any],
    caller: Caller,
    service: Service,
    first_day: date | None = None,
    last_day: date | None = None,
) -> Usage:
    """Reads what the organisation's clients did by day, and what is left of their caps.

    Without days: the last 31. At most 31 days at once, and those of the last 400.
    """
    now = service.clock()
    last = last_day or business_date(now)
    first = first_day or last - timedelta(days=DAYS_MAX - 1)
    if not timedelta() <= last - first < timedelta(days=DAYS_MAX):
        raise invalid("query", f"first_day and last_day must span 1 to {DAYS_MAX} days - at `$.first_day`")
    await _log(request, service).write()
    async with service.db.connection() as conn:
        days = await usage_by_day(conn, caller.organisation_id, first=first, last=last)
        clients = await spending_of(conn, caller.organisation_id, now)
    return Usage(
        first_day=first,
        last_day=last,
        days=[_day(one) for one in days],
        clients=[_caps(one) for one in clients],
    )


@get("/api/v1/requests", opt=operation(scope="usage:read"))
async def list_requests(
    request: Request[Any, Any, Any],
    caller: Caller,
    service: Service,
    client_id: ClientId | None = None,
    limit: Limit = PAGE,
    cursor: Cursor = "",
) -> Response[Page[ShownRequest]]:
    """Lists the requests of the organisation's clients of the last seven days, the newest first.

    `client_id`: those of one client. A request may appear half a second late.
    """
    before = read_cursor(cursor, UUID)
    client = None if client_id is None else id_of(Prefix.CLIENT, client_id)
    await _log(request, service).write()
    async with service.db.connection() as conn:
        rows = await last_requests(
            conn, caller.organisation_id, client_id=client, before=before, limit=limit + 1
        )
    return page_of(request, rows, limit=limit, show=_request, place=lambda row: row.id)


def _log(request: Request[Any, Any, Any], service: Service) -> RequestLog:
    return one_of(RequestLog, request.app.state, lambda: RequestLog(service.db))


ROUTES = [read_usage, list_requests]
