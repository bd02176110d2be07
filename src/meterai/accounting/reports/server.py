"""Fetches settlement reports over HTTP, each gateway's from the address in METERAI_SETTLEMENT_REPORTS."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import date
from typing import Self
from urllib.parse import urlsplit

from meterai.accounting.reports.reading import BYTES_MAX
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.formats.comma_list import named_values
from meterai.kit.http.outside_service import CallLimits, OutsideService
from meterai.kit.settings import Settings

DAY = "{day}"
_LIMITS = CallLimits(total_seconds=60, body_bytes_max=BYTES_MAX, connections_max=2)


class ReportServer:
    """ReportSource over HTTP. `key` goes as the user name of Basic authorization, as Midtrans has it."""

    def __init__(self, address: str, key: str) -> None:
        parts = urlsplit(address)
        headers = {"Accept": "text/csv"}
        if key:
            headers["Authorization"] = f"Basic {base64.b64encode(f'{key}:'.encode()).decode()}"
        self._path = f"{parts.path}?{parts.query}" if parts.query else parts.path
        self._service = OutsideService(
            f"{parts.scheme}://{parts.netloc}",
            unavailable_code="report.unavailable",
            headers=headers,
            limits=_LIMITS,
        )

    async def fetch(self, day: date) -> bytes | None:
        """See ReportSource."""
        answer = await self._service.call("GET", self._path.replace(DAY, day.isoformat()), repeat=True)
        if answer.status == 404:
            return None
        if answer.status != 200:
            raise Refusal(Kind.UNAVAILABLE, "report.unavailable", reason=f"status_{answer.status}")
        return answer.body

    async def close(self) -> None:
        """Closes the connections."""
        await self._service.close()


class ReportServers:
    """Where the reports of each gateway are fetched."""

    def __init__(self, servers: Mapping[str, ReportServer]) -> None:
        self.by_gateway = servers

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """The servers in the settings."""
        keys = named_values(settings.settlement_keys)
        addresses = named_values(settings.settlement_reports)
        return cls({name: ReportServer(url, keys.get(name, "")) for name, url in addresses.items()})

    async def close(self) -> None:
        """Closes the connections."""
        for server in self.by_gateway.values():
            await server.close()
