"""A web server elsewhere that serves the status page's files: `python -m sandbox.status_host`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Final

from aiohttp import web

from sandbox.serving import start

_TYPES: Final = {
    ".html": "text/html",
    ".json": "application/json",
    ".atom": "application/atom+xml",
    ".svg": "image/svg+xml",
    ".css": "text/css",
}
_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "Cache-Control": "max-age=10",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


def status_host(folder: Path) -> web.Application:
    """Serves a folder as nginx would: an address that ends with a slash is the index.html there."""

    root = folder.resolve()

    def read(name: str) -> web.Response:
        path = (root / name / "index.html" if not name or name.endswith("/") else root / name).resolve()
        kind = _TYPES.get(path.suffix)
        if kind is None or not path.is_relative_to(root) or not path.is_file():
            raise web.HTTPNotFound
        return web.Response(body=path.read_bytes(), content_type=kind, charset="utf-8", headers=_HEADERS)

    async def serve(request: web.Request) -> web.Response:
        return read(request.match_info["name"])

    application = web.Application()
    application.router.add_get("/{name:.*}", serve)
    return application


def main() -> None:
    """Entry point of the process."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--folder", type=Path, required=True)
    asked = parser.parse_args()
    start(status_host(asked.folder), port=asked.port, name="status host")


if __name__ == "__main__":
    main()
