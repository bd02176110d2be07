"""A further language is one catalogue. In the pseudo-language no sentence of the product stays Indonesian."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest
from jinja2 import Environment, Undefined

from meterai import texts
from meterai.sales.events import load_events
from meterai.sales.receipts import receipt_pdf
from meterai.texts.mechanism.explanations import Explanation
from meterai.texts.mechanism.languages import languages
from meterai.texts.mechanism.letters import Letter
from meterai.texts.mechanism.translation import translate
from meterai.texts.queue.gate_verdicts import VerdictSentences
from meterai.texts.told import Text
from meterai.web.orders.order_view import order_view
from meterai.web.pages.assets import Assets
from meterai.web.pages.templates import TEMPLATES, Pages, SiteFacts, environment_of
from meterai.web.requests.visits import Visit
from tests.texts.pseudo_language import escaped_in_page, escaped_words, pseudo_language
from tests.web.made_orders import KNOWN, NOW, ORDERS

__all__ = ["pseudo_language"]
EVENT = msgspec.structs.replace(load_events()[0], name="CASN", name_en="CASN")
NAMES = sorted(path.name for path in TEMPLATES.glob("*.html"))


class Anything(Undefined):
    """Stands for every fact that a template asks for."""

    is_there = True

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def keys(self) -> list[str]:
        return []

    def __iter__(self) -> Any:
        return iter([self] if self.is_there else [])

    def __len__(self) -> int:
        return int(self.is_there)

    def __index__(self) -> int:
        return 7

    def __round__(self, _digits: int = 0) -> int:
        return 7

    def __str__(self) -> str:
        return "7"

    def _same(self, *_: Any, **__: Any) -> Any:
        return self

    def _answer(self, *_: Any) -> bool:
        return self.is_there

    __hash__ = object.__hash__
    __int__, __html__ = __index__, __str__
    __getitem__ = __call__ = __add__ = __radd__ = __sub__ = __rsub__ = _same  # type: ignore[assignment]
    __mul__ = __rmul__ = __floordiv__ = __truediv__ = __rtruediv__ = _same  # type: ignore[assignment]
    __eq__ = __ne__ = __lt__ = __gt__ = __le__ = __ge__ = _answer  # type: ignore[assignment]
    __bool__ = __contains__ = _answer  # type: ignore[assignment]


class Nothing(Anything):
    """Stands for facts that are empty or false."""

    is_there = False


class View:
    """What pages ask of an order or certificate."""

    def __init__(self, facts: type[Anything]) -> None:
        self._facts = facts()
        self.sentences = [("nl", "⟦⟧")]

    def __getattr__(self, name: str) -> Any:
        return self._facts


SAID = Text("", "⟦⟧", "⟦⟧", "held", "⟦⟧")
STAND_INS: dict[str, Any] = {
    "told": lambda *_, **__: SAID,
    "reason": lambda *_: SAID,
    "state": lambda *_: SAID,
    "notice": lambda *_: "⟦⟧",
    "bank_name": lambda *_: "⟦⟧",
    "channel_name": lambda *_: "⟦⟧",
    "pay_steps": lambda *_: ["⟦⟧"],
    "link": lambda _path: "/7",
    "asset": lambda _name: "/7",
}
FILTERS = dict.fromkeys(
    (
        *("rupiah", "serial", "size", "number", "date", "clock", "moment", "second", "long_moment"),
        "tojson",
    ),
    lambda *_: "7",
)
FACTS = SiteFacts("https://7", True, 10_000, 2_500, 1_100, 30, events=(EVENT,))


@pytest.fixture(scope="module", params=[Anything, Nothing])
def stand_ins(pseudo_language: str, request: pytest.FixtureRequest) -> tuple[type[Anything], Environment]:
    """What stands for each fact, and an environment that puts it into templates."""
    environment = environment_of(pseudo_language).overlay(undefined=request.param)
    environment.filters = {**environment.filters, **FILTERS}
    environment.globals = {**environment.globals, **STAND_INS, "facts": FACTS}
    return request.param, environment


@pytest.mark.parametrize("name", NAMES)
def test_every_template_is_translated(
    name: str, stand_ins: tuple[type[Anything], Environment], pseudo_language: str
) -> None:
    facts, environment = stand_ins
    given = {
        "lines": [[facts()] * 4],
        "notes": {"x": facts()},
        "keys": {"x": facts()},
        "fields": {"x": facts()},
        "view": View(facts),
    }
    page = environment.get_template(name).render(visit=Visit(pseudo_language, "/harga", ""), **given)
    assert escaped_in_page(page) == set()


def test_the_pages_name_the_language_and_lead_to_it(pseudo_language: str) -> None:
    assert languages() == ("id", "en", pseudo_language)
    page = Pages(FACTS, Assets()).render(Visit(pseudo_language, "/bantuan", ""), "help.html").decode()
    assert f'<html lang="{pseudo_language}"' in page
    assert 'href="/en/bantuan" hreflang="en"' in page
    page = Pages(FACTS, Assets()).render(Visit("en", "/bantuan", ""), "help.html").decode()
    assert f'href="/{pseudo_language}/bantuan" hreflang="{pseudo_language}"' in page


@pytest.mark.parametrize("name", ORDERS)
def test_the_page_of_an_order_is_translated_in_each_state(name: str, pseudo_language: str) -> None:
    visit = Visit(pseudo_language, "/pesanan/x", "")
    view = order_view(ORDERS[name], KNOWN, visit, now=NOW)
    about: dict[str, Any] = {"permanent": "", "proof": "x", "is_sent": False, "private": True}
    about |= {"refused": "form.stale", "refused_facts": {}, "typed": {}}
    page = Pages(FACTS, Assets()).render(visit, "order.html", view=view, **about)
    assert escaped_in_page(page) - {"Surat", "lamaran"} == set()


@pytest.mark.parametrize("name", [name for name, order in ORDERS.items() if order.paid_at])
def test_a_receipt_is_translated(name: str, pseudo_language: str, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[str] = []
    monkeypatch.setattr("fpdf.FPDF.cell", lambda _page, _w, _h, text="", **_: written.append(text))
    monkeypatch.setattr("fpdf.FPDF.multi_cell", lambda _page, _w, _h, text="", **_: written.append(text))
    for module in ("sales.receipts", "kit.formats.receipt_sheet"):
        monkeypatch.setattr(f"meterai.{module}.latin", str)  # brackets are not Latin-1
    receipt_pdf(ORDERS[name], pseudo_language)  # type: ignore[arg-type]
    assert len(written) > 8
    assert {word for text in written for word in escaped_words(text)} == set()


CONSTANTS = {"NOTICE_FACTS", "_OPENAPI"}
TABLES = {
    f"{module.name}.{name}": table
    for module in pkgutil.walk_packages(texts.__path__, "meterai.texts.")
    for name, table in vars(importlib.import_module(module.name)).items()
    if isinstance(table, Mapping) and name.isupper() and name not in CONSTANTS
}


@pytest.mark.parametrize("name", TABLES)
def test_every_table_of_sentences_is_translated(name: str, pseudo_language: str) -> None:
    """Refusals, states, verdicts, notices, messages, receipts, the audit's findings."""
    found = [sentence for entry in TABLES[name].values() for sentence in _sentences(entry)]
    assert found
    for sentence in found:
        said = translate(sentence, pseudo_language, {})
        assert said.startswith("⟦"), said
        assert said.endswith("⟧"), said
        assert escaped_words(said) == set()


