"""Hands the CRLs of development's authority on, from the addresses that its certificates name.

Certificates are kept, and the twin of the revocation service has another port at each start. So they name
addresses of the site. An authority in production answers at its own.
"""

from __future__ import annotations

import time
from typing import Final

from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.http.outside_service import CallLimits, OutsideService
from meterai.signatures import revocation

PLACE: Final = "/pki"
"""Path of the addresses, on the site and at the twin."""
NAMES: Final = ("root.crl", "intermediate.crl")
_KEPT_SECONDS: Final = 10.0
_UNAVAILABLE: Final = "revocation.unavailable"


class CrlMirror:
    """Asks the revocation service for its CRLs, and keeps each for ten seconds."""

    def __init__(self, url: str) -> None:
        """`url`: of the service; empty: there are no CRLs here."""
        limits = CallLimits(total_seconds=5, body_bytes_max=revocation.BYTES_MAX)
        self._service = OutsideService(url, unavailable_code=_UNAVAILABLE, limits=limits) if url else None
        self._kept: dict[str, tuple[float, bytes]] = {}

    async def crl(self, name: str) -> bytes:
        """Returns a CRL (DER).

        Raises: Refusal NOT_FOUND `page.not_found` for another name; UNAVAILABLE `revocation.unavailable`.
        """
        if self._service is None or name not in NAMES:
            raise Refusal(Kind.NOT_FOUND, "page.not_found")
        until, kept = self._kept.get(name, (0.0, b""))
        if time.monotonic() < until:
            return kept
        answer = await self._service.call("GET", f"{PLACE}/{name}", repeat=True)
        if answer.status != 200:
            raise Refusal(Kind.UNAVAILABLE, _UNAVAILABLE, status=answer.status)
        self._kept[name] = (time.monotonic() + _KEPT_SECONDS, answer.body)
        return answer.body

    async def close(self) -> None:
        """Closes the connections."""
        if self._service is not None:
            await self._service.close()
