"""The site's picture for programs that ask for it by its old address."""

from __future__ import annotations

from typing import Final

from litestar import Response, get

from meterai.web.pages.assets import FOLDER

ICON: Final = (FOLDER / "favicon.ico").read_bytes()


@get("/favicon.ico")
async def show_icon() -> Response[bytes]:
    """Serves the picture that stands in tabs and bookmarks of browsers without SVG."""
    return Response(ICON, media_type="image/x-icon", headers={"Cache-Control": "public, max-age=86400"})


ROUTES = [show_icon]
