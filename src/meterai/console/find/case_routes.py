"""The page of a case: what was written, the answers, its orders, and who did what."""

from __future__ import annotations

from typing import Any, Final

from litestar import Response, get, post
from litestar.response import Redirect

from meterai.bootstrap import ConsoleApp
from meterai.cases.model import CaseState, read_case_number
from meterai.console.acts.registry import acts_of
from meterai.console.find import personal
from meterai.console.pages import Asked, language_of, page
from meterai.console.session import SignedIn, needs
from meterai.kernel.refusals import Refusal
from meterai.kit.http.status import status_of
from meterai.operations.finding.case_story import tell_case
from meterai.texts import case_words, find_words
from meterai.texts.told import text_of

PAGE: Final = "/kasus"


@get(f"{PAGE}/{{number:str}}")
async def show_case(request: Asked, service: ConsoleApp, officer: SignedIn, number: str) -> Response[bytes]:
    """Tells the story of a case. Raises: Refusal NOT_FOUND `find.no_case`."""
    return await _page(request, service, officer, number)


@post(f"{PAGE}/{{number:str}}/{personal.PART}", guards=[needs(*personal.LOOKERS)], status_code=200)
async def show_personal_data(
    request: Asked, service: ConsoleApp, officer: SignedIn, number: str
) -> Response[Any]:
    """Shows contacts and long numbers of a case to this session. Raises: as `personal.look`."""
    refusal = await personal.look(request, service, officer, "case", read_case_number(number))
    if refusal:
        return await _page(request, service, officer, number, refusal)
    return Redirect(f"{PAGE}/{number}", status_code=303)


async def _page(
    request: Asked, service: ConsoleApp, officer: SignedIn, number: str, refusal: Refusal | None = None
) -> Response[bytes]:
    story = await tell_case(service.db, number, session=officer.session_id, now=service.clock())
    is_closed = story.state is CaseState.CLOSED
    return page(
        request,
        "find/case.html",
        status_of(refusal.kind) if refusal else 200,
        problem=refusal and text_of(refusal.code, language_of(request), refusal.facts),
        story=story,
        matter=find_words.CASE_MATTERS[story.state],
        acts=[] if is_closed else acts_of(officer).get("cases", []),
        may_look=officer.has(*personal.LOOKERS),
        kinds=case_words.KINDS,
        states=case_words.CASE_STATES,
        order_states=find_words.ORDER_STATES,
        flows=find_words.FLOWS,
    )


ROUTES: Final[list[Any]] = [show_case, show_personal_data]
