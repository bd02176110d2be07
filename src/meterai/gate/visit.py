"""One request to the pages of one event, with what its routes need."""

from __future__ import annotations

from meterai.gate.answers import NO_STORE, PRIVATE, Answers
from meterai.gate.http.responses import respond
from meterai.gate.http.server import Request
from meterai.gate.open_event import GateSettings, OpenEvent
from meterai.gate.pages import Pages
from meterai.gate.waiting.wait_page import address_of
from meterai.texts.mechanism.languages import prefix_of


class Visit:
    """A request and its surroundings."""

    def __init__(
        self,
        request: Request,
        language: str,
        *,
        event: OpenEvent,
        settings: GateSettings,
        pages: Pages,
        answers: Answers,
    ) -> None:
        self.request = request
        self.language = language
        self.event = event
        self.pages = pages
        self.answers = answers
        self._settings = settings
        self.slug = event.published.slug

    @property
    def is_post(self) -> bool:
        """Whether a form was sent."""
        return self.request.method == b"POST"

    @property
    def prefix(self) -> str:
        """The first part of addresses in this language."""
        return prefix_of(self.language)

    @property
    def purchase(self) -> str:
        """The address at which the site begins a purchase for the event."""
        return f"{self._settings.site_url}{self.prefix}/beli?acara={self.slug}"

    @property
    def client_address(self) -> str:
        """The client's IP address: as a trusted proxy says, else the peer's."""
        forwarded = self.request.header(b"x-forwarded-for").decode("latin-1")
        return self._settings.proxies.caller(self.request.peer, forwarded)

    def page(
        self, status: int, body: bytes, *more: tuple[str, str], referrer: str = "strict-origin"
    ) -> bytes:
        """An HTML page for one person.

        Its address, which may hold a ticket, is told nobody. The site learns its origin, with the forms.
        """
        return self.answers.page(status, body, *more, language=self.language, referrer=referrer)

    def not_found(self) -> bytes:
        """The page for an address that does not exist."""
        return self.answers.notice("not_found", self.language, f"/antre/{self.slug}", 404)

    def cookie(self, ticket: str) -> tuple[str, str]:
        """The header that keeps a ticket in the browser."""
        return self.answers.cookie(self.slug, ticket, self.event.published.config.schedule.closes_at)

    def cookies(self, ticket: str, contact: str) -> list[tuple[str, str]]:
        """The headers that keep a ticket in the browser, and the contact if it was typed there."""
        if not contact:
            return [self.cookie(ticket)]
        until = self.event.published.config.schedule.closes_at
        return [self.cookie(ticket), self.answers.contact_cookie(self.slug, contact, until)]

    def redirect(self, location: str, *more: tuple[str, str]) -> bytes:
        """303 to another page."""
        return respond(303, b"", (("location", location), *more, *NO_STORE))

    def redirect_to_ticket(self, ticket: str, *more: tuple[str, str]) -> bytes:
        """303 to the wait page of a ticket."""
        return self.redirect(address_of(self.slug, ticket, self.language), *more, PRIVATE)
