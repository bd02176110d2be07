"""Scripts how jobs end, in the sandbox for partners."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from meterai.kit.database import Connection, Database
from meterai.stamping.scenarios import Scenario, Script, end_of
from meterai.stamping.store import scenarios


async def script_job(tx: Connection, job_id: UUID, scenario: Scenario, *, now: datetime) -> None:
    """Notes the scenario of a job, in the transaction that makes the job. The worker acts on it."""
    await scenarios.note_scenario(tx, job_id, scenario, until=end_of(scenario, now))


async def scripts_of_jobs(db: Database, job_ids: Sequence[UUID]) -> dict[UUID, Script]:
    """The scripts of those of these jobs that have one."""
    async with db.connection() as connection:
        return await scenarios.scripts_of(connection, job_ids)
