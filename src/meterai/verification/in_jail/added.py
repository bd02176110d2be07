"""Lists what was added to a document after it was sealed: other people's signatures, stamps of other orders.

The stamps of one order are one seal. Their empty fields are made together, in the revision of the first of
them. A stamp in a field that was made later belongs to another order, and the first order's seal knows
nothing of it.
"""

# mypy: disallow-untyped-calls=False
# pyHanko types only part of its own functions.

from __future__ import annotations

from typing import NamedTuple

from meterai.verification.in_jail.document import Document, Signature
from meterai.verification.in_jail.looks.offered import is_offered
from meterai.verification.in_jail.stamps import Examined
from meterai.verification.model import Addition, StampReport
from meterai.verification.reasons import BY_HASH


class Seal(NamedTuple):
    """The stamps of the first order, in the order of signing."""

    stamps: tuple[Examined, ...]
    end: int | None
    """End of the revision that the last of them closes; None if one of them is not intact."""


def first_seal(document: Document, examined: list[Examined]) -> Seal:
    """The seal of a document that has a stamp of ours."""
    ours = [e for e in examined if e.ours]
    made = _made_in(document, ours[0].signature)
    # A stamp by hash is an order of its own, since others drew its face.
    seals = [e for e in ours[1:] if not (e.by_hash or ours[0].by_hash)]
    stamps = (ours[0], *(e for e in seals if _made_in(document, e.signature) == made))
    intact = all(e.report.intact for e in stamps)
    return Seal(stamps, _end(stamps[-1]) if intact else None)


def added_after(document: Document, examined: list[Examined], seal: Seal) -> tuple[Addition, ...]:
    """The additions, in the order of signing. A broken signature makes the file not genuine, and is none. One
    that can't be checked counts."""
    later = examined[examined.index(seal.stamps[0]) + 1 :]
    added = [e for e in later if e not in seal.stamps and _counts(e)]
    if not added:
        return ()
    revision = int(document.reader.xrefs.get_last_change(seal.stamps[-1].signature.object.container_ref))
    return tuple(_addition(e, offered=is_offered(document, revision, e.signature)) for e in added)


def _made_in(document: Document, signature: Signature) -> int:
    return int(document.reader.xrefs.get_introducing_revision(signature.field_object.reference))


def _end(examined: Examined) -> int:
    assert examined.signature.byte_range is not None
    return examined.signature.byte_range.end


def _counts(examined: Examined) -> bool:
    return examined.report.intact is not False and not examined.signature.document_time_stamp


def _addition(examined: Examined, *, offered: bool) -> Addition:
    signature, report = examined.signature, examined.report
    stamp = report if isinstance(report, StampReport) else None
    return Addition(
        kind="stamp" if stamp else "signature",
        signer=report.signer,
        vouched=examined.ours and not {*report.problems} - {BY_HASH},
        reason=signature.reason,
        field=signature.field,
        serial=stamp.serial if stamp else "",
        signed_at=report.stamped_at if isinstance(report, StampReport) else report.signed_at,
        page=signature.page if signature.box is not None else None,
        box=signature.box,
        offered=offered,
    )
