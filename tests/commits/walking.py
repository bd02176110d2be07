"""Walks a path once undisturbed, then once for each of its commits, which is cut before and after it.

A walk is an ordinary one: people press the button again, and a worker has its next turn. Each walk must
change the same: the same transfers, states and messages, as often.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Final

from meterai.kit.database import connect, is_outage
from tests.cutting_proxy import CuttingProxy, When
from tests.storage_fixtures import TestDatabase
from tests.web.asking import Answer

_CHANGED: Final = """
    SELECT 'transfer ' || code || ' ' || kind, sum(amount) FROM ledger.transfer GROUP BY code, kind
    UNION ALL SELECT 'transfers ' || code || ' ' || kind, count(*) FROM ledger.transfer GROUP BY code, kind
    UNION ALL SELECT 'order ' || state, count(*) FROM sales.orders GROUP BY state
    UNION ALL SELECT 'item ' || state, count(*) FROM sales.item GROUP BY state
    UNION ALL SELECT 'payment ' || state || coalesce(' ' || outcome, ''), count(*) FROM sales.payment
        GROUP BY state, outcome
    UNION ALL SELECT 'refund ' || state, count(*) FROM sales.refund GROUP BY state
    UNION ALL SELECT 'notice ' || (processed_at IS NOT NULL), count(*) FROM sales.notice
        GROUP BY processed_at IS NOT NULL
    UNION ALL SELECT 'due ' || topic || coalesce(' ' || (payload ->> 'news'), ''), count(*) FROM jobs.outbox
        GROUP BY topic, payload ->> 'news'
    UNION ALL SELECT 'job ' || state, count(*) FROM stamping.job GROUP BY state
    UNION ALL SELECT 'serial ' || state, count(*) FROM stamping.serial GROUP BY state
    UNION ALL SELECT 'release', count(*) FROM stamping.release
    UNION ALL SELECT 'hash', count(*) FROM stamping.hash_signature
    UNION ALL SELECT 'block ' || paid_by, sum(pieces - returned) FROM partners.block GROUP BY paid_by
    UNION ALL SELECT 'blocks ' || paid_by, count(*) FROM partners.block GROUP BY paid_by
    UNION ALL SELECT 'partner payment', sum(amount) FROM partners.payment
    UNION ALL SELECT 'deposit', sum(amount) FROM partners.deposit
    UNION ALL SELECT 'agreement', count(*) FROM partners.agreement
    UNION ALL SELECT 'spent', sum(pieces) FROM partners.client_stamps
    UNION ALL SELECT 'audit ' || action, count(*) FROM operations.audit_entry
        WHERE action NOT LIKE 'order.%'  -- an officer who asks twice stands there twice
        GROUP BY action
    UNION ALL SELECT 'request ' || (done_at IS NOT NULL), count(*) FROM operations.release_request
        GROUP BY done_at IS NOT NULL
    UNION ALL SELECT 'statement', count(*) FROM accounting.day_statement
    UNION ALL SELECT 'closed', count(*) FROM ledger.closed_day"""

_TURNS_MAX: Final = 12
_ASKED_MAX: Final = 50


class Walk:
    """One walk along a path. `pause`: lets the time pass after which a worker tries again."""

    def __init__(self, proxy: CuttingProxy, pause: Callable[[], Awaitable[None]]) -> None:
        self._proxy = proxy
        self._pause = pause

    async def again[R](self, act: Callable[[], Awaitable[R]]) -> R:
        """Does something, and does it once more if the database went away meanwhile."""
        try:
            done = await act()
        except Exception as error:
            if not is_outage(error) or not self._proxy.is_away:
                raise
        else:
            if not self._proxy.is_away:
                return done
        self._proxy.mend()
        await self._pause()
        return await act()

    async def answered(self, send: Callable[[], Awaitable[Answer]]) -> Answer:
        """Sends a request as a client of the API does: again, while it can't be answered."""
        for _ in range(_ASKED_MAX):
            answer = await send()
            if answer.status != 503 and b"api.key_running" not in answer.body:
                return answer
            self._proxy.mend()
            await asyncio.sleep(0.02)
        raise AssertionError(f"still {answer.status} after {_ASKED_MAX} times: {answer.text}")

    async def until(
        self, turn: Callable[[], Awaitable[object]], is_done: Callable[[], Awaitable[bool]]
    ) -> None:
        """Gives a worker its turns until something is done. Between them it pauses."""
        for _ in range(_TURNS_MAX):
            await self.again(turn)
            if await is_done():
                return
            await self._pause()
        raise AssertionError(f"not done after {_TURNS_MAX} turns")


@asynccontextmanager
async def through(proxy: CuttingProxy, database: TestDatabase) -> AsyncIterator[TestDatabase]:
    """The same database, with all pools of processes behind a proxy. Its owner and reader are not."""
    roles = [role for role in vars(database.urls) if role not in ("owner", "reader")]
    urls = {role: proxy.url(getattr(database.urls, role)) for role in roles}
    pools = {role: await connect(url, connections_max=10, at_once=False) for role, url in urls.items()}
    try:
        yield replace(database, urls=replace(database.urls, **urls), **pools)
    finally:
        for pool in pools.values():
            await pool.close()


async def walk_with_cuts(
    proxy: CuttingProxy,
    database: TestDatabase,
    walk: Callable[[Walk], Awaitable[None]],
    *,
    pause: Callable[[], Awaitable[None]],
) -> int:
    """Walks along a path for each of its commits. Returns how many there are."""

    async def changed() -> Counter[str]:
        before = await _facts(database)
        await walk(Walk(proxy, pause))
        return Counter({name: n - before[name] for name, n in (await _facts(database)).items()})

    async with proxy.counting(database.urls.owner) as commits:
        plain = await changed()
    assert commits, "a path writes something"
    for commit in commits:
        for when in When:
            cuts = proxy.cuts
            proxy.cut(commit, when)
            differs = await _differences(changed, plain)
            assert proxy.cuts == cuts + 1, f"no cut {when} {commit}"
            assert not differs, f"cut {when} {commit}: {differs}"
    return len(commits)


async def _differences(
    changed: Callable[[], Awaitable[Counter[str]]], plain: Counter[str]
) -> dict[str, tuple[int, int]]:
    now = await changed()
    return {name: (plain[name], now[name]) for name in {*plain, *now} if plain[name] != now[name]}


async def _facts(database: TestDatabase) -> Counter[str]:
    rows = await database.owner.fetch(_CHANGED)
    return Counter({name: int(found or 0) for name, found in rows})
