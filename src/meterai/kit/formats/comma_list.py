"""Lists in one text, with commas between, as settings hold them."""

from __future__ import annotations


def listed(text: str) -> list[str]:
    """What stands between the commas, without the spaces around it. Nothing between two is left out."""
    return [one for one in (part.strip() for part in text.split(",")) if one]


def named_values(text: str) -> dict[str, str]:
    """The values of `name=value,name=value`. A later value of a name counts; what has no name is left out."""
    pairs = (one.partition("=") for one in listed(text))
    return {name.strip(): value.strip() for name, _, value in pairs if name.strip() and value.strip()}
