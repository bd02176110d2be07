"""How a stamp names its serial number: in the name of its field and in the Reason of its signature."""

from __future__ import annotations

import re

STAMP_FIELD = re.compile(r"Emet([0-9A-Z]{22})")
STAMP_REASON = re.compile(r"\[([0-9A-Z]{22})\](?: .*)?", re.DOTALL)


def serial_of(reason: str, field: str) -> str:
    """The serial number from a signature's Reason, or else from its field's name. Empty if it is no stamp."""
    found = STAMP_REASON.fullmatch(reason) or STAMP_FIELD.fullmatch(field)
    return found[1] if found else ""
