"""The files that the signer keeps for each key in DATA/signer: its counter, and the mark that it is retired.

They outlive the database. A restored register may have forgotten what they say.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Final

from meterai.kit.files.atomic_write import copy_whole, write_whole
from meterai.stamping.keys.signing_keys import SigningKey
from meterai.stamping.signer_wire import UnregisteredKey

_COUNTER: Final = ".count"
_MARK: Final = ".retired"


def counter_path(folder: Path, key_id: str) -> Path:
    """The file that counts the uses of a key."""
    return folder / f"{key_id}{_COUNTER}"


def read_counters(folder: Path) -> dict[str, int]:
    """What software keys say of their own use: key id -> uses, from `KEY_ID.count` files of 20 digits.

    Raises: OSError, ValueError when one can't be read.
    """
    return {path.stem: int(path.read_text()) for path in folder.glob(f"*{_COUNTER}")}


def used_keys(folder: Path) -> set[str]:
    """Ids of the keys that have a counter."""
    return {path.stem for path in folder.glob(f"*{_COUNTER}")}


def uses_of(folder: Path, key_id: str) -> int:
    """What the counter of one key says; 0 where it says nothing."""
    try:
        return int(counter_path(folder, key_id).read_text())
    except (OSError, ValueError):
        return 0


def read_marks(folder: Path) -> dict[str, datetime | None]:
    """The retired keys: key id -> time of retirement, from `KEY_ID.retired` files.

    The name of the file is the mark. The time is None where the file does not say it, as when a person has
    made the file by hand.
    """
    return {path.stem: _time_in(path) for path in folder.glob(f"*{_MARK}")}


def write_mark(folder: Path, key_id: str, retired_at: datetime) -> None:
    """Marks a key as retired for good; the mark survives a loss of power. Raises: OSError."""
    write_whole(folder / f"{key_id}{_MARK}", f"{retired_at.isoformat()}\n".encode(), mode=0o640)


def take_newer(source: Path, target: Path) -> None:
    """Copies the counters that are greater than those in `target`, and the marks that it lacks.

    Neither ever goes back. Raises: OSError; ValueError when a counter can't be read.
    """
    target.mkdir(mode=0o700, exist_ok=True)
    here = read_counters(target)
    for key_id, uses in read_counters(source).items():
        if uses > here.get(key_id, -1):
            copy_whole(counter_path(source, key_id), counter_path(target, key_id))
    for key_id in read_marks(source).keys() - read_marks(target).keys():
        copy_whole(source / f"{key_id}{_MARK}", target / f"{key_id}{_MARK}")


def unregistered_keys(
    register: Iterable[SigningKey], counters: Mapping[str, int], marks: Mapping[str, datetime | None]
) -> list[UnregisteredKey]:
    """The keys with a counter or a mark that the register does not know."""
    known = {key.key_id for key in register}
    return [
        UnregisteredKey(
            key_id=key_id, uses=counters.get(key_id, 0), retired=key_id in marks, retired_at=marks.get(key_id)
        )
        for key_id in sorted((counters.keys() | marks.keys()) - known)
    ]


def _time_in(path: Path) -> datetime | None:
    try:
        moment = datetime.fromisoformat(path.read_text().strip())
    except (OSError, ValueError):
        return None
    return moment if moment.tzinfo else None
