"""Files made by Python libraries."""

from __future__ import annotations

import io
import tempfile
from pathlib import Path

from tests.corpus.making.material import (
    ARABIC,
    CHINESE,
    HTML,
    JAPANESE,
    LINES,
    TITLE,
    picture_bytes,
    scanned_page,
)
from tests.corpus.making.recipes import Recipe

_DEJAVU = "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf"


def _reportlab(draw: object, **options: object) -> bytes:
    from reportlab.pdfgen.canvas import Canvas

    out = io.BytesIO()
    canvas = Canvas(out, invariant=1, **options)
    draw(canvas)  # type: ignore[operator]
    canvas.save()
    return out.getvalue()


def _reportlab_letter() -> bytes:
    def draw(canvas: object) -> None:
        canvas.setFont("Times-Bold", 16)
        canvas.drawString(72, 760, TITLE)
        canvas.setFont("Times-Roman", 11)
        for number, line in enumerate(LINES):
            canvas.drawString(72, 720 - 20 * number, line)
        canvas.showPage()
        canvas.drawString(72, 720, "Lampiran")
        canvas.linkURL("https://example.id", (72, 700, 200, 720))

    return _reportlab(draw)


def _reportlab_form() -> bytes:
    def draw(canvas: object) -> None:
        canvas.drawString(72, 760, TITLE)
        form = canvas.acroForm
        form.textfield(name="nama", value="Siti Rahmawati", x=72, y=700, width=200, height=20)
        form.checkbox(name="setuju", checked=True, x=72, y=660)
        form.radio(name="jenis", value="a", selected=True, x=72, y=620)
        form.radio(name="jenis", value="b", selected=False, x=112, y=620)
        form.choice(
            name="kota", value="Bandung", options=["Bandung", "Medan"], x=72, y=580, width=100, height=20
        )
        form.listbox(name="bulan", value="Mei", options=["Mei", "Juni"], x=72, y=500, width=100, height=50)

    return _reportlab(draw)


def _reportlab_cjk() -> bytes:
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.cidfonts import UnicodeCIDFont

    def draw(canvas: object) -> None:
        for name, text, y in (("STSong-Light", CHINESE, 700), ("HeiseiMin-W3", JAPANESE, 660)):
            pdfmetrics.registerFont(UnicodeCIDFont(name))
            canvas.setFont(name, 14)
            canvas.drawString(72, y, text)

    return _reportlab(draw)


def _reportlab_truetype() -> bytes:
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont

    def draw(canvas: object) -> None:
        pdfmetrics.registerFont(TTFont("DejaVu", _DEJAVU))
        canvas.setFont("DejaVu", 14)
        canvas.drawString(72, 700, "Ω ≈ ç √ ∫ Żółć Ελληνικά Привет")

    return _reportlab(draw)


def _reportlab_rc4() -> bytes:
    from reportlab.lib.pdfencrypt import StandardEncryption

    lock = StandardEncryption("", ownerPassword="pemilik", canModify=0, canCopy=0, strength=40)
    return _reportlab(lambda canvas: canvas.drawString(72, 700, TITLE), encrypt=lock)


def _reportlab_bookmarks() -> bytes:
    def draw(canvas: object) -> None:
        for number in range(6):
            canvas.bookmarkPage(str(number))
            canvas.addOutlineEntry(f"Pasal {number + 1}", str(number), number % 2)
            canvas.drawString(72, 700, f"Pasal {number + 1}")
            canvas.setPageSize((400, 300) if number % 2 else (595, 842))
            canvas.showPage()

    return _reportlab(draw)


def _weasyprint(style: str = "", **options: object) -> bytes:
    from weasyprint import HTML as Page

    return Page(string=HTML.replace("</head>", f"<style>{style}</style></head>")).write_pdf(**options)


def _weasyprint_arabic() -> bytes:
    from weasyprint import HTML as Page

    return Page(string=f'<p dir="rtl" style="font: 20px Amiri">{ARABIC}</p>').write_pdf()


def _fpdf(build: object, **options: object) -> bytes:
    from fpdf import FPDF

    pdf = FPDF(**options)
    pdf.add_page()
    pdf.set_font("helvetica", size=12)
    pdf.cell(text=TITLE, new_x="LMARGIN", new_y="NEXT")
    pdf.multi_cell(0, 7, "\n".join(LINES))
    build(pdf)  # type: ignore[operator]
    return bytes(pdf.output())


def _fpdf_landscape() -> bytes:
    return _fpdf(lambda pdf: pdf.add_page(orientation="L", format="A5"))


