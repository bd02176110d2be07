"""Has the hash of a document signed that stays with the partner, and uses the stamp of its serial number."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec
import structlog

from meterai.kernel.ids import new_id
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.database import Database, Row
from meterai.ledger.open_day import on_open_day
from meterai.signatures.hash_attributes import check_attributes
from meterai.stamping.ports import HashSigner
from meterai.stamping.store import hashes

log = structlog.get_logger(__name__)


class SignedHash(msgspec.Struct, frozen=True, kw_only=True):
    """The signature of a hash."""

    request_id: UUID
    number: int
    """Of the request for its serial number, from 1 to 5. The newest counts when the document is verified."""
    signature: bytes
    """RSA PKCS #1 v1.5 with SHA-256 over the attributes."""
    key_id: str


async def sign_hash(
    db: Database,
    signer: HashSigner,
    *,
    organisation_id: UUID,
    serial: str,
    source_sha256: bytes,
    attributes: bytes,
    now: datetime,
) -> SignedHash:
    """Signs the DER of signed attributes for a serial number that the organisation took.

    A repeat gets the stored signature, and uses neither the key nor a stamp. What was killed after its
    attempt was counted goes on. `source_sha256`: of the file before it was stamped.

    Raises: Refusal

    - INVALID `hash.attributes`: see `check_attributes`
    - NOT_FOUND `serial.unknown`
    - CONFLICT `serial.not_unstamped`: it was given back, or is stamped here
    - CONFLICT `hash.other_source`: it belongs to another file
    - CONFLICT `hash.enough_requests`
    - UNAVAILABLE `signer.unavailable`, `sealing.stopped`, `key.*`: nothing is used up; ask again
    """
    async with db.connection() as connection:
        known = await hashes.newest_request(connection, organisation_id, serial)
    if known is not None and known["source_sha256"] != source_sha256:
        raise Refusal(Kind.CONFLICT, "hash.other_source")
    if known is not None and known["attributes"] == attributes and known["signature"] is not None:
        return _signed(known["id"], known)
    digest = await _digest_of(db, signer, organisation_id, attributes, now=now)
    async with db.connection() as connection:
        request_id = await hashes.ask(
            connection,
            organisation_id=organisation_id,
            request_id=new_id(now),
            serial=serial,
            source_sha256=source_sha256,
            message_digest=digest,
            attributes=attributes,
            now=now,
        )
    return await _sign(db, signer, request_id, now=now)


@on_open_day
async def _sign(db: Database, signer: HashSigner, request_id: UUID, *, now: datetime) -> SignedHash:
    try:
        signature, key_id = await signer.sign_hash(request_id)
    except Refusal as refusal:
        if refusal.code == "stamping.no_hash_request":
            raise Refusal(Kind.CONFLICT, "serial.not_unstamped") from None
        raise
    async with db.transaction() as tx:
        bound = await hashes.bind(tx, request_id, key_id=key_id, signature=signature, now=now)
    if bound is None:
        raise Refusal(Kind.CONFLICT, "serial.not_unstamped")
    return _signed(request_id, bound)


async def _digest_of(
    db: Database, signer: HashSigner, organisation_id: UUID, attributes: bytes, *, now: datetime
) -> bytes:
    """The message digest, in attributes that name the certificate unless the agreement lets them not."""
    certificate = (await signer.hash_key()).certificate_chain[0]
    try:
        return check_attributes(attributes, certificate=certificate, plain=False)
    except ValueError as error:
        reason = str(error)
    async with db.connection() as connection:
        if await hashes.allows_plain(connection, organisation_id, now):
            try:
                return check_attributes(attributes, certificate=certificate, plain=True)
            except ValueError as error:
                reason = str(error)
    log.warning("hash.refused", organisation=str(organisation_id), reason=reason)
    raise Refusal(Kind.INVALID, "hash.attributes")


def _signed(request_id: UUID, row: Row) -> SignedHash:
    return SignedHash(
        request_id=request_id, number=row["number"], signature=row["signature"], key_id=row["key_id"]
    )
