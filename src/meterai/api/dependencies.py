"""What the routes of the API are given: the running service, and what each process has one of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from litestar.datastructures import State
from litestar.params import Dependency

from meterai.bootstrap import App

Service = Annotated[App, Dependency(skip_validation=True)]
"""The running service. It is made once, so it is not validated with each request."""


def one_of[T](kind: type[T], state: State, make: Callable[[], T]) -> T:
    """Returns the process's one object of a class. It is made when it is first asked for.

    `state`: of the application.
    """
    found = state.get(kind.__name__)
    if not isinstance(found, kind):
        found = state[kind.__name__] = make()
    return found
