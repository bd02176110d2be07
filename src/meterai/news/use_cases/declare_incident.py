"""Declares an incident, as an officer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.acting import Actor
from meterai.kit.audit_trail import write_audit
from meterai.kit.database import Database
from meterai.news import store
from meterai.news.model import (
    BothLanguages,
    Component,
    Incident,
    IncidentState,
    IncidentUpdate,
    Severity,
    checked_next_update,
    checked_text,
    checked_title,
)


class IncidentForm(msgspec.Struct, frozen=True, kw_only=True):
    """What an officer says of a new incident."""

    components: Sequence[Component]
    severity: Severity
    title: BothLanguages
    text: BothLanguages
    """The first update."""
    state: IncidentState = IncidentState.INVESTIGATING
    started_at: datetime | None = None
    """None: now."""
    next_update_at: datetime


async def declare_incident(
    db: Database, form: IncidentForm, *, actor: str | Actor, now: datetime
) -> Incident:
    """Declares an incident: within seconds people read it everywhere. Returns it with its number.

    Raises: Refusal INVALID `news.both_languages`, `news.title_too_long`, `news.text_too_long`,
    `news.next_update`, `news.no_component`, `news.times`, `news.resolved_at_once`.
    """
    incident = incident_of(form, now)
    async with db.transaction() as tx:
        number = await store.insert_incident(tx, incident)
        await store.add_update(tx, number, incident.updates[0])
        await write_audit(
            tx,
            actor=actor,
            action="incident.declare",
            subject=f"incident {number}",
            facts={
                "components": list(incident.components),
                "severity": incident.severity,
                "title": incident.title.en,
                "started_at": incident.started_at.isoformat(),
            },
            now=now,
        )
    return msgspec.structs.replace(incident, number=number)


def incident_of(form: IncidentForm, now: datetime) -> Incident:
    """The incident of a form, before it has a number. Raises: as `declare_incident`."""
    started_at = form.started_at or now
    if not form.components:
        raise Refusal(Kind.INVALID, "news.no_component")
    if started_at > now:
        raise Refusal(Kind.INVALID, "news.times")
    if form.state is IncidentState.RESOLVED:
        raise Refusal(Kind.INVALID, "news.resolved_at_once")
    first = IncidentUpdate(state=form.state, text=checked_text(form.text), at=now)
    return Incident(
        number=0,
        components=tuple(dict.fromkeys(form.components)),
        severity=form.severity,
        state=form.state,
        title=checked_title(form.title),
        started_at=started_at,
        next_update_at=checked_next_update(form.next_update_at, now),
        updates=(first,),
    )
