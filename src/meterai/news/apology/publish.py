"""Drafts the apology for an incident, and publishes it once two officers have signed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

import asyncpg

from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.acting import Actor, officers_refusals
from meterai.kit.database import Connection, Database
from meterai.news import queries
from meterai.news.apology import store
from meterai.news.apology.model import Apology, checked_changes
from meterai.news.model import BothLanguages

KIND: Final = "news.apologise"


def facts_of(changes: BothLanguages) -> dict[str, object]:
    """What the officers sign beside the number of the incident.

    The figures are counted at the publication.
    """
    return {"changes_id": changes.id, "changes_en": changes.en}


def changes_of(facts: Mapping[str, object]) -> BothLanguages:
    """Reads what `facts_of` wrote."""
    return BothLanguages(str(facts["changes_id"]), str(facts["changes_en"]))


async def draft_apology(db: Database, incident: int, changes: BothLanguages, *, now: datetime) -> Apology:
    """The apology as it would be published now.

    Raises: Refusal NOT_FOUND `news.incident_unknown`; INVALID `apology.no_changes` and its neighbours;
    CONFLICT `apology.not_over`, `apology.published`, `apology.unbalanced`.
    """
    said = checked_changes(changes)
    async with db.connection() as connection:
        found = await queries.incident(connection, incident)
        if found.ended_at is None:
            raise Refusal(Kind.CONFLICT, "apology.not_over")
        if await store.find(connection, incident) is not None:
            raise Refusal(Kind.CONFLICT, "apology.published")
        figures = await store.read_figures(connection, incident, now)
    if not figures.adds_up:
        raise Refusal(Kind.CONFLICT, "apology.unbalanced")
    return Apology(incident=incident, title=found.title, changes=said, figures=figures, published_at=now)


async def publish_apology(
    db: Database, incident: int, facts: Mapping[str, object], *, actor: Actor, now: datetime
) -> Apology:
    """Publishes an apology. Raises: what `publish_apology_in` raises."""
    async with db.transaction() as tx:
        return await publish_apology_in(tx, incident, facts, actor=actor, now=now)


async def publish_apology_in(
    tx: Connection, incident: int, facts: Mapping[str, object], *, actor: Actor, now: datetime
) -> Apology:
    """Does what `publish_apology` does, in the transaction of an officer's signature.

    Its figures are counted now and never change.

    Raises: Refusal FORBIDDEN `officer.unsigned`; CONFLICT `apology.not_over`, `apology.published`,
    `apology.unbalanced`.
    """
    try:
        with officers_refusals():
            await store.publish(tx, incident, facts, actor=actor.name, request=actor.request, now=now)
    except asyncpg.PostgresError as error:
        if error.sqlstate not in _REFUSED:
            raise
        raise Refusal(Kind.CONFLICT, _REFUSED[error.sqlstate]) from error
    found = await store.find(tx, incident)
    assert found is not None
    return found


_REFUSED: Final = {"NA001": "apology.not_over", "NA002": "apology.published", "NA003": "apology.unbalanced"}
