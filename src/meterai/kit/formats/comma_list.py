"""Lists in one text, with commas between, as settings hold them."""

from __future__ import annotations


def listed(text: str) -> list[str]:
    """What stands between the commas, without the spaces around it. Nothing between two is left out."""
    return [one for one in (part.strip() for part in text.split(",")) if one]
