"""The whole service as a newcomer starts it (`meterai up`), for tests that drive it from outside."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from chaos import running_service as started
from chaos.running_service import START_SECONDS_MAX, RunningService, parent_of, processes_of
from tests.places import passing_folder
from tests.ports import first_of_free_ports
from tests.prepared import copy_prepared

__all__ = [
    "START_SECONDS_MAX",
    "RunningService",
    "launch",
    "parent_of",
    "processes_of",
    "running_service",
]


def launch(
    data: Path,
    *,
    arguments: Sequence[str] | None = None,
    prefix: Sequence[str] = (),
    python: Path = Path(sys.executable),
    env: Mapping[str, str] | None = None,
    output: Path | None = None,
) -> RunningService:
    """Starts `meterai up` on `data`, without waiting, on free ports unless `arguments` say where."""
    where = arguments or ("--port", str(first_of_free_ports()))
    return started.launch(data, arguments=where, prefix=prefix, python=python, env=env, output=output)


@contextmanager
def running_service(
    env: Mapping[str, str] | None = None, *, is_new: bool = False
) -> Iterator[RunningService]:
    """A ready service on any free ports in a folder of its own, gone at the end.

    `is_new`: it makes its database itself, as a newcomer's does.
    """
    with passing_folder("meterai-service-") as place:
        if not is_new:
            copy_prepared(place / "data")
        service = launch(place / "data", env=env)
        try:
            service.wait_until_ready()
            yield service
        finally:
            if service.launcher.poll() is None:
                service.stop()
