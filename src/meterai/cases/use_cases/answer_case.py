"""Answers and closes a case, as an officer."""

from __future__ import annotations

from datetime import datetime

from meterai.cases import store
from meterai.cases.model import TEXT_LENGTH_MAX, CaseInHand, CaseState
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.audit_trail import write_audit
from meterai.kit.database import Connection, Database
from meterai.texts.case_words import ANSWERED
from meterai.texts.mechanism.translation import translate


async def answer_case(db: Database, number: str, text: str, *, officer: str, now: datetime) -> CaseInHand:
    """Sends an answer to the contact of a case, and keeps it. Returns the case as it was.

    Raises: Refusal NOT_FOUND `case.unknown`; INVALID `case.no_text`, `case.answer_too_long`; CONFLICT
    `case.closed`.
    """
    said = text.strip()
    if not said:
        raise Refusal(Kind.INVALID, "case.no_text")
    if len(said) > TEXT_LENGTH_MAX:
        raise Refusal(Kind.INVALID, "case.answer_too_long", maximum=TEXT_LENGTH_MAX)
    async with db.transaction() as tx:
        case = await store.case_in_hand(tx, number)
        if case.state is CaseState.CLOSED:
            raise Refusal(Kind.CONFLICT, "case.closed")
        message = _message(case, said)
        await store.answer(tx, case.id, said, officer=officer, message=message, now=now)
        await _note(tx, "case.answer", case, officer, now)
    return case


async def close_case(db: Database, number: str, *, officer: str, reason: str, now: datetime) -> CaseInHand:
    """Closes a case. Returns it as it was.

    Raises: Refusal NOT_FOUND `case.unknown`; CONFLICT `case.closed`.
    """
    async with db.transaction() as tx:
        case = await store.case_in_hand(tx, number)
        if not await store.close(tx, case.id, now):
            raise Refusal(Kind.CONFLICT, "case.closed")
        await _note(tx, "case.close", case, officer, now, reason=reason)
    return case


async def _note(
    tx: Connection, action: str, case: CaseInHand, officer: str, now: datetime, **facts: str
) -> None:
    await write_audit(
        tx, actor=officer, action=action, subject=case.number, facts={"kind": case.kind, **facts}, now=now
    )


def _message(case: CaseInHand, said: str) -> dict[str, object]:
    """The message without its address, which the database adds."""
    facts = {"number": case.number, "answer": said}
    return {
        "subject": translate(ANSWERED.subject, case.language, facts),
        "text": translate(ANSWERED.text, case.language, facts),
        "language": case.language,
    }
