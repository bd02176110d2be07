"""Files taken from source packages of PyPI and npm whose licence lets them be shipped.

They lie unpacked in the folder `CORPUS_PACKAGES` (see README.md).
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from tests.corpus.making.recipes import Recipe

_PYPDF = ("pypdf-7.1.1/resources", "BSD-3-Clause")
_PIKEPDF = ("pikepdf-10.18.0/tests/resources", "CC-BY-SA-4.0")
_OCRMYPDF = ("ocrmypdf-17.13.0/tests/resources", "CC-BY-SA-4.0")
_PYHANKO = ("pyhanko-0.38.0/pyhanko_testing_commons/test_data/data/pdf", "MIT")
_RST2PDF = ("rst2pdf-0.105/tests", "MIT")
_TABULA = ("tabula_py-2.10.0/tests/resources", "MIT")
_MERGER = ("pdf-merger-js-5.1.2/package/test/fixtures", "MIT")
_LPPL = "LPPL-1.3c"


def _debian(path: str, producer: str, special: str, licence: str, **more: object) -> Recipe:
    """A file that a Debian package installs below `/usr`."""
    name = "from-debian/" + Path(path).name.lower()
    source = f"Debian 13: /usr/{path}"
    return Recipe(
        name, producer, special, (Path("/usr") / path).read_bytes, source=source, licence=licence, **more
    )  # type: ignore[arg-type]


def _taken(package: tuple[str, str], path: str, producer: str, special: str, **more: object) -> Recipe:
    source, licence = f"{package[0]}/{path}", more.pop("licence", package[1])

    def make() -> bytes:
        return (Path(os.environ.get("CORPUS_PACKAGES", "build/corpus/packages")) / source).read_bytes()

    folder = re.sub(r"-\d.*", "", package[0]).replace("_", "-")
    name = Path(path).name.replace(" ", "-").lower()
    return Recipe(
        f"from-{folder}/{name}", producer, special, make, source=source, licence=str(licence), **more
    )  # type: ignore[arg-type]


RECIPES = [
    _taken(_PYPDF, "crazyones.pdf", "pdfTeX (TeX Live 2011)", "letter"),
    _taken(_PYPDF, "multilang.pdf", "XeTeX", "many languages"),
    _taken(_PYPDF, "superscript-pdftex.pdf", "pdfTeX", "Type 1 fonts"),
    _taken(_PYPDF, "pdflatex-outline.pdf", "pdfTeX", "outline"),
    _taken(
        _PYPDF, "pdflatex-forms.pdf", "pdfTeX", "form of hyperref: fields the reader draws, a submit button"
    ),
    _taken(_PYPDF, "form_evince.pdf", "pdfTeX, poppler", "form filled in Evince"),
    _taken(
        _PYPDF,
        "form_acrobatReader.pdf",
        "pdfTeX, Acrobat Reader",
        "form filled in Acrobat Reader",
        repaired=True,
    ),
    _taken(_PYPDF, "FormTestFromOo.pdf", "OpenOffice", "form, lists and choices, NeedAppearances"),
    _taken(_PYPDF, "libreoffice-form.pdf", "LibreOffice 6", "form"),
    _taken(_PYPDF, "inkscape-abc.pdf", "Inkscape (cairo)", "drawing"),
    _taken(_PYPDF, "git.pdf", "Microsoft Word 365", "tagged, from Word"),
    _taken(_PYPDF, "AutoCad_Simple.pdf", "AutoCAD pdfplot", "drawing"),
    _taken(_PYPDF, "two-different-pages.pdf", "Skia (Google Docs)", "tagged"),
    _taken(_PYPDF, "commented.pdf", "macOS Quartz", "comments"),
    _taken(_PYPDF, "reportlab-inline-image.pdf", "ReportLab", "inline image"),
    _taken(_PYPDF, "Sample_Td-matrix.pdf", "vim", "written by hand"),
    _taken(
        _PYPDF,
        "encrypted_doc_no_id.pdf",
        "European Patent Office",
        "PDF 1.2, owner password RC4, no ID",
        repaired=True,
    ),
    _taken(_PYPDF, "toy.pdf", "by hand", "hand-written", repaired=True),
    _taken(_PYPDF, "bytes.pdf", "by hand", "font with odd bytes"),
    _taken(_PYPDF, "visitor_text_position.pdf", "by hand", "tiny"),
    _taken(_PYPDF, "box.pdf", "LuaTeX", "page of 60 pt"),
    _taken(_PYPDF, "imagemagick-lzw.pdf", "ImageMagick", "page of a few points", expect="pdf.page_size"),
    _taken(_PYPDF, "issue-3850-1bit-indexed-flate.pdf", "PyMuPDF", "one-bit indexed picture"),
    _taken(_PYPDF, "encryption/unencrypted.pdf", "LibreOffice 7", "letter"),
    _taken(_PYPDF, "encryption/r2-owner-password.pdf", "qpdf", "owner password, RC4 40 bits", mutation=True),
    _taken(
        _PYPDF, "encryption/r3-empty-password.pdf", "qpdf", "empty passwords, RC4 128 bits", mutation=True
    ),
    _taken(
        _PYPDF, "encryption/r4-aes-v2-no-key-length.pdf", "qpdf", "AES, key length missing", mutation=True
    ),
    _taken(_PYPDF, "encryption/r5-owner-password.pdf", "qpdf", "AES 256, revision 5", mutation=True),
    _taken(_PYPDF, "encryption/r6-owner-password.pdf", "qpdf", "AES 256, revision 6", mutation=True),
    _taken(
        _PYPDF,
        "encryption/r5-user-password.pdf",
        "qpdf",
        "empty owner password beside a user's",
        mutation=True,
    ),
    _taken(
        _PYPDF,
        "encryption/r4-aes-user-password.pdf",
        "qpdf",
        "user password",
        mutation=True,
        expect="pdf.encrypted",
    ),
    _taken(
        _PYPDF, "libreoffice-writer-password.pdf", "LibreOffice 6.4", "user password", expect="pdf.encrypted"
    ),
    _taken(_OCRMYPDF, "acroform.pdf", "Adobe Acrobat 19", "form"),
    _taken(_OCRMYPDF, "kcs.pdf", "Kodak Capture Desktop", "broken outline"),
    _taken(_OCRMYPDF, "tagged.pdf", "Adobe PDF Library 15", "tagged"),
    _taken(_OCRMYPDF, "trivial.pdf", "by hand", "smallest valid file, PDF 1.3"),
    _taken(_OCRMYPDF, "no_contents.pdf", "by hand", "a page without contents"),
    _taken(_OCRMYPDF, "negzero.pdf", "Apache FOP", "a number -.0"),
    _taken(_OCRMYPDF, "formxobject.pdf", "Apache FOP", "picture inside a form XObject"),
    _taken(_OCRMYPDF, "missing_docinfo.pdf", "by hand", "no document information"),
    _taken(_OCRMYPDF, "docinfo_latin1_key.pdf", "by hand", "a key that is not UTF-8"),
    _taken(_OCRMYPDF, "type3_font_nomapping.pdf", "by hand", "Type 3 font without Unicode"),
    _taken(_OCRMYPDF, "truetype_font_nomapping.pdf", "by hand", "TrueType font without Unicode"),
    _taken(_OCRMYPDF, "livecycle.pdf", "by hand", "claims to be XFA"),
    _taken(_OCRMYPDF, "invalid.pdf", "by hand", "head and tail only", expect="pdf.broken"),
    _taken(_OCRMYPDF, "vector.pdf", "cairo", "letters as curves"),
    _taken(_OCRMYPDF, "overlay.pdf", "PDFpen", "page content in parts", licence="MIT"),
    _taken(_OCRMYPDF, "jbig2.pdf", "img2pdf", "JBIG2", licence="GFDL-1.2-or-later or CC-BY-SA-3.0"),
    _taken(_OCRMYPDF, "ccitt.pdf", "libtiff tiff2pdf", "CCITT", licence="GFDL-1.2-or-later or CC-BY-SA-3.0"),
    _taken(
        _OCRMYPDF, "lichtenstein.pdf", "img2pdf", "JPEG 2000", licence="GFDL-1.2-or-later or CC-BY-SA-3.0"
    ),
    _taken(_PIKEPDF, "1biticc.pdf", "pikepdf", "one-bit picture with a colour profile"),
    _taken(_PIKEPDF, "cmyk-jpeg.pdf", "img2pdf", "CMYK JPEG"),
    _taken(_PIKEPDF, "fourpages.pdf", "by hand", "four pages"),
    _taken(_PIKEPDF, "image-mono-inline.pdf", "by hand", "inline image"),
    _taken(_PIKEPDF, "invalid_creationdate.pdf", "by hand", "invalid date"),
    _taken(_PIKEPDF, "pal.pdf", "by hand", "palette"),
    _taken(_PIKEPDF, "rle.pdf", "ImageMagick", "run-length picture that qpdf can't unpack"),
    _taken(_PIKEPDF, "ctm_cm.pdf", "macOS 15 Preview", "picture turned", repaired=True),
    _taken(
        _PYHANKO, "minimal-hybrid-xref.pdf", "by hand (pyHanko)", "hybrid cross-references", mutation=True
    ),
    _taken(
        _PYHANKO,
        "minimal-hybrid-xref-mswordstyle.pdf",
        "by hand (pyHanko)",
        "hybrid cross-references as Word writes them",
        mutation=True,
    ),
    _taken(
        _PYHANKO,
        "minimal-illegal-header.pdf",
        "by hand (pyHanko)",
        "illegal header",
        mutation=True,
        repaired=True,
    ),
    _taken(
        _PYHANKO,
        "minimal-badxref.pdf",
        "by hand (pyHanko)",
        "broken cross-reference table",
        mutation=True,
        repaired=True,
    ),
    _taken(
        _PYHANKO,
        "minimal-broken-xref-size.pdf",
        "by hand (pyHanko)",
        "table says another size",
        mutation=True,
    ),
    _taken(
        _PYHANKO,
        "minimal-startxref-hopeless.pdf",
        "by hand (pyHanko)",
        "startxref nowhere near",
        mutation=True,
        repaired=True,
    ),
    _taken(
        _PYHANKO,
        "minimal-startxref-obo3.pdf",
        "by hand (pyHanko)",
        "startxref off by some bytes",
        mutation=True,
    ),
    _taken(
        _PYHANKO,
        "minimal-startxref-same-line.pdf",
        "by hand (pyHanko)",
        "startxref and its number on one line",
        mutation=True,
    ),
    _taken(
        _PYHANKO,
        "malformed-xref-space-padded.pdf",
        "by hand (pyHanko)",
        "table padded with blanks",
        mutation=True,
        repaired=True,
    ),
    _taken(
        _PYHANKO,
        "minimal-with-nonexistent-refs.pdf",
        "by hand (pyHanko)",
        "references to nothing",
        mutation=True,
    ),
    _taken(
        _PYHANKO,
        "minimal-with-orphaned-xrefs.pdf",
        "by hand (pyHanko)",
        "entries of the table without object",
        mutation=True,
    ),
    _taken(
        _PYHANKO,
        "minimal-annotless.pdf",
        "by hand (pyHanko)",
        "table leads to another object",
        mutation=True,
        repaired=True,
    ),
    _taken(_PYHANKO, "no-mediabox.pdf", "by hand (pyHanko)", "no media box", mutation=True, repaired=True),
    _taken(
        _PYHANKO,
        "page-tree-direct-kid.pdf",
        "by hand (pyHanko)",
        "page as direct object",
        mutation=True,
        repaired=True,
    ),
    _taken(
        _PYHANKO,
        "separate-annots-kids-indir.pdf",
        "by hand (pyHanko)",
        "annotations apart from their fields",
        mutation=True,
        profile="signed",
    ),
    _taken(
        _PYHANKO,
        "struct-tree-circular-ref.pdf",
        "by hand (pyHanko)",
        "structure tree in a circle",
        mutation=True,
    ),
    _taken(_PYHANKO, "scribble.pdf", "by hand (pyHanko)", "scribbled over", mutation=True),
    _taken(
        _PYHANKO,
        "uncompressed-objstream-sample.pdf",
        "by hand (pyHanko)",
        "object stream that isn't packed",
        mutation=True,
    ),
    _taken(
        _PYHANKO,
        "safedocs/CompactedPDFSyntaxTest.pdf",
        "by hand (pyHanko)",
        "as few blanks as syntax allows",
        mutation=True,
        repaired=True,
    ),
    _taken(
        _PYHANKO,
        "circular-page-tree.pdf",
        "by hand (pyHanko)",
        "page tree in a circle",
        mutation=True,
        expect="pdf.broken",
    ),
    _taken(
        _PYHANKO,
        "broken-objstream1.pdf",
        "by hand (pyHanko)",
        "broken object stream",
        mutation=True,
        expect="pdf.broken",
    ),
    _taken(
        _PYHANKO,
        "minimal-pubkey-aes256.pdf",
        "by hand (pyHanko)",
        "encrypted for a certificate",
        mutation=True,
        expect="pdf.encryption_unknown",
    ),
    _taken(
        _PYHANKO,
        "minimal-aes256-malformed-perms.pdf",
        "by hand (pyHanko)",
        "broken encryption dictionary",
        mutation=True,
        expect="pdf.broken",
    ),
    _taken(
        _PYHANKO,
        "certified-with-indirect-refs-in-dir.pdf",
        "by hand (pyHanko)",
        "certified, no changes allowed",
        mutation=True,
        expect="pdf.certified",
    ),
    _taken(
        _PYHANKO,
        "coverage-anomalies/tail-uncovered.pdf",
        "by hand (pyHanko)",
        "signature does not cover the end",
        mutation=True,
        expect="pdf.signed_irregular",
    ),
    _taken(_PYHANKO, "minimal-pdf-ua-and-a.pdf", "iText 8 / pyHanko", "PDF/UA and PDF/A"),
    _taken(_PYHANKO, "minimal-with-simple-form.pdf", "pyHanko", "form"),
    _taken(_PYHANKO, "fontembed.pdf", "pyHanko", "embedded OpenType font"),
    _taken(
        _PYHANKO,
        "leaky-graphics-state-doc.pdf",
        "Skia (Google Docs)",
        "graphics state left changed",
        repaired=True,
    ),
    _taken(_PYHANKO, "simple-acroform-states.pdf", "iText 8", "form with states"),
    _taken(_PYHANKO, "empty-a4.pdf", "pdfTeX (via pyHanko)", "empty page"),
    _taken(
        _PYHANKO, "pades-with-old-style-signing-cert-attr.pdf", "pyHanko", "signed already", profile="signed"
    ),
    _taken(
        _PYHANKO, "minimal-signed-twice-both-created.pdf", "pyHanko", "signed twice already", profile="signed"
    ),
    _taken(
        _PYHANKO,
        "minimal-two-fields-signed-twice.pdf",
        "pyHanko",
        "two fields, signed twice",
        profile="signed",
        expect="placement.no_free_place",
    ),
    _taken(
        _PYHANKO,
        "extensions-direct.pdf",
        "pyHanko",
        "signed with ISO extensions",
        profile="signed",
        expect="placement.no_free_place",
    ),
    _taken(
        _PYHANKO,
        "pades-lta-dss-indirect-arrs-test.pdf",
        "pyHanko",
        "signed, PAdES B-LTA",
        profile="signed",
        expect="placement.no_free_place",
    ),
    _taken(_PYHANKO, "ed448-shake256-nolen.pdf", "pyHanko", "signed with Ed448", profile="signed"),
    _taken(_RST2PDF, "reference/test_nested_lists_page_layout.pdf", "ReportLab (rst2pdf)", "nested lists"),
    _taken(_RST2PDF, "reference/sphinx-issue254.pdf", "ReportLab (rst2pdf)", "a book of Sphinx"),
    _taken(_RST2PDF, "reference/textannotation.pdf", "ReportLab (rst2pdf)", "text annotation"),
    _taken(_RST2PDF, "input/images/biohazard.pdf", "ImageMagick", "page of 12 pt", expect="pdf.page_size"),
    _taken(_TABULA, "MultiColumn.pdf", "macOS Quartz", "columns"),
    _taken(_TABULA, "data.pdf", "Skia", "table"),
    _taken(
        _TABULA, "campaign_donors.pdf", "macOS Quartz, pdftk", "table whose numbers don't fit", repaired=True
    ),
    _taken(_TABULA, "12s0324.pdf", "Adobe PDF Library 9", "tables from InDesign"),
    _taken(_MERGER, "Testfile_A.pdf", "LibreOffice 5", "one letter"),
    _taken(_MERGER, "2468.pdf", "Skia", "several pages"),
    _taken(_MERGER, "UDHR.pdf", "ABBYY FineReader", "read by OCR"),
    _taken(("pdf-image-2.0.0/package/tests", "MIT"), "test.pdf", "macOS Quartz", "ten pages", repaired=True),
    _taken(_OCRMYPDF, "toc.pdf", "iText (pdftk 2)", "outline"),
    _debian(
        "lib/R/library/graphics/help/figures/mai.pdf",
        "Aladdin Ghostscript 5.50",
        "PDF 1.2",
        "GPL-2.0-or-later",
    ),
    _debian(
        "share/doc/texlive-doc/pdftex/samplepdftex/tmp.pdf",
        "Aladdin Ghostscript 6.23",
        "PDF 1.3",
        "GPL-2.0-or-later",
    ),
    _debian("share/doc/texlive-doc/dvipdfm/something.pdf", "PStill", "PDF 1.1", "GPL-2.0-or-later"),
    _debian(
        "share/texlive/texmf-dist/tex/latex/europecv/EuropeFlagCMYK.pdf",
        "AFPL Ghostscript 8.13",
        "CMYK",
        _LPPL,
    ),
    _debian(
        "share/texlive/texmf-dist/tex/latex/europecv/europasslogo.pdf", "macOS PSNormalizer", "PDF 1.3", _LPPL
    ),
    _debian(
        "share/texlive/texmf-dist/tex/latex/europecv/europasslogo-eps-converted-to.pdf",
        "Ghostscript",
        "content whose packing is damaged",
        _LPPL,
        repaired=True,
    ),
    _debian(
        "share/texlive/texmf-dist/tex/latex/pdfslide/metagray.pdf", "GNU Ghostscript 5.10", "PDF 1.2", _LPPL
    ),
    _debian("share/texlive/texmf-dist/tex/latex/mwe/example-image-a.pdf", "pdfTeX", "picture", _LPPL),
    _debian(
        "share/texlive/texmf-dist/tex/latex/notes/hand.pdf",
        "fig2dev, Ghostscript 8.62",
        "drawing",
        _LPPL,
        expect="pdf.page_size",
    ),
    _debian(
        "share/texlive/texmf-dist/tex/latex/emo/emo-graphics/emo-foggy.pdf",
        "Skia m108",
        "colour letter",
        _LPPL,
    ),
    _debian("share/doc/texlive-doc/xelatex/xecyr/old/xecyr-doc-ru.pdf", "xdvipdfmx 0.3", "Cyrillic", _LPPL),
    _debian("share/doc/php-tcpdf/examples/example_012.pdf", "TCPDF 6.0", "drawings", "LGPL-3.0-or-later"),
    _debian(
        "share/doc/libpdf-builder-perl/examples/resources/sample_55.pdf",
        "PDF::Builder 3.021",
        "twelve pages",
        "LGPL-2.1-or-later",
    ),
    _debian(
        "share/doc/libpodofo-utils/examples/podofoimpose/sample.pdf",
        "Scribus 1.3",
        "32 pages",
        "GPL-2.0-or-later",
    ),
]
