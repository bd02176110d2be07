"""The page on which people place a stamp: for an order, for quota, and for one document of a bundle."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from litestar import Response

from meterai.kernel.refusals import Refusal
from meterai.kit.http.status import http_status
from meterai.sales.events import Event
from meterai.stamping.queries import DocumentPage
from meterai.web.account.sign_in import told
from meterai.web.placing.page_strip import pages_context
from meterai.web.placing.placing import TypedPlacement, placing_context
from meterai.web.placing.settling import covering_context
from meterai.web.requests.request_context import RequestContext, WebRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacingPlace:
    """A document whose stamps are placed, and the addresses around its page."""

    document: DocumentPage
    image: Callable[[int], str]
    """The address of a page's picture."""
    action: str
    sheets: str
    turn: str = ""
    """The form that turns a page; empty where none is turned."""
    drop: str = ""
    """The form that takes the document out of its order; empty where there is no order."""
    many: str = ""
    """The page of its bundle; empty where there is no bundle."""
    countable: bool
    """Whether stamps can be added and taken off."""
    event: Event | None = None
    number: int = 1
    total: int = 1


def placing_page(
    request: WebRequest,
    context: RequestContext,
    place: PlacingPlace,
    typed: TypedPlacement,
    refusal: Refusal | None = None,
) -> Response[bytes]:
    """Shows a page with the place of one stamp."""
    link = context.visit(request).link
    return context.page(
        request,
        "place.html",
        status=http_status(refusal),
        number=place.number,
        total=place.total,
        action=link(place.action),
        turn=link(place.turn) if place.turn else "",
        sheets=link(place.sheets),
        drop=link(place.drop) if place.drop else "",
        many=link(place.many) if place.many else "",
        countable=place.countable,
        private=True,
        **told(refusal),
        **pages_context(place.document, typed.placement.page, request.query_params, place.image),
        **placing_context(place.document, typed, context.open_events(), event=place.event),
        **covering_context(typed.placement, refusal),
    )
