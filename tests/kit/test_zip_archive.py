"""Archives from strangers: what is fine is read, everything else is refused by name and costs little."""

from __future__ import annotations

import io
import struct
import time
import zipfile

import pytest

from meterai.kernel.refusals import Refusal
from meterai.kit.files.zip_archive import ZipEntry, ZipLimits, read_zip

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


def ended_with(at: int, value: int) -> bytes:
    """An archive of one file, with a field of its end record changed (APPNOTE.TXT 4.3.16)."""
    data = bytearray(packed(pdf("a.pdf")))
    struct.pack_into("<H", data, len(data) - 22 + at, value)
    return bytes(data)


def with_zip64(data: bytes) -> bytes:
    """The same archive as every reader of ZIP64 takes it too (APPNOTE.TXT 4.3.14 and 4.3.15)."""
    *_, entries, size, offset, _ = struct.unpack("<4s4H2LH", data[-22:])
    record = struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, entries, entries, size, offset)
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, len(data) - 22, 1)
    whole = data[:-22] + record + locator + data[-22:]
    assert zipfile.ZipFile(io.BytesIO(whole)).namelist()
    return whole


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
    left = [("map/", b""), ("__MACOSX/a.pdf", b"x"), (".DS_Store", b"x"), ("map/Thumbs.db", b"x")]
    data = packed(("a.pdf", PDF), ("map/é/B.PDF", PDF * 2), *left)
    assert [(entry.path, entry.data) for entry in read(data)] == [("a.pdf", PDF), ("map/é/B.PDF", PDF * 2)]
    stored = packed(("a.pdf", PDF), method=zipfile.ZIP_STORED)
    assert [entry.data for entry in read(stored)] == [PDF]
    remarked = bytearray(stored + b"a remark")
    struct.pack_into("<H", remarked, len(stored) - 2, 8)
    assert [entry.data for entry in read(bytes(remarked))] == [PDF]


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
        "é" * 150 + ".pdf",
        "x/" * 200 + "a.pdf",
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
    (small,) = read(packed(("a.pdf", bytes(1 << 20))))
    assert small.data == bytes(1 << 20), "costs little"
    many = packed(*((f"{n}.pdf", bytes(1 << 20)) for n in range(9)))
    assert refusal_of(many, ZipLimits(total_bytes_max=8 << 20)) == "archive.too_large"
    assert time.process_time() - began < 0.5


def test_a_bomb_that_lies_about_its_size_unpacks_no_more_than_it_said() -> None:
    for content, said in ((bytes(9 << 20), 1000), (PDF, len(PDF) + 1)):
        data = bytearray(packed(("a.pdf", content)))
        at = data.rfind(b"PK\x01\x02")
        struct.pack_into("<L", data, at + 24, said)  # the unpacked size in the table of contents
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
    assert len(read(data, ZipLimits(entries_max=11))) == 11
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
        with_zip64(packed(("a.pdf", PDF))),
        ended_with(4, 1),  # of several disks, on which the table begins
        ended_with(6, 1),
        ended_with(8, 2),  # entries of this disk, of which there are others
        bytes(100) + struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 1, 1, 46, 0, 0),
    ],
    ids=["empty", "bare", "pdf", "cut", "longer", "zip64", "disk", "first", "here", "zeros"],
)
def test_what_is_no_archive_is_refused(data: bytes) -> None:
    assert refusal_of(data) == "archive.unreadable"


def test_an_entry_that_is_packed_as_no_system_packs_is_refused() -> None:
    assert code_of(packed(("a.pdf", PDF), method=zipfile.ZIP_BZIP2)) == "archive.damaged"


def test_locked_and_damaged_entries_are_refused_and_the_others_are_read() -> None:
    data = bytearray(packed(("a.pdf", PDF), ("b.pdf", PDF), ("c.pdf", PDF)))
    first = data.find(b"PK\x01\x02")
    data[first + 8] |= 1  # says that it is encrypted
    second_local = data.find(b"PK\x03\x04", 4)
    data[second_local + 60] ^= 0xFF  # inside its packed bytes
    codes = [entry.refusal.code if entry.refusal else None for entry in read(bytes(data))]
    assert codes == ["archive.encrypted", "archive.damaged", None]
