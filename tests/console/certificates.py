"""A certificate of attempt and a signing key, as the console finds them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from meterai.stamping.keys.signing_keys import SigningKey, key_id_of
from meterai.stamping.store.keys import insert_key
from meterai.waiting_room.files import published_documents
from meterai.waiting_room.rules.certificate import Attempt
from tests.storage_fixtures import TestDatabase

CODE: Final = "W7KQ-3XPD-92RT"
PLACE: Final = "0123456789abcdef01234567"
NAME: Final = "Budi+Santoso"
NUMBER: Final = 0x1F2E3D4C5B6A
"""Of the certificate of the signing key."""


async def add_certificate(database: TestDatabase, *, now: datetime) -> None:
    """The certificate of somebody whom the line of `casn` called, and who found the admission full."""
    closed_at = int(now.timestamp()) - 600
    attempt = Attempt(
        event="casn", code=CODE, id=PLACE, contact="b•••@contoh.id", joined_at=closed_at - 7_200, window=3,
        gate=1, sequence=42, place="123456789", outcome="door_full", closed_at=closed_at, frontier=(4, "5"),
        seen_at=closed_at, knocked_at=closed_at - 300, line_counts=True, issued_at=closed_at + 60, name=NAME,
    )  # fmt: skip
    signed = published_documents.sign(attempt, Ed25519PrivateKey.generate())
    await database.owner.execute(
        """INSERT INTO waiting_room.certificate
           SELECT number, decode($1, 'hex'), $2, $3, $4 FROM waiting_room.queue""",
        PLACE, CODE, signed, now,
    )  # fmt: skip
    await database.owner.execute(
        """INSERT INTO waiting_room.to_log (queue, at, what, facts)
           SELECT number, $1, 'certificate', jsonb_build_object('id', $2::text) FROM waiting_room.queue""",
        now, PLACE,
    )  # fmt: skip


async def add_signing_key(database: TestDatabase, *, now: datetime) -> str:
    """Registers a key that signs. Returns its id."""
    private = Ed25519PrivateKey.generate()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Meterai 2026")])
    begins, ends = now - timedelta(days=30), now + timedelta(days=300)
    made = x509.CertificateBuilder(name, name, private.public_key(), NUMBER, begins, ends)
    der = made.sign(private, None).public_bytes(Encoding.DER)
    key = SigningKey(
        key_id=key_id_of(der), place="file:pki", certificates=(der,), valid_from=begins, valid_until=ends,
        active_from=begins,
    )  # fmt: skip
    async with database.app.transaction() as tx:
        await insert_key(tx, key, now)
    return key.key_id
