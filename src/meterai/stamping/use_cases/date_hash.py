"""Dates the signature of a hash: the time stamp that an adapter puts beside it."""

from __future__ import annotations

from uuid import UUID

from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.database import Database
from meterai.stamping.ports import HashSigner
from meterai.stamping.store import hashes


async def date_hash(
    db: Database, signer: HashSigner, *, organisation_id: UUID, imprint: bytes, nonce: bytes = b""
) -> bytes:
    """Returns an RFC 3161 token (DER) over the SHA-256 of a signature that was made for this organisation.

    It may be asked again, and is another token each time. `nonce`: of the query, big-endian, and of the
    token.

    Raises: Refusal NOT_FOUND `hash.unknown`: of no such signature; UNAVAILABLE `tsa.*`, `signer.unavailable`.
    """
    async with db.connection() as connection:
        if not await hashes.is_of_signature(connection, organisation_id, imprint):
            raise Refusal(Kind.NOT_FOUND, "hash.unknown")
    (token,) = await signer.time_stamps([imprint], nonce)
    return token
