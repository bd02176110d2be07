"""docs/backup.md, "To lose seconds only": WAL, base backups and files follow; a second loss costs seconds."""

from __future__ import annotations

import re
import time
from typing import Final

from tests.operator_day import copies, first_start, front
from tests.operator_day.day import DATA, Day
from tests.operator_day.machine import OWN_ADDRESS
from tests.operator_day.pages import DOCS

_PAGE: Final = "backup.md"
_ROUNDS_S: Final = 12
"""The follower's round of five seconds, twice."""

_BEGIN_AGAIN: Final = """mv /mnt/copy/wal /mnt/copy/wal-before
install -d -o meterai-wal -m 0700 /mnt/copy/wal
systemctl start meterai-wal meterai-follower meterai-base.timer meterai-backup.timer
systemctl start meterai-base
systemctl start meterai-backup"""
"""After the way back, as the page says."""


def start_following(day: Day) -> None:
    """The units that copy WAL, base backups and files."""
    page = day.page(_PAGE)
    sql = page.block("CREATE ROLE meterai_wal").filled({"…": day.secret("wal")})
    day.root.run(f"runuser -u postgres -- psql -v ON_ERROR_STOP=1 <<'END'\n{sql}END")
    told = re.search(r"`(hostssl replication [^`]*)`", (DOCS / _PAGE).read_text())
    assert told is not None
    line = told[1].replace("ADDRESS-OF-THE-RECEIVER", OWN_ADDRESS)
    day.root.run(f"echo '{line}' >> /etc/postgresql/17/main/pg_hba.conf\nsystemctl reload postgresql")
    day.root.run(page.block("-o meterai-wal").filled())
    day.machine.write("/etc/meterai/wal.env", page.block("PGHOST=").filled({"…": day.secret("wal")}))
    day.root.run("chmod 0600 /etc/meterai/wal.env")
    started = re.search(r"`(systemctl enable --now meterai-wal[^`]*)`", (DOCS / _PAGE).read_text())
    assert started is not None
    day.root.run(f"{started[1]}\nsystemctl start meterai-base\nsystemctl start meterai-backup")
    for unit in ("meterai-wal", "meterai-follower"):
        first_start.until(day, f"systemctl is-active {unit}", f"{unit} does not run")


def lose_seconds(day: Day) -> None:
    """Data and database are lost seconds after a stamp was sold; after the way back the site knows it."""
    front.buy(day, "seconds-before")
    time.sleep(_ROUNDS_S)
    day.root.run("systemctl stop meterai.target 'meterai-*' postgresql")
    day.root.run(f"rm -rf {DATA} /var/lib/postgresql/17/main/*")
    copies.put_in_stick(day)
    day.root.run(f"install -d -m 0711 {DATA}")
    block = day.page(_PAGE).block('tar -xzf "$base/base.tar.gz"').filled()
    (day.folder / "restore-to-seconds.txt").write_text(day.root.run(block))
    copies.take_out_stick(day)
    first_start.start_units(day)
    said = front.site_says(day, day.folder / "seconds-before.pdf")
    assert "confirmed" in said, said
    front.check_everything(day)
    front.buy(day, "seconds-after")
    day.root.run(_BEGIN_AGAIN)
