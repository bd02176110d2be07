"""For whom a signed-in person acts: for themselves, or for an organisation whose member they are.

The person chooses on "Meterai saya". A cookie keeps the choice. It is tagged for the person's session, and
each request looks the membership up again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from litestar.datastructures import Cookie

from meterai.customers.queries import SessionCustomer
from meterai.kernel.refusals import Kind, Refusal
from meterai.ledger.model import SELLER
from meterai.partners.model import MemberRole, Organisation
from meterai.partners.queries.organisations import memberships_of
from meterai.partners.queries.standing import standing_of
from meterai.partners.rights import Right, has_right
from meterai.web.orders.access import customer_of
from meterai.web.requests.mac import read_tagged_text, to_tagged_text
from meterai.web.requests.request_context import (
    ACTING_COOKIE,
    YEAR_SECONDS,
    RequestContext,
    WebRequest,
)

_PURPOSE = b"acts for"
_USES_STAMPS = frozenset({Right.STAMP, Right.BUNDLE, Right.BUY})


@dataclass(frozen=True, slots=True)
class Acting:
    """A signed-in person, and the organisation for which they act; None: they act for themselves."""

    person: SessionCustomer
    organisation: Organisation | None = None
    role: MemberRole | None = None

    @property
    def customer_id(self) -> UUID:
        """Whose documents, bundles, quota and orders these are."""
        return self.organisation.account_holder if self.organisation else self.person.customer_id

    @property
    def organisation_id(self) -> UUID:
        """The organisation to which documents and bundles belong."""
        return self.organisation.id if self.organisation else SELLER

    def may(self, right: Right) -> bool:
        """Whether the person's role has this right. People may do everything for themselves."""
        return self.role is None or has_right(self.role, right)

    def require(self, right: Right) -> None:
        """Raises: Refusal FORBIDDEN `member.not_allowed` when the role lacks the right."""
        if not self.may(right):
            raise Refusal(Kind.FORBIDDEN, "member.not_allowed")


async def acting_of(request: WebRequest, context: RequestContext) -> Acting | None:
    """For whom the visitor acts; None when nobody is signed in.

    Pages that ask for it say it at their top. Raises: Refusal FORBIDDEN `member.ended` when the person chose
    an organisation and is no longer its member.
    """
    person = await customer_of(context, request)
    if person is None:
        return None
    organisation_id = _chosen(request, context, person)
    if organisation_id is None:
        return Acting(person)
    found = await member_of(context, person, organisation_id)
    assert found.organisation is not None
    context.visit(request).acts_for = found.organisation.name
    return found


async def member_of(context: RequestContext, person: SessionCustomer, organisation_id: UUID) -> Acting:
    """The person as a member of an organisation. Raises: Refusal FORBIDDEN `member.ended`."""
    async with context.service.db.connection() as connection:
        memberships = await memberships_of(connection, person.customer_id)
    for organisation, role in memberships:
        if organisation.id == organisation_id:
            return Acting(person, organisation, role)
    raise Refusal(Kind.FORBIDDEN, "member.ended")


async def acting(request: WebRequest, context: RequestContext, right: Right = Right.SHOW) -> Acting:
    """The same for a route that needs a right.

    Raises: Refusal FORBIDDEN `session.missing`, `member.ended`, `member.not_allowed`; as `_refuse_idle`.
    """
    found = await acting_of(request, context)
    if found is None:
        raise Refusal(Kind.FORBIDDEN, "session.missing")
    found.require(right)
    if found.organisation is not None and right in _USES_STAMPS:
        await _refuse_idle(context, found.organisation, right)
    return found


async def _refuse_idle(context: RequestContext, organisation: Organisation, right: Right) -> None:
    """Refuses stamps to an organisation that is not active, and bundles to one that reports each document.

    Raises: Refusal CONFLICT `partner.not_active`, `member.collector`.
    """
    async with context.service.db.connection() as connection:
        standing = await standing_of(connection, organisation.id)
    if not standing.is_active:
        raise Refusal(Kind.CONFLICT, "partner.not_active")
    if standing.is_collector and right is Right.BUNDLE:
        raise Refusal(Kind.CONFLICT, "member.collector")


async def reports_facts(context: RequestContext, whose: Acting) -> bool:
    """Whether the facts of each stamped document are needed: for collectors, and those below them."""
    if whose.organisation is None:
        return False
    async with context.service.db.connection() as connection:
        return (await standing_of(connection, whose.organisation.id)).is_collector


async def acting_member(
    request: WebRequest, context: RequestContext, right: Right = Right.SHOW
) -> tuple[Acting, Organisation]:
    """The visitor and the organisation for which they act, for pages that only organisations have.

    Raises: what `acting` raises; Refusal FORBIDDEN `member.for_oneself`.
    """
    found = await acting(request, context, right)
    if found.organisation is None:
        raise Refusal(Kind.FORBIDDEN, "member.for_oneself")
    return found, found.organisation


async def organisation_of(
    request: WebRequest, context: RequestContext, right: Right = Right.SHOW
) -> Organisation:
    """The organisation alone. Raises: what `acting_member` raises."""
    _, organisation = await acting_member(request, context, right)
    return organisation


def choice_cookie(context: RequestContext, session_token: str, organisation_id: UUID | None) -> Cookie:
    """Makes the cookie that keeps for whom the person of a session acts. None: for themselves."""
    if organisation_id is None:
        return context.cookie(ACTING_COOKIE, "", max_age=0)
    secret, about = context.service.secret, session_token.encode()
    text = to_tagged_text(secret, _PURPOSE, organisation_id.bytes, about=about)
    return context.cookie(ACTING_COOKIE, text, max_age=YEAR_SECONDS)


def _chosen(request: WebRequest, context: RequestContext, person: SessionCustomer) -> UUID | None:
    """The organisation in the cookie. A cookie of another session counts as none."""
    text = request.cookies.get(ACTING_COOKIE, "")
    if not text:
        return None
    body = read_tagged_text(context.service.secret, _PURPOSE, text, about=person.token.encode())
    return UUID(bytes=body) if body else None


def rights_of(found: Acting) -> dict[str, Any]:
    """The template values that say for whom the person acts, and what they may do."""
    return {
        "acting": found.organisation,
        "may_stamp": found.may(Right.STAMP),
        "may_buy": found.may(Right.BUY),
        "may_manage": found.may(Right.MANAGE),
        "may_connect": found.may(Right.CONNECT),
    }
