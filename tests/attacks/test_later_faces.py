"""What a signature after the stamp may show and cover: forgeries are seen, honest people are not accused."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import zxingcpp
from PIL import Image
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import SigFieldSpec, append_signature_field

from meterai.kit.settings import Settings
from meterai.pdf.profiles import Profile
from meterai.verification.face_limits import face_limits
from meterai.verification.in_jail import judge
from meterai.verification.model import FaceLimits, Judgement, JudgeRequest, Verdict
from tests.attacks import looks
from tests.attacks.bases import Bases
from tests.attacks.contract import BEHIND_SUM, DOTTED, NAMES, RULED, SCORED, behind, contract
from tests.attacks.looks import Look, Place, signed_in_field, signed_with
from tests.attacks.signing import Edit, signed_by_somebody
from tests.pdf import samples

VECTOR, SCAN, PHOTO, TURNED = "contract", "scanned contract", "photographed contract", "turned contract"
ALL = (VECTOR, SCAN, PHOTO, TURNED)
FREE = (300.0, 400.0)
"""A blank place, far from any text."""
Maker = Callable[[bytes], bytes]


@dataclass(frozen=True)
class Case:
    """A file that was signed after the stamp, by the name of the document that was stamped."""

    name: str
    base: str
    make: Maker


def on(*bases: str, **makers: Maker) -> list[Case]:
    return [Case(name.replace("_", " "), base, make) for name, make in makers.items() for base in bases]


def at(corner: tuple[float, float], look: Callable[[], Look] | Look, page: int = 0) -> Maker:
    """Signed in a new field with its lower left corner there."""
    return lambda data: signed_with(data, "Lain", corner, look() if callable(look) else look, page=page)


def behind_the_sum(look: Look, gap: float = 1) -> Maker:
    return at((BEHIND_SUM.x + gap, BEHIND_SUM.y - 0.25 * look.height), look)


def over_the_sum(look: Look) -> Maker:
    return at((BEHIND_SUM.x - 60, BEHIND_SUM.y - 4), look)


def copy_of_the_stamp(
    side: float, turn: float = 0, change: Callable[[Image.Image], Image.Image] | None = None
) -> Maker:
    def make(data: bytes) -> bytes:
        image = looks.picture_of_stamp(data)
        return signed_with(
            data, "Lain", FREE, looks.picture(change(image) if change else image, side, side, turn)
        )

    return make


def barred(how: str, side: float = 80, turn: float = 0) -> Maker:
    return copy_of_the_stamp(side, turn, lambda image: looks.barred(image, how))


def over_ani(look: Look, by: float = 0) -> Maker:
    """Over Ani's signature, or beside its left part."""

    def make(data: bytes) -> bytes:
        data = signed_with(data, "Ani", FREE, looks.handwriting(120, 40))
        return signed_with(data, "Lain", (FREE[0] + by, FREE[1]), look)

    return make


def in_two_halves(data: bytes) -> bytes:
    image = looks.barred(looks.picture_of_stamp(data), "black code")
    for name, left in (("Kiri", 0), ("Kanan", 200)):
        half = image.crop((left, 0, left + 200, 400))
        data = signed_with(data, name, (FREE[0] + left / 5, FREE[1]), looks.picture(half, 40, 80))
    return data


def own_drawing(side: float) -> Maker:
    return lambda data: signed_with(data, "Lain", FREE, looks.stamps_own_drawing(data, side))


def code(kind: str) -> Look:
    found = zxingcpp.create_barcode("https://contoh.id/periksa/1", getattr(zxingcpp.BarcodeFormat, kind))
    dots = memoryview(found.to_image(scale=4))
    assert dots.shape is not None
    return looks.picture(Image.frombytes("L", (dots.shape[1], dots.shape[0]), dots.tobytes()), 60, 60)


