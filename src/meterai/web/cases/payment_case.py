"""A case about a payment that is not found: what its form asks becomes the text of the case."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from meterai.kernel.money import format_rupiah
from meterai.kit.database import Database
from meterai.kit.formats.display import JAKARTA
from meterai.sales.queries.money import gateway_asked_at, where_is_my_money
from meterai.texts.case_words import MISSING_PAYMENT, NOT_ASKED, NOT_GIVEN
from meterai.texts.mechanism.moments import moment_text
from meterai.texts.mechanism.translation import translate
from meterai.web.requests.forms import Form

_TYPED_MAX = 60


async def with_payment_facts(db: Database, form: Form, language: str) -> Form:
    """The form with reference, time and sum of a payment in its text. Other forms stay as they are."""
    if "waktu" not in form.fields:
        return form
    number = form.text("nomor")
    facts = {
        "number": number,
        "paid_at": _moment(form.text("waktu"), language) or translate(NOT_GIVEN, language),
        "sum": _sum(form) or translate(NOT_GIVEN, language),
        "asked_at": await _asked(db, number, language),
    }
    fields = {name: text for name, text in form.fields.items() if name != "waktu"}
    text = translate(MISSING_PAYMENT, language, facts)
    return replace(form, fields=fields | {"isi": f"{text}\n\n{form.text('isi')}".strip()})


async def _asked(db: Database, number: str, language: str) -> str:
    found = await where_is_my_money(db, number)
    asked_at = found.asked_at if found else await gateway_asked_at(db)
    return moment_text(asked_at, language) if asked_at else translate(NOT_ASKED, language)


def _moment(typed: str, language: str) -> str:
    """A time as the browser's own field gives it, or whatever was typed where there is no such field."""
    try:
        return moment_text(datetime.fromisoformat(typed).replace(tzinfo=ZoneInfo(JAKARTA)), language)
    except ValueError:
        return typed[:_TYPED_MAX]


def _sum(form: Form) -> str:
    amount = form.number("jumlah")
    return format_rupiah(amount) if amount > 0 else form.text("jumlah")[:_TYPED_MAX]
