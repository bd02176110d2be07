"""The page that reads 2-D codes: it works in the browser alone, with pictures or a camera, and claims no
more than it knows.
"""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import pytest
import zxingcpp
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from PIL import Image
from playwright.sync_api import Browser

from meterai.kernel.serial_number import make_serial
from meterai.pdf.rendering import render_image
from meterai.pdf.requests import RenderRequest
from meterai.signatures.stamp_code import code_message, encode_code
from meterai.stamping.placement import Placement
from meterai.stamping.requests import Stamp
from tests.browser.chromium import ARGUMENTS, CHROMIUM
from tests.browser.conftest import Visitor
from tests.browser.person import Person, Site
from tests.pdf import samples, stamp_code_vectors
from tests.pdf.sealing import SealingBench
from tests.running_service import RunningService

SERIAL = make_serial(hashlib.sha256(b"browser").digest())
DAY = date(2026, 8, 17)
PAGE = "/periksa/kode"
VECTORS = json.loads(stamp_code_vectors.FILE.read_text())


@pytest.fixture(scope="module")
def stamped_page(service: RunningService, site: Site) -> Image.Image:
    """Page 1, at 150 dpi, of a PDF that was sealed with the running service's keys."""
    bench = SealingBench(service.data / "pki")
    key = bench.code_key
    signature = key.sign(code_message(SERIAL, DAY, key.key_id))
    code = encode_code(site.address, SERIAL, DAY, key_id=key.key_id, signature=signature)
    stamp = Stamp(serial=SERIAL, code=code, placement=Placement(page=1, x=400, y=100))
    with ThreadPoolExecutor(1) as elsewhere:  # Playwright keeps an event loop running in this thread
        sealed = elsewhere.submit(asyncio.run, bench.seal(samples.letter(), stamp)).result()
    return render_image(RenderRequest(data=sealed, page=1, width_px=1240)).convert("RGB")


def drawn(text: str) -> Image.Image:
    """A picture of a code alone."""
    matrix = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode).to_image(scale=5)
    return Image.fromarray(matrix).convert("RGB")


def picture(image: Image.Image, name: str = "foto.png") -> dict[str, object]:
    """A picture as a file that people choose."""
    out = io.BytesIO()
    image.save(out, "PNG")
    return {"name": name, "mimeType": "image/png", "buffer": out.getvalue()}


def forged(site: Site, key_id: int) -> str:
    """A code in which only the signing key is wrong."""
    signature = Ed25519PrivateKey.from_private_bytes(bytes(32)).sign(code_message(SERIAL, DAY, key_id))
    return encode_code(site.address, SERIAL, DAY, key_id=key_id, signature=signature)


def reads(person: Person, file: dict[str, object], state: str = "done") -> None:
    """Chooses a picture and waits until the page has shown a result."""
    person.page.locator("[data-picture]").set_input_files(file)  # type: ignore[arg-type]
    person.page.wait_for_selector(f"#pembaca[data-state={state}]")


@pytest.mark.parametrize(("width", "language"), [(360, "id"), (1200, "en")])
def test_the_stamp_of_a_really_stamped_document_is_read_without_sending_anything(
    visitor: Visitor, stamped_page: Image.Image, width: int, language: str
) -> None:
    person = visitor(width=width, language=language)
    person.open(PAGE)
    reads(person, picture(stamped_page))
    [card] = person.page.locator("[data-outcome]").all()
    assert card.get_attribute("data-outcome") == "genuine"
    words = card.inner_text()
    assert SERIAL in words.replace(" ", "")
    assert {"id": "17 Agustus 2026", "en": "17 August 2026"}[language] in words
    assert {
        "id": "belum berarti dokumen di tangan Anda asli",
        "en": "does not say that the document in your hand is genuine",
    }[language] in words
    assert not card.locator("[data-elsewhere]").is_visible()
    assert person.posts == []
    person.approve("60-code-genuine")
    card.locator("[data-register]").click()
    person.page.wait_for_url(f"**/periksa/nomor/{SERIAL}")


def test_it_reads_on_without_internet_once_it_is_loaded(visitor: Visitor, stamped_page: Image.Image) -> None:
    person = visitor()
    person.open(PAGE)
    person.page.locator("[data-prepare] button").click()
    person.page.wait_for_selector("[data-ready]:visible")
    person.context.set_offline(True)
    reads(person, picture(stamped_page))
    assert person.page.locator("[data-outcome]").get_attribute("data-outcome") == "genuine"


