"""The story of an order, and its personal data for a reason."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final

from litestar import Response, get, post
from litestar.response import Redirect

from meterai.bootstrap import ConsoleApp
from meterai.console.acts.registry import acts_of
from meterai.console.find import personal
from meterai.console.pages import Asked, language_of, page
from meterai.console.session import SignedIn, needs
from meterai.kernel.refusals import Refusal
from meterai.kit.http.status import status_of
from meterai.operations.finding.matter import matter_of
from meterai.operations.finding.use_cases import tell_story
from meterai.operations.use_cases import retry_stamping
from meterai.sales.model import OrderState
from meterai.sales.queries.order_access import read_order_number
from meterai.sales.support.use_cases import ask_to_cancel, change_contact
from meterai.sales.use_cases import give_refund
from meterai.sales.use_cases.end_refund import DECIDED
from meterai.texts import case_words, find_words
from meterai.texts.channels import CHANNEL_NAMES
from meterai.texts.states import STATES
from meterai.texts.told import text_of

STORY: Final = "/cerita"

_FITS: Final[Mapping[str, Collection[OrderState]]] = {
    "order.retry": (retry_stamping.STATE,),
    "order.cancel": (ask_to_cancel.STATE,),
    change_contact.ACT: (OrderState.PAID, OrderState.COMPLETED),
    give_refund.KIND: give_refund.STATES,
}
"""The states of an order in which an act can do something; acts that are not named fit all."""


@get(f"{STORY}/{{number:str}}")
async def show_story(request: Asked, service: ConsoleApp, officer: SignedIn, number: str) -> Response[bytes]:
    """Tells the story of an order. Raises: Refusal NOT_FOUND `find.no_order`."""
    return await _story_page(request, service, officer, number)


@post(f"{STORY}/{{number:str}}/{personal.PART}", guards=[needs(*personal.LOOKERS)], status_code=200)
async def show_personal_data(
    request: Asked, service: ConsoleApp, officer: SignedIn, number: str
) -> Response[Any]:
    """Shows the personal data of an order to this session. Raises: as `personal.look`."""
    refusal = await personal.look(request, service, officer, "order", read_order_number(number) or "")
    if refusal:
        return await _story_page(request, service, officer, number, refusal)
    return Redirect(f"{STORY}/{number}", status_code=303)


async def _story_page(
    request: Asked, service: ConsoleApp, officer: SignedIn, number: str, refusal: Refusal | None = None
) -> Response[bytes]:
    now = service.clock()
    story = await tell_story(service.db, number, session=officer.session_id, now=now)
    matter, place = matter_of(story, now)
    return page(
        request,
        "find/story.html",
        status_of(refusal.kind) if refusal else 200,
        problem=refusal and text_of(refusal.code, language_of(request), refusal.facts),
        story=story,
        order=story.order,
        matter=find_words.MATTERS[matter],
        money=find_words.MONEY[place],
        accounts={account.refund_id: account for account in story.accounts},
        polls={poll.reference: poll for poll in story.polls},
        acts=[act for act in acts_of(officer).get("orders", []) if _fits(act.kind, story.order.state)],
        decisions=[(act, DECIDED[act.kind]) for act in acts_of(officer).get("refunds", [])],
        may_look=officer.has(*personal.LOOKERS),
        events=find_words.EVENTS,
        order_states=find_words.ORDER_STATES,
        flows=find_words.FLOWS,
        job_states=find_words.JOB_STATES,
        stamp_states=find_words.STAMP_STATES,
        messages=find_words.MESSAGES,
        states=STATES,
        channels=CHANNEL_NAMES,
        case_kinds=case_words.KINDS,
        case_states=case_words.CASE_STATES,
    )


def _fits(kind: str, state: OrderState) -> bool:
    return state in _FITS.get(kind, (state,))


ROUTES: Final[list[Any]] = [show_story, show_personal_data]
