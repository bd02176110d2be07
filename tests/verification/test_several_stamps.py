"""Several stamps of ours on one document: what happened between them, and what it costs to find out."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.writer import PdfFileWriter

from meterai.kernel.serial_number import make_serial
from meterai.pdf.page_box import PageBox
from meterai.verification.in_jail import additions, history, judge
from meterai.verification.in_jail.document import Unreadable, open_document
from meterai.verification.in_jail.looks import judged_faces
from meterai.verification.in_jail.steps import only_stamps_between
from meterai.verification.model import Box, JudgeRequest, Verdict
from meterai.verification.trust import load_trust
from sandbox.pki.authority import make_pki
from tests.attacks.archive import strange_authority
from tests.verification.making import SECOND, Stamper, append_revision, fill_field, letter, stamp
from tests.verification.test_changed import EDITS, form_letter, swap_field_value
from tests.verification.test_our_engine import seal

Edit = Callable[[IncrementalPdfFileWriter], None]
THIRD = make_serial(b"\x33" * 32)


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_pki(tmp_path_factory.mktemp("several") / "pki")


def only_stamps(data: bytes) -> bool:
    document = open_document(data)
    return only_stamps_between(document, [s for s in document.signatures if s.serial])


@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: edit.__name__.strip("_"))
def test_a_change_between_two_stamps_of_ours_is_noticed(
    stamper: Stamper, both: tuple[bytes, bytes], edit: Edit
) -> None:
    """Our own last seal over the whole file does not heal what was changed after the first one."""
    try:
        changed = fill_field(append_revision(both[0], edit), stamper, SECOND, certify=False)
    except Exception:
        pytest.skip("pyHanko does not sign what this edit left")
    assert stamper.judge(changed).verdict is Verdict.NOT_GENUINE


@pytest.mark.parametrize("edit", EDITS[::2], ids=lambda edit: edit.__name__.strip("_"))
def test_a_change_in_the_second_stamps_own_revision_is_noticed(
    stamper: Stamper, both: tuple[bytes, bytes], edit: Edit
) -> None:
    try:
        changed = fill_field(both[0], stamper, SECOND, certify=False, edit=edit)
    except Exception:
        pytest.skip("pyHanko does not sign what this edit left")
    assert stamper.judge(changed).verdict is Verdict.NOT_GENUINE


@pytest.mark.parametrize("name", [None, "Meterai"])
def test_a_stamp_that_was_taken_out_of_the_form_is_missed(
    stamper: Stamper, name: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its face still stands on the page, so a person would count two stamps. Its field's name may be another
    stamp's since.
    """

    def forget(writer: IncrementalPdfFileWriter) -> None:
        writer.root["/AcroForm"]["/Fields"].clear()
        writer.update_container(writer.root["/AcroForm"]["/Fields"])

    first = stamp(letter(), stamper, certify=None, name=name)
    data = stamp(append_revision(first, forget), stamper, SECOND, certify=None, name=name)
    judgement = stamper.judge(data)
    assert judgement.verdict is Verdict.NOT_GENUINE
    strange = [] if name is None else ["stamp.serial"]  # of a name that no stamp has by right
    assert list(judgement.reasons) == [*strange, "stamp.removed"]
    document = open_document(data)
    earlier = document.reader.xrefs.total_revisions - 1
    monkeypatch.setattr(history, "REVISIONS_MAX", earlier)
    assert history.stamps_removed(document)
    monkeypatch.setattr(history, "REVISIONS_MAX", earlier - 1)  # more than are looked at is no pass
    with pytest.raises(Unreadable):
        history.stamps_removed(document)


@pytest.mark.parametrize(
    ("heights", "large"), [([300], False), ([301], True), ([300, 300], False), ([300, 200, 101], True)]
)
def test_the_faces_of_who_signed_behind_a_stamp_take_a_sixth_and_together_a_third_of_their_page(
    heights: list[float], large: bool
) -> None:
    paper = PageBox(x0=0, y0=0, x1=600, y1=600, rotation=0)
    faces = [Box(x=200 * n, y=0, width=200, height=height) for n, height in enumerate(heights)]
    assert judged_faces._are_large(faces, paper) is large


