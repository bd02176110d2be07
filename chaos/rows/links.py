"""Row 31: a phone on a slow link."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import ClassVar, Final
from urllib.parse import urlsplit

from chaos.proxy import slow_link
from chaos.row import NotFired, Row
from chaos.stage import Stage
from chaos.twin import Twin


class SlowLinkToAPhone(Row):
    """Row 31: one person buys over 64 kbit/s with 500 ms for each way there and back."""

    number, name, guards = 31, "slow link to a phone, 64 kbit/s, 500 ms", "no time-out loses state"
    short = False
    bytes_per_second: ClassVar[int] = 8_000
    delay_s: ClassVar[float] = 0.25
    _files: int = 0

    async def strike(self, stage: Stage) -> str:
        port, began = urlsplit(stage.service.addresses.site).port or 0, time.monotonic()
        async with slow_link(port, bytes_per_second=self.bytes_per_second, delay_s=self.delay_s) as link:
            site = f"http://127.0.0.1:{link.port}"
            buyer = await stage.crowd.buyer(site=site, timeout_seconds=120)
            twin = Twin(stage.service.addresses.gateway)
            await twin.pay(buyer.paying)
            await buyer.receive()
        self._files = len(buyer.outcome.files)
        if not link.passed:
            raise NotFired("nothing went over the link")
        seconds = time.monotonic() - began
        return (
            f"{link.passed / 1000:.0f} kB over {link.connections} connections in {seconds:.0f} s, "
            f"{buyer.reloads} requests sent again"
        )

    async def check(self, stage: Stage) -> Sequence[str]:
        return [] if self._files == 1 else ["the person on the slow link has no file"]


ROWS: Final[tuple[type[Row], ...]] = (SlowLinkToAPhone,)
