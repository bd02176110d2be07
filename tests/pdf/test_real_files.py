"""Deviations of real files from the standard, found with the corpus and kept here in small files."""

from __future__ import annotations

import io
import subprocess
import zlib
from pathlib import Path

import pikepdf
import pypdfium2
import pytest
import zxingcpp
from PIL import ImageChops

from meterai.jail.pool import JailPool
from meterai.kernel.refusals import Refusal
from meterai.pdf.inspection import inspect
from meterai.pdf.rendering import render_image
from meterai.pdf.requests import Inspection, InspectRequest, RenderRequest
from meterai.stamping.in_jail.normalisation import DocumentRequest, prepare_document
from meterai.stamping.in_jail.reception import receive
from meterai.stamping.placement import Placement
from meterai.stamping.requests import OutputLimits, ReceptionRequest
from tests.pdf import samples, signed_files
from tests.pdf.sealing import SealingBench


def _saved(pdf: pikepdf.Pdf) -> bytes:
    out = io.BytesIO()
    pdf.save(out)
    return out.getvalue()


def test_one_page_large_enough_is_enough() -> None:
    pdf = pikepdf.open(io.BytesIO(samples.letter()))
    pdf.add_blank_page(page_size=(144, 18))
    found = receive(ReceptionRequest(data=_saved(pdf), stamps=1, limits=OutputLimits()))
    assert [page.height_pt for page in found.inspection.pages] == [841.89, 18]
    assert found.placements[0].page == 1


