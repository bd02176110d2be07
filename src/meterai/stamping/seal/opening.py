"""Opens the device behind a registered key, as the settings of this machine say."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from meterai.kit.settings import Settings
from meterai.stamping.seal.keys import OpenKey, SoftwareKey
from meterai.stamping.seal.pkcs11_key import Pkcs11Key
from meterai.stamping.signing_keys import FilePlace, SigningKey, TokenPlace, key_id_of, parse_place

_DEVELOPMENT_FOLDER = "pki"


class KeyOpener:
    """An `OpenDevice` of `key_ring`."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    async def __call__(self, key: SigningKey) -> OpenKey:
        """Raises: ValueError (also KeyUnfit), OSError: a person must look."""
        if self._settings.environment == "production" and any(b"SPESIMEN" in der for der in key.certificates):
            raise ValueError("production signs with no development key (SPESIMEN)")
        place = parse_place(key.place)
        if isinstance(place, TokenPlace):
            return await self._open_token(place, key)
        return self._load_file(place, key)

    async def _open_token(self, place: TokenPlace, key: SigningKey) -> OpenKey:
        settings = self._settings
        if not settings.pkcs11_module:
            raise ValueError("the key lies in a token: set METERAI_PKCS11_MODULE")
        pin_file = Path(settings.pkcs11_pin_file or settings.data / "secrets" / "pkcs11-pin")
        device = Pkcs11Key(
            Path(settings.pkcs11_module),
            place,
            key.certificates,
            pin_file=pin_file,
            sessions=settings.pkcs11_sessions,
        )
        await device.open()
        return device

    def _load_file(self, place: FilePlace, key: SigningKey) -> SoftwareKey:
        if self._settings.environment == "production":
            raise ValueError("production signs with no key in a file")
        device = SoftwareKey.load(self._settings.data / place.folder)
        if device.key_id != key.key_id:
            raise ValueError(f"the key in {place.folder} is not the one of certificate {key.key_id}")
        return device


def development_key(pki: Path) -> SigningKey:
    """The development PKI's own key, for an installation that registered none.

    Raises: OSError, ValueError.
    """
    pems = [(pki / name).read_bytes() for name in ("stamp.pem", "intermediate.pem")]
    chain = [x509.load_pem_x509_certificate(pem) for pem in pems]
    return SigningKey(
        key_id=key_id_of(chain[0].public_bytes(Encoding.DER)),
        place=f"file:{_DEVELOPMENT_FOLDER}",
        certificates=tuple(item.public_bytes(Encoding.DER) for item in chain),
        valid_from=chain[0].not_valid_before_utc,
        valid_until=chain[0].not_valid_after_utc,
        active_from=datetime.fromtimestamp(0, chain[0].not_valid_before_utc.tzinfo),
    )
