"""Keys of backups for tests: the server's settings, and what a restore needs besides."""

from __future__ import annotations

from pathlib import Path

from meterai.kit.files.sealed_files import new_identity
from meterai.kit.files.text_signatures import new_key

_IDENTITY, _RECIPIENT = new_identity()
SETTINGS = {"METERAI_BACKUP_RECIPIENTS": _RECIPIENT, "METERAI_BACKUP_SIGNING_KEY": new_key()}


def identity_file(folder: Path) -> Path:
    """Writes the private key, which no server has, into `folder`."""
    path = folder / "backup-identity.txt"
    path.write_text(f"{_IDENTITY}\n")
    return path


def opening(folder: Path) -> list[str]:
    """The words of a restore that open copies."""
    return ["--identity", str(identity_file(folder))]