CLAUSE = [f"{n}. Pihak kedua membayar denda sebesar Rp 5.000.000 setiap hari." for n in range(1, 11)]
CHANGED: list[Case] = [
    *on(
        *ALL,
        white_over_the_sum=over_the_sum(looks.sheet(60, 16)),
        nothing_over_the_sum=over_the_sum(looks.sheet(60, 16, opacity=0)),
        half_transparent_over_the_sum=over_the_sum(looks.sheet(60, 16, opacity=0.5)),
        text_over_the_sum=over_the_sum(looks.text("90.000.000", white=True)),
        a_dot_in_the_sum=at((BEHIND_SUM.x - 20, BEHIND_SUM.y), looks.sheet(6, 8, b"0 g")),
        white_over_another_signature=over_ani(looks.sheet(120, 40)),
        transparent_over_another_signature=over_ani(looks.sheet(120, 40, opacity=0)),
        white_over_a_part_of_another_signature=over_ani(looks.sheet(120, 40), by=60),
    ),
    *on(
        VECTOR,
        SCAN,
        white_over_the_stamp=at((50, 110), looks.sheet(60, 60)),
        **{f"a_copy_of_the_stamp_of_{side}_points": copy_of_the_stamp(side) for side in (40, 60, 90, 120)},
        a_turned_copy_of_the_stamp=copy_of_the_stamp(90, 30),
    ),
]
UNCLEAR: list[Case] = [
    *on(
        *ALL,
        noughts_behind_the_sum=behind_the_sum(looks.text(".000", size=12)),
        small_noughts_behind_the_sum=behind_the_sum(looks.text(".000", size=8)),
        large_noughts_behind_the_sum=behind_the_sum(looks.text(".000", size=16)),
        noughts_on_white_behind_the_sum=behind_the_sum(looks.text(".000", white=True)),
        drawn_noughts_behind_the_sum=behind_the_sum(looks.drawn_text(".000")),
        noughts_of_type_3_behind_the_sum=behind_the_sum(looks.type3_text(".000")),
        a_picture_of_noughts_behind_the_sum=behind_the_sum(
            looks.picture(Image.new("L", (40, 12), 90), 26, 12)
        ),
        noughts_20_mm_behind_the_sum=behind_the_sum(looks.text(".000"), gap=57),
        a_word_before_the_line=at((25, BEHIND_SUM.y - 3), looks.text("bukan", size=8)),
        larger_than_90_mm=at((250, 420), looks.sheet(262, 60)),
        higher_than_50_mm=at((300, 350), looks.sheet(180, 146)),
        a_clause=at((60, 370), looks.text(*CLAUSE, size=9, width=420, height=120)),
    ),
    *on(
        VECTOR,
        SCAN,
        **{f"a_code_{kind}": at(FREE, code(kind)) for kind in ("QRCode", "DataMatrix", "Aztec", "PDF417")},
        **{f"a_copy_of_the_stamp_of_{side}_points": copy_of_the_stamp(side) for side in (16, 20)},
        **{
            f"a_stamp_with_{how}".replace(" ", "_"): barred(how)
            for how in ("black bar", "white bar", "no code", "black code", "grey")
        },
        **{
            f"a_barred_stamp_turned_by_{turn}": barred("black bar", 90, turn)
            for turn in (15, 30, 90, 135, 200)
        },
        **{f"a_barred_stamp_of_{side}_points": barred("black code", side) for side in (24, 40, 130)},
        a_barred_stamp_in_two_halves=in_two_halves,
        the_drawing_of_the_stamp_barred=own_drawing(80),
        a_small_drawing_of_the_stamp_barred=own_drawing(30),
    ),
]
HONEST: list[Case] = [
    *on(
        VECTOR,
        SCAN,
        PHOTO,
        on_dots_in_brackets=at((DOTTED.x + 10, DOTTED.y - 4), looks.handwriting(110, 40)),
        over_all_of_the_brackets=at((DOTTED.x - 4, DOTTED.y - 4), looks.handwriting(160, 40)),
        on_a_ruled_line=at((RULED.x + 5, RULED.y - 8), looks.handwriting(130, 45)),
        on_an_underscored_line=at((SCORED.x, SCORED.y - 6), looks.handwriting(140, 40)),
        close_above_a_printed_name=at((NAMES[0].x, NAMES[0].y + 10), looks.handwriting(110, 34)),
        beside_the_stamp=at((140, 100), looks.handwriting(120, 40)),
        more_than_30_mm_behind_text=at((behind("Catatan:", 80).x + 90, 600), looks.handwriting(120, 40)),
        on_the_last_page=at((100, 400), looks.handwriting(200, 100), page=1),
        with_words_on_the_last_page=at(
            (100, 400),
            looks.text("Ditandatangani secara elektronik oleh", "Budi Santoso, S.H.", size=9),
            page=1,
        ),
        as_large_as_allowed=at((60, 360), looks.handwriting(254, 100), page=1),
    ),
    *on(
        VECTOR,
        TURNED,
        in_a_prepared_field=lambda data: signed_in_field(data, "Saksi", looks.handwriting(130, 60)),
        in_a_prepared_field_behind_text=lambda data: signed_in_field(
            data, "Notaris", looks.handwriting(100, 40)
        ),
        in_a_prepared_field_with_a_code=lambda data: signed_in_field(
            data,
            "Saksi",
            looks.beside(looks.code_picture("https://contoh.id/1"), ["Budi", "Santoso"], 130, 60),
        ),
    ),
    Case("two beside each other", VECTOR, over_ani(looks.handwriting(120, 40), by=119)),
]


