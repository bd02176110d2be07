"""What routes work with: pages, forms that are checked, cookies, refusals as pages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec
from litestar import Request, Response
from litestar.datastructures import Cookie

from meterai.bootstrap import App
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.formats.display import wait_text
from meterai.kit.http.network_limits import NetworkLimits
from meterai.kit.http.status import http_status
from meterai.kit.http.work_demand import WorkNeeded
from meterai.operations.service_status import ServiceStatus
from meterai.sales.events import Event
from meterai.stamping.placement import Placement
from meterai.stamping.queries import DocumentPage
from meterai.stamping.use_cases.propose_place import propose_place
from meterai.texts.told import text_of
from meterai.web.account.code_work import CodeWork
from meterai.web.line.queues import Queues
from meterai.web.pages.offers import Offers
from meterai.web.pages.templates import Pages
from meterai.web.requests import csrf
from meterai.web.requests.form_origin import is_from_elsewhere, is_from_our_page
from meterai.web.requests.forms import Form, FormLimits, read_form
from meterai.web.requests.visits import Visit, visit_of

VISITOR_COOKIE = "kunjungan"
SESSION_COOKIE = "masuk"
ACTING_COOKIE = "untuk"
"""For which organisation a member acts (`web/account/acting.py`)."""
INVITATION_COOKIE = "undangan"
"""The token of an invitation to act for an organisation, until it is accepted."""
MARK_COOKIE = "terbukti"
"""By which a browser is known that has proved a contact, also after its session. The database has its row."""
NEXT_PAGE_FIELD = "langsung"
"""A field that the script of a page adds to its forms: the answer may be the next page (decision 0022)."""
HTML = "text/html"
YEAR_SECONDS = 365 * 24 * 3600

type WebRequest = Request[Any, Any, Any]

_WORK_FIELDS = ("altcha", "tunggu")
_BEGINNINGS = ("/beli", "/kuota")
"""The addresses at which a purchase begins."""
_SENT_BY = "x-sent-by"
"""What `upload.js` says of itself."""


@dataclass(frozen=True, slots=True)
class RequestContext:
    """What the routes of the site share. There is one in each process."""

    service: App
    pages: Pages
    tls: bool
    offers: Offers
    queues: Queues
    status: ServiceStatus
    code_work: CodeWork
    case_limits: NetworkLimits
    """How many complaints, and looks at them, a network may send."""

    @property
    def events(self) -> Mapping[str, Event]:
        """The events on offer."""
        return self.offers.events

    @property
    def known_events(self) -> Mapping[str, Event]:
        """Events on offer and those that ended: people who were in line can ask for a certificate."""
        return self.offers.known_events

    def open_events(self) -> list[Event]:
        """The events that take applications now."""
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
        """Renders a page. Its forms carry a proof for the visitor's cookie, which is set when missing.

        `is_kept`: the answer to a form gets the address of a page, under which the browser can load it again.
        Not for results of what was sent, which that address does not show.
        """
        visit = visit_of(request.scope)
        if request.method == "POST":
            above = visit.page or request.app.state.addresses.page_above(visit.path)
            visit.page = above if above != visit.path else ""
            visit.is_form_answer = is_kept and bool(above)
        kept = list(cookies)
        visitor = request.cookies.get(VISITOR_COOKIE, "")
        if not visitor:
            visitor = csrf.new_visitor()
            kept.append(self.cookie(VISITOR_COOKIE, visitor))
        proof = csrf.make_proof(self.service.secret, visitor, session=_session_after(request, kept))
        body = self.pages.render(visit, template, proof=proof, **values)
        return Response(body, status_code=status, media_type=HTML, cookies=kept, headers=headers or {})

    def refusal(self, request: WebRequest, refusal: Refusal, *, back: str = "") -> Response[bytes]:
        """Renders the page of a refusal: what happened, the next step, the help code.

        It says that no money has come only at the beginning of a purchase. Elsewhere the visitor may have
        paid an order that the refusal knows nothing of.
        """
        visit = visit_of(request.scope)
        text = text_of(refusal.code, visit.language, refusal.facts)
        if text.money_kind == "still" and visit.path not in _BEGINNINGS:
            text = replace(text, money_kind="", money="")
        status = http_status(refusal)
        wait_s = str(refusal.facts.get("retry_after_s", 30))
        headers = {"Retry-After": wait_s} if status in (429, 503) else None
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

    def redirect(
        self, request: WebRequest, path: str, *, cookies: Iterable[Cookie] = (), stays: str = ""
    ) -> Response[bytes]:
        """Makes a redirect (303) to one of our pages, in the visitor's language.

        `stays`: the page that shows what an upload brought so far, for the script that sends the others.
        """
        visit = visit_of(request.scope)
        return see_other(request, visit.link(path), cookies=cookies, stays=stays and visit.link(stays))

    def work_page(self, request: WebRequest, needed: WorkNeeded) -> Response[bytes]:
        """Renders the page whose script does the work that a form needs, and sends the form again.

        Without a script people send it when the wait is over.
        """
        visit = visit_of(request.scope)
        kept = {name: value for name, value in visit.fields.items() if name not in _WORK_FIELDS}
        return self.page(
            request,
            "work.html",
            status=http_status(needed),
            is_kept=False,  # what was sent can be sent again
            fields=kept | {"tunggu": needed.wait},
            challenge=needed.challenge,
            wait=wait_text(needed.seconds, visit.language),
            action=visit.link(visit.path),
            private=True,
        )

    async def form(self, request: WebRequest, limits: FormLimits = FormLimits()) -> Form:
        """Reads the form of a request, and checks that it comes from one of our pages.

        Either the browser says so, or the form's proof was made for this visitor in this session. Two windows
        that were opened at the same moment, without a cookie, hold proofs for two visitors; the browser keeps
        the cookie of one.

        Raises: Refusal `form.stale` when it comes from elsewhere; `form.no_cookie` when the visitor's cookie
        is missing; what `read_form` raises.
        """
        form = await read_form(request.headers.get("content-type", ""), request.stream(), limits)
        visitor = request.cookies.get(VISITOR_COOKIE, "")
        if not visitor:
            raise Refusal(Kind.FORBIDDEN, "form.no_cookie")
        if is_from_elsewhere(request, tls=self.tls):
            raise Refusal(Kind.FORBIDDEN, "form.stale")
        session, proof = request.cookies.get(SESSION_COOKIE, ""), form.text(csrf.FIELD)
        if not is_from_our_page(request) and not csrf.is_proof(
            self.service.secret, visitor, session=session, proof=proof
        ):
            raise Refusal(Kind.FORBIDDEN, "form.stale")
        note_next_page(request, form)
        visit_of(request.scope).fields = form.fields
        return form

    async def free_place(
        self, document: DocumentPage, page: int, taken: Sequence[Placement]
    ) -> Placement | None:
        """Finds a place for a stamp that covers neither text nor other stamps. None when there is none."""
        return await propose_place(self.service.jail, self.service.objects, document, page, taken)

    def cookie(self, name: str, value: str, *, max_age: int | None = None) -> Cookie:
        """Makes a cookie that scripts can't read and other sites can't send along."""
        return Cookie(
            key=name, value=value, path="/", httponly=True, secure=self.tls, samesite="lax", max_age=max_age
        )

    def visit(self, request: WebRequest) -> Visit:
        """The language and address of a request."""
        return visit_of(request.scope)


def see_other(
    request: WebRequest, target: str, *, cookies: Iterable[Cookie] = (), stays: str = ""
) -> Response[bytes]:
    """Makes a redirect (303). A script that sent an upload gets the address instead: it goes there itself.

    Browsers would follow a redirect for it, load the page twice, and refuse one that leads to the gates.
    """
    if request.method == "POST" and request.headers.get(_SENT_BY) == "script":
        body = msgspec.json.encode({"next": target, "stays": stays})
        return Response(body, status_code=200, cookies=list(cookies), media_type="application/json")
    return Response(
        b"", status_code=303, headers={"Location": target}, cookies=list(cookies), media_type=HTML
    )


def address_of(request: WebRequest) -> str:
    """The address from which a visitor comes; empty when the server does not know it."""
    return request.client.host if request.client else ""


def note_next_page(request: WebRequest, form: Form) -> None:
    """Notes whether the answer to a form may be the page that follows.

    Only for forms of our own pages, which come with our cookies: the next page may need them.
    """
    visit_of(request.scope).takes_next_page = form.text(NEXT_PAGE_FIELD) == "1"


def _session_after(request: WebRequest, cookies: Iterable[Cookie]) -> str:
    """The session that the browser has once it has taken these cookies; empty: none."""
    before = request.cookies.get(SESSION_COOKIE, "")
    return next((cookie.value or "" for cookie in cookies if cookie.key == SESSION_COOKIE), before)
