"""What is fuzzed: our own code that reads bytes of strangers, and what must hold for any bytes.

A target takes bytes and returns; an AssertionError, or any exception that the code under test doesn't name,
is a finding. `script/fuzz` drives them with coverage, `test_replay.py` with seeds and former findings.
"""

from __future__ import annotations

import asyncio
import io
import zipfile
from collections.abc import AsyncIterator, Callable, Coroutine
from datetime import UTC, datetime
from functools import cache
from typing import Any, NamedTuple

import msgspec
from cryptography import x509
from tests.fuzz import genuine
from tests.fuzz.edits import apply_edits
from tests.pdf import samples

from meterai.kernel.errors import Kind, Refusal
from meterai.kernel.serial import group_serial, make_serial, parse_serial
from meterai.kit.pdf import der
from meterai.kit.pdf.byte_range import ShapeError, gap_content, read_byte_range, without_padding
from meterai.kit.pdf.jail import frames
from meterai.kit.pdf.jail.confinement import Confinement
from meterai.kit.pdf.jail.frames import Dead, read_reply
from meterai.kit.pdf.light_check import LightCheckRequest, light_check
from meterai.kit.pdf.page_box import make_page_box
from meterai.kit.pdf.reading import Inspection, InspectRequest, inspect
from meterai.kit.pdf.signed_data import HASHES, digest_of, read_signed_data, signature_is_valid
from meterai.kit.stamp_code import decode_code, encode_code, verify_code
from meterai.kit.zip_archive import ZipLimits, read_zip
from meterai.stamping import signer_wire
from meterai.verification.model import JudgeRequest, Trust, Verdict
from meterai.verification.rules import cms, judge
from meterai.web.forms import DRAIN_BYTES_MAX, FIELD_BYTES_MAX, FIELDS_MAX, FILES_MAX, read_form


class Target(NamedTuple):
    """A property of some code, and bytes to begin with."""

    check: Callable[[bytes], None]
    seeds: Callable[[], list[bytes]]


def check_der(data: bytes) -> None:
    """What is read is the one encoding of what it says: written again, it is the same bytes."""
    try:
        element = der.read_only(data)
    except der.DerError:
        return
    assert der.encode(element.tag, element.content) == data
    stack = [(element, 0)]
    while stack:
        node, depth = stack.pop()
        if not node.tag & 0x20 or depth > 20:
            continue
        try:
            children = node.children()
        except der.DerError:
            continue
        assert b"".join(child.whole for child in children) == node.content
        stack += [(child, depth + 1) for child in children]


def check_signed_data(data: bytes) -> None:
    sealed = genuine.sealed()
    certificate = x509.load_der_x509_certificate(sealed.certificate)
    try:
        signed = read_signed_data(data)
    except der.DerError:
        return
    if signed.digest_oid not in HASHES:
        return
    own = digest_of(genuine.content(sealed.data), signed.digest_oid)
    if signature_is_valid(signed, certificate, own):
        assert signed.to_be_signed == read_signed_data(sealed.cms).to_be_signed


def check_cms_form(data: bytes) -> None:
    """A signature in the exact form has no free byte: changed ones have another form or another signature."""
    for read in (cms.read_signature, cms.read_token):
        try:
            form = read(data)
            attributes = cms.read_attributes(form)
            cms.certificate_digest(attributes)
            if read is cms.read_token:
                cms.token_info(form)
        except cms.FormError:
            continue
        assert cms.element_length(data) == len(data)
        if read is cms.read_signature:
            own = cms.read_signature(genuine.sealed().cms)
            if (form.signed_attributes, form.signature, form.token) == (
                own.signed_attributes,
                own.signature,
                own.token,
            ):
                assert set(form.certificates) != set(own.certificates) or data == genuine.sealed().cms


def check_byte_range(data: bytes) -> None:
    numbers = [int.from_bytes(data[at : at + 3], "big", signed=True) for at in range(0, 12, 3)]
    body = data[12:]
    for given in (numbers, numbers[:3], [*numbers, 0], data[:4], None):
        try:
            found = read_byte_range(body, given)
            content = gap_content(body, found)
            without_padding(content, numbers[1] % 50)
        except ShapeError:
            continue
        assert given is numbers
        assert 0 < found.gap_start < found.gap_end < found.end <= len(body)
        assert body[found.gap_start + 1 : found.gap_end - 1].lower() == content.hex().encode()


