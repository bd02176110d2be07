"""TLS in front of the twins: `python -m tests.operator_day.tls_doors CERT KEY HOST:PORT:TO...`

HOST:PORT speaks TLS; what is said there goes to the port TO of 127.0.0.1 in clear.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import sys


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while part := await reader.read(65536):
            writer.write(part)
            await writer.drain()
    writer.close()


async def _open_door(door: str, context: ssl.SSLContext) -> None:
    host, outside, inside = door.split(":")

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            other_reader, other_writer = await asyncio.open_connection("127.0.0.1", int(inside))
        except OSError:
            writer.close()
            return
        await asyncio.gather(_pass_on(reader, other_writer), _pass_on(other_reader, writer))

    await asyncio.start_server(take, host, int(outside), ssl=context)


async def _main() -> None:
    certificate, key, *doors = sys.argv[1:]
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    for door in doors:
        await _open_door(door, context)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_main())
