"""The statements on apologies and their figures."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from meterai.kit.database import Connection, call
from meterai.news.apology.model import Apology, Figures
from meterai.news.model import ApologyNotice

_APOLOGY = """SELECT a.incident, jsonb_build_object('id', i.title_id, 'en', i.title_en) AS title,
        jsonb_build_object('id', a.changes_id, 'en', a.changes_en) AS changes, a.figures, a.published_at
    FROM news.apology a JOIN news.incident i ON i.number = a.incident """


async def read_figures(conn: Connection, incident: int, now: datetime) -> Figures:
    """Counts what an incident did, as it is known now."""
    return msgspec.convert(await conn.fetchval(call("news.apology_figures", 2), incident, now), Figures)


async def publish(
    tx: Connection,
    incident: int,
    facts: Mapping[str, object],
    *,
    actor: str,
    request: int | None,
    now: datetime,
) -> None:
    """Publishes an apology that two officers have released.

    Raises: asyncpg.PostgresError with `OF007` when they have not; `NA001` when the incident is not over;
    `NA002` when there is one; `NA003` when the figures don't add up.
    """
    await tx.execute(call("news.publish_apology", 5), incident, dict(facts), actor, request, now)


async def find(conn: Connection, incident: int) -> Apology | None:
    """The apology for an incident."""
    row = await conn.fetchrow(_APOLOGY + "WHERE a.incident = $1", incident)
    return None if row is None else _apology(dict(row))


async def notices_since(conn: Connection, since: datetime) -> list[ApologyNotice]:
    """That apologies were published since then, the newest first."""
    rows = await conn.fetch(
        """SELECT a.incident, jsonb_build_object('id', i.title_id, 'en', i.title_en) AS title, a.published_at
           FROM news.apology a JOIN news.incident i ON i.number = a.incident
           WHERE a.published_at >= $1 ORDER BY a.published_at DESC""",
        since,
    )
    return [msgspec.convert(dict(row), ApologyNotice) for row in rows]


def _apology(row: Mapping[str, Any]) -> Apology:
    return msgspec.convert(row, Apology)
