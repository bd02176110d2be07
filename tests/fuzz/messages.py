"""Properties of what reads codes, numbers, frames, forms and archives."""

from __future__ import annotations

import asyncio
import io
import zipfile
from collections.abc import AsyncIterator, Callable, Coroutine
from datetime import UTC, datetime
from functools import cache
from typing import Any

import msgspec

from meterai.jail import frames
from meterai.jail.frames import Dead, read_reply
from meterai.jail.walls.confinement import Confinement
from meterai.kernel.refusals import Kind, Refusal
from meterai.kernel.serial_number import group_serial, make_serial, parse_serial
from meterai.kit.files.zip_archive import ZipLimits, read_zip
from meterai.pdf.inspection import inspect
from meterai.pdf.requests import Inspection, InspectRequest
from meterai.signatures.stamp_code import decode_code, encode_code, verify_code
from meterai.stamping import signer_wire
from meterai.web.requests.forms import (
    DOCUMENTS,
    DRAIN_BYTES_MAX,
    FIELD_BYTES_MAX,
    FIELDS_MAX,
    FILES_MAX,
    read_form,
)
from tests.fuzz.refusals import assert_named
from tests.pdf import samples


def check_stamp_code(data: bytes) -> None:
    text = data.decode("utf-8", "replace")
    try:
        code = decode_code(text)
    except Refusal as refusal:
        assert_named(refusal, "code.newer" if refusal.code == "code.newer" else "code.unreadable")
        return
    again = encode_code("", code.serial, code.day, key_id=code.key_id, signature=code.signature)
    assert again.rpartition("/")[2] == text.strip().upper().rpartition("/")[2]
    assert not verify_code(code, {code.key_id: bytes(32)})


def check_serial(data: bytes) -> None:
    text = data.decode("utf-8", "replace")
    serial = parse_serial(text)
    if serial is None:
        return
    assert len(serial) == 22
    assert serial.isascii()
    assert parse_serial(group_serial(serial)) == serial
    assert parse_serial(serial.lower()) == serial


def check_signer_wire(data: bytes) -> None:
    """Both ends of the signer's socket: a message or one of three named errors."""

    async def read() -> bytes:
        reader = asyncio.StreamReader(loop=_loop())
        reader.feed_data(data)
        reader.feed_eof()
        return await signer_wire.read_frame(reader)

    try:
        body = _run(read())
    except (asyncio.IncompleteReadError, ValueError):
        return
    readers: list[Callable[[bytes], Any]] = [signer_wire.read_request, signer_wire.read_answer]
    for read_message in readers:
        try:
            message = read_message(body)
        except ValueError:
            continue
        assert read_message(signer_wire.frame(message)[4:]) == message


def check_jail_frames(data: bytes) -> None:
    """What a jail that was taken over may answer: a result, a refusal, or it counts as dead."""
    for kind in (frames.Hello, Inspection):
        try:
            answer = read_reply(bytearray(data), kind)
        except Dead:
            continue
        if isinstance(answer, frames.RefusalFrame):
            assert isinstance(answer.to_refusal().kind, Kind)
        else:
            assert isinstance(answer, kind)


def check_form(data: bytes) -> None:
    """The first line is the content type, then the body in pieces of a size that the body chooses."""
    head, _, body = data.partition(b"\n")
    size = 1 + body[0] if body else 1

    async def chunks() -> AsyncIterator[bytes]:
        for at in range(0, len(body), size):
            yield body[at : at + size]

    try:
        form = _loop().run_until_complete(read_form(head.decode("latin-1"), chunks(), DOCUMENTS))
    except Refusal as refusal:
        assert_named(refusal, "form.")
        return
    assert len(form.fields) <= FIELDS_MAX + FILES_MAX
    assert sum(map(len, form.files.values())) <= FILES_MAX
    assert all(len(value) <= max(FIELD_BYTES_MAX, 64 * 1024) for value in form.fields.values())
    assert len(body) <= DRAIN_BYTES_MAX
    for name in form.fields:
        form.text(name), form.number(name)


def check_zip(data: bytes) -> None:
    limits = ZipLimits(
        entries_max=20, entry_bytes_max=100_000, total_bytes_max=1_000_000, ratio_from_bytes=10_000
    )
    try:
        for entry in read_zip(io.BytesIO(data), limits):
            assert (entry.data is None) == (entry.refusal is not None)
            if entry.data is not None:
                assert len(entry.data) == entry.size <= 100_000
                assert not entry.path.startswith("/")
                assert ".." not in entry.path.split("/")
            elif entry.refusal is not None:
                assert entry.refusal.code.startswith(("archive.", "pdf.too_large"))
    except Refusal as refusal:
        assert_named(refusal, "archive.")


def _run[Result](work: Coroutine[Any, Any, Result]) -> Result:
    """Runs a coroutine that never waits for anything outside."""
    try:
        while True:
            work.send(None)
    except StopIteration as end:
        result: Result = end.value
        return result


@cache
def _loop() -> asyncio.AbstractEventLoop:
    """Nothing that is fuzzed waits for anything outside."""
    return asyncio.new_event_loop()


def zip_seeds() -> list[bytes]:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a/b.pdf", b"%PDF-1.7")
        archive.writestr("c.pdf", bytes(2000))
    return [out.getvalue(), b"PK\5\6" + bytes(18)]


def form_seeds() -> list[bytes]:
    part = b'--x\r\nContent-Disposition: form-data; name="%s"%s\r\n\r\n%s\r\n'
    body = (
        part % (b"nama", b"", b"Siti") + part % (b"berkas", b'; filename="a.pdf"', b"%PDF-1.7") + b"--x--\r\n"
    )
    return [
        b"multipart/form-data; boundary=x\n" + body,
        b"application/x-www-form-urlencoded\na=1&b=%20%ff&a=2",
        b"\n",
    ]


def wire_seeds() -> list[bytes]:
    messages: list[signer_wire.Request | signer_wire.Answer] = [
        signer_wire.Ping(),
        signer_wire.SealSerials(serials=["0" * 22]),
        signer_wire.SignCodes([("0" * 22, datetime(2026, 1, 1, tzinfo=UTC).date())]),
        signer_wire.CodeSignatures([bytes(64)], 1),
        signer_wire.Seals(
            sealed={"a": b"b"}, refused={"c": signer_wire.Refused(Kind.BUSY, "d.e")}, key_id="k"
        ),
    ]
    return [signer_wire.frame(message) for message in messages]


def frame_seeds() -> list[bytes]:
    refusal = Refusal(Kind.INVALID, "pdf.page_size", page=1, text="a", flag=True, ratio=0.5, nothing=None)
    hello = frames.Hello(Confinement(seccomp=True))
    return [
        b"\1\0" + msgspec.msgpack.encode(frames.refusal_frame(refusal)),
        b"\0\0" + msgspec.msgpack.encode(hello),
        b"\0\0" + msgspec.msgpack.encode(inspect(InspectRequest(data=samples.letter()))),
    ]


def serial_seeds() -> list[bytes]:
    serial = make_serial(bytes(range(32)))
    return [serial.encode(), group_serial(serial).lower().encode(), b"ABC"]
