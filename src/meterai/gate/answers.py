"""Answers that all events share: pages with their headers, cookies, notices, scripts and pictures."""

from __future__ import annotations

import time
from urllib.parse import quote

from meterai.gate.http.responses import Headers, lines_of, respond
from meterai.gate.http.safety_headers import safety_headers
from meterai.gate.open_event import GateSettings
from meterai.gate.pages import Pages
from meterai.kit.http.host_cookies import PREFIX
from meterai.texts.mechanism.languages import prefix_of
from meterai.texts.mechanism.translation import translate
from meterai.texts.queue.gate import HEADLINES, TEXTS
from meterai.waiting_room.rules.tickets import contact_cookie, ticket_cookie

NO_STORE = (("cache-control", "no-store"),)
PRIVATE = ("referrer-policy", "no-referrer")
_HTML = ("content-type", "text/html; charset=utf-8")
_KEPT_AFTER_S = 14 * 86_400


class Answers:
    """Makes the answers of one gate."""

    def __init__(self, settings: GateSettings, pages: Pages) -> None:
        self._settings = settings
        self._pages = pages
        self.is_secure = settings.gate_url.startswith("https:")
        self.safety: tuple[tuple[str, str], ...] = safety_headers(
            settings.site_url,
            style_hash=pages.style_hash,
            script_hashes=pages.script_hashes,
            tls=self.is_secure,
            hsts=settings.hsts,
        )
        self._page_lines: dict[tuple[str, str], str] = {}
        self._assets = {
            name: self._asset(kind, content, "max-age=31536000, immutable")
            for name, (kind, content) in pages.assets.items()
        }

    @property
    def assets(self) -> dict[bytes, bytes]:
        """The answers with scripts and pictures, and with the word for robots, by address."""
        robots = self._asset("text/plain", b"User-agent: *\nDisallow: /\n", "max-age=86400")
        return {name.encode(): answer for name, answer in self._assets.items()} | {b"/robots.txt": robots}

    def asset(self, address: str) -> bytes | None:
        """A script or picture; None when there is none of this name.

        A page of another release gets the present content, for a minute only.
        """
        if known := self._assets.get(address):
            return known
        other = self._pages.asset_of_another_release(address)
        return self._asset(*other, "max-age=60") if other else None

    def page(self, status: int, body: bytes, *more: tuple[str, str], language: str, referrer: str) -> bytes:
        """An HTML page for one person. `referrer`: the referrer policy. `more`: further headers."""
        lines = self._page_lines.get((language, referrer))
        if lines is None:
            headers = (
                _HTML,
                ("content-language", language),
                *NO_STORE,
                *self.safety,
                ("referrer-policy", referrer),
            )
            lines = self._page_lines[language, referrer] = lines_of(headers)
        return respond(status, body, more, always=lines)

    def notice(
        self,
        name: str,
        language: str,
        path: str,
        status: int,
        *,
        problem: str = "",
        ticket: str = "",
        help_code: str = "",
        **facts: str,
    ) -> bytes:
        """A page that says one thing (`HEADLINES` and `TEXTS` in `texts/queue/gate.py`).

        `problem`: what is wrong with the form that was sent; `ticket`: the ticket typed there. `help_code`:
        finds a fault in the log. `facts`: values for the text.
        """
        body = self._pages.render(
            "notice.html",
            language,
            path=path,
            headline=translate(HEADLINES[name], language),
            text=translate(TEXTS[name], language).format(**facts),
            problem=problem,
            ticket=ticket,
            help_code=help_code,
            resume=name == "closed",
            path_here=path,
            next_link=self._settings.site_url + (prefix_of(language) or "/"),
            next_text=translate(TEXTS["to_site"], language),
        )
        return respond(status, body, (_HTML, *NO_STORE, *self.safety, PRIVATE))

    def cookie(self, slug: str, ticket: str, until: int) -> tuple[str, str]:
        """A header that keeps the ticket in the browser until two weeks after closing; the site reads it too.

        An operator may move the closing by days, and people need not visit the gate meanwhile.
        """
        return self._cookie(ticket_cookie(slug), ticket, _age(until))

    def contact_cookie(self, slug: str, contact: str, until: int) -> tuple[str, str]:
        """A header that keeps the contact in the browser in which it was typed, as long as the ticket."""
        return self._cookie(contact_cookie(slug), quote(contact, safe="@+"), _age(until))

    def no_cookie(self, slug: str) -> list[tuple[str, str]]:
        """The headers that make the browser forget its ticket, under its old name too."""
        header, gone = self._cookie(ticket_cookie(slug), "", 0)
        return [(header, gone), (header, gone.removeprefix(PREFIX))] if self.is_secure else [(header, gone)]

    def _cookie(self, name: str, text: str, age: int) -> tuple[str, str]:
        prefix, secure = (PREFIX, "; Secure") if self.is_secure else ("", "")
        value = f"{prefix}{name}={text}; Path=/; Max-Age={age}; HttpOnly; SameSite=Lax{secure}"
        return ("set-cookie", value)

    def _asset(self, kind: str, content: bytes, kept: str) -> bytes:
        headers: Headers = (("content-type", kind), ("cache-control", f"public, {kept}"), *self.safety)
        return respond(200, content, headers)


def _age(closes_at: int) -> int:
    """How long a browser keeps the cookies of a line, in seconds."""
    return _KEPT_AFTER_S + max(0, closes_at - int(time.time()))
