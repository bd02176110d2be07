"""The routes below `/antre/<slug>`: which function answers which address."""

from __future__ import annotations

from meterai.gate.answers import NO_STORE, PRIVATE
from meterai.gate.http.published_files import send_document
from meterai.gate.http.responses import respond
from meterai.gate.joining.join_routes import join, make_challenge, show_form
from meterai.gate.visit import Visit
from meterai.gate.waiting.ticket_routes import note_ready, show_wait_page, take_typed_ticket
from meterai.texts.mechanism.languages import SOURCE

_ADDRESS_MAX = 2_000
"""Longest address in a `location` header. When the head of an answer is longer than nginx's buffer, nginx
takes the gate for dead and sends everybody to other gates."""


def answer(visit: Visit, parts: list[str]) -> bytes | None:
    """The answer to a request. `parts`: of its path, after the event's slug. None: it comes later."""
    path, mark, query = visit.request.target.partition(b"?")
    match parts:
        case [] | ["t", _] if path.endswith(b"/") and not visit.is_post:
            return _redirect_without_slash(visit, path.decode("latin-1"), (mark + query).decode("latin-1"))
        case []:
            return join(visit) if visit.is_post else show_form(visit)
        case ["t", text] if not visit.is_post:
            return show_wait_page(visit, text)
        case ["t", text, "siap"] if visit.is_post:
            return note_ready(visit, text)
        case ["tiket"] if visit.is_post:
            return take_typed_ticket(visit)
        case ["tantangan"] if not visit.is_post:
            return make_challenge(visit)
        case ["tiket" | "kode"]:  # a phone loads a form's answer again after it had closed the tab
            return visit.redirect(f"{visit.prefix}/antre/{visit.slug}")
        case ["d", *name] if not visit.is_post and visit.language == SOURCE:  # documents have one address
            folder = visit.event.published.folder
            return send_document(visit.request, folder, "/".join(name), visit.answers.safety)
    return visit.not_found()


def _redirect_without_slash(visit: Visit, path: str, query: str) -> bytes:
    """301 to the address without a slash at its end: the page's script asks for addresses beside its own."""
    address = "/" + path.strip("/") + query
    if len(address) > _ADDRESS_MAX:
        return visit.not_found()
    return respond(301, b"", (("location", address), *NO_STORE, PRIVATE))
