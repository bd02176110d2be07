"""Judges an uploaded file: by its digest, by the full rules in the jail, by its serial numbers."""

from __future__ import annotations

import hashlib
from datetime import datetime

import structlog

from meterai.jail.pool import JailPool
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.database import DATABASE_IS_DOWN, Database
from meterai.verification import register
from meterai.verification.model import FaceLimits, Judgement, JudgeRequest, Trust
from meterai.verification.queries import (
    find_by_digest,
    find_gaps,
    find_releases,
    find_serials,
    find_signed_hashes,
)
from meterai.verification.reasons import UNEXPECTED, VERDICTS, verdict_of

JUDGE = "meterai.verification.in_jail:judge"
log = structlog.get_logger(__name__)


async def judge_document(
    db: Database | None,
    jail: JailPool,
    data: bytes,
    *,
    trust: Trust,
    now: datetime,
    limits: FaceLimits | None = None,
) -> Judgement:
    """Judges `data`. A failure is the verdict CANNOT_CHECK.

    Without `db` the register is not asked. A file whose digest the register knows is opened too, to say where
    its stamps are and to judge earlier ones.

    Raises: Refusal BUSY `jail.budget_spent` when the caller's network has used its budget.
    """
    digest = hashlib.sha256(data).hexdigest()
    known = await _look_up(db, digest) if db is not None else None
    request = JudgeRequest(data=data, trust=trust, moment=now, limits=limits or FaceLimits())
    opened = await _open(jail, request, digest)
    if db is None:
        return register.not_asked(opened, "register.not_asked")
    return await _ask_register(db, opened, known)


async def judge_digest(db: Database | None, sha256: str) -> Judgement | None:
    """The fast path alone, for a digest made in the browser; None if the register can't answer by it.

    None is no objection to the file: it must be uploaded and judged in full.
    Raises: Refusal(UNAVAILABLE, "register.unreachable"), or "register.not_asked" without `db`.
    """
    if db is None:
        raise Refusal(Kind.UNAVAILABLE, "register.not_asked")
    try:
        async with db.connection() as connection:
            released, entries = await find_by_digest(connection, sha256)
    except DATABASE_IS_DOWN as error:
        log.warning("verification.register_unreachable", error=type(error).__name__)
        raise Refusal(Kind.UNAVAILABLE, "register.unreachable") from error
    return register.from_digest(sha256, released, entries) if released else None


async def _look_up(db: Database, digest: str) -> Judgement | None:
    try:
        return await judge_digest(db, digest)
    except Refusal:  # the file can be judged all the same
        return None


async def _open(jail: JailPool, request: JudgeRequest, digest: str) -> Judgement:
    try:
        return await jail.run(JUDGE, request, Judgement)
    except Refusal as refusal:
        if refusal.code == "jail.budget_spent":  # it says when to come back: a verdict could not
            raise
        return _refused(refusal.code, digest)
    except Exception as error:
        # A bug on our side of the wall: logged, and to the person the third verdict like anything else.
        log.error("verification.check_failed", error=type(error).__name__)
        return _refused(UNEXPECTED, digest)


def _refused(code: str, digest: str) -> Judgement:
    code = code if code in VERDICTS else UNEXPECTED
    return Judgement(verdict=verdict_of([code]), reasons=(code,), sha256=digest)


async def _ask_register(db: Database, opened: Judgement, known: Judgement | None) -> Judgement:
    serials = [stamp.serial for stamp in opened.stamps if stamp.serial]
    by_hash = [stamp.serial for stamp in opened.stamps if stamp.by_hash]
    try:
        async with db.connection() as connection:
            released = await find_releases(connection, serials)
            entries = await find_serials(connection, serials)
            hashes = await find_signed_hashes(connection, by_hash) if by_hash else []
            gaps = await find_gaps(connection)
    except DATABASE_IS_DOWN as error:
        log.warning("verification.register_unreachable", error=type(error).__name__)
        return register.not_asked(opened, "register.unreachable")
    if known is not None:
        return register.with_details(known, opened, released, entries, gaps, hashes)
    return register.compare(opened, released, entries, gaps, hashes)
