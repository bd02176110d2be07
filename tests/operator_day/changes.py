"""docs/on-duty.md: new secrets, the emergency stop, and another release."""

from __future__ import annotations

import json
import re
import time
from typing import Final

from tests.operator_day import first_start, front, keys
from tests.operator_day.day import Day
from tests.operator_day.machine import remove
from tests.operator_day.pages import DOCS
from tests.operator_day.people import SECONDS_OF_PATIENCE
from tests.operator_day.world import World

_PAGE: Final = "on-duty.md"
_SEEN_STOPPED: Final = 10


def rotate_secrets(day: Day) -> None:
    """Each secret that has a command gets a successor; people go on buying."""
    commands = re.findall(r"\| `(meterai secrets rotate [a-z-]+)`", (DOCS / _PAGE).read_text())
    assert len(commands) >= 3, commands
    for command in commands:
        day.root.run(command)
    front.buy(day, "after-rotation")
    said = front.site_says(day, day.folder / "after-rotation.pdf")
    assert "confirmed" in said, said


def stop_and_resume(day: Day) -> None:
    """The stop switch: a paid order waits, the alarm rings; two officers resume, and the order ends."""
    block = day.page("keys.md").block("$ meterai stop-signing").text
    stop, _, resume = block.partition("$ meterai resume-signing")
    keys.walk(day.officer, stop)
    out = day.folder / "during-the-stop.pdf"
    customer = day.world.begin_person(front.LETTER, out, seconds=SECONDS_OF_PATIENCE)
    first_start.until(day, _RINGS, "the alarm SigningStopped does not ring")
    time.sleep(_SEEN_STOPPED)
    assert customer.poll() is None, customer.communicate()[0]
    keys.walk(day.officer, "$ meterai resume-signing" + resume)
    printed, _ = customer.communicate(timeout=SECONDS_OF_PATIENCE)
    assert json.loads(printed.splitlines()[-1])["verdict"] == "ASLI", printed


def upgrade(day: Day) -> None:
    """Another machine with the release before: it sells a stamp, becomes this release, and sells the next."""
    folder = day.folder / "older"
    remove(folder)
    machine = day.boot(folder / "machine")
    world = World(machine, folder / "world")
    older = Day(machine, world, folder, day.older, day.boot, release=day.older)
    try:
        world.start()
        for step in _BEFORE:
            step(older)
        _take_this_release(older)
        said = front.site_says(older, folder / "first.pdf")
        assert "confirmed" in said, said
        front.buy(older, "after-the-upgrade")
        front.check_everything(older)
    except Exception:
        (day.folder / "older-journal.log").write_text(machine.journal())
        raise
    finally:
        older.close_shells()
        world.stop()
        machine.close()


_BEFORE: Final = (
    first_start.install_program,
    first_start.write_settings,
    first_start.make_database,
    first_start.trust_roots,
    first_start.start_units,
    keys.make_key,
    front.open_front,
    front.book_deposit,
    front.buy_first,
)


def _take_this_release(day: Day) -> None:
    """docs/on-duty.md, "Another release". The release before may not be able to copy a server with TLS."""
    day.root.run("install -d /mnt/copy")
    day.root.run("meterai backup /mnt/copy/before", ends={1, 2})
    day.root.run("runuser -u postgres -- pg_dump --format custom meterai > /mnt/copy/before.dump")
    commit = day.machine.run("git -C /mnt/release rev-parse HEAD").strip()
    day.release = ""
    first_start.write_settings(day)
    day.root.run("set -a; . /etc/meterai/environment; set +a")
    block = day.page(_PAGE).block("git -C /opt/meterai checkout").filled({"…": commit})
    stop, _, rest = block.partition("\n")
    fetch, _, install = rest.partition("systemd-sysusers")
    day.root.run(stop)
    day.fetching.run(fetch)
    day.root.run("systemd-sysusers" + install)
    first_start.see_units_run(day)
    day.renew_officer()


_RINGS: Final = (
    'curl --silent http://127.0.0.1:9090/api/v1/alerts | grep SigningStopped | grep \'"state":"firing"\''
)
