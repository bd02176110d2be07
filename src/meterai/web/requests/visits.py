"""What is known of a request before any route sees it: language, address, help code."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote
from uuid import UUID

from meterai.kernel.ids import new_help_code
from meterai.texts.mechanism.languages import prefix_of

_SCOPE_KEY = "meterai.visit"


@dataclass(slots=True)
class Visit:
    """One request. `path` has no language prefix."""

    language: str
    path: str
    query: str
    _help_code: str = ""
    page: str = ""
    """The address at which a page that answers a form is found again, if it is not the form's own."""
    takes_next_page: bool = False
    """The form came from a page whose script can show the next page as its answer."""
    is_form_answer: bool = False
    """The page answers a form. The browser shows the form's address until the page's script corrects it."""
    is_after_form: bool = False
    """No browser made this request: we make the page that follows a form, as its answer."""
    has_failed: bool = False
    """That page could not be made. The browser goes there itself and gets the reason."""
    fields: dict[str, str] = field(default_factory=dict)
    """The fields of the form that was sent, once it was read. They may be sent again (`WorkAsked`)."""
    acts_for: str = ""
    """The organisation for which the person acts, on pages that show or change what is its own."""
    at_hand: dict[UUID, object] = field(default_factory=dict)
    """What a form's handler has just written or read, by id. The page after the form need not look it up."""

    def known[Found](self, id: UUID, kind: type[Found]) -> Found | None:
        """What is at hand under an id, if it is of this kind."""
        found = self.at_hand.get(id)
        return found if isinstance(found, kind) else None

    @property
    def help_code(self) -> str:
        """Finds this request's lines in the logs. It is made when it is first needed, which is rare."""
        if not self._help_code:
            self._help_code = new_help_code()
        return self._help_code

    @property
    def is_purchase(self) -> bool:
        """Tells whether this is a page of an order that was begun."""
        return self.path.startswith("/pesanan/")

    def link(self, path: str, language: str | None = None) -> str:
        """The address of one of our pages, in the language of this visit or the one given."""
        return localise(path, language or self.language)

    def here(self, language: str) -> str:
        """The address of this page in `language`."""
        if self.page:
            return self.link(self.page, language)
        return self.link(quote(self.path), language) + (f"?{self.query}" if self.query else "")


def localise(path: str, language: str) -> str:
    """`/harga` -> `/harga` in Indonesian, `/en/harga` in English."""
    if not path.startswith("/"):
        return path
    prefix = prefix_of(language)
    return prefix if prefix and path == "/" else f"{prefix}{path}"


def attach(scope: Any, visit: Visit) -> None:
    """Stores the visit with the request."""
    scope[_SCOPE_KEY] = visit


def visit_of(scope: Any) -> Visit:
    """Returns the visit that `SiteMiddleware` attached to this ASGI scope."""
    visit = scope[_SCOPE_KEY]
    assert isinstance(visit, Visit)
    return visit
