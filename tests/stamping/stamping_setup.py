"""A set-up for the tests of stamping: time-stamp authority, signer and workers are real processes."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from meterai.kernel.clock import system_clock
from meterai.kernel.ids import new_id
from meterai.kit.database import Database
from meterai.kit.fail_points import never
from meterai.kit.files.object_store import FolderStore
from meterai.ledger import model as books
from meterai.ledger.queries import Lot, lot_of
from meterai.operations.use_cases.check_invariants import run_invariants
from meterai.sales.use_cases.issue_quota import issue_quota
from meterai.stamping.cycle.batch import CycleSettings, Tools
from meterai.stamping.model import Job
from meterai.stamping.placement import Placement
from meterai.stamping.requests import OutputLimits
from meterai.stamping.signer.key_files import read_counters
from meterai.stamping.signer_client import SignerClient
from meterai.stamping.signer_wire import socket_path
from meterai.stamping.use_cases.accept_document import accept_document
from meterai.stamping.use_cases.look_under_stamps import LOOK_UNDER
from meterai.stamping.use_cases.place_stamps import place_stamps
from meterai.stamping.use_cases.run_cycle import run_due_jobs
from meterai.stamping.use_cases.start_stamping import StampingRequest, start_stamping
from meterai.stamping.wanted_places import FIND_PLACES
from meterai.verification.trust import load_trust
from meterai.verification.use_cases.judge_document import JUDGE
from meterai.verification.use_cases.vouch_for_stamps import vouch_for_stamps
from tests.ledger import posting
from tests.ports import free_port
from tests.stamping.shared_jail import SharedJail
from tests.storage_fixtures import TestDatabase

JAIL_TASKS = [
    "meterai.pdf.inspection:inspect",
    "meterai.pdf.rendering:render_page",
    "meterai.pdf.signed.seal_check:light_check",
    "meterai.stamping.in_jail.reception:receive",
    "meterai.stamping.in_jail.preparation:prepare_seal",
    "meterai.stamping.in_jail.preparation:measure_output",
    "meterai.stamping.in_jail.rewriting:rewrite",
    FIND_PLACES,
    LOOK_UNDER,
    JUDGE,
]
BOTTOM_RIGHT = Placement(page=1, x=420, y=80)
BOTTOM_LEFT = Placement(page=1, x=80, y=80)


class Process:
    """A child process that reports when it is ready, and that a test may kill."""

    def __init__(self, *argv: str, environment: dict[str, str], log: Path) -> None:
        self._log = log.open("ab")
        self.child = subprocess.Popen(
            [sys.executable, *argv], env={**os.environ, **environment}, stdout=self._log, stderr=self._log
        )

    def kill(self, how: int = signal.SIGKILL) -> int:
        self.child.send_signal(how)
        return self.wait()

    def wait(self, seconds: float = 60) -> int:
        code = self.child.wait(seconds)
        self._log.close()
        return code

    @property
    def alive(self) -> bool:
        return self.child.poll() is None


async def until(condition: Any, seconds: float = 60, what: str = "the condition") -> Any:
    """Waits until the (maybe async) condition returns a true value, and returns that."""
    end = time.monotonic() + seconds
    while True:
        found = condition()
        if asyncio.iscoroutine(found):
            found = await found
        if found:
            return found
        assert time.monotonic() < end, f"waited {seconds} s for {what}"
        await asyncio.sleep(0.02)


class TimeStampAuthority:
    """The sandbox's authority, as a process that can be stopped and started on the same port."""

    def __init__(self, pki: Path) -> None:
        self._pki = pki
        self.port = free_port()
        self.process: Process | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    async def start(self) -> None:
        self.process = Process(
            "-m", "sandbox.tsa", "--port", str(self.port), "--pki", str(self._pki),
            environment={}, log=self._pki.with_name("tsa.log"),
        )  # fmt: skip
        await until(self._answers, what="the time-stamp authority")

    def stop(self) -> None:
        if self.process is not None and self.process.alive:
            self.process.kill()

    def _answers(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0


@dataclass
class StampingSetup:
    """Everything a stamping test needs. Alice is the customer; she owns a lot with stamps."""

    database: TestDatabase
    data: Path
    tsa: TimeStampAuthority
    jail: SharedJail
    alice: uuid.UUID = field(default_factory=lambda: new_id(datetime.now(UTC)))
    lot: uuid.UUID = field(default_factory=uuid.uuid4)
    processes: list[Process] = field(default_factory=list)
    signer_process: Process | None = None

    def __post_init__(self) -> None:
        self.objects = FolderStore(self.data / "objects")
        self.client = SignerClient(socket_path(self.data))
        trust = load_trust(self.data / "pki" / "trust")
        self.vouch = partial(vouch_for_stamps, self.db, self.jail, trust)

    @property
    def db(self) -> Database:
        return self.database.app

    def tools(self, **changes: Any) -> Tools:
        """What the cycle works with when the test itself is the worker."""
        parts: dict[str, Any] = {
            "db": self.database.worker,
            "jail": self.jail,
            "objects": self.objects,
            "signer": self.client,
            "clock": system_clock,
            "settings": CycleSettings(
                base_url="https://meterai.test", specimen=True, retry_first_s=0.05, retry_longest_s=0.2
            ),
            "fail_point": never,
        }
        return Tools(**{**parts, **changes})

    async def furnish(self, stamps: int = 10) -> None:
        """Makes the customer, the ledger accounts, and a lot with stamps."""
        now = datetime.now(UTC)
        await self.database.owner.execute(
            """INSERT INTO customers.organisation VALUES ($1, 'Issuer', 'issuer', $4),
               ($2, 'Distributor', 'distributor', $4), ($3, 'Seller', 'seller', $4)""",
            books.ISSUER, books.DISTRIBUTOR, books.SELLER, now,
        )  # fmt: skip
        await self.add_customer(self.alice)
        self.lot = await self.give_lot(self.alice, stamps)

    async def give_lot(self, customer: uuid.UUID, stamps: int) -> uuid.UUID:
        """A new lot of the customer, filled from stock that a deposit paid for."""
        now, item = datetime.now(UTC), uuid.uuid4()
        await issue_quota(self.db, pieces=stamps, deposit_reference=str(item), actor="ani", now=now)
        lot = posting.lot(item, organisation_id=books.SELLER, customer_id=customer)
        sale = posting.move(
            uuid.uuid4(),
            books.TransferCode.SALE,
            debit=books.account_id(books.AccountKind.SELLER_STOCK, books.SELLER),
            credit=lot.id,
            amount=stamps,
            reference_id=item,
            organisation_id=books.SELLER,
        )
        async with self.db.transaction() as tx:
            await posting.open_accounts(tx, [lot], now)
            await posting.post(tx, [sale], now)
        return lot.id

    async def accept(
        self,
        data: bytes,
        placements: Sequence[Placement] = (BOTTOM_RIGHT,),
        *,
        limits: OutputLimits | None = None,
    ) -> uuid.UUID:
        """Accepts a document of Alice and places its stamps."""
        document = await accept_document(
            self.db, self.jail, self.objects, self.vouch, data=data, name="surat.pdf", kind=None,
            limits=limits, customer_id=self.alice, now=datetime.now(UTC),
        )  # fmt: skip
        await place_stamps(self.db, document.document_id, placements)
        return document.document_id

    def wanted(self, document_id: uuid.UUID, *, key: str = "item", **others: Any) -> StampingRequest:
        """A stamp for Alice's document from her lot, unless `others` say otherwise."""
        usual = {"customer_id": self.alice, "lot_account_id": self.lot, "reference_id": document_id}
        return StampingRequest(document_id=document_id, idempotency_key=key, **{**usual, **others})

    async def order(self, document_id: uuid.UUID, key: str | None = None) -> Job:
        """Step 1 for a document of Alice."""
        return await start_stamping(
            self.db, document_id=document_id, customer_id=self.alice, lot_account_id=self.lot,
            reference_id=uuid.uuid5(document_id, "item"), idempotency_key=key or f"test:{document_id}",
            now=datetime.now(UTC),
        )  # fmt: skip

    async def make_due(self) -> None:
        """Lets no job wait for a moment in the future, such as that of an act of a later time."""
        await self.database.owner.execute(
            "UPDATE stamping.job SET next_attempt_at = now() WHERE next_attempt_at > now()"
        )

    async def work(self, seconds: float = 60, **changes: Any) -> None:
        """Runs the cycle in this process until nothing is due."""
        tools = self.tools(**changes)

        async def nothing_left() -> bool:
            await run_due_jobs(tools, worker="test")
            return not await self.database.owner.fetchval(
                "SELECT count(*) FROM stamping.job WHERE next_attempt_at IS NOT NULL"
            )

        await until(nothing_left, seconds, "the jobs")

    def start_worker(self, name: str = "worker-1", *, fail_point: str = "", lease_s: float = 30) -> Process:
        """Starts a worker process, which is killed at the end of the test."""
        process = Process(
            "-m", "tests.stamping.worker_process", name, str(lease_s),
            environment={
                "METERAI_DATA": str(self.data),
                "METERAI_DATABASE_WORKER_URL": self.database.urls.worker,
                "METERAI_FAIL_POINT": fail_point,
            },
            log=self.data / f"{name}.log",
        )  # fmt: skip
        self.processes.append(process)
        return process

    async def start_signer(self, *, fail_point: str = "") -> Process:
        """The real signer process."""
        process = self.spawn_signer(fail_point=fail_point)
        await until(self.signer_answers, what="the signer")
        return process

    def spawn_signer(self, *, fail_point: str = "") -> Process:
        self.signer_process = Process(
            "-m", "meterai.processes.signer",
            environment={
                "METERAI_DATA": str(self.data),
                "METERAI_DATABASE_SIGNER_URL": self.database.urls.signer,
                "METERAI_TSA_URL": self.tsa.url,
                "METERAI_FAIL_POINT": fail_point,
            },
            log=self.data / "signer.log",
        )  # fmt: skip
        self.processes.append(self.signer_process)
        return self.signer_process

    async def signer_answers(self) -> bool:
        assert self.signer_process is not None
        assert self.signer_process.alive, (self.data / "signer.log").read_text()
        try:
            await self.client.ping()
        except Exception:
            return False
        return True

    async def add_customer(self, customer: uuid.UUID) -> None:
        await self.database.owner.execute(
            "INSERT INTO customers.customer VALUES ($1, $2, 'id', $3)",
            customer,
            books.SELLER,
            datetime.now(UTC),
        )

    async def lot_now(self) -> Lot:
        async with self.db.connection() as connection:
            lot = await lot_of(connection, self.lot, customer_id=self.alice)
        assert lot is not None
        return lot

    async def assert_sound(self) -> None:
        """The invariants that stamping answers for. (Nobody paid for Alice's lots: I4 to I6 don't apply.)"""
        results = await run_invariants(
            self.database.reader,
            now=datetime.now(UTC),
            objects=self.objects,
            counters=read_counters(self.data / "signer"),
            sample=None,
        )
        broken = {found.id: found for found in results if not found.ok and found.id not in ("I4", "I5", "I6")}
        assert {"I1", "I2", "I3", "I8", "I9", "I23"} <= {found.id for found in results}
        assert not broken, broken

    async def close(self) -> None:
        await self.client.close()
        for process in self.processes:
            if process.alive:
                process.child.send_signal(signal.SIGCONT)
                process.kill()

    def key_uses(self) -> int:
        """Number of uses in the software key's own counter."""
        return sum(int(path.read_text()) for path in (self.data / "signer").glob("*.count"))

    async def row(self, query: str, *args: Any) -> Any:
        return await self.database.owner.fetchrow(query, *args)

    async def value(self, query: str, *args: Any) -> Any:
        return await self.database.owner.fetchval(query, *args)


def copy_pki(source: Path, data: Path, *, for_hashes: bool = False) -> None:
    """Copies the session's keys for one test: making RSA keys takes a second. The key for hashes if asked."""
    data.mkdir(parents=True, exist_ok=True)
    left = None if for_hashes else shutil.ignore_patterns("hash.*")
    shutil.copytree(source, data / "pki", ignore=left)
