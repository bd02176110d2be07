"""What the worker and the signer process say to each other: length-prefixed frames of msgpack.

Request and answer: 4 bytes length (big-endian), then the msgpack of one of the structs below. One answer per
request, in order; a second request in flight takes a second connection.
"""

from __future__ import annotations

import asyncio
import os
import struct
from datetime import date, datetime
from pathlib import Path

import msgspec

from meterai.kernel.refusals import Kind

_LENGTH = struct.Struct(">I")
FRAME_BYTES_MAX = 16 << 20


class Ping(msgspec.Struct, frozen=True, tag_field="op", tag="ping"):
    """Are you there, and who are you?"""


class SignCodes(msgspec.Struct, frozen=True, tag_field="op", tag="code"):
    """Sign the 2-D codes of allocated serial numbers."""

    wanted: list[tuple[str, date]]


class SealSerials(msgspec.Struct, frozen=True, tag_field="op", tag="seal"):
    """Seal the stored intents of these serial numbers."""

    serials: list[str]
    may_lack_time_stamp: list[str] = []
    """Those to be sealed even while no time stamp is to be had; it is asked for later."""


class StampSignatures(msgspec.Struct, frozen=True, tag_field="op", tag="time"):
    """Fetch RFC 3161 tokens over these SHA-256 imprints of signature values."""

    imprints: list[bytes]


class ListKeys(msgspec.Struct, frozen=True, tag_field="op", tag="keys"):
    """How is each key of the register?"""


class Identity(msgspec.Struct, frozen=True, tag="identity"):
    """The signer's public side."""

    key_id: str
    certificate_chain: list[bytes]
    """DER, the signing certificate first."""
    code_key_id: int
    other_certificates: list[bytes] = []
    """DER of every other key of the register: a document's first seals may be older than a rotation."""
    tsa_ends: datetime | None = None
    """When the time-stamp authority's certificate ends, by its last token; None: none came yet."""


class KeyReport(msgspec.Struct, frozen=True):
    """How the signer finds a key of the register."""

    key_id: str
    certificate: bytes
    active: bool
    trouble: str
    """Why it could not sign now; empty: it could."""


class Keys(msgspec.Struct, frozen=True, tag="keys"):
    """All keys of the register, and the stop switch as the signer saw it last."""

    keys: list[KeyReport]
    stopped: bool


class Refused(msgspec.Struct, frozen=True, tag="refused"):
    """A refusal, of the whole request or of one serial number."""

    kind: Kind
    code: str


class CodeSignatures(msgspec.Struct, frozen=True, tag="codes"):
    """Ed25519 signatures, in the order asked for."""

    signatures: list[bytes]


class Seals(msgspec.Struct, frozen=True, tag="seals"):
    """A CMS (DER) or a refusal for each serial number."""

    sealed: dict[str, bytes]
    refused: dict[str, Refused]
    key_id: str
    """Of the key that was asked."""


class Tokens(msgspec.Struct, frozen=True, tag="tokens"):
    """Checked RFC 3161 tokens (DER), in the order asked for."""

    tokens: list[bytes]


Request = Ping | SignCodes | SealSerials | StampSignatures | ListKeys
Answer = Identity | CodeSignatures | Seals | Tokens | Keys | Refused


def socket_path(data: Path) -> Path:
    """Where the signer listens."""
    return data / "run" / "signer.sock"


async def read_frame(reader: asyncio.StreamReader) -> bytes:
    """The next frame's content.

    Raises: asyncio.IncompleteReadError at the end of the stream, ValueError for one that is too long.
    """
    size = _LENGTH.unpack(await reader.readexactly(_LENGTH.size))[0]
    if size > FRAME_BYTES_MAX:
        raise ValueError("frame too long")
    return await reader.readexactly(size)


def read_request(body: bytes) -> Request:
    """Raises: ValueError for anything else, text that is no UTF-8 and endless nesting included."""
    try:
        request: Request = msgspec.msgpack.decode(body, type=Request)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise ValueError(str(error)) from None
    return request


def read_answer(body: bytes) -> Answer:
    """Raises: ValueError as `read_request`."""
    try:
        answer: Answer = msgspec.msgpack.decode(body, type=Answer)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise ValueError(str(error)) from None
    return answer


def frame(message: Request | Answer) -> bytes:
    """A message as it goes over the wire."""
    body = msgspec.msgpack.encode(message)
    return _LENGTH.pack(len(body)) + body


class ReachableSocket:
    """A way to a unix socket whose path may be longer than the 107 bytes that the kernel takes.

    Linux: the folder is opened and the socket is named through /proc/self/fd.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._folder: int | None = None

    def __enter__(self) -> str:
        if len(os.fsencode(self._path)) <= 107:
            return str(self._path)
        self._folder = os.open(self._path.parent, os.O_PATH | os.O_DIRECTORY)
        return f"/proc/self/fd/{self._folder}/{self._path.name}"

    def __exit__(self, *_: object) -> None:
        if self._folder is not None:
            os.close(self._folder)
