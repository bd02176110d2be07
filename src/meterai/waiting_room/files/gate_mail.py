"""Messages that a gate leaves for a worker to send, because the gate itself cannot connect anywhere."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import msgspec

from meterai.waiting_room.files.queue_folder import queues_in


class GateMail(msgspec.Struct, frozen=True, kw_only=True):
    """One message, as a file in `gates/<number>/mail/`."""

    to_kind: Literal["email", "phone"]
    to: str
    subject: str
    text: str
    expires_at: int
    """Unix seconds. Afterwards nobody needs the message."""
    language: str = "id"
    code: str = ""
    """The code in the message."""

    def __repr__(self) -> str:
        return f"GateMail(to_kind={self.to_kind!r})"  # content and address stay out of logs and tracebacks


def name_of(now: float) -> str:
    """The name of a new file. It sorts after the existing ones."""
    return f"{int(now)}-{secrets.token_hex(8)}.json"


def put_last(path: Path, now: float) -> None:
    """Puts a message behind the others."""
    path.rename(path.with_name(name_of(now)))


def waiting_mail(root: Path) -> Iterator[tuple[Path, GateMail]]:
    """The waiting messages and their files, oldest first. Unreadable files are deleted."""
    found = [
        path
        for folder in queues_in(root)
        for gate in folder.gates()
        for path in (folder.gate(gate) / "mail").glob("[0-9]*.json")
    ]
    for path in sorted(found, key=lambda path: path.name):
        try:
            yield path, msgspec.json.decode(path.read_bytes(), type=GateMail)
        except FileNotFoundError:
            continue
        except msgspec.MsgspecError:
            path.unlink(missing_ok=True)
