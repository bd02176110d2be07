"""Exit codes of commands that give a verdict."""

from __future__ import annotations

from typing import Final

NO_VERDICT: Final = 2
"""There is no verdict: it can't be given, or something kept the command from its work."""


class Judged(SystemExit):
    """The verdict is given. Such a command ends with 0, 1, 3 or 4 in no other way."""
