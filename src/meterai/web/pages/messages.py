"""Messages for reasons of the verifier, notices, states and ways to pay."""

from __future__ import annotations

from meterai.texts.channels import BANK_NAMES, CHANNEL_NAMES, PAY_STEPS
from meterai.texts.mechanism.translation import translate
from meterai.texts.notices import NOTICE_FACTS, NOTICES
from meterai.texts.reasons import REASONS
from meterai.texts.states import STATES
from meterai.texts.told import Text, said
from meterai.verification.reasons import UNEXPECTED


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
