"""Landlock: this process may read below given folders and do nothing else with files (landlock(7)).

It needs no privilege and no namespace. Linux 5.13 has it. Later versions of its interface can forbid more:
2 renaming across folders, 3 truncating, 4 TCP, 5 device controls, 6 signals and abstract sockets.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterable

from meterai.jail.walls.kernel_calls import prctl, system_call

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446  # the same on every architecture
_ASK_VERSION = 1
_PATH_BENEATH = 1
_PR_SET_NO_NEW_PRIVS = 38
_READ_FILE, _READ_DIRECTORY = 1 << 2, 1 << 3
_FILE_ACCESSES = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}
"""Version -> number of kinds of access to files (bits from 0). Later versions have those of version 5."""
_TCP_BIND_AND_CONNECT = 0b11
_ABSTRACT_SOCKETS_AND_SIGNALS = 0b11


def landlock_version() -> int:
    """Version of the interface that this kernel offers; 0 for none."""
    try:
        return system_call(_CREATE_RULESET, None, 0, _ASK_VERSION)
    except OSError:
        return 0


class ReadingOnly:
    """A ruleset that allows reading below `paths` and nothing else. Paths that do not exist are skipped.

    It is made once; each process that inherits it restricts itself. Raises: OSError if the kernel has no
    Landlock.
    """

    def __init__(self, paths: Iterable[str]) -> None:
        self.version = landlock_version()
        """Version of Landlock that it uses."""
        self._handle = _make_ruleset(self.version)
        for path in paths:
            _allow(self._handle, path)

    def restrict_this_process(self) -> None:
        """Restricts this process for the rest of its life. Open files stay open. Raises: OSError."""
        prctl(_PR_SET_NO_NEW_PRIVS, 1)
        system_call(_RESTRICT_SELF, self._handle, 0)
        os.close(self._handle)


def _make_ruleset(version: int) -> int:
    """Forbids everything that this version can name (struct landlock_ruleset_attr)."""
    fields = [(1 << _FILE_ACCESSES.get(version, 16)) - 1]
    if version >= 4:
        fields.append(_TCP_BIND_AND_CONNECT)
    if version >= 6:
        fields.append(_ABSTRACT_SOCKETS_AND_SIGNALS)
    attributes = struct.pack(f"{len(fields)}Q", *fields)
    return system_call(_CREATE_RULESET, attributes, len(attributes), 0)


def _allow(ruleset: int, path: str) -> None:
    try:
        handle = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        access = _READ_FILE | (_READ_DIRECTORY if os.path.isdir(path) else 0)
        # struct landlock_path_beneath_attr is packed
        system_call(_ADD_RULE, ruleset, _PATH_BENEATH, struct.pack("=Qi", access, handle), 0)
    finally:
        os.close(handle)
