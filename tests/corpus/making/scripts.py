# ruff: noqa: E501 (tables of recipes)
"""Files made in other languages: JavaScript, PHP, Perl, Ruby, Java, C."""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path

from tests.corpus.making.material import LINES, TITLE, picture_bytes, scanned_page
from tests.corpus.making.recipes import Recipe, run

_TEXT = "\\n".join([TITLE, *LINES])


def _node(script: str) -> bytes:
    """Runs a module whose last line writes `out.pdf`; packages come from the folder `CORPUS_NPM`."""
    packages = Path(os.environ.get("CORPUS_NPM", "build/corpus/npm")).resolve() / "node_modules"
    if not packages.is_dir():
        raise FileNotFoundError(packages)
    with tempfile.TemporaryDirectory() as name:
        (Path(name) / "node_modules").symlink_to(packages)
        (Path(name) / "a.mjs").write_text("import fs from 'node:fs';\n" + script)
        done = subprocess.run(["node", "a.mjs"], cwd=name, capture_output=True, timeout=120, check=False)
        if done.returncode:
            raise RuntimeError(done.stderr.decode()[-600:])
        return (Path(name) / "out.pdf").read_bytes()


_PDF_LIB = """
import {{ PDFDocument, StandardFonts, rgb, degrees }} from 'pdf-lib';
const pdf = await PDFDocument.create();
const font = await pdf.embedFont(StandardFonts.TimesRoman);
const page = pdf.addPage();
page.drawText('{text}', {{ x: 60, y: 780, size: 12, font, lineHeight: 18 }});
{more}
fs.writeFileSync('out.pdf', await pdf.save({saving}));
"""


def _pdf_lib(more: str = "", saving: str = "") -> bytes:
    return _node(_PDF_LIB.format(text=_TEXT, more=more, saving=saving))


_PDF_LIB_FORM = """
const form = pdf.getForm();
const name = form.createTextField('nama'); name.setText('Siti Rahmawati');
name.addToPage(page, { x: 60, y: 500, width: 200, height: 24 });
const box = form.createCheckBox('setuju'); box.addToPage(page, { x: 60, y: 460, width: 20, height: 20 }); box.check();
const city = form.createDropdown('kota'); city.addOptions(['Bandung', 'Medan']); city.select('Medan');
city.addToPage(page, { x: 60, y: 420, width: 120, height: 24 });
"""

_PDFKIT = """
import PDFDocument from 'pdfkit';
const pdf = new PDFDocument({options});
pdf.pipe(fs.createWriteStream('out.pdf'));
pdf.fontSize(12).text('{text}');
{more}
pdf.end();
"""


def _pdfkit(options: str = "{}", more: str = "") -> bytes:
    return _node(_PDFKIT.format(options=options, text=_TEXT, more=more))


def _jspdf() -> bytes:
    return _node(f"""import {{ jsPDF }} from 'jspdf';
const pdf = new jsPDF(); pdf.text('{_TEXT}', 20, 30); pdf.addPage('a5', 'l'); pdf.circle(50, 50, 20);
fs.writeFileSync('out.pdf', Buffer.from(pdf.output('arraybuffer')));""")


def _jspdf_owner() -> bytes:
    return _node(f"""import {{ jsPDF }} from 'jspdf';
const pdf = new jsPDF({{ encryption: {{ userPassword: '', ownerPassword: 'pemilik', userPermissions: ['print'] }} }});
pdf.text('{_TEXT}', 20, 30);
fs.writeFileSync('out.pdf', Buffer.from(pdf.output('arraybuffer')));""")


def _pdfmake() -> bytes:
    return _node(f"""import PdfPrinter from 'pdfmake';
const Printer = PdfPrinter.default ?? PdfPrinter;
Printer.setFonts?.({{ H: {{ normal: 'Helvetica', bold: 'Helvetica-Bold' }} }});
const made = Printer.createPdf({{ content: ['{_TEXT}', {{ table: {{ body: [['Uraian', 'Jumlah'], ['Sewa', '12']] }} }}],
  defaultStyle: {{ font: 'H' }} }});
fs.writeFileSync('out.pdf', await made.getBuffer());""")


