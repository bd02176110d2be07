"""Adds an update to an incident, or resolves it, as an officer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.acting import Actor
from meterai.kit.audit_trail import write_audit
from meterai.kit.database import Connection, Database
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
)


class UpdateForm(msgspec.Struct, frozen=True, kw_only=True):
    """What an officer says of an open incident. None: as before."""

    text: BothLanguages
    next_update_at: datetime
    state: IncidentState | None = None
    severity: Severity | None = None
    components: Sequence[Component] | None = None


async def update_incident(
    db: Database, number: int, form: UpdateForm, *, actor: str | Actor, now: datetime
) -> Incident:
    """Adds an update, with the time of the next one. Returns the incident as it is then.

    Raises: Refusal NOT_FOUND `news.incident_unknown`; CONFLICT `news.incident_over`; INVALID
    `news.both_languages`, `news.text_too_long`, `news.next_update`, `news.no_component`,
    `news.resolve_instead`.
    """
    if form.state is IncidentState.RESOLVED:
        raise Refusal(Kind.INVALID, "news.resolve_instead")
    if form.components is not None and not form.components:
        raise Refusal(Kind.INVALID, "news.no_component")
    text, next_update_at = checked_text(form.text), checked_next_update(form.next_update_at, now)
    async with db.transaction() as tx:
        before = await _open_incident(tx, number)
        changed = msgspec.structs.replace(
            before,
            state=form.state or before.state,
            severity=form.severity or before.severity,
            components=before.components if form.components is None else tuple(form.components),
            next_update_at=next_update_at,
        )
        facts = {"next_update_at": next_update_at.isoformat(), "severity": changed.severity}
        return await _tell(tx, changed, text, action="incident.update", actor=actor, facts=facts, now=now)


async def resolve_incident(
    db: Database,
    number: int,
    text: BothLanguages,
    *,
    ended_at: datetime | None = None,
    actor: str | Actor,
    now: datetime,
) -> Incident:
    """Resolves an incident with a last update. `ended_at`: when it was over; None: now.

    Raises: Refusal NOT_FOUND `news.incident_unknown`; CONFLICT `news.incident_over`; INVALID
    `news.both_languages`, `news.text_too_long`, `news.times`.
    """
    said, end = checked_text(text), ended_at or now
    async with db.transaction() as tx:
        before = await _open_incident(tx, number)
        if not before.started_at <= end <= now:
            raise Refusal(Kind.INVALID, "news.times")
        resolved = msgspec.structs.replace(
            before, state=IncidentState.RESOLVED, ended_at=end, next_update_at=None
        )
        facts = {"ended_at": end.isoformat()}
        return await _tell(tx, resolved, said, action="incident.resolve", actor=actor, facts=facts, now=now)


async def _open_incident(tx: Connection, number: int) -> Incident:
    incident = await store.lock_incident(tx, number)
    if incident.state is IncidentState.RESOLVED:
        raise Refusal(Kind.CONFLICT, "news.incident_over", number=number)
    return incident


async def _tell(
    tx: Connection,
    incident: Incident,
    text: BothLanguages,
    *,
    action: str,
    actor: str | Actor,
    facts: dict[str, str],
    now: datetime,
) -> Incident:
    update = IncidentUpdate(state=incident.state, text=text, at=now)
    await store.set_incident(tx, incident)
    await store.add_update(tx, incident.number, update)
    await write_audit(
        tx,
        actor=actor,
        action=action,
        subject=f"incident {incident.number}",
        facts={"state": incident.state, **facts},
        now=now,
    )
    return msgspec.structs.replace(incident, updates=(update, *incident.updates))
