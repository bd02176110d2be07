"""Real gates are killed, started twice, lose their files and have wrong clocks. Nobody loses a place."""

from __future__ import annotations

import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import threading
import time
from http.client import HTTPException
from pathlib import Path

import pytest

from meterai.waiting_room.files.gate_journal import read_joins
from meterai.waiting_room.files.promise_book import read_promises
from meterai.waiting_room.rules.draw import place_of, window_seed
from meterai.waiting_room.rules.tickets import decode_ticket, read_ticket
from meterai.waiting_room.rules.windows import number_at
from tests.gate.visitor import get, join, post
from tests.players.queue_twin import GateProcess, Queue, schedule_from

pytestmark = pytest.mark.journey


def a_queue(root: Path, **schedule: int) -> Queue:
    queue = Queue(root, schedule_from(time.time(), **schedule))
    queue.status()
    return queue


def joins_of(queue: Queue, gate: int) -> list[tuple[int, int]]:
    """(window, sequence) of everything in a gate's files."""
    found = []
    for path in queue.folder.gate(gate).glob("w*.joins"):
        found += [(ticket.window, ticket.sequence) for ticket in read_joins(path)]
    return sorted(found, key=lambda pair: pair[1])


def wait_for(is_so: object, seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():  # type: ignore[operator]
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.05)


def test_a_killed_gate_has_written_every_ticket_that_anybody_holds(tmp_path: Path) -> None:
    queue = a_queue(tmp_path)
    held: list[str] = []

    def people(gate: GateProcess, name: str) -> None:
        for number in range(10_000):
            try:
                held.append(join(gate.port, f"{name}{number}@contoh.id").ticket)
            except (OSError, HTTPException):
                return

    with GateProcess(tmp_path) as gate:
        crowd = [
            threading.Thread(target=people, args=(gate, name)) for name in ("ani", "budi", "citra", "dewi")
        ]
        for person in crowd:
            person.start()
        wait_for(lambda: len(held) > 200)
        gate.stop(signal.SIGKILL)
        for person in crowd:
            person.join()
        gate.start()
        written = {sequence for _, sequence in joins_of(queue, 1)}
        assert {decode_ticket(text).sequence for text in held} <= written
        assert sorted(written) == list(range(1, len(written) + 1))
        after = join(gate.port, "eka@contoh.id").read
        assert after.sequence == len(written) + 1
        for text in (held[0], held[-1]):
            assert get(gate.port, f"/antre/casn/t/{text}").status == 200


@pytest.mark.long
def test_a_gate_whose_disk_is_full_shows_its_pages_and_gives_tickets_again_afterwards(tmp_path: Path) -> None:
    """Its files may not grow (RLIMIT_FSIZE): every write that needs room fails, in the real process."""
    queue = a_queue(tmp_path, window_s=2)
    with GateProcess(tmp_path) as gate:
        before = [join(gate.port, f"ani{n}@contoh.id").ticket for n in range(3)]
        pid = gate.process.pid
        usual = resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
        refused = join(gate.port, "budi@contoh.id")
        assert refused.status == 503
        assert "Tiket belum bisa dibuat" in refused.text
        time.sleep(5)  # windows end, signs of life and promises are due, joins are tried again
        assert join(gate.port, "budi@contoh.id").status == 503
        for ticket in before:
            assert get(gate.port, f"/antre/casn/t/{ticket}").status == 200
        assert get(gate.port, "/antre/casn/d/status.json").status == 200
        resource.prlimit(pid, resource.RLIMIT_FSIZE, usual)
        wait_for(lambda: join(gate.port, "citra@contoh.id").status == 303)
        after = [join(gate.port, f"dewi{n}@contoh.id").ticket for n in range(3)]
        assert gate.process.poll() is None, "it is the same process still"
        sequences = [sequence for _, sequence in joins_of(queue, 1)]
        assert sequences == list(range(1, len(sequences) + 1))
        held = [decode_ticket(text) for text in (*before, *after)]
        assert {ticket.sequence for ticket in held} <= set(sequences)
        last = held[-1].window
        wait_for(lambda: queue.count_of(1, last))
        counts = [queue.count_of(1, window) for window in range(1, last + 1)]
        assert sum(count.count for count in counts if count) == len(sequences)


@pytest.mark.long
def test_odd_files_end_no_gate_and_let_it_start(tmp_path: Path) -> None:
    queue = a_queue(tmp_path, window_s=2)
    with GateProcess(tmp_path) as gate:
        first = join(gate.port, "ani@contoh.id").read
        wait_for(lambda: queue.count_of(1, first.window))
        config, status = queue.folder.config.read_bytes(), queue.folder.status.read_bytes()
        queue.folder.config.write_bytes(config[:100])
        queue.folder.status.unlink()
        queue.folder.status.mkdir()  # there, and can't be read
        time.sleep(1)
        assert join(gate.port, "budi@contoh.id").status == 303
        queue.folder.config.write_bytes(config)
        queue.folder.status.rmdir()
        queue.folder.status.write_bytes(status)
        gate.stop()
        closing = queue.folder.gate(1) / f"w{first.window}.close.json"
        closing.write_bytes(b"")
        gate.start()
        assert join(gate.port, "citra@contoh.id").status == 303
        count = queue.count_of(1, first.window)
        assert count is not None
        assert count.first_sequence == first.sequence, "closed anew, from the joins"


