"""Decides before payment whether a file may get one more stamp. It must not make bad stamps look better."""

from __future__ import annotations

from datetime import datetime

from meterai.jail.pool import JailPool
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.database import Database
from meterai.verification.model import RegisterAnswer, Trust, Verdict
from meterai.verification.reasons import PASSING, leading_to
from meterai.verification.register import LOST
from meterai.verification.use_cases.judge_document import judge_document

_BEARABLE = {"stamp.foreign_issuer", LOST}
"""Reasons that cannot be checked and are no objection to the file. Under our seal they are remarks."""


async def vouch_for_stamps(db: Database, jail: JailPool, trust: Trust, data: bytes, now: datetime) -> None:
    """Judges a file that carries stamps, register included. Returns if it may get another stamp.

    Raises: Refusal INVALID `pdf.stamp_not_genuine`, `jail.killed`, `pdf.signed_irregular` (cannot be read
    beyond doubt); UNAVAILABLE `jail.unavailable` if it cannot be judged now.
    """
    judgement = await judge_document(db, jail, data, trust=trust, now=now)
    if judgement.verdict in (Verdict.NOT_GENUINE, Verdict.NO_STAMP):
        raise Refusal(Kind.INVALID, "pdf.stamp_not_genuine")
    doubts = leading_to(Verdict.CANNOT_CHECK, judgement.reasons)
    if doubts & PASSING or judgement.register is RegisterAnswer.NOT_ASKED:
        raise Refusal(Kind.UNAVAILABLE, "jail.unavailable")
    if "jail.killed" in doubts:
        raise Refusal(Kind.INVALID, "jail.killed")
    if doubts - _BEARABLE:
        raise Refusal(Kind.INVALID, "pdf.signed_irregular")
