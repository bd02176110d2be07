# ruff: noqa: E501 (tables of recipes)
"""Files made by programs: office, browsers, TeX, Ghostscript, drawing programs, scanners' tools."""

from __future__ import annotations

import io
import os
import tempfile
from pathlib import Path

from tests.corpus.making.material import (
    ARABIC,
    CHINESE,
    HTML,
    JAPANESE,
    KOREAN,
    LINES,
    SVG,
    THAI,
    TITLE,
    picture_bytes,
    scanned_page,
)
from tests.corpus.making.recipes import Recipe, run

_CSV = "Bulan,Jumlah\nMei,12000000\nJuni,9500000\n"
_TEXT = "\n".join([TITLE, "", *LINES]) + "\n"


def _office(name: str, content: str | bytes, filter_name: str, options: str = "") -> bytes:
    target = f"pdf:{filter_name}" + (f":{options}" if options else "")
    with tempfile.TemporaryDirectory() as profile:
        return run(
            "soffice",
            f"-env:UserInstallation=file://{profile}",
            "--headless",
            "--convert-to",
            target,
            name,
            files={name: content},
            out=Path(name).stem + ".pdf",
        )


def _options(**values: object) -> str:
    kinds = {bool: "boolean", int: "long", str: "string"}
    parts = (
        f'"{name}":{{"type":"{kinds[type(value)]}","value":"{str(value).lower() if isinstance(value, bool) else value}"}}'
        for name, value in values.items()
    )
    return "{" + ",".join(parts) + "}"


def _writer(**options: object) -> bytes:
    return _office("surat.html", HTML, "writer_web_pdf_Export", _options(**options) if options else "")


def _writer_document(body: str, **options: object) -> bytes:
    """A flat ODT, which needs no packing."""
    names = "office text table draw form xlink"
    spaces = " ".join(f'xmlns:{n}="urn:oasis:names:tc:opendocument:xmlns:{n}:1.0"' for n in names.split())
    head = f'<office:document {spaces} office:version="1.2" office:mimetype="application/vnd.oasis.opendocument.text">'
    text = f"{head}<office:body><office:text>{body}</office:text></office:body></office:document>"
    return _office("surat.fodt", text, "writer_pdf_Export", _options(**options) if options else "")


def _paragraphs(lines: list[str]) -> str:
    return "".join(f"<text:p>{line}</text:p>" for line in lines)


def _chromium(html: str) -> bytes:
    return run(
        "chromium",
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--no-pdf-header-footer",
        "--print-to-pdf=out.pdf",
        "page.html",
        files={"page.html": html},
    )


def _styled(style: str) -> str:
    return HTML.replace("</head>", f"<style>{style}</style></head>")


def _qt(draw: object) -> bytes:
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PySide6.QtGui import QGuiApplication, QPdfWriter, QTextDocument

    application = QGuiApplication.instance() or QGuiApplication([])
    assert application
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "out.pdf")
        writer = QPdfWriter(path)
        if draw == "document":
            document = QTextDocument()
            document.setHtml(HTML)
            document.print_(writer)
        else:
            draw(writer)  # type: ignore[operator]
        del writer
        return Path(path).read_bytes()


def _qt_drawing(pdfa: bool) -> bytes:
    def draw(writer: object) -> None:
        from PySide6.QtGui import QColor, QLinearGradient, QPageLayout, QPainter, QPdfWriter

        writer.setPageOrientation(QPageLayout.Orientation.Landscape)
        if pdfa:
            writer.setPdfVersion(QPdfWriter.PdfVersion.PdfVersion_A1b)
        painter = QPainter(writer)
        gradient = QLinearGradient(0, 0, 8000, 0)
        gradient.setColorAt(0, QColor("navy"))
        gradient.setColorAt(1, QColor(255, 120, 0, 255 if pdfa else 90))
        painter.fillRect(500, 500, 8000, 2000, gradient)
        painter.drawText(600, 4000, TITLE)
        painter.end()

    return _qt(draw)


def _tex(engine: str, preamble: str, body: str = "") -> bytes:
    text = "\n\n".join(LINES)
    source = f"\\documentclass{{article}}{preamble}\\begin{{document}}\\section*{{{TITLE}}}{text}\n\n{body}\\end{{document}}"
    return run(engine, "-interaction=nonstopmode", "out.tex", files={"out.tex": source})


