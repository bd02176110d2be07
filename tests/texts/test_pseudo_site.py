"""The site, its database and its messages in the pseudo-language, over HTTP."""

from __future__ import annotations

import re
import uuid
from pathlib import Path

import pytest

from meterai.customers.contacts import canonical_contact
from meterai.customers.use_cases.request_code import request_code
from meterai.kit.operator import operator_of
from meterai.kit.settings import Settings
from meterai.sales.events import EXAMPLE
from meterai.sales.model import Flow, OrderState, RefundReason
from meterai.sales.news import News, OrderToTell, RefundFacts, message_of
from meterai.sales.ports import Channel
from tests.storage_fixtures import TestDatabase
from tests.texts.pseudo_language import escaped_in_page, escaped_words, pseudo_language
from tests.web.test_shop import form_of, running_with

__all__ = ["pseudo_language"]
pytestmark = pytest.mark.storage
PAGES = (
    *(
        "",
        "/beli",
        "/harga",
        "/bantuan",
        "/periksa",
        "/periksa/nomor/00",
        "/uang",
        "/status",
        "/hari",
        "/kuota",
    ),
    *(
        "/saya",
        "/casn",
        "/tidak-ada",
        "/pengembalian",
        "/hari",
        "/tentang",
        "/ketentuan",
        "/privasi",
        "/aksesibilitas",
        "/kontak",
        "/pengaduan",
        "/pengaduan/cek",
        "/antrean/bukti",
        "/casn/sertifikat",
        "/casn/masuk",
    ),
)


_OPERATOR = operator_of(Settings())
OPERATORS = frozenset(
    re.findall(
        r"\w+",
        " ".join(
            (
                EXAMPLE.read_text(),
                *(_OPERATOR.name, _OPERATOR.address, _OPERATOR.basis, _OPERATOR.appointment),
                "https://situs https://antre",
            )
        ),
    )
)
"""Words that the operator wrote: about the events, about itself, and its addresses."""


async def test_a_visit_in_the_language_finds_nothing_untranslated(
    pseudo_language: str, database: TestDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = await running_with(database, tmp_path, monkeypatch, per_minute=60)
    visitor = shop.visitor()
    for page in PAGES:
        await visitor.get(f"/{pseudo_language}{page}")
        assert escaped_in_page(visitor.text) - OPERATORS == set(), page
    await visitor.get(f"/{pseudo_language}/kuota")
    order = await visitor.post(f"/{pseudo_language}/kuota", kiriman=form_of(visitor), jumlah="3")
    assert order.startswith(f"/{pseudo_language}/pesanan/")
    assert await database.owner.fetchval("SELECT language FROM sales.orders") == pseudo_language
    await visitor.get(order)
    assert visitor.status == 200
    assert escaped_in_page(visitor.text) - OPERATORS == set()
    assert visitor.headers["content-language"] == pseudo_language


async def test_a_message_is_in_the_language_in_which_the_contact_was_given(
    pseudo_language: str, database: TestDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = await running_with(database, tmp_path, monkeypatch, per_minute=60)
    await request_code(
        database.app, b"secret", canonical_contact("ani@contoh.id"), address="192.0.2.7",
        language=pseudo_language, now=shop.line.now,
    )  # fmt: skip
    text = await database.owner.fetchval("SELECT payload::jsonb ->> 'text' FROM jobs.outbox LIMIT 1")
    assert text.startswith("⟦Kode Anda: ")
    assert escaped_words(text) == set()


@pytest.mark.parametrize("news", News)
def test_news_of_an_order_is_translated(news: News, pseudo_language: str) -> None:
    order = OrderToTell(
        id=uuid.UUID(int=0), submit_id="form", token_round=0, token_digest=b"", number="M7KQ-3XPD-92RT",
        flow=Flow.QUOTA,
        state=OrderState.PAID, total=12_500, channel=Channel.QRIS, language=pseudo_language,
        contact_kind="email", contact_value="ani@contoh.id", waits_for_choice=True, all_stamped=True,
    )  # fmt: skip
    refund = RefundFacts(amount=12_500, reason=RefundReason.DOUBLE, waits_for_account=True)
    message = message_of(order, news, "http://situs/p/x", refund=refund)
    assert message is not None
    assert message.language == pseudo_language
    assert escaped_words(message.subject) | escaped_words(message.text) == set()
