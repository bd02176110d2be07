"""Forms are read whole or refused by name; limits hold while the bytes arrive."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.http import form_reader as forms
from meterai.kit.http.body_budget import ArrivingBody, BodyBudget
from meterai.web.documents.uploads import file_name
from meterai.web.requests.forms import (
    DOCUMENTS,
    FIELD_BYTES_MAX,
    FIELDS_MAX,
    FILE_BYTES_MAX,
    PLAIN_BYTES_MAX,
    FormLimits,
    read_form,
)

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
        assert form.fields.keys() == {"kontak"}


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
        ("multipart/form-data", part("a", b"x") + END, "form.unreadable"),
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


async def test_a_form_that_is_as_large_as_can_be_is_read() -> None:
    """Values at each limit are accepted; one more is refused."""
    plain = "application/x-www-form-urlencoded"
    form = await read_form(plain, arriving(b"a=" + b"x" * (PLAIN_BYTES_MAX - 2)))
    assert len(form.text("a")) == PLAIN_BYTES_MAX - 2
    with pytest.raises(Refusal, match=r"form\.too_large"):
        await read_form(plain, arriving(b"a=" + b"x" * (PLAIN_BYTES_MAX - 1)))
    pairs = [b"a%d=1" % n for n in range(FIELDS_MAX)]
    assert len((await read_form(plain, arriving(b"&".join(pairs)))).fields) == FIELDS_MAX
    with pytest.raises(Refusal, match=r"form\.unreadable"):
        await read_form(plain, arriving(b"&".join([*pairs, b"b=1"])))
    field = part("a", b"x" * FIELD_BYTES_MAX)
    assert len((await read_form(MULTIPART, arriving(field + END))).text("a")) == FIELD_BYTES_MAX
    with pytest.raises(Refusal, match=r"form\.too_large"):
        await read_form(MULTIPART, arriving(part("a", b"x" * (FIELD_BYTES_MAX + 1)) + END))
    files = b"".join(part("f", b"x", f"{n}.pdf") for n in range(DOCUMENTS.files_max))
    fields = b"".join(part(f"a{n}", b"1") for n in range(FIELDS_MAX))
    form = await read_form(MULTIPART, arriving(files + fields + END), DOCUMENTS)
    assert (len(form.uploads("f")), len(form.fields)) == (DOCUMENTS.files_max, FIELDS_MAX)
    with pytest.raises(Refusal, match=r"form\.unreadable"):
        await read_form(MULTIPART, arriving(files + fields + part("b", b"1") + END), DOCUMENTS)


async def test_files_count_together_too() -> None:
    limits = FormLimits(files_max=3, kept_bytes_max=100)
    files = [part("f", b"x" * size, f"{size}.pdf") for size in (60, 41, 40)]
    form = await read_form(MULTIPART, arriving(b"".join(files) + END), limits)
    assert [(len(u.content), u.too_large) for u in form.uploads("f")] == [(60, False), (0, True), (40, False)]


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", MULTIPART])
async def test_a_form_is_given_the_time_that_its_bytes_need(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise a phone with a slow connection would be cut off after a minute."""
    received: list[int] = []
    monkeypatch.setattr(ArrivingBody, "note_received", lambda _, count: received.append(count))
    body = part("a", b"1") + END if kind == MULTIPART else b"a=1&b=2"
    await read_form(kind, arriving(body, 3))
    assert sum(received) == len(body)


async def test_what_was_let_go_is_kept_nowhere() -> None:
    """Its fields and files are forgotten, also later ones. Fields fill the budget, too."""
    budget = BodyBudget(3_000)
    body = part("f", b"y" * 900, "f.pdf") + b"".join(part(f"a{n}", b"x" * 900) for n in range(4)) + END
    kept: list[object] = []

    class Watched(forms.Form):
        def __init__(self) -> None:
            super().__init__()
            kept.extend((self.fields, self.files))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(forms, "Form", Watched)
        with pytest.raises(Refusal, match=r"form\.busy"):
            await read_form(MULTIPART, arriving(body), FormLimits(files_max=1, budget=budget))
    assert kept == [{}, {}]


async def test_numbers_and_letters_that_nobody_can_mean_are_read_all_the_same() -> None:
    form = await read_form(
        "application/x-www-form-urlencoded",
        arriving("a=999999999&b=1000000000&c=²&d=٣&e=1&e=".encode()),
    )
    assert [form.number(name, -1) for name in "abcd"] == [999_999_999, -1, -1, -1]
    assert form.text("e") == "", "the last one counts"
    form = await read_form(MULTIPART, arriving(part("kontak", b"Ren\xe9") + END))
    assert form.text("kontak") == "Ren\N{REPLACEMENT CHARACTER}"


async def test_a_file_without_a_name_is_a_file() -> None:
    limits = FormLimits(files_max=2, file_bytes_max=4)
    body = part("f", b"%PDF", "") + part("f", b"%PDF-", "") + END
    form = await read_form(MULTIPART, arriving(body), limits)
    assert [(bytes(u.content), u.too_large) for u in form.uploads("f")] == [(b"%PDF", False), (b"", True)]


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
    """The largest stands still. Forms that come meanwhile are not refused because of it."""
    limits = FormLimits(files_max=2, file_bytes_max=90_000, budget=BodyBudget(100_000))
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
