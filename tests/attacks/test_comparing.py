"""What is read from drawn pages, and by other programs, told by hand: each answer alone decides."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from datetime import date
from types import SimpleNamespace

import pytest

from meterai.kernel.refusals import Kind, Refusal
from meterai.signatures.stamp_code import encode_code
from meterai.verification.in_jail import afterwards
from meterai.verification.in_jail.looks import comparison, judged_faces
from meterai.verification.in_jail.looks.machine_codes import Code
from meterai.verification.in_jail.second_opinion import Changes
from meterai.verification.model import Box, Judgement, Verdict
from tests.attacks.bases import Bases
from tests.attacks.signing import BLANK, signed_by_somebody
from tests.verification.making import SERIAL

CODE = encode_code("https://meterai.example", SERIAL, date(2026, 9, 5), key_id=1, signature=bytes(64))
LEFT, BOTTOM, RIGHT, TOP = BLANK
CHANGED = (Verdict.NOT_GENUINE, ("file.changed_after", "note.other_signature"))


def answer(judgement: Judgement) -> tuple[Verdict, tuple[str, ...]]:
    return judgement.verdict, judgement.reasons


def box(left: float, bottom: float, right: float, top: float) -> Box:
    return Box(x=left, y=bottom, width=right - left, height=top - bottom)


def with_code(bases: Bases, data: bytes, place: Box, text: str = CODE) -> Judgement:
    """The judgement when one code is read from the first page."""

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(judged_faces, "codes_near", lambda *_: [Code(text, place)])
        return bases.judge(data)


@pytest.mark.parametrize(
    ("place", "touches"),
    [
        ((LEFT - 30, BOTTOM, LEFT + 1, TOP), True),
        ((RIGHT - 1, BOTTOM, RIGHT + 30, TOP), True),
        ((LEFT, BOTTOM - 30, RIGHT, BOTTOM + 1), True),
        ((LEFT, TOP - 1, RIGHT, TOP + 30), True),
        ((LEFT - 30, BOTTOM, LEFT, TOP), False),
        ((RIGHT, BOTTOM, RIGHT + 30, TOP), False),
        ((LEFT, BOTTOM - 30, RIGHT, BOTTOM), False),
        ((LEFT, TOP, RIGHT, TOP + 30), False),
    ],
)
def test_a_code_of_a_stamp_is_worn_by_the_face_that_it_touches(
    bases: Bases, place: tuple[float, float, float, float], touches: bool
) -> None:
    judgement = with_code(bases, bases["signed afterwards"], box(*place))
    assert (answer(judgement) == CHANGED) is touches
    assert (judgement.verdict is Verdict.WITH_ADDITIONS) is not touches


def test_a_code_on_one_of_two_faces_is_enough(bases: Bases) -> None:
    data = signed_by_somebody(bases["signed afterwards"], name="Siti", box=(300, 300, 500, 360))
    assert with_code(bases, data, box(0, 0, 1, 1)).verdict is Verdict.WITH_ADDITIONS
    for face in (BLANK, (300, 300, 500, 360)):
        assert answer(with_code(bases, data, box(*face))) == CHANGED


def test_a_face_with_another_code_than_that_of_a_stamp_can_not_be_judged(bases: Bases) -> None:
    judgement = with_code(bases, bases["signed afterwards"], box(*BLANK), "https://contoh.id/")
    assert judgement.verdict is Verdict.CANNOT_CHECK
    assert "addition.unclear" in judgement.reasons


def test_only_a_code_that_lies_wholly_in_a_stamp_of_ours_is_that_stamps(bases: Bases) -> None:
    """Else a signature that touches a stamp, or shares a page with one, could wear a code of its own."""
    own = bases.judge(bases["to be signed"]).stamps[-1].box
    assert own is not None
    left, bottom, right, top = own.x, own.y, own.x + own.width, own.y + own.height
    beside = (round(right) - 1, round(bottom), round(right) + 100, round(top))
    data = signed_by_somebody(bases["to be signed"], box=beside)
    assert with_code(bases, data, own).verdict is Verdict.WITH_ADDITIONS
    for beyond in (
        (left - 1, bottom, right, top),
        (left, bottom - 1, right, top),
        (left, bottom, right + 1, top),
        (left, bottom, right, top + 1),
    ):
        assert answer(with_code(bases, data, box(*beyond))) == CHANGED, beyond


def test_what_is_too_heavy_to_be_drawn_can_not_be_compared(
    bases: Bases, monkeypatch: pytest.MonkeyPatch
) -> None:
    def inspect(_: object) -> None:
        raise Refusal(Kind.INVALID, "pdf.too_heavy")

    monkeypatch.setattr(comparison, "inspect", inspect)
    judgement = bases.judge(bases["signed afterwards"])
    assert answer(judgement) == (Verdict.CANNOT_CHECK, ("pdf.too_heavy",))


def test_who_counts_other_pages_sees_another_document(bases: Bases, monkeypatch: pytest.MonkeyPatch) -> None:
    data = bases["signed afterwards"]
    with monkeypatch.context() as patch:
        patch.setattr(comparison, "inspect", lambda _: SimpleNamespace(pages=[None, None]))
        assert answer(bases.judge(data)) == CHANGED
    for counts in ((2, 1), (1, 2), (2, 2)):
        with monkeypatch.context() as patch:
            patch.setattr(comparison, "opened", _counting(counts))
            assert answer(bases.judge(data)) == CHANGED, counts


def _counting(counts: tuple[int, int]) -> Callable[[bytes], AbstractContextManager[list[None]]]:
    """Opens files that have so many pages, one after the other."""
    numbers = iter(counts)
    return lambda _: nullcontext([None] * next(numbers))


@pytest.mark.parametrize("level", ["ANNOTATIONS", "OTHER"])
def test_no_other_changes_than_signatures_pass_whatever_pyhanko_allows(
    bases: Bases, monkeypatch: pytest.MonkeyPatch, level: str
) -> None:
    def changes_after(*_: object) -> Changes:
        return Changes(level=level, fields=frozenset(), allowed=True)

    monkeypatch.setattr(afterwards, "changes_after", changes_after)
    assert answer(bases.judge(bases["signed afterwards"])) == CHANGED
