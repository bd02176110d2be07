"""Acts on cases: an answer, the end."""

from __future__ import annotations

from typing import Final

import msgspec

from meterai.bootstrap import ConsoleApp
from meterai.cases.model import CaseState
from meterai.cases.use_cases import answer_case as use_case
from meterai.console.acts.forms import Line, Text
from meterai.console.acts.model import ConsoleAct, Prepared, Word
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.acting import Actor
from meterai.operations.finding.case_story import CaseStory, tell_case
from meterai.texts import console_acts as words
from meterai.texts.case_words import CASE_STATES, KINDS

_SUPPORT: Final = frozenset({"support"})


class AnswerForm(msgspec.Struct, frozen=True, kw_only=True):
    """An answer to a case."""

    number: Line
    answer: Text


class CloseForm(msgspec.Struct, frozen=True, kw_only=True):
    """The end of a case."""

    number: Line
    reason: Line


async def _prepare(app: ConsoleApp, form: AnswerForm | CloseForm) -> Prepared:
    case = await tell_case(app.db, form.number, session=None, now=app.clock())
    if case.state is CaseState.CLOSED:
        raise Refusal(Kind.CONFLICT, "case.closed")
    shown: list[tuple[str, Word | str | int]] = [
        (words.KIND, Word(KINDS[case.kind])),
        (words.STATE, Word(CASE_STATES[case.state])),
        (words.WRITTEN, case.text),
        (words.PROOF, Word(_proof(case))),
    ]
    return Prepared(subject=case.number, facts={"kind": case.kind}, figures=shown)


def _proof(case: CaseStory) -> str:
    if case.is_erased:
        return words.ERASED_CONTACT
    return words.PROVEN if case.is_proven else words.NOT_PROVEN


async def _answer(app: ConsoleApp, form: AnswerForm, actor: Actor) -> None:
    await use_case.answer_case(app.db, form.number, form.answer, officer=actor.name, now=app.clock())


async def _close(app: ConsoleApp, form: CloseForm, actor: Actor) -> None:
    await use_case.close_case(app.db, form.number, officer=actor.name, reason=form.reason, now=app.clock())


ACTS: Final = (
    ConsoleAct(
        kind="case.answer",
        path="jawab-kasus",
        group="cases",
        roles=_SUPPORT,
        signatures=0,
        form=AnswerForm,
        words=words.ANSWER_CASE,
        prepare=_prepare,
        carry_out=_answer,
    ),
    ConsoleAct(
        kind="case.close",
        path="tutup-kasus",
        group="cases",
        roles=_SUPPORT,
        signatures=0,
        form=CloseForm,
        words=words.CLOSE_CASE,
        prepare=_prepare,
        carry_out=_close,
    ),
)