def _sentences(entry: Any) -> list[str]:
    if isinstance(entry, str):
        return [entry]
    if isinstance(entry, Explanation):
        return [sentence for sentence in (entry.what, entry.next) if sentence]
    if isinstance(entry, (Letter, tuple)):
        return [sentence for sentence in entry if sentence]
    if isinstance(entry, VerdictSentences):
        return [sentence for sentence in (entry.told, *entry.lines, entry.claim) if sentence]
    raise TypeError(entry)


def test_no_sentence_stands_outside_of_texts_and_templates() -> None:
    """Finds literals in the code, docstrings aside, that hold two of the commonest words."""
    found = []
    for path in PRODUCT.rglob("*.py"):
        if path.relative_to(PRODUCT).parts[0] == "texts":
            continue
        tree = ast.parse(path.read_text())
        silent = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}  # docstrings
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in silent:
                words = INDONESIAN.findall(node.value)
                if len(words) >= 2:
                    found.append(f"{path.relative_to(PRODUCT)}: {node.value[:60]}")
    assert found == []


INDONESIAN = re.compile(
    r"\b(Anda|yang|dan|tidak|untuk|dengan|belum|sudah|dapat|akan|ini|dari|kami|pada|lagi|bila|atau)\b", re.I
)
PRODUCT = Path(texts.__file__).parents[1]
