"""The placing page: on a phone it fits one screen, and it asks no more than the document needs."""

from __future__ import annotations

import io
import re
from urllib.parse import urljoin

import pikepdf
import pypdfium2
import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import Route, expect

from tests.browser.conftest import Visitor
from tests.browser.person import Person, paper
from tests.browser.test_purchase import new_address
from tests.browser.test_quota import buy
from tests.pdf import samples, signed_files

LATER = "Masih akan ditandatangani secara digital"


def scan(pages: int = 1) -> bytes:
    """Pages of which the last one lies on its side: its head, which is black, is at the left."""
    upright = Image.new("L", (620, 877), 255)
    ImageDraw.Draw(upright).rectangle((60, 40, 560, 120), fill=0)
    out = io.BytesIO()
    others = [upright] * (pages - 1)
    first, *rest = [*others, upright.rotate(90, expand=True)]
    first.save(out, "PDF", resolution=75, save_all=True, append_images=rest)
    return out.getvalue()


def has_its_head_up(picture: Image.Image) -> bool:
    """Whether it is upright, with ink at its head and none at its foot."""
    across, up = picture.convert("L").resize((3, 10), Image.Resampling.BOX).size
    small = picture.convert("L").resize((across, up), Image.Resampling.BOX)
    rows = [small.getpixel((1, row)) for row in (0, 9)]
    return picture.width < picture.height and rows[0] < 200 < rows[1]  # type: ignore[operator]


def seen_page(person: Person) -> Image.Image:
    """The page as its picture shows it."""
    address = person.page.locator("[data-place] img").get_attribute("src")
    answer = person.context.request.get(urljoin(person.site.address, str(address)))
    return Image.open(io.BytesIO(answer.body()))


def is_in_sight(person: Person, selector: str) -> bool:
    """Whether all of it is on the screen, and nothing lies over its middle."""
    found: bool = person.page.locator(selector).first.evaluate(
        """node => {
            const { left, top, right, bottom } = node.getBoundingClientRect();
            const there = document.elementFromPoint((left + right) / 2, (top + bottom) / 2);
            const covers = document.querySelector(".bar").contains(there) !== !!node.closest(".bar");
            return left >= 0 && top >= 0 && right <= innerWidth && bottom <= innerHeight && !covers;
        }"""
    )
    return found


def covered_controls(person: Person) -> list[str]:
    """What can be pressed and something lies over it, wherever the page is scrolled to."""
    found: list[str] = person.page.evaluate(
        """() => {
            const found = new Set();
            const controls = [...document.querySelectorAll("main :is(a[href], button, summary)")];
            for (let y = 0; y < document.documentElement.scrollHeight; y += 50) {
                scrollTo({ top: y, behavior: "instant" });
                for (const node of controls.filter((node) => node.checkVisibility())) {
                    const { left, top, right, bottom } = node.getBoundingClientRect();
                    for (const edge of [top + 3, bottom - 3]) {
                        const there = document.elementFromPoint((left + right) / 2, edge);
                        if (there && !node.contains(there)) found.add(node.outerHTML.slice(0, 120));
                    }
                }
            }
            scrollTo({ top: 0, behavior: "instant" });
            return [...found];
        }"""
    )
    return found


@pytest.mark.parametrize(("scripts", "language"), [(True, "id"), (False, "en")])
def test_page_stamp_and_save_are_seen_together_on_a_phone(
    visitor: Visitor, scripts: bool, language: str
) -> None:
    person = visitor(scripts=scripts, language=language)
    person.open("/beli?acara=casn")
    long_name = "Surat lamaran dengan nama yang sangat panjang 2026 final sekali.pdf"
    person.upload(paper(long_name, samples.letter()), paper("Pernyataan.pdf", samples.letter(3)))
    for height in (640, 740):
        person.page.set_viewport_size({"width": 360, "height": height})
        for part in (".sheet", "[data-spot]", "[data-save]", *(["[data-nudge=r]"] if scripts else [])):
            assert is_in_sight(person, part), (part, height)
        sheet = person.page.locator(".sheet").bounding_box()
        assert sheet
        assert sheet["width"] >= 240, "still a page that can be read"
    assert person.page.locator("[name=sesudah]").count() == 0, "this event needs no other signature"
    person.page.set_viewport_size({"width": 360, "height": 640})
    person.page.locator("footer").scroll_into_view_if_needed()
    assert person.page.evaluate("scrollY") > 0
    person.approve("164-placing-one-screen")
    if scripts:
        person.page.evaluate("scrollTo(0, 0)")
        person.page.locator("[data-nudge=r]").click()
        assert is_in_sight(person, "[data-spot]")


