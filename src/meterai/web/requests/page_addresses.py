"""Finds the page that stands at, or above, an address of the site."""

from __future__ import annotations

from collections.abc import Callable, Collection

from litestar import Litestar
from litestar.exceptions import HTTPException


class PageAddresses:
    """The addresses that answer GET. `events` gives the slugs that have a page for people in line."""

    def __init__(self, litestar: Litestar, events: Callable[[], Collection[str]]) -> None:
        self._router = litestar.asgi_router
        self._events = events

    def has_page(self, path: str) -> bool:
        """Tells whether there is a page at `path`, an address without language prefix."""
        try:
            _, _, _, parameters, _ = self._router.handle_routing(path=path, method="GET")
        except HTTPException:
            return False
        return "slug" not in parameters or parameters["slug"] in self._events()

    def page_above(self, path: str) -> str:
        """The page at `path`, or the nearest above it; empty when there is none.

        A form's address belongs to this page.
        """
        while path and not self.has_page(path):
            path = path.rpartition("/")[0]
        return path
