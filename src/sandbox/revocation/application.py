"""Revocation data over HTTP: GET /root.crl, GET /intermediate.crl, POST /ocsp (RFC 6960 appendix A).

The same below /pki, where certificates name addresses of the site.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import msgspec
from aiohttp import web

from sandbox.page import both
from sandbox.revocation.authority import RevocationAuthority, Revoked
from sandbox.serving import page, start

_QUERY_BYTES_MAX = 4096


class RevocationFaults(msgspec.Struct, forbid_unknown_fields=True):
    """What may go wrong, by POST /_script. `_next` counts requests and runs down."""

    fails_next: int = 0  # 503
    garbled_next: int = 0  # no DER


class _Service:
    def __init__(self, authority: RevocationAuthority) -> None:
        self._authority = authority
        self._faults = RevocationFaults()
        self._answered = {"root.crl": 0, "intermediate.crl": 0, "ocsp": 0}

    async def crl(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        if name not in ("root", "intermediate"):
            raise web.HTTPNotFound
        return self._answer(f"{name}.crl", "application/pkix-crl", self._authority.crl(name))

    async def ocsp(self, request: web.Request) -> web.Response:
        if request.content_type != "application/ocsp-request":
            raise web.HTTPUnsupportedMediaType
        query = await request.content.read(_QUERY_BYTES_MAX)
        return self._answer("ocsp", "application/ocsp-response", self._authority.respond(query))

    def _answer(self, name: str, content_type: str, body: bytes) -> web.Response:
        if self._faults.fails_next > 0:
            self._faults.fails_next -= 1
            raise web.HTTPServiceUnavailable
        if self._faults.garbled_next > 0:
            self._faults.garbled_next -= 1
            body = b"<html>Maintenance</html>"
        self._answered[name] += 1
        return web.Response(body=body, content_type=content_type)

    async def revoke(self, request: web.Request) -> web.Response:
        try:
            self._authority.revoke(msgspec.json.decode(await request.read(), type=Revoked))
        except ValueError as error:
            return web.json_response({"error": str(error)}, status=400)
        return web.json_response({"status": "revoked"})

    async def script(self, request: web.Request) -> web.Response:
        try:
            self._faults = msgspec.json.decode(await request.read() or b"{}", type=RevocationFaults)
        except msgspec.DecodeError as error:
            return web.json_response({"error": str(error)}, status=400)
        return web.json_response(msgspec.to_builtins(self._faults))

    async def counts(self, _: web.Request) -> web.Response:
        return web.json_response(self._answered)

    async def front(self, _: web.Request) -> web.Response:
        rows = "".join(f"<dt>/{name}</dt><dd>{count}</dd>" for name, count in self._answered.items())
        title = both("Layanan pencabutan sertifikat", "Revocation service")
        return page(
            "Layanan pencabutan sertifikat",
            f'<h1>{title}</h1><section class="card"><dl>{rows}</dl></section>',
        )


def make_application(authority: RevocationAuthority) -> web.Application:
    """The twin; POST /_revoke and /_script are for tests and people who try things out."""
    service = _Service(authority)
    application = web.Application(client_max_size=_QUERY_BYTES_MAX)
    application.router.add_get("/", service.front)
    for place in ("", "/pki"):  # below /pki in certificates that name the site
        application.router.add_get(place + "/{name}.crl", service.crl)
        application.router.add_post(f"{place}/ocsp", service.ocsp)
    application.router.add_post("/_revoke", service.revoke)
    application.router.add_post("/_script", service.script)
    application.router.add_get("/_counts", service.counts)
    return application


def main() -> None:
    """Starts the twin from the command line."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.revocation", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--pki", type=Path, required=True, help="folder made by sandbox.pki.authority")
    arguments = parser.parse_args()
    application = make_application(RevocationAuthority(arguments.pki))
    start(application, port=arguments.port, name="sandbox revocation service")
