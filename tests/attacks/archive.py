"""Archive updates and further signatures that carry something else along.

A document security store, document time stamps and further signatures may follow a stamp. Each is a revision,
and whoever writes it may write more into it.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name, pdf_string
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import SigFieldSpec, append_signature_field
from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner, PdfTimeStamper, SimpleSigner
from pyhanko.sign.validation import DocumentSecurityStore
from tests.attacks.bases import Bases
from tests.attacks.evidence import both, keeps_signed_bytes, looks_different, opens
from tests.attacks.suite import Attack, Maker, attacks
from tests.verification.making import SECOND, certificate, self_made, stranger

Edit = Callable[[IncrementalPdfFileWriter], None]
TEXT = (40, 730, 340, 790)
BLANK = (40, 300, 240, 360)


def with_store(bases: Bases, data: bytes, edit: Edit | None = None) -> bytes:
    """A revision with a document security store, and what `edit` adds to it."""
    writer = IncrementalPdfFileWriter(io.BytesIO(data))
    signature = PdfFileReader(io.BytesIO(data)).embedded_signatures[0]
    DocumentSecurityStore.supply_dss_in_writer(
        writer, signature.pkcs7_content, certs=[certificate(bases.folder / "intermediate.pem")]
    )
    if edit is not None:
        edit(writer)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def with_archive_stamp(
    bases: Bases,
    data: bytes,
    *,
    name: str = "Arsip",
    box: tuple[int, int, int, int] | None = None,
    edit: Edit | None = None,
    strange: bool = False,
) -> bytes:
    """A revision with a document time stamp, and what `edit` adds to it."""
    writer = IncrementalPdfFileWriter(io.BytesIO(data))
    if edit is not None:
        edit(writer)
    if box is not None:
        _add_field(writer, name, box)
    house = bases.other_house if strange else bases.house
    stamper = PdfTimeStamper(house.time_stamper(bases.now), field_name=name)
    out = io.BytesIO()
    with ThreadPoolExecutor(1) as thread:
        thread.submit(stamper.timestamp_pdf, writer, "sha256", output=out).result()
    return out.getvalue()


def _add_field(writer: IncrementalPdfFileWriter, name: str, box: tuple[int, int, int, int]) -> None:
    """An empty signature field with a face of its own."""
    append_signature_field(writer, SigFieldSpec(sig_field_name=name, box=box))
    field = writer.root["/AcroForm"]["/Fields"][-1]
    field["/AP"] = generic.DictionaryObject({pdf_name("/N"): writer.add_object(_black(box))})
    writer.update_container(field)


def _black(box: tuple[int, int, int, int]) -> generic.StreamObject:
    width, height = box[2] - box[0], box[3] - box[1]
    return generic.StreamObject(
        {
            pdf_name("/Type"): pdf_name("/XObject"),
            pdf_name("/Subtype"): pdf_name("/Form"),
            pdf_name("/BBox"): generic.ArrayObject(map(generic.NumberObject, (0, 0, width, height))),
        },
        stream_data=b"0 0 %d %d re f" % (width, height),
    )


def signed_later(
    data: bytes,
    *,
    name: str = "Mallory",
    reason: str = "Setuju",
    box: tuple[int, int, int, int] | None = None,
    edit: Edit | None = None,
    signer: SimpleSigner | None = None,
    existing: bool = False,
) -> bytes:
    """A revision with somebody else's signature, and what `edit` adds to it. Permissions are ignored."""
    writer = IncrementalPdfFileWriter(io.BytesIO(data))
    if edit is not None:
        edit(writer)
    if box is not None and not existing:
        _add_field(writer, name, box)
    signing = PdfSigner(
        PdfSignatureMetadata(field_name=name, reason=reason, md_algorithm="sha256"),
        signer=signer or stranger("Mallory"),
        new_field_spec=None if box or existing else SigFieldSpec(sig_field_name=name, box=None),
    )
    out = io.BytesIO()
    with ThreadPoolExecutor(1) as thread, _opened(writer):
        thread.submit(
            signing.sign_pdf, writer, output=out, existing_fields_only=bool(box) or existing
        ).result()
    return out.getvalue()


@contextmanager
def _opened(writer: IncrementalPdfFileWriter) -> Iterator[None]:
    """Lets pyHanko sign what a certification closes: Mallory's program would not ask."""
    permissions = writer.root.get("/Perms")
    if permissions is not None:
        parameters = permissions["/DocMDP"]["/Reference"][0]["/TransformParams"]
        parameters["/P"] = generic.NumberObject(2)
    yield


def new_content(writer: IncrementalPdfFileWriter) -> None:
    page = writer.root["/Pages"]["/Kids"][0]
    page["/Contents"] = writer.add_object(generic.StreamObject(stream_data=b"0 0 600 800 re f"))
    writer.update_container(page)


def turned(writer: IncrementalPdfFileWriter) -> None:
    page = writer.root["/Pages"]["/Kids"][0]
    page["/Rotate"] = generic.NumberObject(90)
    writer.update_container(page)


