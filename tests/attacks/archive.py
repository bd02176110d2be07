"""Archive updates and further signatures that carry something else along.

A document security store, document time stamps and further signatures may follow a stamp. Each is a revision,
and whoever writes it may write more into it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name, pdf_string
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.signers import SimpleSigner

from tests.attacks.bases import Bases
from tests.attacks.evidence import both, keeps_signed_bytes, looks_different, opens
from tests.attacks.signing import (
    BLANK,
    TEXT,
    Box,
    Edit,
    black,
    signed_by_somebody,
    with_archive_stamp,
    with_store,
)
from tests.attacks.suite import Attack, Maker, attacks
from tests.verification.making import SECOND, certificate, self_made, stranger


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
            pdf_name("/AP"): generic.DictionaryObject({pdf_name("/N"): writer.add_object(black(TEXT))}),
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
            pdf_name("/AP"): generic.DictionaryObject({pdf_name("/N"): writer.add_object(black(TEXT))}),
        }
    )
    reference = writer.add_object(field)
    page["/Annots"].append(reference)
    writer.root["/AcroForm"]["/Fields"].append(reference)
    for changed in (page, page["/Annots"], writer.root["/AcroForm"]["/Fields"]):
        writer.update_container(changed)


def stores(edit: Edit) -> Maker:
    return lambda b, d: with_store(d, certificate(b.folder / "intermediate.pem"), edit=edit)


def archive_stamps(edit: Edit | None = None, box: Box | None = None) -> Maker:
    return lambda b, d: with_archive_stamp(d, b.time_stamper(b.now), edit=edit, box=box)


def sneaks(edit: Edit | None = None, box: Box | None = None) -> Maker:
    """Mallory signs, whatever the certification says."""
    return lambda _, d: signed_by_somebody(d, name="Mallory", edit=edit, box=box, forced=True)


def stamps(signer: Callable[[], SimpleSigner]) -> Maker:
    """Mallory adds what looks like a second stamp."""
    return lambda _, d: signed_by_somebody(
        d, name=f"Emet{SECOND}", reason=f"[{SECOND}] Bea meterai", box=BLANK, signer=signer(), forced=True
    )


@cache
def strange_authority() -> SimpleSigner:
    return stranger("Meterai Elektronik 10000", issuer=self_made("Emeterai CA", authority=True))


@cache
def nobody() -> SimpleSigner:
    return stranger("Mallory")


def fills(reason: str = "Setuju", signer: Callable[[], SimpleSigner] = nobody) -> Maker:
    """Cut back to the first of two stamps; Mallory fills the second one's place."""

    def make(bases: Bases, _: bytes) -> bytes:
        name = bases.second_field
        stated = reason.replace("SERIAL", name.removeprefix("Emet"))
        first = bases["first of two"]
        return signed_by_somebody(first, name=name, reason=stated, signer=signer(), existing=True)

    return make


def fills_with_archive_stamp(bases: Bases, _: bytes) -> bytes:
    first = bases["first of two"]
    return with_archive_stamp(first, bases.time_stamper(bases.now), name=bases.second_field)


SEEN: dict[str, Maker] = {
    "content beside archive data": stores(new_content),
    "turn beside archive data": stores(turned),
    "note beside archive data": stores(note),
    "content beside an archive time stamp": archive_stamps(new_content),
    "note beside an archive time stamp": archive_stamps(note),
    "text field beside an archive time stamp": archive_stamps(text_field),
    "visible archive time stamp over the sum": archive_stamps(box=TEXT),
    "visible archive time stamp on blank paper": archive_stamps(box=BLANK),
}
UNSEEN: dict[str, Maker] = {
    "archive time stamp under our names": lambda b, d: with_archive_stamp(
        d, b.other_stamper.time_stamper(b.now)
    ),
    "script beside archive data": stores(script),
    "another entry in the archive data": stores(foreign_key_in_store),
    "script beside an archive time stamp": archive_stamps(script),
}
OVER: dict[str, Maker] = {
    "over the sum": sneaks(box=TEXT),
    "over the whole page": sneaks(box=(0, 0, 595, 842)),
    "over the stamp": sneaks(box=(60, 100, 390, 190)),
    "with content": sneaks(new_content),
    "with a turned page": sneaks(turned),
    "with a note": sneaks(note),
    "with a text field": sneaks(text_field),
    "as a stamp of another authority": stamps(strange_authority),
    "as a self-signed stamp": stamps(nobody),
}
CLOSED: dict[str, Maker] = {"on blank paper": sneaks(box=BLANK)}
OPEN_FIELD: dict[str, Maker] = {
    "second stamp of another authority": fills("[SERIAL] Bea meterai", strange_authority),
    "second stamp as somebody's signature": fills(),
    "second stamp as an archive time stamp": fills_with_archive_stamp,
}
OPEN = ("to be signed", "approval", "fillable")
CLOSED_FILES = ("final", "two", "certified", "signed before", "stamped again")

ATTACKS: list[Attack] = [
    *attacks("archive", SEEN, on=("final", "to be signed"), shows=both(looks_different, keeps_signed_bytes)),
    *attacks("archive", UNSEEN, on=("final", "to be signed"), shows=both(opens, keeps_signed_bytes)),
    *attacks("sneaky signature", OVER, on=("final", *OPEN), shows=looks_different),
    *attacks("sneaky signature", CLOSED, on=CLOSED_FILES, shows=looks_different),
    *attacks("two stamps", OPEN_FIELD, on=("two",), shows=opens),
]
