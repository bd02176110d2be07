"""`python -m benchmarks keys`: the cost of a key in a PKCS#11 token beside a software key."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

_SOFT_HSM = Path("/usr/lib/softhsm/libsofthsm2.so")


def bench_keys(
    seconds: Annotated[float, typer.Option(min=0.5, help="seconds for each measurement")] = 4.0,
    json_output: Annotated[bool, typer.Option("--json", help="print one JSON object")] = False,
) -> None:
    """Measure signatures and whole stamps by a SoftHSM2 key and by a software key (RSA-2048)."""
    if not _SOFT_HSM.exists() or shutil.which("pkcs11-tool") is None:
        raise typer.BadParameter("this needs the Debian packages softhsm2 and opensc")
    command = [sys.executable, "-m", "benchmarks.stamping.keys", "--module", str(_SOFT_HSM)]
    done = subprocess.run(
        [*command, "--seconds", str(seconds)], check=True, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL
    )
    if json_output:
        typer.echo(done.stdout.decode().strip())
    else:
        _show(json.loads(done.stdout))


def _show(result: dict[str, Any]) -> None:
    table = Table("CPU ms", "software key", "PKCS#11 (SoftHSM2)", "ratio")
    for name, row in result.items():
        table.add_row(name, f"{row['software']:.3f}", f"{row['pkcs11']:.3f}", f"{row['ratio']:.2f}")
    Console().print(table)
