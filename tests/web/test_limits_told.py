"""Each page says the size of files that its own form accepts."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from meterai.customers.codes import CODE_LIFE
from meterai.gate.waiting.presence import PRESENT_AROUND_CLOSING_S
from meterai.kernel.refusals import Refusal
from meterai.kit.formats.display import size_text
from meterai.kit.http import form_reader as forms
from meterai.pdf.limits import CHECKED_BYTES_MAX, DEFAULT_LIMITS
from meterai.sales.bank_account import HOLDER_LENGTH_MAX
from meterai.sales.model import DOCUMENTS_PER_ORDER_MAX, LARGE_PIECES_MAX, UNPAID_PIECES_MAX
from meterai.stamping.retention import RETENTION_DAYS
from meterai.texts.mechanism.languages import languages
from meterai.texts.mechanism.translation import translate
from meterai.texts.queue.gate import TEXTS
from meterai.texts.told import text_of
from meterai.web.documents.upload_routes import FileInput
from meterai.web.orders.buyer_form import BuyerFields
from meterai.web.pages.messages import state_text
from meterai.web.pages.templates import TEMPLATES
from meterai.web.requests.forms import FILES_MAX, FormLimits, read_form
from meterai.web.requests.visits import Visit
from tests.web.test_forms import MULTIPART, arriving, part
from tests.web.test_rendering import make_pages

SIZE = re.compile(r"\b\d+(?:[.,]\d+)? MB\b")


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize("standalone", [False, True])
def test_the_page_that_checks_files_tells_its_own_limit(language: str, *, standalone: bool) -> None:
    visit = Visit(language, "/periksa", "")
    page = make_pages(standalone=standalone).render(
        visit, "verify.html", refused="verification.too_large", serial=""
    )
    limit = size_text(CHECKED_BYTES_MAX, language)
    assert SIZE.findall(page.decode()) == [limit] * 3, "in the refusal, at the field, and by its script"
    assert f'data-max="{CHECKED_BYTES_MAX}"' in page.decode()


@pytest.mark.parametrize("language", languages())
def test_a_document_to_be_stamped_has_the_limit_of_the_stamping(language: str) -> None:
    limit = size_text(DEFAULT_LIMITS.file_bytes_max, language)
    assert limit in text_of("pdf.too_large", language).what
    help_page = make_pages().render(Visit(language, "/bantuan", ""), "help.html").decode()
    assert SIZE.findall(help_page) == [limit]


def test_how_many_files_one_may_choose_is_told_before_they_are_sent() -> None:
    """People pay by the megabyte for uploads that are refused."""
    assert FILES_MAX == DOCUMENTS_PER_ORDER_MAX
    slots = [FileInput("berkas", "", None, True)]
    told = dict.fromkeys(
        ("event", "onward", "submit_id", "action", "proof", "shown_next", "locked", "general"), ""
    )
    visit = Visit("id", "/beli", "")
    page = make_pages().render(visit, "buy.html", slots=slots, problems=[], kept=[], **told).decode()
    assert f"paling banyak {FILES_MAX} dalam satu pesanan" in page
    refused = text_of("form.too_many_files", "id", {"maximum": FILES_MAX})
    assert f'data-most="{FILES_MAX}" data-too-many="{refused.what} {refused.next}"' in page


def test_no_template_has_a_limit_of_its_own() -> None:
    for path in TEMPLATES.glob("*.html"):
        assert not re.search(r'\d+ MB.*besar|besar \d+ MB|data-max="\d', path.read_text()), path.name


@pytest.mark.parametrize("kind", ["", MULTIPART])
async def test_who_sends_too_much_is_told_the_limit_of_that_form(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forms, "DRAIN_BYTES_MAX", 100_000)
    body = part("berkas", bytes(300_000), "besar.pdf")
    with pytest.raises(Refusal) as caught:
        await read_form(kind, arriving(body), FormLimits(files_max=1, file_bytes_max=CHECKED_BYTES_MAX))
    for language in languages():
        told = text_of(caught.value.code, language, caught.value.facts).next
        assert SIZE.findall(told) == [size_text(CHECKED_BYTES_MAX, language)]


def minutes(span: timedelta) -> int:
    return span // timedelta(minutes=1)


NUMBERS: dict[str, int] = {
    "pdf.too_many_pages": DEFAULT_LIMITS.pages_max,
    "order.too_many_documents": DOCUMENTS_PER_ORDER_MAX,
    "quota.none": UNPAID_PIECES_MAX,
    "code.expired": minutes(CODE_LIFE),
    "bundle.unknown": RETENTION_DAYS,
    "refund.holder_missing": HOLDER_LENGTH_MAX,
    "certificate.not_seen": PRESENT_AROUND_CLOSING_S // 60,
}


@pytest.mark.parametrize("code", NUMBERS)
@pytest.mark.parametrize("language", languages())
def test_a_number_in_a_refusal_is_the_one_by_which_it_is_refused(code: str, language: str) -> None:
    text = text_of(code, language)
    assert str(NUMBERS[code]) in re.findall(r"\d+", f"{text.what} {text.next}")


@pytest.mark.parametrize("language", languages())
def test_a_number_on_a_page_is_the_one_by_which_it_is_refused(language: str) -> None:
    pages = make_pages()
    about = {"refused": "", "refused_facts": {}, "proof": "", "action": "", "step": False}
    quota = pages.render(
        Visit(language, "/kuota", ""),
        "quota.html",
        **about,
        submit_id="",
        pieces="",
        general=0,
        buyer=BuyerFields(),
    ).decode()
    assert re.search(rf'id="batas">1 \w+ {UNPAID_PIECES_MAX} ', quota)
    assert f"{LARGE_PIECES_MAX:,}".replace(",", "." if language == "id" else ",") in quota
    facts = about | {"contact": "a•••@contoh.id", "code_id": "", "again": "/saya", "tries_from": None}
    facts |= {"sent_before": None, "next_at": None, "is_old": False}
    code = pages.render(Visit(language, "/saya/kode", ""), "code.html", **facts).decode()
    assert re.search(rf"\b{minutes(CODE_LIFE)} (menit|minutes)", code)
    help_page = pages.render(Visit(language, "/bantuan", ""), "help.html").decode()
    assert re.search(rf"\b{DEFAULT_LIMITS.pages_max} (halaman|pages)", help_page)
    assert str(RETENTION_DAYS) in state_text("bundle.expired", language).what
    assert f" {PRESENT_AROUND_CLOSING_S // 60} " in translate(TEXTS["closed"], language)
