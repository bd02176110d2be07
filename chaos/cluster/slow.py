"""A slow link on a host: `python -m chaos.cluster.slow FROM TO`, two ports of its loopback address.

Connections to FROM that begin now pass a proxy, which delays and limits them, on their way to TO.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from typing import Final

from chaos.proxy import slow_link

_BYTES_PER_SECOND: Final = 2_000_000
_DELAY_S: Final = 0.02
_TABLE: Final = "ip slow"


async def run(start: int, end: int) -> None:
    """Slows the link down until it is ended."""
    async with slow_link(end, bytes_per_second=_BYTES_PER_SECOND, delay_s=_DELAY_S) as link:
        await asyncio.to_thread(_lead, start, link.port)
        await asyncio.Event().wait()


def _lead(start: int, port: int) -> None:
    """Leads new connections to one port to another one."""
    for words in (
        f"add table {_TABLE}",
        f"add chain {_TABLE} out {{ type nat hook output priority -100; }}",
        f"add rule {_TABLE} out tcp dport {start} dnat to 127.0.0.1:{port}",
    ):
        subprocess.run(["/usr/sbin/nft", *words.split(" ")], check=True)


if __name__ == "__main__":
    asyncio.run(run(int(sys.argv[1]), int(sys.argv[2])))