@pytest.mark.parametrize(("width", "language"), [(360, "en"), (1200, "id")])
def test_a_forged_and_a_foreign_code_are_told_apart_and_nothing_is_opened(
    visitor: Visitor, service: RunningService, site: Site, width: int, language: str
) -> None:
    person = visitor(width=width, language=language)
    person.open(PAGE)
    key_id = SealingBench(service.data / "pki").code_key.key_id
    reads(person, picture(drawn(forged(site, key_id))))
    [card] = person.page.locator("[data-outcome]").all()
    assert card.get_attribute("data-outcome") == "forged"
    assert card.locator("[data-register]").count() == 0
    person.approve("61-code-forged")
    reads(person, picture(drawn(forged(site, (key_id + 1) % 256))))
    assert person.page.locator("[data-outcome]").get_attribute("data-outcome") == "unknown_key"
    both = Image.new("RGB", (1000, 500), "white")
    both.paste(drawn("javascript:alert(1)//<b>x</b>").resize((400, 400)), (40, 50))
    both.paste(drawn(forged(site, key_id)).resize((450, 450)), (520, 25))
    reads(person, picture(both))
    found = [card.get_attribute("data-outcome") for card in person.page.locator("[data-outcome]").all()]
    assert found == ["forged", "foreign"]
    assert "<b>x</b>" in person.page.locator("[data-outcome=foreign]").inner_text()
    assert person.page.locator("[data-outcome=foreign] a").count() == 0
    person.approve("62-code-foreign")


def test_a_good_code_with_a_strangers_address_warns_of_it(visitor: Visitor, service: RunningService) -> None:
    key = SealingBench(service.data / "pki").code_key
    signature = key.sign(code_message(SERIAL, DAY, key.key_id))
    text = encode_code("https://palsu.example", SERIAL, DAY, key_id=key.key_id, signature=signature)
    person = visitor()
    person.open(PAGE)
    reads(person, picture(drawn(text)))
    person.page.wait_for_selector("[data-elsewhere]:visible")
    assert "palsu.example" in person.page.locator("[data-elsewhere]").inner_text()
    assert person.page.locator("#hasil a[href*=palsu]").count() == 0


@pytest.mark.parametrize("language", ["id", "en"])
def test_what_holds_no_code_gets_a_next_step(visitor: Visitor, language: str) -> None:
    person = visitor(language=language)
    person.open(PAGE)
    reads(person, picture(Image.new("RGB", (300, 200), "white")), "none")
    person.approve("63-code-none")
    paper = {"name": "surat.pdf", "mimeType": "application/pdf", "buffer": samples.letter()}
    reads(person, paper, "pdf")
    person.approve("64-code-pdf")
    noise = {"name": "foto.jpg", "mimeType": "image/jpeg", "buffer": b"bukan gambar"}
    reads(person, noise, "no_picture")
    person.approve("65-code-no-picture")


def test_without_scripts_the_number_can_be_typed(visitor: Visitor) -> None:
    person = visitor(scripts=False)
    person.open(PAGE)
    person.approve("68-code-without-scripts")
    person.page.locator("#nomor").fill(SERIAL)
    person.press("Cari")
    person.page.wait_for_url(f"**/periksa/nomor/{SERIAL}")


@pytest.mark.parametrize("web_crypto", [True, False])
def test_the_script_says_of_each_published_vector_what_the_file_says(
    visitor: Visitor, web_crypto: bool
) -> None:
    person = visitor()
    person.open(PAGE)
    told = person.page.evaluate(
        """async ([keys, texts, webCrypto]) => {
          const { code, ed25519 } = document.getElementById("pembaca").dataset;
          const { judge, makeVerifier } = await import(code);
          let fallbacks = 0;
          if (!webCrypto) crypto.subtle.importKey = () => Promise.reject(new Error("not here"));
          const verify = await makeVerifier(keys, () => { fallbacks += 1; return import(ed25519); });
          const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
          const codes = await Promise.all(texts.map((text) => judge(text, verify)));
          return [fallbacks, codes.map((code) => ({
            outcome: code.outcome, serial: code.serial, key_id: code.keyId,
            day: code.day?.toISOString().slice(0, 10), message: code.message && hex(code.message) }))];
        }""",
        [VECTORS["keys"], [vector["text"] for vector in VECTORS["vectors"]], web_crypto],
    )
    assert told[0] == (0 if web_crypto else 1)
    for vector, found in zip(VECTORS["vectors"], told[1], strict=True):
        assert found["outcome"] == vector["outcome"], vector["name"]
        if vector["outcome"] == "genuine":
            wanted = {name: vector[name] for name in ("serial", "key_id", "day", "message")}
            assert {name: found[name] for name in wanted} == wanted, vector["name"]


