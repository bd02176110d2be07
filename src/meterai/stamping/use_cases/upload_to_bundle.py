"""Takes the content of a file that was named in a bundle, at once or in pieces."""

from __future__ import annotations

import hashlib
from datetime import datetime
from uuid import UUID

import msgspec

from meterai.jail.pool import JailPool
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.database import Database, Row
from meterai.kit.files.object_store import ObjectStore
from meterai.stamping.bundles.model import PARTNER_ROOM
from meterai.stamping.ports import Vouch
from meterai.stamping.store import bundles
from meterai.stamping.use_cases.add_to_bundle import add_to_bundle, lock_open

PIECE_BYTES_MIN = 64 << 10
"""Smaller pieces of a file that does not end with them are not kept."""


class Piece(msgspec.Struct, frozen=True):
    """Content of a file, from a byte on."""

    offset: int
    content: bytes


async def received_of_file(db: Database, file_id: UUID) -> int:
    """How many bytes of an unfinished file we have."""
    async with db.connection() as connection:
        return await bundles.received_of(connection, file_id)


async def upload_to_bundle(
    db: Database,
    jail: JailPool,
    objects: ObjectStore,
    vouch: Vouch,
    *,
    bundle_id: UUID,
    customer_id: UUID,
    file_id: UUID,
    piece: Piece,
    now: datetime,
) -> int:
    """Takes a piece of a named file. With the last one the file is checked. Returns how much we have.

    A file that was checked is left alone. A piece that begins at 0 starts again.

    Raises: Refusal NOT_FOUND `bundle.unknown`, `bundle.file_unknown`; CONFLICT `bundle.started`,
    `bundle.cancelled`, `bundle.offset`; INVALID `bundle.other_content`; as `add_to_bundle`.
    """
    file, before = await _before(db, bundle_id, customer_id, file_id, piece)
    if file["has_come"] and (file["document_id"] or file["refusal_code"]):
        return int(file["bytes"])
    data = before + piece.content
    if len(data) < file["bytes"]:
        return await _keep(db, bundle_id, customer_id, file_id, piece, now, have=len(before))
    if hashlib.sha256(data).hexdigest() != file["sha256"]:
        async with db.connection() as connection:
            await bundles.delete_pieces(connection, file_id)
        raise Refusal(Kind.INVALID, "bundle.other_content")
    await add_to_bundle(
        db,
        jail,
        objects,
        vouch,
        bundle_id=bundle_id,
        customer_id=customer_id,
        path=file["path"],
        data=data,
        now=now,
        room=PARTNER_ROOM,
    )
    async with db.connection() as connection:
        await bundles.delete_pieces(connection, file_id)
    return len(data)


async def _before(
    db: Database, bundle_id: UUID, customer_id: UUID, file_id: UUID, piece: Piece
) -> tuple[Row, bytes]:
    """The file, and what came of it before this piece."""
    async with db.transaction() as tx:
        await lock_open(tx, bundle_id, customer_id)
        file = await bundles.known_file(tx, bundle_id, file_id)
        if file is None:
            raise Refusal(Kind.NOT_FOUND, "bundle.file_unknown")
        if piece.offset == 0:
            await bundles.delete_pieces(tx, file_id)
        before = b"".join(await bundles.pieces_of(tx, file_id))
    if len(before) != piece.offset or piece.offset + len(piece.content) > file["bytes"]:
        raise Refusal(Kind.CONFLICT, "bundle.offset", offset=len(before), size=file["bytes"])
    return file, before


async def _keep(
    db: Database,
    bundle_id: UUID,
    customer_id: UUID,
    file_id: UUID,
    piece: Piece,
    now: datetime,
    *,
    have: int,
) -> int:
    """Keeps a piece, unless it is small or another one came first. Returns how much we have."""
    if len(piece.content) < PIECE_BYTES_MIN:
        return have
    async with db.transaction() as tx:
        await lock_open(tx, bundle_id, customer_id)
        if await bundles.received_of(tx, file_id) == piece.offset:
            await bundles.put_piece(tx, file_id, piece.offset, piece.content, now)
        return await bundles.received_of(tx, file_id)
