"""The reports that processes write about themselves once a second, and the controller's view of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import msgspec

from meterai.kit.database import Connection, Database
from meterai.kit.stop_switches import SEALING_STOPPED, is_thrown
from meterai.waiting_room.rules.bypasses import INSIDE_S
from meterai.waiting_room.rules.rate_control import SILENT_S
from meterai.waiting_room.rules.rate_model import SiteMeasurements

FORGOTTEN_AFTER = timedelta(minutes=1)
SITE_WINDOW_S = 3
"""Seconds. A site process reports once a second about the last seconds."""
WORKER_LATE_S = 5.0
"""Seconds. A worker that has not reported for longer counts as not stamping."""


class SiteLoad(msgspec.Struct, frozen=True, kw_only=True):
    """One site process in the last seconds."""

    p95_ms: float
    """Requests that belong to buying and stamping."""
    in_flight: float
    """The average number of such requests at once."""
    requests: int
    faults: int
    """The number of such requests that failed because of us or the gateway."""
    entered: Mapping[str, float]
    """Event -> people a minute who entered without a pass."""
    begun: Mapping[str, int] = {}
    """Event (empty: none) -> forms with which people may go on in a line, given since the last report."""


class SiteReport(msgspec.Struct, frozen=True, kw_only=True):
    """The last report of a site process."""

    process: str
    age_s: float
    p95_ms: float
    in_flight: int
    requests: int
    """In the `SITE_WINDOW_S` before it."""
    faults: int


class BacklogReport(msgspec.Struct, frozen=True):
    """The state of the work behind the site."""

    backlog_s: float
    """Age of the oldest item that is paid and not stamped."""
    stock: int
    """Stamps that can be sold."""
    can_buy: bool = True
    """Whether codes reach called people, and the gateway opens charges."""


async def report_site_load(db: Database, process: str, load: SiteLoad) -> None:
    """Writes the report. `process`: its name on this machine. A successor takes over its row."""
    async with db.connection() as connection:
        await connection.execute(
            """INSERT INTO waiting_room.site_load VALUES ($1, clock_timestamp(), $2, $3, $4, $5, $6)
               ON CONFLICT (process) DO UPDATE SET at = excluded.at, p95_ms = excluded.p95_ms,
                   in_flight = excluded.in_flight, requests = excluded.requests, faults = excluded.faults,
                   entered = excluded.entered""",
            process,
            load.p95_ms,
            round(load.in_flight),
            load.requests,
            load.faults,
            dict(load.entered),
        )
        if not load.begun:
            return
        await connection.executemany(
            """INSERT INTO waiting_room.begun_form AS b
               VALUES ($1, extract(epoch FROM clock_timestamp())::bigint / 60, $2)
               ON CONFLICT (event, minute) DO UPDATE SET forms = b.forms + excluded.forms""",
            list(load.begun.items()),
        )


async def count_begun_forms(connection: Connection, event: str) -> int:
    """The forms of the last `INSIDE_S` with which people may go on, for this event or for none."""
    forms: int = await connection.fetchval(
        """SELECT coalesce(sum(forms), 0)::bigint FROM waiting_room.begun_form
           WHERE event IN ($1, '') AND minute >= extract(epoch FROM clock_timestamp())::bigint / 60 - $2""",
        event,
        INSIDE_S // 60 + 1,
    )
    return forms


async def report_backlog(db: Database, behind: BacklogReport) -> None:
    """Writes the report in one statement. The report of the last worker counts."""
    async with db.connection() as connection:
        await connection.execute(
            """INSERT INTO waiting_room.behind (at, backlog_s, stock, opens_charges)
               VALUES (clock_timestamp(), $1, $2, $3)
               ON CONFLICT (one) DO UPDATE SET at = excluded.at, backlog_s = excluded.backlog_s,
                   stock = excluded.stock, opens_charges = excluded.opens_charges""",
            behind.backlog_s,
            behind.stock,
            behind.can_buy,
        )


async def forget_silent(db: Database) -> None:
    """Deletes reports of processes that ended, and the numbers of old forms."""
    async with db.connection() as connection:
        await connection.execute(
            "DELETE FROM waiting_room.site_load WHERE at < clock_timestamp() - $1::interval", FORGOTTEN_AFTER
        )
        await connection.execute(
            """DELETE FROM waiting_room.begun_form
               WHERE minute < extract(epoch FROM clock_timestamp())::bigint / 60 - $1""",
            2 * INSIDE_S // 60,
        )


async def site_reports(connection: Connection) -> list[SiteReport]:
    """The report of every site process of the last minute, by name."""
    rows = await connection.fetch(
        """SELECT process, extract(epoch FROM clock_timestamp() - at)::float8 AS age_s, p95_ms, in_flight,
                  requests, faults
           FROM waiting_room.site_load ORDER BY process"""
    )
    return [SiteReport(**dict(row)) for row in rows]


async def read_measured(connection: Connection, event: str) -> SiteMeasurements:
    """The site as an event's controller sees it, by the database's clock.

    Where people are called for several events, the stock is divided between them.
    """
    sites = await connection.fetch(
        """SELECT extract(epoch FROM clock_timestamp() - at)::float8 AS age, p95_ms, in_flight, requests,
                  faults, coalesce((entered->>$1)::float8, 0) AS entered FROM waiting_room.site_load""",
        event,
    )
    behind = await connection.fetchrow(
        """SELECT extract(epoch FROM clock_timestamp() - at)::float8 AS age, backlog_s,
                  opens_charges AS can_buy,
                  ceil(stock / greatest(1.0, (SELECT count(*) FROM waiting_room.queue
                      WHERE state IN ('open', 'last_call'))))::int8 AS stock
           FROM waiting_room.behind"""
    )
    heard = [row for row in sites if row["age"] <= SILENT_S]
    requests = sum(row["requests"] for row in heard)
    measured = SiteMeasurements(
        heard_s=min((row["age"] for row in sites), default=float("inf")),
        p95_ms=max((row["p95_ms"] for row in heard if row["requests"]), default=0.0),
        in_flight=float(max((row["in_flight"] for row in heard), default=0)),
        requests=requests,
        fault_share=sum(row["faults"] for row in heard) / requests if requests else 0.0,
        is_stamping=not await is_thrown(connection, SEALING_STOPPED),
        entered_per_min=sum(row["entered"] for row in heard),
    )
    if behind is None:
        return measured
    late_s = behind["age"] if behind["age"] > WORKER_LATE_S else 0.0
    return msgspec.structs.replace(
        measured,
        backlog_s=behind["backlog_s"] + late_s,
        stock=behind["stock"],
        can_buy=behind["can_buy"],
    )
