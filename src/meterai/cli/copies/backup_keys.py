"""Keys of backups: public keys that encrypt them, and a signing key of the server (docs/backup.md)."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.files.sealed_files import Identities, Recipients, identities_of, recipients_of
from meterai.kit.files.text_signatures import is_signed, public_part, sign
from meterai.kit.settings import Settings

_PURPOSE: Final = b"meterai backup 1"


class CopyRefused(RuntimeError):
    """A copy can't be read, or is not what its server made. The text says why, and what to do."""


@dataclass(frozen=True, slots=True)
class SealingKeys:
    """What a server has: it makes backups, and can't read them."""

    names: str
    """The public keys as text, always in the same order."""
    recipients: Recipients
    signing_key: str = field(repr=False)

    def sign(self, content: bytes) -> bytes:
        """Signs the list of a backup's files."""
        return sign(self.signing_key, _PURPOSE, content)

    def signed(self, content: bytes, signature: bytes) -> bool:
        """Whether this server signed the list."""
        return is_signed(public_part(self.signing_key), _PURPOSE, content, signature)


@dataclass(frozen=True, slots=True)
class OpeningKeys:
    """What a restore has: it reads backups of one server."""

    identities: Identities = field(repr=False)
    signer: str
    """The server's public key."""

    def signed(self, content: bytes, signature: bytes) -> bool:
        """Whether that server signed the list."""
        return is_signed(self.signer, _PURPOSE, content, signature)


def sealing_keys(settings: Settings) -> SealingKeys:
    """The keys of the settings. Raises: Refusal INVALID `backup.no_keys`."""
    if not (settings.backup_recipients and settings.backup_signing_key):
        raise Refusal(Kind.INVALID, "backup.no_keys")
    names = ",".join(sorted({name.strip() for name in settings.backup_recipients.split(",")}))
    return SealingKeys(names, recipients_of(names), settings.backup_signing_key)


def opening_keys(settings: Settings, identity: Path | None, signer: str) -> OpeningKeys:
    """The keys for a restore. `signer` empty: the server signed it whose settings these are.

    Raises: CopyRefused when something is missing or wrong; OSError.
    """
    if identity is None:
        raise CopyRefused("The copy is encrypted: name the file with the private key by --identity.")
    if not signer and not settings.backup_signing_key:
        raise CopyRefused(
            "Nobody knows which server should have made the copy: give that server's public key by --signer, "
            "or set METERAI_BACKUP_SIGNING_KEY."
        )
    try:
        identities = identities_of(identity.read_text())
    except ValueError as error:
        raise CopyRefused(f"--identity: {identity} is no such file. {error}") from None
    keys = OpeningKeys(identities, signer or public_part(settings.backup_signing_key))
    try:
        keys.signed(b"", b"")
    except ValueError as error:
        raise CopyRefused(f"--signer: {error}.") from None
    return keys
