"""Examines the signatures that a file carries already: who signed, and whether a stamp may follow.

Runs in the jail. A file whose signatures are broken, or forbid later changes, is refused before anybody pays:
nobody could trust it with a stamp. Sources: ISO 32000-2 clauses 12.7.5.5 (Lock), 12.8.2.2 (DocMDP), 12.8.2.4
(FieldMDP); ETSI EN 319 142-1.
"""

# mypy: disallow-untyped-calls=False
# pyHanko types only part of its own functions.

from __future__ import annotations

import hashlib
import io
from typing import Any

import msgspec
from pyhanko.pdf_utils.generic import DictionaryObject, IndirectObject, TextStringObject
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.diff_analysis import (
    DiffResult,
    FormUpdatingRule,
    GenericFieldModificationRule,
    SigFieldModificationRule,
    StandardDiffPolicy,
)
from pyhanko.sign.fields import MDPPerm, enumerate_sig_fields
from pyhanko.sign.validation.generic_cms import validate_sig_integrity
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature

from meterai.kernel.refusals import Kind, Refusal
from meterai.pdf.opening.cross_references import names_beyond_size
from meterai.pdf.signed.byte_range import check_belongs, gap_content, read_byte_range
from meterai.pdf.signed.diff_rules import GLOBAL_RULES, NewFieldRule
from meterai.pdf.signed.revision_views import RevisionReader
from meterai.signatures.certificate_chain import CERTIFICATE_BYTES_MAX
from meterai.signatures.stamp_names import STAMP_FIELD, serial_of

SIGNATURES_MAX = 20
"""Each signature is compared with every later revision, so the work grows with the square of their number."""


class _FieldRule(GenericFieldModificationRule):
    """pyHanko's rule for fields other than signatures, with one exception.

    If a field has no state, such as an unticked check box, pyHanko takes its appearances by state for streams
    and fails. In such fields no appearance may be replaced.
    """

    def check_form_field(self, fq_name: str, spec: Any, context: Any) -> Any:
        if spec.old_field is not None and _has_faces_by_state(spec.old_field):
            return _STRICTER.check_form_field(fq_name, spec, context)
        return super().check_form_field(fq_name, spec, context)


_STRICTER = GenericFieldModificationRule(allow_in_place_appearance_stream_changes=False)


def _has_faces_by_state(field: Any) -> bool:
    faces = field.raw_get("/AP").get_object() if "/AP" in field else None
    return isinstance(faces, DictionaryObject) and any(
        key in faces and not isinstance(faces.raw_get(key), IndirectObject) for key in ("/N", "/R", "/D")
    )


_POLICY = StandardDiffPolicy(
    global_rules=GLOBAL_RULES,
    form_rule=FormUpdatingRule(
        field_rules=[
            NewFieldRule(allow_new_visible_after_certify=True),
            SigFieldModificationRule(),
            _FieldRule(),
        ]
    ),
)
"""pyHanko's own policy with our rules for unchanged metadata and annotations, and one more exception.

A certification with P=2 allows "signing" (clause 12.8.2.2). As in Acrobat, that includes a new visible field.
"""


class Signed(msgspec.Struct, frozen=True, kw_only=True):
    """What the signatures of a file say about themselves. No identity is checked here."""

    signers: list[str]
    """Names from the certificates, in the order of signing, without document time stamps."""
    stamped: bool
    """Whether a signature claims to be an electronic stamp, ours or another seller's."""
    changed: bool
    """Whether the document was changed after a signature in a way that this signature does not allow."""


def examine_signatures(data: bytes) -> Signed:
    """Reads every signature of a file and decides whether a stamp may follow.

    Raises: Refusal INVALID `pdf.signed_irregular` (can't be read beyond doubt), `pdf.signed_too_many`,
    `pdf.signed_broken`, `pdf.certified` (P=1), `pdf.signed_locked`, `pdf.stamped_already` (by a stamp).
    """
    found = _read(data, SIGNATURES_MAX)
    if _has_open_place(found[0].reader):
        raise _refuse("pdf.signed_irregular")  # a stamp is missing there, also when ours is made
    for signature in found:
        if not _is_intact(signature):
            raise _refuse("pdf.signed_broken")
        if not _has_readable_certificates(signature):
            raise _refuse("pdf.signed_irregular")
    for signature in found:
        if signature.docmdp_level is MDPPerm.NO_CHANGES:
            raise _refuse(_lock_code(signature))
    people = [_signer(signature) for signature in found if signature.sig_object_type != "/DocTimeStamp"]
    return Signed(
        signers=list(dict.fromkeys(people)),
        stamped=any(_states_serial(signature) for signature in found),
        changed=not all(_allows_the_rest(item) for item in found),
    )


def check_still_allowed(before: bytes, after: bytes, *, stamps: int = 0) -> None:
    """Checks that the signatures of `before` allow what was appended to it.

    `stamps`: how many of them are ours, made since the file was accepted.

    Raises: Refusal INVALID `pdf.signed_locked`.
    """
    most = SIGNATURES_MAX + stamps
    for was, now in zip(_read(before, most), _read(after, most, among=before), strict=True):
        if not _allows_the_rest(now) and _allows_the_rest(was):
            raise _refuse("pdf.signed_locked")


