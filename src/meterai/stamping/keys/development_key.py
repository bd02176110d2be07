"""The keys of the development PKI: registered at the start, and used when no other key is registered."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from meterai.kit.audit_trail import write_audit
from meterai.kit.database import Database
from meterai.stamping.keys.signing_keys import Purpose, SigningKey, key_id_of
from meterai.stamping.store import keys

FOLDER: Final = "pki"
"""Folder below DATA."""
KEY_FILES: Final[dict[Purpose, str]] = {"seal": "stamp.pem", "hash": "hash.pem"}
"""The certificates of the keys."""


def development_keys(pki: Path) -> list[SigningKey]:
    """Reads the keys that are there. Raises: OSError, ValueError."""
    return [development_key(pki, purpose) for purpose, file in KEY_FILES.items() if (pki / file).exists()]


def development_key(pki: Path, purpose: Purpose = "seal") -> SigningKey:
    """Reads a key from the files of the development PKI, as if it had always been active.

    Raises: OSError, ValueError.
    """
    pems = [(pki / name).read_bytes() for name in (KEY_FILES[purpose], "intermediate.pem")]
    chain = [x509.load_pem_x509_certificate(pem) for pem in pems]
    return SigningKey(
        key_id=key_id_of(chain[0].public_bytes(Encoding.DER)),
        place=f"file:{FOLDER}",
        certificates=tuple(item.public_bytes(Encoding.DER) for item in chain),
        valid_from=chain[0].not_valid_before_utc,
        valid_until=chain[0].not_valid_after_utc,
        active_from=datetime.fromtimestamp(0, UTC),
        purpose=purpose,
    )


async def register_development_keys(db: Database, data: Path, *, now: datetime) -> None:
    """Registers the key of each purpose that has none yet, so that a rotation has a key to replace.

    They are those of the signer without a name.
    """
    async with db.transaction() as tx:
        covered = {key.purpose for key in await keys.lock_keys(tx) if not key.signer}
        for key in development_keys(data / FOLDER):
            if key.purpose not in covered:
                await keys.insert_key(tx, key, now)
                facts = {"place": key.place}
                await write_audit(
                    tx, actor="meterai up", action="key.add", subject=key.key_id, facts=facts, now=now
                )
