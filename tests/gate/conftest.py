"""One gate for all tests that only ask it something."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from tests.players.queue_twin import GateProcess, Queue, schedule_from


@pytest.fixture(scope="module")
def queue(tmp_path_factory: pytest.TempPathFactory) -> Queue:
    """A queue that is open, its windows an hour long."""
    queue = Queue(tmp_path_factory.mktemp("queue"), schedule_from(time.time(), window_s=3_600))
    queue.status()
    return queue


@pytest.fixture(scope="module")
def gate(queue: Queue) -> Iterator[GateProcess]:
    """Its gate, which asks for no work."""
    with GateProcess(queue.root) as gate:
        yield gate
