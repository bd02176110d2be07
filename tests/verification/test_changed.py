"""A released file that somebody changed afterwards is never genuine, wherever and however it was changed."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name, pdf_string
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner

from meterai.verification.model import SEAL_HOLDS, Verdict
from tests.verification.making import (
    Stamper,
    append_revision,
    byte_range,
    letter,
    stamp,
    stranger,
)

EXAMPLES = settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    derandomize=True,
)


@EXAMPLES
@given(place=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_one_flipped_bit_anywhere_is_noticed(
    stamper: Stamper, stamped: bytes, place: float, bit: int
) -> None:
    position = int(place * len(stamped))
    assert stamper.judge(_flip(stamped, position, bit)).verdict not in SEAL_HOLDS


@EXAMPLES
@given(place=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_one_flipped_bit_in_the_signature_itself_is_noticed(
    stamper: Stamper, stamped: bytes, place: float, bit: int
) -> None:
    """Nothing signs these bytes: the exact form of the CMS structure must leave none of them free."""
    _, start, end, _ = byte_range(stamped)
    used = stamped[start:end].rstrip(b"0>")
    position = start + int(place * len(used))
    assert stamper.judge(_flip(stamped, position, bit)).verdict not in SEAL_HOLDS


def test_a_letter_of_the_signature_in_the_other_case_is_noticed(stamper: Stamper, stamped: bytes) -> None:
    _, start, end, _ = byte_range(stamped)
    position = next(n for n in range(start + 1, end) if stamped[n : n + 1].isalpha())
    assert stamper.judge(_flip(stamped, position, 5)).verdict is Verdict.NOT_GENUINE


def test_a_changed_sum_of_money_is_noticed_and_named(stamper: Stamper, stamped: bytes) -> None:
    position = stamped.index(b"stream") + 20
    judgement = stamper.judge(_flip(stamped, position, 0))
    assert judgement.verdict is Verdict.NOT_GENUINE
    assert judgement.reasons == ("signature.broken",)
    assert not judgement.stamps[0].intact


def _flip(data: bytes, position: int, bit: int) -> bytes:
    return data[:position] + bytes([data[position] ^ 1 << bit]) + data[position + 1 :]


@EXAMPLES
@given(kept=st.floats(0, 1, exclude_max=True))
def test_a_file_cut_off_anywhere_is_never_genuine(stamper: Stamper, stamped: bytes, kept: float) -> None:
    assert stamper.judge(stamped[: int(kept * len(stamped))]).verdict not in SEAL_HOLDS


def test_a_file_cut_back_to_its_first_of_two_stamps_is_not_genuine(
    stamper: Stamper, both: tuple[bytes, bytes]
) -> None:
    judgement = stamper.judge(both[0])
    assert judgement.verdict is Verdict.NOT_GENUINE
    assert judgement.reasons == ("stamp.incomplete",)


@pytest.mark.parametrize(
    "tail",
    [b"\n", b" ", b"\x00", b"%", b"junk\n%%EOF\n", b"%%EOF\n", b"startxref\n0\n%%EOF\n", b"\n" * 2000],
    ids=["newline", "space", "zero", "comment", "junk", "end", "startxref", "newlines"],
)
def test_anything_after_the_end_is_noticed(stamper: Stamper, stamped: bytes, tail: bytes) -> None:
    assert stamper.judge(stamped + tail).verdict not in SEAL_HOLDS


@pytest.mark.parametrize("head", [b"\n", b"junk ", b"%PDF-1.7\n", b"%PDF-1.7\n%%EOF\n"])
def test_anything_before_the_beginning_is_noticed(stamper: Stamper, stamped: bytes, head: bytes) -> None:
    assert stamper.judge(head + stamped).verdict not in SEAL_HOLDS


def _new_content(writer: IncrementalPdfFileWriter) -> None:
    page = writer.root["/Pages"]["/Kids"][0]
    page["/Contents"] = writer.add_object(generic.StreamObject(stream_data=b"0 0 600 800 re f"))
    writer.update_container(page)


def _annotation(writer: IncrementalPdfFileWriter) -> None:
    page = writer.root["/Pages"]["/Kids"][0]
    note = generic.DictionaryObject(
        {
            pdf_name("/Type"): pdf_name("/Annot"),
            pdf_name("/Subtype"): pdf_name("/FreeText"),
            pdf_name("/Contents"): pdf_string("Rp1"),
            pdf_name("/Rect"): generic.ArrayObject(map(generic.NumberObject, (50, 700, 300, 800))),
        }
    )
    page["/Annots"].append(writer.add_object(note))
    writer.update_container(page)
    writer.update_container(page["/Annots"])


def _new_page(writer: IncrementalPdfFileWriter) -> None:
    pages = writer.root["/Pages"]
    pages["/Kids"].append(writer.add_object(generic.DictionaryObject(pages["/Kids"][0])))
    pages["/Count"] = generic.NumberObject(2)
    writer.update_container(pages)


def _stamp_face(writer: IncrementalPdfFileWriter) -> None:
    field = writer.root["/AcroForm"]["/Fields"][0]
    field["/AP"]["/N"] = writer.add_object(
        generic.StreamObject(
            {
                pdf_name("/Type"): pdf_name("/XObject"),
                pdf_name("/Subtype"): pdf_name("/Form"),
                pdf_name("/BBox"): generic.ArrayObject(map(generic.NumberObject, (0, 0, 90, 90))),
            },
            stream_data=b"0 0 90 90 re f",
        )
    )
    writer.update_container(field)


def _moved_stamp(writer: IncrementalPdfFileWriter) -> None:
    field = writer.root["/AcroForm"]["/Fields"][0]
    field["/Rect"] = generic.ArrayObject(map(generic.NumberObject, (0, 0, 600, 800)))
    writer.update_container(field)


def _overlay_field(writer: IncrementalPdfFileWriter) -> None:
    """A text field whose face lies over the letter: allowed by many validators as form filling."""
    page = writer.root["/Pages"]["/Kids"][0]
    face = generic.StreamObject(
        {
            pdf_name("/Type"): pdf_name("/XObject"),
            pdf_name("/Subtype"): pdf_name("/Form"),
            pdf_name("/BBox"): generic.ArrayObject(map(generic.NumberObject, (0, 0, 300, 100))),
        },
        stream_data=b"0 0 300 100 re f",
    )
    field = generic.DictionaryObject(
        {
            pdf_name("/FT"): pdf_name("/Tx"),
            pdf_name("/T"): pdf_string("jumlah"),
            pdf_name("/Subtype"): pdf_name("/Widget"),
            pdf_name("/Rect"): generic.ArrayObject(map(generic.NumberObject, (50, 700, 350, 800))),
            pdf_name("/AP"): generic.DictionaryObject({pdf_name("/N"): writer.add_object(face)}),
        }
    )
    reference = writer.add_object(field)
    page["/Annots"].append(reference)
    writer.root["/AcroForm"]["/Fields"].append(reference)
    writer.update_container(page["/Annots"])
    writer.update_container(writer.root["/AcroForm"]["/Fields"])


def _fonts(writer: IncrementalPdfFileWriter) -> None:
    resources = writer.root["/Pages"]["/Kids"][0]["/Resources"]
    resources["/Font"] = generic.DictionaryObject()
    writer.update_container(resources)


def _metadata_of_catalog(writer: IncrementalPdfFileWriter) -> None:
    writer.root["/OpenAction"] = generic.DictionaryObject(
        {pdf_name("/S"): pdf_name("/JavaScript"), pdf_name("/JS"): pdf_string("app.alert(1)")}
    )
    writer.update_root()


def _no_form(writer: IncrementalPdfFileWriter) -> None:
    del writer.root["/AcroForm"]
    writer.update_root()


EDITS = [
    _new_content,
    _annotation,
    _new_page,
    _stamp_face,
    _moved_stamp,
    _overlay_field,
    _fonts,
    _metadata_of_catalog,
    _no_form,
]


@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: edit.__name__.strip("_"))
@pytest.mark.parametrize("profile", ["final", "to_be_signed", "two"])
def test_a_revision_appended_after_the_stamp_is_not_genuine(
    stamper: Stamper,
    stamped: bytes,
    twice: bytes,
    edit: Callable[[IncrementalPdfFileWriter], None],
    profile: str,
) -> None:
    base = {"final": stamped, "two": twice}.get(profile) or stamp(letter(), stamper, certify=None)
    judgement = stamper.judge(append_revision(base, edit))
    assert judgement.verdict is Verdict.NOT_GENUINE
    assert judgement.reasons[0] in ("file.changed_after", "stamp.removed")


@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: edit.__name__.strip("_"))
def test_a_changed_document_is_not_healed_by_a_strangers_signature(
    stamper: Stamper, edit: Callable[[IncrementalPdfFileWriter], None]
) -> None:
    changed = append_revision(stamp(letter(), stamper, certify=None), edit)
    signer = PdfSigner(PdfSignatureMetadata(field_name="Budi", md_algorithm="sha256"), signer=stranger())
    out = io.BytesIO()
    try:
        signer.sign_pdf(IncrementalPdfFileWriter(io.BytesIO(changed)), output=out)
    except Exception:
        pytest.skip("pyHanko does not sign what this edit left")
    assert stamper.judge(out.getvalue()).verdict is Verdict.NOT_GENUINE


def swap_field_value(writer: IncrementalPdfFileWriter) -> None:
    field = writer.root["/AcroForm"]["/Fields"][0]
    field["/V"] = pdf_string("Penyerang")
    field["/AP"]["/N"] = writer.add_object(
        generic.StreamObject(
            {
                pdf_name("/Type"): pdf_name("/XObject"),
                pdf_name("/Subtype"): pdf_name("/Form"),
                pdf_name("/BBox"): generic.ArrayObject(map(generic.NumberObject, (0, 0, 200, 20))),
            },
            stream_data=b"0 0 200 20 re f",
        )
    )
    writer.update_container(field)


def form_letter() -> bytes:
    """A letter with a text field."""

    def add_field(writer: IncrementalPdfFileWriter) -> None:
        page = writer.root["/Pages"]["/Kids"][0]
        field = generic.DictionaryObject(
            {
                pdf_name("/FT"): pdf_name("/Tx"),
                pdf_name("/T"): pdf_string("penerima"),
                pdf_name("/V"): pdf_string("Badan Kesehatan Dunia"),
                pdf_name("/Type"): pdf_name("/Annot"),
                pdf_name("/Subtype"): pdf_name("/Widget"),
                pdf_name("/Rect"): generic.ArrayObject(map(generic.NumberObject, (50, 600, 250, 620))),
                pdf_name("/AP"): generic.DictionaryObject(
                    {
                        pdf_name("/N"): writer.add_object(
                            generic.StreamObject(
                                {
                                    pdf_name("/Type"): pdf_name("/XObject"),
                                    pdf_name("/Subtype"): pdf_name("/Form"),
                                    pdf_name("/BBox"): generic.ArrayObject(
                                        map(generic.NumberObject, (0, 0, 200, 20))
                                    ),
                                },
                                stream_data=b"0 0 20 20 re f",
                            )
                        )
                    }
                ),
            }
        )
        reference = writer.add_object(field)
        page["/Annots"] = generic.ArrayObject([reference])
        writer.update_container(page)
        writer.root["/AcroForm"] = writer.add_object(
            generic.DictionaryObject({pdf_name("/Fields"): generic.ArrayObject([reference])})
        )
        writer.update_root()

    return append_revision(letter(), add_field)


def test_a_form_value_swapped_after_an_approval_is_not_genuine(stamper: Stamper) -> None:
    """The trap: pyHanko's default policy calls this document valid."""
    honest = stamp(form_letter(), stamper, certify=None)
    assert stamper.judge(honest).verdict is Verdict.GENUINE
    judgement = stamper.judge(append_revision(honest, swap_field_value))
    assert judgement.verdict is Verdict.NOT_GENUINE
    assert judgement.reasons == ("file.changed_after",)
