"""Compares a judgement with the register. Pure: the register's answers come in as values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from meterai.verification.model import SEAL_HOLDS, Covers, Judgement, RegisterAnswer, StampReport, Verdict
from meterai.verification.queries import Gap, Released, SerialEntry, SignedHash
from meterai.verification.reasons import (
    ADDITIONS,
    BY_HASH,
    GENUINE,
    OLDER_HASH,
    UNCLEAR_ADDITION,
    leading_to,
    most_important_first,
    verdict_of,
    without_better,
)

CONFIRMED = "register.confirmed"
LOST = "register.lost"
_BY_HASH_STATE = "used"
"""A serial number in this state was stamped outside: a hash was signed."""
_MAY_BE_LOST = {"register.unknown_serial", "register.other_document", "register.not_released"}


def from_digest(sha256: str, released: Sequence[Released], entries: Mapping[str, SerialEntry]) -> Judgement:
    """The fast path: we released these bytes, so they are genuine unless a serial was annulled.

    `entries` holds all serials that were released on them. The file is not opened, so signer, time stamp and
    place stay unknown.
    """
    annulled = any(entries[r.serial].state == "annulled" for r in released)
    codes = ["register.annulled"] if annulled else [GENUINE, CONFIRMED]
    stamps = tuple(
        StampReport(
            serial=r.serial,
            foreign=False,
            intact=True,
            covers=Covers.WHOLE_FILE,
            released_at=r.released_at,
            revision_sha256=sha256,
            problems=("register.annulled",) if annulled else (),
        )
        for r in released
    )
    return Judgement(
        verdict=verdict_of(codes),
        reasons=most_important_first(codes),
        sha256=sha256,
        stamps=stamps,
        register=RegisterAnswer.CONTRADICTS if annulled else RegisterAnswer.CONFIRMED,
        fast_path=True,
        pages=released[0].document_pages,
    )


def with_details(
    known: Judgement,
    opened: Judgement,
    released: Sequence[Released],
    entries: Mapping[str, SerialEntry],
    gaps: Sequence[Gap] = (),
    hashes: Sequence[SignedHash] = (),
) -> Judgement:
    """The fast path's answer, with what opening the file showed of each stamp.

    The digest vouches for the stamps that were released on these bytes, whatever was found in the file. The
    register is asked about earlier stamps, and about problems of the whole file, as for any file. That can
    only worsen the verdict.
    """
    opened = _with_register(opened)
    vouched = {stamp.serial: stamp for stamp in known.stamps}
    found = {stamp.serial for stamp in opened.stamps}
    earlier = [stamp for stamp in opened.stamps if stamp.serial not in vouched]
    objections = _contradictions(opened, earlier, released, entries, gaps, hashes) - {LOST}
    if earlier:
        objections |= leading_to(Verdict.NOT_GENUINE, opened.reasons)
    reasons = {*known.reasons, *leading_to(None, opened.reasons), *_about_additions(opened)}
    detailed = msgspec.structs.replace(
        known,
        reasons=most_important_first(reasons - {CONFIRMED} if objections else reasons),
        stamps=(
            *(_as_released(stamp, vouched.get(stamp.serial)) for stamp in opened.stamps),
            *(stamp for stamp in known.stamps if stamp.serial not in found),
        ),
        other_signatures=opened.other_signatures,
        additions=opened.additions,
        sealed_bytes=opened.sealed_bytes,
        pages=opened.pages or known.pages,
    )
    return _answer(detailed, RegisterAnswer.CONTRADICTS if objections else known.register, objections)


def _about_additions(opened: Judgement) -> set[str]:
    """What the file says of additions. The register released the bytes with them, and knows nothing of
    them."""
    return {ADDITIONS, UNCLEAR_ADDITION} & {*opened.reasons}


def _as_released(found: StampReport, known: StampReport | None) -> StampReport:
    if known is None:
        return found
    return msgspec.structs.replace(found, released_at=known.released_at, problems=known.problems)


def compare(
    judgement: Judgement,
    released: Sequence[Released],
    entries: Mapping[str, SerialEntry],
    gaps: Sequence[Gap] = (),
    hashes: Sequence[SignedHash] = (),
) -> Judgement:
    """The judgement after the register was asked about every serial number in the file.

    A stamp of ours is confirmed if the register released the file itself, or a revision that ends with a
    stamp of ours. Later archive data does not change that. A stamp by hash is confirmed if its hash is the
    newest that was signed for its serial. A serial that the register does not know contradicts, because a
    stolen key could make one. Except for stamps by hash, the register can only worsen a verdict. In the
    periods `gaps` it lost releases, so it says nothing about a stamp with such a time, or without one.
    """
    judgement = _with_register(judgement)
    codes = _contradictions(judgement, judgement.stamps, released, entries, gaps, hashes)
    if codes == {LOST}:
        return _answer(judgement, RegisterAnswer.UNKNOWN, codes)
    if codes:
        return _answer(judgement, RegisterAnswer.CONTRADICTS, codes)
    if judgement.verdict in SEAL_HOLDS:
        return _answer(judgement, RegisterAnswer.CONFIRMED, {CONFIRMED})
    if judgement.stamps and all(stamp.by_hash and stamp.intact for stamp in judgement.stamps):
        return _answer(judgement, RegisterAnswer.CONFIRMED, {CONFIRMED})  # something else is unclear
    known = any(stamp.serial in entries for stamp in judgement.stamps)
    return _answer(judgement, RegisterAnswer.CONTRADICTS if known else RegisterAnswer.UNKNOWN, set())


def _with_register(judgement: Judgement) -> Judgement:
    """The judgement of somebody who asks the register, which then decides about each stamp by hash."""
    if not any(stamp.by_hash for stamp in judgement.stamps):
        return judgement
    stamps = tuple(
        msgspec.structs.replace(stamp, problems=tuple(code for code in stamp.problems if code != BY_HASH))
        for stamp in judgement.stamps
    )
    # What the verdict without the register had left out (`without_better`).
    better = {GENUINE, ADDITIONS} if judgement.additions else {GENUINE}
    codes = ({*judgement.reasons} | better) - {BY_HASH}
    verdict = verdict_of(codes)
    reasons = most_important_first(without_better(verdict, codes))
    return msgspec.structs.replace(judgement, verdict=verdict, reasons=reasons, stamps=stamps)


def _contradictions(
    judgement: Judgement,
    stamps: Iterable[StampReport],
    released: Sequence[Released],
    entries: Mapping[str, SerialEntry],
    gaps: Sequence[Gap],
    hashes: Sequence[SignedHash],
) -> set[str]:
    """What the register says against these stamps of the file."""
    sealed = {s.revision_sha256 for s in judgement.stamps if not (s.foreign or s.by_hash)}
    released = [r for r in released if r.sha256 in {judgement.sha256, *sealed}]
    codes: set[str] = set()
    for stamp in stamps:
        objections = _objections(stamp, entries.get(stamp.serial), released, hashes)
        codes.update({LOST} if objections & _MAY_BE_LOST and _lost(stamp, gaps) else objections)
    return codes


def _objections(
    stamp: StampReport,
    entry: SerialEntry | None,
    released: Iterable[Released],
    hashes: Iterable[SignedHash],
) -> set[str]:
    """`released`: only releases of this file or its revisions."""
    if entry is None:
        return set() if stamp.foreign or not stamp.intact else {"register.unknown_serial"}
    if entry.state == "annulled":
        return {"register.annulled"}
    if entry.state not in ("released", _BY_HASH_STATE):
        return {"register.not_released"}
    if stamp.intact is False:
        return set()  # changed bytes can't match; the signature's own reason says it better
    if stamp.foreign or stamp.by_hash is not (entry.state == _BY_HASH_STATE):
        return {"register.other_document"}
    if stamp.by_hash:
        return _objections_to_hash(stamp, hashes)
    return set() if any(r.serial == stamp.serial for r in released) else {"register.other_document"}


def _objections_to_hash(stamp: StampReport, hashes: Iterable[SignedHash]) -> set[str]:
    wanted = stamp.serial, stamp.message_digest
    signed = [one for one in hashes if (one.serial, one.message_digest) == wanted]
    if not signed:
        return {"register.other_document"}
    return set() if any(one.is_newest for one in signed) else {OLDER_HASH}


def _lost(stamp: StampReport, gaps: Sequence[Gap]) -> bool:
    """Whether an intact stamp of ours was made in a period that the register lost, or may have been.

    A stamp without a time stamp may have been made at any time, and is never genuine by itself.
    """
    moment = stamp.stamped_at
    return (
        stamp.intact is True
        and not stamp.foreign
        and any(moment is None or gap.lost_from <= moment <= gap.lost_until for gap in gaps)
    )


def not_asked(judgement: Judgement, code: str) -> Judgement:
    """The judgement when the register was not asked (`register.not_asked`) or not reached."""
    return _answer(judgement, RegisterAnswer.NOT_ASKED, {code})


def _answer(judgement: Judgement, answer: RegisterAnswer, codes: set[str]) -> Judgement:
    every = {*judgement.reasons, *codes}
    verdict = verdict_of(every)
    reasons = most_important_first(without_better(verdict, every))
    return msgspec.structs.replace(judgement, verdict=verdict, reasons=reasons, register=answer)
