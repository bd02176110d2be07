"""docs/first-start.md, 1 to 3 and 6: program, users, settings, trust, database, units, the nightly check."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from typing import Final

from tests import waiting
from tests.officers import make_officers
from tests.operator_day.day import OFFICERS, Day
from tests.operator_day.pages import DOCS, settings, with_settings
from tests.operator_day.world import HOSTS

_PAGE: Final = "first-start.md"
_ENVIRONMENT: Final = "/etc/meterai/environment"
_ROLES: Final = ("finance", "keys", "admin")


def install_program(day: Day) -> None:
    """Packages, the program, its users and units."""
    day.machine.write("/etc/hosts", HOSTS)
    day.machine.write("/etc/apt/apt.conf.d/90day", _APT)
    trusted = (day.world.pki / "tls-root.pem").read_text()
    day.machine.write("/usr/local/share/ca-certificates/latihan.crt", trusted)
    day.root.run("update-ca-certificates")
    program = day.page(_PAGE).block("script/bootstrap")
    if not day.release:
        day.fetching.run(program.filled({"clone …": "clone --quiet /mnt/release"}))
        return
    clone = f"clone --quiet /mnt/release /opt/meterai && git -C /opt/meterai checkout --quiet {day.release}"
    words = {"clone … /opt/meterai": clone}
    day.fetching.run(program.filled(words), ends={1})  # it may have no timers: cp says so


_APT: Final = """APT::Get::Assume-Yes "true";
APT::Install-Recommends "false";
APT::Keep-Downloaded-Packages "true";
Binary::apt-get::APT::Keep-Downloaded-Packages "true";
APT::Sandbox::User "root";
DPkg::Options:: "--force-unsafe-io";
"""


def write_settings(day: Day) -> None:
    """The environment file, the events and the officers."""
    page, world = day.page(_PAGE), day.world
    values = {
        "METERAI_OPERATOR_NAME": '"PT Meterai Latihan"',
        "METERAI_OPERATOR_ADDRESS": '"Jalan Latihan 1, Jakarta"',
        "METERAI_OPERATOR_BASIS": '"Undang-Undang Nomor 10 Tahun 2020; PP 86/2021"',
        "METERAI_OPERATOR_APPOINTMENT": '"Perjanjian Nomor 1 tanggal 1 Desember 2026"',
        "METERAI_GATEWAY_SERVER_KEY": world.secret("server-key"),
        "METERAI_GATEWAY_MERCHANT_ID": "G000000001",
        "METERAI_PAYOUT_KEY": world.secret("payout-key"),
        "METERAI_SMTP_URL": "smtps://mail.example:465",
        "METERAI_WHATSAPP_URL": "https://whatsapp.example/whatsapp/messages",
        "METERAI_WHATSAPP_TOKEN": world.secret("whatsapp-token"),
        "METERAI_BACKUP_RECIPIENTS": _make_backup_keys(day),
        "METERAI_PKCS11_MODULE": "/usr/lib/softhsm/libsofthsm2.so",
    }
    block = page.block("METERAI_ENVIRONMENT=").text.replace(
        "meterai:…@", f"meterai:{day.secret('database')}@"
    )
    text = with_settings(block, values)
    if day.release:
        text = _known_to(day.release, text)
    text += "SOFTHSM2_CONF=/etc/meterai/softhsm2.conf\n"
    day.machine.write(_ENVIRONMENT, text)
    day.machine.run(f"chmod 0600 {_ENVIRONMENT}")
    day.machine.write("/etc/meterai/events.toml", _events(day))
    day.machine.write("/etc/meterai/db-root.pem", (world.pki / "tls-root.pem").read_text())
    _give_signing_key(day)
    _write_officers(day)


def _known_to(release: str, text: str) -> str:
    """The settings that another release has documented."""
    words = ["git", "-C", str(DOCS), "show", f"{release}:docs/configuration.md"]
    known = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    return "".join(line for line in text.splitlines(True) if f"`{line.partition('=')[0]}`" in known)


def _make_backup_keys(day: Day) -> str:
    """Makes the two keys on an officer's laptop, unless they are there. Returns the public one."""
    stick = day.folder / "stick"
    if not stick.exists():
        stick.mkdir()
        words = [sys.executable, "-m", "meterai.cli", "backup-key", stick]
        subprocess.run(words, check=True, capture_output=True)
    found = re.search(r"age1[a-z0-9]+", (stick / "backup-identity.txt").read_text())
    assert found is not None
    return found[0]


