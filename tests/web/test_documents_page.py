"""The page of a draft's documents leads on, with another file or, where none must follow, without."""

from __future__ import annotations

import re
from html import unescape

import pytest
import pytest_asyncio

from simulator.crowd.applicant import Applicant
from simulator.crowd.browser import Browser, Response
from simulator.crowd.forms import form_with
from simulator.crowd.papers import make_letter
from simulator.crowd.service import Service, find_service
from tests.running_service import RunningService

GOOD = make_letter("A", "B", size_bytes=0)
_ONWARD = re.compile(r'href="([^"]+)">(?:Lanjutkan tanpa berkas lain|Go on without another file)<')
_DROP = re.compile(r'action="(/pesanan/[^"]+/hapus/[^"]+)"')


@pytest_asyncio.fixture
async def found(service: RunningService) -> Service:
    return find_service(service.data)


async def upload(browser: Browser, *files: tuple[str, bytes], event: str = "") -> Response:
    """Sends these files in one form, one for each of an event's inputs."""
    page = await browser.get(f"/beli?acara={event}" if event else "/beli")
    form = form_with(page.text, "kiriman")
    fields = form.files if event else form.files[:1] * len(files)
    return await browser.post_files(
        form.action, form.fields, [(field, *file) for field, file in zip(fields, files, strict=True)]
    )


def onward(page: Response) -> str:
    """Where the page leads without another file; empty when it does not."""
    link = _ONWARD.search(page.text)
    return unescape(link[1]) if link else ""


async def take_out(browser: Browser, page: Response) -> Response:
    """Takes out the document whose stamp is being placed."""
    drop = _DROP.search(page.text)
    assert drop
    return await browser.post(
        drop[1], {"bukti_formulir": form_with(page.text, "letak").fields["bukti_formulir"]}
    )


async def test_one_bad_file_among_several_keeps_nobody_from_going_on_with_the_others(found: Service) -> None:
    browser = Browser(found.site)
    page = await upload(browser, ("satu.pdf", GOOD), ("catatan.pdf", b"bukan PDF"))
    assert page.status == 422
    assert "catatan.pdf" in page.text
    placing = await browser.get(onward(page))
    assert "satu.pdf" in placing.text
    assert "/letak/1" in placing.url


async def test_who_takes_a_document_out_can_go_on_with_the_one_that_is_left(found: Service) -> None:
    browser = Browser(found.site)
    page = await upload(browser, ("satu.pdf", GOOD), ("dua.pdf", GOOD))
    page = await take_out(browser, page)
    assert "dua.pdf" in page.text
    placing = await browser.get(onward(page))
    assert "dua.pdf" in placing.text
    assert "/letak/1" in placing.url


async def test_an_empty_draft_and_an_event_lead_on_only_with_a_file(found: Service) -> None:
    browser = Browser(found.site)
    page = await upload(browser, ("satu.pdf", GOOD))
    assert onward(await take_out(browser, page)) == ""
    page = await upload(browser, ("lamaran.pdf", GOOD), ("pernyataan.pdf", b"bukan PDF"), event="casn")
    assert "lamaran.pdf" in page.text
    assert onward(page) == ""


async def test_another_file_takes_the_place_of_one_that_the_agency_would_not_take(found: Service) -> None:
    browser = Browser(found.site)
    large = make_letter("A", "B", size_bytes=1_200_000)
    page = await upload(browser, ("lamaran.pdf", large), ("pernyataan.pdf", GOOD), event="casn")
    form = form_with(page.text, "letak", "halaman")
    page = await browser.post(form.action, form.fields)
    assert "/syarat/1" in page.url
    drop = re.search(r'action="(/pesanan/[^"]+/hapus/[^"]+)"', page.text)
    assert drop
    page = await browser.post(
        drop[1], {"bukti_formulir": form_with(page.text, "cara").fields["bukti_formulir"]}
    )
    assert 'name="berkas_surat_lamaran"' in page.text
    assert 'name="berkas_surat_pernyataan"' not in page.text
    form = form_with(page.text, "kiriman")
    page = await browser.post_files(form.action, form.fields, [("berkas_surat_lamaran", "kecil.pdf", GOOD)])
    assert "pernyataan.pdf" in page.text
    form = form_with(page.text, "letak", "halaman")
    page = await browser.post(form.action, form.fields)
    assert "kecil.pdf" in page.text


