"""Signed calls to a BI-SNAP gateway: a token first, then calls with an HMAC over it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from meterai.kit.http.outside_service import CallLimits, CircuitBreaker, OutsideService
from meterai.sales.adapters.snap import signing
from meterai.sales.adapters.snap.tokens import TokenCache
from meterai.sales.adapters.snap.wire import Meaning, Said, Service, read_unambiguous, unusable

TOKEN_PATH: Final = "/v1.0/access-token/b2b"  # noqa: S105 - a path
_OUR_FAULT: Final = (Meaning.IN_PROCESS, Meaning.BUSY)


class Partner(msgspec.Struct, frozen=True, kw_only=True):
    """Our identity at the gateway."""

    client_id: str
    """X-CLIENT-KEY, and X-PARTNER-ID."""
    channel_id: str
    """CHANNEL-ID: five digits that the gateway gives."""
    secret: str
    key: RSAPrivateKey

    def __repr__(self) -> str:
        return f"Partner(client_id={self.client_id!r})"  # no secret in logs


class SnapClient:
    """Calls the gateway at `base_url`. `clock` gives the aware time of signatures."""

    def __init__(
        self,
        base_url: str,
        partner: Partner,
        *,
        clock: Callable[[], datetime],
        limits: CallLimits | None = None,
        breaker: CircuitBreaker | None = None,
    ) -> None:
        self.partner, self.clock = partner, clock
        self._prefix = urlsplit(base_url).path.rstrip("/")
        self._tokens = TokenCache(self._fetch_token)
        self._service = OutsideService(
            base_url,
            unavailable_code="gateway.unavailable",
            name="snap",
            headers={"Accept": "application/json", "Content-Type": "application/json"},
            limits=limits,
            breaker=breaker,
            tells_trace=True,
        )

    @property
    def is_healthy(self) -> bool:
        """Whether calls go out now: the circuit breaker is closed, or a trial is due."""
        return not self._service.breaker.is_open

    async def close(self) -> None:
        """Closes the connections."""
        await self._service.close()

    async def call(
        self, service: Service, path: str, body: dict[str, Any], *, method: str = "POST", reads: bool = False
    ) -> Said:
        """Makes one call and reads its answer. `reads`: it changes nothing, so that it may be made again.

        An ended token is replaced once. A call that only reads is made again when its X-EXTERNAL-ID came
        before: a dead connection is repeated, and the first copy may have arrived.

        Raises: Refusal UNAVAILABLE `gateway.unavailable`. Reason `status_code_401`: the gateway does not know
        our keys.
        """
        encoded = msgspec.json.encode(body)
        said = await self._once(service, path, encoded, method=method)
        if said.meaning is Meaning.NO_TOKEN or (reads and said.meaning is Meaning.REPEATED_ID):
            said = await self._once(service, path, encoded, method=method)
        if said.meaning in (Meaning.NO_TOKEN, Meaning.KEY_REFUSED):
            raise unusable("status_code_401")
        if said.meaning in _OUR_FAULT:
            raise unusable(said.meaning.value)
        return said

    async def _once(self, service: Service, path: str, body: bytes, *, method: str) -> Said:
        token = await self._tokens.get()
        now = self.clock()
        stamp = signing.timestamp(now)
        text = signing.text_to_sign(method, self._prefix + path, token=token, body=body, stamp=stamp)
        headers = {
            "Authorization": f"Bearer {token}",
            "X-TIMESTAMP": stamp,
            "X-SIGNATURE": signing.sign(self.partner.secret, text),
            "X-PARTNER-ID": self.partner.client_id,
            "X-EXTERNAL-ID": signing.external_id(now),
            "CHANNEL-ID": self.partner.channel_id,
        }
        said = await self._send(service, method, path, body=body, headers=headers)
        if said.meaning is Meaning.NO_TOKEN:
            self._tokens.forget(token)
        return said

    async def _fetch_token(self) -> tuple[str, int]:
        stamp = signing.timestamp(self.clock())
        partner = self.partner
        headers = {
            "X-TIMESTAMP": stamp,
            "X-CLIENT-KEY": partner.client_id,
            "X-SIGNATURE": signing.sign_token_call(partner.key, partner.client_id, stamp),
        }
        body = msgspec.json.encode({"grantType": "client_credentials"})
        said = await self._send(Service.TOKEN, "POST", TOKEN_PATH, body=body, headers=headers)
        if said.meaning is not Meaning.DONE:
            raise unusable("status_code_401")
        seconds = str(said.expires_in)
        if not said.access_token.isascii() or not said.access_token.isprintable() or not seconds.isdecimal():
            raise unusable("token_unreadable")
        return said.access_token, int(seconds)

    async def _send(
        self, service: Service, method: str, path: str, *, body: bytes, headers: dict[str, str]
    ) -> Said:
        answer = await self._service.call(method, path, body=body, headers=headers, repeat=True)
        try:
            said = read_unambiguous(answer.body, Said)
        except msgspec.DecodeError:
            raise unusable("unreadable") from None
        if said.response_code[3:5] not in (service, "00"):  # 00: refused before the service was looked at
            raise unusable("answer_of_another_service")
        return said
