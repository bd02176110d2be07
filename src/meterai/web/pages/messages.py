"""Messages for each refusal code: what happened, what to do, and where the money is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from meterai.texts.channels import BANK_NAMES, CHANNEL_NAMES, PAY_STEPS
from meterai.texts.mechanism.explanations import MONEY_NOTES, Explanation, MoneyKind
from meterai.texts.mechanism.translation import translate
from meterai.texts.notices import NOTICE_FACTS, NOTICES
from meterai.texts.reasons import REASONS
from meterai.texts.refusals import TABLE
from meterai.texts.states import STATES
from meterai.verification.reasons import UNEXPECTED


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


def reason_text(code: str, language: str) -> Text:
    """The message for a verifier's reason. An unknown reason reads as a check that failed."""
    return said(code, REASONS.get(code) or REASONS[UNEXPECTED], language, {})


def notice_text(code: str, language: str) -> str:
    """The message of a notice about a document. Raises: KeyError for a notice without words."""
    return translate(NOTICES[code], language, NOTICE_FACTS)


def state_text(name: str, language: str) -> Text:
    """The message for a state, such as `order.paid`. Raises: KeyError for a state without words."""
    return said(name, STATES[name], language)


def channel_name(channel: str, language: str) -> str:
    """The name of a way to pay. Raises: KeyError for a way without words."""
    return translate(CHANNEL_NAMES[channel], language)


def bank_name(channel: str, language: str) -> str:
    """The name of a way to pay in its group: of a virtual account its bank."""
    return translate(BANK_NAMES.get(channel) or CHANNEL_NAMES[channel], language)


def pay_steps(channel: str, language: str) -> list[str]:
    """What one does to pay this way; empty where the code says it all."""
    return [translate(step, language) for step in PAY_STEPS.get(channel, ())]


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
