"""Uploads over a bad connection: sent alone, sent again, kept; photos made smaller before they are sent."""

from __future__ import annotations

import io
import re

import pytest
from PIL import Image
from playwright.sync_api import Route, expect

from tests.browser.conftest import Visitor
from tests.browser.person import paper
from tests.pdf import samples


def noise(width: int, height: int) -> dict[str, object]:
    """A photo of paper at night."""
    out = io.BytesIO()
    Image.effect_noise((width, height), 60).save(out, "JPEG", quality=92)
    return {"name": "IMG_2041.jpeg", "mimeType": "image/jpeg", "buffer": out.getvalue()}


def test_each_file_is_sent_alone_and_again_and_a_reload_shows_what_arrived(visitor: Visitor) -> None:
    person = visitor()
    sent: list[str] = []
    is_cut = True

    def break_some(route: Route) -> None:
        """The first try of the first file breaks, and for a while every try of the second."""
        sent.append(route.request.url)
        path = route.request.url.rpartition("/")[2]
        if is_cut and (path == "dokumen" or len(sent) == 1):
            route.abort("connectionreset")
        else:
            route.continue_()

    person.page.route(
        re.compile(r"/(beli\?acara=casn|dokumen)$"),
        lambda route: break_some(route) if route.request.method == "POST" else route.continue_(),
    )
    person.open("/beli?acara=casn")
    inputs = person.page.locator("input[type=file]")
    inputs.nth(0).set_input_files(paper("Surat lamaran.pdf", samples.letter()))  # type: ignore[arg-type]
    inputs.nth(1).set_input_files(paper("Surat pernyataan.pdf", samples.two_pages()))  # type: ignore[arg-type]
    person.page.get_by_role("button", name=person.words["upload"]).click()
    status = person.page.locator(".sending [role=status]")
    expect(status).to_contain_text("Koneksi terputus. Dicoba lagi dalam")
    person.approve("180-upload-lost")
    expect(person.page).to_have_url(re.compile(r"/pesanan/[0-9A-Z-]+/dokumen$"))
    assert len(sent) >= 2
    expect(status).to_contain_text("Koneksi terputus")

    person.look_again()
    person.sees("Sudah kami simpan: Surat lamaran.pdf")
    assert person.page.locator("input[type=file]").count() == 1
    person.approve("181-upload-kept")
    is_cut = False
    person.upload(paper("rusak.pdf", b"%PDF-1.7 rusak"))
    person.sees("Ada berkas yang belum dapat dipakai")
    person.sees("Sudah kami simpan: Surat lamaran.pdf")
    person.approve("182-upload-refused")
    person.upload(paper("Surat pernyataan.pdf", samples.two_pages()))
    person.sees("dokumen 1 dari 2")
    lost, person.errors = person.errors, []  # Chromium reports the cut connections
    assert all("ERR_CONNECTION_RESET" in error for error in lost), lost


def test_the_same_content_chosen_twice_is_sent_twice_and_is_two_documents(visitor: Visitor) -> None:
    person = visitor(language="en")
    person.open("/beli")
    person.page.locator("input[type=file]").set_input_files(
        [
            paper("One.pdf", samples.letter()),  # type: ignore[list-item]
            paper("Two.pdf", samples.letter()),  # type: ignore[list-item]
        ]
    )
    person.press_and_wait(person.words["upload"])
    person.sees("document 1 of 2")
    assert len([post for post in person.posts if post.url.endswith(("/beli", "/dokumen"))]) == 2


@pytest.mark.long
def test_a_large_photo_is_made_smaller_before_it_is_sent(visitor: Visitor) -> None:
    person, large, small = visitor(), noise(3000, 4000), noise(900, 1200)
    look = (
        "async input => { const file = input.files[0], picture = await createImageBitmap(file);"
        " return [picture.width, picture.height, file.size, file.name]; }"
    )
    person.open("/beli")
    chosen = person.page.locator("input[type=file]")
    chosen.set_input_files(small)  # type: ignore[arg-type]
    expect(person.page.locator(".sending")).to_be_hidden()
    assert chosen.evaluate(look) == [900, 1200, len(bytes(small["buffer"])), "IMG_2041.jpeg"]  # type: ignore[call-overload]
    chosen.set_input_files(large)  # type: ignore[arg-type]
    expect(person.page.locator(".sending")).to_be_hidden()
    width, height, size, name = chosen.evaluate(look)
    assert (width, height, name) == (1800, 2400, "IMG_2041.jpg")
    assert size < len(bytes(large["buffer"])) / 2  # type: ignore[call-overload]
    person.press_and_wait(person.words["upload"])
    person.sees("Apakah fotonya sudah rapi?")
