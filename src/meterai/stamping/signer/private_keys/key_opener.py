"""Opens the device of a registered key, using the settings of this machine."""

from __future__ import annotations

from pathlib import Path

from meterai.kit.settings import Settings
from meterai.stamping.keys.development_key import KEY_FILES
from meterai.stamping.keys.signing_keys import FilePlace, SigningKey, TokenPlace, parse_place
from meterai.stamping.signer.private_keys.pkcs11_key import Pkcs11Key
from meterai.stamping.signer.private_keys.software_key import OpenKey, SoftwareKey


class KeyOpener:
    """An `OpenDevice` of `key_ring`."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    async def __call__(self, key: SigningKey) -> OpenKey:
        """Opens the device. Raises: ValueError (also KeyUnfit) and OSError: a person must look."""
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
        device = Pkcs11Key(
            Path(settings.pkcs11_module),
            place,
            key.certificates,
            pin_file=pin_file_of(settings),
            sessions=settings.pkcs11_sessions,
        )
        await device.open()
        return device

    def _load_file(self, place: FilePlace, key: SigningKey) -> SoftwareKey:
        if self._settings.environment == "production":
            raise ValueError("production signs with no key in a file")
        name = Path(KEY_FILES[key.purpose]).stem
        device = SoftwareKey.load(self._settings.data / place.folder, name)
        if device.key_id != key.key_id:
            raise ValueError(f"the key in {place.folder} is not the one of certificate {key.key_id}")
        return device


def pin_file_of(settings: Settings) -> Path:
    """Path of the file with the token's user PIN."""
    return Path(settings.pkcs11_pin_file or settings.data / "secrets" / "pkcs11-pin")
