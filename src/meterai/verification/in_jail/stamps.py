"""Examines one signature: whose it is (our stamp, another stamp, another signature), and whether it is
sound."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

import msgspec
from cryptography import x509
from pyhanko.pdf_utils.misc import PdfReadError

from meterai.kernel.serial_number import parse_serial
from meterai.pdf.signed.byte_range import ShapeError
from meterai.signatures import certificate_chain
from meterai.signatures.cms import FormError
from meterai.signatures.stamp_names import STAMP_FIELD, STAMP_REASON
from meterai.verification.in_jail import second_opinion
from meterai.verification.in_jail.document import Document, Signature, Unreadable
from meterai.verification.in_jail.own_forms import (
    Making,
    Trusted,
    making_of,
    read_form,
    read_own,
    trust_rules,
)
from meterai.verification.in_jail.revisions import only_whole_revisions, signed_revision
from meterai.verification.in_jail.second_opinion import Stranger
from meterai.verification.model import Afterwards, Covers, SignatureReport, StampReport, Verdict
from meterai.verification.reasons import BY_HASH, CHANGED_LATER, SAVED_AGAIN, verdict_of

_STATES: dict[bool | None, tuple[str, ...]] = {
    True: (),
    False: ("signature.broken",),
    None: ("note.signature_unchecked",),
}
"""Problems of a signature that is intact, broken, or can't be checked."""
_ENTRIES = {"/Type": "/Sig", "/Filter": "/Adobe.PPKLite"}


class Examined(msgspec.Struct, frozen=True, kw_only=True):
    """One signature and everything that was found out about it."""

    signature: Signature
    ours: bool
    """Its certificate chain leads to a pinned root. It may still be unsound."""
    report: StampReport | SignatureReport

    @property
    def by_hash(self) -> bool:
        """Whether an adapter outside built it around a hash that we signed. It drew its face, too."""
        return isinstance(self.report, StampReport) and self.report.by_hash


def examine(document: Document, signature: Signature, trust: Trusted) -> Examined:
    """Examines a signature. Content of the file never raises: what cannot be read is a problem of that
    signature."""
    if signature.byte_range is None:
        return _unreadable(signature, _why_uncovered(signature))
    try:
        own = _examine_own_form(document, signature, trust)
        if own is not None:
            return own
        stranger = second_opinion.describe(document.reader, signature.field, signature.field_object)
        signer, path = certificate_chain.follow_strange(stranger.certificates, trust.roots, trust.moment)
    except (MemoryError, RecursionError):
        raise  # says nothing about the signature
    except Exception:
        # Parsers of hostile bytes raise nearly anything; one signature that can't be read fails the file.
        return _unreadable(signature, "signature.malformed")
    if signer is not None and path.leads_to_root and not signature.document_time_stamp:
        return _examine_ours_unsound(document, signature, signer, trust, intact=stranger.intact)
    return _examine_strange(document, signature, signer, stranger, path.problem)


def _examine_own_form(document: Document, signature: Signature, trust: Trusted) -> Examined | None:
    """Examines a signature that our own cryptography finds right in every way.

    None: it has another form, is not intact, or is not ours. Then pyHanko says what can be known of it.
    """
    if signature.document_time_stamp:
        return None
    try:
        own = read_own(signature.content, trust)
        if own is None:
            return None
        digest = _digest(document, signature, own.form.digest)
        if not own.making.verifies(own.form, digest):
            return None
    except (FormError, ShapeError, ValueError):
        return None
    time, problems = trust_rules(own.form, trust)
    found = Finding(making=own.making, time=time, problems=problems, intact=True, message_digest=digest.hex())
    return _ours(document, signature, own.signer, found)


def _examine_ours_unsound(
    document: Document,
    signature: Signature,
    signer: x509.Certificate,
    trust: Trusted,
    *,
    intact: bool | None,
) -> Examined:
    """Says what is wrong with a signature of our chain that has no form of ours. Something always is, also if
    it can't be checked."""
    time: datetime | None = None
    making = making_of(signer)
    try:
        time, problems = trust_rules(read_form(signature.content, making), trust)
        problems.append("signature.form" if making.by_hash and intact else "signature.broken")
    except (FormError, ShapeError):
        problems = ["signature.form"] if intact else ["signature.form", "signature.broken"]
    except (MemoryError, RecursionError):
        raise
    except Exception:
        problems = ["signature.malformed"]
    found = Finding(making=making, time=time, problems=problems, intact=intact)
    return _ours(document, signature, signer, found)


class Finding(NamedTuple):
    """What was found out about a signature of our chain."""

    making: Making
    time: datetime | None
    problems: list[str]
    intact: bool | None
    message_digest: str = ""