def _fpdf_owner_aes() -> bytes:
    def lock(pdf: object) -> None:
        from fpdf.enums import AccessPermission, EncryptionMethod

        pdf.set_encryption(
            owner_password="pemilik",
            encryption_method=EncryptionMethod.AES_256,
            permissions=AccessPermission.PRINT_LOW_RES,
        )

    return _fpdf(lock)


def _fpdf_annotations() -> bytes:
    def build(pdf: object) -> None:
        pdf.text_annotation(x=100, y=130, text="catatan")
        pdf.ink_annotation([(40, 150), (60, 160), (80, 140)], title="coretan")
        with pdf.highlight("disorot", title="Budi"):
            pdf.cell(text="Kalimat ini disorot.")
        pdf.free_text_annotation("ditulis di tepi", x=120, y=180, w=60, h=10)

    return _fpdf(build)


def _fpdf_attachment() -> bytes:
    return _fpdf(lambda pdf: pdf.embed_file(basename="data.csv", bytes=b"a;b\n1;2\n"))


def _borb() -> bytes:
    import borb.pdf as borb

    document = borb.Document()
    page = borb.Page()
    document.append_page(page)
    layout = borb.SingleColumnLayout(page)
    for line in (TITLE, *LINES):
        layout.append_layout_element(borb.Paragraph(line))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "out.pdf"
        borb.PDF.write(what=document, where_to=str(path))
        return path.read_bytes()


def _pymupdf(change: object = None, **options: object) -> bytes:
    import pymupdf

    document = pymupdf.open()
    page = document.new_page()
    page.insert_text((72, 72), TITLE, fontsize=16)
    page.insert_textbox((72, 100, 500, 400), "\n".join(LINES))
    if change is not None:
        change(document, page)  # type: ignore[operator]
    return document.tobytes(**options)


def _pymupdf_annotations() -> bytes:
    def change(_document: object, page: object) -> None:
        page.add_highlight_annot((72, 100, 300, 115))
        page.add_freetext_annot((72, 400, 300, 440), "Sudah diperiksa", fontsize=12)
        page.add_stamp_annot((300, 500, 450, 560), stamp=0)
        page.add_redact_annot((72, 130, 200, 145))

    return _pymupdf(change)


def _pymupdf_layers() -> bytes:
    def change(document: object, page: object) -> None:
        shown, hidden = document.add_ocg("tampak"), document.add_ocg("sembunyi", on=False)
        page.insert_text((72, 500), "lapisan tampak", oc=shown)
        page.insert_text((72, 530), "lapisan tersembunyi", oc=hidden)

    return _pymupdf(change)


def _pymupdf_cjk() -> bytes:
    return _pymupdf(
        lambda _document, page: page.insert_text((72, 500), CHINESE, fontname="china-s", fontsize=14)
    )


def _pymupdf_rotated() -> bytes:
    return _pymupdf(lambda _document, page: page.set_rotation(270))


def _pypdf() -> bytes:
    from pypdf import PdfReader, PdfWriter, Transformation

    reader = PdfReader(io.BytesIO(_reportlab_letter()))
    writer = PdfWriter()
    page = writer.add_blank_page(842, 595)
    for number, source in enumerate(reader.pages):
        page.merge_transformed_page(source, Transformation().scale(0.65).translate(20 + 400 * number, 20))
    writer.add_metadata({"/Title": TITLE})
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def _pypdf_incremental() -> bytes:
    from pypdf import PdfWriter
    from pypdf.annotations import FreeText

    writer = PdfWriter(io.BytesIO(_fpdf(lambda pdf: None)), incremental=True)
    writer.add_annotation(0, FreeText(text="ditambahkan kemudian", rect=(72, 300, 300, 330)))
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def _pdfrw() -> bytes:
    import pdfrw

    reader = pdfrw.PdfReader(fdata=_reportlab_letter())
    for page in reader.pages:
        page.Rotate = 90
    out = io.BytesIO()
    pdfrw.PdfWriter(out).addpages(reader.pages).write()
    return out.getvalue()


def _xhtml2pdf() -> bytes:
    from xhtml2pdf import pisa

    out = io.BytesIO()
    pisa.CreatePDF(HTML, dest=out)
    return out.getvalue()


def _pdfme() -> bytes:
    from pdfme import build_pdf

    out = io.BytesIO()
    build_pdf({"sections": [{"content": [TITLE, *LINES]}]}, out)
    return out.getvalue()


def _matplotlib(font_type: int) -> bytes:
    import matplotlib

    matplotlib.use("pdf")
    from matplotlib import pyplot

    with matplotlib.rc_context({"pdf.fonttype": font_type}):
        figure, axes = pyplot.subplots(figsize=(8.27, 11.69))
        axes.plot([1, 4, 2, 5], label=r"$\alpha_i$")
        axes.set_title(TITLE)
        axes.legend()
        out = io.BytesIO()
        figure.savefig(out, format="pdf", metadata={"CreationDate": None})
        pyplot.close(figure)
    return out.getvalue()


