"""Stamps all PDFs of a folder, several at once. What is stamped already is not stamped again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from meterai_sdk.client import Meterai
from meterai_sdk.problems import MeteraiError
from meterai_sdk.shapes import StampFacts, WantedPlace

_AT_ONCE: Final = 4


@dataclass(frozen=True)
class Outcome:
    """What came of a file. `trouble` is empty when it is stamped."""

    file: Path
    serials: Sequence[str] = ()
    trouble: str = ""
    was_there: bool = False


@dataclass(frozen=True)
class Wanted:
    """What is wanted of all files. `facts`: what is known of each document, by the name of its file."""

    places: Sequence[WantedPlace] | None = None
    facts: Mapping[str, StampFacts] = field(default_factory=dict)
    again: bool = False


def stamp_folder(client: Meterai, folder: Path, into: Path, *, wanted: Wanted) -> Iterator[Outcome]:
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
            return _stamp(client, file, into / file.name, wanted=wanted)
        except (MeteraiError, OSError) as error:
            return Outcome(file, trouble=str(error))

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        yield from pool.map(stamp, files)


def _stamp(client: Meterai, file: Path, to: Path, *, wanted: Wanted) -> Outcome:
    if to.exists():
        is_newer = file.stat().st_mtime > to.stat().st_mtime
        return Outcome(file, trouble=f"changed since {to} was stamped" if is_newer else "", was_there=True)
    facts = wanted.facts.get(file.name)
    key = _key(file, wanted, facts)
    stamp = client.stamps.create(file, places=wanted.places, facts=facts, again=wanted.again, key=key)
    stamp = client.stamps.wait(stamp)
    if stamp["state"] == "refused":
        reason = stamp["problem"]
        return Outcome(file, trouble=f"{reason['code']}: {reason['detail']}" if reason else "refused")
    client.stamps.download(stamp["id"], to)
    return Outcome(file, serials=[one["serial"] for one in stamp["serials"]])


def _key(file: Path, wanted: Wanted, facts: StampFacts | None) -> str:
    """The same for the same order: the file's name and content, and what is wanted of it."""
    order = json.dumps([file.name, wanted.places, facts, wanted.again], sort_keys=True).encode()
    digest = hashlib.sha256(order + b"\0" + file.read_bytes()).hexdigest()
    return f"folder-{digest}"
