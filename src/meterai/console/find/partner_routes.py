"""The page of a partner: agreement, stock, dues, programs, batches, events, and who did what."""

from __future__ import annotations

from typing import Any, Final

from litestar import Response, get, post
from litestar.response import Redirect

from meterai.bootstrap import ConsoleApp
from meterai.console.acts.model import ConsoleAct
from meterai.console.acts.registry import acts_of
from meterai.console.find import personal
from meterai.console.pages import Asked, language_of, page
from meterai.console.session import SignedIn, needs
from meterai.kernel.refusals import Refusal
from meterai.kit.http.status import status_of
from meterai.ledger.model import ISSUER
from meterai.operations.finding.partner_story import tell_partner
from meterai.partners.model import Organisation, OrganisationRole, OrganisationState
from meterai.partners.use_cases.agree import ACTION as AGREE
from meterai.partners.use_cases.record_money import DEPOSIT, PAYMENT
from meterai.texts import find_words, partners, request_words
from meterai.texts.told import text_of

PAGE: Final = "/mitra"


@get(f"{PAGE}/{{code:str}}")
async def show_partner(request: Asked, service: ConsoleApp, officer: SignedIn, code: str) -> Response[bytes]:
    """Tells the story of a partner. Raises: Refusal NOT_FOUND `partner.unknown`."""
    return await _page(request, service, officer, code)


@post(f"{PAGE}/{{code:str}}/{personal.PART}", guards=[needs(*personal.LOOKERS)], status_code=200)
async def show_personal_data(
    request: Asked, service: ConsoleApp, officer: SignedIn, code: str
) -> Response[Any]:
    """Shows contacts, user names and the tax number to this session. Raises: as `personal.look`."""
    refusal = await personal.look(request, service, officer, "partner", code)
    if refusal:
        return await _page(request, service, officer, code, refusal)
    return Redirect(f"{PAGE}/{code}", status_code=303)


async def _page(
    request: Asked, service: ConsoleApp, officer: SignedIn, code: str, refusal: Refusal | None = None
) -> Response[bytes]:
    story = await tell_partner(service.db, code, session=officer.session_id, now=service.clock())
    return page(
        request,
        "find/partner.html",
        status_of(refusal.kind) if refusal else 200,
        problem=refusal and text_of(refusal.code, language_of(request), refusal.facts),
        story=story,
        partner=story.organisation,
        around=story.around,
        matter=find_words.PARTNER_MATTERS[story.matter],
        acts=_acts(officer, story.organisation, "partner"),
        client_acts=_acts(officer, story.organisation, "client"),
        may_look=officer.has(*personal.LOOKERS),
        roles=find_words.PARTNER_ROLES,
        states=find_words.PARTNER_STATES,
        webhook_states=find_words.WEBHOOK_STATES,
        terms=find_words.PARTNER_TERMS,
        term_names=request_words.FACTS,
        rupiah_terms=request_words.RUPIAH,
        paid_by=partners.PAID_BY,
        member_roles=partners.MEMBER_ROLES,
        request_titles=request_words.TITLES,
    )


def _acts(officer: SignedIn, partner: Organisation, field: str) -> list[ConsoleAct]:
    """The acts that the officer may do and that this partner bears, whose form has this field."""
    if partner.state is OrganisationState.CLOSED:
        return []
    is_distributor = partner.role is OrganisationRole.DISTRIBUTOR
    is_top = partner.parent_id == ISSUER
    fits = {DEPOSIT: is_distributor, PAYMENT: is_top and not is_distributor, AGREE: is_top}
    offered = acts_of(officer).get("partners", [])
    return [act for act in offered if field in act.form.__struct_fields__ and fits.get(act.kind, True)]


ROUTES: Final[list[Any]] = [show_partner, show_personal_data]
