"""Closing a day may meet a failover at each of its commits: it is closed once, with one statement."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from meterai.accounting.days.statement_key import read_key
from meterai.accounting.days.use_cases.close_days import close_days, last_day_to_close
from meterai.kernel.clock import business_date
from meterai.kit.files.secret_files import keep_ed25519_key
from tests.commits.walking import Walk, walk_with_cuts
from tests.cutting_proxy import CuttingProxy
from tests.sales.conftest import shop
from tests.sales.shop import Shop

__all__ = ["shop"]
pytestmark = pytest.mark.long


async def test_a_failover_at_any_commit_closes_a_day_once(
    shop: Shop, proxy: CuttingProxy, tmp_path: Path
) -> None:
    keep_ed25519_key(tmp_path / "key.pem")
    key = read_key(tmp_path / "key.pem")

    async def sell_until_midnight() -> None:
        await shop.paid_quota()
        shop.pass_time(days=1)

    async def close(walk: Walk) -> None:
        day = last_day_to_close(business_date(shop.clock()))
        await walk.again(lambda: close_days(shop.database.closer, key, until=day, clock=shop.clock))
        assert await close_days(shop.database.closer, key, until=day, clock=shop.clock) == []
        closed = await shop.database.owner.fetchval("SELECT max(business_date) FROM accounting.day_statement")
        assert closed == day

    async def pause() -> None:
        """The closer looks again a minute later."""
        shop.clock.now += timedelta(minutes=1)

    await walk_with_cuts(proxy, shop.database, close, pause=pause, prepare=sell_until_midnight)
