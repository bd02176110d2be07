"""The client of the API: what it needs to know, and where everything begins."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import httpx

from meterai_sdk.access import TokenAuth
from meterai_sdk.calls import Calls
from meterai_sdk.credentials import Credentials, read_key
from meterai_sdk.resources.bundles import Bundles
from meterai_sdk.resources.documents import Documents
from meterai_sdk.resources.events import Events
from meterai_sdk.resources.organisations import Organisations
from meterai_sdk.resources.quota import Quotas
from meterai_sdk.resources.reports import Reports
from meterai_sdk.resources.sandbox import Sandbox
from meterai_sdk.resources.stamps import Stamps
from meterai_sdk.resources.usage import Usages
from meterai_sdk.resources.verification import Verification
from meterai_sdk.resources.webhooks import Webhooks
from meterai_sdk.signing import RequestSigner

_TIME_S: Final = httpx.Timeout(60.0, connect=10.0)
_VARIABLES: Final = ("METERAI_API_URL", "METERAI_API_CLIENT", "METERAI_API_KEY_ID", "METERAI_API_KEY")


class Meterai:
    """A client of the partner API. Threads may share it.

    Without credentials only what needs no token works: verification.
    """

    def __init__(
        self,
        url: str,
        *,
        client_id: str = "",
        key_id: str = "",
        key: Path | str | dict[str, Any] | None = None,
        scopes: Sequence[str] = (),
        signs_requests: bool = False,
        http: httpx.Client | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """`key`: the private key, as the path of a file, in PEM or as a JWK. `scopes`: only these; else all
        that the client has. `signs_requests`: sign each of them (RFC 9421), as your agreement may demand.
        `http`: a client of yours, such as one with a proxy.
        """
        self._http = http or httpx.Client(timeout=_TIME_S)
        self._http.base_url = httpx.URL(url)
        if key is not None:
            credentials = Credentials(client_id, key_id, read_key(key))
            signer = RequestSigner(credentials) if signs_requests else None
            self._http.auth = TokenAuth(credentials, scopes, signer)
        self.calls = Calls(self._http, sleep=sleep)
        self.organisations = Organisations(self.calls)
        self.quota = Quotas(self.calls)
        self.bundles = Bundles(self.calls)
        self.documents = Documents(self.calls)
        self.stamps = Stamps(self.calls)
        self.events = Events(self.calls)
        self.webhooks = Webhooks(self.calls)
        self.reports = Reports(self.calls)
        self.usage = Usages(self.calls)
        self.sandbox = Sandbox(self.calls)
        self.verification = Verification(self.calls)

    @classmethod
    def from_environment(cls) -> Self:
        """Makes a client from METERAI_API_URL, METERAI_API_CLIENT, METERAI_API_KEY_ID and METERAI_API_KEY.

        The last one is the path of the private key. Raises: KeyError naming the one that is missing.
        """
        url, client_id, key_id, key = (os.environ[name] for name in _VARIABLES)
        return cls(url, client_id=client_id, key_id=key_id, key=Path(key))

    def close(self) -> None:
        """Ends its connections."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