def test_whether_others_sign_stands_under_other_options_with_the_choice_in_sight(visitor: Visitor) -> None:
    person = visitor()
    person.open("/beli")
    person.upload(paper("Perjanjian.pdf", samples.letter()))
    options = person.page.locator("details.more")
    expect(person.page.get_by_label(LATER)).to_be_hidden()
    expect(options.locator("summary")).to_contain_text("Dokumen selesai")
    options.locator("summary").click()
    person.page.get_by_label(LATER).check()
    expect(options.locator("summary")).to_contain_text(LATER)
    person.approve("165-placing-other-options")
    assert covered_controls(person) == []
    placing = person.page.url
    person.press(person.words["save_place"])
    person.page.wait_for_url("**/kontak")
    person.go(placing)
    expect(person.page.get_by_label(LATER)).to_be_hidden()
    expect(options.locator("summary")).to_contain_text(LATER)


@pytest.mark.parametrize("scripts", [True, False])
def test_a_scan_on_its_side_is_turned_and_sealed_as_it_was_seen(visitor: Visitor, scripts: bool) -> None:
    person = visitor(scripts=scripts)
    person.open("/beli")
    person.upload(paper("Pindaian.pdf", scan(2)))
    person.sees("Pindaian.pdf")
    assert not has_its_head_up(seen_page(person))
    before = person.page.locator("#putar").evaluate("form => Object.fromEntries(new FormData(form))")
    person.page.locator("button[value=kanan]").click()
    person.page.wait_for_url("**halaman=2")
    assert has_its_head_up(seen_page(person))
    box = person.page.locator(".sheet").bounding_box()
    spot = person.page.locator("[data-spot] rect").bounding_box()
    assert box
    assert spot
    assert spot["y"] > box["y"] + box["height"] * 120 / 877, "below the head, on the page as it is now"
    person.approve("166-placing-turned")
    if not scripts:
        return
    again = person.page.request.post(
        f"{person.page.url.partition('?')[0]}/putar", form=before | {"arah": "kanan"}
    )
    assert again.ok
    person.look_again()
    assert has_its_head_up(seen_page(person)), "pressed twice, it turns once"
    person.press(person.words["save_place"])
    person.prove_contact(new_address())
    person.press(person.words["order"])
    person.pay()
    person.wait_for_state("completed")
    stamped = person.download()
    with pypdfium2.PdfDocument(stamped) as document:
        assert has_its_head_up(document[1].render(scale=1, may_draw_forms=False).to_pil())
    with pikepdf.open(io.BytesIO(stamped)) as pdf:
        assert [int(page.obj.get("/Rotate", 0)) for page in pdf.pages] == [0, 90]


def test_a_page_of_quota_is_turned_and_one_that_is_signed_offers_no_turning(visitor: Visitor) -> None:
    person = visitor()
    buy(person, 1, new_address())
    person.open("/saya")
    person.page.locator("#berkas").set_input_files([paper("Pindaian.pdf", scan())])  # type: ignore[list-item]
    person.press("Unggah dan pilih letak")
    for _ in range(3):
        before = person.page.locator("[name=versi]").input_value()
        person.page.locator("button[value=kiri]").click()
        expect(person.page.locator("[name=versi]")).not_to_have_value(before)
    assert has_its_head_up(seen_page(person))
    person.open("/beli")
    person.upload(paper("Bertanda tangan.pdf", signed_files.by_budi_and_siti()))
    person.sees("Sudah ditandatangani secara digital")
    assert person.page.locator("button[value=kiri]").count() == 0


