"""What happened to an organisation in the sandbox, as one list: stamps, events and messages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from meterai.bootstrap import App
from meterai.kernel.typed_ids import Prefix, write_id
from meterai.partners.model import Organisation
from meterai.partners.sandbox.queries import NotedEvent, SentTry, latest_events, tries_of_events
from meterai.stamping.owned import OwnedJob, owned_jobs
from meterai.texts.mechanism.marks import N_

SHOWN_MAX: Final = 30
"""Of each kind, and in all."""
_CHIPS: Final = {"released": "done", "refused": "stop"}


@dataclass(frozen=True, slots=True)
class Happening:
    """A line of the list. Codes and ids stand in it as the API names them."""

    what: str
    """Untranslated."""
    code: str
    """A state, or the kind of an event."""
    chip: str
    id: str
    at: datetime
    more: str
    """A problem, a scenario, or what a receiver answered."""


async def happenings_of(service: App, organisation: Organisation) -> list[Happening]:
    """The newest happenings of an organisation, the newest first."""
    db = service.db
    jobs = await owned_jobs(db, organisation.account_holder, behind=None, document_id=None, limit=SHOWN_MAX)
    events = await latest_events(db, organisation.id, limit=SHOWN_MAX)
    tries = await tries_of_events(db, organisation.id, limit=SHOWN_MAX)
    found = [*map(_of_job, jobs), *map(_of_event, events), *map(_of_try, tries)]
    return sorted(found, key=lambda one: one.at, reverse=True)[:SHOWN_MAX]


def _of_job(job: OwnedJob) -> Happening:
    return Happening(
        what=N_("Meterai"),
        code=job.state,
        chip=_CHIPS.get(job.state, "busy"),
        id=write_id(Prefix.STAMP, job.id),
        at=job.ended_at or job.created_at,
        more=job.problem or "",
    )


def _of_event(event: NotedEvent) -> Happening:
    return Happening(
        what=N_("Peristiwa dicatat"),
        code=event.kind,
        chip="",
        id=write_id(Prefix.EVENT, event.id),
        at=event.at,
        more=event.scenario or "",
    )


def _of_try(one: SentTry) -> Happening:
    is_taken = one.status is not None and 200 <= one.status < 300
    answer = f"HTTP {one.status}" if one.status else one.trouble or ""
    return Happening(
        what=N_("Pesan dikirim"),
        code=one.kind,
        chip="done" if is_taken else "stop",
        id=write_id(Prefix.EVENT, one.event_id),
        at=one.at,
        more=f"#{one.number} {answer} · {one.url}",
    )
