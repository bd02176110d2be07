"""Files that are unusual and all right, or not ours and to be described, each with its due verdict."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path

import pikepdf
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import MDPPerm, SigFieldSpec, append_signature_field
from pyhanko.sign.timestamps import DummyTimeStamper

from meterai.kernel.serial_number import make_serial
from meterai.pdf.profiles import Profile
from meterai.verification.model import Verdict
from tests.attacks import shadow
from tests.attacks.archive import strange_authority
from tests.attacks.bases import SUM, Bases
from tests.attacks.programs import by_libreoffice, by_poppler, by_poppler_in
from tests.attacks.raw import append
from tests.attacks.signing import (
    BLANK,
    Box,
    add_field,
    black,
    signed_by_somebody,
    with_archive_stamp,
    with_store,
)
from tests.attacks.tables import archived_by_hand, packed_archive, startxref_early
from tests.pdf import samples
from tests.verification.making import SECOND, SERIAL, assemble, certificate, letter

Made = Callable[[Bases], bytes]
YES, NO, UNSURE = Verdict.GENUINE, Verdict.NOT_GENUINE, Verdict.CANNOT_CHECK
ADDED, NONE = Verdict.WITH_ADDITIONS, Verdict.NO_STAMP
YEAR = timedelta(days=365)


@dataclass(frozen=True)
class Variant:
    """A file, the verdict that is due, and reason codes that must be among those given."""

    name: str
    make: Made
    verdict: Verdict = YES
    reasons: tuple[str, ...] = ()
    later: timedelta = timedelta(hours=1)
    """How long after now it is judged."""
    trusting: Callable[[Bases], Bases] = lambda bases: bases
    """The PKI whose root the judge trusts."""

    @property
    def id(self) -> str:
        return self.name


def added(name: str, make: Made, *, reasons: tuple[str, ...] = ()) -> Variant:
    """A genuine file that others signed or stamped after it was sealed."""
    return Variant(name, make, ADDED, reasons)


def saved(data: bytes, change: Callable[[pikepdf.Pdf], None] | None = None, **options: object) -> bytes:
    """Rewritten by qpdf, as other producers write: `options` as pikepdf's save takes them."""
    with pikepdf.open(io.BytesIO(data)) as pdf:
        if change is not None:
            change(pdf)
        out = io.BytesIO()
        pdf.save(out, **options)  # type: ignore[arg-type]
    return out.getvalue()


def first_page(**entries: object) -> Callable[[pikepdf.Pdf], None]:
    def change(pdf: pikepdf.Pdf) -> None:
        for key, value in entries.items():
            pdf.pages[0][f"/{key}"] = value

    return change


def sizes_apart() -> bytes:
    """The numbers of the media box are objects of their own."""
    page = b"<< /Type /Page /Parent 2 0 R /Resources << >> /MediaBox [0 0 4 0 R 5 0 R] >>"
    return assemble(
        [
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Count 1 /Kids [3 0 R] >>",
            page,
            b"595",
            b"842",
        ]
    )


def deep_tree(pdf: pikepdf.Pdf) -> None:
    """As programs write that put all they have into one more branch with each file added."""
    root = pdf.Root["/Pages"]
    for _ in range(60):
        above = pdf.make_indirect(pikepdf.Dictionary(Type=pikepdf.Name.Pages, Count=1))
        above["/Kids"] = pikepdf.Array([root])
        root["/Parent"] = above
        root = above
    pdf.Root["/Pages"] = root


def largest() -> bytes:
    return samples.scan((10 << 20) - 4000)


def for_forty() -> bytes:
    """A list of those present, with a place for each to sign."""
    writer = IncrementalPdfFileWriter(io.BytesIO(letter(SUM)))
    for number in range(40):
        box = (50, 40 + 15 * number, 150, 50 + 15 * number)
        append_signature_field(writer, SigFieldSpec(sig_field_name=f"Hadir {number}", box=box))
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def sealed(
    source: Callable[[], bytes], count: int = 1, *, page: int = 1, profile: Profile = Profile.FINAL
) -> Made:
    return lambda b: b.sealed(source(), count, page=page, profile=profile)[-1]


def signed(source: Callable[[], bytes], certify: MDPPerm | None = None, **changed: object) -> Made:
    return lambda b: b.signed(source(), certify, **changed)


