"""Writes the incremental update that carries a stamp. Runs in the jail.

Uses pyHanko's reader, checks and writer through its API for signing in two steps (`PdfCMSEmbedder`).
"""

# mypy: disallow-untyped-calls=False
# pyHanko types only part of its own functions.

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.misc import PdfReadError, PdfWriteError
from pyhanko.sign.fields import FieldMDPAction, FieldMDPSpec, MDPPerm, SigSeedSubFilter
from pyhanko.sign.general import SigningError
from pyhanko.sign.signers.cms_embedder import PdfCMSEmbedder, SigIOSetup, SigMDPSetup, SigObjSetup
from pyhanko.sign.signers.pdf_byterange import BuildProps, PreparedByteRangeDigest, SignatureObject

from meterai.kernel.refusals import Kind, Refusal
from meterai.kernel.serial_number import SerialNumber
from meterai.pdf.signed.reading import Reader
from meterai.stamping.in_jail.exact_values import EncodedObject, with_exact_values
from meterai.stamping.in_jail.stamp_fields import StampField, add_stamp_field
from meterai.stamping.in_jail.structure_tags import tag_widget
from meterai.stamping.stamp_face.artwork import ARTWORK_FONT, COLOUR_SPACES, COLOURS, PICTURE, SIDE, artwork
from meterai.stamping.stamp_face.given_artwork import SIDE_PX, Picture, given_picture
from meterai.stamping.stamp_face.visible_stamp import STAMP_FONT, draw_stamp

_LOCK_ALL = FieldMDPSpec(action=FieldMDPAction.ALL)
TURNS = {0: (1, 0, 0, 1), 90: (0, 1, -1, 0), 180: (-1, 0, 0, -1), 270: (0, -1, 1, 0)}


@dataclass(frozen=True, kw_only=True)
class SealEntries:
    """What one seal writes into its signature dictionary and its field."""

    field_name: str
    serial: SerialNumber
    code: str
    specimen: bool
    reason: str
    location: str
    signer_name: str
    signing_time: datetime
    certify: int | None
    """DocMDP permission of a certification, None for an approval."""
    lock: bool
    """Locks all fields and the document (FieldMDP All, P=1)."""
    contents_bytes: int
    identity: bytes
    """16 bytes: the changing half of the file's ID."""


@dataclass(frozen=True)
class PreparedGap:
    """The written file and the position of its gap."""

    data: bytes
    start: int
    end: int


class IncrementWriter(IncrementalPdfFileWriter):
    """An incremental update that changes only what the caller changes.

    pyHanko would put its own name and the current time into the metadata.
    """

    def __init__(self, stream: io.BytesIO, prev: Reader | None = None) -> None:
        """Begins with the number after the last one: pyHanko would leave one out, which Poppler then uses.

        No new object gets the number of a cross-reference stream, which may not count itself in /Size.
        """
        super().__init__(stream, prev=prev)
        streams = (reference.idnum for reference in self.prev.xrefs.xref_stream_refs)
        self._lastobj_id = max(self._lastobj_id - 1, *streams, 0)

    @classmethod
    def after(cls, data: bytes) -> Self:
        """Opens a file that carries signatures."""
        reader = Reader(data)
        return cls(reader.stream, prev=reader)

    def _update_meta(self) -> None:
        return None

    def set_identity(self, changing: bytes) -> None:
        permanent = self._document_id[0]
        self._document_id = generic.ArrayObject([permanent, generic.ByteStringObject(changing)])

    def write_in_place(self) -> None:
        """Appends the revision. Objects that were in the file keep their values exactly."""
        if self.security_handler is None:
            file = self.prev.stream.getvalue()
            for (generation, number), value in self.objects.items():
                self.objects[generation, number] = with_exact_values(value, file, number, generation)
        super().write_in_place()


class EmptyGap:
    """Leaves the gap of a signature dictionary empty; a base class that comes before pyHanko's.

    pyHanko would hash the file here. The worker does so instead, when it stores the file. What is signed is
    the digest of the stored bytes, so the jail need not be trusted.
    """

    contents: Any
    byte_range: Any

    def fill(
        self, writer: Any, md_algorithm: Any, in_place: Any = True, output: Any = None, chunk_size: Any = 0
    ) -> Iterator[tuple[PreparedByteRangeDigest, io.BytesIO]]:
        writer.digest_aware_write = True
        writer.write_in_place()
        stream = writer.prev.stream
        start, end = self.contents.offsets
        self.byte_range.fill_offsets(stream, start, end, stream.tell())
        yield PreparedByteRangeDigest(b"", start, end), stream


class _Signature(EmptyGap, SignatureObject):
    """The signature dictionary of a seal."""