@pytest.mark.parametrize("scripts", [True, False])
def test_a_page_is_looked_at_closely_and_chosen_from_small_pictures(visitor: Visitor, scripts: bool) -> None:
    person = visitor(scripts=scripts)
    asked: list[str] = []
    person.page.on("request", lambda request: asked.append(request.url))
    person.open("/beli")
    person.upload(paper("Panjang.pdf", scan(30)))
    person.page.wait_for_load_state("networkidle")
    assert not any("ukuran=kecil" in url for url in asked), "no small picture before somebody asks"
    person.page.locator(".pageChoice summary").click()
    if not scripts:
        person.page.locator(".pageChoice a").first.click()
    small = person.page.locator(".pageStrip a[href*='halaman=']:not(.tool)")
    expect(small).to_have_count(6)  # 25 to 30
    person.page.locator(".pageStrip .tool").first.click()
    expect(small).to_have_count(24)
    person.page.wait_for_load_state("networkidle")
    assert 0 < sum("ukuran=kecil" in url for url in asked) <= 30
    assert not any("ukuran=besar" in url for url in asked), "the large one only when somebody looks closely"
    person.page.locator(".pageStrip a[href*='halaman=12']:not(.tool)").click()
    person.page.wait_for_url("**halaman=12")
    if scripts:
        person.page.locator("[data-nudge=u]").click()
        place = person.page.locator("[name=y]").input_value()
        person.page.locator("button[data-zoom]").click()
        expect(person.page.locator("[data-place] img")).to_have_attribute("src", re.compile("ukuran=besar"))
        assert person.page.locator("[name=y]").input_value() == place, "what was moved stays there"
    else:
        person.page.locator("a.tool", has_text="Perbesar").click()
        person.page.wait_for_url("**besar=1*")
    assert seen_page(person).width == 1000
    assert is_in_sight(person, "[data-spot]")
    person.approve("167-placing-zoomed")
    person.page.locator(".tool", has_text="Perkecil").locator("visible=true").click()
    expect(person.page.locator(".zoomed")).to_have_count(0)
    person.page.locator(".pageChoice:not([open]) summary").click()
    if scripts:  # a number that was typed is shown before anything is saved
        person.page.locator("#lihat").fill("3")
        person.press(person.words["save_place"])
    else:
        person.page.locator("#lihat").fill("3")
        person.page.locator(".pageChoice button").click()
    person.page.wait_for_url("**halaman=3")


def test_nothing_is_saved_while_the_page_is_not_seen(visitor: Visitor) -> None:
    person = visitor()

    def block(route: Route) -> None:
        route.fulfill(status=503, body="")

    pictures = re.compile(r"/halaman/")
    person.page.route(pictures, block)
    person.open("/beli")
    person.upload(paper("Surat.pdf", samples.letter()))
    person.sees("Gambar halaman ini belum termuat")
    save = person.page.locator(".bar [data-save]")
    expect(save).to_be_disabled()
    expect(person.page.locator("[data-save]:enabled")).to_have_count(0)
    person.approve("169-placing-unseen")
    person.press("Coba lagi")
    person.sees("Gambar halaman ini belum termuat")
    person.page.unroute(pictures, block)
    person.press("Coba lagi")
    expect(save).to_be_enabled()
    expect(person.page.locator("[data-place]")).to_be_visible()
    person.press(person.words["save_place"])
    person.page.wait_for_url("**/kontak")

    plain = visitor(scripts=False)
    plain.open("/beli")
    plain.upload(paper("Surat.pdf", samples.letter()))
    plain.sees("Halamannya tidak tampil? Jangan simpan dulu.")
    address = plain.page.url
    plain.press("Muat ulang halaman ini")
    assert plain.page.url.startswith(address)