def check_page_box(data: bytes) -> None:
    """A rectangle goes to the page and back, whatever the boxes are."""
    values = [int.from_bytes(data[at : at + 2], "big", signed=True) / 8 for at in range(0, 28, 2)]
    crop = (values[4], values[5], values[6], values[7]) if values[13] > 0 else None
    box = make_page_box(
        (values[0], values[1], values[2], values[3]),
        crop,
        rotation=int(values[8]),
        user_unit=max(abs(values[9]) / 100, 0.01),
    )
    if box is None:
        return
    assert box.width_pt > 0
    assert box.height_pt > 0
    assert box.rotation in (0, 90, 180, 270)
    wanted = (values[10], values[11], values[10] + 50.0, values[11] + 60.0)
    back = box.to_visible(box.to_page(wanted))
    assert all(abs(a - b) < 1e-3 for a, b in zip(wanted, back, strict=True))
    whole = box.to_visible((box.x0, box.y0, box.x1, box.y1))
    assert all(abs(a - b) < 1e-3 for a, b in zip(whole, (0, 0, box.width_pt, box.height_pt), strict=True))


def check_inspection(data: bytes) -> None:
    """Structure, weight, signatures: a description or a refusal by name, of whatever claims to be a PDF."""
    try:
        seen = inspect(InspectRequest(data=data))
    except Refusal as refusal:
        _assert_named(refusal, "pdf.")
        return
    assert 1 <= len(seen.pages) <= 200
    assert all(page.width_pt > 0 and page.height_pt > 0 for page in seen.pages)


def check_inspection_of_edited(data: bytes) -> None:
    """The same with small changes in files that were good: they get further."""
    choice, edits = data[:1] or b"\0", data[1:]
    bases = _documents()
    check_inspection(apply_edits(bases[choice[0] % len(bases)], edits))


def check_light_check(data: bytes) -> None:
    """What passes the check after sealing has the very content that was sealed."""
    sealed = genuine.sealed()
    changed = apply_edits(sealed.data, data)
    request = LightCheckRequest(
        data=changed, certificate=sealed.certificate, pages=sealed.pages, serials=sealed.serials
    )
    try:
        light_check(request)
    except Refusal as refusal:
        _assert_named(refusal, "seal.unsound")
        return
    assert genuine.content(changed) == genuine.content(sealed.data)


def check_verdict(data: bytes) -> None:
    """A changed file is never genuine."""
    sealed = genuine.sealed()
    changed = apply_edits(sealed.data, data)
    trust = Trust(roots_pem=(sealed.root_pem,))
    judgement = judge(JudgeRequest(data=changed, trust=trust, moment=genuine.JUDGED_AT))
    assert (judgement.verdict is Verdict.GENUINE) is (changed == sealed.data), judgement.reasons


def check_verdict_of_anything(data: bytes) -> None:
    trust = Trust(roots_pem=(genuine.sealed().root_pem,))
    judgement = judge(JudgeRequest(data=data, trust=trust, moment=genuine.JUDGED_AT))
    assert judgement.verdict is not Verdict.GENUINE or data == genuine.sealed().data


def check_stamp_code(data: bytes) -> None:
    text = data.decode("utf-8", "replace")
    try:
        code = decode_code(text)
    except Refusal as refusal:
        _assert_named(refusal, "code.unreadable")
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
        form = _run(read_form(head.decode("latin-1"), chunks()))
    except Refusal as refusal:
        _assert_named(refusal, "form.")
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
        _assert_named(refusal, "archive.")


def _assert_named(refusal: Refusal, prefix: str) -> None:
    assert refusal.code.startswith(prefix), refusal.code


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
    """Never runs: nothing that is fuzzed waits."""
    return asyncio.new_event_loop()