def _react_pdf() -> bytes:
    return _node(f"""import React from 'react';
import {{ Document, Page, Text, View, renderToBuffer }} from '@react-pdf/renderer';
const e = React.createElement;
const page = e(Page, {{ size: 'A4' }}, e(View, {{ style: {{ margin: 40, border: 1 }} }}, e(Text, null, '{_TEXT}')));
fs.writeFileSync('out.pdf', await renderToBuffer(e(Document, null, page)));""")


def _libpdf() -> bytes:
    return _node(f"""import {{ PDF }} from '@libpdf/core';
const pdf = PDF.create(); const page = pdf.addPage({{ size: 'a4' }});
page.drawText('{TITLE}', {{ x: 60, y: 760, size: 18 }});
fs.writeFileSync('out.pdf', await pdf.save());""")


def _php(script: str) -> bytes:
    return run("php", "a.php", files={"a.php": "<?php " + script})


def _tcpdf(more: str = "", *, arguments: str = "") -> bytes:
    return _php(f"""require 'tcpdf/tcpdf.php'; $pdf = new TCPDF({arguments});
$pdf->AddPage(); $pdf->SetFont('helvetica', '', 12); $pdf->MultiCell(0, 6, "{_TEXT}"); {more}
file_put_contents('out.pdf', $pdf->Output('', 'S'));""")


def _tcpdf_form() -> bytes:
    return _tcpdf(
        "$pdf->TextField('nama', 60, 8); $pdf->CheckBox('setuju', 6, true); $pdf->Button('kirim', 30, 8, 'Kirim', 'halo();');"
    )


def _php_fpdf() -> bytes:
    return _php(f"""require 'fpdf/fpdf.php'; $pdf = new FPDF();
$pdf->AddPage(); $pdf->SetFont('Times', '', 12); $pdf->MultiCell(0, 6, "{_TEXT}");
file_put_contents('out.pdf', $pdf->Output('S'));""")


def _prawn() -> bytes:
    return run("ruby", "a.rb", files={"a.rb": f"""require 'prawn'
Prawn::Document.generate('out.pdf') do
  text "{_TEXT}"
  stroke_circle [200, 300], 60
  start_new_page(layout: :landscape)
  text 'Lampiran'
end"""})  # fmt: skip


def _prawn_owner() -> bytes:
    return run("ruby", "a.rb", files={"a.rb": f"""require 'prawn'
Prawn::Document.generate('out.pdf') do
  encrypt_document(owner_password: :random, permissions: {{ modify_contents: false }})
  text "{_TEXT}"
end"""})  # fmt: skip


def _perl(module: str) -> bytes:
    return run("perl", "a.pl", files={"a.pl": f"""use {module}; my $pdf = {module}->new();
my $page = $pdf->page(); $page->mediabox(0, 0, 595, 842); my $text = $page->text();
$text->font($pdf->corefont('Times-Roman'), 14); $text->translate(72, 740); $text->text('{TITLE}');
my $line = $page->gfx(); $line->move(72, 730); $line->line(300, 730); $line->stroke();
$pdf->saveas('out.pdf');"""})  # fmt: skip


def _java(name: str, source: str, *jars: str, **files: bytes) -> bytes:
    path = ":".join(f"/usr/share/java/{jar}.jar" for jar in jars)
    content: dict[str, str | bytes] = {f"{name}.java": source}
    return run("java", "-cp", path, f"{name}.java", files=content | files)


_PDFBOX_JARS = ("pdfbox2", "fontbox2", "commons-logging", "bcprov", "bcpkix", "bcutil")


def _pdfbox(more: str = "") -> bytes:
    return _java("A", f"""import org.apache.pdfbox.pdmodel.*;
import org.apache.pdfbox.pdmodel.common.PDRectangle;
import org.apache.pdfbox.pdmodel.encryption.*;
import org.apache.pdfbox.pdmodel.font.PDType1Font;
public class A {{ public static void main(String[] a) throws Exception {{
  PDDocument pdf = new PDDocument(); PDPage page = new PDPage(PDRectangle.A4); pdf.addPage(page);
  PDPageContentStream out = new PDPageContentStream(pdf, page);
  out.beginText(); out.setFont(PDType1Font.TIMES_ROMAN, 16); out.newLineAtOffset(72, 740);
  out.showText("{TITLE}"); out.endText(); out.close(); {more}
  pdf.save("out.pdf"); }} }}""", *_PDFBOX_JARS)  # fmt: skip


