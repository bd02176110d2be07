"""The day close: `python -m meterai.processes.closer`. It closes each day soon after 00.15 WIB.

With units a timer runs `meterai day close` instead (deploy/systemd/meterai-day-close.timer).
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Mapping
from datetime import date, datetime

import structlog
import uvloop

from meterai.accounting.days.queries import CLOSES_AFTER
from meterai.accounting.days.store import closing_asked_at
from meterai.background.loops import Counts, Loop, run_loop
from meterai.kernel.clock import Clock, business_date, system_clock
from meterai.kernel.refusals import Refusal
from meterai.kit import garbage_collection
from meterai.kit.database import Database, connect, ending_in_words
from meterai.kit.http.role_port import role_port
from meterai.kit.installation_secrets import Secrets
from meterai.kit.logging import set_up_logging
from meterai.kit.production import settings_of
from meterai.kit.settings import Settings
from meterai.operations.use_cases.know_installation import know_installation_when_up

log = structlog.get_logger(__name__)
_LOOK_SECONDS = 20.0
_AGAIN_SECONDS = 300.0
"""After a refusal, such as a day that does not balance: reading its books again costs time."""


class DayCloser:
    """Closes what is over. Between two midnights it asks only whether an officer wants it to try again."""

    def __init__(self, db: Database, settings: Settings, clock: Clock) -> None:
        self._db, self._clock = db, clock
        self._key_file = Secrets.of(settings).day_close_key_file
        self._done: date | None = None
        """The last day up to which all are closed."""
        self._rests_until = 0.0
        self._asked: datetime | None = None
        """When an officer asked last, as far as it was heeded."""

    async def turn(self) -> int:
        """Closes the days that can be closed now, and returns how many. Raises: errors of the database."""
        last = business_date(self._clock() - CLOSES_AFTER)
        loop = asyncio.get_running_loop()
        is_asked = await self._is_asked()
        if not is_asked and (last == self._done or loop.time() < self._rests_until):
            return 0
        try:
            closed = await self._close(last)
        except Refusal as refusal:
            self._rests_until = loop.time() + _AGAIN_SECONDS
            log.error("day_not_closed", code=refusal.code, **refusal.facts)
            return 0
        self._done = last
        return closed

    async def _is_asked(self) -> bool:
        """Whether an officer has asked since the last look."""
        async with self._db.connection() as connection:
            asked = await closing_asked_at(connection)
        is_new, self._asked = asked != self._asked, asked
        return is_new

    async def _close(self, today: date) -> int:
        # The key and what signs with it are loaded when a day is due: most starts of a service close none.
        from meterai.accounting.days.statement_key import read_key
        from meterai.accounting.days.use_cases.close_days import close_days, last_day_to_close

        until = last_day_to_close(today)
        return len(await close_days(self._db, read_key(self._key_file), until=until, clock=self._clock))


async def run(variables: Mapping[str, str]) -> None:
    """Works until SIGTERM or SIGINT. A day that is being closed is finished by the next start."""
    settings = settings_of("closer", variables)
    set_up_logging(settings.log_level)
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    db = await connect(
        settings.database_closer_url, connections_max=2, application_name="meterai closer", at_once=False
    )
    garbage_collection.settle()
    log.info("closer.ready")
    closer = DayCloser(db, settings, system_clock)
    try:
        async with role_port(settings.role_port, "closer", database=db.ping):
            await know_installation_when_up(db, settings.data, stop=stop)
            await run_loop(Loop(name="day_close", work=closer.turn, idle_s=_LOOK_SECONDS), stop, Counts())
    finally:
        await db.close()


def main() -> None:
    """Runs the day close."""
    with ending_in_words(log):
        uvloop.run(run(os.environ))


if __name__ == "__main__":
    main()
