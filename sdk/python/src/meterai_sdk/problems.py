"""What goes wrong, as exceptions. Each refusal of the API has a stable `code`."""

from __future__ import annotations

from typing import Any

import httpx


class MeteraiError(Exception):
    """The base of all exceptions of this package."""

    retry_after_s: float = 0.0
    """For how long the API asks to wait before the next try."""


class Unreachable(MeteraiError):
    """The API gave no answer, also when asked again."""


class TookTooLong(MeteraiError):
    """What was waited for is not done yet. It goes on: ask for it again later."""


class UnsafeWebhook(MeteraiError):
    """The body does not come from Meterai, or is older than five minutes."""


class Problem(MeteraiError):
    """A refusal: problem details as in RFC 9457.

    `code` is stable, `type` is the address of a page about it. `detail` is in English, `detail_id` in
    Indonesian. Give `help_code` and `request_id` to our support. `more` holds all members of the answer.
    """

    request_id: str | None = None

    def __init__(self, status: int, more: dict[str, Any]) -> None:
        self.status = status
        self.more = more
        self.code: str = more.get("code", "")
        self.type: str = more.get("type", "about:blank")
        self.title: str = more.get("title", "")
        self.detail: str = more.get("detail", "")
        self.detail_id: str = more.get("detail_id", "")
        self.help_code: str | None = more.get("help_code")
        super().__init__(f"{status} {self.code or self.title}: {self.detail}")


class NotAllowed(Problem):
    """401 or 403: the key, its scopes, its addresses or its caps do not allow the call."""


class NotFound(Problem):
    """404 or 410: there is no such thing, or it is not yours."""


class Conflict(Problem):
    """409: the state of the thing does not allow the call."""


class Invalid(Problem):
    """Another 4xx: the request itself is wrong. The same request will be refused again."""


class TooMany(Problem):
    """429: more than the limits allow, also after waiting and asking again."""


class ServerFault(Problem):
    """5xx: our fault, also when asked again."""


_BY_STATUS: dict[int, type[Problem]] = {
    401: NotAllowed,
    403: NotAllowed,
    404: NotFound,
    409: Conflict,
    410: NotFound,
    429: TooMany,
}


def problem_of(response: httpx.Response) -> Problem:
    """Makes the exception of an answer that is no success."""
    kind = _BY_STATUS.get(response.status_code, ServerFault if response.is_server_error else Invalid)
    problem = kind(response.status_code, _members(response))
    problem.request_id = response.headers.get("Request-Id")
    asked = response.headers.get("Retry-After", "")
    problem.retry_after_s = float(asked) if asked.isdecimal() else 0.0
    return problem


def _members(response: httpx.Response) -> dict[str, Any]:
    try:
        members = response.json()
    except ValueError:  # from a proxy on the way
        members = None
    return members if isinstance(members, dict) else {"title": response.reason_phrase}