def _ours(document: Document, signature: Signature, signer: x509.Certificate, found: Finding) -> Examined:
    by_hash = found.making.by_hash
    problems = found.problems + _name_problems(signature, found.making.subfilters)
    if by_hash and verdict_of(problems) is not Verdict.NOT_GENUINE:
        problems.append(BY_HASH)
    return Examined(
        signature=signature,
        ours=True,
        report=StampReport(
            serial=signature.serial,
            foreign=False,
            by_hash=by_hash,
            message_digest=found.message_digest if by_hash else "",
            intact=found.intact,
            covers=_covers(document, signature),
            stamped_at=found.time,
            signer=certificate_chain.common_name(signer),
            field=signature.field,
            page=signature.page,
            box=signature.box,
            revision_sha256=_revision_digest(document, signature),
            problems=tuple(dict.fromkeys(problems)),
        ),
    )


def _name_problems(signature: Signature, subfilters: frozenset[str]) -> list[str]:
    """Problems with the serial number. A stamp states it in the Reason and in the field's name, and both
    must agree."""
    reason, field = STAMP_REASON.fullmatch(signature.reason), STAMP_FIELD.fullmatch(signature.field)
    if reason is None or field is None or reason[1] != field[1] or parse_serial(reason[1]) != reason[1]:
        return ["stamp.serial"]
    if any(signature.object.get(key, wanted) != wanted for key, wanted in _ENTRIES.items()):
        return ["signature.form"]
    return [] if signature.object.get("/SubFilter") in subfilters else ["signature.form"]


def _examine_strange(
    document: Document,
    signature: Signature,
    signer: x509.Certificate | None,
    stranger: Stranger,
    problem: str,
) -> Examined:
    name = certificate_chain.common_name(signer) if signer is not None else ""
    problems = _STATES[stranger.intact]
    report: StampReport | SignatureReport
    if signature.serial and not signature.document_time_stamp:
        kind = problem if problem in ("chain.impostor", "chain.self_signed") else "stamp.foreign_issuer"
        afterwards = _afterwards(document, signature) if stranger.intact else None
        changed = (CHANGED_LATER,) if afterwards is Afterwards.CHANGES else ()
        report = StampReport(
            serial=signature.serial,
            foreign=True,
            intact=stranger.intact,
            covers=_covers(document, signature),
            stamped_at=stranger.stated_time,
            signer=name,
            field=signature.field,
            page=signature.page,
            box=signature.box,
            revision_sha256=_revision_digest(document, signature),
            afterwards=afterwards,
            problems=(*problems, kind, *changed),
        )
    else:
        report = SignatureReport(
            signer=name,
            reason=signature.reason,
            field=signature.field,
            intact=stranger.intact,
            covers=_covers(document, signature),
            time_stamp_only=signature.document_time_stamp,
            signed_at=stranger.stated_time,
            problems=(*problems, "chain.impostor") if problem == "chain.impostor" else problems,
        )
    return Examined(signature=signature, ours=False, report=report)


_BY_LEVEL = {
    "NONE": Afterwards.NOTHING,
    "LTA_UPDATES": Afterwards.ARCHIVE_DATA,
    "FORM_FILLING": Afterwards.SIGNATURES,
}


def _afterwards(document: Document, signature: Signature) -> Afterwards:
    """What pyHanko finds in the revisions after a stamp that is not ours."""
    if _covers(document, signature) is Covers.WHOLE_FILE:
        return Afterwards.NOTHING
    try:
        signed = signed_revision(document, signature)
        if signed is None or not only_whole_revisions(document, signed, _end(signature)):
            return Afterwards.CHANGES
        changes = second_opinion.changes_after(document.reader, signature.field, signature.field_object)
    except Unreadable:
        return Afterwards.UNCLEAR
    except (PdfReadError, ValueError):
        return Afterwards.CHANGES
    return _BY_LEVEL.get(changes.level, Afterwards.CHANGES)


def _end(signature: Signature) -> int:
    assert signature.byte_range is not None
    return signature.byte_range.end


def _why_uncovered(signature: Signature) -> str:
    if not signature.moved:
        return "signature.byte_range"
    return SAVED_AGAIN if signature.serial else "signature.saved_again"


def _unreadable(signature: Signature, problem: str) -> Examined:
    report: StampReport | SignatureReport
    if signature.serial:
        report = StampReport(
            serial=signature.serial,
            foreign=True,
            intact=False,
            covers=Covers.UNCLEAR,
            field=signature.field,
            page=None if signature.moved else signature.page,  # nothing is known of what is drawn there
            box=None if signature.moved else signature.box,
            problems=(problem,),
        )
    else:
        report = SignatureReport(
            signer="",
            reason=signature.reason,
            field=signature.field,
            intact=False,
            covers=Covers.UNCLEAR,
            problems=(problem,),
        )
    return Examined(signature=signature, ours=False, report=report)


def _covers(document: Document, signature: Signature) -> Covers:
    if signature.byte_range is None:
        return Covers.UNCLEAR
    return Covers.WHOLE_FILE if signature.byte_range.end == len(document.data) else Covers.REVISION


def _revision_digest(document: Document, signature: Signature) -> str:
    assert signature.byte_range is not None
    return document.digests.beginning(signature.byte_range.end)


def _digest(document: Document, signature: Signature, name: str) -> bytes:
    """Digest over the byte range."""
    assert signature.byte_range is not None
    return document.digests.signed(signature.byte_range, name)
