"""One jail for all tests of a session: starting its processes takes longer than most of the tests."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import msgspec

from meterai.jail.pool import JailPool


class SharedJail:
    """Acts as a running `JailPool` for tests with a loop each: the pool runs in a loop of its own."""

    def __init__(self, pool: JailPool, loop: asyncio.AbstractEventLoop) -> None:
        self._pool = pool
        self._loop = loop

    async def run(self, task: str, request: msgspec.Struct, result_type: Any, **how: Any) -> Any:
        """As `JailPool.run`."""
        job = self._pool.run(task, request, result_type, **how)
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(job, self._loop))


@contextmanager
def shared_jail(tasks: list[str]) -> Iterator[SharedJail]:
    """A jail with one slot that does these tasks."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="jail")
    thread.start()

    def there(work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, loop).result()

    async def make() -> JailPool:
        return JailPool(tasks, slots=1)

    try:
        pool = there(make())
        there(pool.start())
        try:
            yield SharedJail(pool, loop)
        finally:
            there(pool.close())
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
