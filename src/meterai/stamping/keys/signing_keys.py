"""Signing keys in the register: certificate, place, validity. No private keys."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, get_args
from urllib.parse import unquote_to_bytes

from cryptography import x509
from cryptography.hazmat.primitives import hashes


@dataclass(frozen=True, slots=True)
class FilePlace:
    """A software key for development: `stamp.key.pem` or `hash.key.pem` in a folder below DATA."""

    folder: str


@dataclass(frozen=True, slots=True)
class TokenPlace:
    """A key in a PKCS#11 token, named there by its label, its id, or both."""

    token: str
    label: str | None = None
    id: bytes | None = None


Place = FilePlace | TokenPlace
Purpose = Literal["seal", "hash"]
"""What a key signs: seals of the stamping cycle, or hashes that come from outside. Never both."""
LITTLE_TIME = timedelta(days=45)
"""How long before its certificate ends a key should have a successor: a key ceremony takes weeks.

The time-stamp authority is asked for its next certificate equally early.
"""
_IGNORED = frozenset({"manufacturer", "model", "serial", "type", "library-manufacturer", "library-version"})


def parse_place(text: str) -> Place:
    """Reads `file:FOLDER` or an RFC 7512 URI such as `pkcs11:token=meterai;object=stamp-2026;id=%01`.

    Raises: ValueError, also for a URI that carries a PIN, a module or any other query: those are settings of
    the machine and never go into the database.
    """
    scheme, _, rest = text.partition(":")
    if scheme == "file":
        if not rest or rest.startswith("/") or ".." in rest.split("/"):
            raise ValueError("a file place names a folder below the data directory")
        return FilePlace(rest)
    if scheme != "pkcs11" or "?" in rest:
        raise ValueError("a place is file:FOLDER or pkcs11:token=...;object=... without a query")
    found: dict[str, bytes] = {}
    for part in rest.split(";"):
        name, equals, value = part.partition("=")
        if not equals or name in found or name not in _IGNORED | {"token", "object", "id"}:
            raise ValueError(f"unknown attribute {name!r} in the URI of a key")
        found[name] = unquote_to_bytes(value)
    if not found.get("token") or not (found.get("object") or found.get("id")):
        raise ValueError("the URI of a key names its token, and the key by object or id")
    label = found["object"].decode() if "object" in found else None
    return TokenPlace(token=found["token"].decode(), label=label, id=found.get("id"))


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningKey:
    """A row in the register of keys."""

    key_id: str
    """First 16 hex digits of the SHA-256 of its certificate."""
    place: str
    certificates: tuple[bytes, ...]
    """Certificates as DER: the key's own first, without the root."""
    valid_from: datetime
    valid_until: datetime
    active_from: datetime | None = None
    """When it begins to sign, unless a newer key does; None: added, but not yet activated."""
    retired_at: datetime | None = None
    purpose: Purpose = "seal"
    signer: str = ""
    """Name of the one signer that may use it; empty: the signer without a name."""

    def valid(self, moment: datetime) -> bool:
        """Whether it may sign at `moment`."""
        return self.valid_from <= moment < self.valid_until and self.retired_at is None


def key_id_of(certificate: bytes) -> str:
    """Makes the id of a key from its certificate (DER)."""
    return x509.load_der_x509_certificate(certificate).fingerprint(hashes.SHA256()).hex()[:16]


def active_key(
    keys: Iterable[SigningKey], moment: datetime, purpose: Purpose = "seal", *, signer: str = ""
) -> SigningKey | None:
    """The key with which a signer signs at `moment` for this purpose: the one activated last by then.

    It may be expired.
    """
    begun = [
        (key.active_from, key.key_id, key)
        for key in keys
        if (key.purpose, key.signer) == (purpose, signer)
        and key.active_from is not None
        and key.active_from <= moment
        and key.retired_at is None
    ]
    return max(begun, key=lambda item: item[:2])[2] if begun else None


def has_little_time(end: datetime, moment: datetime) -> bool:
    """Whether a certificate that ends at `end` needs an operator's attention at `moment`."""
    return moment >= end - LITTLE_TIME


def active_keys(keys: Sequence[SigningKey], moment: datetime, purpose: Purpose) -> list[SigningKey]:
    """The active key of each signer for this purpose."""
    found = [active_key(keys, moment, purpose, signer=name) for name in sorted({key.signer for key in keys})]
    return [key for key in found if key is not None]


def ends_soon(
    keys: Sequence[SigningKey], moment: datetime, purpose: Purpose = "seal", *, signer: str = ""
) -> SigningKey | None:
    """The active key if it has little time left and no other key is activated before its end; else None."""
    key = active_key(keys, moment, purpose, signer=signer)
    if key is None or not has_little_time(key.valid_until, moment):
        return None
    return key if active_key(keys, max(moment, key.valid_until), purpose, signer=signer) == key else None


def all_that_end_soon(keys: Sequence[SigningKey], moment: datetime) -> list[SigningKey]:
    """The active keys of all purposes and signers that end soon."""
    signers = sorted({key.signer for key in keys})
    found = [ends_soon(keys, moment, use, signer=name) for use in get_args(Purpose) for name in signers]
    return [key for key in found if key is not None]


def state_of(key: SigningKey, keys: Sequence[SigningKey], moment: datetime) -> str:
    """State of a key: `active`, `expired`, `next`, `waiting`, `replaced` or `retired`.

    An expired key is still the active one, but past its validity.
    """
    if key.retired_at is not None:
        return "retired"
    if key == active_key(keys, moment, key.purpose, signer=key.signer):
        return "active" if key.valid(moment) else "expired"
    if key.active_from is None:
        return "waiting"
    return "next" if key.active_from > moment else "replaced"
