"""Pages that anyone sees: complete in both languages, light, without barriers, with strict headers."""

from __future__ import annotations

import gzip
import io
import re
import urllib.error
import urllib.request

import pytest
from PIL import Image

from tests.browser.conftest import Visitor
from tests.browser.person import Site

PAGES = [
    "/",
    "/casn",
    "/beli",
    "/kuota",
    "/saya",
    "/periksa",
    "/periksa/kode",
    "/uang",
    "/harga",
    "/pengembalian",
    "/bantuan",
    "/status",
    "/hari",
    "/tentang",
    "/ketentuan",
    "/privasi",
    "/aksesibilitas",
    "/kontak",
    "/pengaduan",
    "/pengaduan/cek",
    "/pengembang",
    "/pengembang/kawat",
]
LIGHT_BYTES_MAX = {"/beli": 50_000}
SCRIPT_BYTES_MAX = {"/periksa": 15_000, "/periksa/kode": 15_000}


@pytest.mark.everyday("360-id")
@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize(("width", "language"), [(360, "id"), (1200, "en")])
def test_a_page_has_no_barrier_fits_and_is_light(
    onlooker: Visitor, path: str, width: int, language: str
) -> None:
    person = onlooker(width=width, language=language)
    sizes: dict[str, int] = {}
    client = person.context.new_cdp_session(person.page)
    client.send("Network.enable")
    client.send("Network.setCacheDisabled", {"cacheDisabled": True})
    kinds: dict[str, str] = {}
    client.on("Network.responseReceived", lambda e: kinds.__setitem__(e["requestId"], e["type"]))
    client.on(
        "Network.loadingFinished", lambda e: sizes.__setitem__(e["requestId"], int(e["encodedDataLength"]))
    )
    response = person.open(path)
    person.page.wait_for_load_state("networkidle")
    client.detach()
    assert response.status == 200
    assert sum(sizes.values()) <= LIGHT_BYTES_MAX.get(path, 40_000), sizes
    scripts = sum(size for request, size in sizes.items() if kinds.get(request) == "Script")
    assert scripts <= SCRIPT_BYTES_MAX.get(path, 10_000)
    person.approve("70" + path.replace("/", "-").rstrip("-"))
    if language == "en":
        words = person.page.locator("body").inner_text()
        assert not re.search(r"\b(dan|yang|dengan|Anda|uang|untuk|sudah)\b", words), words


@pytest.mark.parametrize("path", PAGES)
def test_the_language_switch_keeps_the_page(onlooker: Visitor, path: str) -> None:
    person = onlooker()
    person.open(path)
    person.page.locator(".tongue a").click()
    assert person.page.url == person.site.address + ("/en" if path == "/" else f"/en{path}")
    person.page.locator(".tongue a").click()
    assert person.page.url == person.site.address + path


def test_the_keyboard_reaches_the_content_first(visitor: Visitor) -> None:
    person = visitor()
    person.open("/")
    person.page.keyboard.press("Tab")
    assert person.page.evaluate("document.activeElement.className") == "skip"
    person.page.keyboard.press("Enter")
    assert person.page.evaluate("document.activeElement.id") == "isi"


def test_paper_says_whose_page_it_was_and_holds_nothing_to_press(visitor: Visitor) -> None:
    person = visitor()
    person.open("/periksa")
    person.page.emulate_media(media="print")
    for part, is_seen in ((".brand", True), (".trial", True), (".menu", False), (".button", False)):
        assert person.page.locator(part).first.is_visible() == is_seen, part
    look = "node => [getComputedStyle(node).color, getComputedStyle(node).backgroundColor]"
    ink, ground = person.page.locator(".trial").evaluate(look)
    assert (ink, ground) == ("rgb(33, 26, 36)", "rgba(0, 0, 0, 0)"), "printers leave out the dark ground"


