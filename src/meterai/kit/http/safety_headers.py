"""Headers for the safety of visitors, which every answer of the site carries."""

from __future__ import annotations

from meterai.kit.http.strict_transport import STRICT_TRANSPORT, Reach

type Headers = list[tuple[bytes, bytes]]

CONTENT_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)


CODE_READER_POLICY = CONTENT_POLICY.replace("script-src 'self';", "script-src 'self' 'wasm-unsafe-eval';")
"""For the page that reads 2-D codes, the only one on which WebAssembly may run."""


def safety_headers(
    *, tls: bool, hsts: Reach = "host", reads_codes: bool = False, forms_lead_to: str = ""
) -> Headers:
    """Makes the headers that every answer carries. HSTS only when we speak TLS (RFC 6797 section 7.2).

    - `hsts`: for which hosts.
    - `reads_codes`: for the page that may use the camera and WebAssembly.
    - `forms_lead_to`: another origin to which the answer to a form may redirect. Browsers check that like the
      form's own address (CSP 3 section 6.4.2).
    """
    camera = b"(self)" if reads_codes else b"()"
    policy = CODE_READER_POLICY if reads_codes else CONTENT_POLICY
    if forms_lead_to:
        policy = policy.replace("form-action 'self'", f"form-action 'self' {forms_lead_to}")
    headers = [
        (b"content-security-policy", policy.encode()),
        (b"x-content-type-options", b"nosniff"),
        (b"x-frame-options", b"DENY"),
        (b"referrer-policy", b"no-referrer"),
        (b"cross-origin-opener-policy", b"same-origin"),
        (b"cross-origin-resource-policy", b"same-origin"),
        (
            b"permissions-policy",
            b"camera=%s, microphone=(), geolocation=(), payment=(), usb=()" % camera,
        ),
    ]
    if tls:
        headers.append((b"strict-transport-security", STRICT_TRANSPORT[hsts].encode()))
    return headers
