"""The pictures of the evening: small PNGs of what people and officers see."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from PIL import Image
from playwright.sync_api import Page

_COLOURS: Final = 48
_BYTES_MAX: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Album:
    """A folder of pictures."""

    folder: Path

    def take(self, page: Page, name: str, *, height: int = 640) -> None:
        """Keeps the upper part of a page, `height` pixels at most.

        Raises: AssertionError when the page scrolls sideways.
        """
        page.wait_for_load_state()
        page.evaluate("document.fonts.ready")
        width, seen = page.evaluate(
            "[document.documentElement.scrollWidth, document.documentElement.clientWidth]"
        )
        assert width <= seen, f"{name} scrolls sideways: {width} of {seen} pixels"
        picture = Image.open(io.BytesIO(page.screenshot(full_page=True)))
        cut = picture.convert("RGB").crop((0, 0, picture.width, min(height, picture.height)))
        self.folder.mkdir(parents=True, exist_ok=True)
        few = cut.quantize(_COLOURS, dither=Image.Dither.NONE)
        few.save(self.folder / f"{name}.png", optimize=True)

    def weigh(self) -> int:
        """Bytes of all pictures. Raises: AssertionError: there are none, or they are too large."""
        size = sum(picture.stat().st_size for picture in self.folder.glob("*.png"))
        assert 0 < size < _BYTES_MAX, f"the pictures have {size} bytes"
        return size