def _typst(source: str, **options: object) -> bytes:
    import typst

    return typst.compile(source.encode(), format="pdf", **options)


_TYPST = (
    f"= {TITLE}\n\n"
    + "\n\n".join(LINES)
    + "\n\n#table(columns: 2, [Uraian], [Jumlah], [Sewa], [12])\n$ x^2 $"
)


def _rst2pdf() -> bytes:
    from rst2pdf.createpdf import RstToPdf

    out = io.BytesIO()
    text = f"{TITLE}\n================\n\n" + "\n\n".join(LINES) + "\n\n* satu\n* dua\n"
    RstToPdf().createPdf(text=text, output=out)
    return out.getvalue()


def _img2pdf(image: bytes, **options: object) -> bytes:
    import img2pdf

    return img2pdf.convert(image, nodate=True, **options)


def _img2pdf_fax() -> bytes:
    page = scanned_page("L", 200).point([0 if grey < 140 else 255 for grey in range(256)]).convert("1")
    return _img2pdf(picture_bytes(page, "TIFF", compression="group4", dpi=(200, 200)))


def _img2pdf_several() -> bytes:
    import img2pdf

    pages = [picture_bytes(scanned_page("L", 60 + 20 * n), "JPEG", quality=30) for n in range(3)]
    return img2pdf.convert(pages, nodate=True, layout_fun=img2pdf.get_layout_fun((595, 842)))


def _img2pdf_photo() -> bytes:
    return _img2pdf(picture_bytes(scanned_page("RGB", 60, photo=True), "JPEG", quality=50))


def _img2pdf_turned() -> bytes:
    page = scanned_page("L", 80).rotate(90, expand=True)
    from PIL import Image

    exif = Image.Exif()
    exif[0x0112] = 6
    return _img2pdf(picture_bytes(page, "JPEG", quality=35, exif=exif))


def _img2pdf_jpx() -> bytes:
    page = scanned_page("RGB", 60, photo=True)
    return _img2pdf(picture_bytes(page, "JPEG2000", quality_mode="rates", quality_layers=[60]))


def _img2pdf_cmyk() -> bytes:
    return _img2pdf(picture_bytes(scanned_page("CMYK", 50), "JPEG", quality=40))


def _img2pdf_palette() -> bytes:
    return _img2pdf(picture_bytes(scanned_page("RGB", 80).quantize(8), "PNG"))


def _pikepdf_scan_with_text() -> bytes:
    """What OCR leaves: a picture and invisible letters over it."""
    import pikepdf

    pdf = pikepdf.open(io.BytesIO(_img2pdf(picture_bytes(scanned_page("L", 80), "JPEG", quality=30))))
    page = pikepdf.Page(pdf.pages[0])
    name = pikepdf.Name
    font = pikepdf.Dictionary(Type=name.Font, Subtype=name.Type1, BaseFont=name.Helvetica)
    page.add_resource(pdf.make_indirect(font), name.Font, name.Ocr)
    page.contents_add(f"BT 3 Tr /Ocr 12 Tf 60 740 Td ({TITLE}) Tj ET".encode())
    out = io.BytesIO()
    pdf.save(out)
    return out.getvalue()


