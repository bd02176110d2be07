"""`meterai adapter`: starts the on-premise part of the wire as a process of its own."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from meterai.cli.data_folder import DataOption, data_folder
from meterai.cli.tools.verifier import PASSED_ON, refuse_taken_port
from meterai.kit.settings import from_environment
from meterai.launcher.supervisor import python_module

_SETTINGS = (
    "environment",
    "adapter_gateway_key",
    "adapter_roots",
    "adapter_keep_days",
    "jail_slots",
    "jail_memory_bytes",
    "jail_first_user",
    "jail_cpu_seconds",
    "jail_wall_seconds",
    "log_level",
)
"""The variables that the adapter gets beside its options. No others are passed on."""


def adapter(
    service: Annotated[
        str,
        typer.Option(envvar="METERAI_ADAPTER_SERVICE", help="Base address of the service's stampservice."),
    ],
    folder: Annotated[
        Path,
        typer.Option(
            envvar="METERAI_ADAPTER_FOLDER",
            exists=True,
            file_okay=False,
            help="Folder shared with the programs that send documents; they call it /sharefolder.",
        ),
    ],
    host: Annotated[
        str, typer.Option(envvar="METERAI_ADAPTER_HOST", help="Address to listen on.")
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(envvar="METERAI_ADAPTER_PORT", min=1, max=65535, help="Port to listen on.")
    ] = 7777,
    data: DataOption = None,
) -> None:
    """Put stamps into PDFs at a partner's premises: no database, no key. Documents stay on the machine."""
    refuse_taken_port(host, port)
    told = {
        "adapter_service": service,
        "adapter_folder": str(folder.absolute()),
        "adapter_host": host,
        "adapter_port": str(port),
        "data": str(data_folder(data).absolute()),
    }
    settings = from_environment(os.environ | {f"METERAI_{name.upper()}": said for name, said in told.items()})
    told |= {name: str(getattr(settings, name)) for name in _SETTINGS}
    env = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    env |= {f"METERAI_{name.upper()}": value for name, value in told.items() if value}
    if fail_point := os.environ.get("METERAI_FAIL_POINT"):
        env["METERAI_FAIL_POINT"] = fail_point
    argv = python_module("meterai.processes.adapter")
    os.execve(argv[0], argv, env)  # noqa: S606 - no shell; the program is our own interpreter
