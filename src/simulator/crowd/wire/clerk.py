"""A client that is a process of its own, so that it can be killed: it makes the calls of one document.

`python -m simulator.crowd.wire.clerk`. The first line of standard input says what to do. After each call the
clerk prints a line, before and after it has noted the answer, and waits for a line. Its last line says how it
ended.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import aiohttp
import msgspec

from simulator.crowd.demo import say
from simulator.crowd.wire.field_client import Addresses, FieldClient, Refused
from simulator.crowd.wire.journeys import MODES, Desk
from simulator.crowd.wire.memory import Memory
from simulator.crowd.wire.receiver import receiving


class Errand(msgspec.Struct, frozen=True, kw_only=True):
    """What a clerk is told."""

    mode: str
    addresses: Addresses
    desk: Desk
    memory: Path


async def run(errand: Errand) -> None:
    """Makes the calls that are not noted yet."""

    async def between(name: str, is_noted: bool) -> None:
        say(call=name, noted=is_noted)
        await asyncio.to_thread(sys.stdin.readline)

    async with aiohttp.ClientSession() as session, receiving() as receiver:
        client = FieldClient(session, errand.addresses)
        way = MODES[errand.mode](client, errand.desk, Memory(errand.memory), between, receiver)
        await way.run()
        say(ended=True, tries=way.tries)


def main() -> None:
    """Exit code 1: a call was refused, or no answer came in time."""
    errand = msgspec.json.decode(sys.stdin.readline(), type=Errand, dec_hook=lambda kind, text: kind(text))
    try:
        asyncio.run(run(errand))
    except (Refused, TimeoutError) as error:
        say(error=f"{type(error).__name__}: {error}")
        sys.exit(1)


if __name__ == "__main__":
    main()
