"""Which addresses a webhook may have. What its name points to is checked at each delivery."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit

from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.http.outer_addresses import is_outer

_PORTS_FREE_FROM = 1_024


def check_url(url: str, *, is_production: bool) -> str:
    """Returns a URL that messages may go to. Raises: Refusal INVALID `webhook.url`."""
    try:
        parts = urlsplit(url)
        port, host = parts.port, parts.hostname or ""
    except ValueError:
        raise _refused() from None
    schemes = ("https",) if is_production else ("https", "http")
    is_plain = url.isascii() and url.isprintable() and " " not in url
    has_port = port is None or port in (80, 443) or port >= _PORTS_FREE_FROM
    if parts.scheme not in schemes or not host or "@" in parts.netloc or parts.fragment:
        raise _refused()
    if not is_plain or not has_port or (is_production and _is_inner(host)):
        raise _refused()
    return url


def _is_inner(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
    return not is_outer(host)


def _refused() -> Refusal:
    return Refusal(Kind.INVALID, "webhook.url")
