"""A gate's number belongs to one host at a time."""

from __future__ import annotations

import errno
import time
from typing import Final

import msgspec

_SILENT_S: Final = 10
"""After so many seconds without a sign of life another host's gate is dead."""


class _Sign(msgspec.Struct):
    """What another gate's sign of life says of it."""

    host: str = ""
    at: float = 0.0


def refuse_another_host(sign: bytes, *, number: int, host: str) -> None:
    """Raises: BlockingIOError when a gate of another host gave this sign of life within the last seconds."""
    try:
        told = msgspec.json.decode(sign, type=_Sign)
    except msgspec.MsgspecError:
        return
    if told.host in ("", host) or time.time() - told.at > _SILENT_S:
        return
    raise BlockingIOError(
        errno.EAGAIN,
        f"a gate of the host {told.host} has the number {number}: give each gate its own "
        "(METERAI_GATE_FIRST_NUMBER), or wait ten seconds if it has just ended",
    )
