"""Acts on the books: the close of a day, and what a line of the bank is for."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Final

import msgspec

from meterai.accounting.bank.model import Explanation, KeptLine
from meterai.accounting.bank.take_statement import explain_line, line_to_explain, lines_to_explain
from meterai.accounting.days.model import PARTS, Figures
from meterai.accounting.days.use_cases import ask_to_close as closing
from meterai.bootstrap import ConsoleApp
from meterai.console.acts.forms import Line
from meterai.console.acts.model import ConsoleAct, Figure, Prepared, Value, Word
from meterai.kernel.money import format_rupiah
from meterai.kit.acting import Actor
from meterai.kit.formats.display import day_text
from meterai.texts import book_acts as words
from meterai.texts.days import FIGURES

_FINANCE: Final = frozenset({"finance"})
_OFFERED_MAX: Final = 50
_WORDS_SHOWN: Final = 60
"""Characters of what the bank says of a line, where one of several lines is chosen."""


class CloseForm(msgspec.Struct, frozen=True, kw_only=True):
    """Why days are closed now."""

    reason: Line


class ExplainForm(msgspec.Struct, frozen=True, kw_only=True):
    """A line of the bank, what it is for, and how the officer knows."""

    line: Line
    explanation: Explanation
    payout: Line | None = None
    reason: Line


async def _prepare_close(app: ConsoleApp, form: CloseForm) -> Prepared:
    async with app.db.connection() as connection:
        due = await closing.due_day(connection, app.clock())
    wrong = due.figures.imbalance()
    sums: list[Figure] = [
        (FIGURES[name], format_rupiah(getattr(due.figures, name).rupiah)) for name in ("paid", *PARTS)
    ]
    return Prepared(
        subject=str(due.day),
        facts={"reason": form.reason},
        figures=[
            (words.DAY, due.day),
            (words.SINCE, due.since),
            *sums,
            (words.BALANCES, Word(words.UNBALANCED if wrong else words.BALANCED)),
            *(_gaps(due.figures) if wrong else []),
            (words.DIFFERENCES, due.differences),
        ],
    )


def _gaps(day: Figures) -> list[Figure]:
    """By how much a day does not balance."""
    parts = [getattr(day, name) for name in PARTS]
    return [
        (words.GAP, format_rupiah(day.paid.rupiah - sum(part.rupiah for part in parts))),
        (words.GAP_IN_PIECES, day.paid.pieces - sum(part.pieces for part in parts)),
    ]


async def _close(app: ConsoleApp, form: CloseForm, actor: Actor) -> None:
    await closing.ask_to_close(app.db, reason=form.reason, actor=actor, now=app.clock())


async def _prepare_explaining(app: ConsoleApp, form: ExplainForm) -> Prepared:
    line = await line_to_explain(app.db, _id(form.line))
    now = words.EXPLANATIONS[line.explanation] if line.explanation else words.UNEXPLAINED
    return Prepared(
        subject=str(line.id),
        facts={"as": form.explanation, "payout": form.payout or "", "reason": form.reason},
        figures=[
            (words.DAY, line.day),
            (words.AMOUNT, format_rupiah(line.amount)),
            *([(words.BANK_SAYS, line.words)] if line.words else []),
            (words.NOW, Word(now)),
        ],
    )


async def _explain(app: ConsoleApp, form: ExplainForm, actor: Actor) -> Mapping[str, Value]:
    line = await line_to_explain(app.db, _id(form.line))
    await explain_line(
        app.db,
        line.id,
        form.explanation,
        payout=form.payout,
        reason=form.reason,
        actor=actor,
        now=app.clock(),
    )
    return {"explanation": Word(words.EXPLANATIONS[form.explanation])}


async def _offer(app: ConsoleApp, language: str) -> Mapping[str, Mapping[str, str]]:
    lines = await lines_to_explain(app.db, limit=_OFFERED_MAX)
    return {"line": {str(line.id): _label(line, language) for line in lines}}


def _label(line: KeptLine, language: str) -> str:
    said = line.words[:_WORDS_SHOWN]
    return " · ".join([day_text(line.day, language), format_rupiah(line.amount), *([said] if said else [])])


def _id(typed: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(typed)
    except ValueError:
        return None


ACTS: Final = (
    ConsoleAct(
        kind=closing.ACT,
        path="tutup-hari",
        group="books",
        roles=_FINANCE,
        signatures=0,
        form=CloseForm,
        words=words.CLOSE_DAY,
        prepare=_prepare_close,
        carry_out=_close,
    ),
    ConsoleAct(
        kind="bank_line.explain",
        path="jelaskan-baris-bank",
        group="books",
        roles=_FINANCE,
        signatures=0,
        form=ExplainForm,
        words=words.EXPLAIN_LINE,
        prepare=_prepare_explaining,
        carry_out=_explain,
        offer=_offer,
    ),
)
