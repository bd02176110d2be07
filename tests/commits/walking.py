"""Walks a path once undisturbed, then once for each of its commits, which is cut before and after it.

A walk is an ordinary one: people press the button again, and a worker has its next turn. Each walk must
change the same: the same transfers, states and messages, as often.
"""

from __future__ import annotations

import asyncio
import itertools
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Final

from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.database import connect, is_outage
from tests.api.partner import Partner
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
        WHERE topic NOT LIKE 'code.%'  -- people who ask twice may get two
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
            if not self._proxy.is_away or not _asks_to_repeat(error):
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

    async def posted(self, partner: Partner, address: str, body: Mapping[str, object]) -> Answer:
        """Posts with a key until that is answered, and once more. Returns the answer, the same each time."""
        key = str(uuid.uuid4())
        first = await self.answered(lambda: partner.post(address, body, key=key))
        again = await self.answered(lambda: partner.post(address, body, key=key))
        assert (first.status, first.body) == (again.status, again.body)
        assert first.status < 300, first.text
        await self._kept(partner, address, body, key=key)
        return first

    async def _kept(self, partner: Partner, address: str, body: Mapping[str, object], *, key: str) -> None:
        """Waits until the answer is kept: late, if the database was away when it was sent."""
        for _ in range(_ASKED_MAX):
            answer = await self.answered(lambda: partner.post(address, body, key=key))
            if "idempotency-replayed" in answer.headers:
                return
            await asyncio.sleep(0.02)
        raise AssertionError("the answer is not kept")

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


def _asks_to_repeat(error: Exception) -> bool:
    """Whether it says that the database, or a part of ours that needs it, is away."""
    return is_outage(error) or (isinstance(error, Refusal) and error.kind is Kind.UNAVAILABLE)


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


async def _nothing() -> None:
    """For paths that need nothing new."""


async def walk_with_cuts(
    proxy: CuttingProxy,
    database: TestDatabase,
    walk: Callable[[Walk], Awaitable[None]],
    *,
    pause: Callable[[], Awaitable[None]],
    prepare: Callable[[], Awaitable[None]] = _nothing,
) -> int:
    """Walks along a path for each of its commits. Returns how many there are.

    `pause`: see `Walk`. `prepare`: makes what each walk needs, undisturbed.
    """

    async def changed() -> Counter[str]:
        before = await _facts(database)
        await walk(Walk(proxy, pause))
        return Counter({name: n - before[name] for name, n in (await _facts(database)).items()})

    await prepare()
    async with proxy.counting(database.urls.owner) as commits:
        plain = await changed()
    assert commits, "a path writes something"
    for commit, when in itertools.product(commits, When):
        await prepare()
        cuts = proxy.cuts
        proxy.cut(commit, when)
        now = await changed()
        assert proxy.cuts == cuts + 1, f"no cut {when} {commit}"
        differs = {name: (plain[name], now[name]) for name in {*plain, *now} if plain[name] != now[name]}
        assert not differs, f"cut {when} {commit}: {differs}"
    return len(commits)


async def _facts(database: TestDatabase) -> Counter[str]:
    rows = await database.owner.fetch(_CHANGED)
    return Counter({name: int(found or 0) for name, found in rows})
