"""The TypeScript package, built in a folder of its own beside examples of its README."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from tests.launcher.test_scripts import ROOT

PACKAGE = ROOT / "sdk" / "typescript"
_QUIETLY = ("--no-progress", "--no-audit", "--no-fund", "--ignore-scripts", "--prefer-offline")
_ONE_PROCESS = "for (const file of process.argv.slice(1)) await import(file)"


def install_packages() -> Path:
    """Installs what package-lock.json names, unless it is there. Returns node_modules."""
    modules = PACKAGE / "node_modules"
    with (PACKAGE / "package-lock.json").open("rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # other processes of the tests
        stamp = modules / ".installed"
        locked = lock.read()
        if not stamp.exists() or stamp.read_bytes() != locked:
            run("npm", "ci", *_QUIETLY, at=PACKAGE)
            stamp.write_bytes(locked)
    return modules


def build(place: Path, url: str, examples: Mapping[str, str]) -> Path:
    """Compiles a copy of the package beside these programs. Returns the folder with everything compiled.

    `url`: of the service whose types it gets.
    """
    modules = install_packages()
    copy = place / "typescript"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("node_modules", "dist", "api.ts"))
    (copy / "node_modules").symlink_to(modules)
    (copy / "examples").mkdir()
    for name, code in examples.items():
        (copy / "examples" / f"{name}.ts").write_text(code)
    scripts = json.loads((copy / "package.json").read_text())["scripts"]
    programs = {"PATH": f"{modules / '.bin'}:{os.environ['PATH']}", "METERAI_API_URL": url}
    for name in ("types", "build"):  # what `npm run` does, without its process
        run("sh", "-euc", scripts[name], at=copy, env=programs)
    return copy / "dist"


def run_tests(compiled: Path) -> str:
    """Runs the tests of the package in one process, and returns what they print (TAP)."""
    tests = sorted(str(path) for path in (compiled / "test").glob("*.test.js"))
    options = ("--test-reporter=tap", "--input-type=module", "-e", _ONE_PROCESS)
    return run("node", *options, *tests, at=compiled)


def run(*command: str, at: Path, env: Mapping[str, str] | None = None) -> str:
    """Runs a command and returns what it printed. Raises: AssertionError with its words when it fails."""
    done = subprocess.run(
        command, cwd=at, env={**os.environ, **(env or {})}, capture_output=True, text=True, timeout=240
    )
    assert done.returncode == 0, f"{' '.join(command)}: {done.stdout[-4000:]}{done.stderr[-4000:]}"
    return done.stdout
