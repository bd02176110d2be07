"""The installation that a folder belongs to: its id in the file `installation`, as the database keeps it."""

from __future__ import annotations

import uuid
from contextlib import suppress
from pathlib import Path
from typing import Final

from meterai.kit.files.atomic_write import write_whole

FILE: Final = "installation"


class AnotherInstallation(ValueError):
    """A folder and what a process found there or in the database belong to different installations."""


def read_id(folder: Path) -> uuid.UUID | None:
    """Reads the id that `folder` keeps; None: it has none yet.

    Raises: AnotherInstallation for a file that holds no id; OSError.
    """
    path = folder / FILE
    try:
        return uuid.UUID(path.read_text().strip())
    except FileNotFoundError:
        return None
    except ValueError:
        raise AnotherInstallation(
            f"METERAI_DATA: {path} holds no id of an installation. Put it back from a copy (docs/backup.md)."
        ) from None


def keep_id(folder: Path, installation: uuid.UUID) -> None:
    """Writes the id into `folder`. Raises: OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    write_whole(folder / FILE, f"{installation}\n".encode(), mode=0o644)


def forget_id(folder: Path) -> None:
    """Removes the id, so that the folder may belong to another installation. Raises: OSError."""
    (folder / FILE).unlink(missing_ok=True)


def belong(folder: Path, installation: uuid.UUID, *, where: str) -> None:
    """Lets a folder without an id belong to the installation. `where`: what has this id, in words.

    A process that may not write the folder leaves it without one.

    Raises: AnotherInstallation when the folder has another id, with nothing written.
    """
    kept = read_id(folder)
    if kept is None:
        with suppress(PermissionError):
            keep_id(folder, installation)
    elif kept != installation:
        raise AnotherInstallation(
            f"METERAI_DATA: {folder} belongs to the installation {kept}, and {where} to {installation}. "
            "Name the data directory and the database of one installation. Nothing was written."
        )
