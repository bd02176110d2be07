"""Archives from strangers: what is fine is read, everything else is refused by name and costs little."""

from __future__ import annotations

import io
import struct
import time
import zipfile

import pytest

from meterai.kernel.errors import Refusal
from meterai.kit.zip_archive import ZipEntry, ZipLimits, read_zip

PDF = b"%PDF-1.7\n" + bytes(range(256)) * 20


def packed(*files: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in files:
            info = zipfile.ZipInfo("x")
            info.filename, info.compress_type = name, method  # as it is: ZipInfo would tidy the name
            archive.writestr(info, content)
    return out.getvalue()


def pdf(name: str) -> tuple[str, bytes]:
    return name, PDF


def read(data: bytes, limits: ZipLimits | None = None) -> list[ZipEntry]:
    return list(read_zip(io.BytesIO(data), limits))


def refusal_of(data: bytes, limits: ZipLimits | None = None) -> str:
    with pytest.raises(Refusal) as caught:
        read(data, limits)
    return caught.value.code


def code_of(data: bytes, limits: ZipLimits | None = None) -> str:
    (entry,) = read(data, limits)
    assert entry.data is None
    assert entry.refusal is not None
    return entry.refusal.code


def test_files_come_out_as_they_went_in() -> None:
    data = packed(("a.pdf", PDF), ("map/é/B.PDF", PDF * 2), ("map/", b""), ("__MACOSX/a.pdf", b"x"))
    assert [(entry.path, entry.data) for entry in read(data)] == [("a.pdf", PDF), ("map/é/B.PDF", PDF * 2)]
    stored = packed(("a.pdf", PDF), method=zipfile.ZIP_STORED)
    assert [entry.data for entry in read(stored)] == [PDF]


@pytest.mark.parametrize(
    "name",
    [
        "../a.pdf",
        "/etc/a.pdf",
        "a/../../b.pdf",
        "a\\..\\b.pdf",
        "a//b.pdf",
        "a\nb.pdf",
        "./a.pdf",
        "x" * 300 + ".pdf",
    ],
)
def test_a_name_that_leads_elsewhere_is_refused(name: str) -> None:
    assert code_of(packed((name, PDF))) == "archive.name"


def test_two_files_of_one_name_are_one_file_and_a_refusal() -> None:
    with pytest.warns(UserWarning, match="Duplicate name"):
        data = packed(("a.pdf", PDF), ("a.pdf", PDF), ("A.PDF", PDF))
    codes = [entry.refusal.code if entry.refusal else None for entry in read(data)]
    assert codes == [None, "archive.name_twice", "archive.name_twice"]


def test_a_file_where_a_folder_lies_is_refused_and_what_lies_in_the_folder_is_read() -> None:
    """Both can't be unpacked: `meterai stamp` had a stamp that was paid and no place for its file."""
    for names in (("a.pdf", "A.pdf/b.pdf", "c/d.pdf"), ("A.pdf/b.pdf", "c/d.pdf", "a.pdf")):
        entries = read(packed(*map(pdf, names)))
        assert {entry.path: entry.refusal and entry.refusal.code for entry in entries} == {
            "a.pdf": "archive.name_twice",
            "A.pdf/b.pdf": None,
            "c/d.pdf": None,
        }


def test_a_name_in_utf_8_is_read_though_the_archive_does_not_say_so() -> None:
    """As macOS packs; what no UTF-8 is, is of the old code page."""
    data = bytearray(packed(pdf("Surat – Añejo.pdf"), pdf("R=.pdf")))
    for signature, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = data.find(signature)
        assert data[at + flags + 1] & 8, "says that it is UTF-8"
        data[at + flags + 1] ^= 8
    data = data.replace(b"R=.pdf", b"R\x82.pdf")
    assert [entry.path for entry in read(bytes(data))] == ["Surat – Añejo.pdf", "Ré.pdf"]


def test_spaces_that_nobody_tells_from_others_are_ordinary_ones() -> None:
    """macOS puts one before AM and PM in the names of screenshots, which nobody could see nor correct."""
    (entry,) = read(packed(pdf("9.41\u202fAM\xa0akta.pdf")))
    assert entry.path == "9.41 AM akta.pdf"
    assert code_of(packed(pdf("a\u200bb.pdf"))) == "archive.name"


def test_other_files_and_archives_inside_are_not_opened() -> None:
    assert code_of(packed(("catatan.txt", b"x"))) == "archive.not_pdf"
    assert code_of(packed(("lagi.zip", packed(("a.pdf", PDF))))) == "archive.nested"


def test_a_bomb_is_refused_by_what_it_says_of_itself() -> None:
    bomb = packed(("a.pdf", bytes(9 << 20)))
    began = time.process_time()
    assert code_of(bomb) == "archive.packed_too_tightly"
    assert code_of(packed(("a.pdf", bytes(11 << 20)))) == "pdf.too_large"
    many = packed(*((f"{n}.pdf", bytes(1 << 20)) for n in range(9)))
    assert refusal_of(many, ZipLimits(total_bytes_max=8 << 20)) == "archive.too_large"
    assert time.process_time() - began < 0.5


def test_a_bomb_that_lies_about_its_size_unpacks_no_more_than_it_said() -> None:
    data = bytearray(packed(("a.pdf", bytes(9 << 20))))
    at = data.rfind(b"PK\x01\x02")
    struct.pack_into("<L", data, at + 24, 1000)  # the unpacked size in the table of contents
    assert code_of(bytes(data)) == "archive.damaged"


def test_entries_that_share_their_packed_bytes_are_refused() -> None:
    """The overlapping bomb (Fifield, "A better zip bomb"): many entries, one kernel."""
    data = bytearray(packed(("a.pdf", PDF), ("b.pdf", PDF)))
    first = data.find(b"PK\x01\x02")
    second = data.find(b"PK\x01\x02", first + 4)
    struct.pack_into("<L", data, second + 42, 0)  # the second entry points at the first one's bytes
    assert {entry.refusal and entry.refusal.code for entry in read(bytes(data))} == {"archive.damaged"}


def test_too_many_entries_are_refused_before_the_table_of_contents_is_read() -> None:
    data = packed(*((f"{n}.pdf", b"") for n in range(11)))
    assert refusal_of(data, ZipLimits(entries_max=10)) == "archive.too_many_files"
    huge = bytearray(data)
    struct.pack_into("<2H2L", huge, len(huge) - 14, 11, 11, 0x7FFFFFFF, 0)
    assert refusal_of(bytes(huge), ZipLimits(entries_max=10)) == "archive.too_many_files"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"PK\x05\x06",
        PDF,
        packed(("a.pdf", PDF))[:-1],
        packed(("a.pdf", PDF)) + b"more",
        packed(("a.pdf", PDF))[:-22] + b"PK\x06\x07" + bytes(16) + packed(("a.pdf", PDF))[-22:],
        bytes(100) + struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 1, 1, 46, 0, 0),
    ],
    ids=["empty", "bare", "pdf", "cut", "longer", "zip64", "zeros"],
)
def test_what_is_no_archive_is_refused(data: bytes) -> None:
    assert refusal_of(data) == "archive.unreadable"


def test_locked_and_damaged_entries_are_refused_and_the_others_are_read() -> None:
    data = bytearray(packed(("a.pdf", PDF), ("b.pdf", PDF), ("c.pdf", PDF)))
    first = data.find(b"PK\x01\x02")
    data[first + 8] |= 1  # says that it is encrypted
    second_local = data.find(b"PK\x03\x04", 4)
    data[second_local + 60] ^= 0xFF  # inside its packed bytes
    codes = [entry.refusal.code if entry.refusal else None for entry in read(bytes(data))]
    assert codes == ["archive.encrypted", "archive.damaged", None]
