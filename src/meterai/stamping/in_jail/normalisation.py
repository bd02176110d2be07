"""The profile "final": rewrites a document so that nothing hidden or active is left in it. Runs in the jail.

Earlier revisions, unused objects, hybrid tables, encryption, scripts, attachments and forms are removed.
Fields and comments become part of the page as they look. Only files without signatures are rewritten:
rewriting would destroy a signature.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec
import pikepdf

from meterai.pdf.active_content import remove_alive
from meterai.pdf.appearances import complete_appearances
from meterai.pdf.inspection import DANGEROUS_ACTIONS, DANGEROUS_ANNOTATIONS, refuse_signed
from meterai.pdf.limits import DEFAULT_LIMITS, Limits
from meterai.pdf.opening.structure import OpenedDocument, name_of, open_document, rectangle_of, refuse
from meterai.pdf.opening.xfa import has_only_xfa
from meterai.pdf.page_box import Rectangle, ordered
from meterai.pdf.signed.signature_fields import find_signatures
from meterai.pdf.view_dependent import is_group
from meterai.stamping.in_jail.comparison import Redrawn
from meterai.stamping.in_jail.drawable_faces import make_drawable
from meterai.stamping.in_jail.graphics_state import balance
from meterai.stamping.in_jail.name_encoding import respell_names
from meterai.stamping.in_jail.places.empty_fields import EmptyField, find_empty_fields, restore_fields
from meterai.stamping.in_jail.repairs import mend
from meterai.stamping.in_jail.static.kept_comments import drawn_apart, is_seen, settle
from meterai.stamping.in_jail.static.making import make_static

VERSION_MIN = "1.7"
"""PDF version that the seal needs (ETSI.CAdES.detached extends PDF 1.7).

No authority asks for a newer one.
"""

_INVISIBLE = 0b1
"""The annotation flag Invisible (ISO 32000-1 clause 12.5.3)."""

_ROOT_REMOVED = (
    "/AcroForm", "/AA", "/AF", "/Collection", "/DSS", "/NeedsRendering", "/Perms", "/Requirements",
    "/SpiderInfo",
)  # fmt: skip


class DocumentRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A file as it was uploaded."""

    data: bytes
    password: str = ""
    limits: Limits = DEFAULT_LIMITS


class Normalised(NamedTuple):
    """The written file, and what became part of its pages, by their numbers."""

    data: bytes
    redrawn: dict[int, Redrawn]
    static: bytes
    """The file before its fields and comments became part of it. Empty if that is the upload."""


class NormalisedDocument(msgspec.Struct, frozen=True, kw_only=True):
    """The document that gets the stamps. The same input gives the same bytes."""

    data: bytes
    pdf_version: str
    pages: int


def prepare_document(request: DocumentRequest) -> NormalisedDocument:
    """Normalises and flattens one file.

    Raises: Refusal INVALID as `open_document`, and `pdf.signed`, `pdf.certified`.
    """
    document = open_document(request.data, request.limits, request.password)
    out = normalise(document, request.data, request.password)
    return NormalisedDocument(data=out.data, pdf_version=document.pdf.pdf_version, pages=len(document.pages))


def normalise(
    document: OpenedDocument,
    data: bytes,
    password: str = "",
    *,
    to_be_signed: bool = False,
) -> Normalised:
    """Returns the rewritten file, to which the stamps are appended. `data` is what was opened.

    `to_be_signed`: empty signature fields stay.

    Raises: Refusal INVALID `pdf.signed`, `pdf.certified`, `pdf.xfa_dynamic`, `pdf.not_static`.
    """
    pdf = document.pdf
    refuse_signed(find_signatures(pdf))
    if has_only_xfa(pdf):
        raise refuse("pdf.xfa_dynamic")
    mend(document)
    static = make_static(document, data, password)
    changed, data = static is not data, static
    found = find_empty_fields(document) if to_be_signed else []
    waiting = [field for field in found if "/OC" not in field.widget]
    redrawn = _flatten(document, data, password, waiting)
    _defuse(document)
    respell_names(pdf, suspicious=document.repaired)
    restore_fields(pdf, waiting)
    _fix_trailer(pdf, data)
    return Normalised(save(pdf), redrawn, static if changed else b"")


