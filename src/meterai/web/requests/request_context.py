"""What every route works with: pages, guarded forms, cookies, refusals as pages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from litestar import Request, Response
from litestar.datastructures import Cookie

from meterai.bootstrap import App
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.http.status import http_status
from meterai.sales.events import Event
from meterai.stamping.placement import Placement
from meterai.stamping.queries import DocumentPage
from meterai.stamping.use_cases.propose_place import propose_place
from meterai.web.line.queues import Queues
from meterai.web.pages.messages import text_of
from meterai.web.pages.service_parts import Parts
from meterai.web.pages.templates import Pages
from meterai.web.requests import csrf
from meterai.web.requests.forms import Form, FormLimits, read_form
from meterai.web.requests.visits import Visit, visit_of

VISITOR_COOKIE = "kunjungan"
SESSION_COOKIE = "masuk"
STRAIGHT_FIELD = "langsung"
"""A field that the script of a page adds to its forms: the answer may be the page that follows
(decision 0022)."""
HTML = "text/html"
YEAR_SECONDS = 365 * 24 * 3600

type WebRequest = Request[Any, Any, Any]

_BEGINNINGS = ("/beli", "/kuota")
"""Where a purchase begins."""
_COME_FROM = "sec-fetch-site"
"""Whose page a request comes from, as browsers tell (W3C Fetch Metadata); no page can set it."""


@dataclass(frozen=True, slots=True)
class RequestContext:
    """The counter of the site; one for the whole process."""

    service: App
    pages: Pages
    tls: bool
    events: Mapping[str, Event]
    known_events: Mapping[str, Event]
    """And those that are offered no more: who stood in line at their closing asks for the certificate."""
    queues: Queues
    parts: Parts

    def open_events(self) -> list[Event]:
        """Those that take applications now."""
        now = self.service.clock()
        return [event for event in self.events.values() if event.is_open(now)]

    def page(
        self,
        request: WebRequest,
        template: str,
        *,
        status: int = 200,
        cookies: Iterable[Cookie] = (),
        headers: dict[str, str] | None = None,
        is_kept: bool = True,
        **values: Any,
    ) -> Response[bytes]:
        """A page. Its forms carry a proof bound to the visitor's cookie, which is set when missing.

        `is_kept`: as the answer to a form, it is loaded again, and come back to, under the address of a page.
        Not one that says what was found in what was sent.
        """
        visit = visit_of(request.scope)
        if request.method == "POST":
            above = visit.page or request.app.state.addresses.page_above(visit.path)
            visit.page = above if above != visit.path else ""
            visit.is_moved = is_kept and bool(above)
        kept = list(cookies)
        visitor = request.cookies.get(VISITOR_COOKIE, "")
        if not visitor:
            visitor = csrf.new_visitor()
            kept.append(self.cookie(VISITOR_COOKIE, visitor))
        proof = csrf.make_proof(self.service.secret, visitor)
        body = self.pages.render(visit, template, proof=proof, **values)
        return Response(body, status_code=status, media_type=HTML, cookies=kept, headers=headers or {})

    def refusal(self, request: WebRequest, refusal: Refusal, *, back: str = "") -> Response[bytes]:
        """The page of a refusal: what happened, the next step, the help code.

        Only where a purchase begins it says that no money has come: elsewhere what was refused knows of none,
        and an order of whoever reads it may be paid.
        """
        visit = visit_of(request.scope)
        text = text_of(refusal.code, visit.language, refusal.facts)
        if text.money_kind == "still" and visit.path not in _BEGINNINGS:
            text = replace(text, money_kind="", money="")
        status = http_status(refusal)
        headers = {"Retry-After": "30"} if status in (429, 503) else None
        return self.page(
            request,
            "error.html",
            status=status,
            headers=headers,
            is_kept=False,  # what was sent and not read can be sent again
            text=text,
            back=back,
            private=True,
        )

    def go(self, request: WebRequest, path: str, *, cookies: Iterable[Cookie] = ()) -> Response[bytes]:
        """A redirect (303) to one of our pages, in the visitor's language."""
        target = visit_of(request.scope).link(path)
        return Response(
            b"", status_code=303, headers={"Location": target}, cookies=list(cookies), media_type=HTML
        )

    async def form(self, request: WebRequest, limits: FormLimits = FormLimits()) -> Form:
        """The form that was sent, proven to come from a page of ours: the browser says so, or the proof
        was made for this very visitor. Two windows opened at the same moment, without a cookie yet,
        hold proofs for two visitors, of whom the browser keeps one.

        Raises: Refusal `form.stale` when it was not, `form.no_cookie` when the visitor's cookie did not come
        along, and what `read_form` raises.
        """
        form = await read_form(request.headers.get("content-type", ""), request.stream(), limits)
        visitor = request.cookies.get(VISITOR_COOKIE, "")
        if not visitor:
            raise Refusal(Kind.FORBIDDEN, "form.no_cookie")
        is_ours = request.headers.get(_COME_FROM) == "same-origin"
        if not is_ours and (
            _crossed(request) or not csrf.is_proof(self.service.secret, visitor, form.text(csrf.FIELD))
        ):
            raise Refusal(Kind.FORBIDDEN, "form.stale")
        note_straight(request, form)
        return form

    async def free_place(
        self, document: DocumentPage, page: int, taken: Sequence[Placement]
    ) -> Placement | None:
        """A place for a stamp that covers neither text nor the stamps given; None when there is none."""
        return await propose_place(self.service.jail, self.service.objects, document, page, taken)

    def cookie(self, name: str, value: str, *, max_age: int | None = None) -> Cookie:
        """A cookie that scripts can't read and other sites can't send along."""
        return Cookie(
            key=name, value=value, path="/", httponly=True, secure=self.tls, samesite="lax", max_age=max_age
        )

    def visit(self, request: WebRequest) -> Visit:
        """Language and address of this request."""
        return visit_of(request.scope)


def note_straight(request: WebRequest, form: Form) -> None:
    """Notes whether the answer to a form may be the page that follows.

    Not when another site's page sent it: then it came without our cookies, which the next page may need.
    """
    visit_of(request.scope).is_straight = form.text(STRAIGHT_FIELD) == "1" and not _crossed(request)


def is_sent_from_here(request: WebRequest) -> bool:
    """Whether a page of ours, or of the gate beside us, sent this form, so that our cookies came along. Old
    browsers say no more than the page's origin (RFC 6454)."""
    come_from = request.headers.get(_COME_FROM)
    if come_from:
        return come_from in ("same-origin", "same-site")
    return request.headers.get("origin", "").partition("://")[2] == request.headers.get("host")


def _crossed(request: WebRequest) -> bool:
    return request.headers.get(_COME_FROM) == "cross-site"
