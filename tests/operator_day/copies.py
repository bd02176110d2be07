"""docs/backup.md: the hourly copy, the loss of the disk with data and database, and the restore."""

from __future__ import annotations

import json
import re
from typing import Final

from tests.operator_day import first_start, front
from tests.operator_day.day import DATA, Day
from tests.places import passing_folder
from tests.replays.lost_disk_story import play

_PAGE: Final = "backup.md"
_STICK: Final = "/media/usb"


def back_up(day: Day) -> None:
    """The unit makes an encrypted copy on another disk, and its timer runs."""
    mounted = "mountpoint -q /mnt/copy || mount --bind /mnt/other-disk /mnt/copy"
    day.root.run(f"install -d /mnt/copy /mnt/other-disk\n{mounted}")
    day.root.run("systemctl enable --now meterai-backup.timer\nsystemctl start meterai-backup.service")
    timers = day.root.run("systemctl list-timers --no-legend --all")
    assert "meterai-backup.timer" in timers, timers
    identity = (day.folder / "stick" / "backup-identity.txt").read_text()
    secret = next(line for line in identity.splitlines() if line.startswith("AGE-SECRET-KEY"))
    assert day.machine.run(f"grep -rl {secret} /mnt/copy /etc /var/lib || true") == ""
    password = json.loads(day.machine.run(f"cat {DATA}/secrets/database.json"))
    found = day.machine.run(f"grep -rlF {next(iter(password.values()))} /mnt/copy || true")
    assert found == "", f"a password in the clear: {found}"


def lose_disk(day: Day) -> None:
    """A stamp that is sold after the copy; then data and database are gone."""
    front.buy(day, "after-the-copy")
    day.root.run("systemctl stop meterai.target 'meterai-*'")
    day.root.run(f"rm -rf {DATA}\npg_dropcluster --stop 17 main\npg_createcluster 17 main --start")


def lose_seconds(day: Day) -> None:
    """A disk that is followed is lost while orders and stamps go on, on the host: seconds are lost."""
    with passing_folder("meterai-lost-disk-") as place:
        (day.folder / "lost-disk.txt").write_text("\n".join(play(place)))


def restore(day: Day) -> None:
    """A new database, the copy, units up; what was sold before is there, and the next stamp is made."""
    first_start.make_database(day)
    put_in_stick(day)
    day.root.run(f"install -d -m 0711 {DATA}")
    block = day.page(_PAGE).block("meterai backup /mnt/copy/meterai ").filled()
    command = next(line for line in block.splitlines() if line.startswith("meterai restore"))
    (day.folder / "restore.txt").write_text(day.root.run(command))
    take_out_stick(day)
    first_start.start_units(day)
    front.check_everything(day)
    told = day.officer.run("meterai keys list")
    assert re.search(r"active .* ready", told), told
    for name, state in (("first", "confirmed"), ("after-the-copy", "lost")):
        said = front.site_says(day, day.folder / f"{name}.pdf")
        assert state in said, (name, said)
    front.buy(day, "after-the-restore")


def put_in_stick(day: Day) -> None:
    """The key that opens copies comes out of its safe."""
    identity = (day.folder / "stick" / "backup-identity.txt").read_text()
    day.machine.write(f"{_STICK}/backup-identity.txt", identity)


def take_out_stick(day: Day) -> None:
    """It goes back into its safe."""
    day.machine.run(f"rm -r {_STICK}")
