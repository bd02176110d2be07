"""Photos where a PDF was expected: their codes are read, and no picture says that a document is genuine."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import date
from typing import Any

import pytest
import pytest_asyncio
import zxingcpp
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from PIL import Image

from meterai.jail.pool import JailPool
from meterai.kernel.clock import system_clock
from meterai.kernel.refusals import Refusal
from meterai.kernel.serial_number import group_serial
from meterai.kit.database import Database
from meterai.pdf.picture_kinds import is_picture
from meterai.signatures.stamp_code import code_message, encode_code
from meterai.stamping.placement import Placement
from meterai.stamping.requests import Stamp
from meterai.verification.model import Verdict
from meterai.verification.picture_codes import READ_PICTURE, PictureCodes, PictureRequest
from meterai.verification.use_cases.judge_document import JUDGE
from meterai.verifier.routes import VerifierService, build_verifier
from meterai.web.pages.assets import Assets
from meterai.web.pages.templates import Pages, SiteFacts
from tests.pdf.sealing import SealingBench
from tests.storage_fixtures import TestDatabase
from tests.verification import photos
from tests.verification.making import SECOND, SERIAL, Stamper, letter
from tests.verification.test_register import enter
from tests.web.asking import Answer, ask

SITE = "https://meterai.example"
DAY = date(2026, 8, 17)


def code_text(stamper: Stamper, serial: str = SERIAL, *, site: str = SITE, forged: bool = False) -> str:
    """The text of a code of ours."""
    key = SealingBench(stamper.folder).code_key
    message = code_message(serial, DAY, key.key_id)  # type: ignore[arg-type]
    signature = Ed25519PrivateKey.generate().sign(message) if forged else key.sign(message)
    return encode_code(site, serial, DAY, key_id=key.key_id, signature=signature)  # type: ignore[arg-type]


def drawn(*texts: str) -> bytes:
    """A picture of codes side by side."""
    codes = [zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode).to_image(scale=5) for text in texts]
    pictures = [Image.fromarray(code) for code in codes]
    sheet = Image.new("L", (sum(p.width + 40 for p in pictures), max(p.height for p in pictures)), 255)
    left = 0
    for picture in pictures:
        sheet.paste(picture, (left, 0))
        left += picture.width + 40
    return photos.saved(sheet, "PNG")


@pytest.fixture(scope="session")
def page(stamper: Stamper) -> Image.Image:
    """A page with our visible stamp."""
    stamp = Stamp(serial=SERIAL, code=code_text(stamper), placement=Placement(page=1, x=400, y=100))
    return photos.page_of(asyncio.run(SealingBench(stamper.folder).seal(letter(), stamp)))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def jail() -> AsyncIterator[JailPool]:
    pool = JailPool([READ_PICTURE], spare=False)
    await pool.start()
    yield pool
    await pool.close()


async def read(jail: JailPool, data: bytes) -> tuple[str, ...]:
    assert is_picture(data)
    return (await jail.run(READ_PICTURE, PictureRequest(data=data), PictureCodes)).texts


@pytest.mark.everyday("from_the_side", "close_up", "blurred", "dark", "mirrored")
@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("shot", photos.SHOTS, ids=lambda shot: shot.__name__)
async def test_a_photo_of_a_stamp_is_read(
    jail: JailPool, stamper: Stamper, page: Image.Image, shot: Callable[[Image.Image], Image.Image]
) -> None:
    assert await read(jail, photos.saved(shot(page), quality=75)) == (code_text(stamper),)


FILES: dict[str, Callable[[Image.Image], bytes]] = {
    "webp": lambda picture: photos.saved(picture, "WEBP", quality=60),
    "webp_of_several": lambda picture: photos.saved(
        picture, "WEBP", save_all=True, append_images=[Image.new("RGB", picture.size)]
    ),
    "png": lambda picture: photos.saved(picture, "PNG"),
    "png_palette": lambda picture: photos.saved(picture.convert("P"), "PNG"),
    "png_black_and_white": lambda picture: photos.saved(picture.convert("1"), "PNG"),
    "png_sixteen_bits": photos.sixteen_bits,
    "png_without_ground": photos.without_ground,
    "jpeg_of_inks": lambda picture: photos.saved(picture.convert("CMYK")),
    "jpeg_progressive": lambda picture: photos.saved(picture, progressive=True),
    "jpeg_with_more_pictures": lambda picture: photos.saved(
        picture, "MPO", save_all=True, append_images=[picture.resize((90, 90))]
    ),
    "jpeg_inverted": lambda picture: photos.saved(Image.eval(picture, lambda value: 255 - value)),
}


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("kind", FILES)
async def test_each_kind_of_picture_is_read(
    jail: JailPool, stamper: Stamper, page: Image.Image, kind: str
) -> None:
    assert await read(jail, FILES[kind](photos.close_up(page))) == (code_text(stamper),)


@pytest.mark.long
@pytest.mark.asyncio(loop_scope="module")
async def test_large_pictures_are_read_up_to_a_limit(
    jail: JailPool, stamper: Stamper, page: Image.Image
) -> None:
    large = page.convert("L").resize((6048, 8554))  # 52 million dots
    for picture in (photos.saved(large), photos.saved(large, "PNG", compress_level=1)):
        assert await read(jail, picture) == (code_text(stamper),)
    with pytest.raises(Refusal, match=r"picture\.too_large"):
        await read(jail, photos.saved(Image.new("1", (10_000, 10_000)), "PNG"))


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(
    "data",
    [b"\xff\xd8\xff\xe0 no picture", b"\x89PNG\r\n\x1a\n" + bytes(40), b"RIFF\x10\0\0\0WEBPVP8 "],
)
async def test_a_broken_picture_is_refused(jail: JailPool, data: bytes) -> None:
    with pytest.raises(Refusal, match=r"picture\.unreadable"):
        await read(jail, data)


@pytest.mark.asyncio(loop_scope="module")
async def test_a_cut_off_picture_is_refused(jail: JailPool, page: Image.Image) -> None:
    with pytest.raises(Refusal, match=r"picture\.unreadable"):
        await read(jail, photos.saved(photos.close_up(page))[:3000])


def test_a_picture_is_none_when_readers_of_pdf_would_open_it(stamper: Stamper, stamped: bytes) -> None:
    assert not is_picture(b"\xff\xd8\xff\xe0" + stamped)
    assert stamper.judge(b"\xff\xd8\xff\xe0" + stamped).reasons == ("stamp.saved_again",)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "TIFF"])
def test_a_picture_is_never_judged(stamper: Stamper, page: Image.Image, kind: str) -> None:
    judgement = stamper.judge(photos.saved(photos.close_up(page), kind))
    assert (judgement.verdict, judgement.reasons) == (Verdict.CANNOT_CHECK, ("pdf.not_pdf",))


# the page


class Here:
    """Reads pictures in this process."""

    async def run(self, task: str, request: PictureRequest, result_type: type[PictureCodes]) -> PictureCodes:
        from meterai.verification.in_jail.picture_codes import read_picture

        assert (task, result_type) == (READ_PICTURE, PictureCodes)
        return read_picture(request)


class Down:
    """A register that can't be reached."""

    def connection(self) -> Any:
        raise ConnectionRefusedError


