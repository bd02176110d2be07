"""Asks for a contact and its code, for purchases and for signing in.

The visitor's cookie says which code is awaited. It is tagged with our secret: nothing is stored here, and
nothing can be exchanged.
"""

from __future__ import annotations

import math
import time
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec
from litestar import Response
from litestar.datastructures import Cookie

from meterai.bootstrap import code_budgets
from meterai.customers.browsers import Browser, browser_name, system_name
from meterai.customers.codes import Asker, Purpose
from meterai.customers.contacts import Contact, ContactKind, canonical_contact
from meterai.customers.use_cases.request_code import CodeSent, request_code
from meterai.customers.use_cases.verify_code import Session, verify_code
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.http.status import http_status
from meterai.kit.http.work_demand import WorkSent
from meterai.texts.mechanism.translation import translate
from meterai.web.requests.forms import Form
from meterai.web.requests.mac import read_tagged_text, to_tagged_text
from meterai.web.requests.request_context import (
    MARK_COOKIE,
    SESSION_COOKIE,
    YEAR_SECONDS,
    RequestContext,
    WebRequest,
    address_of,
)

CODE_COOKIE = "kode"
CODE_SECONDS = 15 * 60
_PURPOSE = b"pending code"
_NO_NEW_CODE = frozenset({"code.too_many", "code.behind", "code.foreign_spent"})
"""The refusals of a further code. The one before it is still good."""


class PendingCode(msgspec.Struct, frozen=True, array_like=True):
    """A code that was sent, and its contact."""

    code_id: UUID
    kind: ContactKind
    value: str
    tries_from: int = 0
    """The second of the epoch from which a try counts."""
    sent_before: int = 0
    """When an earlier request brought the message with this code; 0: this one did."""
    next_at: int = 0
    """When the contact gets the next message."""

    @property
    def contact(self) -> Contact:
        """The contact that the code will prove."""
        return Contact(kind=self.kind, value=self.value)


def seal_code(secret: bytes, pending: PendingCode) -> str:
    """Writes the pending code as text that nobody else can make."""
    return to_tagged_text(secret, _PURPOSE, msgspec.json.encode(pending))


def open_code(secret: bytes, text: str) -> PendingCode | None:
    """Reads what `seal_code` wrote; None for anything else."""
    body = read_tagged_text(secret, _PURPOSE, text)
    return None if body is None else msgspec.json.decode(body, type=PendingCode)


async def send_code(
    request: WebRequest,
    context: RequestContext,
    typed: str,
    *,
    purpose: Purpose = Purpose.SIGN_IN,
    subject: UUID | None = None,
    asker: Asker = Asker.STRANGER,
) -> Cookie:
    """Sends a code to the contact that was typed. The cookie says which code is awaited.

    `purpose`, `subject`: what the code is for; it is good for nothing else.

    Raises: WorkAsked, whose answer sends the form again with what is missing; Refusal `contact.unreadable`,
    `code.too_many`, `code.behind`, `code.foreign_spent`.
    """
    contact = canonical_contact(typed)
    service, visit, work = context.service, context.visit(request), context.code_work
    address = address_of(request)
    sent_work = WorkSent(visit.fields.get("altcha", ""), visit.fields.get("tunggu", ""))
    moments = {"now": service.clock().timestamp(), "monotonic": time.monotonic()}
    brought = work.read(sent_work, contact, address, **moments)
    try:
        sent = await request_code(
            service.db,
            service.secret,
            contact,
            purpose=purpose,
            subject=subject,
            asker=asker,
            mark=request.cookies.get(MARK_COOKIE, ""),
            address=address,
            brought=brought,
            budgets=code_budgets(service.settings),
            language=visit.language,
            now=service.clock(),
        )
    except Refusal as refusal:
        if refusal.code == "work.needed":
            difficulty = int(str(refusal.facts["difficulty"]))
            raise work.ask(sent_work, contact, address, difficulty, **moments) from None
        raise
    work.count(contact, address, brought, sent.asked_as, moments["monotonic"])
    return context.cookie(
        CODE_COOKIE, seal_code(service.secret, _pending(sent, contact)), max_age=CODE_SECONDS
    )


def _pending(sent: CodeSent, contact: Contact) -> PendingCode:
    return PendingCode(
        sent.code_id,
        contact.kind,
        contact.value,
        math.ceil(sent.tries_from.timestamp()),
        int(sent.sent_before.timestamp()) if sent.sent_before else 0,
        math.ceil(sent.next_at.timestamp()) if sent.next_at else 0,
    )