def judged(bases: Bases, case: Case) -> Judgement:
    return bases.judge(case.make(bases[case.base]))


def _ids(cases: list[Case]) -> Iterator[str]:
    return (f"{case.name} [{case.base}]" for case in cases)


@pytest.mark.everyday(one_in=5)
@pytest.mark.parametrize("case", CHANGED, ids=_ids(CHANGED))
def test_a_signature_over_ink_another_signature_or_with_the_code_of_a_stamp_is_a_change(
    bases: Bases, case: Case
) -> None:
    judgement = judged(bases, case)
    assert judgement.verdict is Verdict.NOT_GENUINE, judgement.reasons
    assert judgement.reasons[0] == "file.changed_after"


@pytest.mark.everyday(one_in=5)
@pytest.mark.parametrize("case", UNCLEAR, ids=_ids(UNCLEAR))
def test_a_signature_that_may_say_something_else_can_not_be_judged(bases: Bases, case: Case) -> None:
    judgement = judged(bases, case)
    assert judgement.verdict is Verdict.CANNOT_CHECK, judgement.reasons
    assert "addition.unclear" in judgement.reasons


@pytest.mark.everyday(one_in=5)
@pytest.mark.parametrize("case", HONEST, ids=_ids(HONEST))
def test_people_who_sign_where_people_sign_are_not_accused(bases: Bases, case: Case) -> None:
    judgement = judged(bases, case)
    assert judgement.verdict is Verdict.WITH_ADDITIONS, judgement.reasons


def test_a_stamp_of_another_order_over_the_sum_is_a_change(bases: Bases) -> None:
    over = bases.sealed(bases[VECTOR], profile=Profile.SIGNED, first=1, corner=(-20, 690))[0]
    judgement = bases.judge(over)
    assert (judgement.verdict, judgement.reasons[0]) == (Verdict.NOT_GENUINE, "file.changed_after")


def test_a_stamp_of_another_order_over_a_signature_is_a_change(bases: Bases) -> None:
    signed = signed_with(bases[VECTOR], "Ani", (300, 400), looks.handwriting(120, 40))
    over = bases.sealed(signed, profile=Profile.SIGNED, first=1, corner=(200, 380))[0]
    assert bases.judge(over).reasons[0] == "file.changed_after"


def test_a_stamp_of_another_order_on_blank_paper_is_an_addition(bases: Bases) -> None:
    beside = bases.sealed(bases[VECTOR], profile=Profile.SIGNED, first=1, corner=(200, 380))[0]
    judgement = bases.judge(beside)
    assert judgement.verdict is Verdict.WITH_ADDITIONS, judgement.reasons
    assert [addition.kind for addition in judgement.additions] == ["stamp"]


def test_stamps_of_one_order_may_lie_over_text(bases: Bases) -> None:
    """Their customer put them there before the file was sealed."""
    sealed = bases.sealed(samples.letter(), 2, profile=Profile.SIGN_LATER, corner=(40, 600))[1]
    assert bases.judge(sealed).verdict is Verdict.GENUINE
    signed = signed_by_somebody(sealed, name="Budi", box=(300, 60, 400, 100))
    assert bases.judge(signed).verdict is Verdict.WITH_ADDITIONS


def test_a_prepared_field_may_not_hide_what_it_lies_on(bases: Bases) -> None:
    place: Place = (BEHIND_SUM.x - 70, BEHIND_SUM.y - 6, BEHIND_SUM.x + 40, BEHIND_SUM.y + 30)
    trap = bases.sealed(_with_a_field(place), profile=Profile.SIGN_LATER)[0]
    white = signed_in_field(trap, "Saksi", looks.text("Rp 90.000", width=110, height=36, white=True))
    assert bases.judge(white).verdict is Verdict.CANNOT_CHECK
    black = signed_in_field(trap, "Saksi", looks.sheet(110, 36, b"0 g"))
    assert bases.judge(black).verdict is Verdict.CANNOT_CHECK
    by_hand = signed_in_field(trap, "Saksi", looks.handwriting(110, 36))
    assert bases.judge(by_hand).verdict is Verdict.WITH_ADDITIONS


