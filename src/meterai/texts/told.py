"""The message of a refusal or state in one language: what is so, what to do, and where the money is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from meterai.texts.mechanism.explanations import MONEY_NOTES, Explanation, MoneyKind
from meterai.texts.mechanism.translation import translate
from meterai.texts.refusals import TABLE


@dataclass(frozen=True, slots=True)
class Text:
    """One message in one language. `money` is empty where the page is not about money."""

    code: str
    what: str
    next: str
    money_kind: MoneyKind
    money: str


def text_of(code: str, language: str, facts: Mapping[str, object] | None = None) -> Text:
    """The message of `code`. An unknown code gives the message of an unexpected fault."""
    return said(code, TABLE.get(code) or TABLE["server.fault"], language, facts or {})


def money_note(kind: MoneyKind, language: str) -> str:
    """Where the money is. Empty where a page is not about money."""
    return translate(MONEY_NOTES[kind], language) if kind else ""


def said(
    code: str, explanation: Explanation, language: str, facts: Mapping[str, object] | None = None
) -> Text:
    """The message of an explanation. `facts`: those of the refusal."""
    known = None if facts is None else {**explanation.facts, **facts}
    what, step = (translate(sentence, language, known) for sentence in (explanation.what, explanation.next))
    return Text(code, what, step, explanation.money, money_note(explanation.money, language))
