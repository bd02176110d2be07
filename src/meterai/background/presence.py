"""The name of a worker or a controller, and its sign of life."""

from __future__ import annotations

import os
import uuid
from pathlib import Path

import msgspec

from meterai.kit.files.file_lock import locked

_PROCESSES_MAX = 256
_READ_MAX = 1 << 20


class _Former(msgspec.Struct):
    """What the sign of life says of the process that had the file."""

    holder: uuid.UUID | None = None
    file: int = 0


class Presence:
    """Takes the first free name of `HOST/worker-1`, `HOST/worker-2`, ... by a locked file in DATA/run.

    The lock goes with the process, however it ends, and the next one to take the name knows: what is leased
    to that name was left behind.
    """

    def __init__(self, run_folder: Path, host: str, kind: str = "worker") -> None:
        """Raises: RuntimeError when every name is taken."""
        run_folder.mkdir(parents=True, exist_ok=True)
        for number in range(1, _PROCESSES_MAX + 1):
            path = run_folder / f"{kind}-{number}.json"
            try:
                self._file = locked(path)
            except BlockingIOError:
                continue
            self.name = f"{host}/{path.stem}"
            self.holder = uuid.uuid4()
            """This process's own. No other one ever has it."""
            self.former = self._former()
            """That of the dead process that had the file before; None: not known."""
            return
        raise RuntimeError(f"too many processes on this machine: {kind}")

    def show(self, facts: dict[str, object]) -> None:
        """Writes the sign of life: a JSON object, for the launcher and for whoever looks."""
        known = {"name": self.name, "pid": os.getpid(), "holder": self.holder, "file": self._inode()}
        body = msgspec.json.encode({**known, **facts}) + b"\n"
        os.pwrite(self._file, body, 0)
        os.ftruncate(self._file, len(body))

    def close(self) -> None:
        """Frees the name."""
        os.close(self._file)

    def _former(self) -> uuid.UUID | None:
        """Reads who had the file. A copy of another host's file proves no death: its process may live."""
        try:
            former = msgspec.json.decode(os.pread(self._file, _READ_MAX, 0), type=_Former)
        except msgspec.MsgspecError:
            return None
        return former.holder if former.file == self._inode() else None

    def _inode(self) -> int:
        return os.fstat(self._file).st_ino
