"""`python -m benchmarks.stamping.cycle --documents N --size-bytes N`: measures the running stamping cycle.

PostgreSQL with fsync, the worker, its jail, the signer and the time-stamp authority are the real processes;
the files are fsynced. Documents are uploaded beforehand. Then all orders for their stamps are put into the
outbox at once, as settled payments do. The worker does the rest: reserve, prepare, intend, sign, check,
release, tell. There is no order to be told about, so that step ends after looking for it.

CPU time is read from /proc for each process with its children; the authority's is listed separately.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import secrets
import subprocess
import sys
import tempfile
import time
import uuid
from collections import defaultdict
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg

from benchmarks.stamping.engines import make_document
from meterai.jail.pool import JailPool
from meterai.kernel.refusals import Refusal
from meterai.kit import outbox
from meterai.kit.child_processes import free_port
from meterai.kit.database import Database, connect
from meterai.kit.files.object_store import FolderStore
from meterai.launcher.embedded_postgres import EmbeddedPostgres
from meterai.launcher.schema import migrate
from meterai.ledger import model as books
from meterai.sales.crediting import STAMP_TOPIC
from meterai.stamping.placement import Placement
from meterai.stamping.signer_client import SignerClient
from meterai.stamping.signer_wire import socket_path
from meterai.stamping.use_cases.accept_document import accept_document
from meterai.stamping.use_cases.place_stamps import place_stamps
from sandbox.pki.authority import make_pki
from tests.ledger import posting

_WARM_UP = 48
_WAIT_SECONDS = 600
_LEFT = """SELECT (SELECT count(*) FROM jobs.outbox)
    + (SELECT count(*) FROM stamping.job WHERE next_attempt_at IS NOT NULL)"""
_TICKS = os.sysconf("SC_CLK_TCK")
_NOTE = (
    "cycle: the seven steps through the real processes, PostgreSQL and files fsynced; cpu_ms = worker + "
    "jail + signer + PostgreSQL of one stamp, the time-stamp authority apart. Uploads happen before."
)


@dataclass(frozen=True)
class _Site:
    """The services and keys that the documents use."""

    db: Database
    owner: asyncpg.Connection[asyncpg.Record]
    jail: JailPool
    objects: FolderStore
    customer: uuid.UUID
    lot: uuid.UUID


def main() -> None:
    """Prints one JSON object."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--documents", type=int, required=True)
    parser.add_argument("--size-bytes", type=int, required=True)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        data = Path(name)
        make_pki(data / "pki")
        server = EmbeddedPostgres(data / "postgres", password=secrets.token_hex(16))
        server.start()
        stack.callback(server.stop)
        print(json.dumps(asyncio.run(_run(data, server, asked.documents, asked.size_bytes))))


async def _run(data: Path, server: EmbeddedPostgres, documents: int, size_bytes: int) -> dict[str, Any]:
    urls = await _make_database(server)
    children = _Children(data, server, urls)
    try:
        children.start()
        db = await connect(urls[migrate.WORKER], connections_max=4)
        owner = await asyncpg.connect(urls["owner"])
        jail = JailPool(["meterai.stamping.in_jail.reception:receive"], slots=2)
        await jail.start()
        customer, lot = await _furnish(owner, documents + _WARM_UP)
        site = _Site(db, owner, jail, FolderStore(data / "objects"), customer, lot)
        uploaded = await _upload(site, documents + _WARM_UP, size_bytes)
        await jail.close()
        await children.wait_for_signer()
        await _stamp(site, uploaded[:_WARM_UP])
        before, start = children.cpu_seconds(), time.perf_counter()
        await _stamp(site, uploaded[_WARM_UP:])
        wall, after = time.perf_counter() - start, children.cpu_seconds()
        spent = {part: (after[part] - before[part]) / documents * 1000 for part in after}
        resident = children.resident_mb()
        await owner.close()
        await db.close()
    finally:
        children.stop()
    return _report(documents, size_bytes, spent, wall, resident)


def _report(
    documents: int, size_bytes: int, spent: dict[str, float], wall: float, resident: dict[str, float]
) -> dict[str, Any]:
    tsa = spent.pop("tsa")
    row = {
        "engine": "meterai cycle",
        "size_bytes": size_bytes,
        "processes": 1,
        "stamps": 1,
        "cpu_ms": round(sum(spent.values()), 3),
        "tsa_cpu_ms": round(tsa, 3),
        "wall_ms": round(wall / documents * 1000, 3),
        "per_second": round(documents / wall, 1),
    }
    return {
        "row": row,
        "documents": documents,
        "cpu_ms": row["cpu_ms"],
        "cpu_ms_by_part": {part: round(ms, 3) for part, ms in spent.items()},
        "tsa_cpu_ms": row["tsa_cpu_ms"],
        "resident_mb": resident,
        "note": _NOTE,
    }


async def _make_database(server: EmbeddedPostgres) -> dict[str, str]:
    """Makes a migrated database. Returns its addresses by role."""
    administration = await asyncpg.connect(server.url())
    await administration.execute("CREATE DATABASE meterai")
    await administration.close()
    passwords = {role: secrets.token_hex(16) for role in migrate.ROLES}
    await migrate.migrate(server.url("meterai"), passwords)
    urls = {role: server.url("meterai", role, password) for role, password in passwords.items()}
    return {"owner": server.url("meterai"), **urls}


