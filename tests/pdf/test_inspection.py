"""What the inspection says about each kind of file, before anybody pays."""

from __future__ import annotations

import io
import re

import pikepdf
import pytest

from meterai.kernel.refusals import Kind, Refusal
from meterai.pdf.inspection import inspect
from meterai.pdf.limits import Limits
from meterai.pdf.requests import Inspection, InspectRequest, SignatureKind
from meterai.stamping.placement import Placement
from tests.pdf import samples


def look(data: bytes, **more: object) -> Inspection:
    return inspect(InspectRequest(data=data, **more))  # type: ignore[arg-type]


REFUSED = {
    "empty": (lambda: b"", "pdf.empty"),
    "blank": (lambda: b" \n" * 100, "pdf.empty"),
    "a text": (lambda: b"Dengan hormat,\n" * 50, "pdf.not_pdf"),
    "a picture": (lambda: b"\x89PNG\r\n\x1a\n" + bytes(2000), "pdf.not_pdf"),
    "a head and a tail": (samples.hollow, "pdf.broken"),
    "encrypted": (samples.encrypted, "pdf.encrypted"),
    "no pages": (samples.no_pages, "pdf.no_pages"),
    "11 MB": (lambda: b"%PDF-1.7\n" + bytes(11_000_000), "pdf.too_large"),
    "too many pages": (samples.many_pages, "pdf.too_many_pages"),
    "many objects": (samples.many_objects, "pdf.too_complex"),
    "deep nesting": (samples.deep_nesting, "pdf.too_complex"),
    "deep page tree": (lambda: samples.deep_page_tree(150), "pdf.broken"),  # qpdf itself gives up
    "nested forms": (samples.nested_forms, "pdf.too_complex"),
    "a form that draws itself": (samples.self_drawing_form, "pdf.too_complex"),
    "a compression bomb": (samples.compression_bomb, "pdf.too_complex"),
    "a picture bomb": (samples.picture_bomb, "pdf.too_complex"),
    "a tiny page": (samples.tiny_page, "pdf.page_size"),
    "a giant page": (samples.giant_page, "pdf.page_size"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_stamped_is_refused_with_its_reason(name: str) -> None:
    make, code = REFUSED[name]
    with pytest.raises(Refusal) as caught:
        look(make())
    assert (caught.value.kind, caught.value.code) == (Kind.INVALID, code)


def test_a_page_tree_that_holds_itself_ends_somehow_and_soon() -> None:
    with pytest.raises(Refusal):
        look(samples.looping_pages())


def test_a_good_letter_is_described() -> None:
    seen = look(samples.two_pages())
    assert [(round(page.width_pt), round(page.height_pt)) for page in seen.pages] == [(595, 842)] * 2
    assert not seen.encrypted
    assert not seen.repaired
    assert seen.notices == []


def test_pages_are_counted_and_not_believed() -> None:
    assert len(look(samples.huge_count()).pages) == 1


def test_the_visible_page_is_the_crop_box_turned() -> None:
    page = look(samples.cropped()).pages[0]
    assert (page.width_pt, page.height_pt, page.rotation) == (720.0, 520.0, 270)


def test_a_user_unit_scales_the_page() -> None:
    page = look(samples.page_file(media=(0, 0, 300, 400), user_unit=2.0)).pages[0]
    assert (page.width_pt, page.height_pt) == (600.0, 800.0)


@pytest.mark.parametrize("make", [samples.broken_table, samples.truncated])
def test_a_slightly_broken_file_is_repaired_and_the_person_is_told(make) -> None:  # type: ignore[no-untyped-def]
    seen = look(make())
    assert seen.repaired
    assert "pdf.notice.repaired" in seen.notices


def test_an_owner_password_alone_is_no_hindrance() -> None:
    seen = look(samples.encrypted(user=""))
    assert seen.encrypted
    assert "pdf.notice.encrypted" in seen.notices


def test_a_user_password_opens_the_file_and_a_wrong_one_is_named() -> None:
    data = samples.encrypted()
    assert look(data, password="rahasia").encrypted
    with pytest.raises(Refusal) as caught:
        look(data, password="salah")
    assert caught.value.code == "pdf.wrong_password"


def test_what_stamping_will_remove_is_announced() -> None:
    expected = {"comments", "embedded", "form", "javascript", "launch", "xfa"}
    assert {notice.removeprefix("pdf.notice.") for notice in look(samples.living()).notices} == expected


def test_many_forms_sharing_one_dictionary_of_resources_are_fine() -> None:
    pdf = pikepdf.open(io.BytesIO(samples.letter()))
    shared = pdf.make_indirect(pikepdf.Dictionary(XObject=pikepdf.Dictionary()))
    for number in range(150):
        form = pdf.make_stream(
            b"0 0 1 1 re f", Type=pikepdf.Name.XObject, Subtype=pikepdf.Name.Form, BBox=[0, 0, 9, 9]
        )
        form["/Resources"] = shared
        shared["/XObject"][f"/X{number}"] = form
    page = pdf.pages[0].obj
    page["/Resources"] = shared
    page["/Contents"] = pdf.make_stream(b"\n".join(b"/X%d Do" % number for number in range(150)))
    out = io.BytesIO()
    pdf.save(out)
    assert len(look(out.getvalue()).pages) == 1


async def test_a_stamped_file_is_certified_and_refused_until_somebody_asks(bench) -> None:  # type: ignore[no-untyped-def]
    stamped = await bench.seal(samples.letter(), bench.stamp(Placement(page=1, x=400, y=100)))
    with pytest.raises(Refusal, match=r"pdf\.stamped_already"):
        look(stamped)
    assert look(stamped, allow_signed=True).signatures is SignatureKind.CERTIFIED


async def test_a_signature_outside_the_form_is_found(bench) -> None:  # type: ignore[no-untyped-def]
    stamped = await bench.seal(samples.letter(), bench.stamp(Placement(page=1, x=400, y=100)))
    hidden = stamped.replace(b"/AcroForm", b"/AcroFarm").replace(b"/Perms", b"/Parms")
    with pytest.raises(Refusal, match=r"pdf\.signed"):
        look(hidden)


async def test_a_hidden_signature_is_found_however_its_names_are_spelt(bench) -> None:  # type: ignore[no-untyped-def]
    stamped = await bench.seal(samples.letter(), bench.stamp(Placement(page=1, x=400, y=100)))
    hidden = stamped.replace(b"/AcroForm", b"/AcroFarm").replace(b"/Perms", b"/Parms")
    spelt, times = re.subn(rb"/ByteRange(?= ?(\[[^]]*\])  )", rb"/Byte#52ange", hidden)
    spelt = re.sub(rb"(/Byte#52ange ?\[[^]]*\])  ", rb"\1", spelt)
    assert (times, len(spelt)) == (1, len(hidden))
    with pytest.raises(Refusal, match=r"pdf\.signed"):
        look(spelt)


def test_limits_are_the_callers() -> None:
    with pytest.raises(Refusal, match=r"pdf\.too_many_pages"):
        look(samples.two_pages(), limits=Limits(pages_max=1))
