"""One gate for all tests that only send it requests."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from tests.players.queue_twin import GateProcess, Queue, schedule_from


@pytest.fixture(scope="module")
def queue(tmp_path_factory: pytest.TempPathFactory) -> Queue:
    """An open queue with windows of an hour."""
    queue = Queue(tmp_path_factory.mktemp("queue"), schedule_from(time.time(), window_s=3_600))
    queue.status()
    return queue


@pytest.fixture(scope="module")
def gate(queue: Queue) -> Iterator[GateProcess]:
    """The gate of that queue. It asks for no work."""
    with GateProcess(queue.root) as gate:
        yield gate
