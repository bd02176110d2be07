"""What a person is told for each refusal code: what happened, what to do, and whether money moved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from meterai.texts.filling import fill
from meterai.texts.notices import NOTICES
from meterai.texts.refusals import TABLE
from meterai.verification.reasons import REASONS, UNEXPECTED
from meterai.web.orders.state_table import STATES

MoneyKind = Literal["", "still", "held", "back", "returned", "gone"]

MONEY_NOTES: Mapping[str, tuple[str, str]] = {
    "still": ("Belum ada uang yang kami terima.", "We have not received any money."),
    "held": (
        "Uang Anda sudah kami terima dan tercatat.",
        "We have received your money and it is on record.",
    ),
    "back": ("Uang Anda sedang kembali kepada Anda.", "Your money is on its way back to you."),
    "returned": ("Uang Anda sudah kembali kepada Anda.", "Your money has gone back to you."),
    "gone": ("Uang ini tidak lagi ada pada kami.", "We no longer have this money."),
}


@dataclass(frozen=True, slots=True)
class Text:
    """One message in one language. `money` is empty where the page is not about money."""

    code: str
    what: str
    next: str
    money_kind: MoneyKind
    money: str


def text_of(code: str, language: str, facts: Mapping[str, object] | None = None) -> Text:
    """The message of `code`; an unknown one gives that of an unexpected fault, never the code alone."""
    message = TABLE.get(code) or TABLE["server.fault"]
    what, step = (message.id, message.id_next) if language == "id" else (message.en, message.en_next)
    known = facts or {}
    money = MONEY_NOTES[message.money][language != "id"] if message.money else ""
    return Text(code, fill(what, known, language), fill(step, known, language), message.money, money)


def reason_text(code: str, language: str) -> Text:
    """What the verifier's reason code means; an unknown one reads like a check that could not be finished."""
    reason = REASONS.get(code) or REASONS[UNEXPECTED]
    what, step = (reason.text_id, reason.next_id) if language == "id" else (reason.text_en, reason.next_en)
    return Text(code, what, step, "", "")


def notice_text(code: str, language: str) -> str:
    """What a notice about a document says. Raises: KeyError for a notice without words."""
    return NOTICES[code][language != "id"]


def state_text(name: str, language: str) -> Text:
    """What a person is told in a state, such as `order.paid`. Raises: KeyError for a state without words."""
    message = STATES[name]
    what, step = (message.id, message.id_next) if language == "id" else (message.en, message.en_next)
    money = MONEY_NOTES[message.money][language != "id"] if message.money else ""
    return Text(name, what, step, message.money, money)