_PDFBOX_LOCK = """AccessPermission may = new AccessPermission(); may.setCanModify(false);
StandardProtectionPolicy lock = new StandardProtectionPolicy("pemilik", "", may); lock.setEncryptionKeyLength(128);
pdf.protect(lock);"""


def _itext(more: str = "") -> bytes:
    return _java("A", f"""import com.itextpdf.text.*; import com.itextpdf.text.pdf.*; import java.io.*;
public class A {{ public static void main(String[] a) throws Exception {{
  Document doc = new Document(PageSize.A4); PdfWriter pdf = PdfWriter.getInstance(doc, new FileOutputStream("out.pdf"));
  {more}
  doc.open(); for (String line : "{_TEXT}".split("\\n")) doc.add(new Paragraph(line));
  PdfPTable table = new PdfPTable(2); table.addCell("Uraian"); table.addCell("Jumlah"); doc.add(table);
  doc.close(); }} }}""", "itext5")  # fmt: skip


_HARU = f"""#include <hpdf.h>
int main(void) {{ HPDF_Doc pdf = HPDF_New(NULL, NULL); HPDF_SetCompressionMode(pdf, HPDF_COMP_ALL);
HPDF_Page page = HPDF_AddPage(pdf); HPDF_Page_SetSize(page, HPDF_PAGE_SIZE_A4, HPDF_PAGE_LANDSCAPE);
HPDF_Page_SetFontAndSize(page, HPDF_GetFont(pdf, "Times-Roman", NULL), 18); HPDF_Page_BeginText(page);
HPDF_Page_TextOut(page, 72, 500, "{TITLE}"); HPDF_Page_EndText(page); HPDF_SaveToFile(pdf, "out.pdf"); return 0; }}"""


def _haru() -> bytes:
    return run("sh", "-c", "gcc a.c -o a -lhpdf && ./a", files={"a.c": _HARU})


def _pdftk() -> bytes:
    first, second = _php_fpdf(), _prawn()
    files: dict[str, str | bytes] = {"a.pdf": first, "b.pdf": second}
    return run("pdftk", "A=a.pdf", "B=b.pdf", "cat", "A1", "Bendeast", "output", "out.pdf", files=files)


def _pdftk_owner() -> bytes:
    files: dict[str, str | bytes] = {"a.pdf": _php_fpdf()}
    return run("pdftk", "a.pdf", "output", "out.pdf", "owner_pw", "pemilik", "allow", "printing", files=files)


def _magick_like_tiff() -> bytes:
    """A JPEG as it is, in a TIFF's clothes."""
    picture = picture_bytes(scanned_page("RGB", 45, photo=True), "TIFF", compression="jpeg")
    return run("tiff2pdf", "-o", "out.pdf", "a.tif", files={"a.tif": picture})