async def test_a_label_gets_a_smaller_stamp_that_reads(bench: SealingBench) -> None:
    label = samples.page_file(media=(0, 0, 200, 50))
    (place,) = receive(ReceptionRequest(data=label, stamps=1, limits=OutputLimits())).placements
    assert place.size == 50
    stamp = bench.stamp(place)
    image = render_image(RenderRequest(data=await bench.seal(label, stamp), page=1, width_px=200 * 300 // 72))
    found = zxingcpp.read_barcode(image.convert("L"))
    assert found is not None
    assert found.text == stamp.code
    with pytest.raises(Refusal, match=r"placement\.size"):
        await bench.seal(samples.letter(), stamp)


def test_a_poster_is_measured_in_its_own_units() -> None:
    poster = samples.page_file(media=(0, 0, 1800, 3600), user_unit=10)
    assert inspect(InspectRequest(data=poster)).pages[0].height_pt == 36_000
    with pytest.raises(Refusal, match=r"pdf\.page_size"):
        inspect(InspectRequest(data=samples.page_file(media=(0, 0, 1800, 3600), user_unit=1000)))


def test_an_empty_media_box_is_a_missing_one() -> None:
    found = inspect(InspectRequest(data=samples.page_file(media=(0, 0, 0, 0))))
    assert (found.pages[0].width_pt, found.pages[0].height_pt, found.repaired) == (612, 792, True)


def test_a_stream_that_nobody_can_unpack_weighs_what_it_has() -> None:
    pdf = pikepdf.open(io.BytesIO(samples.letter()))
    pdf.Root["/Odd"] = pdf.make_stream(b"not packed", Filter=pikepdf.Name.LZWDecode)
    assert inspect(InspectRequest(data=_saved(pdf))).pages


async def test_branches_without_pages_that_are_listed_twice_are_dropped(bench: SealingBench) -> None:
    """qpdf takes the second mention of a branch for a loop; readers ignore it."""
    data = samples.empty_branches()
    with pytest.raises(pikepdf.PdfError, match="Loop detected"):
        pikepdf.open(io.BytesIO(data))
    found = inspect(InspectRequest(data=data))
    assert (len(found.pages), found.repaired) == (1, True)
    sealed = await bench.seal(data, bench.stamp(Placement(page=1, x=400, y=100)))
    with pikepdf.open(io.BytesIO(sealed)) as pdf:
        assert (len(pdf.pages), pdf.get_warnings()) == (1, [])


def test_encryption_for_a_certificate_is_named() -> None:
    pdf = pikepdf.open(io.BytesIO(samples.letter()))
    pdf.trailer["/Lock"] = pdf.make_indirect(pikepdf.Dictionary(Filter=pikepdf.Name("/Adobe.PubSec"), V=2))
    locked = _saved(pdf).replace(b"/Lock", b"/Encrypt")
    with pytest.raises(Refusal, match=r"pdf\.encryption_unknown"):
        inspect(InspectRequest(data=locked))


def test_a_page_that_only_qpdf_finds_is_shown() -> None:
    """PDFium trusts a wrong table; qpdf sees that another object lies there."""
    data = samples.looping_pages().replace(b"[2 0 R 3 0 R] /Count 2", b"[3 0 R] /Count 1       ")
    lines = data.split(b"\n")
    first = lines.index(b"0000000000 65535 f ")
    lines[first + 3] = lines[first + 2]
    astray = b"\n".join(lines)
    with pytest.raises(pypdfium2.PdfiumError):
        pypdfium2.PdfDocument(astray)[0]
    assert render_image(RenderRequest(data=astray, page=1)).size[0] == 720


async def test_an_annotation_listed_twice_is_kept_once(bench: SealingBench) -> None:
    pdf = pikepdf.open(io.BytesIO(samples.letter()))
    name = pikepdf.Name
    link = pikepdf.Dictionary(Type=name.Annot, Subtype=name.Link, Rect=[10, 10, 50, 50])
    link = pdf.make_indirect(link)
    pdf.pages[0].obj["/Annots"] = pikepdf.Array([link, link])
    sealed = await bench.seal(_saved(pdf), bench.stamp(Placement(page=1, x=400, y=100)))
    with pikepdf.open(io.BytesIO(sealed)) as found:
        kinds = [str(item["/Subtype"]) for item in found.pages[0].obj["/Annots"]]
        assert (kinds.count("/Link"), found.get_warnings()) == (1, [])


def _form_without_appearance() -> bytes:
    """A choice and a framed text field that the reader must draw."""
    pdf = pikepdf.open(io.BytesIO(samples.form()))
    text = pdf.pages[0].obj["/Annots"][0]
    del text["/AP"]
    text["/MK"] = pikepdf.Dictionary(BC=[1, 0, 0])
    text["/DA"] = "/Helv 12 Tf 0 g"
    font = pikepdf.Dictionary(
        Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica
    )
    form = pdf.Root["/AcroForm"]
    form["/DR"] = pikepdf.Dictionary(Font=pikepdf.Dictionary(Helv=font))
    form["/NeedAppearances"] = True
    return _saved(pdf)


def test_fields_that_the_reader_draws_look_as_the_reader_drew_them() -> None:
    data = _form_without_appearance()
    flat = prepare_document(DocumentRequest(data=data)).data
    with pikepdf.open(io.BytesIO(flat)) as pdf:
        assert "/Annots" not in pdf.pages[0].obj
    before, after = (
        render_image(RenderRequest(data=version, page=1, width_px=1200)).convert("RGB")
        for version in (data, flat)
    )
    box = (100, 1000, 800, 1120)
    assert before.crop(box).getextrema() != ((255, 255),) * 3
    difference = ImageChops.difference(before, after).convert("L")
    assert sum(difference.histogram()[64:]) < 40


async def test_the_jail_opens_what_is_encrypted_with_aes_256_for_the_owner() -> None:
    pool = JailPool(["meterai.pdf.inspection:inspect"])
    await pool.start()
    locked = samples.encrypted(user="")
    found = await pool.run("meterai.pdf.inspection:inspect", InspectRequest(data=locked), Inspection)
    await pool.close()
    assert found.encrypted


def test_a_crop_box_beyond_the_page_is_mended() -> None:
    data = samples.page_file(crop=(1000, 1000, 1500, 1500))
    flat = prepare_document(DocumentRequest(data=data)).data
    with pikepdf.open(io.BytesIO(flat)) as pdf:
        assert [float(number) for number in pdf.pages[0].cropbox] == [0, 0, 595.28, 841.89]


def test_a_stream_that_is_longer_than_it_says_counts_as_repaired() -> None:
    data = samples.page_file(content=b"0.9 g 40 40 120 30 re f").replace(b"/Length 23", b"/Length 11")
    assert inspect(InspectRequest(data=data)).repaired


def test_content_whose_packing_is_damaged_keeps_what_can_be_unpacked() -> None:
    packed = bytearray(zlib.compress(b"0.9 g 40 40 120 30 re f\n" * 200, 1))
    packed[-12:] = b"\xff" * 12
    pdf = pikepdf.open(io.BytesIO(samples.page_file()))
    pdf.pages[0].obj["/Contents"] = pdf.make_stream(bytes(packed), Filter=pikepdf.Name.FlateDecode)
    data = _saved(pdf)
    broken = data[: data.rindex(b"startxref")] + b"startxref\n7\n%%EOF\n"
    flat = prepare_document(DocumentRequest(data=broken)).data
    with pikepdf.open(io.BytesIO(flat)) as mended:
        assert mended.pages[0].obj["/Contents"].read_bytes().startswith(b"0.9 g 40 40 120 30 re f\n")


def test_pages_that_share_a_list_of_annotations_keep_what_it_shows() -> None:
    pdf = pikepdf.open(io.BytesIO(samples.letter(2)))
    name = pikepdf.Name
    look = pdf.make_stream(
        b"1 0 0 rg 0 0 50 50 re f", Type=name.XObject, Subtype=name.Form, BBox=[0, 0, 50, 50]
    )
    mark = pikepdf.Dictionary(
        Type=name.Annot, Subtype=name.Stamp, Rect=[50, 50, 100, 100], AP=pikepdf.Dictionary(N=look), F=4
    )
    link = pikepdf.Dictionary(Type=name.Annot, Subtype=name.Link, Rect=[10, 10, 50, 50])
    shared = pdf.make_indirect(pikepdf.Array([pdf.make_indirect(mark), pdf.make_indirect(link)]))
    for page in pdf.pages:
        page.obj["/Annots"] = shared
    flat = prepare_document(DocumentRequest(data=_saved(pdf))).data
    for number in (1, 2):
        image = render_image(RenderRequest(data=flat, page=number, width_px=600)).convert("RGB")
        assert image.getpixel((75, image.height - 75)) == (255, 0, 0)


@pytest.mark.parametrize("found", ["[1 2]", "<< /Title (Surat) >>", "stream"])
def test_what_is_said_of_a_document_stays_where_readers_look_for_it_only(found: str) -> None:
    """Programs that compare the revisions of the stamped file fail on anything else."""
    with pikepdf.open(io.BytesIO(samples.letter())) as pdf:
        told = pdf.make_stream(b"<rdf/>") if found == "stream" else pikepdf.Object.parse(found.encode())
        pdf.trailer["/Info"] = pdf.Root["/Metadata"] = told
        pdf.save(out := io.BytesIO(), fix_metadata_version=False)
    with pikepdf.open(io.BytesIO(prepare_document(DocumentRequest(data=out.getvalue())).data)) as pdf:
        assert ("/Info" in pdf.trailer) is ("Title" in found)
        assert ("/Metadata" in pdf.Root) is (found == "stream")


def test_metadata_that_cannot_be_unpacked_go() -> None:
    pdf = pikepdf.open(io.BytesIO(samples.letter()))
    pdf.Root["/Metadatx"] = pdf.make_stream(b"~zzzzz~", Filter=pikepdf.Name.ASCII85Decode)
    data = _saved(pdf).replace(b"/Metadatx", b"/Metadata")
    flat = prepare_document(DocumentRequest(data=data)).data
    with pikepdf.open(io.BytesIO(flat)) as found:
        assert "/Metadata" not in found.Root


def _without_end() -> bytes:
    """qpdf takes a stream without `endstream` for empty; PDFium uses its length."""
    content = b"0 g 100 100 300 300 re f"
    page = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /X 5 0 R >>"
    bodies = [
        b"<< /Type /Catalog /Pages 2 0 R >>\nendobj",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>\nendobj",
        page + b"\nendobj",
        b"<< /Length %d >>\nstream\n%s\nenxstream\nenxobj" % (len(content), content),
        b"[ /PDF ]\nendobj",
    ]
    out, places = b"%PDF-1.3\n", []
    for number, body in enumerate(bodies, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\n" % (number, body)
    lines = b"".join(b"%010d 00000 n \n" % place for place in places)
    end = b"trailer << /Size 6 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % len(out)
    return out + b"xref\n0 6\n0000000000 65535 f \n" + lines + end


def test_a_page_that_qpdf_would_lose_is_kept_by_pdfium() -> None:
    damaged = _without_end()
    found = receive(ReceptionRequest(data=damaged, stamps=1, limits=OutputLimits()))
    assert found.instead
    assert found.inspection.repaired
    flat = prepare_document(DocumentRequest(data=found.instead)).data
    assert render_image(RenderRequest(data=flat, page=1)).convert("L").getextrema()[0] < 10


@pytest.mark.parametrize(("pages", "lost"), [(2, 2), (14, 14), (14, 4)])
def test_a_page_of_which_qpdf_would_leave_nothing_is_kept_by_pdfium(pages: int, lost: int) -> None:
    """One bracket too many in its dictionary: qpdf ignores the page and goes on without it."""
    with pikepdf.open(io.BytesIO(samples.letter(pages))) as pdf:
        out = io.BytesIO()
        pdf.save(out, object_stream_mode=pikepdf.ObjectStreamMode.disable)
    with pikepdf.open(out) as pdf:
        number = pdf.pages[lost - 1].objgen[0]
    header = b"\n%d 0 obj\n<<" % number
    damaged = out.getvalue().replace(header, header + b" ]")
    found = receive(ReceptionRequest(data=damaged, stamps=1, limits=OutputLimits()))
    assert len(found.inspection.pages) == pages
    flat = prepare_document(DocumentRequest(data=found.instead)).data
    assert render_image(RenderRequest(data=flat, page=lost)).convert("L").getextrema()[0] < 10


def test_a_file_that_only_pdfium_can_read_is_stamped() -> None:
    data = samples.page_file().replace(b"/Type /Catalog", b"/Encrypt 5     ")
    table = data.rindex(b"trailer")
    data = data[:table] + data[table:].replace(b"trailer <<", b"trailer << /Encrypt 77 ", 1)
    with pytest.raises(pikepdf.PdfError):
        pikepdf.open(io.BytesIO(data))
    assert inspect(InspectRequest(data=data)).repaired


@pytest.mark.parametrize("place", ["trailer", "catalog", "page"])
def test_a_name_with_a_stray_hash_is_spelt_as_other_parsers_read_it(place: str, tmp_path: Path) -> None:
    """From before PDF 1.2, when `#` had no meaning in names."""
    pdf = pikepdf.open(io.BytesIO(samples.page_file()))
    holder = {"trailer": pdf.trailer, "catalog": pdf.Root, "page": pdf.pages[0].obj}[place]
    holder["/range_x1"] = pikepdf.Array([pikepdf.Name("/range_x1"), pikepdf.Name("/low")])
    odd = _saved(pdf).replace(b"/range_x1", b"/range+#1").replace(b"/low", b"/r\xe9#g")
    assert receive(ReceptionRequest(data=odd, stamps=1, limits=OutputLimits())).output.output_bytes
    flat = prepare_document(DocumentRequest(data=odd)).data
    assert b"/range+#231 [ /range+#231 /r#e9#23g ]" in flat
    (tmp_path / "flat.pdf").write_bytes(flat)
    assert subprocess.run(["qpdf", "--check", tmp_path / "flat.pdf"], check=False).returncode == 0


def test_what_the_check_before_the_release_would_stop_is_refused_before_the_payment() -> None:
    """A key given twice in the page tree of a signed file, which may not be rewritten."""
    pdf = pikepdf.open(io.BytesIO(samples.page_file()))
    pdf.Root.Pages["/Odd1"] = pdf.Root.Pages["/Odd2"] = 1
    twice = _saved(pdf).replace(b"/Odd2", b"/Odd1")
    data = signed_files.signed(twice, strict=False)
    with pytest.raises(Refusal, match=r"pdf\.signed_irregular"):
        receive(ReceptionRequest(data=data, stamps=1, limits=OutputLimits()))
