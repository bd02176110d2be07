"""Examines the signatures that a file carries already: who signed, and whether a stamp may follow.

Runs in the jail. A file whose signatures are broken, or forbid later changes, is refused before anybody pays:
nobody could trust it with a stamp. Sources: ISO 32000-2 clauses 12.7.5.5 (Lock), 12.8.2.2 (DocMDP), 12.8.2.4
(FieldMDP); ETSI EN 319 142-1.
"""

# mypy: disallow-untyped-calls=False
# pyHanko types only part of its own functions.

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from asn1crypto.x509 import Certificate
from pyhanko.pdf_utils.generic import DictionaryObject, IndirectObject, TextStringObject
from pyhanko.sign.diff_analysis import (
    DiffResult,
    FormUpdatingRule,
    GenericFieldModificationRule,
    SigFieldModificationRule,
    StandardDiffPolicy,
)
from pyhanko.sign.fields import FieldMDPAction, MDPPerm, enumerate_sig_fields

from meterai.kernel.refusals import Kind, Refusal
from meterai.pdf.opening.cross_references import names_beyond_size
from meterai.pdf.signed.byte_range import check_belongs, gap_content, read_byte_range
from meterai.pdf.signed.diff_rules import GLOBAL_RULES, NewFieldRule
from meterai.pdf.signed.reading import Reader
from meterai.pdf.signed.strange_signatures import StrangeSignature
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
    unchecked: bool
    """Whether a signature was made in a way that can't be checked. That does not mean that it is broken."""
    exceptions: list[str]
    """Kinds of the exceptions that kept changes from being compared, for the log."""


class _Answer(NamedTuple):
    """Whether a signature allows what came after it. None: it can't be compared."""

    allowed: bool | None
    exception: str = ""


def examine_signatures(data: bytes) -> Signed:
    """Reads every signature of a file and decides whether a stamp may follow.

    Raises: Refusal INVALID `pdf.signed_irregular` (can't be read beyond doubt), `pdf.signed_too_many`,
    `pdf.signed_broken`, `pdf.certified` (P=1), `pdf.signed_locked`, `pdf.stamped_already` (by a stamp).
    """
    found = _read(data, SIGNATURES_MAX)
    if _has_open_place(found[0].reader):
        raise _refuse("pdf.signed_irregular", why="open_place")  # a stamp is missing there, also later
    intact = [signature.is_intact() for signature in found]
    if False in intact:
        raise _refuse("pdf.signed_broken")
    for signature in found:
        if _forbids_changes(signature):
            raise _refuse(_lock_code(signature))
    people = [_signer(signature) for signature in found if signature.sig_object_type != "/DocTimeStamp"]
    answers = [_answer(signature) for signature in found]
    return Signed(
        signers=list(dict.fromkeys(people)),
        stamped=any(_states_serial(signature) for signature in found),
        changed=any(answer.allowed is False for answer in answers),
        unchecked=None in intact,
        exceptions=sorted({answer.exception for answer in answers} - {""}),
    )


def check_still_allowed(before: bytes, after: bytes, *, stamps: int = 0) -> None:
    """Checks that the signatures of `before` allow what was appended to it.

    `stamps`: how many of them are ours, made since the file was accepted. A signature that can't be compared
    must at least not lock new fields.

    Raises: Refusal INVALID `pdf.signed_locked`, `pdf.signed_irregular`.
    """
    most = SIGNATURES_MAX + stamps
    for was, now in zip(_read(before, most), _read(after, most, among=before), strict=True):
        then, today = _answer(was), _answer(now)
        if (today.allowed is False and then.allowed) or (then.allowed is None and _locks_all_fields(was)):
            raise _refuse("pdf.signed_locked")
        if today.allowed is None and then.allowed is not None:
            raise _refuse("pdf.signed_irregular", why=today.exception)


def _refuse(code: str, **facts: object) -> Refusal:
    return Refusal(Kind.INVALID, code, **facts)


