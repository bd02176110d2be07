"""`meterai verifier`: starts the verifier as a process of its own, without any secret."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from meterai.cli.tools.verify import read_trust
from meterai.kit.child_processes import free_port
from meterai.kit.settings import from_environment, trust_folder
from meterai.launcher.supervisor import python_module

PASSED_ON = ("PATH", "LANG", "LC_ALL", "TZ", "TMPDIR", "VIRTUAL_ENV", "PYTHONPATH")
_SETTINGS = (
    "environment",
    "contact",
    "public_url",
    "database_verifier_url",
    "jail_slots",
    "jail_memory_bytes",
    "jail_cpu_seconds",
    "jail_wall_seconds",
    "jail_network_seconds",
    "addition_width_mm",
    "addition_height_mm",
    "trusted_proxies",
    "log_level",
)
"""The variables that the verifier gets. No others are passed on."""


def refuse_taken_port(host: str, port: int) -> None:
    """Refuses a port that is in use. With SO_REUSEPORT the kernel would give us a part of the site's
    visitors.

    Raises: typer.BadParameter.
    """
    try:
        is_free = free_port(port, host=host) == port
    except OSError:
        is_free = False
    if not is_free:
        raise typer.BadParameter(
            f"{port} on {host} is taken, or no address of ours", param_hint="--port, --host"
        )


def verifier(
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = 8090,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    trust: Annotated[
        Path | None,
        typer.Option(help="Folder with root.pem and code.json; default: pki/trust in the data directory."),
    ] = None,
    trust_root: Annotated[
        list[Path] | None, typer.Option(help="PEM file of a root certificate to trust; repeat.")
    ] = None,
) -> None:
    """Serve verification alone: no key, no secret. METERAI_DATABASE_VERIFIER_URL names a register to ask."""
    refuse_taken_port(host, port)
    settings = from_environment()
    read_trust(trust, trust_root or [])  # says at once what is wrong with them
    files = [part for file in trust_root or [] for part in ("--trust-root", str(file.absolute()))]
    folder = (trust or trust_folder(settings)).absolute()
    argv = python_module("meterai.processes.verifier", *(files or ["--trust", str(folder)]))
    env = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    told = {name: str(getattr(settings, name)) for name in _SETTINGS} | {"host": host, "port": str(port)}
    env |= {f"METERAI_{name.upper()}": value for name, value in told.items() if value}
    os.execve(argv[0], argv, env)  # noqa: S606 - no shell; the program is our own interpreter
