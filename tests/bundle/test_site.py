"""Many documents on the site, as a browser without scripts sends them; strangers and hostile archives."""

from __future__ import annotations

import asyncio
import io
import re
import subprocess
import sys
import uuid
import zipfile
from html import unescape

import pytest
from PIL import Image

from simulator.crowd.browser import Browser, Response
from simulator.crowd.forms import form_with
from simulator.crowd.service import find_service
from tests.bundle.customer import QuotaBuyer
from tests.pdf import samples, signed_files
from tests.pdf.test_free_places import FULL
from tests.pdf.test_ink import page as page_with
from tests.running_service import RunningService
from tests.stamping.letters import make_letter

pytestmark = [pytest.mark.storage, pytest.mark.journey]
type Files = list[tuple[str, str, bytes]]


async def signed_in(service: RunningService) -> Browser:
    buyer = QuotaBuyer(find_service(service.data), f"kantor-{uuid.uuid4().hex[:10]}@contoh.id")
    return await buyer.sign_in()


async def upload(browser: Browser, files: Files, *, times: int = 1) -> Response:
    """Sends the same form that many times. Returns the last answer."""
    form = form_with((await browser.get("/saya/banyak")).text, "berkas")
    for _ in range(times):
        answer = await browser.post_files(form.action, form.fields, files)
    return answer


def packed(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


def words(page: Response) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page.text)).split())


async def test_strangers_find_nothing(service: RunningService) -> None:
    alice, bob, nobody = await signed_in(service), await signed_in(service), Browser(service.addresses.site)
    page = await upload(alice, [("berkas", "a.pdf", make_letter("A"))])
    assert "1 dokumen siap diberi meterai" in words(page)
    place = page.url.removeprefix(service.addresses.site)
    for path in ("", "/keadaan", "/hasil.zip", "/laporan.csv"):
        assert (await bob.get(place + path)).status == 404
        assert (await nobody.get(place + path)).status == 403
    proof = form_with((await bob.get("/saya/banyak")).text, "berkas").fields["bukti_formulir"]
    for path in ("/mulai", "/buang", f"/keluarkan/{uuid.uuid4()}"):
        assert (await bob.post(place + path, {"bukti_formulir": proof, "keping": "1"})).status == 404
    assert (await alice.post(f"{place}/buang", {"keping": "1"})).status == 403, "without a proof of its form"
    assert (await nobody.get("/saya/banyak")).url.endswith("/saya")
    assert "1 dokumen siap diberi meterai" in words(await alice.get(place))


async def test_one_form_sent_twice_is_one_bundle_and_no_quota_stamps_nothing(service: RunningService) -> None:
    browser = await signed_in(service)
    page = await upload(browser, [("berkas", "a.pdf", make_letter("A")), ("berkas", "b.pdf", b"x")], times=2)
    assert "1 dokumen siap diberi meterai" in words(page)
    assert "Semua berkas tersimpan sampai" in words(page)
    assert "Tersimpan sampai" in words(await browser.get("/saya/banyak"))
    state = await browser.get(page.url + "/keadaan")
    assert words(state) == "Belum dimulai 1 dokumen siap diberi meterai Kuota Anda tidak terpakai. Lanjutkan"
    assert f'href="{page.url.removeprefix(service.addresses.site)}"' in state.text
    assert "1 berkas tidak dapat diberi meterai" in words(page)
    assert "perlu 1, tersedia 0, kurang 1" in words(page)
    proof = form_with(page.text, "bukti_formulir").fields["bukti_formulir"]
    place = page.url.removeprefix(service.addresses.site)
    answer = await browser.post(f"{place}/mulai", {"bukti_formulir": proof, "keping": "1"})
    assert answer.status == 409
    assert "kurang 1" in words(answer)
    report = await browser.get(f"{place}/laporan.csv")
    assert re.search(r'"laporan-\d{8}-\d{4}-WIB\.csv"', report.header(b"content-disposition"))
    assert report.body.decode("utf-8-sig").startswith("Berkas,Hasil,Nomor seri,")


async def test_what_the_check_found_is_told_and_no_second_stamp_is_used_unasked(
    service: RunningService,
) -> None:
    buyer = QuotaBuyer(find_service(service.data), f"kantor-{uuid.uuid4().hex[:10]}@contoh.id")
    await buyer.buy(3)
    browser = buyer.browser
    page = await upload(
        browser, [("berkas", "kosong.pdf", signed_files.waiting()), ("berkas", "hidup.pdf", samples.living())]
    )
    assert "Lampiran di dalam PDF ini akan kami buang" in words(page)
    assert "kotak tanda tangan digital yang masih kosong" in words(page)
    begin = form_with(page.text, "keping", "sesudah")
    page = await ended(browser, await browser.post(begin.action, begin.fields | {"sesudah": "tanda_tangan"}))
    results = zipfile.ZipFile(io.BytesIO((await browser.get(page.url + "/hasil.zip")).body))

    old = results.read("kosong.pdf")
    page = await upload(browser, [("berkas", "lama.pdf", old), ("berkas", "baru.pdf", make_letter("Baru"))])
    assert "1 dokumen siap diberi meterai" in words(page)
    assert "1 dokumen sudah bermeterai" in words(page)
    begin = form_with(page.text, "keping", "sesudah")
    assert "lagi" not in begin.fields, "not ticked"
    page = await ended(browser, await browser.post(begin.action, begin.fields))
    assert "1 dari 1 sudah diberi meterai" in words(page)
    assert "Sudah memuat meterai elektronik, jadi dilewati" in words(page)

    page = await upload(browser, [("berkas", "lama.pdf", old)])
    begin = form_with(page.text, "keping", "sesudah")
    answer = await browser.post(begin.action, begin.fields | {"lagi": "1"})
    assert answer.status == 409
    assert "kurang 1" in words(answer)