def of(name: str, *steps: Callable[[Bases, bytes], bytes]) -> Made:
    """A genuine file with further revisions."""

    def make(bases: Bases) -> bytes:
        data = bases[name]
        for step in steps:
            data = step(bases, data)
        return data

    return make


def archived(bases: Bases, data: bytes) -> bytes:
    return with_store(data, certificate(bases.folder / "intermediate.pem"))


def archive_stamped(bases: Bases, data: bytes) -> bytes:
    name = f"Arsip{len(data)}"
    return with_archive_stamp(data, bases.time_stamper(bases.now), name=name)


def archive_stamped_by_a_stranger(bases: Bases, data: bytes) -> bytes:
    authority = strange_authority()
    stamper = DummyTimeStamper(authority.signing_cert, authority.signing_key, fixed_dt=bases.now)
    return with_archive_stamp(data, stamper)


def budi_signs(_: Bases, data: bytes) -> bytes:
    return signed_by_somebody(data)


def budi_signs_visibly(_: Bases, data: bytes) -> bytes:
    return signed_by_somebody(data, box=BLANK)


def signed_behind(source: Callable[[], bytes], box: Box = BLANK) -> Made:
    return lambda b: signed_by_somebody(b.sealed(source(), profile=Profile.SIGN_LATER)[0], box=box)


def odd_signed(edit: Callable[[pikepdf.Pdf], None]) -> Made:
    return signed_behind(lambda: saved(letter(SUM), edit))


def odd_before(edit: Callable[[pikepdf.Pdf], None]) -> Made:
    return lambda b: b.sealed(signed_by_somebody(saved(letter(SUM), edit)), profile=Profile.SIGNED)[0]


def signed_by_eight(_: Bases, data: bytes) -> bytes:
    """Each on a good piece of the page."""
    for number in range(8):
        column, row = number % 2, number // 2
        box = (40 + 250 * column, 250 + 100 * row, 260 + 250 * column, 340 + 100 * row)
        data = signed_by_somebody(data, name=f"Budi {number}", box=box)
    return data


def stamped_over_budis_signature(bases: Bases) -> bytes:
    data = signed_by_somebody(bases["to be signed"], box=(135, 95, 240, 195))
    return bases.sealed(data, profile=Profile.SIGNED, first=1)[0]


def dated(time: str, data: bytes) -> bytes:
    """Budi's program wrote the time of signing in this way."""
    return signed_by_somebody(data, time=time)


def budi_signs_with_one_face_for_all(_: Bases, data: bytes) -> bytes:
    """The same at rest, under the mouse and pressed."""

    def edit(writer: IncrementalPdfFileWriter) -> None:
        add_field(writer, "Budi", BLANK)
        faces = writer.root["/AcroForm"]["/Fields"][-1]["/AP"]
        faces["/R"] = faces["/D"] = faces.raw_get("/N")

    return signed_by_somebody(data, edit=edit, existing=True)


RICH = (
    b"q /G0 gs /DeviceRGB cs 0 0 1 scn 0 0 200 30 re f Q /Tx BMC BT /F1 12 Tf (Budi \\(/OC\\)) Tj ET EMC"
    b" /Span << /MCID 0 >> BDC q 0.5 0 0 0.5 0 0 cm /X0 Do Q EMC"
)


def dictionary(**entries: generic.PdfObject) -> generic.DictionaryObject:
    return generic.DictionaryObject({pdf_name(f"/{key}"): value for key, value in entries.items()})


def budi_signs_with_a_rich_face(_: Bases, data: bytes) -> bytes:
    """It uses what its resources have, colours by the names that need none, and marks its parts."""

    def edit(writer: IncrementalPdfFileWriter) -> None:
        add_field(writer, "Budi", BLANK)
        font = dictionary(Type=pdf_name("/Font"), Subtype=pdf_name("/Type1"), BaseFont=pdf_name("/Helvetica"))
        resources = dictionary(
            Font=dictionary(F1=writer.add_object(font)),
            ExtGState=dictionary(G0=dictionary(ca=generic.NumberObject(1))),
            XObject=dictionary(X0=writer.add_object(black(BLANK))),
        )
        face = generic.StreamObject({**black(BLANK), pdf_name("/Resources"): resources}, stream_data=RICH)
        writer.root["/AcroForm"]["/Fields"][-1]["/AP"]["/N"] = writer.add_object(face)

    return signed_by_somebody(data, edit=edit, existing=True)


