"""Indonesian is the source; English must be complete, without leftovers, and with the same placeholders."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from meterai.sales import receipts
from meterai.texts import refusals
from meterai.web.orders import state_table
from meterai.web.pages.languages import LOCALE_FOLDER, load_translations
from meterai.web.pages.messages import text_of

WEB = LOCALE_FOLDER.parent
PLACEHOLDER = re.compile(r"%\((\w+)\)s|\{(\w+)\}")


def used_texts() -> set[str]:
    """Every text that templates and code ask a translation for."""
    found = [
        *extract_from_dir(
            str(WEB / "templates"),
            method_map=[("**.html", "jinja2.ext.babel_extract")],
            options_map={"**.html": {"trim_blocks": "true", "lstrip_blocks": "true", "silent": "false"}},
        ),
        *extract_from_dir(str(WEB), method_map=[("**.py", "python")], keywords={"later": None}),
    ]
    return {message[0] if isinstance(message, tuple) else message for _, _, message, _, _ in found}


def english() -> dict[str, tuple[str, ...]]:
    with (LOCALE_FOLDER / "en" / "LC_MESSAGES" / "messages.po").open("rb") as file:
        catalogue = read_po(file, locale="en")
    return {
        (m.id[0] if isinstance(m.id, tuple) else m.id): m.string
        if isinstance(m.string, tuple)
        else (m.string,)
        for m in catalogue
        if m.id
    }


def test_every_text_that_is_used_has_an_english_translation() -> None:
    translated = {text for text, strings in english().items() if all(strings)}
    assert used_texts() - translated == set()


def test_no_translation_is_left_over() -> None:
    assert set(english()) - used_texts() == set()


def test_translations_keep_the_placeholders() -> None:
    for text, strings in english().items():
        for string in strings:
            lost = set(PLACEHOLDER.findall(text)) ^ set(PLACEHOLDER.findall(string))
            assert lost <= {("num", "")}, text


@pytest.mark.parametrize("table", [refusals.TABLE, state_table.STATES], ids=["refusals", "states"])
def test_both_languages_of_a_message_say_what_to_do_and_name_the_same_facts(
    table: dict[str, refusals.Message],
) -> None:
    for code, message in table.items():
        assert message.id, code
        assert message.en, code
        assert bool(message.id_next) == bool(message.en_next), code
        indonesian = set(re.findall(r"\{\w+\}", message.id + message.id_next))
        assert indonesian == set(re.findall(r"\{\w+\}", message.en + message.en_next)), code


def test_every_refusal_has_a_next_step() -> None:
    assert [code for code, message in refusals.TABLE.items() if not message.id_next] == []


def test_an_unknown_code_never_shows_itself() -> None:
    text = text_of("no.such_code", "id")
    assert "no.such_code" not in text.what + text.next
    assert text.what


def test_templates_write_no_indonesian_outside_translation_calls() -> None:
    allowed = {"Meterai", "SPESIMEN", "METERAI", "Bahasa Indonesia", "English", "QRIS", "ID", "EN", "Qwerty"}
    for path in Path(WEB / "templates").glob("*.html"):
        source = re.sub(r"\{[{%#].*?[}%#]\}", "\x00", path.read_text(), flags=re.S)
        for text in re.findall(r">([^<>]+)<", source):
            words = text.replace("\x00", " ").strip(" \n\t·:,.×!?…")
            if re.search(r"[A-Za-z]{3,}", words):
                assert words in allowed, f"{path.name}: {words!r}"


def test_a_receipt_says_the_same_on_paper_as_on_its_page() -> None:
    paper, page = receipts._WORDS, load_translations("en")
    for name in ("title", "order", "paid_at", "reference", "channel"):
        assert page.gettext(paper["id"][name]) == paper["en"][name]