def _give_signing_key(day: Day) -> None:
    """The key that signs copies goes to the server; the one that opens them does not."""
    place = "/etc/meterai/backup-signing-key"
    day.machine.write(place, (day.folder / "stick" / "backup-signing-key").read_text())
    day.machine.run(f"chmod 0400 {place}")


def _events(day: Day) -> str:
    """The example of docs/configuration.md, open now."""
    text = day.page("configuration.md").block("[[event]]").filled()
    now = time.time()
    return text.replace("2027-08-20T", time.strftime("%Y-%m-%dT", time.gmtime(now - 2 * 86400))).replace(
        "2027-09-06T", time.strftime("%Y-%m-%dT", time.gmtime(now + 20 * 86400))
    )


def _write_officers(day: Day) -> None:
    keys = day.folder / "officers"
    if not keys.exists():
        keys.mkdir()
        make_officers(keys, more="pieces_per_issue_max = 1_000_000", ani=_ROLES, budi=_ROLES)
    for name in ("ani", "budi"):
        day.machine.write(f"{OFFICERS}/{name}", (keys / name).read_text())
    day.machine.write("/etc/meterai/officers.toml", (keys / "officers.toml").read_text())
    day.machine.run(f"chown -R meterai-operator {OFFICERS} && chmod -R go= {OFFICERS}")


def trust_roots(day: Day) -> None:
    """What verifiers trust, and the key of the 2-D code."""
    for name in ("stamp-root", "tsa-root"):
        day.machine.write(f"/root/{name}.pem", (day.world.pki / "root.pem").read_text())
    block = day.page(_PAGE).block("pki/trust/root.pem").filled()
    day.root.run("cd /root")
    day.root.run(block)


def make_database(day: Day) -> None:
    """Debian's PostgreSQL with TLS and SCRAM, and its empty database."""
    for name, file in (("db.pem", "database.pem"), ("db.key", "database.key.pem")):
        day.machine.write(f"/etc/postgresql/{name}", (day.world.pki / file).read_text())
    day.root.run("chown postgres /etc/postgresql/db.key && chmod 0600 /etc/postgresql/db.key")
    day.root.run(day.page(_PAGE).block("CREATE ROLE meterai").filled({"…": day.secret("database")}))
    url = settings(day.machine.run(f"cat {_ENVIRONMENT}"))["METERAI_DATABASE_URL"]
    asked = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
    said = day.root.run(f"psql {url} -Atc 'SHOW password_encryption' -c '{asked}'")
    assert said.split() == ["scram-sha-256", "t"], said


def start_units(day: Day) -> None:
    """`meterai install`, and all units up."""
    day.root.run(
        day.page(_PAGE).block("systemctl enable --now meterai.target meterai-day-close.timer").filled()
    )
    see_units_run(day)


def see_units_run(day: Day) -> None:
    """Waits until every unit runs and the site answers."""
    until(day, "curl --silent --fail --max-time 5 http://127.0.0.1:8000/healthz", "the site does not answer")
    time.sleep(5)  # a unit that ends at once is started again and again
    for role in ("signer", "worker@1", "site@1", "queue@1", "gate@1"):
        unit = f"meterai-{role}.service"
        until(day, f"systemctl is-active {unit}", f"{unit} does not run")
        starts = day.root.run(f"systemctl show --property NRestarts --value {unit}").strip()
        assert int(starts) < 5, f"{unit} was started again {starts} times: journalctl -u {unit}"


def check_each_night(day: Day) -> None:
    """The units of the check and its timer, started once."""
    page = day.page(_PAGE)
    folder = "/etc/systemd/system"
    day.machine.write(f"{folder}/meterai-check.service", page.block("bin/meterai check\n").filled())
    day.machine.write(f"{folder}/meterai-check.timer", page.block("OnCalendar=02:30").filled())
    day.root.run("systemctl daemon-reload\nsystemctl enable --now meterai-check.timer")
    day.root.run("systemctl start meterai-check.service")


def until(day: Day, command: str, trouble: str) -> None:
    """Waits until a command succeeds on the machine. Raises: TimeoutError."""
    asked = f"({command}) >/dev/null 2>&1 && echo yes || echo no"
    waiting.until(lambda: "yes" in day.machine.run(asked), trouble, seconds=120)