def _pdftex_old() -> bytes:
    return _tex("pdflatex", "\\pdfminorversion=2\\pdfobjcompresslevel=0\\pdfcompresslevel=0")


def _dvipdfmx() -> bytes:
    source = f"\\documentclass{{article}}\\begin{{document}}{TITLE} $\\int x\\,dx$\\end{{document}}"
    dvi = run("latex", "-interaction=nonstopmode", "a.tex", files={"a.tex": source}, out="a.dvi")
    return run("dvipdfmx", "-o", "out.pdf", "a.dvi", files={"a.dvi": dvi})


def _dvips_gs() -> bytes:
    source = f"\\documentclass{{article}}\\begin{{document}}{TITLE} $\\int x\\,dx$\\end{{document}}"
    dvi = run("latex", "-interaction=nonstopmode", "a.tex", files={"a.tex": source}, out="a.dvi")
    page = run("dvips", "-o", "a.ps", "a.dvi", files={"a.dvi": dvi}, out="a.ps")
    return run("ps2pdf", "a.ps", "out.pdf", files={"a.ps": page})


_POSTSCRIPT = f"""%!PS
<< /PageSize [595 842] >> setpagedevice
/Times-Roman findfont 18 scalefont setfont 72 740 moveto ({TITLE}) show
0.2 0.4 0.8 setrgbcolor 100 300 200 120 rectfill
gsave 300 500 translate 20 rotate 0 0 moveto (miring) show grestore
showpage
/Courier findfont 12 scalefont setfont 72 740 moveto (halaman dua) show showpage
"""


def _ghostscript(*options: str, source: str = _POSTSCRIPT) -> bytes:
    return run(
        "gs", "-q", "-dNOSAFER", "-dBATCH", "-dNOPAUSE", "-sDEVICE=pdfwrite", "-sOutputFile=out.pdf", *options, "a.ps",
        files={"a.ps": source},
    )  # fmt: skip


def _cairo(draw: object, size: tuple[float, float] = (595, 842)) -> bytes:
    import cairo

    out = io.BytesIO()
    surface = cairo.PDFSurface(out, *size)
    draw(cairo, surface, cairo.Context(surface))  # type: ignore[operator]
    surface.finish()
    return out.getvalue()


def _cairo_transparent() -> bytes:
    def draw(cairo: object, _surface: object, context: object) -> None:
        for number in range(3):
            context.set_source_rgba(number == 0, number == 1, number == 2, 0.4)
            context.arc(200 + 80 * number, 300, 90, 0, 7)
            context.fill()
        context.set_source_rgb(0, 0, 0)
        context.move_to(72, 600)
        context.set_font_size(24)
        context.show_text(TITLE)

    return _cairo(draw)


def _cairo_landscape_and_tagged() -> bytes:
    def draw(cairo: object, surface: object, context: object) -> None:
        surface.set_metadata(cairo.PDF_METADATA_TITLE, TITLE)
        context.tag_begin("H1", "")
        context.move_to(72, 72)
        context.show_text(TITLE)
        context.tag_end("H1")
        surface.show_page()
        surface.set_size(842, 595)
        context.paint_with_alpha(0.05)

    return _cairo(draw)


def _rsvg() -> bytes:
    return run("rsvg-convert", "-f", "pdf", "-o", "out.pdf", "a.svg", files={"a.svg": SVG})


def _cairosvg() -> bytes:
    import cairosvg

    made: bytes = cairosvg.svg2pdf(bytestring=SVG.encode())
    return made


def _inkscape() -> bytes:
    return run("inkscape", "--export-filename=out.pdf", "a.svg", files={"a.svg": SVG})


def _gnuplot() -> bytes:
    script = "set terminal pdfcairo size 21cm,29.7cm\nset output 'out.pdf'\nplot sin(x)\n"
    return run("gnuplot", "a.plt", files={"a.plt": script})


def _graphviz() -> bytes:
    graph = 'digraph { graph [size="7,10"]; node [fontsize=20]; penyewa -> pemilik [label="sewa"]; pemilik -> bank }'
    return run("dot", "-Tpdf", "-o", "out.pdf", "-Gpage=8.27,11.69", "a.dot", files={"a.dot": graph})


def _r() -> bytes:
    return run(
        "Rscript", "-e", "pdf('out.pdf', 8.27, 11.69); barplot(c(1, 3, 2)); title('Jumlah'); dev.off()"
    )


