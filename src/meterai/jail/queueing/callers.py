"""For whom a jail works. The door of a request says it once; the pool asks when a job waits for its turn."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Caller:
    """The sender of a request.

    - `network`: shared by many people.
    - `visitor`: tells people of one network apart, as far as they want to be told apart.
    - `known`: names a customer or the holder of a pass. They wait and are counted by themselves.
    """

    network: str
    visitor: str = ""
    known: str = ""

    @property
    def line(self) -> str:
        """The line in which this caller waits for a turn."""
        return self.known or self.network


_current: ContextVar[Caller | None] = ContextVar("caller", default=None)


def set_caller(caller: Caller | None) -> None:
    """Says for whom this task, and the tasks that it starts, use a jail. None: for the house itself."""
    _current.set(caller)


def recognise(known: str) -> None:
    """Lets the caller of this request wait and be counted under a name of its own.

    `known`: a name that cost more than a request: a customer, or a pass of a line.
    """
    caller = _current.get()
    if caller is not None:
        _current.set(replace(caller, known=known))


def current_caller() -> Caller | None:
    """The caller of this request. None: work of the house itself, such as stamping what is paid."""
    return _current.get()
