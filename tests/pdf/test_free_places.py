"""On a file that carries a signature a stamp covers nothing: proposed places are free, and others refused."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import UTC, datetime

import pikepdf
import pytest

from meterai.kernel.refusals import Refusal
from meterai.pdf.ink import ink_under
from meterai.pdf.ink_kinds import Ink
from meterai.pdf.limits import DEFAULT_LIMITS
from meterai.pdf.opening.structure import open_document
from meterai.pdf.profiles import Profile
from meterai.stamping.in_jail.places.covering import look_under
from meterai.stamping.in_jail.places.free_places import find_free_places, propose_free_place
from meterai.stamping.in_jail.preparation import prepare_seal
from meterai.stamping.in_jail.reception import receive
from meterai.stamping.placement import Placement, overlap
from meterai.stamping.requests import (
    OutputLimits,
    PlacesRequest,
    ProposeRequest,
    ReceptionRequest,
    SealRequest,
)
from tests.attacks.signing import signed_by_somebody
from tests.pdf import samples, signed_files
from tests.pdf.sealing import SealingBench
from tests.pdf.test_ink import DRAWN, NOTHING, page, scanned, text

PLACE = Placement(page=1, x=300, y=100)
SIGNATURE = (40, 40, 140, 80)


def signed(content: bytes, **boxes: object) -> bytes:
    return signed_by_somebody(page(content, **boxes), box=SIGNATURE)  # type: ignore[arg-type]


def prepared(data: bytes, *places: Placement, bench: SealingBench, profile: Profile = Profile.SIGNED) -> None:
    stamps = [bench.stamp(place, str(number)) for number, place in enumerate(places)]
    prepare_seal(SealRequest(data=data, stamps=stamps, profile=profile, signing_time=datetime.now(UTC)))


def refusal_of(action: Callable[[], object]) -> str:
    with pytest.raises(Refusal) as caught:
        action()
    return caught.value.code


@pytest.mark.everyday(one_in=3)
@pytest.mark.parametrize("name", DRAWN)
def test_a_stamp_on_ink_is_refused_by_the_one_that_prepares_it(name: str, bench: SealingBench) -> None:
    data = signed(DRAWN[name])
    assert refusal_of(lambda: prepared(data, PLACE, bench=bench)) == "placement.covers"
    (seen,) = look_under(PlacesRequest(data=data, placements=[PLACE], signed=True)).placements
    assert seen.covers is Ink.DRAWN


@pytest.mark.everyday(one_in=3)
@pytest.mark.parametrize("name", NOTHING)
def test_a_stamp_may_lie_on_lines_and_on_its_own_name(name: str, bench: SealingBench) -> None:
    prepared(signed(NOTHING[name]), PLACE, bench=bench)


def test_a_file_without_signatures_may_be_covered(bench: SealingBench) -> None:
    prepared(page(DRAWN["an amount"]), PLACE, bench=bench, profile=Profile.FINAL)


@pytest.mark.parametrize("place", [(60, 60), (100, 30), (139, 79), (0, 0)])
def test_no_stamp_lies_over_a_signature(place: tuple[int, int], bench: SealingBench) -> None:
    over = Placement(page=1, x=place[0], y=place[1])
    assert refusal_of(lambda: prepared(signed(b""), over, bench=bench)) == "placement.covers"


async def test_no_stamp_lies_over_one_of_another_order(bench: SealingBench) -> None:
    first = await bench.seal(page(b""), bench.stamp(PLACE, "satu"), profile=Profile.SIGN_LATER)
    beside, over = Placement(page=1, x=400, y=100), Placement(page=1, x=340, y=150)
    prepared(first, beside, bench=bench)
    assert refusal_of(lambda: prepared(first, over, bench=bench)) == "placement.covers"


def test_each_of_several_stamps_is_looked_at(bench: SealingBench) -> None:
    data = signed(text(310, 540, "Rp 1.000.000"))
    free, covering = Placement(page=1, x=300, y=100), Placement(page=1, x=300, y=500)
    assert refusal_of(lambda: prepared(data, free, covering, bench=bench)) == "placement.covers"


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
@pytest.mark.parametrize("user_unit", [1.0, 2.0])
def test_the_page_is_looked_at_as_people_see_it(rotation: int, user_unit: float, bench: SealingBench) -> None:
    data = signed(b"300 400 20 20 re f", rotation=rotation, user_unit=user_unit)
    box = open_document(data, DEFAULT_LIMITS).pages[0].box
    left, bottom, _, _ = box.to_visible((300, 400, 320, 420))
    over = Placement(page=1, x=left - 10, y=bottom - 10)
    assert refusal_of(lambda: prepared(data, over, bench=bench)) == "placement.covers"
    prepared(data, Placement(page=1, x=left + 60 * user_unit, y=bottom + 60 * user_unit), bench=bench)


WORDS = "Saya menyatakan bahwa data ini benar. "
LINES = b"".join(text(60, 800 - 16 * line, WORDS) for line in range(30))
FULL_LINES = [text(40, 830 - 12 * line, WORDS * 3) for line in range(69)]
FULL = b"".join(FULL_LINES)
FILES: dict[str, Callable[[], bytes]] = {
    "a letter": lambda: signed_files.signed(samples.letter()),
    "a letter of two pages": lambda: signed_files.signed(samples.letter(2)),
    "half a page": lambda: signed(LINES),
    "a page turned": lambda: signed(LINES, rotation=90),
    "a scan": lambda: signed_by_somebody(scanned(page(LINES)), box=SIGNATURE),
    "an empty field at the usual place": lambda: with_a_field((380, 150, 520, 260)),
    "text at the usual place": lambda: signed(LINES + text(390, 200, "Direktur Utama")),
    "a small place": lambda: signed(b"".join(FULL_LINES[:57])),
}  # fmt: skip


def with_a_field(place: tuple[float, ...]) -> bytes:
    """An empty field looks like paper, but somebody may fill it."""
    with pikepdf.open(io.BytesIO(page(LINES))) as pdf:
        field = pikepdf.Dictionary(
            Type=pikepdf.Name.Annot,
            Subtype=pikepdf.Name.Widget,
            FT=pikepdf.Name.Tx,
            T="nama",
            Rect=list(place),
        )
        pdf.pages[0].obj["/Annots"] = pikepdf.Array([pdf.make_indirect(field)])
        pdf.Root["/AcroForm"] = pikepdf.Dictionary(Fields=pdf.pages[0].obj["/Annots"])
        pdf.save(out := io.BytesIO())
    return signed_by_somebody(out.getvalue(), box=SIGNATURE)


@pytest.mark.everyday(one_in=3)
@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("count", [1, 2])
def test_what_is_proposed_is_free(name: str, count: int) -> None:
    data = FILES[name]()
    found = receive(ReceptionRequest(data=data, stamps=count, limits=OutputLimits()))
    assert found.profile is Profile.SIGNED
    assert len(found.placements) == count
    for place in found.placements:
        assert ink_under(data, place.page, place.rectangle) is Ink.NOTHING
    assert {place.covers for place in found.placements} == {Ink.NOTHING}
    request = PlacesRequest(data=data, placements=found.placements, signed=True)
    assert look_under(request).placements == found.placements
    assert count == 1 or not overlap(*found.placements)


def two_pages(first: bytes, last: bytes) -> bytes:
    with pikepdf.open(io.BytesIO(page(first))) as pdf, pikepdf.open(io.BytesIO(page(last))) as other:
        pdf.pages.append(other.pages[0])
        pdf.save(out := io.BytesIO())
    return signed_by_somebody(out.getvalue(), box=SIGNATURE)


def test_an_earlier_page_is_taken_if_the_last_one_is_full() -> None:
    data = two_pages(LINES, FULL)
    found = receive(ReceptionRequest(data=data, stamps=1, limits=OutputLimits()))
    assert [place.page for place in found.placements] == [1]


@pytest.mark.long
def test_a_full_file_is_refused_before_anybody_pays() -> None:
    data = two_pages(FULL, FULL)
    request = ReceptionRequest(data=data, stamps=1, limits=OutputLimits())
    assert refusal_of(lambda: receive(request)) == "placement.no_free_place"
    pages = open_document(data, DEFAULT_LIMITS).pages
    assert refusal_of(lambda: find_free_places(data, pages, 1)) == "placement.no_free_place"


def test_another_place_is_proposed_beside_those_that_are_taken() -> None:
    data = signed(LINES)
    wanted = {"data": data, "page": 1, "width_pt": 595.28, "height_pt": 841.89}
    first = propose_free_place(ProposeRequest(**wanted))  # type: ignore[arg-type]
    second = propose_free_place(ProposeRequest(**wanted, taken=[first]))  # type: ignore[arg-type]
    assert not overlap(first, second)
    full = {**wanted, "data": two_pages(FULL, FULL)}
    assert refusal_of(lambda: propose_free_place(ProposeRequest(**full))) == "placement.no_free_place"  # type: ignore[arg-type]


def test_a_small_page_has_a_free_place_at_its_edge() -> None:
    small = samples.page_file(content=b"", media=(0, 0, 300, 144))
    data = signed_by_somebody(small, box=(10, 10, 290, 70))
    (place,) = receive(ReceptionRequest(data=data, stamps=1, limits=OutputLimits())).placements
    assert ink_under(data, 1, place.rectangle) is Ink.NOTHING
    assert place.y >= 70
