"""The messages of a gate: bytes of one of its files, or its sign of life.

A message says "the file has these bytes at this offset", so one that comes twice changes nothing.
"""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Mapping
from contextlib import suppress
from typing import Final

import msgspec

from meterai.waiting_room.carrying.line_names import event_of, last_of
from meterai.waiting_room.files.queue_folder import QueueFolder, is_slug

SIGN: Final = "gate.json"
KNOWN: Final = "known"
"""The note beside the gate's folder (`gate_register`)."""
NOTES: Final = "notes"
PRESENT: Final = "present"
PROMISES: Final = "promises"
_WHOLE: Final = "whole"
_FILE = re.compile(r"w\d{1,8}\.(joins|close\.json|ready)|known|notes|present|promises|gate\.json")
_FOLDER_ID: Final = "folder.id"
GATE_MAX: Final = 0xFFFF


class GateMessage(msgspec.Struct, frozen=True, kw_only=True):
    """Bytes of a file of a gate."""

    event: str
    gate: int
    folder: str
    """The id of the folder in which the gate lives."""
    file: str
    offset: int | None
    """None: the file is replaced as a whole."""
    sequence: int = 0
    """The highest sequence that the gate had given."""
    window: int = -1
    """The latest window in which it had given one."""
    after: int = 0
    """Of a sign: the stored message that it follows. What the sign says is true once that one was read."""
    body: bytes = b""

    def headers(self) -> dict[str, str]:
        """What stands beside the body."""
        told = {"File": self.file, "Offset": _WHOLE if self.offset is None else str(self.offset)}
        told |= {"Folder": self.folder, "Sequence": str(self.sequence), "Window": str(self.window)}
        return told | ({"After": str(self.after)} if self.after else {})


def read_message(subject: str, headers: Mapping[str, str], body: bytes) -> GateMessage:
    """A message from what was stored. Raises: ValueError when no gate writes such a message."""
    event, gate, file = event_of(subject), int(last_of(subject)), headers.get("File", "")
    if not is_slug(event) or not 1 <= gate <= GATE_MAX or not _FILE.fullmatch(file):
        raise ValueError(f"no message of a gate: {subject} {file!r}")
    offset = headers.get("Offset", _WHOLE)
    return GateMessage(
        event=event,
        gate=gate,
        folder=headers.get("Folder", ""),
        file=file,
        offset=None if offset == _WHOLE else int(offset),
        sequence=int(headers.get("Sequence", 0)),
        window=int(headers.get("Window", -1)),
        after=int(headers.get("After", 0)),
        body=body,
    )


def folder_id(folder: QueueFolder) -> str:
    """The id of an event's folder on this host, made at its first use: so its own messages are known again.

    Raises: OSError.
    """
    path = folder.path / _FOLDER_ID
    with suppress(FileNotFoundError):
        return path.read_text()
    folder.path.mkdir(parents=True, exist_ok=True)
    beside = folder.path / f".{secrets.token_hex(6)}.part"
    beside.write_text(secrets.token_hex(12))
    beside.chmod(0o644)
    try:
        with suppress(FileExistsError):  # another process was faster
            os.link(beside, path)
    finally:
        beside.unlink()
    return path.read_text()