def test_a_face_of_more_parts_than_are_looked_at_is_no_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    writer = PdfFileWriter()
    parts = generic.ArrayObject(writer.add_object(generic.DictionaryObject()) for _ in range(4))
    monkeypatch.setattr(additions, "_PARTS_MAX", 4)
    assert not additions._has_layers(parts, layered=False)
    monkeypatch.setattr(additions, "_PARTS_MAX", 3)
    with pytest.raises(Unreadable):
        additions._has_layers(parts, layered=False)


def test_a_form_value_swapped_before_our_second_stamp_is_not_genuine(stamper: Stamper) -> None:
    """pyHanko finds nothing wrong with it, and our second seal covers the whole file."""
    first = stamp(form_letter(), stamper, certify=None)
    honest = stamp(first, stamper, SECOND, certify=None, at=(180, 100))
    assert stamper.judge(honest).verdict is Verdict.WITH_ADDITIONS
    changed = stamp(append_revision(first, swap_field_value), stamper, SECOND, certify=None)
    judgement = stamper.judge(changed)
    assert judgement.verdict is Verdict.NOT_GENUINE
    assert judgement.reasons == ("file.changed_after",)


def test_a_stamp_of_another_issuer_lies_under_our_last_one_or_behind_it(stamper: Stamper) -> None:
    first = stamp(letter(), stamper, certify=None)
    strange = stamp(first, stamper, THIRD, signer=strange_authority(), certify=None, visible=False)
    judgement = stamper.judge(strange)
    assert (judgement.verdict, judgement.reasons) == (Verdict.CANNOT_CHECK, ("stamp.foreign_issuer",))
    judgement = stamper.judge(stamp(strange, stamper, SECOND, certify=None, at=(180, 100)))
    assert (judgement.verdict, judgement.reasons) == (
        Verdict.WITH_ADDITIONS,
        ("file.additions", "note.foreign_stamp"),
    )


async def test_our_own_several_stamps_are_recognised_step_by_step(pki: Path) -> None:
    """What the engine makes needs no comparison of pages; anything appended to it does."""
    data = await seal(pki, letter(pages=2), 3)
    assert only_stamps(data)
    followed = append_revision(data, lambda writer: writer.update_root())
    assert only_stamps(followed), "what follows the last one is another question"
    trust, now = load_trust(pki / "trust"), datetime.now(UTC)
    assert judge(JudgeRequest(data=data, trust=trust, moment=now)).verdict is Verdict.GENUINE
    assert judge(JudgeRequest(data=data + b"\n", trust=trust, moment=now)).verdict is Verdict.NOT_GENUINE


async def test_a_step_that_does_more_than_fill_its_field_is_compared_in_full(pki: Path) -> None:
    """Each change is made to what was read of a file that is a mere filling."""
    data = await seal(pki, letter(pages=2), 2)
    page, other_page = (generic.IndirectObject(*one.reference, None) for one in open_document(data).pages)
    other_name = open_document(data).signatures[0].field_object.get_object().raw_get("/T")
    *corners, top = open_document(data).signatures[1].field_object.get_object()["/Rect"]
    for number, key, value in (
        (1, "/T", other_name),
        (1, "/P", other_page),
        (1, "/Rect", generic.ArrayObject([*corners, generic.NumberObject(int(top) + 1)])),
        (1, "/Rect", generic.ArrayObject(corners)),
        (1, "/Rect", generic.pdf_name("/None")),
        (0, "/Lock", generic.DictionaryObject()),
        (1, "/Rect", generic.ArrayObject([generic.NumberObject(n) for n in (0, 0, 500, 500)])),
        (1, "/F", generic.NumberObject(2)),
        (1, "/TM", generic.NumberObject(1)),
        (1, "/AP", generic.DictionaryObject({generic.pdf_name("/N"): page})),
        (1, "/AP", generic.DictionaryObject({generic.pdf_name("/D"): page})),
    ):
        document = open_document(data)
        stamps = list(document.signatures)
        assert only_stamps_between(document, stamps)
        stamps[number].field_object.get_object()[generic.pdf_name(key)] = value
        assert not only_stamps_between(document, stamps), (key, value)
    document = open_document(data)
    del document.signatures[1].field_object.get_object()["/Rect"]
    assert not only_stamps_between(document, list(document.signatures)), "it lost its place"