def awaited_code(context: RequestContext, form: Form) -> UUID:
    """The id of the code for which a form was filled in. Raises: Refusal `code.expired`."""
    pending = open_code(context.service.secret, form.text("kode_id"))
    if pending is None:
        raise Refusal(Kind.GONE, "code.expired")
    return pending.code_id


async def check_code(request: WebRequest, context: RequestContext, form: Form) -> Session:
    """Opens a session by the typed code. The session names the contact that the code proved.

    The session that this browser had before ends. Raises: what `verify_code` says.
    """
    service = context.service
    return await verify_code(
        service.db,
        awaited_code(context, form),
        form.text("kode"),
        browser=browser_of(request),
        language=context.visit(request).language,
        now=service.clock(),
    )


def session_cookies(context: RequestContext, session: Session) -> list[Cookie]:
    """Makes the cookies of a signed-in visitor: the session, and the mark by which the browser is known."""
    age = int((session.expires_at - context.service.clock()).total_seconds())
    return [
        context.cookie(SESSION_COOKIE, session.token, max_age=age),
        context.cookie(MARK_COOKIE, session.mark, max_age=YEAR_SECONDS),
    ]


def browser_of(request: WebRequest) -> Browser:
    """The browser that a request comes from."""
    user_agent = request.headers.get("user-agent", "")
    return Browser(
        token=request.cookies.get(SESSION_COOKIE, ""),
        mark=request.cookies.get(MARK_COOKIE, ""),
        name=browser_name(user_agent),
        system=system_name(user_agent),
    )


def contact_page(
    request: WebRequest,
    context: RequestContext,
    *,
    action: str,
    title: str,
    step: bool,
    typed: str = "",
    refusal: Refusal | None = None,
) -> Response[bytes]:
    """Asks for an e-mail address or phone number."""
    visit = context.visit(request)
    return context.page(
        request,
        "contact.html",
        status=http_status(refusal),
        action=visit.link(action),
        title=translate(title, visit.language),
        step=step,
        typed=typed,
        private=True,
        **told(refusal),
    )


def code_page(
    request: WebRequest,
    context: RequestContext,
    *,
    action: str,
    again: str,
    step: bool,
    refusal: Refusal | None = None,
    form: Form | None = None,
) -> Response[bytes]:
    """Asks for the code. Without an awaited code it leads back to the contact.

    `form`: one that was refused. It still names its code when the browser has lost the cookie, or waits for
    the code of another contact in another window.
    """
    waiting, sent = request.cookies.get(CODE_COOKIE, ""), form.text("kode_id") if form else ""
    pending, of_form = open_code(context.service.secret, waiting), open_code(context.service.secret, sent)
    if of_form is not None and (pending is None or pending.contact != of_form.contact):
        waiting, pending = sent, of_form
    if pending is None:
        return context.redirect(request, again)
    visit = context.visit(request)
    return context.page(
        request,
        "code.html",
        status=http_status(refusal),
        action=visit.link(action),
        again=visit.link(again),
        contact=pending.contact.masked,
        code_id=waiting,
        is_old=refusal is not None and refusal.code in _NO_NEW_CODE,
        tries_from=later_moment(pending.tries_from, context.service.clock()),
        **sharing(pending.sent_before, pending.next_at),
        step=step,
        private=True,
        **told(refusal),
    )


def awaits_old_code(request: WebRequest, context: RequestContext, typed: str, refusal: Refusal) -> bool:
    """Whether no new code may be sent, and this browser awaits an earlier one of the contact that was typed.

    Then `code_page` shows the field for that one, with the refusal above it.
    """
    if refusal.code not in _NO_NEW_CODE:
        return False
    pending = open_code(context.service.secret, request.cookies.get(CODE_COOKIE, ""))
    return pending is not None and pending.contact == canonical_contact(typed)


def sharing(sent_before: int, next_at: int) -> dict[str, Any]:
    """The template values that say when a shared code was sent, and when the next message may come.

    Both are seconds of the epoch; 0: this request brought the message.
    """
    return {
        "sent_before": datetime.fromtimestamp(sent_before, UTC) if sent_before else None,
        "next_at": datetime.fromtimestamp(math.ceil(next_at / 60) * 60, UTC),
    }


def later_moment(second: int, now: datetime) -> datetime | None:
    """This moment, if it is still to come, in full minutes as pages show it.

    One second is no wait: `second` is rounded up.
    """
    return datetime.fromtimestamp(math.ceil(second / 60) * 60, UTC) if second > now.timestamp() + 1 else None


def told(refusal: Refusal | None) -> dict[str, Any]:
    """The template values that show a refusal above a form."""
    return {"refused": refusal.code if refusal else "", "refused_facts": refusal.facts if refusal else {}}