def test_a_gate_whose_folder_is_taken_away_ends_and_begins_anew(tmp_path: Path) -> None:
    """Otherwise it would write into files that nobody reads any more."""
    queue = a_queue(tmp_path)
    with GateProcess(tmp_path) as gate:
        first = join(gate.port, "ani@contoh.id").read
        shutil.rmtree(queue.folder.gate(1))
        wait_for(lambda: gate.process.poll() is not None, 5)
        gate.start()
        assert join(gate.port, "budi@contoh.id").read.sequence > first.sequence + 1_000


@pytest.mark.long
def test_counts_of_windows_outlive_a_kill_and_add_up_over_gates(tmp_path: Path) -> None:
    queue = a_queue(tmp_path, window_s=2)
    with GateProcess(tmp_path, number=1) as first, GateProcess(tmp_path, number=2) as second:
        held = [join(first.port, f"a{n}@contoh.id").ticket for n in range(7)]
        held += [join(second.port, f"b{n}@contoh.id").ticket for n in range(5)]
        first.stop(signal.SIGKILL)
        first.start()
        last = max(decode_ticket(text).window for text in held)
        windows = range(1, last + 1)
        wait_for(lambda: queue.count_of(1, last) and queue.count_of(2, last))
        for gate, prefix in ((1, 7), (2, 5)):
            counts = [queue.count_of(gate, window) for window in windows]
            assert sum(count.count for count in counts if count) == prefix
        closes = [queue.close(window, [1, 2]) for window in windows]
        assert sum(close.count for close in closes) == 12
        queue.status()
        for gate in (first, second):
            wait_for(lambda gate=gate: all(number_of(gate.port, text) for text in held))
        numbers = [number_of(first.port, text) for text in held]
        assert sorted(number or 0 for number in numbers) == list(range(1, 13))
        assert numbers == [number_of(second.port, text) for text in held]


def number_of(port: int, ticket: str) -> int | None:
    """The place in line on the wait page, when it is exact."""
    found = re.search(r'data-number="(\d+)" data-exact="1"', get(port, f"/antre/casn/t/{ticket}").text)
    return int(found[1]) if found else None


@pytest.mark.long
def test_one_person_at_two_gates_has_one_id_and_one_place(tmp_path: Path) -> None:
    queue = a_queue(tmp_path, window_s=3)
    with GateProcess(tmp_path, number=1) as first, GateProcess(tmp_path, number=2) as second:
        wait_for(lambda: time.time() % 3 < 1)  # both joins in one window
        ani, again = join(first.port, "Ani@Contoh.id").read, join(second.port, " ani@contoh.id").read
        assert ani.id == again.id
        assert (ani.gate, again.gate) == (1, 2)
        last = max(ani.window, again.window)
        wait_for(lambda: queue.count_of(1, last) and queue.count_of(2, last))
        queue.close(last, [1, 2])
        seed = window_seed(queue.chain.link(last), b"")
        assert place_of(seed, ani.id) == place_of(seed, again.id)


@pytest.mark.long
def test_a_gate_whose_folder_is_gone_gives_no_sequence_twice(tmp_path: Path) -> None:
    queue = a_queue(tmp_path, window_s=2)
    with GateProcess(tmp_path) as gate:
        old = [join(gate.port, f"a{n}@contoh.id") for n in range(3)]
        last = max(answer.read.window for answer in old)
        wait_for(lambda: queue.count_of(1, last))
        for window in range(1, last + 1):
            queue.close(window, [1])
        gate.stop(signal.SIGKILL)
        shutil.rmtree(queue.folder.gate(1))
        gate.start()
        new = join(gate.port, "baru@contoh.id").read
        assert new.sequence > 1_000_000
        assert new.window > last
        assert get(gate.port, f"/antre/casn/t/{old[0].ticket}").status == 200
    for answer in old:
        read_ticket(answer.ticket, {1: queue.keys.ticket.public_key()}, new.event)


@pytest.mark.parametrize("shift_s", [-300, 300])
def test_a_wrong_clock_issues_for_the_window_of_the_controller(tmp_path: Path, shift_s: int) -> None:
    queue = a_queue(tmp_path, window_s=5)
    with GateProcess(tmp_path, shift_s=shift_s) as gate:
        queue.status()
        time.sleep(0.5)
        ticket = join(gate.port, "ani@contoh.id").read
        window = number_at(queue.schedule, time.time())
        assert window is not None
        assert window - 1 <= ticket.window <= window
        assert abs(ticket.joined_at - time.time()) <= 3


