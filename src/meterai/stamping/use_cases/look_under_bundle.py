"""Looks what the stamps of a bundle would cover, before any of them is used."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from meterai.jail.pool import JailPool
from meterai.kernel.clock import Clock
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.bounded_gather import gather_bounded
from meterai.kit.database import Database
from meterai.kit.files.object_store import ObjectStore
from meterai.pdf.ink_kinds import Ink
from meterai.stamping.bundles.model import Rule
from meterai.stamping.bundles.ready_files import ReadyFile, ready_files
from meterai.stamping.placement import Placement
from meterai.stamping.queries import document_page
from meterai.stamping.store import bundles
from meterai.stamping.use_cases.look_under_stamps import look_under_stamps

_AT_ONCE = 2
"""And no more: other people's files are opened in between."""


async def look_under_bundle(
    db: Database,
    jail: JailPool,
    objects: ObjectStore,
    *,
    bundle_id: UUID,
    rule: Rule,
    clock: Clock,
    until: datetime,
) -> bool:
    """Looks under every place that nobody has looked under, and notes what is there, until `until`.

    Returns whether all are known. The caller has checked that the bundle is the customer's.

    Raises: as `look_under_stamps`, but for a place that is not free.
    """

    async def look(file: ReadyFile) -> bool:
        if clock() >= until:
            return False
        seen = await _look(db, jail, objects, file, rule)
        async with db.connection() as connection:
            await bundles.note_look(connection, file.id, seen)
        return True

    files = await ready_files(db, bundle_id)
    due = [file for file in files if file.spot(rule)[0].covers is None]
    return all(await gather_bounded(due, look, at_once=_AT_ONCE))


async def _look(db: Database, jail: JailPool, objects: ObjectStore, file: ReadyFile, rule: Rule) -> Placement:
    document, place = await document_page(db, file.document_id), file.spot(rule)[0]
    if document is None:  # taken out meanwhile
        return place
    try:
        return (await look_under_stamps(jail, objects, document, [place], profile=rule.profile))[0]
    except Refusal as refusal:
        if refusal.kind is not Kind.INVALID:
            raise
        return msgspec.structs.replace(place, covers=Ink.DRAWN)  # a signed file: nobody may agree to it
