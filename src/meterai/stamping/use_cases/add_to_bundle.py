"""Adds a file to a bundle. It is checked like every upload; the reason is kept if it can't be stamped."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from meterai.jail.pool import JailPool
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.database import Connection, Database, Row
from meterai.kit.files.object_store import ObjectStore
from meterai.pdf.picture_kinds import is_picture
from meterai.pdf.profiles import Profile
from meterai.stamping.bundles.model import (
    COMMAND_ROOM,
    PATH_CHARACTERS_MAX,
    BundleRoom,
    Rule,
    file_id,
)
from meterai.stamping.ports import Vouch
from meterai.stamping.store import bundles, documents
from meterai.stamping.use_cases.accept_document import accept_document
from meterai.stamping.use_cases.look_under_stamps import refuse_unsettled
from meterai.stamping.use_cases.make_sheets import make_first_sheets


class AddedFile(msgspec.Struct, frozen=True, kw_only=True):
    """The result of the check. `code` is None for a document that can be stamped."""

    id: UUID
    code: str | None
    facts: Mapping[str, Any]
    new: bool
    """False if the same file was added to this bundle before."""


async def add_to_bundle(
    db: Database,
    jail: JailPool,
    objects: ObjectStore,
    vouch: Vouch,
    *,
    bundle_id: UUID,
    customer_id: UUID,
    path: str,
    data: bytes,
    now: datetime,
    room: BundleRoom = COMMAND_ROOM,
) -> AddedFile:
    """Checks one file and adds it to the customer's bundle. A file that is there is not checked again.

    A file that can't be stamped is added with the reason; this call then does not fail. Where the room takes
    photos, each becomes a document of one page, which the bundle shows among the odd ones. The document has
    no owner until it is noted in the bundle. If that never happens, it appears in no list and is deleted when
    its retention ends.

    Raises: Refusal NOT_FOUND `bundle.unknown`; CONFLICT `bundle.started` (on the site) and INVALID
    `bundle.too_many_files`, `bundle.too_large`, also if that happened during the check; BUSY `jail.busy`;
    UNAVAILABLE `jail.unavailable`.
    """
    sha256 = hashlib.sha256(data).hexdigest()
    path = path[-PATH_CHARACTERS_MAX:]
    id = file_id(bundle_id, path, sha256)
    bundle, known = await _find(db, bundle_id, customer_id, id, len(data), room)
    if known is not None:
        return AddedFile(id=id, code=known["refusal_code"], facts=known["refusal_facts"], new=False)
    document_id, code, facts = None, None, {}
    rule = msgspec.convert(bundle["rule"], Rule | None) if bundle["door"] == "api" else None
    try:
        sheets = await make_first_sheets(jail, [data], None) if room.photos and is_picture(data) else None
        accepted = await accept_document(
            db,
            jail,
            objects,
            vouch,
            data=sheets.data if sheets else data,
            name=path,
            kind=None,
            limits=None,
            customer_id=None,
            now=now,
            profile=rule.profile if rule else Profile.FINAL,
            wanted=[rule.wanted] if rule and rule.wanted else [],
            together=str(bundle_id),
            asks=False,
            sheets=sheets,
            organisation_id=bundle["organisation_id"],
        )
        if rule is not None:  # nobody looks at each file
            refuse_unsettled(accepted.placements[0])
        document_id = accepted.document_id
    except Refusal as refusal:
        if refusal.kind is not Kind.INVALID:
            raise
        code, facts = refusal.code, refusal.facts
    file = bundles.NewFile(
        id=id,
        bundle_id=bundle_id,
        path=path,
        sha256=sha256,
        bytes=len(data),
        document_id=document_id,
        refusal_code=code,
        refusal_facts=facts,
    )
    await _note(db, customer_id, file, room)
    return AddedFile(id=id, code=code, facts=facts, new=True)


async def refuse_in_bundle(
    db: Database,
    *,
    bundle_id: UUID,
    customer_id: UUID,
    path: str,
    content_name: bytes,
    size: int,
    refusal: Refusal,
    room: BundleRoom = COMMAND_ROOM,
) -> UUID:
    """Adds a file that was refused before its content was read: its path, too large, not a PDF at all.

    `content_name` stands for the unread content (its size and checksum in the archive). The same file refused
    again is the same row.

    Raises: Refusal NOT_FOUND `bundle.unknown`; CONFLICT `bundle.started`; INVALID `bundle.too_many_files`.
    """
    sha256 = hashlib.sha256(content_name).hexdigest()
    path = path[-PATH_CHARACTERS_MAX:]
    id = file_id(bundle_id, path, sha256)
    _, known = await _find(db, bundle_id, customer_id, id, 0, room)
    if known is None:
        file = bundles.NewFile(
            id=id,
            bundle_id=bundle_id,
            path=path,
            sha256=sha256,
            bytes=size,
            document_id=None,
            refusal_code=refusal.code,
            refusal_facts=refusal.facts,
        )
        await _note(db, customer_id, file, room)
    return id


async def _find(
    db: Database, bundle_id: UUID, customer_id: UUID, id: UUID, size: int, room: BundleRoom
) -> tuple[Row, Row | None]:
    """Returns the bundle, and the file if it was checked before and its document exists.

    Else checks that there is room for it.
    """
    async with db.transaction() as tx:
        bundle = await _lock(tx, bundle_id, customer_id)
        known = await bundles.known_file(tx, bundle_id, id)
        if known is not None and (known["document_id"] or known["refusal_code"]):
            return bundle, known
        _refuse_closed(bundle)
        if known is None:
            refuse_full(bundle, 1, size, room)
    return bundle, None


async def _note(db: Database, customer_id: UUID, file: bundles.NewFile, room: BundleRoom) -> None:
    """Adds the file, and gives its document to the customer. The bundle may have changed since the check."""
    async with db.transaction() as tx:
        bundle = await lock_open(tx, file.bundle_id, customer_id)
        if await bundles.known_file(tx, file.bundle_id, file.id) is None:
            refuse_full(bundle, 1, file.bytes if file.document_id else 0, room)
        if await bundles.put_file(tx, file) and file.document_id is not None:
            await documents.adopt_documents(tx, [file.document_id], customer_id)


async def _lock(tx: Connection, bundle_id: UUID, customer_id: UUID) -> Row:
    bundle = await bundles.lock_bundle(tx, bundle_id, customer_id)
    if bundle is None:
        raise Refusal(Kind.NOT_FOUND, "bundle.unknown")
    return bundle


async def lock_open(tx: Connection, bundle_id: UUID, customer_id: UUID) -> Row:
    """Locks a bundle that still takes files.

    Raises: Refusal NOT_FOUND `bundle.unknown`; CONFLICT `bundle.started`, `bundle.cancelled`.
    """
    bundle = await _lock(tx, bundle_id, customer_id)
    _refuse_closed(bundle)
    return bundle


def refuse_full(bundle: Row, files: int, size: int, room: BundleRoom) -> None:
    """Refuses more files than the bundle has room for. Raises: Refusal INVALID `bundle.too_many_files`,
    `bundle.too_large`.
    """
    if bundle["files"] + files > room.files_max:
        raise Refusal(Kind.INVALID, "bundle.too_many_files", maximum=room.files_max)
    if room.bytes_max is not None and bundle["bytes"] + size > room.bytes_max:
        raise Refusal(Kind.INVALID, "bundle.too_large", bundle_bytes_max=room.bytes_max)


def _refuse_closed(bundle: Row) -> None:
    """Refuses files for a bundle that was cancelled or started.

    People and partners start a bundle once; the command line may add to its own later.
    """
    if bundle["cancelled_at"] is not None:
        raise Refusal(Kind.CONFLICT, "bundle.cancelled")
    if bundle["started_at"] is not None and bundle["door"] != "cli":
        raise Refusal(Kind.CONFLICT, "bundle.started")