async def test_a_step_brings_new_objects_and_nothing_else(pki: Path) -> None:
    """Each finding names a section that does nothing of the kind."""
    data = await seal(pki, letter(pages=2), 2)

    def told(**otherwise: Callable[[Any], object]) -> bool:
        document = open_document(data)
        xrefs = document.reader.xrefs
        for name, changed in otherwise.items():
            true = getattr(xrefs, name)
            setattr(xrefs, name, lambda *asked, true=true, changed=changed: changed(true(*asked)))
        return only_stamps_between(document, list(document.signatures))

    page = generic.Reference(*open_document(data).pages[0].reference, None)
    nobody = generic.Reference(page.idnum, 7, None)
    field = open_document(data).signatures[1].field_object.reference
    assert told()
    assert told(refs_freed_in_revision=lambda _: set(), object_streams_used_in=lambda _: set())
    assert not told(refs_freed_in_revision=lambda _: {page}), "an object is taken away"
    assert not told(object_streams_used_in=lambda _: {page}), "an object stream"
    assert not told(explicit_refs_in_revision=lambda refs: refs | {page}), "an object that was there"
    assert not told(explicit_refs_in_revision=lambda refs: refs | {nobody}), "a number that waited unused"
    assert not told(explicit_refs_in_revision=lambda refs: refs - {field}), "its field is left alone"
    assert not told(get_historical_ref=lambda place: place or 1), "a number beyond the size was in use"


async def test_behind_a_stamp_that_permits_something_else_than_filling_all_is_compared(pki: Path) -> None:
    data = await seal(pki, letter(pages=2), 2)

    def permits(*references: tuple[str, int]) -> bool:
        document = open_document(data)
        document.signatures[0].object[generic.pdf_name("/Reference")] = generic.ArrayObject(
            generic.DictionaryObject(
                {
                    generic.pdf_name("/TransformMethod"): generic.pdf_name(method),
                    generic.pdf_name("/TransformParams"): generic.DictionaryObject(
                        {generic.pdf_name("/P"): generic.NumberObject(level)}
                    ),
                }
            )
            for method, level in references
        )
        return only_stamps_between(document, list(document.signatures))

    assert permits()
    assert permits(("/DocMDP", 2))
    assert not permits(("/DocMDP", 1)), "no changes"
    assert not permits(("/DocMDP", 3)), "notes, too"
    assert not permits(("/FieldMDP", 2)), "a field is locked"
    assert not permits(("/DocMDP", 2), ("/FieldMDP", 2))


async def test_of_three_stamps_each_closes_its_revision_behind_the_one_before_it(pki: Path) -> None:
    document = open_document(await seal(pki, letter(pages=2), 3))
    stamps = list(document.signatures)
    ends = [s.byte_range.end for s in stamps if s.byte_range]
    assert only_stamps_between(document, stamps)
    for number, told in (
        (0, {"end": ends[0] - 8}),
        (1, {"end": ends[1] - 8}),
        (1, {"gap_start": ends[0] - 1}),
    ):
        shape = stamps[number].byte_range
        assert shape is not None
        other = msgspec.structs.replace(stamps[number], byte_range=msgspec.structs.replace(shape, **told))
        assert not only_stamps_between(document, [*stamps[:number], other, *stamps[number + 1 :]]), told
    stamps[0].field_object.get_object()[generic.pdf_name("/Lock")] = generic.DictionaryObject()
    assert not only_stamps_between(document, stamps), "the first step, though the second is right"


@pytest.mark.slow
async def test_the_cost_of_judging_grows_with_the_number_of_stamps_and_not_faster(pki: Path) -> None:
    trust = load_trust(pki / "trust")

    def cpu_seconds(data: bytes) -> float:
        start = time.process_time()
        judgement = judge(JudgeRequest(data=data, trust=trust, moment=datetime.now(UTC)))
        assert judgement.verdict is Verdict.GENUINE
        return time.process_time() - start

    one, ten = await seal(pki, letter(), 1), await seal(pki, letter(), 10)
    in_turns = [(cpu_seconds(one), cpu_seconds(ten)) for _ in range(8)]
    spent = [min(times) for times in zip(*in_turns, strict=True)]
    assert spent[1] < 15 * spent[0], spent  # 7.5 to 8.5
