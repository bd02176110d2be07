"""Bytes around a genuine file, and pictures of a stamp without its signature."""

from __future__ import annotations

import io
import zipfile

import pikepdf
import pypdfium2
from fpdf import FPDF

from tests.attacks.bases import Bases
from tests.attacks.evidence import both, has_no_signature, keeps_signed_bytes, opens, shows_the_stamp
from tests.attacks.raw import anatomy
from tests.attacks.suite import PROFILES, Attack, Maker, attacks
from tests.verification.making import letter


def after(tail: bytes) -> Maker:
    return lambda _, data: data + tail


def before(head: bytes) -> Maker:
    return lambda _, data: head + data


def cut(count: int) -> Maker:
    return lambda _, data: data[:-count]


def archive_in_front(_: Bases, data: bytes) -> bytes:
    """A file that is a ZIP archive as well: what the one program opens is not what the other shows."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("surat.pdf", data)
    return out.getvalue()


def archive_behind(_: Bases, data: bytes) -> bytes:
    out = io.BytesIO(data)
    with zipfile.ZipFile(out, "a") as archive:
        archive.writestr("surat.txt", "Rp99.000.000")
    return out.getvalue()


def old_startxref_again(_: Bases, data: bytes) -> bytes:
    return data + b"startxref\n%d\n%%%%EOF\n" % anatomy(data).table


AFTER: dict[str, Maker] = {
    "newline": after(b"\n"),
    "carriage return": after(b"\r"),
    "space": after(b" "),
    "zero byte": after(b"\x00"),
    "one letter": after(b"x"),
    "comment": after(b"% Rp99.000.000\n"),
    "second end": after(b"%%EOF\n"),
    "end of nothing": after(b"startxref\n0\n%%EOF\n"),
    "same startxref again": old_startxref_again,
    "a web page": after(b"<html><script>alert(1)</script></html>"),
    "a whole page of newlines": after(b"\n" * 5000),
    "a ZIP archive": archive_behind,
    "another PDF": lambda _, data: data + letter("Rp99.000.000"),
    "itself": lambda _, data: data + data,
}
BEFORE: dict[str, Maker] = {
    "newline": before(b"\n"),
    "space": before(b" "),
    "zero byte": before(b"\x00"),
    "byte order mark": before(b"\xef\xbb\xbf"),
    "header": before(b"%PDF-1.7\n"),
    "older header": before(b"%PDF-1.0\n%%EOF\n"),
    "a mail's headers": before(b"Content-Type: application/pdf\r\n\r\n"),
    "a web page": before(b"<html><!--"),
    "another PDF": lambda _, data: letter("Rp99.000.000") + data,
}


def scanned(_: Bases, data: bytes) -> bytes:
    """The whole stamped page as a picture: a print and scan."""
    return _on_paper(_image(data, scale=1.5), 0, 0, 210)


def picture_pasted(_: Bases, data: bytes) -> bytes:
    """The stamp cut out and pasted into another letter."""
    picture = _image(data, scale=2.0)
    width, height = picture.size
    stamp = picture.crop((int(width * 0.055), int(height * 0.76), int(width * 0.235), int(height * 0.89)))
    return _on_paper(stamp, 21, 198, 38, text="Surat kuasa: jumlah Rp99.000.000")


def flattened(_: Bases, data: bytes) -> bytes:
    """Printed to PDF: the stamp's face is page content, the signature is gone."""
    with pikepdf.open(io.BytesIO(data)) as pdf:
        pdf.flatten_annotations("all")
        for key in ("/AcroForm", "/Perms"):
            if key in pdf.Root:
                del pdf.Root[key]
        return _save(pdf)


def face_copied(_: Bases, data: bytes) -> bytes:
    """The stamp's drawing, to the last vector, as an annotation in another letter."""
    with pikepdf.open(io.BytesIO(data)) as source, pikepdf.open(io.BytesIO(letter("Rp99.000.000"))) as pdf:
        field = source.Root.AcroForm.Fields[-1]
        face = pdf.copy_foreign(field.AP.N)
        annotation = pikepdf.Dictionary(
            Type=pikepdf.Name.Annot,
            Subtype=pikepdf.Name.Stamp,
            Rect=[float(value) for value in field.Rect],
            F=4,
            AP=pikepdf.Dictionary(N=face),
        )
        pdf.pages[0].Annots = pikepdf.Array([pdf.make_indirect(annotation)])
        return _save(pdf)


def page_copied(_: Bases, data: bytes) -> bytes:
    """The stamped page in a new file, as tools that merge files do it."""
    with pikepdf.open(io.BytesIO(data)) as source, pikepdf.new() as pdf:
        pdf.pages.extend(source.pages)
        return _save(pdf)


def rewritten(_: Bases, data: bytes) -> bytes:
    """Saved again by a program that ignores signatures: they are there, and no longer valid."""
    with pikepdf.open(io.BytesIO(data)) as pdf:
        return _save(pdf)


def attached(_: Bases, data: bytes) -> bytes:
    """The stamped file as an attachment of another."""
    with pikepdf.open(io.BytesIO(letter("Rp99.000.000"))) as pdf:
        pdf.attachments["surat.pdf"] = data
        return _save(pdf)


def words_alone(bases: Bases, _: bytes) -> bytes:
    return letter("METERAI ELEKTRONIK 10000 SEPULUH RIBU RUPIAH")


def empty_field(_: Bases, data: bytes) -> bytes:
    """A field with a stamp's name and face that no signature fills."""
    with pikepdf.open(io.BytesIO(data)) as pdf:
        del pdf.Root.AcroForm.Fields[-1]["/V"]
        return _save(pdf)


def _save(pdf: pikepdf.Pdf) -> bytes:
    out = io.BytesIO()
    pdf.save(out, static_id=True)
    return out.getvalue()


def _image(data: bytes, scale: float):  # type: ignore[no-untyped-def]
    document = pypdfium2.PdfDocument(data)
    document.init_forms()
    picture = document[0].render(scale=scale, may_draw_forms=True).to_pil().copy()
    document.close()
    return picture


def _on_paper(picture: object, x: float, y: float, width: float, text: str = "") -> bytes:
    pdf = FPDF(format="A4")
    pdf.add_page()
    if text:
        pdf.set_font("helvetica", size=14)
        pdf.text(20, 30, text)
    pdf.image(picture, x=x, y=y, w=width)  # type: ignore[arg-type]
    return bytes(pdf.output())


PICTURES: dict[str, Maker] = {
    "scanned": scanned,
    "pasted": picture_pasted,
    "printed to a file": flattened,
    "drawing copied": face_copied,
}
UNSIGNED: dict[str, Maker] = {
    "page copied": page_copied,
    "words alone": words_alone,
    "file attached": attached,
    "empty field": empty_field,
    "saved anew": rewritten,
}

CUT: dict[str, Maker] = {"one byte missing": cut(1), "end missing": cut(6)}
IN_ARCHIVE: dict[str, Maker] = {"inside an archive": archive_in_front}
ATTACKS: list[Attack] = [
    *attacks("after the end", AFTER, on=PROFILES, shows=keeps_signed_bytes),
    *attacks("after the end", CUT, on=("final",), shows=opens),
    *attacks("before the beginning", BEFORE | IN_ARCHIVE, on=("final",), shows=keeps_signed_bytes),
    *attacks("picture", PICTURES, on=("final",), shows=both(shows_the_stamp, has_no_signature)),
    *attacks("picture", UNSIGNED, on=("final",), shows=opens),
]
