"""Combines the rules into a verdict. The register is asked elsewhere."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

import msgspec

from meterai.pdf.own_page import own_root, stamped_own_page
from meterai.signatures.certificate_chain import load_roots
from meterai.verification.in_jail.added import added_after, first_seal
from meterai.verification.in_jail.afterwards import check_afterwards
from meterai.verification.in_jail.document import Document, Unreadable, open_document
from meterai.verification.in_jail.history import stamps_removed
from meterai.verification.in_jail.looks.stamp_likeness import general_patterns
from meterai.verification.in_jail.own_forms import Trusted
from meterai.verification.in_jail.stamps import Examined, examine
from meterai.verification.in_jail.traces import shows_a_moved_stamp, shows_a_stamp, shows_no_signature
from meterai.verification.model import (
    Addition,
    FaceLimits,
    Judgement,
    JudgeRequest,
    SignatureReport,
    StampReport,
    Trust,
)
from meterai.verification.reasons import (
    ADDITIONS,
    GENUINE,
    SAVED_AGAIN,
    most_important_first,
    verdict_of,
    without_better,
)


def warm_up() -> None:
    """Judges and draws a page of our own, so that a jail process need not import and compute what that needs.

    PDFium lists the machine's fonts with a system call that a jail process may not make.
    """
    general_patterns()
    trust = Trust(roots_pem=(own_root(),))
    judge(JudgeRequest(data=stamped_own_page(), trust=trust, moment=datetime.now(UTC)))


def judge(request: JudgeRequest) -> Judgement:
    """Judges a file by itself. Every failure is a verdict, never an exception.

    Our own strict rules run on top of pyHanko's reader. pyHanko compares the revisions and describes what is
    not ours. Sources: ISO 32000-2, 12.8; ETSI EN 319 142-1; ETSI EN 319 102-1 (three outcomes); RFC 5652,
    3161, 5280.
    """
    try:
        document = open_document(request.data)
        trust = Trusted(roots=load_roots(request.trust.roots_pem), moment=request.moment)
        examined = [examine(document, s, trust) for s in document.signatures]
        judgement = _weigh(document, examined, request.limits)
        if len(document.data) == len(request.data):
            return judgement
        return msgspec.structs.replace(judgement, sha256=hashlib.sha256(request.data).hexdigest())
    except Unreadable as error:
        return _refuse_or_miss(error.code, request.data)
    except MemoryError:
        return _refuse("pdf.too_heavy", request.data)
    except RecursionError:
        return _refuse("pdf.too_complex", request.data)
    except Exception:
        # Parsers of hostile bytes raise nearly anything (ValueError, struct.error, ...); none is a pass.
        return _refuse_or_miss("pdf.broken", request.data)


_MAY_LACK_A_STAMP = frozenset(
    {"pdf.broken", "pdf.ambiguous", "pdf.too_many_pages", "pdf.too_complex", "file.junk_before"}
)
"""Refusals of the strict reader after which a tolerant one may still see that there is no stamp."""


def _refuse_or_miss(code: str, data: bytes) -> Judgement:
    """The refusal, or what a tolerant reader sees where a strict one reads nothing."""
    if code in _MAY_LACK_A_STAMP:
        if shows_no_signature(data):
            code = "stamp.none"
        elif shows_a_moved_stamp(data):
            code = SAVED_AGAIN
    return _refuse(code, data)


def _refuse(code: str, data: bytes) -> Judgement:
    """The judgement on a file of which only `code` is known."""
    return Judgement(verdict=verdict_of([code]), reasons=(code,), sha256=hashlib.sha256(data).hexdigest())


def _weigh(document: Document, examined: list[Examined], limits: FaceLimits) -> Judgement:
    stamps = tuple(e.report for e in examined if isinstance(e.report, StampReport))
    others = tuple(e.report for e in examined if isinstance(e.report, SignatureReport))
    codes = {problem for e in examined for problem in e.report.problems}
    additions, sealed_bytes = _additions(document, examined)
    if additions:
        codes.add(ADDITIONS)
    if any(e.ours for e in examined):
        if not _foreign_stamps_follow(examined):
            codes = {"note.foreign_stamp" if code == "stamp.foreign_issuer" else code for code in codes}
        codes.update(check_afterwards(document, examined, limits))
        codes.add(GENUINE)
    elif not stamps:
        codes.add(_why_no_stamp(document))
    if others:
        codes.add("note.other_signature")
    verdict = verdict_of(codes)
    return Judgement(
        verdict=verdict,
        reasons=most_important_first(without_better(verdict, codes)),
        sha256=document.digests.beginning(len(document.data)),
        stamps=stamps,
        other_signatures=others,
        additions=additions,
        sealed_bytes=sealed_bytes,
        pages=len(document.pages),
    )


def _additions(document: Document, examined: list[Examined]) -> tuple[tuple[Addition, ...], int | None]:
    """What was added after our seal, and where the sealed revision ends."""
    if not any(e.ours for e in examined):
        return (), None
    seal = first_seal(document, examined)
    return added_after(document, examined, seal), seal.end


def _why_no_stamp(document: Document) -> str:
    """Why the form has no stamp: there was never one, it was removed, or saving has lost it."""
    if stamps_removed(document):
        return "stamp.removed"
    return SAVED_AGAIN if document.open_stamp_fields or shows_a_stamp(document.data) else "stamp.none"


def _foreign_stamps_follow(examined: list[Examined]) -> bool:
    """Whether a stamp that we cannot check was added after our last one, so that the file is no longer ours
    alone.

    An earlier one lies under our seal, like everything else.
    """
    last = max(number for number, e in enumerate(examined) if e.ours)
    return any("stamp.foreign_issuer" in e.report.problems for e in examined[last + 1 :])
