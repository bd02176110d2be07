"""The key of the development PKI: registered at the first start, and used when no other key is registered."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from meterai.kit.audit_trail import write_audit
from meterai.kit.database import Database
from meterai.stamping.keys.signing_keys import SigningKey, key_id_of
from meterai.stamping.store import keys

FOLDER: Final = "pki"
"""Folder below DATA."""


def development_key(pki: Path) -> SigningKey:
    """Reads the key from the files of the development PKI, as if it had always been active.

    Raises: OSError, ValueError.
    """
    pems = [(pki / name).read_bytes() for name in ("stamp.pem", "intermediate.pem")]
    chain = [x509.load_pem_x509_certificate(pem) for pem in pems]
    return SigningKey(
        key_id=key_id_of(chain[0].public_bytes(Encoding.DER)),
        place=f"file:{FOLDER}",
        certificates=tuple(item.public_bytes(Encoding.DER) for item in chain),
        valid_from=chain[0].not_valid_before_utc,
        valid_until=chain[0].not_valid_after_utc,
        active_from=datetime.fromtimestamp(0, UTC),
    )


async def register_development_key(db: Database, data: Path, *, now: datetime) -> None:
    """Puts the key into an empty register, so that a rotation has a key to replace."""
    async with db.transaction() as tx:
        if await keys.lock_keys(tx):
            return
        key = development_key(data / FOLDER)
        await keys.insert_key(tx, key, now)
        facts = {"place": key.place}
        await write_audit(tx, actor="meterai up", action="key.add", subject=key.key_id, facts=facts, now=now)
