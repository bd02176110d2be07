"""A real S3 server for tests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from chaos.seaweed import PORTS, Seaweed
from tests.places import passing_folder
from tests.ports import first_of_free_ports

__all__ = ["Seaweed", "running_seaweed"]


@contextmanager
def running_seaweed() -> Iterator[Seaweed]:
    """A ready server with an empty bucket, gone at the end."""
    with passing_folder("seaweed-") as folder:
        server = Seaweed(folder, first_of_free_ports(PORTS))
        try:
            server.start()
            yield server
        finally:
            server.end()
