"""The fields of the gate's forms, and the ticket in a cookie."""

from __future__ import annotations

import re
from urllib.parse import unquote, unquote_plus

import msgspec

from meterai.gate.http.server import Request
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.formats.pasted_text import seen
from meterai.waiting_room.files.join_notes import NAME_LENGTH_MAX
from meterai.waiting_room.rules.tickets import (
    TEXT_LENGTH,
    Ticket,
    contact_cookie,
    entered_cookie,
    text_in,
    ticket_cookie,
)

_TICKET = re.compile(rf"[A-Za-z0-9_-]{{{TEXT_LENGTH}}}")


class Form(msgspec.Struct, frozen=True):
    """The fields of a form, empty where they were not sent."""

    contact: str
    solution: str
    wait: str
    ticket: str
    name: str = ""
    """The name for the certificate of attempt; empty: none."""
    asked: str = ""
    """The contact that the page has asked about."""


def read_form(request: Request) -> Form:
    """The fields of a form that came from our own page.

    Raises: Refusal FORBIDDEN `form.foreign`.
    """
    refuse_foreign(request)
    fields = _fields(request.body)
    return Form(
        fields.get("kontak", "").strip(),
        fields.get("altcha", ""),
        fields.get("tunggu", ""),
        fields.get("tiket", ""),
        _name_in(fields.get("nama", "")),
        fields.get("ditanya", ""),
    )


def _name_in(typed: str) -> str:
    """A name in one line, without signs that nobody sees."""
    letters = "".join(letter for letter in " ".join(seen(typed).split()) if letter.isprintable())
    return letters[:NAME_LENGTH_MAX].strip()


def typed_contact(request: Request, slug: str) -> str:
    """The contact that was typed in this browser, as its cookie keeps it; empty: none."""
    return next((unquote(value) for value in _cookies(request, contact_cookie(slug))), "")


def asks_for_page(request: Request) -> bool:
    """Whether the form's page can show the wait page as the answer (docs/decisions/0022)."""
    return b"langsung=1" in request.body


def _fields(body: bytes) -> dict[str, str]:
    """Reads application/x-www-form-urlencoded: at most twenty fields, the first of each name."""
    fields: dict[str, str] = {}
    for pair in body.decode("utf-8", "replace").split("&", 20)[:20]:
        name, _, value = pair.partition("=")
        fields.setdefault(name, unquote_plus(value) if "%" in value or "+" in value else value)
    return fields


def refuse_foreign(request: Request) -> None:
    """Refuses a form from another site's page, by Fetch Metadata, else by `Origin` (RFC 6454).

    Raises: Refusal FORBIDDEN `form.foreign`.
    """
    site = request.header(b"sec-fetch-site")
    origin = request.header(b"origin")
    foreign = site not in (b"", b"same-origin", b"none")
    if not site and origin and origin != b"null":
        foreign = origin.partition(b"://")[2] != request.header(b"host")
    if foreign:
        raise Refusal(Kind.FORBIDDEN, "form.foreign")


def typed_ticket(request: Request) -> str:
    """The ticket in a text that somebody typed or pasted.

    Raises: Refusal `form.foreign`; INVALID `ticket.unreadable`.
    """
    refuse_foreign(request)
    return text_in(_fields(request.body).get("tiket", ""))


def cookie_ticket(request: Request, slug: str) -> str:
    """The ticket in the browser's cookie; empty when there is none that looks like a ticket."""
    return next((value for value in _cookies(request, ticket_cookie(slug)) if _TICKET.fullmatch(value)), "")


def has_entered(request: Request, slug: str, ticket: Ticket) -> bool:
    """Whether the site has let this browser in with the ticket's contact. It proves nothing."""
    return ticket.id.hex() in _cookies(request, entered_cookie(slug))


def _cookies(request: Request, name: str) -> list[str]:
    """The values of the cookies of this name."""
    pairs = (part.strip().partition("=") for part in request.header(b"cookie").decode("latin-1").split(";"))
    return [value for found, _, value in pairs if found == name]