def test_with_high_contrast_the_menu_still_says_where_one_is(visitor: Visitor) -> None:
    person = visitor()
    person.page.emulate_media(forced_colors="active", color_scheme="dark")
    person.open("/uang")
    look = "links => links.map(link => [link.ariaCurrent, getComputedStyle(link).borderBottomColor])"
    colours = person.page.locator(".menu a").evaluate_all(look)
    here = [colour for current, colour in colours if current == "page"]
    assert len(here) == 1
    assert here[0] not in [colour for current, colour in colours if current != "page"]


def test_an_unknown_page_says_what_to_do_and_carries_a_help_code(visitor: Visitor) -> None:
    person = visitor()
    assert person.open("/tidak-ada").status == 404
    assert re.fullmatch(r"[2-9A-Z]{4}-[2-9A-Z]{4}", person.page.locator(".helpcode").inner_text())
    person.approve("80-not-found")


def test_programs_find_the_icon_by_its_old_address(site: Site) -> None:
    with urllib.request.urlopen(f"{site.address}/favicon.ico") as answer:
        assert Image.open(io.BytesIO(answer.read())).size == (48, 48)


def test_every_answer_carries_the_strict_headers(site: Site) -> None:
    for path in ("/", "/favicon.ico", "/beli", "/tidak-ada", "/periksa", "/aset/tidak-ada.css"):
        try:
            answer = urllib.request.urlopen(site.address + path)
        except urllib.error.HTTPError as error:
            answer = error
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'; script-src 'self';")
        assert "unsafe" not in answer.headers["Content-Security-Policy"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert len(answer.headers.get_all("Content-Security-Policy")) == 1


def test_webassembly_and_the_camera_are_allowed_on_the_page_that_reads_codes_alone(site: Site) -> None:
    for path in [*PAGES, "/en/periksa/kode", "/periksa/kode/kunci.json", "/C/X", "/periksa/kode/x"]:
        try:
            answer = urllib.request.urlopen(site.address + path)
        except urllib.error.HTTPError as error:
            answer = error
        reader = path.endswith("/periksa/kode")
        policy = answer.headers["Content-Security-Policy"]
        assert ("'wasm-unsafe-eval'" in policy) == reader, path
        assert "unsafe" not in policy.replace("'wasm-unsafe-eval'", "")
        assert ("camera=(self)" in answer.headers["Permissions-Policy"]) == reader, path


def test_the_page_that_reads_codes_loads_the_reader_only_when_it_is_used(visitor: Visitor) -> None:
    person = visitor()
    asked: list[str] = []
    person.page.on("request", lambda request: asked.append(request.url))
    for path in ("/periksa", "/periksa/kode"):
        person.open(path)
        person.page.wait_for_load_state("networkidle")
    assert any("code_reader" in url for url in asked)
    assert not [url for url in asked if "zxing" in url or "noble" in url or ".wasm" in url]


def test_a_form_from_elsewhere_is_refused(site: Site) -> None:
    request = urllib.request.Request(site.address + "/kuota", data=b"jumlah=1&kiriman=abcdefghijklmnopqrst")
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(request)
    assert caught.value.code == 403
    assert "tidak mengirim kembali cookie" in caught.value.read().decode()


def test_cookies_are_out_of_reach_of_scripts_and_of_other_sites(site: Site) -> None:
    answer = urllib.request.urlopen(site.address + "/kuota")
    for cookie in answer.headers.get_all("Set-Cookie"):
        assert "HttpOnly" in cookie
        assert "SameSite=lax" in cookie


def test_static_files_are_packed_and_kept_for_a_year(site: Site) -> None:
    page = urllib.request.urlopen(site.address + "/").read().decode()
    address = re.search(r'href="(/aset/site\.[0-9a-f]{12}\.css)"', page)
    assert address
    request = urllib.request.Request(site.address + address[1], headers={"Accept-Encoding": "gzip"})
    answer = urllib.request.urlopen(request)
    assert "immutable" in answer.headers["Cache-Control"]
    assert answer.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(answer.read()).startswith(b":root")
