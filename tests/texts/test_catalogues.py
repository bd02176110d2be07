"""Indonesian is the source. Every catalogue is complete, has no leftovers, and keeps the placeholders."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

import meterai
from meterai.texts import refusals, states
from meterai.texts.mechanism.catalogues import load_translations
from meterai.texts.mechanism.languages import LOCALE_FOLDER, SOURCE, languages
from meterai.texts.receipts import RECEIPT
from meterai.texts.told import text_of

PRODUCT = Path(meterai.__file__).parent
PLACEHOLDER = re.compile(r"%\((\w+)\)s|\{(\w+)\}")
MARKS: dict[str, Any] = {
    **dict.fromkeys(("_", "N_"), None),
    "ngettext": (1, 2),
    "P_": ((1, "c"), 2),
    "N_count": (1, 1),
}
"""As in `script/texts`."""
OTHERS = [language for language in languages() if language != SOURCE]

type Sentence = tuple[str | None, str]
"""(context, Indonesian)"""


@cache
def used_sentences() -> frozenset[Sentence]:
    """Every sentence that templates and code mark."""
    found = extract_from_dir(
        str(PRODUCT),
        method_map=[("**/templates/**.html", "jinja2"), ("**.py", "python")],
        options_map={
            "**/templates/**.html": {"trim_blocks": "true", "lstrip_blocks": "true", "silent": "false"}
        },
        keywords=MARKS,
    )
    return frozenset((context, _first(message)) for _, _, message, _, context in found)


@cache
def catalogue_of(language: str) -> dict[Sentence, tuple[str, ...]]:
    """Sentence -> its forms in a language."""
    with (LOCALE_FOLDER / language / "LC_MESSAGES" / "messages.po").open("rb") as file:
        catalogue = read_po(file, locale=language, abort_invalid=True)
    return {
        (message.context, _first(message.id)): message.string
        if isinstance(message.string, tuple)
        else (message.string,)
        for message in catalogue
        if message.id
    }


def _first(text: Any) -> str:
    first = text[0] if isinstance(text, list | tuple) else text
    assert isinstance(first, str)
    return first


@pytest.mark.parametrize("language", OTHERS)
def test_every_sentence_that_is_used_is_translated(language: str) -> None:
    translated = {text for text, forms in catalogue_of(language).items() if all(forms)}
    assert used_sentences() - translated == set()


@pytest.mark.parametrize("language", OTHERS)
def test_no_translation_is_left_over(language: str) -> None:
    assert set(catalogue_of(language)) - used_sentences() == set()


@pytest.mark.parametrize("language", OTHERS)
def test_translations_keep_the_placeholders(language: str) -> None:
    for (_, text), forms in catalogue_of(language).items():
        for form in forms:
            lost = set(PLACEHOLDER.findall(text)) ^ set(PLACEHOLDER.findall(form))
            assert lost <= {("num", "")}, text


def test_every_sentence_of_the_tables_is_marked() -> None:
    """A sentence that nobody marked would be shown in Indonesian to everybody."""
    marked = {sentence for _, sentence in used_sentences()}
    for table in (refusals.TABLE, states.STATES):
        for code, explanation in table.items():
            assert explanation.what.rpartition("\x04")[2] in marked, code
            assert explanation.next.rpartition("\x04")[2] in {"", *marked}, code


def test_every_refusal_has_a_next_step() -> None:
    assert [code for code, message in refusals.TABLE.items() if not message.next] == []


def test_an_unknown_code_never_shows_itself() -> None:
    text = text_of("no.such_code", "id")
    assert "no.such_code" not in text.what + text.next
    assert text.what


def test_templates_write_no_indonesian_outside_translation_calls() -> None:
    allowed = {"Meterai", "SPESIMEN", "METERAI", "Bahasa Indonesia", "English", "QRIS", "ID", "EN", "Qwerty"}
    for path in (PRODUCT / "web" / "templates").glob("*.html"):
        source = re.sub(r"\{[{%#].*?[}%#]\}", "\x00", path.read_text(), flags=re.S)
        for text in re.findall(r">([^<>]+)<", source):
            words = text.replace("\x00", " ").strip(" \n\t·:,.×!?…")
            if re.search(r"[A-Za-z]{3,}", words):
                assert words in allowed, f"{path.name}: {words!r}"


def test_a_receipt_says_the_same_on_paper_as_on_its_page() -> None:
    page = (PRODUCT / "web" / "templates" / "receipt.html").read_text()
    for name in ("title", "order", "paid_at", "reference", "channel"):
        assert f'_("{RECEIPT[name]}")' in page
        assert load_translations("en").gettext(RECEIPT[name]) != RECEIPT[name]
