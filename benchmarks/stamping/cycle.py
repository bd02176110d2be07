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
import secrets
import tempfile
import time
import uuid
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg

from benchmarks.stamping.engines import make_document
from benchmarks.stamping.service import WAIT_SECONDS, Children, furnish, make_database
from meterai.jail.pool import JailPool
from meterai.kit import outbox
from meterai.kit.database import Database, connect
from meterai.kit.files.object_store import FolderStore
from meterai.launcher.embedded_postgres import EmbeddedPostgres
from meterai.launcher.schema import migrate
from meterai.sales.crediting import STAMP_TOPIC
from meterai.stamping.placement import Placement
from meterai.stamping.use_cases.accept_document import accept_document
from meterai.stamping.use_cases.place_stamps import place_stamps
from sandbox.pki.authority import make_pki

_WARM_UP = 48
_LEFT = """SELECT (SELECT count(*) FROM jobs.outbox)
    + (SELECT count(*) FROM stamping.job WHERE next_attempt_at IS NOT NULL)"""
_NOTE = (
    "cycle: the seven steps through the real processes, PostgreSQL and files fsynced; cpu_ms = worker + "
    "jail + signer + PostgreSQL of one stamp, the time-stamp authority apart. Uploads happen before."
)


@dataclass(frozen=True)
class Site:
    """The services and keys that the documents use."""

    db: Database
    """As the site, for uploads."""
    worker: Database
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
    urls = await make_database(server)
    children = Children(data, server, urls)
    try:
        children.start()
        db = await connect(urls[migrate.SITE], connections_max=4)
        worker = await connect(urls[migrate.WORKER], connections_max=1)
        owner = await asyncpg.connect(urls["owner"])
        jail = JailPool(["meterai.stamping.in_jail.reception:receive"], slots=2)
        await jail.start()
        customer, lot = await furnish(owner, documents + _WARM_UP)
        objects = FolderStore(data / "objects")
        objects.mark()
        site = Site(db, worker, owner, jail, objects, customer, lot)
        uploaded = await upload(site, documents + _WARM_UP, size_bytes)
        await jail.close()
        await children.wait_for_signer()
        await stamp(site, uploaded[:_WARM_UP])
        before, start = children.cpu_seconds(), time.perf_counter()
        await stamp(site, uploaded[_WARM_UP:])
        wall, after = time.perf_counter() - start, children.cpu_seconds()
        spent = {part: (after[part] - before[part]) / documents * 1000 for part in after}
        resident = children.resident_mb()
        await owner.close()
        await db.close()
        await worker.close()
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


async def upload(site: Site, documents: int, size_bytes: int) -> list[uuid.UUID]:
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
                nothing_to_judge,
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


async def nothing_to_judge(_data: bytes, _now: datetime) -> None:
    """These documents carry no stamps."""


async def stamp(site: Site, documents: list[uuid.UUID]) -> None:
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
    async with site.worker.transaction() as tx:
        await outbox.enqueue_many(tx, orders, datetime.now(UTC))
    for _ in range(WAIT_SECONDS * 5):
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
