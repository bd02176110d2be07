"""The gateway twin's script API, as a driver of faults uses it."""

from __future__ import annotations

import asyncio
import csv
import io
from datetime import datetime, timedelta, timezone
from typing import Any, Final

import msgspec

from simulator.crowd.browser import Browser, Response

_JAKARTA: Final = timezone(timedelta(hours=7))


class Twin:
    """One gateway twin. `address`: where it listens."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._browser = Browser("", timeout_seconds=10)

    def close(self) -> None:
        """Closes its connections."""
        self._browser.close()

    async def script(self, reference: str | None = None, **faults: object) -> None:
        """Sets the faults of one charge, or of all; without any, nothing goes wrong any more."""
        await self._post("_script", {"order_id": reference, "faults": faults})

    async def pay(self, reference: str, amount: int = 0) -> int:
        """A person pays. Returns the status: 200, or 412 when it can't be paid."""
        return (await self._post("_pay", {"order_id": reference, "amount": amount})).status

    async def reverse(self, reference: str, how: str = "chargeback") -> int:
        """The provider takes the money back. Returns the status."""
        return (await self._post("_reverse", {"order_id": reference, "how": how})).status

    async def notify(self, reference: str) -> int:
        """Sends the notice of the present state again. Returns the status."""
        return (await self._post("_notice", {"order_id": reference})).status

    async def charge(self, reference: str) -> dict[str, Any]:
        """A charge as Midtrans writes it. Raises: LookupError."""
        answer = await self._browser.fetch(f"{self._address}/_charges?order_id={reference}")
        charges: list[dict[str, Any]] = msgspec.json.decode(answer.body)["charges"]
        if not charges:
            raise LookupError(reference)
        return charges[0]

    async def paid_until(self, moment: datetime) -> list[str]:
        """The references of charges that were paid by then; the list knows whole seconds."""
        answer = await self._browser.get(f"{self._address}/_list.csv")
        rows = await asyncio.to_thread(lambda: list(csv.DictReader(io.StringIO(answer.text))))
        return [
            row["order_id"]
            for row in rows
            if row["settlement_time"] and _moment(row["settlement_time"]) <= moment
        ]

    async def _post(self, path: str, body: dict[str, object]) -> Response:
        return await self._browser.request(
            "POST",
            f"{self._address}/{path}",
            body=msgspec.json.encode(body),
            content_type="application/json",
            stay=True,
        )


def _moment(written: str) -> datetime:
    return datetime.strptime(written, "%Y-%m-%d %H:%M:%S").replace(tzinfo=_JAKARTA)
