"""Events of partners: from the ends of their stampings, and from rows of the outbox."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import msgspec

from meterai.bootstrap import WorkerApp
from meterai.customers.organisations import SELLER
from meterai.kit import outbox
from meterai.kit.outbox import Entry
from meterai.partners.webhooks.model import NewEvent
from meterai.partners.webhooks.use_cases.note_events import EVENT_TOPIC, note_events
from meterai.stamping.queries import EndedJob, ended_single_jobs

EVENTS_AT_ONCE = 100
_LEASE_SECONDS = 30.0


async def note_stamp_ends(app: WorkerApp, entries: Sequence[Entry]) -> None:
    """Notes that stampings of partners ended. What people stamp from their quota is no event."""
    ended = await ended_single_jobs(app.db, [UUID(entry.payload["job_id"]) for entry in entries])
    events = [_event(job) for job in ended if job.organisation_id != SELLER]
    await note_events(app.db, events, now=app.clock())


def _event(job: EndedJob) -> NewEvent:
    facts = {"document": str(job.document_id)}
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
