"""The members of an organisation: its owners invite people, change roles and end memberships."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post

from meterai.customers.contact_changes import refuse_old_proof
from meterai.customers.contacts import canonical_contact
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.http.status import http_status
from meterai.partners.members.queries import open_invitations, shown_members
from meterai.partners.members.use_cases.change_members import change_member, leave_organisation
from meterai.partners.members.use_cases.invite_member import invite_member, take_back_invitation
from meterai.partners.model import MemberRole, Organisation
from meterai.partners.rights import Right
from meterai.texts.partners import MEMBER_ROLES, ROLE_RIGHTS
from meterai.web.account.acting import Acting, acting_member, choice_cookie
from meterai.web.account.sign_in import (
    awaits_old_code,
    check_code,
    code_page,
    send_code,
    session_cookies,
    told,
)
from meterai.web.requests.forms import Form, id_in
from meterai.web.requests.request_context import RequestContext, WebRequest
from meterai.web.requests.typed_contact import typed_contact

PAGE = "/saya/anggota"
PROOF = f"{PAGE}/bukti"
PROOF_CODE = f"{PROOF}/kode"
PROGRAMS = "/saya/pengembang"
WIRE = "/saya/kawat"
"""These pages need the same proof."""
_END = "akhiri"
"""In the place of a role: the membership ends."""


@get(PAGE)
async def show_members(request: WebRequest, context: RequestContext) -> Response[bytes]:
    """Shows all members and invitations to owners, and to others their own membership."""
    return await _page(request, context, *await acting_member(request, context))


@post(f"{PAGE}/undang", status_code=303)
async def invite(request: WebRequest, context: RequestContext) -> Response[bytes]:
    """Sends an invitation to a contact."""
    form = await context.form(request)
    whose, organisation = await acting_member(request, context, Right.MANAGE)
    service = context.service
    try:
        contact, role = canonical_contact(typed_contact(form)), _role(form)
        refuse_old_proof(whose.person, service.clock())
        await invite_member(
            service.db,
            whose.person,
            organisation,
            contact=contact,
            role=role,
            public_url=service.public_url,
            language=context.visit(request).language,
            now=service.clock(),
        )
    except Refusal as refusal:
        return await _page(request, context, whose, organisation, refusal, form)
    return context.redirect(request, f"{PAGE}?terkirim=1")


@post(f"{PAGE}/batal-undang", status_code=303)
async def take_back(request: WebRequest, context: RequestContext) -> Response[bytes]:
    """Ends an invitation that nobody has accepted."""
    form = await context.form(request)
    whose, organisation = await acting_member(request, context, Right.MANAGE)
    invitation_id, now = id_in(form.text("undangan")), context.service.clock()
    try:
        if invitation_id is None:
            raise Refusal(Kind.GONE, "invitation.ended")
        refuse_old_proof(whose.person, now)
        await take_back_invitation(
            context.service.db, whose.person, organisation.id, invitation_id=invitation_id, now=now
        )
    except Refusal as refusal:
        return await _page(request, context, whose, organisation, refusal)
    return context.redirect(request, PAGE)


@post(f"{PAGE}/ubah", status_code=303)
async def change(request: WebRequest, context: RequestContext) -> Response[bytes]:
    """Gives a member another role, or ends the membership."""
    form = await context.form(request)
    whose, organisation = await acting_member(request, context, Right.MANAGE)
    member_id, now = id_in(form.text("anggota")), context.service.clock()
    try:
        if member_id is None:
            raise Refusal(Kind.NOT_FOUND, "partner.no_member")
        role = None if form.text("peran") == _END else _role(form)
        refuse_old_proof(whose.person, now)
        await change_member(
            context.service.db, whose.person, organisation.id, customer_id=member_id, role=role, now=now
        )
    except Refusal as refusal:
        return await _page(request, context, whose, organisation, refusal)
    is_gone = role is None and member_id == whose.person.customer_id
    return _left(request, context, whose) if is_gone else context.redirect(request, PAGE)


@post(f"{PAGE}/keluar", status_code=303)
async def leave(request: WebRequest, context: RequestContext) -> Response[bytes]:
    """Ends the visitor's own membership. From then on they act for themselves."""
    await context.form(request)
    whose, organisation = await acting_member(request, context)
    try:
        await leave_organisation(
            context.service.db, whose.person, organisation.id, now=context.service.clock()
        )
    except Refusal as refusal:
        return await _page(request, context, whose, organisation, refusal)
    return _left(request, context, whose)


