"""Opens a case, and sends its number to the person."""

from __future__ import annotations

import hashlib
from datetime import datetime
from uuid import UUID

import msgspec

from meterai.cases import store
from meterai.cases.model import ABOUT_LENGTH_MAX, TEXT_LENGTH_MAX, Case, CaseKind, CaseState
from meterai.customers.contacts import Contact
from meterai.kernel.ids import readable_code, token_digest
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit import outbox
from meterai.kit.application_secret import ever
from meterai.kit.database import Connection, Database
from meterai.kit.messages import Message, entry_of
from meterai.texts.case_words import OPENED
from meterai.texts.mechanism.translation import translate


class CaseForm(msgspec.Struct, frozen=True, kw_only=True):
    """What a person sent. `id` is the form's: the same form opens one case."""

    id: UUID
    kind: CaseKind
    about: str
    text: str
    contact: Contact
    is_proven: bool
    """The sender is signed in with this contact."""
    language: str


class OpenedCase(msgspec.Struct, frozen=True):
    """The number of a case and the code of its link."""

    number: str
    code: str


async def open_case(db: Database, form: CaseForm, *, site: str, key: bytes, now: datetime) -> OpenedCase:
    """Opens a case once for each form. Number and code follow from the form's id and `key`.

    `site`: the address for the link in the message.

    Raises: Refusal INVALID `case.no_text`; BUSY `case.too_many`.
    """
    text = form.text.strip()[:TEXT_LENGTH_MAX]
    if not text:
        raise Refusal(Kind.INVALID, "case.no_text")
    opened = _names(form.id, key)
    case = Case(
        number=opened.number,
        kind=form.kind,
        about=form.about[:ABOUT_LENGTH_MAX],
        text=text,
        state=CaseState.OPEN,
        opened_at=now,
    )
    async with db.transaction() as tx:
        is_new = await store.open_case(
            tx,
            form.id,
            case,
            contact=form.contact,
            is_proven=form.is_proven,
            language=form.language,
            secret=token_digest(opened.code),
        )
        if is_new:
            await _send_number(tx, form, opened, site, now)
            return opened
        return await _found(tx, form.id, key, now) or opened


async def _found(tx: Connection, form_id: UUID, key: bytes, now: datetime) -> OpenedCase | None:
    """The case that this form opened before, maybe with an earlier secret."""
    for opened in (_names(form_id, one) for one in ever(key)):
        code = token_digest(opened.code)
        if await store.look_up(tx, opened.number, secret=code, contact=None, now=now):
            return opened
    return None


def _names(form_id: UUID, key: bytes) -> OpenedCase:
    drawn = int.from_bytes(hashlib.blake2b(form_id.bytes, key=key[:64], person=b"case").digest())
    number, rest = readable_code(drawn, 8)
    code, _ = readable_code(rest, 12)
    return OpenedCase(f"K-{number}", code)


async def _send_number(tx: Connection, form: CaseForm, opened: OpenedCase, site: str, now: datetime) -> None:
    """Abroad, a message to a telephone is dear, and anybody can type a number: only a proven one gets it."""
    if form.contact.kind == "phone" and not (form.is_proven or form.contact.value.startswith("+62")):
        return
    facts = {"number": opened.number, "code": opened.code, "site": site}
    message = Message(
        to_kind=form.contact.kind,
        to=form.contact.value,
        subject=translate(OPENED.subject, form.language, facts),
        text=translate(OPENED.text, form.language, facts),
        language=form.language,
    )
    await outbox.enqueue_many(tx, [entry_of(message)], now)
