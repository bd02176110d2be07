"""The page on which people choose their messages: signed in, or by the link at the foot of a message."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from uuid import UUID

from litestar import Response, get, post

from meterai.customers.choices import ChoiceLink, Choices, NewsKind, changes, read_choice_token
from meterai.customers.use_cases.choose_news import choose_news, read_choices, read_choices_by_link
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.http.status import http_status
from meterai.texts.news_choices import NEWS_KINDS
from meterai.web.account.sign_in import told
from meterai.web.orders.access import customer_of, signed_in
from meterai.web.requests.forms import Form, FormLimits, read_form
from meterai.web.requests.request_context import RequestContext, WebRequest

PAGE = "/saya/pesan"
LINK = "/pesan/{token:str}"
ONE_CLICK = "List-Unsubscribe"
"""The field that mail programs send (RFC 8058, section 3.1), and our button for the same."""


@dataclass(frozen=True, slots=True)
class KindRow:
    """A kind of news on the page."""

    code: str
    name: str
    what: str


_ROWS = [KindRow(kind, *NEWS_KINDS[kind]) for kind in NewsKind]


@get(PAGE)
async def show_mine(request: WebRequest, context: RequestContext) -> Response[bytes]:
    """Shows what each contact of the person takes."""
    customer = await customer_of(context, request)
    if customer is None:
        return context.redirect(request, "/saya")
    theirs = await read_choices(context.service.db, customer.customer_id)
    return _page(request, context, theirs)


@post(PAGE, status_code=303)
async def save_mine(request: WebRequest, context: RequestContext) -> Response[bytes]:
    """Saves what each contact takes."""
    form = await context.form(request)
    customer = await signed_in(context, request)
    service = context.service
    theirs = await read_choices(service.db, customer.customer_id)
    ticked = {one.contact_id: _ticked(form, one) for one in theirs if _is_shown(form, one)}
    try:
        await choose_news(service.db, changes(theirs, ticked), now=service.clock())
    except Refusal as refusal:
        return _page(request, context, theirs, ticked=ticked, refusal=refusal)
    theirs = await read_choices(service.db, customer.customer_id)
    return _page(request, context, theirs, is_saved=True)


@get(LINK)
async def show_by_link(request: WebRequest, context: RequestContext, token: str) -> Response[bytes]:
    """Shows what the contact of a link takes. It changes nothing: mail programs open links, too."""
    link = _link(context, token)
    own, others = await read_choices_by_link(context.service.db, link)
    return _page(request, context, [own], link=link, others=others)


@post(LINK, status_code=200)
async def save_by_link(request: WebRequest, context: RequestContext, token: str) -> Response[bytes]:
    """Turns the kind of the message off with one click, without a cookie, or saves the form of the page.

    The link is the proof, so the form needs none.
    """
    link, service = _link(context, token), context.service
    form = await read_form(request.headers.get("content-type", ""), request.stream(), FormLimits())
    own, others = await read_choices_by_link(service.db, link)
    is_one_click = form.text(ONE_CLICK) == "One-Click"
    chosen = [(link.contact_id, link.kind, False)] if is_one_click else []
    if _is_shown(form, own):
        chosen = changes([own], {own.contact_id: _ticked(form, own)})
    try:
        await choose_news(service.db, chosen, now=service.clock())
    except Refusal as refusal:
        return _page(request, context, [own], link=link, others=others, refusal=refusal)
    own, others = await read_choices_by_link(service.db, link)
    stopped = link.kind if is_one_click else None
    return _page(request, context, [own], link=link, others=others, is_saved=True, stopped=stopped)


def _link(context: RequestContext, token: str) -> ChoiceLink:
    link = read_choice_token(context.service.secret, token)
    if link is None:
        raise Refusal(Kind.NOT_FOUND, "choice.link_unknown")
    return link


def _name(one: Choices, kind: str) -> str:
    """The name of a box: a contact has one for each kind."""
    return f"{kind}_{one.contact_id}"


def _is_shown(form: Form, one: Choices) -> bool:
    """Whether the form had boxes for a contact: it may have been added since."""
    return form.text(_name(one, "kontak")) == "1"


def _ticked(form: Form, one: Choices) -> frozenset[str]:
    return frozenset(kind for kind in NewsKind if form.text(_name(one, kind)) == "1")


def _may_stop(link: ChoiceLink, takes: Collection[str], *, is_last: bool) -> bool:
    return link.kind in takes and not (is_last and link.kind is NewsKind.ORDER)


def _page(
    request: WebRequest,
    context: RequestContext,
    theirs: Collection[Choices],
    *,
    link: ChoiceLink | None = None,
    others: Collection[Choices] = (),
    ticked: Mapping[UUID, Collection[str]] | None = None,
    is_saved: bool = False,
    stopped: NewsKind | None = None,
    refusal: Refusal | None = None,
) -> Response[bytes]:
    """`ticked`: what the form said, when it was refused. `stopped`: what one click turned off."""
    takes = {one.contact_id: one.takes for one in theirs} | dict(ticked or {})
    is_last = link is not None and not any(NewsKind.ORDER in one.takes for one in others)
    return context.page(
        request,
        "news_choices.html",
        status=http_status(refusal),
        contacts=theirs,
        takes=takes,
        kinds=_ROWS,
        link_kind=link and NEWS_KINDS[link.kind],
        may_stop=link is not None and _may_stop(link, takes[link.contact_id], is_last=is_last),
        is_last=is_last,
        is_saved=is_saved,
        stopped=stopped and NEWS_KINDS[stopped],
        private=True,
        **told(refusal),
    )


ROUTES = [show_mine, save_mine, show_by_link, save_by_link]