def libreoffice_signs(_: Bases, data: bytes) -> bytes:
    return by_libreoffice(data)


def poppler_signs(_: Bases, data: bytes) -> bytes:
    return by_poppler(data)


def poppler_signs_visibly(_: Bases, data: bytes) -> bytes:
    return by_poppler(data, BLANK)


def poppler_signs_again(_: Bases, data: bytes) -> bytes:
    return by_poppler(data, (300, 300, 500, 360), name="Siti")


def poppler_signs_there(_: Bases, data: bytes) -> bytes:
    return by_poppler_in(data)


def siti_signs(_: Bases, data: bytes) -> bytes:
    return signed_by_somebody(data, name="Siti", box=(300, 300, 500, 360))


def signed_before(*steps: Callable[[Bases, bytes], bytes], source: bytes | None = None) -> Made:
    """Others sign first, then our engine stamps."""

    def make(bases: Bases) -> bytes:
        data = source or letter(SUM)
        for step in steps:
            data = step(bases, data)
        return bases.sealed(data, profile=Profile.SIGNED)[0]

    return make


def budi_certifies(_: Bases, data: bytes) -> bytes:
    return signed_by_somebody(data, certify=MDPPerm.FILL_FORMS)


def strange_stamp(_: Bases, data: bytes) -> bytes:
    """An e-Meterai of another issuer."""
    return signed_by_somebody(
        data, name=f"Emet{SECOND}", reason=f"[{SECOND}] Bea meterai", signer=strange_authority()
    )


def place_taken(bases: Bases) -> bytes:
    """An e-Meterai of another issuer in the place that was kept for the second of two of ours; the file had
    one of ours before."""
    first = bases.sealed(bases["to be signed"], 2, profile=Profile.SIGNED, first=1)[0]
    serial = make_serial(hashlib.sha256(b"stamp 2").digest())
    return signed_by_somebody(
        first,
        name=f"Emet{serial}",
        reason=f"[{serial}] Bea meterai",
        signer=strange_authority(),
        existing=True,
        forced=True,
    )


def stamped_twice(bases: Bases) -> bytes:
    """Two approvals one after the other, neither knowing of the other."""
    first = bases.signed(letter(SUM))
    return bases.signed(first, serial=SECOND, visible=False)


def with_metadata() -> bytes:
    """With a title, in the document information and in XMP metadata."""

    def change(pdf: pikepdf.Pdf) -> None:
        with pdf.open_metadata() as metadata:
            metadata["dc:title"] = "Surat kuasa"
            metadata["xmp:CreatorTool"] = "Penulis"
        pdf.docinfo["/Title"] = "Surat kuasa"

    return saved(letter(SUM), change)


def with_the_metadata_of_an_office() -> bytes:
    """With kind and date, too, and two authors. The program that signs rewrites them in another form."""
    names = (
        b'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:dc="http://purl.org/dc/elements/1.1/"'
    )
    packet = b"""<x:xmpmeta xmlns:x="adobe:ns:meta/">
 <rdf:RDF %s>
  <rdf:Description rdf:about="">
   <dc:format>application/pdf</dc:format>
   <dc:date><rdf:Seq><rdf:li>0000-00-00T00:00:00Z</rdf:li></rdf:Seq></dc:date>
   <dc:creator>
    <rdf:Seq>
     <rdf:li>Ani</rdf:li>
     <rdf:li>Budi</rdf:li>
    </rdf:Seq>
   </dc:creator>
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>"""

    def change(pdf: pikepdf.Pdf) -> None:
        kind = {"Type": pikepdf.Name.Metadata, "Subtype": pikepdf.Name.XML}
        pdf.Root["/Metadata"] = pdf.make_stream(packet % names, **kind)

    return saved(letter(SUM), change)


def locked_by_an_office() -> bytes:
    """Its owner locked it; the metadata stayed in plain, and decrypting makes noise of them."""
    return (Path(__file__).parents[1] / "corpus/files/libreoffice/owner-password.pdf").read_bytes()


