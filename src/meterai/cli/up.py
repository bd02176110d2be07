"""`meterai up`: starts the whole service, keeps it running, and stops it on Ctrl-C."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any, NoReturn

import msgspec
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from meterai.cli.outage_messages import outage_message
from meterai.kernel.clock import system_clock
from meterai.kit.child_processes import ending_with_parent
from meterai.kit.database import DATABASE_IS_DOWN
from meterai.kit.installation import Addresses, default_data, derive, forget_addresses, write_addresses
from meterai.kit.installation_id import AnotherInstallation
from meterai.kit.installation_secrets import Secrets
from meterai.kit.settings import Settings, from_environment, public_url
from meterai.launcher.database_server import DatabaseServer
from meterai.launcher.embedded_postgres import PostgresFailed
from meterai.launcher.first_start import open_installation, record_known_officers
from meterai.launcher.gateway_key import check_gateway_key
from meterai.launcher.preparation import (
    LaunchProblem,
    Ports,
    Twins,
    check_settings,
    moved_from,
    only_launcher,
    prepare_folders,
    refuse_moved,
)
from meterai.launcher.process_list import addresses_of, product_specs, twin_specs
from meterai.launcher.role_ports import with_role_ports
from meterai.launcher.schema.migrate import NotMigrated
from meterai.launcher.supervisor import StartFailed, Supervisor, python_module
from meterai.sales.events import Event, load_events
from meterai.stamping.archive.crl_mirror import PLACE

_EVENTS_SHOWN = 3
_ONE_USER = (
    "All processes run as one user: each can read the files and keys of the others. The units in "
    "deploy/systemd keep them apart (docs/first-start.md)."
)


class _Terminal(Console):
    def on_broken_pipe(self) -> None:
        """Goes on when the reader of the output has ended (`script/server | head`)."""
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


_console = _Terminal(highlight=False, soft_wrap=True)


def up(
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Port of the site; the others follow it. 0: any.")
    ] = None,
    data: Annotated[Path | None, typer.Option(help="The one directory in which everything lives.")] = None,
) -> None:
    """Start the whole service and keep it running until Ctrl-C."""
    settings = from_environment()
    settings = msgspec.structs.replace(
        settings,
        data=(data or settings.data).absolute(),
        port=settings.port if port is None else port,
    )
    try:
        check_settings(settings)
        if warning := check_gateway_key(settings):
            _console.print("[yellow]![/]", escape(warning))
        prepare_folders(settings.data)
        os.umask(0o077)  # only this user reads mails, documents and logs
        with only_launcher(settings.data):
            asyncio.run(_Launch(settings).run())
    except (LaunchProblem, PostgresFailed, NotMigrated, StartFailed, AnotherInstallation) as problem:
        _fail(str(problem))
    except DATABASE_IS_DOWN as error:
        _fail(outage_message(error) or f"The database: {error}")


def _fail(problem: str) -> NoReturn:
    _console.print("[bold red]Not running.[/]", escape(problem))
    raise typer.Exit(1) from None


class _Launch:
    """One run of the launcher."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._secrets = Secrets.of(settings)
        self._database = DatabaseServer(settings, self._secrets, may_make=not self._secrets.hold_application)
        self._supervisor = Supervisor(
            logs=settings.data / "logs",
            run=settings.data / "run",
            report=self._report,
            log_days=settings.keep_log_days,
        )
        self._since = time.monotonic()

    async def run(self) -> None:
        """Starts the service, keeps it running, and stops it. Raises: see `up`."""
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        signs = [signal.SIGINT, signal.SIGTERM]
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # it is ignored under nohup
            signs.append(signal.SIGHUP)
        for sign in signs:
            loop.add_signal_handler(sign, stop.set)
        try:
            if await _unless(stop, self._start()):
                await _unless(stop, self._stay())
        finally:
            await self._stop()

    async def _start(self) -> None:
        data = self._settings.data
        self._supervisor.end_left_over()
        ports = Ports.choose(self._settings.port, host=self._settings.host)
        refuse_moved(self._settings, ports)
        keys = self._make_keys(public_url(self._settings, port=ports.site))
        self._database.start(ports.postgres)
        await self._database.make_ready(self._report)
        if await asyncio.to_thread(keys.wait):
            raise LaunchProblem(f"The development keys could not be made; see {data / 'logs' / 'pki.log'}")
        self._secrets.make_shared()
        twins = Twins.needed(self._settings)
        database = self._database
        addresses = addresses_of(self._settings, ports, twins, database.owner_url, database.socket_folder)
        complete = derive(self._settings, addresses, self._secrets)
        complete = msgspec.structs.replace(complete, port=ports.site, public_url=addresses.site)
        await open_installation(complete, now=system_clock())
        await record_known_officers(database.owner_url, complete, now=system_clock())
        twin = twin_specs(complete, ports, twins, self._secrets)
        product, roles = with_role_ports(product_specs(complete, ports), self._settings.port)
        await self._supervisor.start([*twin, *product])
        write_addresses(data, msgspec.structs.replace(addresses, roles=roles))
        for name, port in moved_from(self._settings, ports).items():
            self._report(f"port {port} is busy or not for us, so the {name} has another one")
        with contextlib.suppress(OSError):
            self._show(addresses)

    async def _stay(self) -> None:
        watching = asyncio.ensure_future(self._supervisor.watch())
        keeping = asyncio.ensure_future(self._database.keep(self._report))
        try:
            await asyncio.gather(watching, keeping)
        finally:
            watching.cancel()
            keeping.cancel()

    async def _stop(self) -> None:
        forget_addresses(self._settings.data)
        await self._supervisor.stop()
        self._database.stop()

    def _make_keys(self, site: str) -> subprocess.Popen[bytes]:
        """Makes the development PKI while the database starts. An existing one gets what it lacks.

        Its certificates name CRL addresses of the site.
        """
        settings = self._settings
        folder = settings.data / "pki"
        wanted = settings.environment == "development" and not (folder / "hash.pem").exists()
        arguments = [str(folder), "--algorithm", settings.key_algorithm, "--revocation-url", f"{site}{PLACE}"]
        command = python_module("sandbox.pki.authority", *arguments) if wanted else ["true"]
        with (settings.data / "logs" / "pki.log").open("ab") as log:
            return subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                preexec_fn=ending_with_parent(signal.SIGTERM),
            )

    def _report(self, line: str) -> None:
        with contextlib.suppress(OSError):  # the terminal may be gone
            _console.print("[yellow]![/]", escape(line))

    def _show(self, addresses: Addresses) -> None:
        seconds = time.monotonic() - self._since
        table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
        offered = self._offered()
        waiting = next((event.slug for event in offered if event.queue is not None), "")
        rows = {
            "Site": addresses.site,
            **{event.name: f"{addresses.site}/{event.slug}" for event in offered},
            "Queue": f"{addresses.gate}/antre/{waiting}" if addresses.gate and waiting else "",
            "Inbox": f"{addresses.inbox}  (the e-mails and WhatsApp messages)" if addresses.inbox else "",
            "Gateway": f"{addresses.gateway}  (pay here; not real money)" if addresses.gateway else "",
            "BI-SNAP": f"{addresses.snap}  (pay here; not real money)" if addresses.snap else "",
            "Console": f"{addresses.console}  (for officers)" if addresses.console else "",
            "Status": f"{addresses.status}  (the page that goes on without the service)"
            if addresses.status
            else "",
            "Database": addresses.database,
            "Data": f"{self._settings.data}  (logs in logs/)",
        }
        for name, value in rows.items():
            if value:
                table.add_row(f"[bold]{name}[/]", escape(value))
        _console.print(f"[bold green]e-Meterai is running[/] (started in {seconds:.1f} s; Ctrl-C stops it)")
        _console.print(table)
        _console.print(_ONE_USER, markup=False)
        first = offered[0].slug if offered else ""
        demo = f", or in another terminal: {self._command('demo FILE.pdf')}"
        # `demo` works only outside production, and with the shipped event
        made_up = demo if self._settings.environment != "production" and first == "casn" else ""
        _console.print(f"Next: open {addresses.site}/{first}{made_up}", markup=False)

    def _offered(self) -> list[Event]:
        """The first events that are not over."""
        file, now = self._settings.events_file, system_clock()
        events = load_events(Path(file) if file else None)
        return [event for event in events if not event.is_over(now)][:_EVENTS_SHOWN]

    def _command(self, words: str) -> str:
        program = Path(sys.argv[0])
        beside = Path(sys.executable).with_name("meterai")
        name = str(beside if program.name != "meterai" or not program.is_absolute() else program)
        with contextlib.suppress(ValueError):
            name = str(Path(name).relative_to(Path.cwd()))
        chosen = self._settings.data != default_data().absolute()
        return f"{f'METERAI_DATA={shlex.quote(str(self._settings.data))} ' if chosen else ''}{name} {words}"


async def _unless(stop: asyncio.Event, work: Coroutine[Any, Any, None]) -> bool:
    """Whether `work` ended before `stop`. When `stop` comes first, `work` is cancelled."""
    task = asyncio.ensure_future(work)
    waiting = asyncio.ensure_future(stop.wait())
    await asyncio.wait([task, waiting], return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    if not task.done():
        task.cancel()
        await asyncio.wait([task])
        return False
    await task
    return not stop.is_set()