async def test_who_has_a_form_from_before_its_event_asked_for_another_document_is_asked_for_it(
    found: Service,
) -> None:
    browser = Browser(found.site)
    form = form_with((await browser.get("/beli?acara=casn")).text, "kiriman")
    assert form.fields["diminta"] == "surat_lamaran surat_pernyataan"
    before = form.fields | {"diminta": "surat_pernyataan"}
    sent = [("berkas_surat_pernyataan", "pernyataan.pdf", GOOD)]
    page = await browser.post_files(form.action, before, sent)
    assert "pernyataan.pdf" in page.text
    assert form_with(page.text, "kiriman").files == ["berkas_surat_lamaran"], "not taken for the first one"
    form = form_with(page.text, "kiriman")
    sent = [("berkas_surat_lamaran", "lamaran.pdf", GOOD)]
    page = await browser.post_files(form.action, form.fields, sent)
    assert "/letak/1" in page.url


async def test_a_document_that_came_with_a_bad_one_is_shown_before_it_is_paid(found: Service) -> None:
    browser = Browser(found.site)
    page = await upload(browser, ("foto.pdf", b"bukan PDF"), ("pernyataan.pdf", GOOD), event="casn")
    for content in (b"juga bukan PDF", GOOD):
        form = form_with(page.text, "kiriman")
        sent = [("berkas_surat_lamaran", "lamaran.pdf", content)]
        page = await browser.post_files(form.action, form.fields, sent)
    assert "/letak/1" in page.url
    assert "pernyataan.pdf" in page.text


async def test_who_replaces_the_last_document_sees_the_new_one_at_once(found: Service) -> None:
    browser = Browser(found.site)
    page = await upload(browser, ("satu.pdf", GOOD), ("dua.pdf", GOOD))
    page = await take_out(browser, await browser.get(page.url.replace("letak/1", "letak/2")))
    form = form_with(page.text, "kiriman")
    page = await browser.post_files(form.action, form.fields, [("berkas", "tiga.pdf", GOOD)])
    assert "/letak/2" in page.url
    assert "tiga.pdf" in page.text


@pytest.mark.parametrize(("size_bytes", "is_told"), [(0, False), (1_200_000, True)])
async def test_who_places_a_stamp_for_no_event_is_told_what_an_open_one_would_not_take(
    found: Service, size_bytes: int, is_told: bool
) -> None:
    browser = Browser(found.site)
    page = await upload(browser, ("lamaran.pdf", make_letter("A", "B", size_bytes=size_bytes)))
    page = await browser.get(page.url.replace("/dokumen", "/letak/1"))
    assert ("Untuk Seleksi CASN berkas ini tidak akan diterima." in page.text) is is_told
    assert ("Paling besar 800 KB; dengan meterai berkas ini 1,2 MB." in page.text) is is_told
    assert ('<a href="/casn">' in page.text.partition("<main")[2].partition("</main")[0]) is is_told


async def test_nobody_comes_to_pay_for_a_file_that_the_agency_would_not_take(found: Service) -> None:
    applicant = Applicant(found, contact="syarat@contoh.id", wait_seconds_max=20)
    browser = applicant.browser
    large = make_letter("A", "B", size_bytes=1_200_000)
    page = await upload(browser, ("lamaran.pdf", large), ("pernyataan.pdf", GOOD), event="casn")
    form = form_with(page.text, "letak", "halaman")
    page = await browser.post(form.action, form.fields)
    assert "/syarat/1" in page.url
    order = page.url.partition("/syarat/")[0]
    page = await browser.get(f"{order}/kontak")
    page = await applicant._give_contact(page)  # the answer to the code itself
    assert "/syarat/1" in page.url
    page = await browser.get(f"{order}/bayar")
    assert "/syarat/1" in page.url
    assert 'name="cara" value="smaller"' in page.text


@pytest.mark.parametrize("event", ["", "casn"])
async def test_what_is_kept_is_kept_in_the_other_language_too(found: Service, event: str) -> None:
    browser = Browser(found.site)
    page = await upload(browser, ("satu.pdf", GOOD), ("dua.pdf", b"bukan PDF"), event=event)
    other = re.search(r'<a href="([^"]+)" hreflang="en"', page.text)
    assert other
    page = await browser.get(unescape(other[1]))
    assert "Already saved" in page.text
    assert "satu.pdf" in page.text


async def test_an_order_that_is_over_asks_for_no_more_files_and_no_place(found: Service) -> None:
    """This holds for people who go back in the browser, too: the steps say that no money has come."""
    browser = Browser(found.site)
    page = await upload(browser, ("satu.pdf", GOOD))
    number = page.url.split("/")[4]
    form = form_with(page.text, "letak", "halaman")
    await browser.post(f"/pesanan/{number}/batal", {"bukti_formulir": form.fields["bukti_formulir"]})
    page = await browser.get(f"/pesanan/{number}/dokumen")
    assert page.url.endswith(f"/pesanan/{number}")
    assert 'name="kiriman"' not in page.text
    for step in ("letak/1", "syarat/1"):
        assert (await browser.get(f"/pesanan/{number}/{step}")).url.endswith(f"/pesanan/{number}")
    assert (await browser.post(form.action, form.fields)).url.endswith(f"/pesanan/{number}")