def _lilypond() -> bytes:
    return run("lilypond", "-o", "out", "a.ly", files={"a.ly": "\\version \"2.24.0\"\n{ c' d' e' f' }\n"})


def _enscript() -> bytes:
    page = run("enscript", "-q", "-p", "a.ps", "a.txt", files={"a.txt": _TEXT}, out="a.ps")
    return run("ps2pdf14", "a.ps", "out.pdf", files={"a.ps": page})


def _paps() -> bytes:
    text = "\n".join([TITLE, ARABIC, CHINESE, KOREAN, THAI])
    page = run("paps", "a.txt", files={"a.txt": text}, out="-")
    return run("ps2pdf", "a.ps", "out.pdf", files={"a.ps": page})


def _groff() -> bytes:
    return run(
        "groff", "-Tpdf", "-ms", "a.ms", files={"a.ms": f".TL\n{TITLE}\n.PP\n" + "\n".join(LINES)}, out="-"
    )


def _fop() -> bytes:
    space = 'xmlns:fo="http://www.w3.org/1999/XSL/Format"'
    page = '<fo:simple-page-master master-name="a" page-height="297mm" page-width="210mm" margin="2cm"><fo:region-body/>'
    blocks = "".join(f"<fo:block>{line}</fo:block>" for line in [TITLE, *LINES])
    text = (
        f"<fo:root {space}><fo:layout-master-set>{page}</fo:simple-page-master></fo:layout-master-set>"
        f'<fo:page-sequence master-reference="a"><fo:flow flow-name="xsl-region-body">{blocks}</fo:flow>'
        "</fo:page-sequence></fo:root>"
    )
    return run("fop", "-fo", "a.fo", "-pdf", "out.pdf", files={"a.fo": text})


def _tiff2pdf(*options: str, **saving: object) -> bytes:
    mode = "1" if str(saving.get("compression", "")).startswith("group") else "L"
    picture = picture_bytes(scanned_page(mode, 100), "TIFF", **saving)
    return run("tiff2pdf", *options, "-o", "out.pdf", "a.tif", files={"a.tif": picture})


def _jbig2() -> bytes:
    import img2pdf

    page = scanned_page("L", 150).point([0 if grey < 140 else 255 for grey in range(256)]).convert("1")
    coded = run("jbig2", "a.png", files={"a.png": picture_bytes(page, "PNG")}, out="-")
    return img2pdf.convert(coded, nodate=True)


def _magick(mode: str = "L", **options: object) -> bytes:
    return picture_bytes(scanned_page(mode, 72), "PDF", resolution=72.0, **options)


def _several_pillow() -> bytes:
    out = io.BytesIO()
    pages = [scanned_page("RGB", 50, photo=True), scanned_page("L", 50), scanned_page("1", 100)]
    pages[0].save(out, "PDF", save_all=True, append_images=pages[1:], resolution=50.0)
    return out.getvalue()


def _mutool() -> bytes:
    page = f"%%MediaBox 0 0 595 842\n%%Font Tm Times-Roman\nBT /Tm 18 Tf 72 740 Td ({TITLE}) Tj ET\n"
    return run("mutool", "create", "-o", "out.pdf", "a.txt", files={"a.txt": page})