@post([PROOF, f"{PROGRAMS}/bukti", f"{WIRE}/bukti"], status_code=303)
async def ask_proof(request: WebRequest, context: RequestContext) -> Response[bytes]:
    """Sends a code to the visitor's own contact: members are changed by fresh sessions only."""
    await context.form(request)
    whose, organisation = await acting_member(request, context, Right.MANAGE)
    contact = whose.person.contact
    if contact is None:
        raise Refusal(Kind.FORBIDDEN, "session.missing")
    try:
        cookie = await send_code(request, context, contact.value)
    except Refusal as refusal:
        if awaits_old_code(request, context, contact.value, refusal):
            return _code_page(request, context, refusal)
        if _asks(request) != PAGE:
            return context.refusal(request, refusal, back=_asks(request))
        return await _page(request, context, whose, organisation, refusal)
    return context.redirect(request, f"{_asks(request)}/bukti/kode", cookies=[cookie])


@get([PROOF_CODE, f"{PROGRAMS}/bukti/kode", f"{WIRE}/bukti/kode"])
async def show_proof_code(request: WebRequest, context: RequestContext) -> Response[bytes]:
    """Asks for that code."""
    return _code_page(request, context)


@post([PROOF_CODE, f"{PROGRAMS}/bukti/kode", f"{WIRE}/bukti/kode"], status_code=303)
async def take_proof_code(request: WebRequest, context: RequestContext) -> Response[bytes]:
    """Signs in again, and keeps for whom the person acts: the choice is tagged for the session."""
    form = await context.form(request)
    _, organisation = await acting_member(request, context, Right.MANAGE)
    try:
        session = await check_code(request, context, form)
    except Refusal as refusal:
        return _code_page(request, context, refusal, form)
    choice = choice_cookie(context, session.token, organisation.id)
    return context.redirect(request, _asks(request), cookies=[*session_cookies(context, session), choice])


def _asks(request: WebRequest) -> str:
    """The page that asked for the proof."""
    return next((page for page in (PROGRAMS, WIRE) if request.url.path.startswith(page)), PAGE)


def _role(form: Form) -> MemberRole:
    """Raises: Refusal INVALID `member.no_role`."""
    try:
        return MemberRole(form.text("peran"))
    except ValueError:
        raise Refusal(Kind.INVALID, "member.no_role") from None


def _left(request: WebRequest, context: RequestContext, whose: Acting) -> Response[bytes]:
    choice = choice_cookie(context, whose.person.token, None)
    return context.redirect(request, "/saya", cookies=[choice])


def _code_page(
    request: WebRequest, context: RequestContext, refusal: Refusal | None = None, form: Form | None = None
) -> Response[bytes]:
    page = _asks(request)
    action = f"{page}/bukti/kode"
    return code_page(request, context, action=action, again=page, step=False, refusal=refusal, form=form)


async def _page(
    request: WebRequest,
    context: RequestContext,
    whose: Acting,
    organisation: Organisation,
    refusal: Refusal | None = None,
    form: Form | None = None,
) -> Response[bytes]:
    db, now = context.service.db, context.service.clock()
    values: dict[str, Any] = {"invitations": []}
    members = await shown_members(db, organisation.id)
    manages = whose.may(Right.MANAGE)
    if manages:
        values["invitations"] = await open_invitations(db, organisation.id, now=now)
    else:
        members = [one for one in members if one.customer_id == whose.person.customer_id]
    return context.page(
        request,
        "members.html",
        status=http_status(refusal),
        organisation=organisation,
        members=members,
        me=whose.person.customer_id,
        own_contact=whose.person.contact.masked if whose.person.contact else "",
        manages=manages,
        fresh=whose.person.has_fresh_proof(now),
        is_sent=request.query_params.get("terkirim") == "1",
        roles=MEMBER_ROLES,
        rights=ROLE_RIGHTS,
        typed=form.text("kontak") if form else "",
        role=form.text("peran") if form else "",
        private=True,
        **values,
        **told(refusal),
    )


ROUTES = [
    show_members,
    invite,
    take_back,
    change,
    leave,
    ask_proof,
    show_proof_code,
    take_proof_code,
]