RECIPES = [
    Recipe("reportlab/letter.pdf", "ReportLab", "two pages, base fonts, a link", _reportlab_letter),
    Recipe("reportlab/form.pdf", "ReportLab", "form of all kinds of fields", _reportlab_form),
    Recipe(
        "reportlab/cjk.pdf",
        "ReportLab",
        "Chinese and Japanese in fonts that are not embedded",
        _reportlab_cjk,
    ),
    Recipe("reportlab/truetype.pdf", "ReportLab", "subset of a TrueType font", _reportlab_truetype),
    Recipe("reportlab/owner-rc4-40.pdf", "ReportLab", "owner password, RC4 of 40 bits", _reportlab_rc4),
    Recipe("reportlab/sizes.pdf", "ReportLab", "bookmarks, pages of different sizes", _reportlab_bookmarks),
    Recipe("weasyprint/letter.pdf", "WeasyPrint", "HTML letter", _weasyprint),
    Recipe(
        "weasyprint/pdfa-2b.pdf",
        "WeasyPrint",
        "PDF/A-2b",
        lambda: _weasyprint("body { font-family: DejaVu Sans }", pdf_variant="pdf/a-2b"),
    ),
    Recipe(
        "weasyprint/pdfa-3b.pdf",
        "WeasyPrint",
        "PDF/A-3b",
        lambda: _weasyprint("body { font-family: DejaVu Sans }", pdf_variant="pdf/a-3b"),
    ),
    Recipe(
        "weasyprint/pdfua.pdf", "WeasyPrint", "tagged, PDF/UA-1", lambda: _weasyprint(pdf_variant="pdf/ua-1")
    ),
    Recipe(
        "weasyprint/form.pdf",
        "WeasyPrint",
        "form from HTML inputs",
        lambda: _weasyprint("p { width: 50% } h1 { appearance: auto }", pdf_forms=True),
    ),
    Recipe("weasyprint/arabic.pdf", "WeasyPrint", "Arabic, from right to left", _weasyprint_arabic),
    Recipe(
        "weasyprint/small.pdf", "WeasyPrint", "a small page", lambda: _weasyprint("@page { size: 60mm 90mm }")
    ),
    Recipe("fpdf2/landscape.pdf", "fpdf2", "upright, then across", _fpdf_landscape),
    Recipe("fpdf2/owner-aes-256.pdf", "fpdf2", "owner password, AES of 256 bits", _fpdf_owner_aes),
    Recipe("fpdf2/annotations.pdf", "fpdf2", "comments of four kinds", _fpdf_annotations),
    Recipe("fpdf2/attachment.pdf", "fpdf2", "a file attached", _fpdf_attachment),
    Recipe("borb/letter.pdf", "borb", "letter", _borb),
    Recipe("pymupdf/letter.pdf", "PyMuPDF", "letter", _pymupdf),
    Recipe(
        "pymupdf/annotations.pdf",
        "PyMuPDF",
        "highlight, free text, stamp, redaction mark",
        _pymupdf_annotations,
    ),
    Recipe("pymupdf/layers.pdf", "PyMuPDF", "layers, one hidden", _pymupdf_layers),
    Recipe("pymupdf/cjk.pdf", "PyMuPDF", "Chinese, font not embedded", _pymupdf_cjk),
    Recipe("pymupdf/rotated-270.pdf", "PyMuPDF", "turned by 270 degrees", _pymupdf_rotated),
    Recipe(
        "pymupdf/object-streams.pdf", "PyMuPDF", "object streams", lambda: _pymupdf(use_objstms=1, garbage=3)
    ),
    Recipe("pypdf/two-up.pdf", "pypdf", "two pages on one sheet", _pypdf),
    Recipe(
        "pypdf/incremental.pdf",
        "pypdf",
        "incremental update with a comment",
        _pypdf_incremental,
        repaired=True,
    ),
    Recipe("pdfrw/rotated-90.pdf", "pdfrw", "rewritten and turned", _pdfrw),
    Recipe("xhtml2pdf/letter.pdf", "xhtml2pdf", "HTML letter", _xhtml2pdf),
    Recipe("pdfme/letter.pdf", "pdfme", "letter", _pdfme),
    Recipe("matplotlib/type3.pdf", "Matplotlib", "plot, Type 3 fonts", lambda: _matplotlib(3)),
    Recipe("matplotlib/type42.pdf", "Matplotlib", "plot, TrueType fonts", lambda: _matplotlib(42)),
    Recipe("typst/letter.pdf", "Typst", "letter, table, formula", lambda: _typst(_TYPST)),
    Recipe("typst/pdfa-2b.pdf", "Typst", "PDF/A-2b", lambda: _typst(_TYPST, pdf_standards=["a-2b"])),
    Recipe("typst/pdf-2.0.pdf", "Typst", "PDF 2.0", lambda: _typst(_TYPST, pdf_standards=["2.0"])),
    Recipe("rst2pdf/letter.pdf", "rst2pdf", "letter from reStructuredText", _rst2pdf),
    Recipe("img2pdf/fax-g4.pdf", "img2pdf", "scan, CCITT group 4", _img2pdf_fax),
    Recipe("img2pdf/three-pages.pdf", "img2pdf", "three scans, grey JPEG", _img2pdf_several),
    Recipe("img2pdf/photo.pdf", "img2pdf", "photograph, colour JPEG", _img2pdf_photo),
    Recipe("img2pdf/turned.pdf", "img2pdf", "scan turned by its Exif mark", _img2pdf_turned),
    Recipe("img2pdf/jpeg-2000.pdf", "img2pdf", "JPEG 2000", _img2pdf_jpx),
    Recipe("img2pdf/cmyk.pdf", "img2pdf", "CMYK JPEG", _img2pdf_cmyk),
    Recipe("img2pdf/palette.pdf", "img2pdf", "PNG with a palette", _img2pdf_palette),
    Recipe(
        "pikepdf/scan-with-text.pdf",
        "pikepdf",
        "scan with invisible letters over it",
        _pikepdf_scan_with_text,
    ),
]
