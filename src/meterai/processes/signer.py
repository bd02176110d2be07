"""The signer: `python -m meterai.processes.signer`. It alone opens private keys, and it parses no PDF.

It listens on DATA/run/signer/signer.sock, for its own user and, where the umask allows, its group. With
METERAI_SIGNER_LISTEN it also listens for other machines, over mutual TLS. `stamping.signer_wire` says what
goes over both.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import ssl
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import Final

import aiohttp
import msgspec
import structlog
import uvloop
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from meterai.kernel.clock import system_clock
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit import fail_points
from meterai.kit.database import connect, ending_in_words
from meterai.kit.http.role_port import role_port
from meterai.kit.logging import set_up_logging
from meterai.kit.measures import timed
from meterai.kit.production import settings_of
from meterai.kit.settings import Settings, trust_folder
from meterai.kit.tracing.spans import collected, span
from meterai.operations.use_cases.know_installation import know_installation
from meterai.stamping import signer_wire
from meterai.stamping.keys.development_key import development_keys
from meterai.stamping.signer import register
from meterai.stamping.signer.askers import Askers, Right, client_at, may_ask, user_at
from meterai.stamping.signer.measures import REQUESTS, SEALS
from meterai.stamping.signer.private_keys.checked_key import FaultAlarm
from meterai.stamping.signer.private_keys.code_key import CodeKeyFile
from meterai.stamping.signer.private_keys.key_counter import CounterMismatch
from meterai.stamping.signer.private_keys.key_opener import KeyOpener
from meterai.stamping.signer.private_keys.key_ring import KeyRing, OpenDevice
from meterai.stamping.signer.sealer import Sealer, is_register_lost
from meterai.stamping.signer.time_stamp_client import HttpTimestamper, TokenChecker
from meterai.stamping.signer_places import listening_context

log = structlog.get_logger(__name__)

_REQUESTS_MAX = 64
_HANDSHAKE_SECONDS: Final = 5.0


class SignerServer:
    """Answers requests over the unix socket and TLS, each connection in turn."""

    def __init__(self, sealer: Sealer, askers: Askers | None = None) -> None:
        """`askers`: who may ask for what; None: this process's user and root."""
        self._sealer = sealer
        self._askers = askers or Askers()
        self._turns = asyncio.Semaphore(_REQUESTS_MAX)
        self._busy: set[asyncio.Task[None]] = set()

    async def serve(
        self, path: Path, stop: asyncio.Event, *, outside: tuple[str, int, ssl.SSLContext] | None = None
    ) -> None:
        """Listens until `stop`, then lets what is under way end.

        `outside`: address, port and TLS for askers on other machines.
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        async with AsyncExitStack() as stack:
            servers = [await asyncio.start_unix_server(self._talk, sock=_bind(path))]
            if outside is not None:
                host, port, context = outside
                servers.append(
                    await asyncio.start_server(
                        self._talk, host, port, ssl=context, ssl_handshake_timeout=_HANDSHAKE_SECONDS
                    )
                )
            for server in servers:
                await stack.enter_async_context(server)
            await stop.wait()
            for server in servers:
                server.close()
            await asyncio.to_thread(path.unlink, missing_ok=True)
            if self._busy:
                await asyncio.wait(self._busy, timeout=10)

    def _right_at(self, writer: asyncio.StreamWriter) -> Right | None:
        """What the other end may ask for; None: nothing."""
        if writer.get_extra_info("ssl_object") is not None:
            client = client_at(writer.get_extra_info("peercert") or {})
            if (right := self._askers.right_of_client(client)) is None:
                log.warning("signer.stranger", client=client)
            return right
        user = user_at(writer.get_extra_info("socket"))
        if (right := self._askers.right_of(user)) is None:
            log.warning("signer.stranger", user=user)
        return right

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        right = self._right_at(writer)
        if right is None:
            writer.close()
            return
        try:
            while True:
                body = await signer_wire.read_frame(reader)
                async with self._turns:  # asked for what is kept open and silent, others would wait for ever
                    answer = await self._answer_whole(body, right)
                writer.write(signer_wire.frame(answer))
                await writer.drain()
        except (EOFError, OSError, ValueError):
            pass
        finally:
            writer.close()

    async def _answer_whole(self, body: bytes, right: Right) -> signer_wire.Answer:
        """Answers even when the asker is gone: a counted attempt is carried out."""
        work = asyncio.ensure_future(self._answer(body, right))
        marker: asyncio.Task[None] = asyncio.ensure_future(_ended(work))
        self._busy.add(marker)
        marker.add_done_callback(self._busy.discard)
        return await asyncio.shield(work)

    async def _answer(self, body: bytes, right: Right) -> signer_wire.Answer:
        try:
            request = signer_wire.read_request(body)
        except ValueError:
            # Of another release, while it is put in place: no document's fault.
            return signer_wire.Refused(Kind.UNAVAILABLE, "signer.request_unreadable")
        if not may_ask(right, request):
            log.warning("signer.not_allowed", request=type(request).__name__, right=right.name.lower())
            return signer_wire.Refused(Kind.FORBIDDEN, "signer.not_allowed")
        with collected(request.traceparent) as spans:
            answer = await self._answer_request(request, right)
        return msgspec.structs.replace(answer, spans=spans) if spans else answer

    async def _answer_request(self, request: signer_wire.Request, right: Right) -> signer_wire.Answer:
        name = type(request).__name__
        try:
            with timed(REQUESTS, name), span("signer", kind="server", asked=name):
                return await self._carry_out(request, right)
        except Refusal as refusal:
            return signer_wire.Refused(refusal.kind, refusal.code)
        except Exception as error:
            if not is_register_lost(error):
                log.exception("signer.fault")
            return signer_wire.Refused(Kind.UNAVAILABLE, "signer.unavailable")

    async def _carry_out(self, request: signer_wire.Request, right: Right) -> signer_wire.Answer:
        match request:
            case signer_wire.Ping():
                return await self._sealer.identity()
            case signer_wire.ListKeys():
                return await self._sealer.keys()
            case signer_wire.SignCodes(wanted=wanted):
                return await self._sealer.sign_codes(wanted, taken_only=right < Right.SEAL)
            case signer_wire.SealSerials(serials=serials, may_lack_time_stamp=may_lack):
                seals = await self._sealer.seal(serials, may_lack)
                SEALS.inc(len(seals.sealed))
                return seals
            case signer_wire.ShowHashKey():
                return await self._sealer.hashes.key()
            case signer_wire.SignHashes(requests=requests):
                return await self._sealer.hashes.sign(requests)
            case signer_wire.StampSignatures(imprints=imprints, nonce=nonce):
                return await self._sealer.time_stamps(imprints, nonce)


async def _ended(work: asyncio.Future[signer_wire.Answer]) -> None:
    with suppress(Exception):
        await work


def _bind(path: Path) -> socket.socket:
    """A socket at `path` that its owner may reach, and its group if the umask allows. Only the holder of the
    key counter comes here."""
    path.unlink(missing_ok=True)
    listening = socket.socket(socket.AF_UNIX)
    before = os.umask(0o177)
    os.umask(before | 0o117)
    try:
        with signer_wire.ReachableSocket(path) as address:
            listening.bind(address)
    finally:
        os.umask(before)
    return listening


@asynccontextmanager
async def open_sealer(settings: Settings, open_key: OpenDevice) -> AsyncIterator[Sealer]:
    """The keys, the register and the time-stamp authority, put together.

    Raises: CounterMismatch (the key that is to sign), ValueError, OSError, asyncpg.PostgresError (register).
    """
    pki, counters = settings.data / "pki", settings.data / "signer"
    roots = x509.load_pem_x509_certificates((trust_folder(settings) / "root.pem").read_bytes())
    trusted = [root.public_bytes(Encoding.PEM) for root in roots]
    db = await connect(settings.database_signer_url, connections_max=4, application_name="meterai signer")
    await know_installation(db, settings.data)
    counters.mkdir(mode=0o700, parents=True, exist_ok=True)

    async def throw_switch(reason: str) -> None:
        async with db.connection() as connection:
            await register.throw_switch(connection, reason, system_clock())

    development = settings.environment == "development"
    keys = KeyRing(
        open_key,
        counters,
        FaultAlarm(throw_switch),
        signer=settings.signer_name,
        unregistered=development_keys(pki) if development else [],
    )
    try:
        async with db.connection() as connection:
            await keys.refresh(connection, system_clock())
            await keys.check_start(connection, system_clock())
        async with aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=32, keepalive_timeout=20),
            cookie_jar=aiohttp.DummyCookieJar(),
        ) as session:
            checker = TokenChecker(trusted, system_clock)
            yield Sealer(
                db,
                keys,
                CodeKeyFile(pki, system_clock()),
                HttpTimestamper(session, settings.tsa_url, checker),
                clock=system_clock,
                tsa_ends=checker.certificates_end,
                fail_point=fail_points.from_environment(os.environ, development=development),
            )
    finally:
        await keys.close()
        await db.close()


async def run(settings: Settings, open_key: OpenDevice | None = None) -> None:
    """Serves until SIGTERM or SIGINT. `open_key`: how to open a registered key; else as the settings say."""
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    async with open_sealer(settings, open_key or KeyOpener(settings)) as sealer:
        log.info("signer.ready", keys=len((await sealer.keys()).keys))
        server = SignerServer(sealer, Askers(settings.signer_users, settings.signer_clients))

        async def key() -> None:
            await sealer.identity()

        async with role_port(settings.role_port, "signer", register=sealer.ping_register, key=key):
            await server.serve(signer_wire.socket_path(settings.data), stop, outside=_outside(settings))


def _outside(settings: Settings) -> tuple[str, int, ssl.SSLContext] | None:
    """Where askers on other machines are served. Raises: ValueError."""
    if not settings.signer_listen:
        return None
    host, _, port = settings.signer_listen.rpartition(":")
    if not host or not port.isdecimal():
        raise ValueError("METERAI_SIGNER_LISTEN: expected HOST:PORT")
    return host.strip("[]"), int(port), listening_context(settings)


def main() -> None:
    """Runs the signer; ends with status 1 and one plain line when it can't start."""
    with ending_in_words(log):
        settings = settings_of("signer")
        set_up_logging(settings.log_level)
        try:
            uvloop.run(run(settings))
        except (CounterMismatch, ValueError, FileNotFoundError) as error:
            log.error("signer.refused_to_start", reason=str(error))
            sys.exit(1)


if __name__ == "__main__":
    main()
