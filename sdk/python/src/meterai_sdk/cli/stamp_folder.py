"""Stamps all PDFs of a folder, several at once. What is stamped already is not stamped again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from meterai_sdk.client import Meterai
from meterai_sdk.problems import MeteraiError
from meterai_sdk.shapes import WantedPlace

_AT_ONCE: Final = 4


@dataclass(frozen=True)
class Outcome:
    """What came of a file. `trouble` is empty when it is stamped."""

    file: Path
    serials: Sequence[str] = ()
    trouble: str = ""
    was_there: bool = False


def stamp_folder(
    client: Meterai, folder: Path, into: Path, *, places: Sequence[WantedPlace] | None, again: bool
) -> Iterator[Outcome]:
    """Stamps the PDFs of `folder` into the folder `into`, by the same names.

    It can be ended and begun again: files that are in `into` are left out. An order that was sent before is
    not made twice, for its Idempotency-Key follows from the file's content and places.
    Raises: ValueError when both folders are the same.
    """
    if into.resolve() == folder.resolve():
        raise ValueError(f"{into} has the files to stamp: choose another folder for the stamped ones")
    into.mkdir(parents=True, exist_ok=True)
    files = sorted(path for path in folder.iterdir() if path.suffix.lower() == ".pdf" and path.is_file())

    def stamp(file: Path) -> Outcome:
        try:
            return _stamp(client, file, into / file.name, places=places, again=again)
        except (MeteraiError, OSError) as error:
            return Outcome(file, trouble=str(error))

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        yield from pool.map(stamp, files)


def _stamp(
    client: Meterai, file: Path, to: Path, *, places: Sequence[WantedPlace] | None, again: bool
) -> Outcome:
    if to.exists():
        is_newer = file.stat().st_mtime > to.stat().st_mtime
        return Outcome(file, trouble=f"changed since {to} was stamped" if is_newer else "", was_there=True)
    key = _key(file, places, again)
    stamp = client.stamps.wait(client.stamps.create(file, places=places, again=again, key=key))
    if stamp["state"] == "refused":
        reason = stamp["problem"]
        return Outcome(file, trouble=f"{reason['code']}: {reason['detail']}" if reason else "refused")
    client.stamps.download(stamp["id"], to)
    return Outcome(file, serials=[one["serial"] for one in stamp["serials"]])


def _key(file: Path, places: Sequence[WantedPlace] | None, again: bool) -> str:
    """The same for the same order: the file's name and content, and what is wanted of it."""
    wanted = json.dumps([file.name, places, again], sort_keys=True).encode()
    digest = hashlib.sha256(wanted + b"\0" + file.read_bytes()).hexdigest()
    return f"folder-{digest}"