def test_a_window_that_the_controller_closed_takes_nobody_whatever_the_clock_says(tmp_path: Path) -> None:
    """The gate hears nothing from the controller, and its clock is five minutes slow."""
    queue = Queue(tmp_path, schedule_from(time.time() - 600, window_s=10))
    with GateProcess(tmp_path, shift_s=-300) as gate:
        early = join(gate.port, "ani@contoh.id").read
        for window in range(1, early.window + 4):
            queue.close(window, [1])
        wait_for(lambda: join(gate.port, "budi@contoh.id").read.window > early.window + 3)
        assert {window for window, _ in joins_of(queue, 1)} >= {early.window}
        assert join(gate.port, "citra@contoh.id").read.window > early.window + 3


def test_a_gate_needs_no_database(tmp_path: Path) -> None:
    a_queue(tmp_path)
    with GateProcess(tmp_path, database_url="postgresql://nobody@127.0.0.1:9/none") as gate:
        answer = join(gate.port, "ani@contoh.id")
        assert answer.status == 303
        assert get(gate.port, answer.headers["location"]).status == 200
        assert get(gate.port, "/antre/casn/d/status.json").status == 200


def test_two_events_stand_side_by_side_and_a_ticket_is_for_one_of_them(tmp_path: Path) -> None:
    a_queue(tmp_path)
    Queue(tmp_path, schedule_from(time.time()), slug="pppk").status()
    with GateProcess(tmp_path) as gate:
        wait_for(lambda: get(gate.port, "/antre/pppk").status == 200)
        ticket = join(gate.port, "ani@contoh.id").ticket
        other = post(gate.port, "/antre/pppk", {"kontak": "ani@contoh.id"})
        assert other.status == 303
        assert other.read.event != decode_ticket(ticket).event
        assert other.read.id != decode_ticket(ticket).id
        refused = get(gate.port, f"/antre/pppk/t/{ticket}")
        assert refused.status == 403


def test_of_a_queue_that_can_t_be_read_nobody_is_told_that_its_pages_do_not_exist(tmp_path: Path) -> None:
    a_queue(tmp_path)
    damaged = Queue(tmp_path, schedule_from(time.time()), slug="pppk")
    rules = damaged.folder.config.read_bytes()
    damaged.folder.config.write_bytes(rules[:-9])
    with GateProcess(tmp_path) as gate:
        answer = get(gate.port, "/en/antre/pppk")
        assert answer.status == 503, (
            "and not 502, for which nginx would take the gate away from the other queue"
        )
        assert "Your place is in the ticket and is not lost" in answer.text
        assert get(gate.port, "/antre/casn").status == 200
        damaged.folder.config.write_bytes(rules)
        wait_for(lambda: get(gate.port, "/en/antre/pppk").status == 200)


def test_two_processes_never_share_a_number(tmp_path: Path) -> None:
    a_queue(tmp_path)
    with GateProcess(tmp_path) as gate:
        join(gate.port, "ani@contoh.id")
        command = [sys.executable, "-m", "meterai.processes.gate", "--number", "1", "--port", "0"]
        environment = {"METERAI_QUEUE_FOLDER": str(tmp_path), "PATH": "/usr/bin"}
        second = subprocess.run(command, env=environment, capture_output=True, timeout=20)
        assert second.returncode != 0
        assert join(gate.port, "budi@contoh.id").read.sequence == 2


def test_in_production_no_gate_sends_people_to_its_own_machine(tmp_path: Path) -> None:
    """A gate that was started by hand, without the settings that `meterai up` gives its gates."""
    command = [sys.executable, "-m", "meterai.processes.gate", "--number", "2", "--port", "0"]
    told = {"METERAI_ENVIRONMENT": "production", "METERAI_QUEUE_FOLDER": str(tmp_path)}
    environment = {**os.environ, **told}
    started = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=20)
    assert started.returncode != 0
    assert "METERAI_PUBLIC_URL" in started.stderr
    environment["METERAI_PUBLIC_URL"] = "https://meterai.example"
    started = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=20)
    assert started.returncode != 0
    assert "METERAI_OPERATOR_NAME" in started.stderr


def test_the_first_promise_on_the_page_is_noted_and_outlives_a_restart(tmp_path: Path) -> None:
    queue = a_queue(tmp_path, window_s=1)
    with GateProcess(tmp_path) as gate:
        ticket = join(gate.port, "ani@contoh.id").ticket
        window = decode_ticket(ticket).window
        wait_for(lambda: queue.count_of(1, window))
        for number in range(1, window + 1):
            queue.close(number, [1])
        queue.status()
        wait_for(lambda: number_of(gate.port, ticket))
        page = get(gate.port, f"/antre/casn/t/{ticket}").text
        assert "Selesai paling lambat pukul" in page
        folder = queue.folder.gate(1)
        wait_for(lambda: read_promises(folder, 0)[0])
        gate.stop(signal.SIGKILL)
        gate.start()
        get(gate.port, f"/antre/casn/t/{ticket}")
        gate.stop()
    (promise,) = read_promises(folder, 0)[0]
    assert (promise.id, promise.window) == (decode_ticket(ticket).id, window)
    assert time.time() < promise.done_by <= queue.schedule.closes_at
