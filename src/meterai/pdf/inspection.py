"""Says what a file is, before anybody pays for stamping it. Runs in the jail."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pikepdf

from meterai.pdf.limits import PLACES_TO_SIGN_MAX
from meterai.pdf.opening.doubts import has_guessed
from meterai.pdf.opening.structure import OpenedDocument, name_of, open_document, refuse
from meterai.pdf.opening.weight import check_weight
from meterai.pdf.opening.xfa import has_only_xfa
from meterai.pdf.page_box import PageBox
from meterai.pdf.requests import Inspection, InspectRequest, PageSize, SignatureKind
from meterai.pdf.signed.existing_signatures import Signed, examine_signatures
from meterai.pdf.signed.signature_fields import (
    empty_signature_name,
    find_signatures,
    is_signature,
    place_to_sign,
    usage_rights,
)
from meterai.pdf.view_dependent import find_view_dependent

DANGEROUS_ACTIONS = {
    "/JavaScript": "javascript",
    "/Launch": "launch",
    "/ImportData": "launch",
    "/SubmitForm": "submit",
    "/GoToE": "embedded",
    "/Rendition": "multimedia",
    "/Movie": "multimedia",
    "/Sound": "multimedia",
    "/RichMediaExecute": "multimedia",
}
DANGEROUS_ANNOTATIONS = {
    "/FileAttachment": "embedded",
    "/RichMedia": "multimedia",
    "/Screen": "multimedia",
    "/Movie": "multimedia",
    "/Sound": "multimedia",
    "/3D": "multimedia",
}

_FEW_OBJECTS = 40
"""Up to this number, looking at the objects is faster than searching the bytes of the file."""


def inspect(request: InspectRequest) -> Inspection:
    """Checks a file against the limits and describes it.

    Raises: Refusal INVALID `pdf.empty`, `pdf.not_pdf`, `pdf.too_large`, `pdf.encrypted`, `pdf.broken`,
    `pdf.no_pages`, `pdf.too_many_pages`, `pdf.too_complex`, `pdf.page_size`, `pdf.xfa_dynamic`,
    `pdf.signed` (by a signature that no reader shows), `pdf.signed_encrypted`, and those of
    `examine_signatures`.
    """
    return inspect_opened(open_document(request.data, request.limits, request.password), request)


def inspect_opened(document: OpenedDocument, request: InspectRequest) -> Inspection:
    """Checks and describes a file that is open already, without changing it.

    Raises: as `inspect`.
    """
    check_weight(document, request.limits)
    if has_only_xfa(document.pdf):
        raise refuse("pdf.xfa_dynamic")
    signatures = find_signatures(document.pdf)
    if signatures is SignatureKind.NONE and _holds_signature(document.pdf, request.data):
        if not request.allow_signed:
            raise refuse("pdf.signed")  # without its field: no reader shows it, and rewriting would remove it
        signatures = SignatureKind.SIGNED
    if signatures is SignatureKind.NONE and has_guessed(document.pdf):  # while every stream was read
        document = replace(document, repaired=True)
    notices, signers, exceptions = _find_notices(document), [], []
    if signatures is not SignatureKind.NONE and not request.allow_signed:
        signed = _examine_signed(document, request.data, notices)
        signers, exceptions = signed.signers, signed.exceptions
        notices = _signed_notices(notices, signed)
    return Inspection(
        size_bytes=len(request.data),
        pages=[describe_page(page.box) for page in document.pages],
        pdf_version=document.pdf.pdf_version,
        signatures=signatures,
        encrypted=document.encrypted,
        repaired=document.repaired and (signatures is SignatureKind.NONE or request.allow_signed),
        notices=sorted(f"pdf.notice.{name}" for name in notices),
        signers=signers,
        exceptions=exceptions,
    )


def _examine_signed(document: OpenedDocument, data: bytes, notices: set[str]) -> Signed:
    """Refuses a signed file that needs repair, decryption or cleaning, which would break signatures."""
    if document.encrypted:
        raise refuse("pdf.signed_encrypted")
    if document.doubtful or "xfa" in notices:
        raise refuse("pdf.signed_irregular", why="xfa" if "xfa" in notices else "guessed")
    return examine_signatures(data)


def _signed_notices(notices: set[str], signed: Signed) -> set[str]:
    alive = set(DANGEROUS_ACTIONS.values()) | set(DANGEROUS_ANNOTATIONS.values())
    told = {"signed_changed"} if signed.changed else set()
    told |= {"stamped_already"} if signed.stamped else set()
    told |= {"signed_unchecked"} if signed.unchecked else set()
    told |= {"signed_unclear"} if signed.exceptions else set()
    return told | ({"kept"} if notices & alive else set())


def refuse_signed(signatures: SignatureKind) -> None:
    """Refuses signed files, since rewriting would destroy the signatures.

    Raises: Refusal INVALID `pdf.signed` or `pdf.certified`.
    """
    if signatures is SignatureKind.CERTIFIED:
        raise refuse("pdf.certified")
    if signatures is SignatureKind.SIGNED:
        raise refuse("pdf.signed")


def describe_page(box: PageBox) -> PageSize:
    return PageSize(width_pt=round(box.width_pt, 3), height_pt=round(box.height_pt, 3), rotation=box.rotation)


def _holds_signature(pdf: pikepdf.Pdf, data: bytes) -> bool:
    """Whether there is a signature dictionary outside the form: hidden, or without its field."""
    if len(pdf.objects) > _FEW_OBJECTS and b"ByteRange" not in data and b"/ObjStm" not in data:
        return False
    rights = [item.objgen for item in usage_rights(pdf)]
    return any(is_signature(item) and item.objgen not in rights for item in pdf.objects)


def _find_notices(document: OpenedDocument) -> set[str]:
    root = document.pdf.Root
    found: set[str] = set()
    if document.encrypted:
        found.add("encrypted")
    if document.repaired:
        found.add("repaired")
    if usage_rights(document.pdf):
        found.add("usage_rights")
    names = root.get("/Names")
    if isinstance(names, pikepdf.Dictionary):
        found |= {"javascript"} if "/JavaScript" in names else set()
        found |= {"embedded"} if "/EmbeddedFiles" in names else set()
    found |= {"portfolio"} if "/Collection" in root else set()
    found |= {"embedded"} if "/AF" in root else set()
    form = root.get("/AcroForm")
    if isinstance(form, pikepdf.Dictionary):
        found |= {"xfa"} if "/XFA" in form else set()
        fields = form.get("/Fields")
        found |= {"form"} if isinstance(fields, pikepdf.Array) and len(fields) else set()
    for page in document.pages:
        found |= _annotation_notices(page.page.get("/Annots"))
    if "signature_fields" in found and _places_to_sign(document) > PLACES_TO_SIGN_MAX:
        found.add("too_many_signature_fields")
    for item in document.pdf.objects:
        found |= action_notices(item)
    return found | {entry.trait.value for entry in find_view_dependent(document.pdf)}


def _places_to_sign(document: OpenedDocument) -> int:
    lists = [page.page.get("/Annots") for page in document.pages]
    names = {place_to_sign(item) for items in lists if isinstance(items, pikepdf.Array) for item in items}
    return len(names - {""})


def _annotation_notices(annotations: Any) -> set[str]:
    found: set[str] = set()
    if not isinstance(annotations, pikepdf.Array):
        return found
    for item in annotations:
        if not isinstance(item, pikepdf.Dictionary):
            continue
        kind = name_of(item.get("/Subtype"))
        if empty_signature_name(item):
            found.add("signature_fields")
        elif kind in DANGEROUS_ANNOTATIONS:
            found.add(DANGEROUS_ANNOTATIONS[kind])
        elif kind not in ("/Link", "/Widget", "/Popup"):
            found.add("comments")
        if not item.is_indirect:
            found |= action_notices(item)
    return found


def action_notices(holder: Any) -> set[str]:
    """The notices for dangerous actions that a dictionary is or holds (ISO 32000-1 clause 12.6.4)."""
    if not isinstance(holder, pikepdf.Dictionary):
        return set()
    candidates = [holder, *(holder[key] for key in ("/A", "/OpenAction") if key in holder)]
    if "/AA" in holder and isinstance(holder["/AA"], pikepdf.Dictionary):
        candidates += [action for _, action in holder["/AA"].items()]
    kinds = (name_of(item.get("/S")) for item in candidates if isinstance(item, pikepdf.Dictionary))
    return {DANGEROUS_ACTIONS[kind] for kind in kinds if kind in DANGEROUS_ACTIONS}