def with_a_link_in_the_page() -> bytes:
    """Its annotation is no object of its own, as FPDF and its children write it."""

    def change(pdf: pikepdf.Pdf) -> None:
        action = pikepdf.Dictionary(S=pikepdf.Name.URI, URI="https://contoh.id")
        link = pikepdf.Dictionary(Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.Link, A=action)
        link["/Rect"] = pikepdf.Array([40, 600, 200, 620])
        pdf.pages[1]["/Annots"] = pikepdf.Array([link])

    return saved(letter(SUM, pages=2), change)


def with_a_framed_place() -> bytes:
    """A form with a place for Budi to sign, which a frame and a ground mark."""
    writer = IncrementalPdfFileWriter(io.BytesIO(letter(SUM)))
    add_field(writer, "Budi", BLANK)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def budi_signs_there(_: Bases, data: bytes) -> bytes:
    return signed_by_somebody(data, existing=True)


def years_ago(bases: Bases) -> bytes:
    """Stamped shortly after the certificate began."""
    return bases.signed(letter(SUM), time_stamper=bases.time_stamper(bases.now - timedelta(days=95)))


def clock_ahead(bases: Bases) -> bytes:
    return bases.signed(
        letter(SUM), time_stamper=bases.time_stamper(bases.now + timedelta(hours=1, minutes=3))
    )


def elliptic(bases: Bases) -> bytes:
    return bases.elliptic.sealed(letter(SUM))[0]


def foreign(bases: Bases) -> bytes:
    return strange_stamp(bases, letter(SUM))


def foreign_changed(bases: Bases) -> bytes:
    data = foreign(bases)
    place = data.index(b"stream") + 20
    return data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]


def plain(data: bytes) -> Made:
    return lambda _: data


def written_otherwise() -> bytes:
    """Numbers and texts of page and catalog as whoever signs later would not write them."""
    page, root = b"/TrimBox [0.0 0.0 595.000 842.000]", b"/Lang <feff00690064>"
    return shadow.document(shadow.SHOWN, page=page, root=root)


def to_be_signed_and(step: Callable[[Bases, bytes], bytes], source: Callable[[], bytes]) -> Made:
    return lambda b: step(b, b.sealed(source(), profile=Profile.SIGN_LATER)[0])


def metadata_and(step: Callable[[Bases, bytes], bytes]) -> Made:
    return to_be_signed_and(step, with_metadata)