def _read(data: bytes, signatures_max: int, *, among: bytes | None = None) -> list[StrangeSignature]:
    """Reads the signatures in the order of signing.

    With `among`: those that this earlier state of the file had.

    They are read as strictly as in our verifier: a file that it would not judge must not be stamped.
    """
    try:
        reader = Reader(data)
        if names_beyond_size(reader):
            raise _refuse("pdf.signed_irregular", why="size")
        found = []
        for name, value, field in enumerate_sig_fields(reader, filled_status=True):
            end = _end(value.get_object(), data)
            if among is None or end <= len(among):
                found.append((end, StrangeSignature(reader, field, name)))
    except Refusal:
        raise
    except (MemoryError, RecursionError):
        raise
    except Exception as error:
        # Parsers raise nearly anything on foreign bytes. What can't be read can't be stamped.
        raise _refuse("pdf.signed_irregular", why=kind_of(error)) from None
    if not found:
        raise _refuse("pdf.signed_irregular", why="no_field")
    if len(found) > signatures_max:
        raise _refuse("pdf.signed_too_many", signatures_max=signatures_max)
    return [signature for _, signature in sorted(found, key=lambda item: item[0])]


def _has_open_place(reader: Any) -> bool:
    """Whether a place that was made for an electronic stamp is empty: cut off, or never finished."""
    fields = enumerate_sig_fields(reader, filled_status=False)
    return any(STAMP_FIELD.fullmatch(name) for name, _, _ in fields)


def _states_serial(signature: StrangeSignature) -> bool:
    reason = signature.sig_object.get("/Reason")
    return bool(serial_of(str(reason) if isinstance(reason, TextStringObject) else "", signature.field_name))


def _end(signature: Any, data: bytes) -> int:
    """End of the signed bytes. Raises: ShapeError for shapes that our verifier would not accept."""
    numbers = [int(number) for number in signature["/ByteRange"]]
    covered = read_byte_range(data, numbers)
    check_belongs(data, signature, covered, gap_content(data, covered))
    return covered.end


def _answer(signature: StrangeSignature) -> _Answer:
    """Whether DocMDP and FieldMDP of a signature allow everything that came after it."""
    try:
        signature.compute_integrity_info(_POLICY)
        summary = signature.summarise_integrity_info()
    except (MemoryError, RecursionError):
        raise
    except Exception as error:  # see `_read`
        return _Answer(None, kind_of(error))
    return _Answer(bool(summary["docmdp_ok"]) and isinstance(summary["diff_result"], DiffResult))


def kind_of(error: Exception) -> str:
    """An exception's kind and the line that raised it, for the log. It quotes nothing of the file."""
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    where = f" {Path(place.tb_frame.f_code.co_filename).stem}:{place.tb_lineno}" if place is not None else ""
    return f"{type(error).__name__}{where}"


def _forbids_changes(signature: StrangeSignature) -> bool:
    """Whether it forbids every change. Raises: Refusal when its permissions can't be read."""
    try:
        return signature.docmdp_level is MDPPerm.NO_CHANGES
    except (MemoryError, RecursionError):
        raise
    except Exception as error:  # see `_read`
        raise _refuse("pdf.signed_irregular", why=kind_of(error)) from None


def _locks_all_fields(signature: StrangeSignature) -> bool:
    """Whether it may lock a field of a name that the signer could not know."""
    try:
        lock = signature.fieldmdp
    except Exception:
        return True
    return lock is not None and lock.action is not FieldMDPAction.INCLUDE


def _lock_code(signature: StrangeSignature) -> str:
    if STAMP_FIELD.fullmatch(signature.field_name):
        return "pdf.stamped_already"
    return "pdf.certified" if _is_certification(signature) else "pdf.signed_locked"


def _is_certification(signature: StrangeSignature) -> bool:
    try:
        reference = signature.reader.root["/Perms"].raw_get("/DocMDP")
    except (KeyError, AttributeError):
        return False
    own = signature.sig_field.raw_get("/V")
    return bool(getattr(reference, "reference", None) == getattr(own, "reference", None))


def _signer(signature: StrangeSignature) -> str:
    """The common name in the certificate, else another name in it; at most 100 characters."""
    try:
        names = Certificate.load(signature.certificates()[0]).subject.native
    except Exception:
        return "?"
    name = names.get("common_name") or names.get("organization_name") or "?"
    text = str(name if isinstance(name, str) else name[0])
    return "".join(character for character in text if character.isprintable())[:100]
