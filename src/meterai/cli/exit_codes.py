"""How a command ends whose exit code is a verdict."""

from __future__ import annotations

from typing import Final

NO_VERDICT: Final = 2
"""Nothing can be said: of the thing itself, or because something keeps the command from its work."""


class Judged(SystemExit):
    """The verdict is given. Only so does such a command end with 0 or 1."""