@cache
def _documents() -> list[bytes]:
    return [
        samples.living(),
        samples.page_file(object_streams=True),
        samples.cropped(),
        samples.nested_forms(3, 2),
        samples.encrypted(user=""),
        genuine.sealed().data,
    ]


def _zip_seeds() -> list[bytes]:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a/b.pdf", b"%PDF-1.7")
        archive.writestr("c.pdf", bytes(2000))
    return [out.getvalue(), b"PK\5\6" + bytes(18)]


def _form_seeds() -> list[bytes]:
    part = b'--x\r\nContent-Disposition: form-data; name="%s"%s\r\n\r\n%s\r\n'
    body = (
        part % (b"nama", b"", b"Siti") + part % (b"berkas", b'; filename="a.pdf"', b"%PDF-1.7") + b"--x--\r\n"
    )
    return [
        b"multipart/form-data; boundary=x\n" + body,
        b"application/x-www-form-urlencoded\na=1&b=%20%ff&a=2",
        b"\n",
    ]


def _wire_seeds() -> list[bytes]:
    messages: list[signer_wire.Request | signer_wire.Answer] = [
        signer_wire.Ping(),
        signer_wire.SealSerials(serials=["0" * 22]),
        signer_wire.SignCodes([("0" * 22, datetime(2026, 1, 1, tzinfo=UTC).date())]),
        signer_wire.CodeSignatures([bytes(64)]),
        signer_wire.Seals(
            sealed={"a": b"b"}, refused={"c": signer_wire.Refused(Kind.BUSY, "d.e")}, key_id="k"
        ),
    ]
    return [signer_wire.frame(message) for message in messages]


def _frame_seeds() -> list[bytes]:
    refusal = Refusal(Kind.INVALID, "pdf.page_size", page=1, text="a", flag=True, ratio=0.5, nothing=None)
    hello = frames.Hello(Confinement(seccomp=True))
    return [
        b"\1\0" + msgspec.msgpack.encode(frames.refusal_frame(refusal)),
        b"\0\0" + msgspec.msgpack.encode(hello),
        b"\0\0" + msgspec.msgpack.encode(inspect(InspectRequest(data=samples.letter()))),
    ]


def _serial_seeds() -> list[bytes]:
    serial = make_serial(bytes(range(32)))
    return [serial.encode(), group_serial(serial).lower().encode(), b"ABC"]


_NO_EDITS = [b"", b"\0\x00\x10\1x", b"\1\x50\x00\5abcde", b"\2\xff\xff\1\n", b"\3\x20\x00\4"]

TARGETS = {
    "der": Target(
        check_der, lambda: [genuine.sealed().cms[:200], b"\x30\x03\x02\x01\x05", genuine.sealed().cms]
    ),
    "signed_data": Target(check_signed_data, lambda: [genuine.sealed().cms, genuine.token()]),
    "cms_form": Target(check_cms_form, lambda: [genuine.sealed().cms, genuine.token()]),
    "byte_range": Target(
        check_byte_range, lambda: [b"\0\0\0\0\0\5\0\0\x0b\0\0\6hello<00aa>%%EOF\n", bytes(20)]
    ),
    "page_box": Target(check_page_box, lambda: [bytes(range(28)), b"\x12\x34" * 14]),
    "inspection": Target(check_inspection, _documents),
    "edited": Target(
        check_inspection_of_edited, lambda: [bytes((n,)) + e for n in range(6) for e in _NO_EDITS]
    ),
    "light_check": Target(check_light_check, lambda: _NO_EDITS),
    "verdict": Target(check_verdict, lambda: _NO_EDITS),
    "verdict_of_anything": Target(check_verdict_of_anything, _documents),
    "stamp_code": Target(check_stamp_code, lambda: [genuine.sealed().code.encode(), b"HTTPS://X/C/000"]),
    "serial": Target(check_serial, _serial_seeds),
    "signer_wire": Target(check_signer_wire, _wire_seeds),
    "jail_frames": Target(check_jail_frames, _frame_seeds),
    "form": Target(check_form, _form_seeds),
    "zip": Target(check_zip, _zip_seeds),
}
