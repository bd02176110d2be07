"""Finds signing keys by their id or the number of a certificate, and tells the story of one."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

import msgspec
from cryptography import x509

from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.database import Connection, Database, call
from meterai.operations.finding.story import OfficersAct
from meterai.signatures.certificate_chain import short_name
from meterai.stamping.keys.key_register import registered_keys
from meterai.stamping.keys.signing_keys import SigningKey, state_of


class CertificateOfKey(msgspec.Struct, frozen=True, kw_only=True):
    """A certificate of a key's chain."""

    name: str
    issuer: str
    number: str
    """In hexadecimal."""
    until: datetime


class KeyStory(msgspec.Struct, frozen=True, kw_only=True):
    """A signing key with its state, its certificates, and who did what."""

    key: SigningKey
    state: str
    """A state of `signing_keys.state_of`."""
    certificates: tuple[CertificateOfKey, ...]
    """The key's own first."""
    uses: int
    acts: tuple[OfficersAct, ...]


async def find_keys(connection: Connection, sought: Collection[str]) -> list[SigningKey]:
    """The keys that have one of these ids, or a certificate with one of these numbers (hexadecimal)."""
    numbers = {one.lstrip("0") for one in sought}
    return [
        key
        for key in (await registered_keys(connection) if sought else [])
        if key.key_id in sought or numbers & {one.number.lstrip("0") for one in _certificates(key)}
    ]


async def tell_key(db: Database, key_id: str, *, now: datetime) -> KeyStory:
    """Tells the story of a key. Raises: Refusal NOT_FOUND `find.no_key`."""
    async with db.connection() as connection:
        keys = await registered_keys(connection)
        found = next((key for key in keys if key.key_id == key_id), None)
        if found is None:
            raise Refusal(Kind.NOT_FOUND, "find.no_key")
        around = await connection.fetchval(call("operations.key_story", 1), key_id)
    return KeyStory(
        key=found,
        state=state_of(found, keys, now),
        certificates=tuple(_certificates(found)),
        uses=around["uses"],
        acts=msgspec.convert(around["acts"], tuple[OfficersAct, ...]),
    )


def _certificates(key: SigningKey) -> list[CertificateOfKey]:
    read = [x509.load_der_x509_certificate(one) for one in key.certificates]
    return [
        CertificateOfKey(
            name=short_name(one.subject),
            issuer=short_name(one.issuer),
            number=f"{one.serial_number:x}",
            until=one.not_valid_after_utc,
        )
        for one in read
    ]
