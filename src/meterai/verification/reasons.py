"""Every reason code of the verifier, with the verdict it leads to. What people read: `texts/reasons.py`.

The order of the table is the order of importance.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from meterai.verification.model import SEAL_HOLDS, Verdict

GENUINE: Final = "genuine"
ADDITIONS: Final = "file.additions"
SAVED_AGAIN: Final = "stamp.saved_again"
CHANGED_LATER: Final = "note.foreign_changed"
UNCLEAR_ADDITION: Final = "addition.unclear"
UNEXPECTED: Final = "check.failed"
BY_HASH: Final = "stamp.by_hash"
OLDER_HASH: Final = "register.older_hash"

_NO, _UNSURE = Verdict.NOT_GENUINE, Verdict.CANNOT_CHECK
VERDICTS: Final[dict[str, Verdict | None]] = {
    GENUINE: Verdict.GENUINE,
    # Not genuine: the register
    "register.annulled": _NO,
    "register.unknown_serial": _NO,
    "register.other_document": _NO,
    OLDER_HASH: _NO,
    "register.not_released": _NO,
    # Not genuine: the document or the signature
    "file.changed_after": _NO,
    "signature.broken": _NO,
    "signature.byte_range": _NO,
    "signature.malformed": _NO,
    "signature.form": _NO,
    "chain.impostor": _NO,
    "chain.self_signed": _NO,
    "chain.expired": _NO,
    "chain.not_allowed": _NO,
    "chain.foreign_body": _NO,
    "time_stamp.broken": _NO,
    "stamp.serial": _NO,
    "stamp.serial_twice": _NO,
    "stamp.incomplete": _NO,
    "stamp.removed": _NO,
    SAVED_AGAIN: _NO,
    "signature.saved_again": _NO,
    "file.junk_before": _NO,
    # Cannot be checked
    BY_HASH: _UNSURE,
    "time_stamp.missing": _UNSURE,
    "time_stamp.unknown_issuer": _UNSURE,
    "time_stamp.future": _UNSURE,
    "stamp.foreign_issuer": _UNSURE,
    UNCLEAR_ADDITION: _UNSURE,
    "pdf.empty": _UNSURE,
    "pdf.not_pdf": _UNSURE,
    "pdf.broken": _UNSURE,
    "pdf.encrypted": _UNSURE,
    "pdf.ambiguous": _UNSURE,
    "pdf.no_pages": _UNSURE,
    "pdf.too_large": _UNSURE,
    "pdf.too_many_pages": _UNSURE,
    "pdf.page_size": _UNSURE,
    "pdf.too_complex": _UNSURE,
    "pdf.too_heavy": _UNSURE,
    "jail.busy": _UNSURE,
    "jail.killed": _UNSURE,
    "jail.unavailable": _UNSURE,
    UNEXPECTED: _UNSURE,
    "register.lost": _UNSURE,
    # No stamp
    "stamp.none": Verdict.NO_STAMP,
    # Genuine, then signed by others
    ADDITIONS: Verdict.WITH_ADDITIONS,
    # Remarks
    "register.confirmed": None,
    "register.not_asked": None,
    "register.unreachable": None,
    "note.foreign_stamp": None,
    CHANGED_LATER: None,
    "note.other_signature": None,
    "note.signature_unchecked": None,
}
"""None: a remark, which changes no verdict."""

_WORST_FIRST = (_NO, _UNSURE, Verdict.NO_STAMP, Verdict.WITH_ADDITIONS, Verdict.GENUINE)
_ORDER = {code: position for position, code in enumerate(VERDICTS)}


def verdict_of(codes: Iterable[str]) -> Verdict:
    """The verdict to which reason codes lead: the worst wins; an unknown code is never a pass."""
    known = set(codes)
    return next((v for v in _WORST_FIRST if leading_to(v, known)), _UNSURE)


def without_better(verdict: Verdict, codes: Iterable[str]) -> set[str]:
    """The codes without those of a better verdict, whose sentences would contradict this one."""
    better = SEAL_HOLDS - {verdict}
    return {code for code in codes if VERDICTS.get(code) not in better}


PASSING = frozenset({"jail.busy", "jail.unavailable"})
"""Reasons that may pass, so that the same file can be judged later. A file on which the judge was killed
or failed may never be judged."""


def leading_to(verdict: Verdict | None, codes: Iterable[str]) -> set[str]:
    """The reason codes that lead to this verdict; None: the remarks."""
    return {code for code in codes if VERDICTS.get(code, _UNSURE) is verdict}


def holds_by_itself(verdict: Verdict, reasons: Iterable[str]) -> bool:
    """Whether a file is genuine as far as that can be told without the register.

    Only the register knows stamps by hash. A file of ours may bear them from before it was sealed.
    """
    if verdict is Verdict.CANNOT_CHECK:
        return leading_to(verdict, reasons) == {BY_HASH}
    return verdict in SEAL_HOLDS


def most_important_first(codes: Iterable[str]) -> tuple[str, ...]:
    """Codes without repetition, the most important first."""
    return tuple(sorted(set(codes), key=lambda code: (_ORDER.get(code, len(_ORDER)), code)))