def note(writer: IncrementalPdfFileWriter) -> None:
    page = writer.root["/Pages"]["/Kids"][0]
    made = generic.DictionaryObject(
        {
            pdf_name("/Type"): pdf_name("/Annot"),
            pdf_name("/Subtype"): pdf_name("/FreeText"),
            pdf_name("/F"): generic.NumberObject(4),
            pdf_name("/Contents"): pdf_string("Rp99.000.000"),
            pdf_name("/Rect"): generic.ArrayObject(map(generic.NumberObject, TEXT)),
            pdf_name("/AP"): generic.DictionaryObject({pdf_name("/N"): writer.add_object(_black(TEXT))}),
        }
    )
    page["/Annots"].append(writer.add_object(made))
    writer.update_container(page["/Annots"])
    writer.update_container(page)


def script(writer: IncrementalPdfFileWriter) -> None:
    writer.root["/OpenAction"] = generic.DictionaryObject(
        {pdf_name("/S"): pdf_name("/JavaScript"), pdf_name("/JS"): pdf_string("app.alert(1)")}
    )
    writer.update_root()


def foreign_key_in_store(writer: IncrementalPdfFileWriter) -> None:
    writer.root["/DSS"][pdf_name("/Rp99000000")] = pdf_string("x")
    writer.update_container(writer.root["/DSS"])


def text_field(writer: IncrementalPdfFileWriter) -> None:
    page = writer.root["/Pages"]["/Kids"][0]
    field = generic.DictionaryObject(
        {
            pdf_name("/FT"): pdf_name("/Tx"),
            pdf_name("/T"): pdf_string("jumlah"),
            pdf_name("/Type"): pdf_name("/Annot"),
            pdf_name("/Subtype"): pdf_name("/Widget"),
            pdf_name("/F"): generic.NumberObject(4),
            pdf_name("/Rect"): generic.ArrayObject(map(generic.NumberObject, TEXT)),
            pdf_name("/AP"): generic.DictionaryObject({pdf_name("/N"): writer.add_object(_black(TEXT))}),
        }
    )
    reference = writer.add_object(field)
    page["/Annots"].append(reference)
    writer.root["/AcroForm"]["/Fields"].append(reference)
    for changed in (page, page["/Annots"], writer.root["/AcroForm"]["/Fields"]):
        writer.update_container(changed)


def stores(edit: Edit) -> Maker:
    return lambda bases, data: with_store(bases, data, edit)


def archive_stamps(edit: Edit) -> Maker:
    return lambda bases, data: with_archive_stamp(bases, data, edit=edit)


def strange_authority() -> SimpleSigner:
    return stranger("Meterai Elektronik 10000", issuer=self_made("Emeterai CA", authority=True))


SEEN: dict[str, Maker] = {
    "content beside archive data": stores(new_content),
    "turn beside archive data": stores(turned),
    "note beside archive data": stores(note),
    "content beside an archive time stamp": archive_stamps(new_content),
    "note beside an archive time stamp": archive_stamps(note),
    "text field beside an archive time stamp": archive_stamps(text_field),
    "visible archive time stamp over the sum": lambda b, d: with_archive_stamp(b, d, box=TEXT),
    "visible archive time stamp on blank paper": lambda b, d: with_archive_stamp(b, d, box=BLANK),
}
UNSEEN: dict[str, Maker] = {
    "script beside archive data": stores(script),
    "another entry in the archive data": stores(foreign_key_in_store),
    "script beside an archive time stamp": archive_stamps(script),
}
OVER: dict[str, Maker] = {
    "over the sum": lambda _, d: signed_later(d, box=TEXT),
    "over the whole page": lambda _, d: signed_later(d, box=(0, 0, 595, 842)),
    "over the stamp": lambda _, d: signed_later(d, box=(60, 100, 390, 190)),
    "with content": lambda _, d: signed_later(d, edit=new_content),
    "with a note": lambda _, d: signed_later(d, edit=note),
    "with a text field": lambda _, d: signed_later(d, edit=text_field),
    "as a stamp of another authority": lambda _, d: signed_later(
        d, name=f"Emet{SECOND}", reason=f"[{SECOND}] Bea meterai", box=BLANK, signer=strange_authority()
    ),
    "as a self-signed stamp": lambda _, d: signed_later(
        d, name=f"Emet{SECOND}", reason=f"[{SECOND}] Bea meterai", box=BLANK
    ),
}
CLOSED: dict[str, Maker] = {"on blank paper": lambda _, d: signed_later(d, box=BLANK)}
OPEN_FIELD: dict[str, Maker] = {
    "second stamp of another authority": lambda b, _: signed_later(
        b["first of two"],
        name=b.second_field,
        reason=f"[{b.second_field[4:]}] Bea meterai",
        signer=strange_authority(),
        existing=True,
    ),
    "second stamp as somebody's signature": lambda b, _: signed_later(
        b["first of two"], name=b.second_field, existing=True
    ),
    "second stamp as an archive time stamp": lambda b, _: with_archive_stamp(
        b, b["first of two"], name=b.second_field
    ),
}

ATTACKS: list[Attack] = [
    *attacks("archive", SEEN, on=("final", "two"), shows=both(looks_different, keeps_signed_bytes)),
    *attacks("archive", UNSEEN, on=("final", "two"), shows=both(opens, keeps_signed_bytes)),
    *attacks("sneaky signature", OVER, on=("final", "approval", "fillable"), shows=looks_different),
    *attacks("sneaky signature", CLOSED, on=("final", "two", "certified"), shows=looks_different),
    *attacks("two stamps", OPEN_FIELD, on=("two",), shows=opens),
]
