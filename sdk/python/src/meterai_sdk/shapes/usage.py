"""What clients called and spent."""

from __future__ import annotations

from typing import TypedDict


class UsageOfDay(TypedDict):
    """What a client did on a day in Jakarta. Of its requests, `refused` were answered with 400 or more."""

    day: str
    client_id: str
    requests: int
    refused: int
    stamps: int


class ClientCaps(TypedDict):
    """What a client has ordered, against its caps. A cap that is None does not exist."""

    client_id: str
    name: str
    stamps_this_hour: int
    stamps_per_hour_max: int | None
    stamps_today: int
    stamps_per_day_max: int | None


class Usage(TypedDict):
    """What your clients did. Days without any request are left out."""

    first_day: str
    last_day: str
    days: list[UsageOfDay]
    clients: list[ClientCaps]


class ApiRequest(TypedDict):
    """A request of the last seven days. `id` is the `Request-Id` of its answer.

    `path` has names in the place of ids, such as `/api/v1/stamps/{stamp_id}`.
    """

    id: str
    client_id: str
    at: str
    method: str
    path: str
    status: int
    code: str | None
    milliseconds: int