async def test_each_photo_becomes_a_document_that_is_looked_at_first(service: RunningService) -> None:
    buyer = QuotaBuyer(find_service(service.data), f"kantor-{uuid.uuid4().hex[:10]}@contoh.id")
    await buyer.buy(4)
    browser = buyer.browser
    letters = packed({"a.pdf": make_letter("A"), "b.pdf": make_letter("B"), "z.png": photograph("PNG")})
    files = [("berkas", "banyak.zip", letters), ("berkas", "y.jpg", photograph("JPEG"))]
    page = await upload(browser, [*files, ("berkas", "kecil.jpg", photograph("JPEG", side=200))])
    said = words(page)
    assert "4 dokumen siap diberi meterai" in said
    assert "kecil.jpg" in said
    assert "1 berkas tidak dapat diberi meterai" in said
    assert said.count("Dibuat dari foto") == 2
    assert said.index("y.jpg") < said.index("z.png") < said.index("a.pdf") < said.index("b.pdf"), "odd first"
    picture = re.search(r'src="([^"]+ukuran=sedang[^"]*)"', page.text)
    assert picture
    assert (await browser.get(unescape(picture[1]))).header(b"content-type") == "image/jpeg"
    begin = form_with(page.text, "keping", "sesudah")
    page = await ended(browser, await browser.post(begin.action, begin.fields))
    results = zipfile.ZipFile(io.BytesIO((await browser.get(page.url + "/hasil.zip")).body))
    assert sorted(results.namelist()) == ["a.pdf", "b.pdf", "y.jpg.pdf", "z.png.pdf"]
    assert results.read("y.jpg.pdf").startswith(b"%PDF-")


