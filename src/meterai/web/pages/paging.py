"""Shows long lists in slices: the newest entries first, with a link to older ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from meterai.web.requests.forms import id_in
from meterai.web.requests.request_context import WebRequest


@dataclass(frozen=True, slots=True)
class ListSlice[Line]:
    """A slice of a list."""

    lines: Sequence[Line]
    older: str
    """The id of the last line, behind which the next slice begins; empty at the end of the list."""
    is_first: bool
    """The slice begins with the newest entry."""


def read_cursor(request: WebRequest, name: str) -> UUID | None:
    """Reads from the address behind which line the slice begins. None: with the newest, also for an
    unreadable id.
    """
    return id_in(request.query_params.get(name, ""))


def slice_of[Line](
    found: Sequence[Line], size: int, id_of: Callable[[Line], UUID], *, behind: UUID | None = None
) -> ListSlice[Line]:
    """Makes a slice of at most `size` lines. `found` holds one line more when the list goes on."""
    lines = found[:size]
    return ListSlice(lines, str(id_of(lines[-1])) if len(found) > size else "", behind is None)