class Increment:
    """One revision being written, appended to `stream` in place."""

    def __init__(self, stream: io.BytesIO, *, signed: bool = False) -> None:
        """Opens the file. `signed`: it carries signatures, and is read as `examine_signatures` reads it.

        Raises: Refusal INVALID `pdf.broken`, or `pdf.signed_irregular` for a signed file.
        """
        try:
            self._writer = IncrementWriter.after(stream.getvalue()) if signed else IncrementWriter(stream)
        except (PdfReadError, PdfWriteError, ValueError) as error:
            if signed:
                raise Refusal(Kind.INVALID, "pdf.signed_irregular", why=type(error).__name__) from None
            raise Refusal(Kind.INVALID, "pdf.broken") from None

    def count_pages(self) -> int:
        """The page count that our own rewriting wrote. Never used for an uploaded file."""
        return int(self._writer.prev.root["/Pages"]["/Count"])

    def add_field(self, field: StampField, *, tagged: bool) -> None:
        """Makes an empty signature field with its widget.

        `tagged`: puts it into the structure tree, if there is one. A file that carries signatures allows no
        change of that tree.

        Raises: Refusal INVALID `pdf.broken`.
        """
        try:
            widget, page = add_stamp_field(self._writer, field)
            if tagged:
                tag_widget(self._writer, widget, page, text=field.text)
        except (PdfReadError, ValueError):
            raise Refusal(Kind.INVALID, "pdf.broken") from None

    def seal(self, entries: SealEntries) -> PreparedGap:
        """Draws the stamp into its field, gives it a signature with an empty gap, and writes the revision.

        Raises: Refusal CONFLICT `seal.field_missing` when the document has no such empty field.
        """
        self._writer.set_identity(entries.identity)
        embedding = PdfCMSEmbedder().write_cms(
            field_name=entries.field_name, writer=self._writer, existing_fields_only=True
        )
        try:
            field = next(embedding).get_object()
        except SigningError:
            raise Refusal(Kind.CONFLICT, "seal.field_missing") from None
        self._draw(field, entries)
        embedding.send(SigObjSetup(sig_placeholder=_signature(entries), mdp_setup=_permissions(entries)))
        prepared, stream = embedding.send(SigIOSetup(md_algorithm="sha256", in_place=True))
        data = stream.getvalue()
        stream.close()  # pyHanko's objects refer to each other in circles and would keep it
        return PreparedGap(
            data=data,
            start=prepared.reserved_region_start,
            end=prepared.reserved_region_end,
        )

    def _draw(self, field: generic.DictionaryObject, entries: SealEntries) -> None:
        """Makes the widget's appearance, turned with the page so that the stamp stands upright."""
        turn = int(field.get("/MK", {}).get("/R", 0))
        form = _form(artwork(specimen=entries.specimen), _ARTWORK_FONT)
        if given := given_picture():
            picture = self._writer.add_object(_image(given))
            form["/Resources"]["/XObject"] = generic.DictionaryObject({pdf_name(PICTURE): picture})
        art = self._writer.add_object(form)
        appearance = _form(draw_stamp(entries.serial, entries.code), _STAMP_FONT)
        appearance["/Resources"]["/XObject"] = generic.DictionaryObject({pdf_name("/Art"): art})
        appearance["/Matrix"] = _numbers(*TURNS[turn], 0, 0)
        field["/AP"] = generic.DictionaryObject({pdf_name("/N"): self._writer.add_object(appearance)})


_COLOUR_SPACES, _IMAGE_COLOURS = EncodedObject(COLOUR_SPACES), EncodedObject(COLOURS)
_ARTWORK_FONT, _STAMP_FONT = EncodedObject(ARTWORK_FONT), EncodedObject(STAMP_FONT)


def _form(packed: bytes, font: EncodedObject) -> generic.StreamObject:
    """A form XObject (clause 8.10) of the stamp's square around a Flate-packed content stream."""
    resources = {pdf_name("/ColorSpace"): _COLOUR_SPACES, pdf_name("/Font"): font}
    return generic.StreamObject(
        {
            pdf_name("/Type"): pdf_name("/XObject"),
            pdf_name("/Subtype"): pdf_name("/Form"),
            pdf_name("/BBox"): _numbers(0, 0, SIDE, SIDE),
            pdf_name("/Resources"): generic.DictionaryObject(resources),
            pdf_name("/Filter"): pdf_name("/FlateDecode"),
        },
        encoded_data=packed,
    )


def _image(given: Picture) -> generic.StreamObject:
    """The issuer's picture as an image XObject (clause 8.9.5), in the colours of the stamp."""
    number = generic.NumberObject
    rows = {"/Predictor": 15, "/Colors": 3, "/BitsPerComponent": 8, "/Columns": SIDE_PX}
    numbers = {"/Width": SIDE_PX, "/Height": SIDE_PX, "/BitsPerComponent": 8}
    return generic.StreamObject(
        {
            pdf_name("/Type"): pdf_name("/XObject"),
            pdf_name("/Subtype"): pdf_name("/Image"),
            **{pdf_name(name): number(value) for name, value in numbers.items()},
            pdf_name("/ColorSpace"): _IMAGE_COLOURS,
            pdf_name("/Filter"): pdf_name("/FlateDecode"),
            pdf_name("/DecodeParms"): generic.DictionaryObject(
                {pdf_name(name): number(value) for name, value in rows.items()}
            ),
        },
        encoded_data=given.packed,
    )


def _numbers(*values: float) -> generic.ArrayObject:
    return generic.ArrayObject(generic.FloatObject(value) for value in values)


def _signature(entries: SealEntries) -> _Signature:
    return _Signature(
        subfilter=SigSeedSubFilter.PADES,
        timestamp=entries.signing_time,
        name=entries.signer_name,
        location=entries.location,
        reason=entries.reason,
        app_build_props=BuildProps(name="Meterai", revision="1"),
        bytes_reserved=entries.contents_bytes * 2,
    )


def _permissions(entries: SealEntries) -> SigMDPSetup:
    allowed = MDPPerm(entries.certify) if entries.certify else None
    return SigMDPSetup(
        md_algorithm="sha256",
        certify=allowed is not None,
        docmdp_perms=MDPPerm.NO_CHANGES if entries.lock else allowed,
        field_lock=_LOCK_ALL if entries.lock else None,
    )
