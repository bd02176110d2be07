"""Access tokens: bought with a signed assertion (private_key_jwt, RFC 7523), renewed before they end."""

from __future__ import annotations

import threading
import time
from collections.abc import Generator, Sequence
from typing import Final

import httpx

from meterai_sdk.credentials import Credentials
from meterai_sdk.problems import problem_of
from meterai_sdk.signing import RequestSigner

TOKEN_PATH: Final = "/api/v1/token"  # noqa: S105  no secret
ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_RENEWED_BEFORE_S: Final = 60


class TokenAuth(httpx.Auth):
    """Puts a token on each request. Buys one when there is none, when it ends, or when it is refused."""

    def __init__(self, credentials: Credentials, scopes: Sequence[str], signer: RequestSigner | None) -> None:
        self._credentials = credentials
        self._signer = signer
        self._scopes = tuple(scopes)
        self._lock = threading.Lock()
        self._token = ""
        self._ends = 0.0

    def sync_auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Called by httpx around each request."""
        used = yield from self._authorize(request)
        response = yield request
        if response.status_code == 401:  # it was revoked, or its key is gone
            with self._lock:
                self._ends = 0.0 if used == self._token else self._ends
            yield from self._authorize(request)
            yield request

    def _authorize(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, str]:
        with self._lock:
            if time.monotonic() > self._ends - _RENEWED_BEFORE_S:
                yield from self._buy(request.url.join(TOKEN_PATH))
            request.headers["Authorization"] = f"Bearer {self._token}"
            if self._signer:
                self._signer.sign(request)
            return self._token

    def _buy(self, url: httpx.URL) -> Generator[httpx.Request, httpx.Response, None]:
        begun = time.monotonic()
        response = yield httpx.Request("POST", url, data=self._form(str(url)))
        response.read()
        if not response.is_success:
            raise problem_of(response)
        answer = response.json()
        self._token, self._ends = answer["access_token"], begun + answer["expires_in"]

    def _form(self, audience: str) -> dict[str, str]:
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": self._credentials.assertion(audience),
        }
        return form | ({"scope": " ".join(self._scopes)} if self._scopes else {})
