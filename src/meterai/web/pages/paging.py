"""Long lists, a part at a time: the newest first, and a link to those that are older."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from meterai.web.requests.request_context import WebRequest


@dataclass(frozen=True, slots=True)
class Part[Line]:
    """What is shown of a list."""

    lines: Sequence[Line]
    older: str
    """Behind which line the list goes on; empty at its end."""
    is_first: bool
    """It begins with the newest."""


def goes_on_behind(request: WebRequest, name: str) -> UUID | None:
    """Behind which line a list is asked for; None: from its newest, also for what is no id."""
    try:
        return UUID(request.query_params.get(name, ""))
    except ValueError:
        return None


def part_of[Line](
    found: Sequence[Line], size: int, id_of: Callable[[Line], UUID], *, behind: UUID | None = None
) -> Part[Line]:
    """So many lines. `found`: with one more, if there is one."""
    lines = found[:size]
    return Part(lines, str(id_of(lines[-1])) if len(found) > size else "", behind is None)
