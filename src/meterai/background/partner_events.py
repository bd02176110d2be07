"""Events of partners: from the ends of their stampings and bundles, and from rows of the outbox."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from meterai.bootstrap import WorkerApp
from meterai.customers.organisations import SELLER
from meterai.kit import outbox
from meterai.kit.database import Connection
from meterai.kit.outbox import Entry
from meterai.partners.sandbox.model import is_on
from meterai.partners.webhooks.model import NewEvent
from meterai.partners.webhooks.use_cases.note_events import EVENT_TOPIC, note_events, note_events_within
from meterai.stamping.bundles.model import EndedBundle
from meterai.stamping.queries import EndedJob, ended_single_jobs
from meterai.stamping.scenarios import Script
from meterai.stamping.use_cases.end_bundles import end_bundles
from meterai.stamping.use_cases.script_job import scripts_of_jobs

EVENTS_AT_ONCE = 100
_LEASE_SECONDS = 30.0


async def note_stamp_ends(app: WorkerApp, entries: Sequence[Entry]) -> None:
    """Notes that stampings of partners ended. What people stamp from their quota is no event."""
    ended = await ended_single_jobs(app.db, [UUID(entry.payload["job_id"]) for entry in entries])
    scripts = await scripts_of_jobs(app.db, [job.id for job in ended]) if is_on(app.settings) else {}
    events = [_event(job, scripts.get(job.id)) for job in ended if job.organisation_id != SELLER]
    await note_events(app.db, events, now=app.clock())


async def note_bundle_ends(app: WorkerApp) -> int:
    """Notes that bundles of partners ended, each once. Returns how many bundles ended."""
    now = app.clock()

    async def tell(tx: Connection, ended: Sequence[EndedBundle]) -> None:
        events = [_end_of(bundle, now) for bundle in ended if bundle.organisation_id != SELLER]
        if events:
            await note_events_within(tx, events, now=now)

    return await end_bundles(app.db, tell, now=now)


def _end_of(bundle: EndedBundle, now: datetime) -> NewEvent:
    return NewEvent(
        organisation_id=bundle.organisation_id,
        kind="bundle.finished",
        subject_id=bundle.id,
        source_id=bundle.id,
        happened_at=now,
        facts={"state": "cancelled" if bundle.is_cancelled else "ended"},
    )


def _event(job: EndedJob, script: Script | None) -> NewEvent:
    facts = {"document": str(job.document_id)}
    if script is not None:
        facts["scenario"] = script.scenario
    return NewEvent(
        organisation_id=job.organisation_id,
        kind="stamp.refused" if job.refusal_code else "stamp.released",
        subject_id=job.id,
        source_id=job.id,
        happened_at=job.ended_at,
        facts={**facts, "code": job.refusal_code} if job.refusal_code else facts,
    )


async def note_asked_events(app: WorkerApp) -> int:
    """Notes the events that rows of the outbox tell about. Returns how many rows it saw."""
    now = app.clock()
    entries = await outbox.claim(
        app.db, now, limit=EVENTS_AT_ONCE, lease_s=_LEASE_SECONDS, topics=(EVENT_TOPIC,)
    )
    await note_events(app.db, [msgspec.convert(entry.payload, NewEvent) for entry in entries], now=now)
    await outbox.finish(app.db, [entry.id for entry in entries])
    return len(entries)
