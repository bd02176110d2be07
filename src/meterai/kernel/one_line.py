"""The pattern of a text of one line, such as a name. PostgreSQL takes no NUL in a text."""

from __future__ import annotations

from typing import Final

ONE_LINE: Final = r"^[^\x00-\x1f]*[^\x00-\x20][^\x00-\x1f]*$"
"""No control characters, and not blanks alone. Python, JavaScript and JSON Schema read it alike."""
