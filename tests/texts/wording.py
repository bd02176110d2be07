"""Collects every sentence for people, in Indonesian and English, as it is shown.

`wording.json` holds what the sentences were; `python -m tests.texts.wording` writes it again after a change
of wording that is meant.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from meterai.stamping.placement import Position
from meterai.texts import customer_messages
from meterai.texts.api_problems import FOR_MACHINES
from meterai.texts.mechanism.catalogues import load_translations
from meterai.texts.mechanism.explanations import MONEY_NOTES, Explanation
from meterai.texts.mechanism.filling import named
from meterai.texts.mechanism.languages import LOCALE_FOLDER
from meterai.texts.mechanism.letters import Letter
from meterai.texts.mechanism.translation import translate
from meterai.texts.notices import NOTICE_FACTS, NOTICES
from meterai.texts.order_news import ORDER_NEWS
from meterai.texts.queue import audit_findings, gate, gate_verdicts, reminders
from meterai.texts.reasons import REASONS
from meterai.texts.receipts import RECEIPT
from meterai.texts.refusals import TABLE
from meterai.texts.stamping_ends import STAMPING_ENDS
from meterai.texts.states import STATES
from meterai.verification.reasons import VERDICTS

GOLDEN = Path(__file__).with_name("wording.json")
SOURCE = LOCALE_FOLDER.parents[1]
FACT = re.compile(r"%\(\w+\)s")


def wording() -> dict[str, Any]:
    """By table and code: (Indonesian, English). Facts are shown as «name»."""
    return {
        "refusals": explained(TABLE),
        "states": explained(STATES),
        "api": explained(FOR_MACHINES),
        "money": sentences(MONEY_NOTES),
        "notices": {code: both(sentence, NOTICE_FACTS) for code, sentence in NOTICES.items()},
        "reasons": {code: _reason(code, reason) for code, reason in REASONS.items()},
        "news": letters(ORDER_NEWS),
        "receipts": sentences(RECEIPT),
        "codes": letters({"code": customer_messages.CODE}),
        "contacts": letters(customer_messages.CONTACT_CHANGES),
        "reminders": letters(reminders.REMINDERS),
        "reminder_ends": sentences({"may_go_on": reminders.MAY_GO_ON, "stop": reminders.STOP}),
        "ends": letters(STAMPING_ENDS),
        "audit_checks": sentences(audit_findings.CHECKS),
        "audit": sentences(audit_findings.WORDS),
        "audit_warnings": sentences(audit_findings.WARNINGS),
        "gate_problems": sentences(gate.PROBLEMS),
        "gate_headlines": sentences(gate.HEADLINES),
        "gate_texts": sentences(gate.TEXTS),
        "gate_verdicts": {advice: _verdict(one) for advice, one in gate_verdicts.VERDICTS.items()},
        "gate_line_counts": {advice: _verdict(one) for advice, one in gate_verdicts.LINE_COUNTS.items()},
        "gate_lines": sentences(_gate_lines()),
        "gate_templates": _gate_templates(),
        "positions": sentences({position.value: position.label for position in Position}),
        "templates": _templates(),
    }


def _verdict(one: gate_verdicts.VerdictSentences) -> dict[str, Any]:
    return {
        "tone": one.tone,
        "told": both(one.told),
        "lines": [both(line) for line in one.lines],
        "claim": both(one.claim),
        "claim_at": one.claim_at,
    }


def _gate_lines() -> dict[str, str]:
    """Lines that take the place of others, or stand below them."""
    names = ("CALLED_DONE", "CALLED_STALLED", "CALLED_UNSTAMPED", "KEPT", "UNKNOWN_TIME")
    lines: dict[str, str] = {name.lower(): getattr(gate_verdicts, name) for name in names}
    at_the_end = gate_verdicts.CALLED_AT_THE_END
    lines |= {f"called_at_the_end.{counts}".lower(): line for counts, line in at_the_end.items()}
    return lines | {f"called_held.{state}": line for state, line in gate_verdicts.CALLED_HELD.items()}


def _gate_templates() -> dict[str, Any]:
    """By template of the gate: Indonesian -> English. A fact is shown as «»."""
    found: dict[str, dict[str, str]] = {}
    for path, sentence in sentences_of_templates(SOURCE / "gate" / "templates"):
        english = load_translations("en").ngettext(sentence, sentence, 1)
        if english == sentence:
            english = translate(sentence, "en")
        found.setdefault(path, {})[FACT.sub("«»", sentence)] = FACT.sub("«»", english)
    return found


def both(sentence: str, constants: Mapping[str, object] | None = None) -> list[str]:
    """A marked sentence in Indonesian and English."""
    return [_shown(sentence, language, constants or {}) for language in ("id", "en")]


def sentences(table: Mapping[str, str]) -> dict[str, list[str]]:
    """Of a table of sentences."""
    return {name: both(sentence) for name, sentence in table.items()}


def explained(table: Mapping[str, Explanation]) -> dict[str, Any]:
    """Of a table of explanations."""
    return {
        code: {
            "what": both(one.what, one.facts),
            "next": both(one.next, one.facts),
            "money": one.money,
        }
        for code, one in table.items()
    }


def letters(table: Mapping[str, Letter]) -> dict[str, Any]:
    """Of a table of messages."""
    return {name: {"subject": both(one.subject), "text": both(one.text)} for name, one in table.items()}


def _shown(sentence: str, language: str, constants: Mapping[str, object]) -> str:
    names = named(translate(sentence, language))
    return translate(sentence, language, {**{name: f"«{name}»" for name in names}, **constants})


def _reason(code: str, reason: Explanation) -> dict[str, Any]:
    verdict = VERDICTS[code]
    return {
        "verdict": "" if verdict is None else verdict.value,
        "what": both(reason.what),
        "next": both(reason.next),
    }


def _templates() -> dict[str, Any]:
    """By template of the site: each of its sentences -> all forms in both languages."""
    with (LOCALE_FOLDER / "en" / "LC_MESSAGES" / "messages.po").open("rb") as file:
        catalogue = read_po(file, locale="en")
    known = {_forms(message.id)[0]: message for message in catalogue if not message.context}
    found: dict[str, dict[str, Any]] = {}
    for path, sentence in sentences_of_templates(SOURCE / "web" / "templates"):
        message = known[sentence]
        found.setdefault(f"web/{path}", {})[sentence] = [_forms(message.id), _forms(message.string)]
    return found


def sentences_of_templates(folder: Path) -> Iterable[tuple[str, str]]:
    """(file, sentence) of all that templates translate."""
    options = {"**.html": {"trim_blocks": "true", "lstrip_blocks": "true", "silent": "false"}}
    for path, _, message, _, _ in extract_from_dir(
        str(folder), method_map=[("**.html", "jinja2.ext.babel_extract")], options_map=options
    ):
        yield path, _forms(message)[0]


def _forms(text: Any) -> list[str]:
    return list(text) if isinstance(text, list | tuple) else [text]


if __name__ == "__main__":
    GOLDEN.write_text(json.dumps(wording(), ensure_ascii=False, indent=0, sort_keys=True) + "\n")