def test_a_prepared_field_that_was_moved_is_none(bases: Bases) -> None:
    """Its place is what the sealed document offered, not its name."""
    judgement = bases.judge(
        signed_by_somebody(bases[VECTOR], name="Saksi", edit=_moved("Saksi"), existing=True)
    )
    assert judgement.verdict is Verdict.NOT_GENUINE


def test_a_stamp_in_a_prepared_field_can_not_be_judged(bases: Bases) -> None:
    image = looks.picture_of_stamp(bases[VECTOR])
    barred_one = signed_in_field(bases[VECTOR], "Saksi", looks.picture(looks.barred(image), 60, 60))
    assert bases.judge(barred_one).reasons[0] == "addition.unclear"
    readable = signed_in_field(bases[VECTOR], "Saksi", looks.picture(image, 60, 60))
    assert bases.judge(readable).reasons[0] == "file.changed_after"


def test_the_operator_sets_how_large_a_signature_may_be(bases: Bases) -> None:
    data = signed_with(bases[VECTOR], "Budi", (100, 400), looks.handwriting(200, 100), page=1)
    verdicts = [
        judge(
            JudgeRequest(
                data=data,
                trust=bases.stamper.trust,
                moment=bases.now,
                limits=FaceLimits(width_mm=width, height_mm=height),
            )
        ).verdict
        for width, height in ((71, 36), (36, 71), (70, 36), (71, 35))
    ]
    allowed, refused = Verdict.WITH_ADDITIONS, Verdict.CANNOT_CHECK
    assert verdicts == [allowed, allowed, refused, refused]


def test_the_command_heeds_that_setting_and_its_jail_may_draw_and_read_all_of_a_page(
    bases: Bases, tmp_path: Path
) -> None:
    file = tmp_path / "kontrak.pdf"
    file.write_bytes(signed_with(bases[SCAN], "Budi", (100, 400), looks.handwriting(200, 100), page=1))
    command = [
        sys.executable,
        "-m",
        "meterai.cli",
        "verify",
        str(file),
        "--trust",
        str(bases.folder / "trust"),
    ]
    codes = [
        subprocess.run(
            command, capture_output=True, timeout=60, env={**os.environ, "METERAI_ADDITION_WIDTH_MM": width}
        ).returncode
        for width in ("71", "40")
    ]
    assert codes == [3, 2]


def test_the_settings_of_the_verifier_become_its_limits() -> None:
    settings = Settings(addition_width_mm=40, addition_height_mm=30)
    assert face_limits(settings) == FaceLimits(width_mm=40, height_mm=30)


def _with_a_field(place: Place) -> bytes:
    writer = IncrementalPdfFileWriter(io.BytesIO(contract(fields=False)))
    box = tuple(round(value, 2) for value in place)
    append_signature_field(writer, SigFieldSpec(sig_field_name="Saksi", box=box))  # type: ignore[arg-type]
    writer.write(out := io.BytesIO())
    return out.getvalue()


def _moved(name: str) -> Edit:
    def edit(writer: IncrementalPdfFileWriter) -> None:
        fields = [item.get_object() for item in writer.root["/AcroForm"]["/Fields"]]
        found = next(f for f in fields if str(f["/T"]) == name)
        found["/Rect"] = generic.ArrayObject(map(generic.NumberObject, (300, 400, 430, 460)))
        writer.update_container(found)

    return edit


@pytest.mark.parametrize("pages", [90, 200])
def test_long_documents_that_were_signed_later_are_judged_in_time(bases: Bases, pages: int) -> None:
    sealed = bases.sealed(samples.letter(pages=pages), profile=Profile.SIGN_LATER)[0]
    data = signed_with(sealed, "Budi", (60, 60), looks.handwriting(120, 40), page=pages - 1)
    data = signed_with(data, "Ani", (300, 60), looks.handwriting(120, 40), page=3)
    request = JudgeRequest(data=data, trust=bases.stamper.trust, moment=bases.now)
    started = time.process_time()
    judgement = judge(request)
    assert judgement.verdict is Verdict.WITH_ADDITIONS, judgement.reasons
    assert time.process_time() - started < 4
