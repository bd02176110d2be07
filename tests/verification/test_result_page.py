"""The page with a verdict: what was stamped, what was added since, and how it looks on paper."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import html
import io
import random
import re
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest
import pytest_asyncio
import zxingcpp
from fpdf import FPDF
from PIL import Image

from meterai.jail.pool import JailPool
from meterai.kernel.clock import system_clock
from meterai.kernel.serial_number import group_serial, make_serial
from meterai.pdf.profiles import Profile
from meterai.stamping.placement import Placement
from meterai.verification.model import Judgement, Verdict
from meterai.verification.page_pictures import COMPARE_PAGE
from meterai.verification.use_cases.judge_document import JUDGE
from meterai.verification.use_cases.picture_of_stamp import RENDER
from meterai.verifier.routes import VerifierService, build_verifier
from meterai.web.pages.assets import Assets
from meterai.web.pages.templates import Pages, SiteFacts
from meterai.web.verify.drawing import data_address
from tests.attacks.archive import strange_authority
from tests.attacks.signing import BLANK, TEXT, signed_by_somebody
from tests.pdf.sealing import SealingBench
from tests.verification.making import Stamper, letter
from tests.web.asking import Answer, ask

SITE = "https://meterai.example"
UNCHANGED = ("tidak berubah sejak", "is unchanged since", "not changed since")
pytestmark = pytest.mark.asyncio(loop_scope="module")


def sealed(stamper: Stamper, data: bytes, profile: Profile, *places: Placement) -> tuple[bytes, SealingBench]:
    bench = SealingBench(stamper.folder)
    stamps = [bench.stamp(place, f"result {number}") for number, place in enumerate(places)]
    return asyncio.run(bench.seal(data, *stamps, profile=profile)), bench


AT = Placement(page=1, x=400, y=100)


@pytest.fixture(scope="module")
def final(stamper: Stamper) -> bytes:
    """A stamped letter that nobody may sign later."""
    return sealed(stamper, letter(pages=2), Profile.FINAL, AT)[0]


@pytest.fixture(scope="module")
def open_letter(stamper: Stamper) -> bytes:
    """A stamped letter of 9 pages that others may sign; its stamp is on page 9."""
    return sealed(stamper, letter(pages=9), Profile.SIGN_LATER, Placement(page=9, x=400, y=100))[0]


@pytest.fixture(scope="module")
def signed(open_letter: bytes) -> bytes:
    """It, signed by Budi on page 1, and by Citra nowhere."""
    return signed_by_somebody(signed_by_somebody(open_letter, box=BLANK), name="Citra")


@pytest.fixture(scope="module")
def large(stamper: Stamper) -> bytes:
    """A stamped page with a picture of 2 MB that others may sign."""
    noise = Image.frombytes("L", (1400, 1400), random.Random(1).randbytes(1400 * 1400))
    pdf = FPDF(format="A4")
    pdf.add_page()
    pdf.image(noise, 20, 20, 60)
    return sealed(stamper, bytes(pdf.output()), Profile.SIGN_LATER, AT)[0]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def site(stamper: Stamper) -> AsyncIterator[Any]:
    jail = JailPool([JUDGE, RENDER, COMPARE_PAGE])
    await jail.start()
    facts = SiteFacts(SITE, False, 10_000, 0, 0, 0, standalone=True, register=True)
    yield build_verifier(VerifierService(None, jail, stamper.trust, Pages(facts, Assets()), system_clock))
    await jail.close()


async def send(site: Any, data: bytes, path: str = "/en/periksa", name: str = "Surat sewa.pdf") -> Answer:
    head = f'--x\r\nContent-Disposition: form-data; name="berkas"; filename="{name}"\r\n\r\n'
    headers = {"content-type": "multipart/form-data; boundary=x"}
    return await ask(site, path, method="POST", headers=headers, body=head.encode() + data + b"\r\n--x--\r\n")


def verdict_of(answer: Answer) -> str:
    [verdict] = re.findall(r'data-verdict="([^"]+)"', answer.text)
    return str(verdict)


def pictures(answer: Answer, described: str) -> list[Image.Image]:
    """The pictures on the page whose description has these words."""
    found = re.findall(r'src="data:image/jpeg;base64,([^"]+)" alt="([^"]+)"', answer.text)
    return [Image.open(io.BytesIO(base64.b64decode(data))) for data, alt in found if described in alt]


def words_of(answer: Answer) -> str:
    """What people read, without pictures and marks."""
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", answer.text)))


def serials(data: bytes) -> list[str]:
    return [serial.decode() for serial in dict.fromkeys(re.findall(rb"Emet([0-9A-Z]{22})", data))]


async def test_a_genuine_verdict_shows_everything_of_its_stamp(site: Any, final: bytes) -> None:
    answer = await send(site, final)
    words, [serial] = words_of(answer), serials(final)
    assert verdict_of(answer) == "ASLI"
    assert "Surat sewa.pdf" in words
    assert group_serial(serial) in words
    assert "Meterai Elektronik 10000 SPESIMEN" in words
    assert re.search(r"Stamped \d+ \w+ 20\d\d at \d\d:\d\d WIB", words)
    [picture] = pictures(answer, "page 1")
    [code] = zxingcpp.read_barcodes(picture)
    assert "/C/" in code.text
    assert "Added after sealing" not in words
    details = answer.text.partition("<details>")[2].partition("</details>")[0]
    assert hashlib.sha256(final).hexdigest() in details
    assert answer.text.count(hashlib.sha256(final).hexdigest()) == 1


async def test_its_paper_bears_the_address_of_the_serials_page(site: Any, final: bytes) -> None:
    for prefix in ("", "/en"):
        answer = await send(site, final, path=f"{prefix}/periksa")
        assert f"{SITE}{prefix}/periksa/nomor/{serials(final)[0]}" in words_of(answer)
        assert '<div class="printed"><svg' in answer.text


async def test_each_addition_is_shown_beside_what_was_sealed(
    site: Any, open_letter: bytes, signed: bytes
) -> None:
    answer = await send(site, signed)
    words = words_of(answer)
    assert verdict_of(answer) == "ASLI_WITH_ADDITIONS"
    assert "Budi (name not vouched for)" in words
    assert "Citra (name not vouched for)" in words
    assert "Page 1, 71 × 21 mm, 14 mm from the left edge and 106 mm from the lower edge" in words
    assert "Not visible on any page" in words
    assert not any(said in words for said in UNCHANGED)
    place, page = pictures(answer, "Page 1 as it was sealed")
    place_now, page_now = pictures(answer, "Page 1 in this file")
    assert (place.size, page.size) == (place_now.size, page_now.size)
    assert place.convert("L").getextrema()[0] > 200, "it was blank"
    assert place_now.convert("L").getextrema()[0] < 60, "and is black"
    assert page.tobytes() != page_now.tobytes()
    [link] = re.findall(r'href="data:application/pdf;base64,([^"]+)" download="([^"]+)"', answer.text)
    assert base64.b64decode(link[0]) == open_letter
    assert link[1] == "Surat sewa-disegel.pdf"
    assert verdict_of(await send(site, open_letter)) == "ASLI"


async def test_the_sealed_revision_is_shown_as_pages(site: Any, signed: bytes) -> None:
    """Those with additions and stamps first, and not all of a long document."""
    answer = await send(site, signed)
    shown = re.findall(r'alt="Page (\d+) as it was sealed"', answer.text)
    assert sorted(set(map(int, shown))) == [1, 2, 3, 4, 5, 9]
    assert "6 of 9 pages are pictured here." in words_of(answer)


async def test_in_indonesian_it_says_so_too(site: Any, signed: bytes) -> None:
    words = words_of(await send(site, signed, path="/periksa"))
    assert "Asli, lalu ditandatangani pihak lain" in words
    assert "Budi (nama ini tidak dijamin siapa pun)" in words
    assert not any(said in words for said in UNCHANGED)


async def test_many_additions_are_all_listed_and_some_are_pictured(site: Any, open_letter: bytes) -> None:
    data = open_letter
    for number in range(10):
        data = signed_by_somebody(
            data, name=f"Saksi {number}", box=(40, 40 + 55 * number, 140, 80 + 55 * number)
        )
    answer = await send(site, data)
    assert answer.text.count("data-addition=") == 10
    assert len(pictures(answer, "Page 1 in this file")) == 8 + 1
    assert answer.text.count("This place is not pictured here.") == 2


async def test_a_sealed_revision_too_large_for_a_link_is_sent_back(site: Any, large: bytes) -> None:
    data = signed_by_somebody(large, box=BLANK)
    answer = await send(site, data)
    assert "data:application/pdf" not in answer.text
    assert 'action="/en/periksa/disegel"' in answer.text
    got = await send(site, data, path="/en/periksa/disegel")
    assert (got.status, got.body) == (200, large)
    assert got.headers["content-disposition"].startswith("attachment")


async def test_where_nothing_was_added_nothing_is_cut_off(
    site: Any, final: bytes, open_letter: bytes
) -> None:
    for data in (final, open_letter, letter(), signed_by_somebody(open_letter, box=TEXT), b"x"):
        answer = await send(site, data, path="/en/periksa/disegel")
        assert (answer.status, "has no sealed document" in answer.text) == (422, True)


async def test_beside_a_changed_document_no_sealed_one_is_shown(site: Any, open_letter: bytes) -> None:
    answer = await send(site, signed_by_somebody(open_letter, box=TEXT))
    assert verdict_of(answer) == "TIDAK_ASLI"
    assert "The sealed document" not in answer.text
    assert "data:application/pdf" not in answer.text


async def test_what_came_after_a_stamp_of_another_issuer_is_not_passed_over(site: Any) -> None:
    serial = make_serial(bytes(32))
    foreign = signed_by_somebody(
        letter(), name=f"Emet{serial}", reason=f"[{serial}] Bea", signer=strange_authority(), box=BLANK
    )
    later = signed_by_somebody(foreign, name="Mallory", box=TEXT)
    said = "Intact, but this file was added to or changed afterwards"
    assert said in words_of(await send(site, later))
    answer = await send(site, foreign)
    assert said not in words_of(answer)
    assert "Intact" in words_of(answer)


async def test_without_a_stamp_the_way_leads_to_the_code_reader(site: Any) -> None:
    answer = await send(site, letter())
    assert verdict_of(answer) == "NO_STAMP"
    words = words_of(answer)
    assert "There is no e-Meterai in this file" in words
    assert "Register" not in words
    assert 'href="/en/periksa/kode"' in answer.text.partition("<footer")[0]


async def test_the_outcomes_differ_by_shape(
    site: Any, final: bytes, open_letter: bytes, signed: bytes
) -> None:
    changed = signed_by_somebody(open_letter, box=TEXT)
    answers = [await send(site, data) for data in (final, signed, changed, letter(), b"x")]
    banners = [
        re.findall(r'<div class="verdict (\w+)".*?<svg[^>]*>(.*?)</svg>', a.text, re.S)[0] for a in answers
    ]
    assert len({verdict_of(answer) for answer in answers}) == 5
    assert len({kind for kind, _ in banners}) == 5
    assert len({shape for _, shape in banners}) == 5


def say(monkeypatch: pytest.MonkeyPatch, judged: Judgement) -> None:
    """Makes the judge give this judgement on every file."""

    async def judge(*_: Any, **__: Any) -> Judgement:
        return judged

    monkeypatch.setattr("meterai.web.verify.checking.judge_document", judge)


async def test_a_file_saved_again_gets_no_picture_and_no_comparison(
    site: Any, signed: bytes, stamper: Stamper, monkeypatch: pytest.MonkeyPatch
) -> None:
    """We can't tell what it showed when it was stamped."""
    judged = msgspec.structs.replace(
        stamper.judge(signed, system_clock()),
        verdict=Verdict.NOT_GENUINE,
        reasons=("stamp.saved_again",),
    )
    assert judged.stamps[0].box
    assert judged.additions
    say(monkeypatch, judged)
    answer = await send(site, signed)
    assert verdict_of(answer) == "TIDAK_ASLI"
    assert "data:" not in answer.text
    assert "The sealed document" not in answer.text


async def test_additions_that_can_not_be_judged_are_shown_beside_what_was_sealed(
    site: Any, signed: bytes, stamper: Stamper, monkeypatch: pytest.MonkeyPatch
) -> None:
    judged = msgspec.structs.replace(
        stamper.judge(signed, system_clock()),
        verdict=Verdict.CANNOT_CHECK,
        reasons=("addition.unclear",),
    )
    say(monkeypatch, judged)
    answer = await send(site, signed)
    assert verdict_of(answer) == "TIDAK_DAPAT_DIPERIKSA"
    assert "data:application/pdf" in answer.text
    assert pictures(answer, "Page 1 as it was sealed")
    assert not any(said in words_of(answer) for said in UNCHANGED)


async def test_a_verdict_does_not_wait_for_pictures(
    site: Any, signed: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("meterai.web.verify.drawing.SECONDS", 0.0)
    answer = await send(site, signed)
    assert verdict_of(answer) == "ASLI_WITH_ADDITIONS"
    assert data_address(b"")[:15] not in answer.text
    assert "0 of 9 pages are pictured here." in words_of(answer)
    assert "can't be drawn now" in words_of(answer)
    assert "data:application/pdf" in answer.text