def verifier(stamper: Stamper, db: Any, jail: Any = None) -> Any:
    facts = SiteFacts(SITE, False, 10_000, 0, 0, 0, standalone=True, register=db is not None)
    service = VerifierService(db, jail or Here(), stamper.trust, Pages(facts, Assets()), system_clock)
    return build_verifier(service)


async def upload(site: Any, picture: bytes, *, path: str = "/en/periksa", name: str = "foto.jpg") -> Answer:
    body = b'--x\r\nContent-Disposition: form-data; name="berkas"; filename="%s"\r\n\r\n' % name.encode()
    headers = {"content-type": "multipart/form-data; boundary=x"}
    return await ask(site, path, method="POST", headers=headers, body=body + picture + b"\r\n--x--\r\n")


def outcomes(answer: Answer) -> list[str]:
    return re.findall(r'data-outcome="([^"]+)"', answer.text)


@pytest.mark.storage
async def test_the_page_says_what_the_register_knows_and_that_it_proves_nothing(
    database: TestDatabase, stamper: Stamper
) -> None:
    await enter(database, SERIAL, b"x", pages=7)
    await enter(database, SECOND, state="annulled")
    site = verifier(stamper, database.reader)
    good, bad = code_text(stamper), code_text(stamper, SECOND)
    answer = await upload(site, drawn("https://toko.example/<b>", good, bad, code_text(stamper, forged=True)))
    assert answer.status == 200
    assert sorted(outcomes(answer)) == ["annulled", "code.forged", "foreign", "released"]
    assert outcomes(answer)[-1] == "foreign", "ours come first"
    assert group_serial(SERIAL) in answer.text
    assert "7 pages" in answer.text
    assert "17 August 2026" in answer.text
    assert "A picture never shows that a document is genuine" in answer.text
    assert "https://toko.example/&lt;b&gt;" in answer.text
    assert 'href="https://toko' not in answer.text
    assert "data-verdict" not in answer.text
    told = await upload(site, drawn(good), path="/periksa")
    assert "Gambar tidak pernah menunjukkan bahwa sebuah dokumen asli" in told.text