RECIPES = [
    Recipe("pdf-lib/letter.pdf", "pdf-lib", "letter, object streams", _pdf_lib),
    Recipe(
        "pdf-lib/plain.pdf",
        "pdf-lib",
        "without object streams",
        lambda: _pdf_lib(saving="{ useObjectStreams: false }"),
    ),
    Recipe("pdf-lib/form.pdf", "pdf-lib", "form", lambda: _pdf_lib(_PDF_LIB_FORM)),
    Recipe(
        "pdf-lib/rotated-180.pdf",
        "pdf-lib",
        "turned by 180 degrees",
        lambda: _pdf_lib("page.setRotation(degrees(180));"),
    ),
    Recipe(
        "pdf-lib/cropped.pdf",
        "pdf-lib",
        "crop box inside the page",
        lambda: _pdf_lib("page.setCropBox(50, 300, 400, 500);"),
    ),
    Recipe(
        "pdf-lib/attachment.pdf",
        "pdf-lib",
        "a file attached",
        lambda: _pdf_lib("await pdf.attach(new Uint8Array([1, 2]), 'a.bin');"),
    ),
    Recipe(
        "pdf-lib/script.pdf",
        "pdf-lib",
        "JavaScript",
        lambda: _pdf_lib("pdf.addJavaScript('a', 'app.alert(1)');"),
    ),
    Recipe("pdfkit/letter.pdf", "PDFKit", "letter", _pdfkit),
    Recipe(
        "pdfkit/landscape.pdf",
        "PDFKit",
        "across, legal size",
        lambda: _pdfkit("{ size: 'LEGAL', layout: 'landscape' }"),
    ),
    Recipe(
        "pdfkit/owner-aes-256.pdf",
        "PDFKit",
        "owner password, AES 256",
        lambda: _pdfkit("{ ownerPassword: 'pemilik', pdfVersion: '1.7ext3' }"),
    ),
    Recipe(
        "pdfkit/tagged.pdf",
        "PDFKit",
        "tagged",
        lambda: _pdfkit("{ tagged: true, displayTitle: true, info: { Title: 'Surat' } }"),
    ),
    Recipe(
        "pdfkit/form.pdf",
        "PDFKit",
        "form the reader draws",
        lambda: _pdfkit(
            more="pdf.initForm(); pdf.formText('nama', 72, 400, 200, 24, { value: 'Siti', borderColor: 'red' }); pdf.formPushButton('kirim', 72, 440, 80, 24, { label: 'Kirim' });"
        ),
    ),
    Recipe("jspdf/letter.pdf", "jsPDF", "two sizes", _jspdf),
    Recipe("jspdf/owner-rc4.pdf", "jsPDF", "owner password RC4", _jspdf_owner),
    Recipe("pdfmake/letter.pdf", "pdfmake (PDFKit)", "table", _pdfmake),
    Recipe("react-pdf/letter.pdf", "react-pdf", "letter", _react_pdf),
    Recipe("libpdf/letter.pdf", "@libpdf/core", "letter", _libpdf),
    Recipe("tcpdf/letter.pdf", "TCPDF", "letter", _tcpdf),
    Recipe(
        "tcpdf/pdfa-1b.pdf",
        "TCPDF",
        "PDF/A-1b",
        lambda: _tcpdf(arguments="'P', 'mm', 'A4', true, 'UTF-8', false, true"),
    ),
    Recipe(
        "tcpdf/owner-aes-128.pdf",
        "TCPDF",
        "owner password, AES 128",
        lambda: _tcpdf("$pdf->SetProtection(['print'], '', 'pemilik', 2);"),
    ),
    Recipe("tcpdf/form.pdf", "TCPDF", "form with a script", _tcpdf_form),
    Recipe("fpdf-php/letter.pdf", "FPDF", "PDF 1.3", _php_fpdf),
    Recipe("prawn/letter.pdf", "Prawn", "upright, then across", _prawn),
    Recipe("prawn/owner-rc4.pdf", "Prawn", "random owner password", _prawn_owner, repaired=True),
    Recipe("pdf-api2/letter.pdf", "PDF::API2", "letter", lambda: _perl("PDF::API2")),
    Recipe("pdf-builder/letter.pdf", "PDF::Builder", "letter", lambda: _perl("PDF::Builder")),
    Recipe("pdfbox/letter.pdf", "PDFBox", "letter", _pdfbox),
    Recipe("pdfbox/owner-aes-128.pdf", "PDFBox", "owner password, AES 128", lambda: _pdfbox(_PDFBOX_LOCK)),
    Recipe("itext/letter.pdf", "iText 5", "letter, table", _itext),
    Recipe(
        "itext/full-compression.pdf", "iText 5", "object streams", lambda: _itext("pdf.setFullCompression();")
    ),
    Recipe("haru/landscape.pdf", "libHaru", "across", _haru),
    Recipe("pdftk/joined.pdf", "pdftk-java", "two files joined, one page turned", _pdftk),
    Recipe("pdftk/owner-password.pdf", "pdftk-java", "owner password RC4", _pdftk_owner),
    Recipe("tiff2pdf/jpeg.pdf", "libtiff tiff2pdf", "colour JPEG", _magick_like_tiff, repaired=True),
]