@pytest.fixture
def with_camera(stamped_page: Image.Image, chromium: Browser, tmp_path: Path) -> Iterator[Browser]:
    """A Chromium whose camera shows the stamp."""
    width, height = 640, 480
    stamp = stamped_page.crop((780, 1320, 1100, 1620)).resize((480, 450))
    frame = Image.new("L", (width, height), 255)
    frame.paste(stamp.convert("L"), (80, 15))
    film = tmp_path / "camera.y4m"  # grey: both colour planes stay at 128
    colour = b"\x80" * (width * height // 2)
    head = f"YUV4MPEG2 W{width} H{height} F10:1 Ip A1:1 C420jpeg\n".encode()
    film.write_bytes(head + (b"FRAME\n" + frame.tobytes() + colour) * 3)
    browser = chromium.browser_type.launch(
        executable_path=CHROMIUM,
        args=[
            *ARGUMENTS,
            "--use-fake-device-for-media-stream",
            "--use-fake-ui-for-media-stream",
            f"--use-file-for-fake-video-capture={film}",
        ],
    )
    yield browser
    browser.close()


def test_the_camera_reads_the_stamp_and_is_closed_afterwards(with_camera: Browser, site: Site) -> None:
    person = Person(with_camera, site, width=360, scripts=True, language="id")
    person.context.grant_permissions(["camera"])
    person.open(PAGE)
    person.page.locator("[data-camera]").click()
    person.page.wait_for_selector("#pembaca[data-state=done]", timeout=30_000)
    assert person.page.locator("[data-outcome]").get_attribute("data-outcome") == "genuine"
    assert person.page.locator("[data-viewfinder]").is_hidden()
    assert person.page.locator("video").evaluate("video => video.srcObject") is None
    person.approve("66-code-camera")
    person.leave()


def test_a_browser_with_a_reader_of_its_own_needs_no_other_for_the_camera(
    with_camera: Browser, service: RunningService, site: Site
) -> None:
    key = SealingBench(service.data / "pki").code_key
    signature = key.sign(code_message(SERIAL, DAY, key.key_id))
    text = encode_code(site.address, SERIAL, DAY, key_id=key.key_id, signature=signature)
    person = Person(with_camera, site, width=360, scripts=True, language="en")
    person.context.grant_permissions(["camera"])
    person.context.add_init_script(  # Chromium on Linux has none; Android's answers like this
        """window.BarcodeDetector = class {
          static getSupportedFormats() { return Promise.resolve(["aztec", "qr_code"]); }
          constructor(wanted) { window.wanted = wanted.formats; }
          detect(frame) { return Promise.resolve(frame.width ? [{ rawValue: TEXT }] : []); }
        };""".replace("TEXT", json.dumps(text))
    )
    loaded: list[str] = []
    person.page.on("request", lambda request: loaded.append(request.url))
    person.open(PAGE)
    person.page.locator("[data-camera]").click()
    person.page.wait_for_selector("#pembaca[data-state=done]", timeout=30_000)
    assert person.page.evaluate("window.wanted") == ["qr_code"]
    assert person.page.locator("[data-outcome]").get_attribute("data-outcome") == "genuine"
    assert any("stamp_code" in url for url in loaded)
    assert not any("zxing" in url for url in loaded)
    person.leave()


def test_without_a_camera_the_page_says_so(visitor: Visitor) -> None:
    person = visitor()
    person.open(PAGE)
    person.page.locator("[data-camera]").click()
    person.page.wait_for_selector(
        "#pembaca[data-state=no_camera], #pembaca[data-state=camera_denied]", timeout=30_000
    )
    person.approve("67-code-no-camera")
