"""The safety headers of all answers of the gate. The site's are in `web/requests/safety_headers.py`."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

from meterai.kit.http.strict_transport import STRICT_TRANSPORT, Reach

type Headers = tuple[tuple[str, str], ...]


def safety_headers(
    site_url: str, *, style_hash: str, script_hashes: Sequence[str], tls: bool, hsts: Reach = "host"
) -> Headers:
    """The headers. Pages may send forms to the gate and to the site, and reach nothing else.

    `style_hash`, `script_hashes`: hashes of the style and the scripts inside the pages (CSP level 3,
    `sha256-...`). `tls`: people reach the gate by https, so HSTS is added (RFC 6797 section 7.2),
    for the hosts of `hsts`.
    """
    parts = urlsplit(site_url)
    scripts = " ".join(f"'{one}'" for one in script_hashes)
    policy = (
        f"default-src 'none'; script-src 'self' {scripts}; worker-src 'self'; "
        f"style-src '{style_hash}'; img-src 'self' data:; connect-src 'self'; "
        f"form-action 'self' {parts.scheme}://{parts.netloc}; frame-ancestors 'none'; base-uri 'none'"
    )
    headers = [
        ("content-security-policy", policy),
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        ("permissions-policy", "camera=(), microphone=(), geolocation=(), payment=(), usb=()"),
    ]
    if tls:
        headers.append(("strict-transport-security", STRICT_TRANSPORT[hsts]))
    return tuple(headers)
