"""Pages say of the size of files what is true of the door at which the file is taken."""

from __future__ import annotations

import re

import pytest
from tests.web.test_forms import MULTIPART, arriving, part
from tests.web.test_rendering import make_pages

from meterai.kernel.errors import Refusal
from meterai.kit.pdf.limits import DEFAULT_LIMITS
from meterai.verification.model import FILE_BYTES_MAX as CHECKED_BYTES_MAX
from meterai.web import forms
from meterai.web.forms import FormLimits, read_form
from meterai.web.messages import text_of
from meterai.web.pages import TEMPLATES
from meterai.web.visits import LANGUAGES, Visit
from meterai.words.formats import size_text

SIZE = re.compile(r"\b\d+(?:[.,]\d+)? MB\b")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("standalone", [False, True])
def test_the_page_that_checks_files_tells_its_own_limit(language: str, *, standalone: bool) -> None:
    visit = Visit(language, "/periksa", "")
    page = make_pages(standalone=standalone).render(
        visit, "verify.html", refused="verification.too_large", serial=""
    )
    limit = size_text(CHECKED_BYTES_MAX, language)
    assert SIZE.findall(page.decode()) == [limit] * 3, "in the refusal, at the field, and by its script"
    assert f'data-max="{CHECKED_BYTES_MAX}"' in page.decode()


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_document_to_be_stamped_has_the_limit_of_the_stamping(language: str) -> None:
    limit = size_text(DEFAULT_LIMITS.file_bytes_max, language)
    assert limit in text_of("pdf.too_large", language).what
    help_page = make_pages().render(Visit(language, "/bantuan", ""), "help.html").decode()
    assert SIZE.findall(help_page) == [limit]


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
        await read_form(kind, arriving(body), FormLimits(file_bytes_max=CHECKED_BYTES_MAX))
    for language in LANGUAGES:
        told = text_of(caught.value.code, language, caught.value.facts).next
        assert SIZE.findall(told) == [size_text(CHECKED_BYTES_MAX, language)]
