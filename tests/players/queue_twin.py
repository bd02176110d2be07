"""A queue for the gate's tests and its benchmark: folder, rules, and a controller that the caller directs."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from meterai.kit.child_processes import free_port
from meterai.waiting_room.files import published_documents
from meterai.waiting_room.files.gate_journal import read_join_records
from meterai.waiting_room.files.published_documents import Close, Config, GateCount, Reveal, Status
from meterai.waiting_room.files.queue_folder import QueueFolder, publish
from meterai.waiting_room.files.queue_keys import KEY_ID
from meterai.waiting_room.rules import merkle, seeds
from meterai.waiting_room.rules.draw import window_seed
from meterai.waiting_room.rules.model import Policy, QueueState, Schedule

CHAIN_LENGTH = 4_000


def raw_key(private: Ed25519PrivateKey) -> str:
    """The public half in hexadecimal."""
    return private.public_key().public_bytes_raw().hex()


def answers(port: int) -> bool:
    """Whether a server on this port of 127.0.0.1 speaks HTTP."""
    connection = HTTPConnection("127.0.0.1", port, timeout=1)
    try:
        connection.request("GET", "/antre/_/sehat")
        connection.getresponse().read()
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()
    return True


@dataclass
class Queue:
    """An event's queue, and the controller's part in it."""

    root: Path
    schedule: Schedule
    slug: str = "casn"
    policy: Policy = field(default_factory=Policy)
    sequence: int = 0
    folder: QueueFolder = field(init=False)

    def __post_init__(self) -> None:
        self.folder = QueueFolder(self.root / self.slug)
        self.keys = self.folder.keys()
        self.chain = seeds.SeedChain(self.keys.chain, CHAIN_LENGTH)
        self.announce(self.schedule)

    def announce(self, schedule: Schedule) -> None:
        """Publishes the rules, with this schedule."""
        self.schedule = schedule
        config = Config(
            event=self.slug,
            version=1,
            schedule=schedule,
            policy=self.policy,
            commitment=self.chain.commitment.hex(),
            chain_length=CHAIN_LENGTH,
            ticket_keys={KEY_ID: raw_key(self.keys.ticket)},
            controller_key=raw_key(self.keys.controller),
        )
        publish(self.folder.config, published_documents.sign(config, self.keys.controller))

    def status(self, **changes: object) -> Status:
        """Publishes a status."""
        self.sequence += 1
        told: dict[str, object] = {
            "event": self.slug, "epoch": 1, "sequence": self.sequence, "at": int(time.time()),
            "state": QueueState.OPEN, "frontiers": [(0, 0), (0, 0)], "rate": 600,
            "fan": [(60, 500, 600), (600, 5_000, 6_000), (3_600, 30_000, 36_000)],
            "closes_at": self.schedule.closes_at, "last_call_at": None, "poll": (2, 60), "waiting": 0,
            "admitted": 0, "done_after_s": 300, "kept": (0, 0), "log": (0, "0" * 32),
        }  # fmt: skip
        status = Status(**(told | changes))  # type: ignore[arg-type]
        publish(self.folder.status, published_documents.sign(status, self.keys.controller))
        return status

    def count_of(self, gate: int, window: int) -> GateCount | None:
        """The counts that a gate wrote when it closed a window."""
        path = self.folder.gate(gate) / f"w{window}.close.json"
        return msgspec.json.decode(path.read_bytes(), type=GateCount) if path.exists() else None

    def close(self, window: int, gates: Sequence[int]) -> Close:
        """Publishes the end of a window and its seed."""
        counts = [count for gate in gates if (count := self.count_of(gate, window))]
        ids = b"".join(
            read_join_records(path)
            for gate in gates
            if (path := self.folder.gate(gate) / f"w{window}.joins").exists()
        )
        records = [ids[n : n + 18] for n in range(0, len(ids), 18)]
        root = merkle.root_of(records)
        close = Close(
            event=self.slug, window=window, starts_at=0, ends_at=0, count=sum(c.count for c in counts),
            people=len({record[:12] for record in records}), root=root.hex(), gates=counts,
        )  # fmt: skip
        publish(self.folder.window_ids(window), ids)
        publish(self.folder.window_close(window), published_documents.sign(close, self.keys.controller))
        link = self.chain.link(window)
        reveal = Reveal(
            event=self.slug, window=window, link=link.hex(), beacon="",
            seed=window_seed(link, root).hex(),
        )  # fmt: skip
        publish(self.folder.window_reveal(window), published_documents.sign(reveal, self.keys.controller))
        return close


class GateProcess:
    """A real gate, as the launcher starts it. Ended at the end of a `with`."""

    def __init__(
        self,
        root: Path,
        *,
        number: int = 1,
        shift_s: float = 0,
        processor: int | None = None,
        **settings: str,
    ) -> None:
        self.root, self.number, self.shift_s, self.settings = root, number, shift_s, settings
        self.processor = processor
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> GateProcess:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop(signal.SIGTERM)

    def start(self) -> None:
        """Starts it and waits until it answers."""
        environment = os.environ | {
            "METERAI_QUEUE_FOLDER": str(self.root),
            "METERAI_GATE_URL": self.url,
            "METERAI_GATE_WORK": "off",
            "METERAI_PUBLIC_URL": "http://127.0.0.1:9",
        }
        environment |= {f"METERAI_{name.upper()}": value for name, value in self.settings.items()}
        command = [sys.executable, "-m", "meterai.processes.gate", "--number", str(self.number)]
        command += ["--port", str(self.port)]
        if self.shift_s:
            command += ["--clock-shift-seconds", str(self.shift_s)]
        self.process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
        if self.processor is not None:
            os.sched_setaffinity(self.process.pid, {self.processor})
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and self.process.poll() is None:
            if answers(self.port):
                return
            time.sleep(0.02)
        raise AssertionError("the gate did not start")

    def stop(self, sign: signal.Signals = signal.SIGTERM) -> None:
        """Ends it."""
        if self.process.poll() is None:
            self.process.send_signal(sign)
        self.process.wait(60)


def schedule_from(now: float, *, lottery_s: int = 0, open_s: int = 3_600, window_s: int = 10) -> Schedule:
    """A schedule with joins from ten seconds ago on, open since then or after a lottery."""
    start = int(now) - 10
    opens = start if not lottery_s else int(now) + lottery_s
    return Schedule(joins_from=start, opens_at=opens, closes_at=opens + open_s, window_s=window_s)