class _Children:
    """Time-stamp authority, signer and worker."""

    def __init__(self, data: Path, server: EmbeddedPostgres, urls: dict[str, str]) -> None:
        self._data = data
        self._port = free_port()
        self._urls = urls
        self._roots = {"postgres": server.process.pid}
        self._running: list[subprocess.Popen[bytes]] = []

    def start(self) -> None:
        self._start("tsa", "sandbox.tsa", "--port", str(self._port), "--pki", str(self._data / "pki"))
        self._start("signer", "meterai.processes.signer")
        self._start("worker", "meterai.processes.worker")

    def _start(self, name: str, module: str, *arguments: str) -> None:
        environment = {
            "METERAI_DATA": str(self._data),
            "METERAI_DATABASE_WORKER_URL": self._urls[migrate.WORKER],
            "METERAI_DATABASE_SIGNER_URL": self._urls[migrate.SIGNER],
            "METERAI_TSA_URL": f"http://127.0.0.1:{self._port}/",
            **{f"METERAI_{name}_URL": "http://127.0.0.1:9" for name in ("GATEWAY", "PAYOUT", "WHATSAPP")},
            "METERAI_SMTP_URL": "smtp://127.0.0.1:9",  # nobody is told anything here
            "METERAI_LOG_LEVEL": "WARNING",
        }
        child = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            env={**os.environ, **environment},
            stdout=subprocess.DEVNULL,
        )
        self._running.append(child)
        self._roots[name] = child.pid

    async def wait_for_signer(self) -> None:
        client = SignerClient(socket_path(self._data))
        for attempt in range(_WAIT_SECONDS):
            try:
                await client.ping()
                break
            except Refusal:
                await asyncio.sleep(0.1 if attempt < 100 else 1)
        await client.close()

    def stop(self) -> None:
        for child in reversed(self._running):
            child.terminate()
        for child in self._running:
            child.wait(30)

    def cpu_seconds(self) -> dict[str, float]:
        """CPU seconds by part (postgres, tsa, signer, worker, jail), with reaped children."""
        spent: dict[str, float] = defaultdict(float)
        for part, pid in self._members():
            fields = _stat(pid)
            spent[part] += sum(int(ticks) for ticks in fields[11:15]) / _TICKS
        return dict(spent)

    def resident_mb(self) -> dict[str, float]:
        """Memory of each part's largest process, without the database."""
        found: dict[str, float] = defaultdict(float)
        for part, pid in self._members():
            if part != "postgres":
                pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
                found[part] = max(found[part], round(pages * os.sysconf("SC_PAGESIZE") / 1e6, 1))
        return dict(found)

    def _members(self) -> list[tuple[str, int]]:
        parents = {}
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit() and (fields := _stat(int(entry.name))):
                parents[int(entry.name)] = int(fields[1])
        found = [(part, pid) for part, pid in self._roots.items()]
        for part, root in self._roots.items():
            below = [pid for pid, parent in parents.items() if parent == root]
            found += [("jail" if part == "worker" else part, pid) for pid in below]
        return found


def _stat(pid: int) -> list[str]:
    """The fields of proc_pid_stat(5) behind the program's name."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


async def _furnish(owner: asyncpg.Connection[asyncpg.Record], stamps: int) -> tuple[uuid.UUID, uuid.UUID]:
    """Makes a customer with a lot that holds this many stamps."""
    now, customer, item = datetime.now(UTC), uuid.uuid4(), uuid.uuid4()
    await owner.execute(
        """INSERT INTO customers.organisation VALUES ($1, 'Issuer', 'issuer', $4),
           ($2, 'Distributor', 'distributor', $4), ($3, 'Seller', 'seller', $4)""",
        books.ISSUER,
        books.DISTRIBUTOR,
        books.SELLER,
        now,
    )
    await owner.execute(
        "INSERT INTO customers.customer VALUES ($1, $2, 'id', $3)", customer, books.SELLER, now
    )
    await owner.execute("SELECT sales.issue_stock($1, $2, $3)", item, stamps, now)
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
    await posting.open_accounts(owner, [lot], now)
    await posting.post(owner, [sale], now)
    return customer, lot.id


async def _upload(site: _Site, documents: int, size_bytes: int) -> list[uuid.UUID]:
    """Uploads this many different files with placed stamps."""
    model = make_document(size_bytes)
    at = len(model) // 2  # inside the picture
    turns = asyncio.Semaphore(4)

    async def one() -> uuid.UUID:
        data = model[:at] + secrets.token_bytes(16) + model[at + 16 :]
        async with turns:
            found = await accept_document(
                site.db,
                site.jail,
                site.objects,
                _nothing_to_judge,
                data=data,
                name="surat.pdf",
                kind=None,
                limits=None,
                customer_id=site.customer,
                now=datetime.now(UTC),
            )
            await place_stamps(site.db, found.document_id, [Placement(page=1, x=400, y=100)])
        return found.document_id

    return list(await asyncio.gather(*(one() for _ in range(documents))))


async def _nothing_to_judge(_data: bytes, _now: datetime) -> None:
    """These documents carry no stamps."""


async def _stamp(site: _Site, documents: list[uuid.UUID]) -> None:
    """Asks for all stamps at once and waits until the last is released and told."""
    orders = [
        (
            STAMP_TOPIC,
            {
                "document_id": document,
                "customer_id": site.customer,
                "lot_account_id": site.lot,
                "item_id": uuid.uuid4(),
                "request_key": f"bench:{document}",
            },
        )
        for document in documents
    ]
    async with site.db.transaction() as tx:
        await outbox.enqueue_many(tx, orders, datetime.now(UTC))
    for _ in range(_WAIT_SECONDS * 5):
        await asyncio.sleep(0.2)
        if not await site.owner.fetchval(_LEFT):
            break
    released = await site.owner.fetchval(
        "SELECT count(*) FROM stamping.release WHERE document_id = ANY ($1)", documents
    )
    if released != len(documents):
        raise RuntimeError(f"{released} of {len(documents)} documents were released")


if __name__ == "__main__":
    main()