@pytest.mark.storage
async def test_a_number_that_is_not_registered_is_said_to_be_so(
    database: TestDatabase, stamper: Stamper
) -> None:
    answer = await upload(verifier(stamper, database.reader), drawn(code_text(stamper)))
    assert outcomes(answer) == ["unknown"]


@pytest.mark.parametrize("register", [None, Down()])
async def test_without_the_register_the_code_alone_is_judged(
    stamper: Stamper, register: Database | None
) -> None:
    answer = await upload(verifier(stamper, register), drawn(code_text(stamper)))
    assert outcomes(answer) == ["register"]
    assert "We made this code" in answer.text
    assert group_serial(SERIAL) in answer.text


async def test_a_good_code_with_a_strangers_address_warns_of_it(stamper: Stamper) -> None:
    site = verifier(stamper, None)
    answer = await upload(site, drawn(code_text(stamper, site="https://palsu.example")))
    assert "Do not open" in answer.text
    assert "PALSU.EXAMPLE" in answer.text
    assert "Do not open" not in (await upload(site, drawn(code_text(stamper)))).text


async def test_of_many_codes_five_are_looked_up(stamper: Stamper) -> None:
    texts = [code_text(stamper, forged=True) for _ in range(7)]
    answer = await upload(verifier(stamper, None), drawn(*texts))
    assert outcomes(answer) == ["code.forged"] * 5
    assert "At most 5 codes" in answer.text


def _others() -> Iterator[Any]:
    blank = photos.saved(Image.new("RGB", (600, 800), "white"))
    yield pytest.param(blank, "No QR code could be read in this picture.", id="no_code")
    yield pytest.param(b"\xff\xd8\xff\xe0 not a picture", "This picture can&#39;t be opened", id="broken")
    heic = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(100)
    yield pytest.param(heic, "We can&#39;t open this kind of picture (such as HEIC", id="heic")
    yield pytest.param(photos.saved(Image.new("L", (9, 9)), "GIF"), "We can&#39;t open this kind", id="gif")
    huge = photos.saved(Image.new("1", (9_000, 9_000)), "PNG")
    yield pytest.param(huge, "(at most 66 megapixels)", id="huge")


@pytest.mark.parametrize(("picture", "said"), _others())
async def test_what_can_not_be_read_gets_a_next_step_and_the_code_reader(
    stamper: Stamper, picture: bytes, said: str
) -> None:
    answer = await upload(verifier(stamper, None), picture)
    assert (answer.status, said in answer.text) == (422, True), answer.text
    assert 'href="/en/periksa/kode"' in answer.text.partition("<form")[0]
    assert 'accept="application/pdf,.pdf,image/jpeg,image/png,image/webp"' in answer.text


async def test_machines_read_where_a_pictures_code_is_read(stamper: Stamper) -> None:
    jail = JailPool([JUDGE], spare=False)
    try:
        blank = photos.saved(Image.new("RGB", (60, 80), "white"))
        answer = await ask(verifier(stamper, None, jail), "/api/v1/verifications", method="POST", body=blank)
    finally:
        await jail.close()
    assert '"TIDAK_DAPAT_DIPERIKSA"' in answer.text
    assert "only its QR code can be read" in answer.text
