"""An invitation to act for an organisation: its link, the proof of the invited contact, the consent."""

from __future__ import annotations

import re

from litestar import Response, get, post

from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.http.status import http_status
from meterai.partners.members.queries import Invitation, invitation_of_token
from meterai.partners.members.use_cases.invite_member import accept_invitation
from meterai.texts.partners import MEMBER_ROLES, ROLE_RIGHTS
from meterai.web.account.acting import choice_cookie
from meterai.web.account.sign_in import (
    awaits_old_code,
    check_code,
    code_page,
    send_code,
    session_cookies,
    told,
)
from meterai.web.orders.access import customer_of, signed_in
from meterai.web.requests.forms import Form
from meterai.web.requests.request_context import INVITATION_COOKIE, RequestContext, WebRequest
from meterai.web.requests.typed_contact import typed_contact

PAGE = "/saya/undangan"
CODE = f"{PAGE}/kode"
_COOKIE_SECONDS = 60 * 60
_TOKEN = re.compile(r"[A-Za-z0-9_-]{16,64}")


@get("/undangan/{token:str}")
async def come_by_link(request: WebRequest, context: RequestContext, token: str) -> Response[bytes]:
    """Turns the token of an invitation into a cookie. The token leaves the address at once."""
    await _invitation(context, token)
    return context.redirect(
        request, PAGE, cookies=[context.cookie(INVITATION_COOKIE, token, max_age=_COOKIE_SECONDS)]
    )


@get(PAGE)
async def show_invitation(request: WebRequest, context: RequestContext) -> Response[bytes]:
    """Shows who invites, and asks for the contact's code or for the consent."""
    return await _page(request, context, await _invitation(context, _token(request)))


@post(PAGE, status_code=303)
async def accept(request: WebRequest, context: RequestContext) -> Response[bytes]:
    """Makes the visitor a member, who acts for the organisation from now on."""
    await context.form(request)
    person, invitation = await signed_in(context, request), await _invitation(context, _token(request))
    try:
        organisation_id = await accept_invitation(
            context.service.db, person, _token(request), now=context.service.clock()
        )
    except Refusal as refusal:
        return await _page(request, context, invitation, refusal)
    cookies = [
        choice_cookie(context, person.token, organisation_id),
        context.cookie(INVITATION_COOKIE, "", max_age=0),
    ]
    return context.redirect(request, "/saya", cookies=cookies)


@post(f"{PAGE}/masuk", status_code=303)
async def take_contact(request: WebRequest, context: RequestContext) -> Response[bytes]:
    """Sends a code to the contact that is invited, as the visitor types it."""
    form = await context.form(request)
    invitation, typed = await _invitation(context, _token(request)), form.text("kontak")
    try:
        cookie = await send_code(request, context, typed_contact(form))
    except Refusal as refusal:
        if awaits_old_code(request, context, typed, refusal):
            return _code_page(request, context, refusal)
        return await _page(request, context, invitation, refusal, typed)
    return context.redirect(request, CODE, cookies=[cookie])


@get(CODE)
async def show_code(request: WebRequest, context: RequestContext) -> Response[bytes]:
    """Asks for that code."""
    return _code_page(request, context)


@post(CODE, status_code=303)
async def take_code(request: WebRequest, context: RequestContext) -> Response[bytes]:
    """Signs in, and leads back to the invitation."""
    form = await context.form(request)
    try:
        session = await check_code(request, context, form)
    except Refusal as refusal:
        return _code_page(request, context, refusal, form)
    return context.redirect(request, PAGE, cookies=session_cookies(context, session))


def _token(request: WebRequest) -> str:
    return request.cookies.get(INVITATION_COOKIE, "")


async def _invitation(context: RequestContext, token: str) -> Invitation:
    """Raises: Refusal GONE `invitation.ended`, also for a token that nobody has."""
    found = None
    if _TOKEN.fullmatch(token):
        found = await invitation_of_token(context.service.db, token, now=context.service.clock())
    if found is None:
        raise Refusal(Kind.GONE, "invitation.ended")
    return found


def _code_page(
    request: WebRequest, context: RequestContext, refusal: Refusal | None = None, form: Form | None = None
) -> Response[bytes]:
    return code_page(request, context, action=CODE, again=PAGE, step=False, refusal=refusal, form=form)


async def _page(
    request: WebRequest,
    context: RequestContext,
    invitation: Invitation,
    refusal: Refusal | None = None,
    typed: str = "",
) -> Response[bytes]:
    person = await customer_of(context, request)
    return context.page(
        request,
        "invitation.html",
        status=http_status(refusal),
        invitation=invitation,
        role=MEMBER_ROLES[invitation.role],
        rights=ROLE_RIGHTS[invitation.role],
        contacts=[contact.masked for contact in person.contacts] if person else [],
        is_known=person is not None,
        typed=typed,
        private=True,
        **told(refusal),
    )


ROUTES = [come_by_link, show_invitation, accept, take_contact, show_code, take_code]
