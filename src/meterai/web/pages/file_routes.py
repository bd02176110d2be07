"""Files for machines at addresses that everybody knows: robots.txt and security.txt."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Final

from litestar import Response, get

from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.settings import contact_link
from meterai.texts.mechanism.languages import languages, prefix_of
from meterai.web.requests.request_context import RequestContext

SECURITY: Final = "/.well-known/security.txt"
_CLOSED_TO_ROBOTS: Final = ("/antre/", "/beli")
"""Below these, pages cost places or work. Private pages say `noindex`, which robots must be able to read."""
_VALID_FOR: Final = timedelta(days=180)
_KEPT: Final = {"Cache-Control": "public, max-age=86400"}


@get("/robots.txt")
async def show_robots() -> Response[str]:
    """Says where robots of search engines have no business."""
    closed = ["/api/", *(prefix_of(one) + path for path in _CLOSED_TO_ROBOTS for one in languages())]
    return _lines(["User-agent: *", *(f"Disallow: {path}" for path in closed)])


@get(SECURITY)
async def show_security_contact(context: RequestContext) -> Response[str]:
    """Says where to report a hole in our security (RFC 9116).

    Raises: Refusal NOT_FOUND `page.not_found`, where no contact is set.
    """
    service = context.service
    contact = contact_link(service.settings.security_contact or service.settings.contact)
    if not contact:
        raise Refusal(Kind.NOT_FOUND, "page.not_found")
    today = datetime.combine(service.clock().astimezone(UTC), time(), UTC)
    return _lines(
        [
            f"Contact: {contact}",
            f"Expires: {(today + _VALID_FOR).isoformat()}",
            f"Preferred-Languages: {', '.join(languages())}",
            f"Canonical: {service.public_url}{SECURITY}",
        ]
    )


def _lines(lines: list[str]) -> Response[str]:
    return Response("\n".join(lines) + "\n", media_type="text/plain", headers=_KEPT)


ROUTES = [show_robots, show_security_contact]