def _refuse(code: str, **facts: object) -> Refusal:
    return Refusal(Kind.INVALID, code, **facts)


def _read(data: bytes, signatures_max: int, *, among: bytes | None = None) -> list[EmbeddedPdfSignature]:
    """Reads the signatures in the order of signing.

    With `among`: those that this earlier state of the file had.

    They are read as strictly as in our verifier: a file that it would not judge must not be stamped.
    """
    try:
        reader = RevisionReader(io.BytesIO(data), strict=True)
        if reader.xrefs.hybrid_xrefs_present or names_beyond_size(reader):
            raise _refuse("pdf.signed_irregular")
        found = []
        for name, value, field in enumerate_sig_fields(reader, filled_status=True):
            end = _end(value.get_object(), data)
            if among is None or end <= len(among):
                found.append((end, EmbeddedPdfSignature(reader, field, name)))
    except Refusal:
        raise
    except (MemoryError, RecursionError):
        raise
    except Exception:
        # Parsers raise nearly anything on foreign bytes. What can't be read can't be stamped.
        raise _refuse("pdf.signed_irregular") from None
    if not found:
        raise _refuse("pdf.signed_irregular")
    if len(found) > signatures_max:
        raise _refuse("pdf.signed_too_many", signatures_max=signatures_max)
    return [signature for _, signature in sorted(found, key=lambda item: item[0])]


def _has_open_place(reader: PdfFileReader) -> bool:
    """Whether a place that was made for an electronic stamp is empty: cut off, or never finished."""
    fields = enumerate_sig_fields(reader, filled_status=False)
    return any(STAMP_FIELD.fullmatch(name) for name, _, _ in fields)


def _states_serial(signature: EmbeddedPdfSignature) -> bool:
    reason = signature.sig_object.get("/Reason")
    return bool(serial_of(str(reason) if isinstance(reason, TextStringObject) else "", signature.field_name))


def _end(signature: Any, data: bytes) -> int:
    """End of the signed bytes. Raises: ShapeError for shapes that our verifier would not accept."""
    numbers = [int(number) for number in signature["/ByteRange"]]
    covered = read_byte_range(data, numbers)
    check_belongs(data, signature, covered, gap_content(data, covered))
    return covered.end


def _is_intact(signature: EmbeddedPdfSignature) -> bool:
    """Whether digest and signature agree with the certificate inside. Trust is not checked."""
    try:
        content = signature.signed_data["encap_content_info"]
        kind = content["content_type"].native
        digest = signature.compute_digest()
        if kind == "tst_info":
            token = content["content"]
            if token.parsed["message_imprint"]["hashed_message"].native != digest:
                return False
            digest = hashlib.new(signature.md_algorithm, bytes(token)).digest()
        intact, valid = validate_sig_integrity(
            signature.signer_info, signature.signer_cert, expected_content_type=kind, actual_digest=digest
        )
    except (MemoryError, RecursionError):
        raise
    except Exception:  # an unknown algorithm or damaged structure: nobody can tell that it is intact
        return False
    return bool(intact and valid)


def _has_readable_certificates(signature: EmbeddedPdfSignature) -> bool:
    """Whether our verifier will be able to read the certificates."""
    certificates = (signature.signer_cert, *signature.other_embedded_certs)
    return all(len(certificate.dump()) <= CERTIFICATE_BYTES_MAX for certificate in certificates)


def _allows_the_rest(signature: EmbeddedPdfSignature) -> bool:
    """Whether DocMDP and FieldMDP of a signature allow everything that came after it."""
    signature.compute_integrity_info(_POLICY)
    summary = signature.summarise_integrity_info()
    found = summary["diff_result"]
    return bool(summary["docmdp_ok"]) and isinstance(found, DiffResult)


def _lock_code(signature: EmbeddedPdfSignature) -> str:
    if STAMP_FIELD.fullmatch(signature.field_name):
        return "pdf.stamped_already"
    return "pdf.certified" if _is_certification(signature) else "pdf.signed_locked"


def _is_certification(signature: EmbeddedPdfSignature) -> bool:
    try:
        reference = signature.reader.root["/Perms"].raw_get("/DocMDP")
    except (KeyError, AttributeError):
        return False
    own = signature.sig_field.raw_get("/V")
    return bool(getattr(reference, "reference", None) == getattr(own, "reference", None))


def _signer(signature: EmbeddedPdfSignature) -> str:
    """The common name in the certificate, else another name in it; at most 100 characters."""
    try:
        names = signature.signer_cert.subject.native
    except Exception:
        return "?"
    name = names.get("common_name") or names.get("organization_name") or "?"
    text = str(name if isinstance(name, str) else name[0])
    return "".join(character for character in text if character.isprintable())[:100]
