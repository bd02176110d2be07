"""Examines one signature: a stamp of ours, somebody else's stamp, or another signature; and is it sound?"""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

import msgspec
from cryptography import x509

from meterai.kernel.serial import parse_serial
from meterai.kit.pdf.byte_range import ShapeError, without_padding
from meterai.verification.model import Covers, SignatureReport, StampReport
from meterai.verification.rules import chain, second_opinion
from meterai.verification.rules.cms import FormError, SignedForm, element_length, read_signature
from meterai.verification.rules.document import STAMP_FIELD, STAMP_REASON, Document, Signature
from meterai.verification.rules.second_opinion import Opinion, Stranger
from meterai.verification.rules.time_stamp import check_token


class Examined(msgspec.Struct, frozen=True, kw_only=True):
    """One signature and everything found out about it."""

    signature: Signature
    ours: bool
    """Its certificate chain leads to a pinned root (it may still be unsound)."""
    report: StampReport | SignatureReport
    opinion: Opinion | None = None
    """Only of a stamp of ours."""


def examine(document: Document, signature: Signature, trust: Trusted) -> Examined:
    """Never raises for what a file holds: what can't be read is a problem of that signature."""
    if signature.byte_range is None:
        return _unreadable(signature, "signature.byte_range")
    try:
        stranger = second_opinion.describe(document.reader, signature.field, signature.field_object)
        certificates = [x509.load_der_x509_certificate(c) for c in stranger.certificates]
    except (MemoryError, RecursionError):
        raise  # says nothing about the signature
    except Exception:
        # Parsers of hostile bytes raise nearly anything; one signature that can't be read fails the file.
        return _unreadable(signature, "signature.malformed")
    path = chain.build_path(certificates, trust.roots, trust.moment, exact=False)
    if path.leads_to_root and not signature.document_time_stamp:
        return _examine_ours(document, signature, certificates[0], stranger, trust)
    return _examine_strange(document, signature, certificates[0], stranger, path.problem)


class Trusted(msgspec.Struct, frozen=True, kw_only=True):
    """What the examination relies on."""

    roots: list[Any]
    roots_pem: tuple[str, ...]
    moment: datetime


def _examine_ours(
    document: Document, signature: Signature, signer: x509.Certificate, stranger: Stranger, trust: Trusted
) -> Examined:
    problems: list[str] = []
    time: datetime | None = None
    opinion: Opinion | None = None
    try:
        form = _form(signature)
        time, found = _own_rules(document, signature, form, trust)
        problems += found
        if time is not None and not found:
            opinion = second_opinion.ask(
                document.reader, signature.field, signature.field_object, trust.roots_pem, time
            )
            problems += [] if opinion.sound else ["signature.broken"]
    except (FormError, ShapeError):
        problems.append("signature.form")
    except (MemoryError, RecursionError):
        raise
    except Exception:
        problems.append("signature.malformed")
    if not stranger.intact:
        problems.append("signature.broken")
    problems += _name_problems(signature, signer)
    return Examined(
        signature=signature,
        ours=True,
        opinion=opinion,
        report=StampReport(
            serial=signature.serial,
            foreign=False,
            intact=stranger.intact,
            covers=_covers(document, signature),
            stamped_at=time,
            signer=chain.common_name(signer),
            field=signature.field,
            page=signature.page,
            box=signature.box,
            revision_sha256=_revision_digest(document, signature),
            problems=tuple(dict.fromkeys(problems)),
        ),
    )


def _form(signature: Signature) -> SignedForm:
    content = without_padding(signature.content, element_length(signature.content))
    return read_signature(content)


def _own_rules(
    document: Document, signature: Signature, form: SignedForm, trust: Trusted
) -> tuple[datetime | None, list[str]]:
    """The time of the stamp and what our own cryptography objects to."""
    if not chain.verifies(form, _digest(document, signature, form.digest)):
        return None, ["signature.broken"]
    if form.token is None:
        return None, ["time_stamp.missing"]
    stamp = check_token(form.token, form.signature, trust.roots, trust.moment)
    if stamp.problem or stamp.time is None:
        return stamp.time, [stamp.problem]
    certificates = [x509.load_der_x509_certificate(c) for c in form.certificates]
    path = chain.build_path(certificates, trust.roots, stamp.time, exact=True)
    if not path.leads_to_root or path.problem:
        return stamp.time, [path.problem or "chain.unknown"]
    return stamp.time, [] if chain.may_stamp(certificates[0]) else ["chain.not_allowed"]


def _name_problems(signature: Signature, signer: x509.Certificate) -> list[str]:
    """A stamp of ours says its serial twice, in the Reason and in the field's name, and both must agree."""
    reason, field = STAMP_REASON.fullmatch(signature.reason), STAMP_FIELD.fullmatch(signature.field)
    if reason is None or field is None or reason[1] != field[1] or parse_serial(reason[1]) != reason[1]:
        return ["stamp.serial"]
    if signature.object.get("/SubFilter") != "/ETSI.CAdES.detached":
        return ["signature.form"]
    return []


def _examine_strange(
    document: Document, signature: Signature, signer: x509.Certificate, stranger: Stranger, problem: str
) -> Examined:
    problems = () if stranger.intact else ("signature.broken",)
    report: StampReport | SignatureReport
    if signature.serial and not signature.document_time_stamp:
        kind = problem if problem in ("chain.impostor", "chain.self_signed") else "stamp.foreign_issuer"
        report = StampReport(
            serial=signature.serial,
            foreign=True,
            intact=stranger.intact,
            covers=_covers(document, signature),
            stamped_at=stranger.stated_time,
            signer=chain.common_name(signer),
            field=signature.field,
            page=signature.page,
            box=signature.box,
            revision_sha256=_revision_digest(document, signature),
            problems=(*problems, kind),
        )
    else:
        report = SignatureReport(
            signer=chain.common_name(signer),
            reason=signature.reason,
            field=signature.field,
            intact=stranger.intact,
            covers=_covers(document, signature),
            time_stamp_only=signature.document_time_stamp,
            signed_at=stranger.stated_time,
            problems=(*problems, "chain.impostor") if problem == "chain.impostor" else problems,
        )
    return Examined(signature=signature, ours=False, report=report)


def _unreadable(signature: Signature, problem: str) -> Examined:
    report: StampReport | SignatureReport
    if signature.serial:
        report = StampReport(
            serial=signature.serial,
            foreign=True,
            intact=False,
            covers=Covers.UNCLEAR,
            field=signature.field,
            page=signature.page,
            box=signature.box,
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
    return hashlib.sha256(memoryview(document.data)[: signature.byte_range.end]).hexdigest()


def _digest(document: Document, signature: Signature, name: str) -> bytes:
    """Digest over the byte range."""
    assert signature.byte_range is not None
    view, found = memoryview(document.data), hashlib.new(name)
    found.update(view[: signature.byte_range.gap_start])
    found.update(view[signature.byte_range.gap_end : signature.byte_range.end])
    return found.digest()
