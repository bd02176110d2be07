"""Messages between workers, sites and the signer process: length-prefixed frames of msgpack.

Request and answer: 4 bytes length (big-endian), then the msgpack of one of the structs below. Each request
gets one answer, in order. A second request at the same time needs a second connection.
"""

from __future__ import annotations

import asyncio
import os
import struct
from datetime import date, datetime
from pathlib import Path
from uuid import UUID

import msgspec

from meterai.kernel.refusals import Kind
from meterai.kit.tracing.spans import Done
from meterai.stamping.keys.signing_keys import Purpose

_LENGTH = struct.Struct(">I")
FRAME_BYTES_MAX = 16 << 20


class _Request(msgspec.Struct, frozen=True, kw_only=True):
    traceparent: str = ""
    """The trace of the asker (`kit.tracing`); empty: none."""


class _Answer(msgspec.Struct, frozen=True, kw_only=True):
    spans: list[Done] = []
    """What the signer measured for the asker's trace."""


class Ping(_Request, frozen=True, tag_field="op", tag="ping"):
    """Asks whether the signer is there, and for its identity."""


class SignCodes(_Request, frozen=True, tag_field="op", tag="code"):
    """Asks to sign the 2-D codes of allocated serial numbers, or of those taken to be stamped outside."""

    wanted: list[tuple[str, date]]


class SealSerials(_Request, frozen=True, tag_field="op", tag="seal"):
    """Asks to seal the stored intents of these serial numbers."""

    serials: list[str]
    may_lack_time_stamp: list[str] = []
    """Serials that are sealed even while no time stamp is available. The time stamp is added later."""


class SignHashes(_Request, frozen=True, tag_field="op", tag="hash"):
    """Asks to sign the attributes of these requests."""

    requests: list[UUID]


class ShowHashKey(_Request, frozen=True, tag_field="op", tag="hash_key"):
    """Asks for the key that signs hashes."""


NONCE_BYTES_MAX = 32
"""Of a query for a time stamp."""


class StampSignatures(_Request, frozen=True, tag_field="op", tag="time"):
    """Asks for RFC 3161 tokens over digests that the register asks to be dated."""

    imprints: list[bytes]
    nonce: bytes = b""
    """Of the asker's own query for one token, big-endian; the token repeats it. Empty: there is none."""


class ListKeys(_Request, frozen=True, tag_field="op", tag="keys"):
    """Asks for the state of each registered key."""


class Identity(_Answer, frozen=True, tag="identity"):
    """The signer's public side."""

    key_id: str
    certificate_chain: list[bytes]
    """Certificates as DER, the signing certificate first."""
    other_certificates: list[bytes] = []
    """Certificates (DER) of the other registered keys for seals: of seals made before a rotation, or by
    another signer."""
    tsa_ends: datetime | None = None
    """When the time-stamp authority's certificate ends, from its last token; None before any token."""


class KeyReport(msgspec.Struct, frozen=True):
    """The signer's report on a registered key."""

    key_id: str
    certificate: bytes
    active: bool
    """Whether it is the one that signs for its purpose."""
    trouble: str
    """Why it could not sign now; empty if it could."""
    marked: bool = False
    """Whether the signer has marked it as retired: it never signs again, whatever the register says."""
    retired_at: datetime | None = None
    """When it was retired, by that mark."""
    purpose: Purpose = "seal"


class UnregisteredKey(msgspec.Struct, frozen=True):
    """A key that the signer has used or marked, and that the register does not know."""

    key_id: str
    uses: int
    retired: bool
    retired_at: datetime | None = None
    """When, by the signer's mark; None: unknown, or not retired."""


class Keys(_Answer, frozen=True, tag="keys"):
    """All registered keys of this signer, and the stop switch as the signer last saw it."""

    keys: list[KeyReport]
    stopped: bool
    unregistered: list[UnregisteredKey] = []
    """A register that was put back from an older copy lacks the keys that were added since."""


class Refused(_Answer, frozen=True, tag="refused"):
    """A refusal, of the whole request or of one serial number."""

    kind: Kind
    code: str


class CodeSignatures(_Answer, frozen=True, tag="codes"):
    """Ed25519 signatures, in the order asked for."""

    signatures: list[bytes]
    key_id: int
    """By which readers know the key that made them. It may have changed since the last answer."""


class Seals(_Answer, frozen=True, tag="seals"):
    """A CMS (DER) or a refusal for each serial number."""

    sealed: dict[str, bytes]
    refused: dict[str, Refused]
    key_id: str
    """Id of the key that signed."""


class HashKey(_Answer, frozen=True, tag="hash_key"):
    """The key that signs hashes now."""

    key_id: str
    certificate_chain: list[bytes]
    """Certificates as DER, the signing certificate first, without the root."""


class HashSignatures(_Answer, frozen=True, tag="hashes"):
    """A signature (RSA PKCS #1 v1.5, SHA-256) or a refusal for each request, by its id."""

    signed: dict[str, bytes]
    refused: dict[str, Refused]
    key_id: str
    """Id of the key that signed."""


class Tokens(_Answer, frozen=True, tag="tokens"):
    """Checked RFC 3161 tokens (DER), in the order asked for."""

    tokens: list[bytes]


Request = Ping | SignCodes | SealSerials | SignHashes | ShowHashKey | StampSignatures | ListKeys
Answer = Identity | CodeSignatures | Seals | HashKey | HashSignatures | Tokens | Keys | Refused


def socket_path(data: Path) -> Path:
    """Path of the signer's socket."""
    return data / "run" / "signer" / "signer.sock"


async def read_frame(reader: asyncio.StreamReader) -> bytes:
    """Reads the content of the next frame.

    Raises: asyncio.IncompleteReadError at the end of the stream, ValueError for a frame that is too long.
    """
    size = _LENGTH.unpack(await reader.readexactly(_LENGTH.size))[0]
    if size > FRAME_BYTES_MAX:
        raise ValueError("frame too long")
    return await reader.readexactly(size)


def read_request(body: bytes) -> Request:
    """Decodes a request. Raises: ValueError for anything else, with invalid UTF-8 and endless nesting."""
    try:
        request: Request = msgspec.msgpack.decode(body, type=Request)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise ValueError(str(error)) from None
    return request


def read_answer(body: bytes) -> Answer:
    """Decodes an answer. Raises: ValueError as `read_request`."""
    try:
        answer: Answer = msgspec.msgpack.decode(body, type=Answer)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise ValueError(str(error)) from None
    return answer


def frame(message: Request | Answer) -> bytes:
    """Encodes a message as a frame."""
    body = msgspec.msgpack.encode(message)
    return _LENGTH.pack(len(body)) + body


class ReachableSocket:
    """Gives a unix socket a path short enough for the kernel's limit of 107 bytes.

    Linux: opens the folder and names the socket through /proc/self/fd.
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
