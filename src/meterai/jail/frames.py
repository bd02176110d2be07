"""The frames between the jail and its pool: length-prefixed msgpack. Never pickle: the jail may be taken
over.

Request: 8 bytes length, 1 byte number of the task, msgpack of the request. Reply: 8 bytes length, 1 byte
status, 1 byte "replace me", msgpack of the result or of `RefusalFrame`.
"""

from __future__ import annotations

import struct
import sys
from collections.abc import Sequence

import msgspec

from meterai.jail.walls.confinement import Confinement
from meterai.kernel.refusals import Kind, Refusal

LENGTH = struct.Struct(">Q")
FRAME_BYTES_MAX = 256 << 20
_JOINED_BYTES_MAX = 1 << 20
DONE = 0
REFUSED = 1
FORBIDDEN = 2
"""Status of the last frame of a process that made a forbidden system call. Its number follows."""


class Dead(Exception):
    """The process ended, fell silent, or sent nonsense."""


class ForbiddenCall(Dead):
    """The process says that it made a forbidden system call, and ends."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


class RefusalFrame(msgspec.Struct, frozen=True):
    """A refusal that a task raised."""

    kind: Kind
    code: str
    facts: dict[str, str | int | float | bool | None]

    def to_refusal(self) -> Refusal:
        return Refusal(self.kind, self.code, **self.facts)


class Ready(msgspec.Struct, frozen=True):
    """The fork server's first frame. For each socket that it receives, the number of a process follows."""

    error: str = ""
    """Why it cannot work. It ends after this frame."""


class Hello(msgspec.Struct, frozen=True):
    """The first frame of a jail process: it is ready and confined as stated."""

    confinement: Confinement


def refusal_frame(refusal: Refusal) -> RefusalFrame:
    """Makes the frame of a refusal. Facts that are no plain value become text."""
    facts = {
        name: value if isinstance(value, str | int | float | bool | None) else str(value)
        for name, value in refusal.facts.items()
    }
    return RefusalFrame(refusal.kind, refusal.code, facts)


def read_reply[Result](reply: bytearray, result_type: type[Result]) -> Result | RefusalFrame:
    """Decodes a reply. Raises: ForbiddenCall; Dead for nonsense, because a process that was taken over must
    not choose the exception."""
    if len(reply) == 6 and reply[0] == FORBIDDEN:
        raise ForbiddenCall(int.from_bytes(reply[2:], sys.byteorder))
    if len(reply) < 2 or reply[0] not in (DONE, REFUSED):
        raise Dead
    body = memoryview(reply)[2:]
    if reply[0] == REFUSED:
        return decode(body, RefusalFrame)
    return decode(body, result_type)


def decode[Result](body: bytes | bytearray | memoryview, result_type: type[Result]) -> Result:
    """Raises: Dead."""
    try:
        return msgspec.msgpack.decode(body, type=result_type)
    except (msgspec.MsgspecError, ValueError, RecursionError):  # ValueError: text that is no UTF-8
        raise Dead from None


def pieces(*parts: bytes) -> Sequence[bytes]:
    """Splits a frame for sending. Short frames go in one piece, because each piece wakes the other side."""
    return parts if sum(map(len, parts)) > _JOINED_BYTES_MAX else (b"".join(parts),)
