"""CPU time is booked to the step in which a process spent it."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from benchmarks.load.step_costs import CostBook, _Alone
from simulator.crowd.browser import Response
from simulator.crowd.cpu_time import cpu_nanoseconds
from simulator.crowd.report import NotMeasured
from simulator.crowd.service import Service

BURN = """
import sys, time
for line in sys.stdin:
    until = time.process_time() + float(line)
    while time.process_time() < until:
        pass
    print("done", flush=True)
"""


@pytest.fixture
def burner() -> Iterator[subprocess.Popen[str]]:
    """A process that spends as many CPU seconds as it is told."""
    child = subprocess.Popen(
        [sys.executable, "-c", BURN], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    yield child
    child.communicate()


def burn(child: subprocess.Popen[str], seconds: float) -> None:
    assert child.stdin is not None
    assert child.stdout is not None
    child.stdin.write(f"{seconds}\n")
    child.stdin.flush()
    assert child.stdout.readline() == "done\n"


def test_each_step_pays_for_itself(burner: subprocess.Popen[str]) -> None:
    burn(burner, 0.05)
    book = CostBook(burner.pid, {})
    book.begin()
    burn(burner, 0.2)
    book.on_step("dear", 0)
    book.on_step("free", 0)
    burn(burner, 0.1)
    book.on_step("dear", 0)
    assert book.spent["dear"]["launcher"] == pytest.approx(0.3, abs=0.03)
    assert book.spent["free"]["launcher"] == pytest.approx(0, abs=0.01)


def test_what_idling_costs_is_taken_off(burner: subprocess.Popen[str]) -> None:
    burn(burner, 0)
    book = CostBook(burner.pid, {"launcher": 0.5})
    book.begin()
    time.sleep(0.07)
    book.on_step("waiting", 0)  # a tenth of a second in all, of which half is idling
    assert book.spent["waiting"]["launcher"] < -0.045


def test_threads_are_counted_together(burner: subprocess.Popen[str]) -> None:
    before = cpu_nanoseconds(burner.pid)
    burn(burner, 0.1)
    assert cpu_nanoseconds(burner.pid)["launcher"] - before.get("launcher", 0) > 0.09e9


def test_who_would_have_to_wait_is_told_to_turn_the_queue_off() -> None:
    service = Service(pid=1, site="http://site", inbox="http://inbox", gateway="http://gateway")
    person = _Alone(service, gate="http://gate", contact="satu@contoh.id", source_address="127.0.0.1")
    page = Response(200, {}, b"", "http://gate/antre/casn")
    with pytest.raises(NotMeasured, match="meterai queue off --event casn"):
        asyncio.run(person._stand_in_line(page))
