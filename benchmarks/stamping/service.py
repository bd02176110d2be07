"""The processes of the stamping cycle, for benchmarks: PostgreSQL, time-stamp authority, signer, worker."""

from __future__ import annotations

import asyncio
import os
import secrets
import subprocess
import sys
import uuid
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path

import asyncpg

from meterai.kernel.refusals import Refusal
from meterai.kit.child_processes import free_port
from meterai.launcher.embedded_postgres import EmbeddedPostgres
from meterai.launcher.schema import migrate
from meterai.ledger import model as books
from meterai.stamping.signer_client import SignerClient
from meterai.stamping.signer_wire import socket_path
from tests.ledger import posting

WAIT_SECONDS = 300
_TICKS = os.sysconf("SC_CLK_TCK")


async def make_database(server: EmbeddedPostgres) -> dict[str, str]:
    """Makes a migrated database. Returns its addresses by role."""
    administration = await asyncpg.connect(server.url())
    await administration.execute("CREATE DATABASE meterai")
    await administration.close()
    passwords = {role: secrets.token_hex(16) for role in migrate.ROLES}
    await migrate.migrate(server.url("meterai"), passwords)
    urls = {role: server.url("meterai", role, password) for role, password in passwords.items()}
    return {"owner": server.url("meterai"), **urls}


class Children:
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
        for attempt in range(WAIT_SECONDS):
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


async def furnish(owner: asyncpg.Connection[asyncpg.Record], stamps: int) -> tuple[uuid.UUID, uuid.UUID]:
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
