"""Forms are read whole or refused by name; limits hold while the bytes arrive."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from meterai.kernel.errors import Kind, Refusal
from meterai.kit.arriving import Room
from meterai.web import forms
from meterai.web.forms import DOCUMENTS, FILE_BYTES_MAX, FormLimits, read_form
from meterai.web.uploads import file_name

BOUNDARY = "x5"
MULTIPART = f"multipart/form-data; boundary={BOUNDARY}"


async def arriving(body: bytes, size: int = 50_000) -> AsyncIterator[bytes]:
    for start in range(0, len(body), size):
        yield body[start : start + size]


def part(name: str, content: bytes, filename: str | None = None) -> bytes:
    extra = f'; filename="{filename}"' if filename is not None else ""
    return (
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{extra}\r\n\r\n'.encode()
        + content
        + b"\r\n"
    )


END = f"--{BOUNDARY}--\r\n".encode()


async def test_fields_and_files_arrive_as_they_were_sent() -> None:
    body = (
        part("kontak", b"Ny. Sri")
        + part("berkas", b"%PDF-1", "a.pdf")
        + part("berkas", b"%PDF-2", "b.pdf")
        + END
    )
    for size in (1, 7, 50_000):
        form = await read_form(MULTIPART, arriving(body, size), DOCUMENTS)
        assert form.text("kontak") == "Ny. Sri"
        assert [(u.name, bytes(u.content)) for u in form.uploads("berkas")] == [
            ("a.pdf", b"%PDF-1"),
            ("b.pdf", b"%PDF-2"),
        ]


async def test_a_file_over_ten_mebibytes_is_dropped_but_the_rest_of_the_form_is_kept() -> None:
    body = part("besar", bytes(FILE_BYTES_MAX + 1), "besar.pdf") + part("kecil", b"%PDF", "kecil.pdf") + END
    form = await read_form(MULTIPART, arriving(body), DOCUMENTS)
    assert form.uploads("besar")[0].too_large
    assert len(form.uploads("besar")[0].content) == 0
    assert bytes(form.uploads("kecil")[0].content) == b"%PDF"


async def test_a_file_of_exactly_ten_mebibytes_is_taken() -> None:
    form = await read_form(
        MULTIPART, arriving(part("berkas", bytes(FILE_BYTES_MAX), "pas.pdf") + END), DOCUMENTS
    )
    assert not form.uploads("berkas")[0].too_large


async def test_an_empty_file_input_is_no_upload() -> None:
    form = await read_form(MULTIPART, arriving(part("berkas", b"", "") + END), DOCUMENTS)
    assert form.uploads("berkas") == []
    assert "berkas" in form.files


@pytest.mark.parametrize(
    ("kind", "body", "code"),
    [
        (MULTIPART, part("a", b"x"), "form.unreadable"),
        (MULTIPART, b"nonsense", "form.unreadable"),
        (MULTIPART, part("a", bytes(5000)) + END, "form.too_large"),
        ("text/plain", b"a=1", "form.unreadable"),
        ("application/x-www-form-urlencoded", b"a=" + bytes(70_000), "form.too_large"),
        ("application/x-www-form-urlencoded", b"&".join(b"a=1" for _ in range(99)), "form.unreadable"),
        (MULTIPART, b"".join(part("f", b"x", f"{n}.pdf") for n in range(11)) + END, "form.too_many_files"),
    ],
)
async def test_what_is_no_form_is_refused_by_name(kind: str, body: bytes, code: str) -> None:
    with pytest.raises(Refusal) as caught:
        await read_form(kind, arriving(body), DOCUMENTS)
    assert caught.value.code == code


async def test_a_flood_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forms, "DRAIN_BYTES_MAX", 100_000)
    with pytest.raises(Refusal) as caught:
        await read_form(MULTIPART, arriving(part("berkas", bytes(300_000), "a.pdf") + END), DOCUMENTS)
    assert caught.value.code == "form.too_large"


async def test_a_form_that_asks_for_no_file_keeps_none() -> None:
    with pytest.raises(Refusal) as caught:
        await read_form(MULTIPART, arriving(part("tiket", b"x" * 100_000, "a") + END))
    assert caught.value.code == "form.too_many_files"


async def test_of_forms_that_arrive_at_once_the_largest_makes_room_for_the_others() -> None:
    """It stands still; and whoever comes while it does is not refused for it."""
    limits = FormLimits(files_max=2, file_bytes_max=90_000, room=Room(100_000))
    is_over = asyncio.Event()

    async def standing_still() -> AsyncIterator[bytes]:
        yield part("a", b"x" * 80_000, "a.pdf")
        await is_over.wait()
        yield part("b", b"x", "b.pdf") + END

    large = asyncio.create_task(read_form(MULTIPART, standing_still(), limits))
    await asyncio.sleep(0)
    dropped = part("a", b"y" * 95_000, "a.pdf") + part("b", b"z" * 15_000, "b.pdf") + END
    for _ in range(3):
        form = await asyncio.create_task(read_form(MULTIPART, arriving(dropped, 5_000), limits))
        assert [len(u.content) for u in (*form.uploads("a"), *form.uploads("b"))] == [0, 15_000]
    is_over.set()
    with pytest.raises(Refusal) as caught:
        await large
    assert (caught.value.kind, caught.value.code) == (Kind.BUSY, "form.busy")


async def test_urlencoded_text_keeps_its_letters_and_loses_its_margins() -> None:
    form = await read_form(
        "application/x-www-form-urlencoded",
        arriving(b"kontak=+%C3%A9la%40contoh.id+&jumlah=1.250&keping=+1+250+&butir=2.00"),
    )
    assert form.text("kontak") == "éla@contoh.id"
    assert (form.number("jumlah"), form.number("keping")) == (1_250, 1_250)
    assert form.number("butir") == 0, "two hundred pieces are not what somebody asked for"
    assert form.number("tidak-ada", 3) == 3


@pytest.mark.parametrize(
    ("sent", "name"),
    [
        ("Ijazah René.pdf".encode(), "Ijazah René.pdf"),
        ("Ijazah René.pdf".encode("latin-1"), "Ijazah René.pdf"),
        ("Surat “asli” – é.pdf".encode("cp1252"), "Surat “asli” – é.pdf"),
        ("履歴書.pdf".encode("shift_jis"), None),
    ],
)
async def test_a_file_name_may_be_written_in_any_letters(sent: bytes, name: str | None) -> None:
    body = part("berkas", b"%PDF", "NAMA").replace(b"NAMA", sent) + END
    for size in (1, 50_000):
        (upload,) = (await read_form(MULTIPART, arriving(body, size), DOCUMENTS)).uploads("berkas")
        assert upload.content == b"%PDF"
        assert upload.name == name or (name is None and upload.name.endswith(".pdf"))


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("Surat " + "x" * 245 + ".pdf", "Surat " + "x" * 245 + ".pdf"),
        ("Surat " + "x" * 300 + " Ani.pdf", "Surat " + "x" * 208 + "…" + "x" * 32 + " Ani.pdf"),
        ("C:/" + "folder/" * 50 + "Surat.pdf", "Surat.pdf"),
    ],
)
async def test_a_long_file_name_keeps_its_beginning_and_its_ending(sent: str, kept: str) -> None:
    form = await read_form(MULTIPART, arriving(part("berkas", b"%PDF", sent) + END), DOCUMENTS)
    assert [upload.name for upload in form.uploads("berkas")] == [kept]


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("Surat Müller \U0001f600.pdf", "Surat-Muller.pdf"),
        ("bermeterai-Élodie.PDF", "bermeterai-Elodie.pdf"),
        ("\u5951\u7d04.pdf", "dokumen.pdf"),
        ("Surat \ufb01nal.pdf", "Surat-final.pdf"),
    ],
)
def test_the_name_of_a_download_keeps_its_letters_without_their_marks(name: str, plain: str) -> None:
    assert file_name(name) == plain
