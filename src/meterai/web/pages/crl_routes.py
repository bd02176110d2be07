"""The CRLs of development's authority, at the addresses that its certificates name."""

from __future__ import annotations

from typing import Final

from litestar import Response, get

from meterai.kernel.refusals import Kind, Refusal
from meterai.web.requests.request_context import RequestContext

_TYPE: Final = "application/pkix-crl"
"""RFC 2585 section 4.2."""


@get("/pki/{name:str}")
async def show_crl(name: str, context: RequestContext) -> Response[bytes]:
    """Answers adapters and readers of PDF that ask whether a certificate was revoked.

    Raises: Refusal NOT_FOUND `page.not_found`, in production for every name.
    """
    try:
        found = await context.service.crls.crl(name)
    except Refusal as refusal:
        if refusal.kind is not Kind.UNAVAILABLE:
            raise
        return Response(b"", status_code=503, media_type=_TYPE, headers={"Retry-After": "5"})
    return Response(found, media_type=_TYPE)


ROUTES = [show_crl]
