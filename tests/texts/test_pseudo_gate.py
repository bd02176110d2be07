"""The gate in the pseudo-language: each page, in each state."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from typing import Any

import msgspec
import pytest

from meterai.gate.pages import EventFacts, Pages
from meterai.gate.verdict_words import NamedTimes, VerdictText, verdict_text
from meterai.texts.mechanism.translation import translate
from meterai.texts.queue import gate
from meterai.waiting_room.files.published_documents import Status
from meterai.waiting_room.rules.model import QueueState
from meterai.waiting_room.rules.verdict import Advice, Verdict
from tests.gate.test_pages import FACTS, asked, gate_at
from tests.players.queue_twin import Queue, schedule_from
from tests.texts.pseudo_language import escaped_in_page, pseudo_language

__all__ = ["pseudo_language"]
CLOSES = int(datetime(2026, 9, 6, 16, 59, tzinfo=UTC).timestamp())
OUTSIDE = {"Tunggu", "Surat"}
"""Words of the facts."""


def verdicts(root: Path, language: str) -> list[VerdictText]:
    """The words of every advice, early and late, with and without a closing that counts."""
    usual = Queue(root, schedule_from(CLOSES - 3_600)).status(at=CLOSES - 3_000)
    stati: list[Status | None] = [None, usual, msgspec.structs.replace(usual, at=CLOSES - 60)]
    stati += [msgspec.structs.replace(usual, **{name: True}) for name in ("stopped", "stalled")]
    stati += [
        msgspec.structs.replace(usual, state=state, kept=(30, 40))
        for state in (QueueState.HALTED, QueueState.OUT_OF_STOCK)
    ]
    found = []
    for advice, status, counts in product(Advice, stati, (False, True)):
        if advice is Advice.SERVED and not counts:
            continue  # only where the closing is no deadline
        times = NamedTimes("Asia/Jakarta", CLOSES, CLOSES - 7_200, CLOSES - 3_600, 10, counts)
        verdict = Verdict(advice=advice, probability=0.5, done_by=CLOSES, latest=CLOSES, come_back_at=CLOSES)
        found.append(verdict_text(verdict, status, times, language=language))
    return found


def test_the_wait_page_is_translated_for_every_verdict(pseudo_language: str, tmp_path: Path) -> None:
    pages = Pages("http://situs")
    headlines = [translate(sentence, pseudo_language) for sentence in gate.HEADLINES.values()]
    facts: dict[str, Any] = FACTS | {"headline": headlines[0]}
    for said in verdicts(tmp_path, pseudo_language):
        page = pages.render("wait.html", pseudo_language, path="/antre/casn/t/T", **(facts | {"said": said}))
        assert escaped_in_page(page) - OUTSIDE == set()


CHANGES: list[dict[str, Any]] = [
    *({}, {"ahead": None}, {"ahead": 1, "number": None}, {"is_exact": False}, {"is_called": True}),
    {"state": "closed", "documents": ()},
]


@pytest.mark.parametrize("changes", CHANGES)
def test_the_rest_of_the_wait_page_is_translated(changes: dict[str, Any], pseudo_language: str) -> None:
    facts = FACTS | {"headline": "⟦⟧", "said": VerdictText("good", "⟦⟧", ("⟦⟧", "⟦⟧"))} | changes
    page = Pages("http://situs").render("wait.html", pseudo_language, path="/antre/casn/t/T", **facts)
    assert escaped_in_page(page) - OUTSIDE == set()


FORM: dict[str, Any] = dict.fromkeys(
    (
        *(
            "problem",
            "note",
            "direct",
            "enter_before",
            "served_before",
            "opens",
            "contact",
            "ticket",
            "name",
            "meant",
            "asked",
        ),
        *("is_contact_wrong", "is_ticket_wrong", "is_lottery", "is_last_call"),
        *("is_busy", "challenge", "wait", "wait_text"),
    ),
    "",
)


@pytest.mark.parametrize("name", ["", *FORM])
def test_the_form_to_join_is_translated(name: str, pseudo_language: str) -> None:
    facts = FORM | ({name: "7"} if name else {})
    if name == "wait_text":
        facts["challenge"] = "7"
    event = EventFacts("casn", {"id": "CASN", "en": "CASN"}, "Asia/Jakarta", {"id": (), "en": ()})
    page = Pages("http://situs").render(
        "join.html", pseudo_language, path="/antre/casn", event=event, **facts
    )
    assert escaped_in_page(page) == set()


@pytest.mark.parametrize("name", [name for name in gate.TEXTS if name in gate.HEADLINES])
def test_a_notice_is_translated_and_names_its_language(
    name: str, pseudo_language: str, tmp_path: Path
) -> None:
    answers = gate_at("http://-", tmp_path, site="http://situs").answers
    facts = {"event": "CASN", "moment": "7", "help_code": "K7QF-2M9D", "problem": "⟦⟧"}
    answer = answers.notice(name, pseudo_language, "/antre/casn", 200, **facts)
    page = answer.partition(b"\r\n\r\n")[2]
    assert escaped_in_page(page) == set()
    assert f'<html lang="{pseudo_language}"'.encode() in page
    assert b'href="/en/antre/casn" hreflang="en"' in page
    assert b'href="/antre/casn" hreflang="id"' in page
    assert f'href="http://situs/{pseudo_language}"'.encode() in page


def test_the_gate_answers_in_the_language_of_the_address(pseudo_language: str, tmp_path: Path) -> None:
    page = asked(gate_at("http://-", tmp_path), f"/{pseudo_language}/antre")
    assert f'<html lang="{pseudo_language}"' in page
    assert page.startswith("HTTP/1.1 404 ")
