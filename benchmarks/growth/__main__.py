"""`python -m benchmarks.growth --customers N --tickets M`: makes a development service look years old.

Writes N customers with 2 N stamps straight into the tables, as their owner. Hands out M tickets of an event's
queue. Refuses production. `meterai check` holds afterwards.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from datetime import datetime
from pathlib import Path

import msgspec

from benchmarks.growth.bulk import Progress, write_history
from benchmarks.growth.line import hand_out_tickets
from benchmarks.growth.stamped import KEY_ID
from meterai.cli.data_folder import data_folder
from meterai.cli.refusal_texts import refusal_text
from meterai.kernel.clock import system_clock
from meterai.kernel.refusals import Refusal
from meterai.kit.database import connect
from meterai.kit.database_urls import OWNER, by_socket
from meterai.kit.installation import read_addresses, settings_of_running
from meterai.kit.installation_secrets import Secrets
from meterai.kit.settings import Settings, from_environment, queue_root
from meterai.sales.use_cases.issue_quota import issue_quota


async def grow(
    app_url: str, owner_url: str, *, signer: Path, customers: int, now: datetime, progress: Progress
) -> None:
    """Issues the stock, writes the history and the counter of the key that is said to have sealed it."""
    app = await connect(app_url)
    try:
        await issue_quota(app, pieces=2 * customers, deposit_reference="history", actor="growth", now=now)
    finally:
        await app.close()
    await write_history(owner_url, customers=customers, now=now, progress=progress)
    (signer / f"{KEY_ID}.count").write_text(f"{2 * customers:020}")


def _owner_url(settings: Settings) -> str:
    """The address of the running service's database for its owner."""
    if settings.database_url:
        return settings.database_url
    addresses = read_addresses(settings.data)
    password = Secrets(settings.data).database_owner
    url = addresses.database.replace("://", f"://{OWNER}:{password}@", 1)
    return by_socket(url, addresses.database_socket)


def _show(what: str, done: int, total: int) -> None:
    print(f"{time.perf_counter() - _STARTED:7.1f} s  {what} {done:,} of {total:,}", file=sys.stderr)


def _show_some(what: str, done: int, total: int) -> None:
    if done % 100_000 == 0 or done == total:
        _show(what, done, total)


_STARTED = time.perf_counter()


def main() -> None:
    """Reads the arguments and runs."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.growth")
    parser.add_argument("--customers", type=int, default=4_000_000)
    parser.add_argument("--tickets", type=int, default=0, help="handed out, called, and never used")
    parser.add_argument("--event", default="casn", help="whose queue the tickets are of")
    parser.add_argument("--data", type=Path, default=data_folder(None))
    asked = parser.parse_args()
    try:
        settings = settings_of_running(
            msgspec.structs.replace(from_environment(), data=asked.data.absolute())
        )
    except Refusal as refusal:
        parser.exit(2, f"{refusal_text(refusal.code, refusal.facts)}\n")
    if settings.environment == "production":
        raise SystemExit("a made-up history has no place in production")
    asyncio.run(_run(settings, customers=asked.customers, tickets=asked.tickets, event=asked.event))


async def _run(settings: Settings, *, customers: int, tickets: int, event: str) -> None:
    if customers:
        await grow(
            settings.database_operator_url,
            _owner_url(settings),
            signer=settings.data / "signer",
            customers=customers,
            now=system_clock(),
            progress=_show,
        )
    if tickets:
        app = await connect(settings.database_operator_url)
        try:
            await hand_out_tickets(
                app, queue_root(settings), event, count=tickets, clock=system_clock, progress=_show_some
            )
        finally:
            await app.close()


if __name__ == "__main__":
    main()
