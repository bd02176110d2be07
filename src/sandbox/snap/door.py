"""The bank's checks of a caller: tokens, signatures, X-EXTERNAL-ID once a day."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from sandbox.gateway.till import GatewayError, Till
from sandbox.snap import protocol
from sandbox.snap.protocol import Keys, SnapError

TOKEN_SECONDS = 900
CLOCKS_DIFFER = 300
_CASES = {
    404: (404, "01", "Transaction Not Found"),
    406: (409, "01", "Duplicate partnerReferenceNo"),
    412: (403, "15", "Transaction Not Permitted"),
    414: (403, "14", "Insufficient Funds"),
    418: (403, "15", "Transaction Not Permitted"),
}
type Handler = Callable[[web.Request, dict[str, Any]], Awaitable[web.StreamResponse]]


class Door:
    """Gives tokens, and lets calls through that are rightly signed."""

    def __init__(self, till: Till, keys: Keys) -> None:
        self._till, self._keys = till, keys
        self._tokens: dict[str, float] = {}
        self._ids: tuple[str, set[str]] = ("", set())

    def routes(self) -> list[web.RouteDef]:
        """The route for tokens."""
        return [web.post("/v1.0/access-token/b2b", self.give_token)]

    async def give_token(self, request: web.Request) -> web.StreamResponse:
        """A token for a caller who holds the merchant's key."""
        try:
            if self._till.script.take("", "token_fails_next"):
                raise SnapError(500, "00", "General Error")
            time = request.headers.get("X-TIMESTAMP", "")
            self._check_time(time)
            if request.headers.get("X-CLIENT-KEY") != self._keys.client_id:
                raise SnapError(401, "00", "Unauthorized. [Unknown client]")
            protocol.check_for_token(self._keys, time, request.headers.get("X-SIGNATURE", ""))
            if protocol.read(await request.read()).get("grantType") != "client_credentials":
                raise SnapError(400, "02", "Invalid Mandatory Field grantType")
        except SnapError as error:
            return _failed("73", error)
        token = protocol.new_token()
        self._tokens[token] = self._till.clock() + TOKEN_SECONDS
        more = {"accessToken": token, "tokenType": "BearerToken", "expiresIn": str(TOKEN_SECONDS)}
        return protocol.answer("73", more)

    def guarded(
        self, service: str, handler: Handler
    ) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        """The handler behind the checks; its errors in SNAP's form."""

        async def guarded(request: web.Request) -> web.StreamResponse:
            try:
                body = await request.read()
                self._check(request, body)
                return await handler(request, protocol.read(body))
            except GatewayError as error:
                status, case, words = _CASES.get(error.code, (400, "00", error.message))
                return _failed(service, SnapError(status, case, words))
            except SnapError as error:
                return _failed(service, error)

        return guarded

    def _check(self, request: web.Request, body: bytes) -> None:
        said = request.headers
        token = said.get("Authorization", "").removeprefix("Bearer ")
        known = self._tokens.get(token, 0) > self._till.clock()
        if not known or self._till.script.take("", "token_ended_next"):
            self._tokens.pop(token, None)
            raise SnapError(401, "01", "Invalid Token (B2B)")
        time = said.get("X-TIMESTAMP", "")
        self._check_time(time)
        expected = protocol.mac(
            self._keys.secret, request.method, request.path_qs, token=token, body=body, time=time
        )
        if not hmac.compare_digest(expected.encode(), said.get("X-SIGNATURE", "").encode()):
            raise SnapError(401, "00", "Unauthorized. [Signature]")
        if said.get("X-PARTNER-ID") != self._keys.client_id or not said.get("CHANNEL-ID"):
            raise SnapError(401, "00", "Unauthorized. [Unknown partner]")
        self._take_id(said.get("X-EXTERNAL-ID", ""), time[:10])

    def _check_time(self, time: str) -> None:
        if abs(protocol.moment_of(time) - self._till.clock()) > CLOCKS_DIFFER:
            raise SnapError(401, "00", "Unauthorized. [X-TIMESTAMP]")

    def _take_id(self, external_id: str, day: str) -> None:
        if not external_id.isdecimal() or len(external_id) > 36:
            raise SnapError(400, "01", "Invalid Field Format X-EXTERNAL-ID")
        if self._ids[0] != day:
            self._ids = (day, set())
        if external_id in self._ids[1]:
            raise SnapError(409, "00", "Cannot use same X-EXTERNAL-ID in same day")
        self._ids[1].add(external_id)


def _failed(service: str, error: SnapError) -> web.Response:
    return protocol.answer(service, status=error.status, case=error.case, message=error.message)
