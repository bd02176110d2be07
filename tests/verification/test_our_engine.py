"""The product's own seals, from the real engine and the time-stamp authority's twin, in the real jail."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pikepdf
import pytest
import pytest_asyncio
from PIL import Image, ImageChops

from meterai.jail.pool import JailPool
from meterai.kernel.serial_number import SerialNumber, make_serial
from meterai.signatures.stamp_code import code_message, encode_code
from meterai.stamping.in_jail.archive_extension import extend
from meterai.stamping.in_jail.preparation import prepare_seal
from meterai.stamping.placement import Placement
from meterai.stamping.requests import ExtendRequest, SealRequest, Stamp
from meterai.stamping.signer.cms import build_cms
from meterai.stamping.signer.filling import fill
from meterai.stamping.signer.private_keys.code_key import CodeKey
from meterai.stamping.signer.private_keys.software_key import SoftwareKey
from meterai.stamping.signer.time_stamp_client import TokenChecker, make_query
from meterai.verification.in_jail import judge
from meterai.verification.model import SEAL_HOLDS, Covers, JudgeRequest, RegisterAnswer, Verdict
from meterai.verification.trust import load_trust
from meterai.verification.use_cases.judge_document import JUDGE, judge_document
from meterai.verification.use_cases.picture_of_stamp import RENDER, picture_of_stamp
from sandbox.pki.authority import Algorithm, make_pki
from sandbox.tsa.authority import TimeStampAuthority
from tests.verification.making import certificate, letter
from tests.verification.pyhanko_says import agrees

pytestmark = pytest.mark.asyncio(loop_scope="module")
SERIALS = [make_serial(bytes([number]) * 32) for number in range(3, 23, 2)]


class InProcessTimestamper:
    """Asks the authority without a socket."""

    def __init__(self, folder: Path) -> None:
        self._authority = TimeStampAuthority(folder)
        self._checker = TokenChecker(
            [(folder / "root.pem").read_bytes(), (folder / "intermediate.pem").read_bytes()],
            lambda: datetime.now(UTC),
        )

    async def stamp(self, imprint: bytes) -> bytes:
        return self._checker.check(self._authority.respond(make_query(imprint, 5)), imprint, 5)


@pytest.fixture(scope="module", params=["rsa-2048", "p-256"])
def pki(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    algorithm: Algorithm = request.param
    return make_pki(tmp_path_factory.mktemp("pki") / algorithm, algorithm)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def jail() -> AsyncIterator[JailPool]:
    pool = JailPool([JUDGE, RENDER])
    await pool.start()
    yield pool
    await pool.close()


def wanted(pki: Path, serial: SerialNumber, number: int, page: int = 1) -> Stamp:
    key, day = CodeKey.load(pki), date(2026, 9, 4)
    signature = key.sign(code_message(serial, day, key.key_id))
    code = encode_code("https://meterai.example", serial, day, key_id=key.key_id, signature=signature)
    return Stamp(
        serial=serial,
        code=code,
        placement=Placement(page=page, x=60 + 120 * (number % 4), y=100 + 120 * (number // 4), size=90),
    )


async def seal(pki: Path, data: bytes, count: int) -> bytes:
    """The document with `count` stamps."""
    key, timestamper = SoftwareKey.load(pki), InProcessTimestamper(pki)
    stamps = [wanted(pki, serial, number) for number, serial in enumerate(SERIALS[:count])]
    for index in range(count):
        prepared = prepare_seal(
            SealRequest(data=data, stamps=stamps, index=index, signing_time=datetime.now(UTC))
        )
        cms = await build_cms(prepared.digest, key, timestamper)
        data = fill(prepared.data, prepared.gap_start, prepared.gap_end, cms)
    return data


@pytest.mark.parametrize("count", [1, 2, 3])
async def test_our_own_seals_are_genuine(pki: Path, jail: JailPool, count: int) -> None:
    data = await seal(pki, letter(pages=2), count)
    judgement = await judge_document(None, jail, data, trust=load_trust(pki / "trust"), now=datetime.now(UTC))
    assert judgement.reasons == ("genuine", "register.not_asked")
    assert judgement.verdict is Verdict.GENUINE
    assert judgement.register is RegisterAnswer.NOT_ASKED
    assert [s.serial for s in judgement.stamps] == SERIALS[:count]
    assert judgement.stamps[-1].covers is Covers.WHOLE_FILE
    agrees(data, judgement, load_trust(pki / "trust").roots_pem)
    for number, found in enumerate(judgement.stamps):
        assert found.box is not None
        assert (round(found.box.x), round(found.box.y)) == (60 + 120 * number, 100)
        assert found.stamped_at is not None
        assert abs(found.stamped_at - datetime.now(UTC)) < timedelta(minutes=1)


async def test_the_place_is_right_on_a_turned_and_cropped_page(pki: Path, jail: JailPool) -> None:
    with pikepdf.open(io.BytesIO(letter())) as pdf:
        pdf.pages[0].CropBox = [10, 20, 500, 700]
        pdf.pages[0].Rotate = 90
        out = io.BytesIO()
        pdf.save(out)
    data = await seal(pki, out.getvalue(), 1)
    judgement = await judge_document(None, jail, data, trust=load_trust(pki / "trust"), now=datetime.now(UTC))
    (found,) = judgement.stamps
    assert found.box is not None
    assert [round(n) for n in (found.box.x, found.box.y, found.box.width)] == [60, 100, 90]


async def test_the_picture_of_a_stamp_shows_its_place(pki: Path, jail: JailPool) -> None:
    data = await seal(pki, letter(), 1)
    (found,) = (
        await judge_document(None, jail, data, trust=load_trust(pki / "trust"), now=datetime.now(UTC))
    ).stamps
    assert found.page is not None
    assert found.box is not None
    picture = await picture_of_stamp(jail, data, page=found.page, box=found.box, owner="")
    image = Image.open(io.BytesIO(picture.jpeg)).convert("L")
    assert abs(image.width - 480) <= 1, "rounded to whole dots"
    assert 0.9 < image.width / image.height < 1.1
    assert min(image.tobytes()) < 60, "the stamp has dark modules"


async def test_the_picture_of_a_stamp_shows_its_place_on_a_page_of_large_units(
    pki: Path, jail: JailPool
) -> None:
    """All but the stamp's place is green: units of two points, as posters have them. A little around is
    shown."""
    pdf = pikepdf.new()
    page = pdf.add_blank_page(page_size=(297, 421)).obj
    page["/UserUnit"] = 2
    page["/Contents"] = pdf.make_stream(b"0 1 0 rg 0 0 297 421 re f 1 g 30 50 45 45 re f")
    out = io.BytesIO()
    pdf.save(out)
    data = await seal(pki, out.getvalue(), 1)
    (found,) = (
        await judge_document(None, jail, data, trust=load_trust(pki / "trust"), now=datetime.now(UTC))
    ).stamps
    assert found.page is not None
    assert found.box is not None
    picture = await picture_of_stamp(jail, data, page=found.page, box=found.box, owner="")
    whole = Image.open(io.BytesIO(picture.jpeg)).convert("RGB")
    around = whole.width * 24 / (found.box.width + 48)
    image = whole.crop((int(around) + 10,) * 2 + (int(whole.width - around) - 10,) * 2)
    red, green, _ = whole.split()
    assert ImageChops.subtract(green, red).getextrema()[1] > 200, "the page around the stamp"
    assert image.getextrema()[0][0] < 60, "the stamp has dark modules"
    red, green, _ = image.split()
    assert ImageChops.subtract(green, red).getextrema()[1] < 60, "none of it in the stamp's place"


@pytest.mark.parametrize(
    "extensions", [b"<< /ACME << /ExtensionLevel 3 /Note (x) >> >>", b"<< /ACME 3 >>", b"[]", b"/ADBE"]
)
async def test_unusual_extensions_that_were_there_before_do_no_harm(pki: Path, extensions: bytes) -> None:
    """Archive data follow the stamp: only then anybody looks at them."""
    with pikepdf.open(io.BytesIO(letter())) as pdf:
        pdf.Root["/Extensions"] = pikepdf.Object.parse(extensions)
        out = io.BytesIO()
        pdf.save(out)
    request = ExtendRequest(
        data=await seal(pki, out.getvalue(), 1),
        certificates=[certificate(pki / "intermediate.pem").dump()],
        crls=[],
        ocsp_responses=[],
        token_bytes=0,
        identity=bytes(16),
    )
    data = extend(request).data
    judged = judge(JudgeRequest(data=data, trust=load_trust(pki / "trust"), moment=datetime.now(UTC)))
    assert judged.reasons == ("genuine",)


@pytest.mark.parametrize("step", [97])
async def test_a_flipped_bit_in_our_own_seal_is_noticed(pki: Path, step: int) -> None:
    """The exact form must leave no free byte in the structures that our engine makes, with either key."""
    data = await seal(pki, letter(), 1)
    trust, now = load_trust(pki / "trust"), datetime.now(UTC)
    assert judge(JudgeRequest(data=data, trust=trust, moment=now)).verdict is Verdict.GENUINE
    start = data.rindex(b"/Contents <") + 11
    for position in range(start, start + 8000, step):
        for bit in (0, 5):
            flipped = data[:position] + bytes([data[position] ^ 1 << bit]) + data[position + 1 :]
            judgement = judge(JudgeRequest(data=flipped, trust=trust, moment=now))
            assert judgement.verdict not in SEAL_HOLDS, (position - start, bit)
