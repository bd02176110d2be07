"""Statements on scripted outcomes of jobs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from meterai.kit.database import Connection
from meterai.stamping.scenarios import Scenario, Script


async def note_scenario(tx: Connection, job_id: UUID, scenario: Scenario, *, until: datetime) -> None:
    """Stores how a job shall end. Raises: asyncpg.PostgresError SB001 outside of a sandbox."""
    await tx.execute("INSERT INTO stamping.scenario VALUES ($1, $2, $3)", job_id, scenario, until)


async def scripts_of(conn: Connection, job_ids: Sequence[UUID]) -> dict[UUID, Script]:
    """The scripts of those of these jobs that have one."""
    rows = await conn.fetch("SELECT * FROM stamping.scenario WHERE job_id = ANY ($1)", list(job_ids))
    return {row["job_id"]: Script(scenario=Scenario(row["name"]), until=row["until"]) for row in rows}
