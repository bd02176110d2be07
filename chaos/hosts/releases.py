"""Installs a release from its tag, or this checkout, as a wheel in an environment of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]


def install(tag: str, folder: Path) -> Path:
    """Builds the wheel of `tag` and installs it with its locked packages. Returns its Python.

    An empty tag is this checkout, with what is changed in it. Raises: RuntimeError.
    """
    folder.mkdir(parents=True)
    source = folder / "source" if tag else ROOT
    if tag:
        source.mkdir()
        archive = _run(["git", "archive", "--format=tar", tag], cwd=ROOT)
        subprocess.run(["tar", "-x", "-C", str(source)], input=archive, check=True)
    wheels = folder / "wheels"
    _uv(
        "build",
        "--wheel",
        "--no-build-isolation",
        "--python",
        sys.executable,
        "--out-dir",
        str(wheels),
        cwd=source,
    )
    (wheel,) = wheels.glob("*.whl")
    _uv("venv", "--python", sys.executable, str(folder / "venv"), cwd=source)
    python = folder / "venv" / "bin" / "python"
    lock = str(source / "requirements.lock")
    _uv("pip", "sync", "--compile-bytecode", "--python", str(python), "--require-hashes", lock, cwd=source)
    _uv("pip", "install", "--compile-bytecode", "--no-deps", "--python", str(python), str(wheel), cwd=source)
    return python


def _uv(*words: str, cwd: Path) -> None:
    places = f"{os.environ['PATH']}:{ROOT / '.venv' / '.uv' / 'bin'}"
    program = shutil.which("uv", path=places)
    if program is None:
        raise RuntimeError("there is no uv: run script/bootstrap")
    _run([program, *words, "--quiet"], cwd=cwd)


def _run(words: list[str], *, cwd: Path) -> bytes:
    done = subprocess.run(words, cwd=cwd, capture_output=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{Path(words[0]).name} {words[1]}: {done.stderr.decode().strip()[-500:]}")
    return done.stdout
