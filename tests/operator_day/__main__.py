"""Replays an operator's day. `script/operator-day --help` says how."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from tests.debian_packages import CACHE
from tests.operator_day import changes, copies, first_start, follow, front, keys
from tests.operator_day.day import Day
from tests.operator_day.debian import empty_debian
from tests.operator_day.machine import OperatorMachine, remove
from tests.operator_day.world import World

CHECKOUT: Final = Path(__file__).parents[2]
STEPS: Final[dict[str, Callable[[Day], None]]] = {
    "program": first_start.install_program,
    "settings": first_start.write_settings,
    "database": first_start.make_database,
    "trust": first_start.trust_roots,
    "units": first_start.start_units,
    "key": keys.make_key,
    "nginx": front.open_front,
    "deposit": front.book_deposit,
    "purchase": front.buy_first,
    "prometheus": front.watch,
    "night": first_start.check_each_night,
    "backup": copies.back_up,
    "loss": copies.lose_disk,
    "restore": copies.restore,
    "follow": follow.start_following,
    "seconds": follow.lose_seconds,
    "lost-seconds": copies.lose_seconds,
    "new-key": keys.rotate_key,
    "new-secrets": changes.rotate_secrets,
    "stop": changes.stop_and_resume,
    "upgrade": changes.upgrade,
    "check": front.end_day,
}


def main() -> int:
    """Exit code 0: every step was done."""
    asked = _arguments()
    if os.geteuid() != 0:
        print("operator-day: only root may boot a machine. Run it as root.", file=sys.stderr)
        return 2
    names = list(STEPS)
    first, last = names.index(asked.from_step or names[0]), names.index(asked.until or names[-1])
    folder = asked.cache / "day"
    boot = _booter(asked, folder)
    machine = _machine(boot, folder, goes_on=first > 0)
    world = World(machine, folder / "world")
    day = Day(machine, world, folder, asked.older, boot)
    failed = True
    try:
        world.start()
        failed = not _run(day, names[first : last + 1])
    finally:
        day.close_shells()
        world.stop()
        if asked.keep:
            (folder / "machine.json").write_text(json.dumps(machine.init))
            print(f"The machine goes on: nsenter -t {machine.init} -a, or --from STEP")
        else:
            machine.close()
            if not failed:
                remove(folder / "machine")
                remove(folder / "older" / "machine")
    return int(failed)


def _arguments() -> argparse.Namespace:
    cache = CACHE / "meterai-operator-day"
    parser = argparse.ArgumentParser(prog="script/operator-day", description=__doc__)
    parser.add_argument("--until", choices=STEPS, help="end after this step")
    parser.add_argument("--from", choices=STEPS, dest="from_step", help="go on with it on a kept machine")
    parser.add_argument("--keep", action="store_true", help="leave the machine running at the end")
    parser.add_argument("--older", default=_before_this(), help="the release before (default: %(default)s)")
    parser.add_argument("--mirror", default=os.environ.get("DEBIAN_MIRROR", ""), help="default: the host's")
    parser.add_argument("--suite", default="trixie")
    parser.add_argument("--cache", type=Path, default=cache, help="default: %(default)s")
    asked = parser.parse_args()
    if asked.cache.resolve().is_relative_to(CHECKOUT):
        parser.error("--cache: take a folder outside of the checkout")
    return asked


def _before_this() -> str:
    """The newest tag; without one the last commit before the schema changed."""
    git = ["git", "-C", str(CHECKOUT)]
    tag = subprocess.run([*git, "describe", "--tags", "--abbrev=0"], capture_output=True, text=True)
    if tag.returncode == 0:
        return tag.stdout.strip()
    schema = CHECKOUT / "src/meterai/launcher/schema/versions"
    changed = subprocess.run([*git, "log", "-1", "--format=%h", "--", schema], capture_output=True, text=True)
    return f"{changed.stdout.strip()}~1"


def _booter(asked: argparse.Namespace, folder: Path) -> Callable[[Path], OperatorMachine]:
    def boot(files: Path) -> OperatorMachine:
        debian = empty_debian(asked.cache, mirror=asked.mirror, suite=asked.suite)
        releases = folder / "releases"
        return OperatorMachine.start(files, debian=debian, cache=asked.cache, releases=releases)

    return boot


def _machine(boot: Callable[[Path], OperatorMachine], folder: Path, *, goes_on: bool) -> OperatorMachine:
    """A new machine, or the one that was kept."""
    if goes_on:
        return OperatorMachine.left_running(json.loads((folder / "machine.json").read_text()))
    remove(folder)
    folder.mkdir(parents=True)
    subprocess.run(["git", "clone", "--quiet", "--bare", CHECKOUT, folder / "releases"], check=True)
    return boot(folder / "machine")


def _run(day: Day, names: list[str]) -> bool:
    """Runs the steps. Returns whether all were done."""
    began = time.monotonic()
    for name in names:
        at = time.monotonic()
        print(f"{name:12}", end=" ", flush=True)
        try:
            STEPS[name](day)
        except Exception as error:
            (day.folder / "journal.log").write_text(day.machine.journal())
            print(f"FAILED after {time.monotonic() - at:.0f} s\n\n{type(error).__name__}: {error}\n")
            print(f"Commands: {day.folder}/commands.log. Journal of the machine: {day.folder}/journal.log")
            return False
        what = (STEPS[name].__doc__ or "").partition("\n")[0]
        print(f"{time.monotonic() - at:4.0f} s  {what}")
    if names == list(STEPS) and (left := day.page("first-start.md").unused()):
        print("docs/first-start.md has blocks that nobody followed:\n" + "\n".join(one.text for one in left))
        return False
    print(f"{len(names)} steps in {time.monotonic() - began:.0f} s. Commands: {day.folder}/commands.log")
    return True


if __name__ == "__main__":
    sys.exit(main())