ROTATIONS = [
    Variant(f"page turned by {angle} degrees", sealed(lambda angle=angle: samples.rotated(angle)))
    for angle in (90, 180, 270)
]
VERSIONS = [
    Variant(
        f"PDF {version} by another producer",
        signed(lambda version=version: saved(letter(SUM), force_version=version)),
    )
    for version in ("1.3", "1.4", "1.6", "1.7", "2.0")
]
STREAMS = pikepdf.ObjectStreamMode.generate
PACKED = partial(saved, letter(SUM), object_stream_mode=STREAMS)
LINEAR = partial(saved, letter(SUM), linearize=True)
ODD_PAGES: dict[str, Callable[[pikepdf.Pdf], None]] = {
    "crop box of three numbers": first_page(CropBox=[0, 0, 500]),
    "crop box that is a name": first_page(CropBox=pikepdf.Name.Alles),
    "turned by a name": first_page(Rotate=pikepdf.Name.Left),
    "turned by half a quarter": first_page(Rotate=-45),
    "units of nothing": first_page(UserUnit=0),
    "sixty branches above it": deep_tree,
}
PRODUCERS = [
    *(added(f"page with {n}, signed afterwards", odd_signed(edit)) for n, edit in ODD_PAGES.items()),
    *(Variant(f"page with {n}, signed before", odd_before(edit)) for n, edit in ODD_PAGES.items()),
    Variant("page with its size in objects", sealed(sizes_apart)),
    Variant("object streams and stream tables, final", sealed(PACKED)),
    Variant("object streams and stream tables, approval", signed(PACKED)),
    Variant("linearised, final", sealed(LINEAR)),
    Variant("linearised, approval", signed(LINEAR)),
    Variant("cropped", sealed(samples.cropped)),
    Variant("in other units", sealed(lambda: saved(letter(SUM), first_page(UserUnit=2)))),
    Variant("scanned", sealed(lambda: samples.scan(100_000))),
    Variant("photograph", sealed(samples.photograph)),
    Variant("locked by its owner", sealed(lambda: samples.encrypted(user=""))),
    Variant("broken table, mended", sealed(samples.broken_table)),
    Variant("with scripts and attachments, taken out", sealed(samples.living)),
    Variant("with a form, flattened", sealed(samples.form)),
    Variant("with a form, kept", signed(shadow.with_field)),
    Variant("with layers", signed(shadow.layered)),
    Variant("with a note", signed(shadow.with_annotation)),
    Variant("in two revisions", signed(shadow.revised)),
    Variant("second page", sealed(lambda: letter(SUM, pages=2), page=2)),
    Variant("elliptic curve", elliptic, trusting=lambda b: b.elliptic),
]
OURS = [
    Variant("three stamps", sealed(lambda: letter(SUM), 3)),
    Variant("ten stamps", sealed(lambda: letter(SUM), 10)),
    Variant("three stamps, to be signed", sealed(lambda: letter(SUM), 3, profile=Profile.SIGN_LATER)),
    Variant("to be signed by forty", sealed(for_forty, profile=Profile.SIGN_LATER)),
    added("two stamps one after the other", stamped_twice),
    Variant("invisible stamp", signed(lambda: letter(SUM), visible=False)),
    Variant("reason in other letters", signed(lambda: letter(SUM), reason=f"[{SERIAL}] Bea “ꦲꦤꦕꦫꦏ”")),
    Variant("reason of the serial alone", signed(lambda: letter(SUM), reason=f"[{SERIAL}]")),
    Variant("reason of many lines", signed(lambda: letter(SUM), reason=f"[{SERIAL}] a\nb\n" + "c" * 500)),
    Variant("stamped long ago", years_ago),
    Variant("clock three minutes ahead", clock_ahead),
    Variant("judged three years later", of("final"), later=3 * YEAR),
    Variant("judged after all its certificates ended", of("final"), later=20 * YEAR),
    Variant("two stamps, judged three years later", of("two"), later=3 * YEAR),
    Variant("signed before, judged after its certificates ended", of("signed before"), later=20 * YEAR),
]
ARCHIVED = [
    *(Variant(f"{name}, archive data", of(name, archived)) for name in ("final", "two", "to be signed")),
    Variant("archive data and time stamp", of("final", archived, archive_stamped)),
    Variant("archive time stamp alone", of("final", archive_stamped)),
    Variant("followed by a revision without a change", of("final", lambda _, d: append(d, entries={0: 0}))),
    Variant("archived by hand", of("final", lambda _, d: archived_by_hand(d))),
    Variant("archived by hand, startxref one byte early", of("final", startxref_early)),
    Variant("archived by hand in an object stream", of("final", lambda _, d: packed_archive(d))),
    Variant("as large as an upload may be, archived", lambda b: archived(b, sealed(largest)(b))),
    Variant("archived twice", of("final", archived, archive_stamped, archived, archive_stamped)),
    Variant("archived, judged when all has ended", of("final", archived, archive_stamped), later=20 * YEAR),
    Variant("with metadata, archived", metadata_and(archived)),
    Variant("with metadata, archive time stamp", metadata_and(archive_stamped)),
    added("with metadata, signed afterwards", metadata_and(budi_signs_visibly)),
    added("of an office, signed afterwards", to_be_signed_and(budi_signs, with_the_metadata_of_an_office)),
    added("of an office, locked, signed afterwards", to_be_signed_and(budi_signs, locked_by_an_office)),
    Variant(
        "with a link, archive time stamp", lambda b: archive_stamped(b, sealed(with_a_link_in_the_page)(b))
    ),
    Variant("signed before, archived", of("signed before", archived, archive_stamped)),
    Variant("two stamps, archive time stamp", of("two", archived, archive_stamped)),
    Variant("archive time stamp of another authority", of("final", archive_stamped_by_a_stranger)),
]
LARGE = {
    "poster": (lambda: samples.page_file(media=(0, 0, 2384, 3370)), BLANK),
    "page in other units": (lambda: saved(letter(SUM), first_page(UserUnit=2)), (40, 300, 140, 360)),
}
SIGNED, FOREIGN, DESCRIBED = ("note.other_signature",), ("stamp.foreign_issuer",), ("note.foreign_stamp",)
TIMES = {
    "of a form of its own": "D:20261101120000Z00'00'",
    "without apostrophes": "D:20261101120000+0700",
    "without its mark": "20261101120000Z",
    "in words": "1 November 2026",
}
AFTERWARDS = of("to be signed", budi_signs_visibly, archived, archive_stamped)
OTHERS = [
    added("signed afterwards", of("to be signed", budi_signs), reasons=SIGNED),
    added("signed afterwards, visibly", of("to be signed", budi_signs_visibly), reasons=SIGNED),
    added("signed afterwards, in a framed place", to_be_signed_and(budi_signs_there, with_a_framed_place)),
    added("signed afterwards, one face for all states", of("to be signed", budi_signs_with_one_face_for_all)),
    added("signed afterwards, a rich face", to_be_signed_and(budi_signs_with_a_rich_face, shadow.layered)),
    added("signed afterwards by LibreOffice", of("to be signed", libreoffice_signs), reasons=SIGNED),
    added("signed afterwards by Poppler", of("to be signed", poppler_signs), reasons=SIGNED),
    added(
        "signed afterwards by Poppler, twice", of("to be signed", poppler_signs_visibly, poppler_signs_again)
    ),
    added(
        "signed afterwards by Poppler, in a framed place",
        to_be_signed_and(poppler_signs_there, with_a_framed_place),
    ),
    added(
        "signed afterwards by LibreOffice, pyHanko and Poppler",
        of("to be signed", libreoffice_signs, siti_signs, poppler_signs),
    ),
    added("signed afterwards, with a link", to_be_signed_and(budi_signs_visibly, with_a_link_in_the_page)),
    added(
        "signed and archived afterwards, all written anew",
        lambda b: archived(b, signed_behind(written_otherwise)(b)),
    ),
    added("signed afterwards by two", of("to be signed", budi_signs_visibly, siti_signs)),
    added("signed afterwards by eight", of("to be signed", signed_by_eight), reasons=SIGNED),
    Variant("signed afterwards, stamped over that", stamped_over_budis_signature, NO, SIGNED),
    added("signed afterwards, then archived", of("to be signed", budi_signs, archived)),
    added("signed afterwards, archived with time", AFTERWARDS),
    *(added(f"{name}, signed afterwards", signed_behind(*found)) for name, found in LARGE.items()),
    *(
        added(f"signed afterwards, time {n}", of("to be signed", lambda _, d, t=t: dated(t, d)))
        for n, t in TIMES.items()
    ),
    *(
        Variant(f"signed before, time {n}", signed_before(lambda _, d, t=t: dated(t, d)))
        for n, t in TIMES.items()
    ),
    added("approval signed afterwards", of("approval", budi_signs_visibly)),
    Variant("signed before by two", signed_before(budi_signs, siti_signs), reasons=SIGNED),
    Variant("certified before by somebody", signed_before(budi_certifies)),
    Variant("signed and archived before", signed_before(budi_signs, archive_stamped)),
    Variant("stamped by another issuer before", signed_before(strange_stamp), reasons=DESCRIBED),
    Variant("stamped by another issuer afterwards", of("to be signed", strange_stamp), UNSURE, FOREIGN),
    Variant("stamped by another issuer alone", foreign, UNSURE, FOREIGN),
    Variant("place of a stamp of ours taken by another issuer's", place_taken, NO, ("stamp.incomplete",)),
    Variant("stamp of another issuer, changed", foreign_changed, NO, ("signature.broken",)),
    Variant("signed and not stamped", lambda _: signed_by_somebody(letter(SUM)), NONE, ("stamp.none",)),
    Variant("neither signed nor stamped", plain(letter(SUM)), NONE, ("stamp.none",)),
]
UNREADABLE = [
    Variant("empty", plain(b""), UNSURE, ("pdf.empty",)),
    Variant("text", plain(b"Surat kuasa"), UNSURE, ("pdf.not_pdf",)),
    Variant("picture", plain(b"\x89PNG\r\n\x1a\n" + bytes(100)), UNSURE, ("pdf.not_pdf",)),
    Variant("locked with a password", plain(samples.encrypted()), UNSURE, ("pdf.encrypted",)),
    Variant("download cut off", lambda b: b["final"][: len(b["final"]) // 2], UNSURE, ("pdf.broken",)),
]
VARIANTS: list[Variant] = [*ROTATIONS, *VERSIONS, *PRODUCERS, *OURS, *ARCHIVED, *OTHERS, *UNREADABLE]