def save(pdf: pikepdf.Pdf, *, compact: bool = False, version: str = VERSION_MIN) -> bytes:
    """Writes the file. Streams are copied as they are, unless `compact` asks for smaller ones."""
    out = io.BytesIO()
    modes = pikepdf.ObjectStreamMode
    pdf.save(
        out,
        static_id=True,  # the seal's increment sets the changing half; else two runs would differ
        min_version=version,
        fix_metadata_version=False,  # XMP stays as it is, to the byte
        compress_streams=compact,
        recompress_flate=compact,
        stream_decode_level=pikepdf.StreamDecodeLevel.generalized
        if compact
        else pikepdf.StreamDecodeLevel.none,
        object_stream_mode=modes.generate if compact else modes.preserve,
    )
    return out.getvalue()


def _flatten(
    document: OpenedDocument, data: bytes, password: str, waiting: Sequence[EmptyField]
) -> dict[int, Redrawn]:
    """Turns form fields and comments into page content. Links stay, and so do comments without an appearance.

    Returns where something was turned.

    Fields that wait for a signature are not drawn: the signature will cover them, so they must stay blank.
    """
    pdf = document.pdf
    complete_appearances(pdf, [walked.page for walked in document.pages], data, password)
    redrawn = _redrawn(document)
    for walked in document.pages:
        _drop_hidden(walked.page)
    for field in waiting:
        if "/AP" in field.widget:
            del field.widget["/AP"]
    aside = [found for walked in document.pages for found in _put_aside(walked.page)]
    drawn_on = [walked.page for walked in document.pages if _with_appearances(walked.page)]
    for page in drawn_on:
        _clear_invisible(page)
        for item in _with_appearances(page):
            make_drawable(item)
        balance(pdf, page)
    if drawn_on:
        pdf.flatten_annotations("screen")  # what only the printer shows was not seen
    for annotation, faces in aside:
        annotation["/AP"] = faces
    for walked in document.pages:
        _keep_harmless_annotations(pdf, walked.page)
    return redrawn


def _redrawn(document: OpenedDocument) -> dict[int, Redrawn]:
    """The places of fields and comments that will be part of their pages, or be gone."""
    redrawn = {}
    for number, walked in enumerate(document.pages, 1):
        annotations = walked.page.get("/Annots")
        listed = list(annotations) if isinstance(annotations, pikepdf.Array) else []
        found = [item for item in listed if _is_redrawn(item)]
        if found:
            faceless = [item for item in found if item.get("/Subtype") == "/Widget" and not _is_drawn(item)]
            redrawn[number] = Redrawn(walked.box, _boxes(found), _boxes(faceless))
    return redrawn


def _boxes(annotations: Sequence[Any]) -> list[Rectangle]:
    corners = [rectangle_of(item.get("/Rect")) for item in annotations]
    return [ordered(found) for found in corners if found]


def _is_redrawn(item: Any) -> bool:
    if not isinstance(item, pikepdf.Dictionary):
        return False
    kind = item.get("/Subtype")
    return kind not in ("/Link", "/Popup") and ("/AP" in item or not _is_harmless(item))


def _put_aside(page: pikepdf.Object) -> list[tuple[Any, Any]]:
    """Removes the appearances of links, and of comments without one for their state.

    qpdf would drop both, with the link's target. Readers may still draw such a comment by themselves. What a
    link draws becomes a comment of its own.
    """
    aside = []
    for item in _with_appearances(page):
        kind = item.get("/Subtype")
        if kind == "/Link" and _is_drawn(item):
            page["/Annots"].append(drawn_apart(item))
        elif kind == "/Link" or (kind != "/Widget" and not _is_drawn(item)):
            aside.append((item, item["/AP"]))
            del item["/AP"]
    return aside


def _is_drawn(annotation: Any) -> bool:
    """Whether it has a normal appearance, one for its state where there are several (ISO 32000-1, 12.5.5)."""
    faces, state = annotation.get("/AP"), annotation.get("/AS")
    normal = faces.get("/N") if isinstance(faces, pikepdf.Dictionary) else None
    if not isinstance(normal, pikepdf.Stream | pikepdf.Dictionary):
        return False
    by_state = normal.get(state) if isinstance(state, pikepdf.Name) else None
    return isinstance(normal, pikepdf.Stream) or isinstance(by_state, pikepdf.Stream)


def _with_appearances(page: pikepdf.Object) -> list[Any]:
    annotations = page.get("/Annots")
    listed = list(annotations) if isinstance(annotations, pikepdf.Array) else []
    return [item for item in listed if isinstance(item, pikepdf.Dictionary) and "/AP" in item]


