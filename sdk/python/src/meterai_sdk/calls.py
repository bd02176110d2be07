"""One call of the API: its Idempotency-Key, and asking again when the network or the service fails."""

from __future__ import annotations

import random
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import httpx
from httpx import USE_CLIENT_DEFAULT

from meterai_sdk.problems import MeteraiError, Problem, TookTooLong, Unreachable, problem_of

TRIES_MAX: Final = 6
FIRST_WAIT_S: Final = 0.5
WAIT_MAX_S: Final = 30.0
_POLL_S: Final = (0.5, 1.0, 2.0, 5.0)
"""Between questions for the state of something; the last one again and again."""
_PASSING: Final = frozenset({408, 425, 429, 500, 502, 503, 504})
_STILL_RUNNING: Final = "api.key_running"
"""The same call is under way already: its answer comes when that is done."""


class Calls:
    """Calls the API. Threads may share it.

    A POST has an Idempotency-Key, the same in each try: however often it is sent, it is done once.
    """

    def __init__(self, http: httpx.Client, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self._http = http
        self.sleep = sleep

    def json(self, method: str, path: str, **given: Any) -> Any:
        """Calls and reads the answer as JSON. The arguments are those of `send`."""
        response = self.send(method, path, **given)
        return response.json() if response.content else None

    def pages(self, path: str, **query: Any) -> Iterator[Any]:
        """Gives each item of a list, page by page."""
        while True:
            page = self.json("GET", path, query=query)
            yield from page["data"]
            if page.get("next_cursor") is None:
                return
            query["cursor"] = page["next_cursor"]

    def wait(
        self, found: Any, read: Callable[[], Any], *, is_done: Callable[[Any], bool], within_s: float
    ) -> Any:
        """Reads something with growing pauses until it is done. Raises: TookTooLong."""
        ends, asked = time.monotonic() + within_s, 0
        while not is_done(found):
            if time.monotonic() > ends:
                raise TookTooLong(f"{found['id']} is still {found['state']} after {within_s:.0f} s")
            self.sleep(_POLL_S[min(asked, len(_POLL_S) - 1)])
            found, asked = read(), asked + 1
        return found

    def send(
        self,
        method: str,
        path: str,
        *,
        body: Any = None,
        content: bytes | None = None,
        query: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        key: str | None = None,
        needs_token: bool = True,
        again_if_lost: bool = True,
    ) -> httpx.Response:
        """Calls until there is an answer that counts. `body` is sent as JSON, `content` as it is.

        `key`: the Idempotency-Key. Give one that you have stored where your program may end in between.
        `needs_token` False: the call goes without a token. `again_if_lost` False: a lost connection raises.
        Raises: Problem for a refusal, Unreachable when no answer came.
        """
        request = self._request(
            method, path, json=body, content=content, query=query, headers=headers, key=key
        )
        auth = USE_CLIENT_DEFAULT if needs_token else None
        return self._again(request, again_if_lost=again_if_lost, auth=auth)

    def download(self, path: str, to: Path) -> httpx.Response:
        """Writes an answer into a file, piece by piece. The file is there once it is complete.

        Returns the answer without its body. Raises: as `send`.
        """
        part = to.with_name(f"{to.name}.part")
        try:
            response = self._again(
                self._request("GET", path), read=lambda answer: _write(answer, part), stream=True
            )
            part.replace(to)
            return response
        finally:
            part.unlink(missing_ok=True)

    def _request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        key: str | None = None,
        **body: Any,
    ) -> httpx.Request:
        sent = dict(headers or {})
        if method == "POST":
            sent["Idempotency-Key"] = key or str(uuid.uuid4())
        given = {name: value for name, value in (query or {}).items() if value is not None}
        return self._http.build_request(method, path, params=given or None, headers=sent, **body)

    def _again(
        self,
        request: httpx.Request,
        *,
        again_if_lost: bool = True,
        read: Callable[[httpx.Response], object] = httpx.Response.read,
        **how: Any,
    ) -> httpx.Response:
        tried = 1
        while True:
            try:
                return self._once(request, read, how)
            except MeteraiError as error:
                is_final = isinstance(error, Unreachable) and not again_if_lost
                if is_final or tried == TRIES_MAX or not _may_pass(error):
                    raise
                self.sleep(max(_wait_s(tried), error.retry_after_s))
            tried += 1

    def _once(
        self, request: httpx.Request, read: Callable[[httpx.Response], object], how: Mapping[str, Any]
    ) -> httpx.Response:
        try:
            response = self._http.send(request, **how)
            (read if response.is_success else httpx.Response.read)(response)
        except httpx.TransportError as error:
            raise Unreachable(f"no whole answer from {request.url.host}: {error}") from error
        if not response.is_success:
            raise problem_of(response)
        return response


def _write(response: httpx.Response, to: Path) -> None:
    """Writes the body of an answer while it arrives."""
    try:
        with to.open("wb") as file:
            for piece in response.iter_bytes():
                file.write(piece)
    finally:
        response.close()


def _may_pass(error: MeteraiError) -> bool:
    if isinstance(error, Problem):
        passes = error.status in _PASSING or error.code == _STILL_RUNNING
        return passes and error.retry_after_s <= WAIT_MAX_S
    return isinstance(error, Unreachable)


def _wait_s(tried: int) -> float:
    """Doubles with each try. The random part keeps clients apart that failed together."""
    longest = min(FIRST_WAIT_S * 2.0 ** (tried - 1), WAIT_MAX_S)
    return longest * random.uniform(0.5, 1.0)  # noqa: S311  no secret
