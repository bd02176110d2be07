"""`meterai backup-key FOLDER`: makes the keys of backups (docs/backup.md)."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from meterai.kit.files.atomic_write import write_whole
from meterai.kit.files.sealed_files import new_identity
from meterai.kit.files.text_signatures import new_key, public_part

_IDENTITY, _SIGNING_KEY = "backup-identity.txt", "backup-signing-key"


def backup_key(
    folder: Annotated[Path, typer.Argument(help="Where the files shall lie, such as a USB stick.")],
) -> None:
    """Make the keys of backups, away from the server: one opens them, the server's signs them."""
    identity, signing_key = folder / _IDENTITY, folder / _SIGNING_KEY
    for path in (identity, signing_key):
        if path.exists():
            raise typer.BadParameter(f"{path} exists, and is not replaced: name another folder")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    (secret, recipient), key = new_identity(), new_key()
    signer = public_part(key)
    head = f"# Opens backups of Meterai. Never on the server.\n# public key: {recipient}\n"
    write_whole(identity, f"{head}# --signer {signer}\n{secret}\n".encode(), mode=0o600)
    write_whole(signing_key, f"{key}\n".encode(), mode=0o600)
    typer.echo(f"{identity} opens backups: keep it in two safe places, never on the server.")
    typer.echo(f"{signing_key} signs them: move it to the server, where only root reads it.")
    typer.echo("Settings of the server:")
    typer.echo(f"METERAI_BACKUP_RECIPIENTS={recipient}")
    typer.echo(f"METERAI_BACKUP_SIGNING_KEY=…  (the line in {signing_key})")
    typer.echo(f"A restore on another machine needs {_IDENTITY} and --signer {signer}")