def _clear_invisible(page: pikepdf.Object) -> None:
    """Clears the flag Invisible, because qpdf leaves out annotations that have it.

    The flag is meant for types that a reader does not know (ISO 32000-1 table 165). Readers ignore it, except
    in fields. Popups are left alone: they are shown on demand.
    """
    for item in page["/Annots"]:
        if isinstance(item, pikepdf.Dictionary) and item.get("/Subtype") not in ("/Widget", "/Popup"):
            flags: Any = item.get("/F")
            if isinstance(flags, int) and flags & _INVISIBLE:
                item["/F"] = flags & ~_INVISIBLE


def _drop_hidden(page: pikepdf.Object) -> None:
    """Drops what lies in a hidden layer. Only that still has an entry for layers."""
    annotations = page.get("/Annots")
    if isinstance(annotations, pikepdf.Array):
        kept = [item for item in annotations if not _is_hidden(item)]
        if len(kept) < len(annotations):
            page["/Annots"] = pikepdf.Array(kept)


def _is_hidden(annotation: Any) -> bool:
    """Whether it has a layer. In a redaction, /OC is a colour (ISO 32000-2 table 195)."""
    return isinstance(annotation, pikepdf.Dictionary) and is_group(annotation.get("/OC"))


def _keep_harmless_annotations(pdf: pikepdf.Pdf, page: pikepdf.Object) -> None:
    """Keeps harmless annotations, each once and as an object of its own.

    Some producers list one twice, and other parsers complain about that. pyHanko can't tell direct
    annotations apart, and takes whatever follows a signature for a change.
    """
    annotations = page.get("/Annots")
    if annotations is None:
        return
    kept, seen = [], set()
    for item in annotations if isinstance(annotations, pikepdf.Array) else ():
        if _is_harmless(item) and is_seen(item) and (not item.is_indirect or item.objgen not in seen):
            settle(item)
            kept.append(item if item.is_indirect else pdf.make_indirect(item))
            seen.add(item.objgen)
    if kept:
        page["/Annots"] = pikepdf.Array(kept)
    else:
        del page["/Annots"]


def _is_harmless(annotation: Any) -> bool:
    if not isinstance(annotation, pikepdf.Dictionary):
        return False
    kind = name_of(annotation.get("/Subtype"))
    return kind not in ("/Widget", "/Popup") and kind not in DANGEROUS_ANNOTATIONS


def _defuse(document: OpenedDocument) -> None:
    """Removes active content: scripts, programs, attachments, players (ISO 32000-1 clause 12.6)."""
    root = document.pdf.Root
    for key in _ROOT_REMOVED:
        if key in root:
            del root[key]
    names = root.get("/Names")
    if isinstance(names, pikepdf.Dictionary):
        for key in ("/JavaScript", "/EmbeddedFiles", "/AlternatePresentations", "/Renditions"):
            if key in names:
                del names[key]
    _remove_actions(root)
    for walked in document.pages:
        _remove_actions(walked.page)
        if "/AF" in walked.page:
            del walked.page["/AF"]
        for annotation in walked.page.get("/Annots", ()):
            _remove_actions(annotation)
    remove_alive(document.pdf)


def _remove_actions(holder: Any) -> None:
    if not isinstance(holder, pikepdf.Dictionary):
        return
    if "/AA" in holder:
        del holder["/AA"]
    for key in ("/A", "/OpenAction"):
        if key in holder and _is_dangerous(holder[key], depth=0):
            del holder[key]


def _is_dangerous(action: Any, *, depth: int) -> bool:
    """Whether an action, or one that follows it by `/Next`, is dangerous."""
    if isinstance(action, pikepdf.Array):
        return any(_is_dangerous(item, depth=depth + 1) for item in action)
    if not isinstance(action, pikepdf.Dictionary):
        return False
    if name_of(action.get("/S")) in DANGEROUS_ACTIONS or depth > 20:
        return True
    return "/Next" in action and _is_dangerous(action["/Next"], depth=depth + 1)


def _fix_trailer(pdf: pikepdf.Pdf, data: bytes) -> None:
    """Gives a file without an ID one made from its content, and a repaired file its missing `/Size`.

    qpdf writes the true size, but only where the trailer has that key already.
    """
    if "/Size" not in pdf.trailer:
        pdf.trailer["/Size"] = 0
    if "/ID" not in pdf.trailer:
        digest = pikepdf.String(hashlib.sha256(data).digest()[:16])
        pdf.trailer["/ID"] = pikepdf.Array([digest, digest])