def photograph(kind: str, *, side: int = 900) -> bytes:
    """A photo of a sheet with a few lines."""
    image = Image.new("L", (side, side * 4 // 3), 250)
    for row in range(4):
        image.paste(
            30, (side // 6, side // 6 + row * side // 9, side // 2, side // 6 + row * side // 9 + side // 60)
        )
    out = io.BytesIO()
    image.save(out, kind)
    return out.getvalue()


async def test_each_proposal_is_seen_and_moved_and_one_comes_back_to_the_same_part(
    service: RunningService,
) -> None:
    browser = await signed_in(service)
    names = [f"{number:02}.pdf" for number in range(24)]
    files = [("berkas", name, make_letter(name)) for name in names]
    page = await upload(browser, [*files, ("berkas", "lebar.pdf", samples.page_file(media=(0, 0, 842, 595)))])
    assert shown(page) == ["lebar.pdf", *names[:23]], "the odd one first"
    assert "Halamannya melebar, tidak seperti kebanyakan" in words(page)
    pictures = re.findall(r'<img src="(/saya/dokumen/[^"]+)"', page.text)
    small = await browser.get(pictures[0])
    assert (small.status, small.body[:2], len(pictures)) == (200, b"\xff\xd8", 24)
    large = await browser.get(pictures[0].partition("?")[0])
    assert len(small.body) * 2 < len(large.body)

    form = form_with(page.text, "keping", "sesudah")
    chosen = {"letak": "bawah_kiri", "sesudah": "tanda_tangan"}
    page = await browser.post(form.action, form.fields | chosen | {"lihat": "2"})
    assert shown(page) == ["23.pdf"]
    form = form_with(page.text, "keping", "sesudah")
    assert form.fields.items() >= chosen.items(), "no choice is lost on the way"
    assert "translate(28.0 723.89)" in page.text, "the pictures show what is chosen"
    (file,) = re.findall(r'name="ubah" value="([^"]+)"', page.text)
    page = await browser.post(form.action, form.fields | {"ubah": file})
    place = form_with(page.text, "letak", "halaman")
    assert "sesudah" not in place.fields, "asked once, for all"
    page = await browser.post(place.action, place.fields | {"x": "200.5", "y": "300"})
    assert (shown(page), "Anda atur sendiri" in words(page)) == (["23.pdf"], True)
    assert "translate(200.5 " in page.text
    form = form_with(page.text, "keping", "sesudah")
    assert form.fields.items() >= chosen.items()
    out = re.search(r'formaction="([^"]+/keluarkan/[^"]+)"', page.text)
    assert out
    page = await browser.post(out[1], form.fields)
    assert shown(page) == ["lebar.pdf", *names[:23]], "the last part is gone"


async def test_a_stamp_over_text_is_used_only_where_somebody_agreed(service: RunningService) -> None:
    browser = await signed_in(service)
    files = [("berkas", "penuh.pdf", page_with(FULL)), ("berkas", "surat.pdf", make_letter("Surat"))]
    page = await upload(browser, files)
    assert words(page).count("menutupi tulisan atau gambar") == 1
    form = form_with(page.text, "keping", "sesudah")
    answer = await browser.post(form.action, form.fields)
    assert (answer.status, "gambar pada 1 dokumen" in words(answer)) == (409, True)
    over_text = form.fields | {"letak": "atas_kiri"}
    answer = await browser.post(form.action, over_text)
    assert "gambar pada 2 dokumen" in words(answer), "the letter too, in this place"
    for file in re.findall(r'name="biar" value="([^"]+)"', answer.text):
        answer = await browser.post(form.action, over_text | {"biar": file})
    assert words(answer).count("Anda biarkan menutupi.") == 2
    answer = await browser.post(form.action, form.fields)
    assert "perlu 2, tersedia 0, kurang 2" in words(answer), "nothing else is missing"


def shown(page: Response) -> list[str]:
    return re.findall(r'<p class="name small"[^>]*>([^<]+)</p>', page.text)


async def test_windows_that_start_at_once_share_the_quota_and_who_gets_none_reads_how_much_is_missing(
    service: RunningService,
) -> None:
    buyer = QuotaBuyer(find_service(service.data), f"kantor-{uuid.uuid4().hex[:10]}@contoh.id")
    await buyer.buy(2)
    await buyer.buy(3)
    windows = [Browser(service.addresses.site, cookies=buyer.browser.cookies) for _ in range(3)]
    pages = [
        await upload(
            window,
            [("berkas", f"{name}.pdf", make_letter(f"{name} {number}")) for name in ("A", "B")],
        )
        for number, window in enumerate(windows)
    ]
    forms = [form_with(page.text, "keping") for page in pages]
    answers = await asyncio.gather(
        *(window.post(form.action, form.fields) for window, form in zip(windows, forms, strict=True))
    )
    assert sorted(answer.status for answer in answers) == [200, 200, 409]
    (refused,) = (answer for answer in answers if answer.status == 409)
    assert "perlu 2, tersedia 1, kurang 1" in words(refused)
    assert "gangguan" not in words(refused)


async def ended(browser: Browser, page: Response) -> Response:
    """The page of a bundle when every file in it has ended."""
    async with asyncio.timeout(40):
        while 'data-state="ended"' not in page.text:
            await asyncio.sleep(0.1)
            page = await browser.get(page.url)
    return page


async def test_hostile_archives_are_named_and_harm_nothing(service: RunningService) -> None:
    browser = await signed_in(service)
    bomb = packed({"bom.pdf": bytes(9 << 20), "=HYPERLINK(1).pdf": b"x", "../atas.pdf": make_letter("A")})
    crowd = packed({f"{number}.pdf": b"" for number in range(2100)})
    page = await upload(
        browser,
        [
            ("berkas", "bom.zip", bomb),
            ("berkas", "ramai.zip", crowd),
            ("berkas", "palsu.zip", b"PK\x03\x04 bukan zip"),
            ("berkas", "baik.pdf", make_letter("Baik")),
        ],
    )
    said = words(page)
    assert "1 dokumen siap diberi meterai" in said
    assert "mengembang jauh lebih besar" in said
    assert "berisi terlalu banyak berkas: paling banyak 2000" in said
    assert "ZIP ini tidak dapat dibuka" in said
    assert "Nama berkas atau foldernya tidak dapat dipakai" in said
    report = await browser.get(page.url + "/laporan.csv")
    assert "'=HYPERLINK(1).pdf" in report.body.decode("utf-8-sig"), "no name becomes a formula"


async def test_while_signing_is_stopped_nobody_is_promised_a_minute(service: RunningService) -> None:
    buyer = QuotaBuyer(find_service(service.data), f"kantor-{uuid.uuid4().hex[:10]}@contoh.id")
    await buyer.buy(2)
    browser = buyer.browser
    switch(service, "stop-signing")
    try:
        page = await upload(browser, [("berkas", "a.pdf", make_letter("A"))])
        start = form_with(page.text, "keping")
        page = await browser.post(start.action, start.fields)
        bundle = page.url
        assert "emberian meterai sedang dihentikan sementara" in words(page)
        form = form_with((await browser.get("/saya")).text, "berkas")
        page = await browser.post_files(form.action, form.fields, [("berkas", "b.pdf", make_letter("B"))])
        place = form_with(page.text, "letak", "halaman")
        page = await browser.post(place.action, place.fields)
        assert "emberian meterai sedang dihentikan sementara" in words(page)
        assert "kurang dari satu menit" not in words(page)
    finally:
        switch(service, "resume-signing")
    assert "dihentikan" not in words(await browser.get(bundle))
    assert "dihentikan" not in words(await browser.get(page.url))


def switch(service: RunningService, command: str) -> None:
    subprocess.run(
        [sys.executable, "-m", "meterai.cli", command, "--reason", "test", "--data", str(service.data)],
        check=True,
    )