_DRAFT = _paragraphs([TITLE, *LINES])
_MANY = _paragraphs([ARABIC, CHINESE, JAPANESE, KOREAN, THAI])
_OFFICE = "LibreOffice"
RECIPES = [
    Recipe("libreoffice/letter.pdf", _OFFICE, "letter from HTML", _writer),
    Recipe("libreoffice/tagged.pdf", _OFFICE, "tagged", lambda: _writer_document(_DRAFT, UseTaggedPDF=True)),
    Recipe(
        "libreoffice/pdfa-1b.pdf", _OFFICE, "PDF/A-1b", lambda: _writer_document(_DRAFT, SelectPdfVersion=1)
    ),
    Recipe(
        "libreoffice/pdfa-2b.pdf", _OFFICE, "PDF/A-2b", lambda: _writer_document(_DRAFT, SelectPdfVersion=2)
    ),
    Recipe(
        "libreoffice/pdfa-3b.pdf", _OFFICE, "PDF/A-3b", lambda: _writer_document(_DRAFT, SelectPdfVersion=3)
    ),
    Recipe(
        "libreoffice/pdfua.pdf", _OFFICE, "PDF/UA", lambda: _writer_document(_DRAFT, PDFUACompliance=True)
    ),
    Recipe(
        "libreoffice/languages.pdf",
        _OFFICE,
        "Arabic, Chinese, Japanese, Korean, Thai",
        lambda: _writer_document(_MANY),
    ),
    Recipe(
        "libreoffice/owner-password.pdf",
        _OFFICE,
        "owner password",
        lambda: _writer_document(_DRAFT, RestrictPermissions=True, PermissionPassword="pemilik", Changes=0),
    ),
    Recipe(
        "libreoffice/user-password.pdf",
        _OFFICE,
        "user password, and the person types it",
        lambda: _writer_document(_DRAFT, EncryptFile=True, DocumentOpenPassword="rahasia"),
        password="rahasia",
    ),
    Recipe(
        "libreoffice/hybrid.pdf", _OFFICE, "ODT inside", lambda: _writer_document(_DRAFT, IsAddStream=True)
    ),
    Recipe(
        "libreoffice/sheet.pdf",
        "LibreOffice Calc",
        "sheet",
        lambda: _office("a.csv", _CSV, "calc_pdf_Export"),
    ),
    Recipe(
        "libreoffice/drawing.pdf",
        "LibreOffice Draw",
        "drawing",
        lambda: _office("a.svg", SVG, "draw_pdf_Export"),
    ),
    Recipe(
        "libreoffice/long-text.pdf",
        _OFFICE,
        "plain text, many pages",
        lambda: _office("a.txt", _TEXT * 40, "writer_pdf_Export"),
    ),
    Recipe("chromium/letter.pdf", "Chromium (Skia)", "tagged letter", lambda: _chromium(HTML)),
    Recipe(
        "chromium/landscape.pdf",
        "Chromium (Skia)",
        "across",
        lambda: _chromium(_styled("@page { size: A4 landscape }")),
    ),
    Recipe(
        "chromium/shadows.pdf",
        "Chromium (Skia)",
        "shadows, gradients",
        lambda: _chromium(
            _styled(
                "h1 { box-shadow: 4px 4px 9px #0008; background: linear-gradient(red, #00f4); border-radius: 8px }"
            )
        ),
    ),
    Recipe(
        "chromium/receipt.pdf",
        "Chromium (Skia)",
        "narrow till receipt",
        lambda: _chromium(_styled("@page { size: 80mm 200mm; margin: 3mm }")),
    ),
    Recipe("qt/letter.pdf", "Qt", "text document", lambda: _qt("document")),
    Recipe("qt/drawing.pdf", "Qt", "gradient, across", lambda: _qt_drawing(False)),
    Recipe("qt/pdfa-1b.pdf", "Qt", "PDF/A-1b", lambda: _qt_drawing(True)),
    Recipe("pdftex/letter.pdf", "pdfTeX", "letter, Type 1 fonts", lambda: _tex("pdflatex", "")),
    Recipe(
        "pdftex/hyperref.pdf",
        "pdfTeX",
        "links and outline",
        lambda: _tex(
            "pdflatex",
            "\\usepackage{hyperref}",
            "\\section{Satu}\\label{a}\\ref{a} \\url{https://example.id}",
        ),
    ),
    Recipe(
        "pdftex/form.pdf",
        "pdfTeX",
        "form the reader draws",
        lambda: _tex(
            "pdflatex",
            "\\usepackage{hyperref}",
            "\\begin{Form}\\TextField[name=a]{Nama} \\CheckBox[name=b]{Setuju}\\ChoiceMenu[name=c]{Kota}{Bandung,Medan}\\end{Form}",
        ),
    ),
    Recipe("pdftex/pdf-1.2.pdf", "pdfTeX", "PDF 1.2, nothing packed", _pdftex_old),
    Recipe(
        "pdftex/pdf-2.0.pdf",
        "pdfTeX",
        "PDF 2.0",
        lambda: _tex("pdflatex", "\\pdfmajorversion=2\\pdfminorversion=0"),
    ),
    Recipe(
        "pdftex/landscape-a5.pdf",
        "pdfTeX",
        "A5 across",
        lambda: _tex("pdflatex", "\\pdfpagewidth=210mm\\pdfpageheight=148mm"),
    ),
    Recipe(
        "xetex/letter.pdf",
        "XeTeX (xdvipdfmx)",
        "OpenType font",
        lambda: _tex("xelatex", "\\usepackage{fontspec}"),
    ),
    Recipe(
        "luatex/letter.pdf", "LuaTeX", "OpenType font", lambda: _tex("lualatex", "\\usepackage{fontspec}")
    ),
    Recipe("dvipdfmx/letter.pdf", "dvipdfmx", "from DVI", _dvipdfmx),
    Recipe("ghostscript/dvips.pdf", "Ghostscript", "from dvips, bitmap fonts", _dvips_gs),
    Recipe(
        "ghostscript/pdf-1.3.pdf", "Ghostscript", "PDF 1.3", lambda: _ghostscript("-dCompatibilityLevel=1.3")
    ),
    Recipe(
        "ghostscript/pdf-1.7.pdf", "Ghostscript", "PDF 1.7", lambda: _ghostscript("-dCompatibilityLevel=1.7")
    ),
    Recipe(
        "ghostscript/pdfa-2b.pdf",
        "Ghostscript",
        "PDF/A-2b",
        lambda: _ghostscript("-dPDFA=2", "-sColorConversionStrategy=RGB", "-dPDFACompatibilityPolicy=1"),
    ),
    Recipe(
        "ghostscript/owner-password.pdf",
        "Ghostscript",
        "owner password RC4 128",
        lambda: _ghostscript(
            "-sOwnerPassword=pemilik", "-dEncryptionR=3", "-dKeyLength=128", "-dPermissions=-3904"
        ),
    ),
    Recipe(
        "ghostscript/linearized.pdf", "Ghostscript", "linearised", lambda: _ghostscript("-dFastWebView=true")
    ),
    Recipe(
        "ghostscript/no-compression.pdf",
        "Ghostscript",
        "PDF 1.2, nothing packed",
        lambda: _ghostscript("-dCompressPages=false", "-dCompatibilityLevel=1.2"),
    ),
    Recipe("ghostscript/enscript.pdf", "Ghostscript", "enscript listing", _enscript),
    Recipe("cairo/transparent.pdf", "cairo", "transparency, subset font", _cairo_transparent),
    Recipe("cairo/tagged.pdf", "cairo", "tagged, two sizes", _cairo_landscape_and_tagged),
    Recipe(
        "cairo/small.pdf",
        "cairo",
        "label of 80 by 60 pt",
        lambda: _cairo(lambda c, s, x: x.paint_with_alpha(0.1), (80, 60)),
    ),
    Recipe(
        "cairo/huge.pdf",
        "cairo",
        "sheet of 5,000 pt",
        lambda: _cairo(lambda c, s, x: x.paint_with_alpha(0.1), (5000, 3500)),
    ),
    Recipe("rsvg/drawing.pdf", "librsvg (cairo)", "drawing", _rsvg),
    Recipe("cairosvg/drawing.pdf", "CairoSVG", "drawing", _cairosvg),
    Recipe("inkscape/drawing.pdf", "Inkscape (cairo)", "drawing", _inkscape),
    Recipe("gnuplot/plot.pdf", "gnuplot (cairo)", "plot", _gnuplot),
    Recipe("graphviz/graph.pdf", "Graphviz (cairo)", "graph", _graphviz),
    Recipe("r/plot.pdf", "R", "plot", _r),
    Recipe("lilypond/music.pdf", "LilyPond (Ghostscript)", "notes, embedded CFF font", _lilypond),
    Recipe("paps/languages.pdf", "paps and Ghostscript", "Arabic, Chinese, Korean, Thai", _paps),
    Recipe("groff/letter.pdf", "gropdf", "letter", _groff),
    Recipe("fop/letter.pdf", "Apache FOP", "letter", _fop),
    Recipe("tiff2pdf/fax.pdf", "libtiff tiff2pdf", "CCITT group 4", lambda: _tiff2pdf(compression="group4")),
    Recipe(
        "tiff2pdf/zip.pdf", "libtiff tiff2pdf", "grey, packed", lambda: _tiff2pdf("-z", compression="raw")
    ),
    Recipe("jbig2/scan.pdf", "jbig2 and img2pdf", "JBIG2", _jbig2),
    Recipe("pillow/scan.pdf", "Pillow", "grey scan", _magick),
    Recipe("pillow/three-modes.pdf", "Pillow", "colour, grey and black and white", _several_pillow),
    Recipe("mutool/page.pdf", "MuPDF mutool", "page from operators", _mutool),
]
