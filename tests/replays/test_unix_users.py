"""One Unix user ran every process: whoever took over the site read the signing key and the payout key.

`meterai install` and the units of `deploy/systemd` are tried on a machine with systemd (`machine.py`).
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest

from meterai.kit.installation_secrets import Secrets
from meterai.launcher.embedded_postgres import EmbeddedPostgres, client_programs
from simulator.crowd.demo import run
from tests import backup_keys
from tests.booted_machine import BootedMachine
from tests.places import passing_folder
from tests.ports import first_of_free_ports
from tests.replays.machine import CHECKOUT, UNITS, boot
from tests.running_service import RunningService

SAMPLE = Path(__file__).parents[1] / "corpus" / "files" / "matplotlib" / "type42.pdf"
DATA = "/var/lib/meterai"
OLDER_QUEUE = f"{DATA}/queue/lama/secret/keys.json"
"""As earlier releases left it: one file for gates and controllers."""
INSTALL = (
    "systemd-run --wait --pipe -q -p EnvironmentFile=/etc/meterai/environment "
    "-p ImportCredential='METERAI_*' /opt/meterai/.venv/bin/meterai install"
)
"""As in docs/configuration.md, for secrets that are credentials."""
GATEWAY_KEY, PAYOUT_KEY = "/etc/meterai/gateway-key", "METERAI_PAYOUT_KEY"
BACKUP_KEY = "/etc/meterai/backup-signing-key"
ROLES = {
    "meterai-signer.service": "meterai-signer",
    "meterai-worker@1.service": "meterai-worker",
    "meterai-site@1.service": "meterai-site",
    "meterai-queue@1.service": "meterai-queue",
    "meterai-gate@1.service": "meterai-gate",
}
_PROGRAM = re.compile(r"^(ExecStart(?:Pre)?=)\S+ ", re.MULTILINE)
EXPOSURE_MAX = 2.5
"""Of 10, as `systemd-analyze security` counts. Units that open no namespace stay below 1.5."""

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root may boot a machine and change users")


def unit_files() -> list[Path]:
    return sorted(path for path in UNITS.iterdir() if path.suffix in (".service", ".target", ".timer"))


@pytest.fixture
def units(tmp_path: Path) -> list[Path]:
    """The units, with a program that exists on this machine."""
    for path in unit_files():
        text = re.sub(_PROGRAM, rf"\1{shutil.which('true')} ", path.read_text())
        (tmp_path / path.name.replace("@.", "@1.")).write_text(text)
    return sorted(tmp_path.iterdir())


def test_systemd_understands_every_line_of_the_units(units: list[Path]) -> None:
    names = [f"./{path.name}" for path in units]
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", "--recursive-errors=one", *names],
        capture_output=True,
        text=True,
        cwd=units[0].parent,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_units_are_hardened(units: list[Path]) -> None:
    for path in units:
        if path.suffix == ".service":
            done = subprocess.run(
                [
                    "systemd-analyze",
                    "security",
                    "--offline=true",
                    f"--threshold={EXPOSURE_MAX * 10:.0f}",
                    path,
                ],
                capture_output=True,
                text=True,
                cwd=path.parent,
            )
            assert done.returncode == 0, done.stdout[-400:]


@pytest.fixture(scope="module")
def installed(service: RunningService) -> Iterator[tuple[BootedMachine, int]]:
    """A machine with all units up, on which `meterai install` ran over the data of one user; the site's port.

    Gateway, time stamps and mail are the twins of a running service.
    """
    with passing_folder("meterai-machine-") as folder:
        (folder / "machine").mkdir()
        database = EmbeddedPostgres(
            folder / "postgres", password="x" * 20, settings={"fsync": "off"}, log=folder / "postgres.log"
        )
        database.start()
        machine = boot(folder / "machine")
        try:
            port = first_of_free_ports()
            _copy_data_of_one_user(machine, service)
            machine.write("/etc/meterai/environment", _environment(service, database, port))
            machine.run("chmod 0600 /etc/meterai/environment")
            machine.run("systemd-sysusers /opt/meterai/deploy/systemd/meterai-users.conf")
            _keep_secrets(machine, service)
            _install(machine)
            machine.run("systemctl start meterai.target")
            _until_it_answers(port)
            yield machine, port
        finally:
            machine.close()
            database.stop()


def _install(machine: BootedMachine, *, fails: bool = False) -> str:
    """Runs `meterai install`. A systemd that has just booted sometimes ends the connection: then again."""
    return machine.run(
        f"for n in 1 2 3 4 5; do said=$({INSTALL} 2>&1); code=$?\n"
        'case "$said" in *"endpoint is not connected"*) sleep 1 ;; *) break ;; esac; done\n'
        'printf "%s\\n" "$said"; exit $code',
        fails=fails,
    )


def _until_it_answers(port: int) -> None:
    deadline = time.monotonic() + 180
    while True:
        try:
            with urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5):
                return
        except OSError:
            assert time.monotonic() < deadline, "the site does not answer"
            time.sleep(0.2)


def _copy_data_of_one_user(machine: BootedMachine, service: RunningService) -> None:
    """A data directory as `meterai up` left it: all of it belongs to one user."""
    machine.run(f"useradd --system meterai && install -d -o meterai -g meterai -m 0711 {DATA}")
    for path in (service.data / "pki").rglob("*"):
        if path.is_file():
            machine.write(f"{DATA}/{path.relative_to(service.data)}", path.read_text())
    machine.run(f"install -d -m 0700 {DATA}/run {DATA}/secrets {DATA}/queue {DATA}/objects")
    keys = dict.fromkeys(("ticket", "controller", "event", "chain"), "A" * 43)
    machine.write(OLDER_QUEUE, json.dumps(keys))
    machine.run(f"chmod -R go= {DATA}/pki {DATA}/queue && chown -R meterai:meterai {DATA}")


def _keep_secrets(machine: BootedMachine, service: RunningService) -> None:
    """The gateway's key in a file for those who use it, the payout key as an encrypted credential."""
    secrets = Secrets(service.data)
    machine.write(BACKUP_KEY, backup_keys.SETTINGS["METERAI_BACKUP_SIGNING_KEY"] + "\n")
    machine.run(f"chmod 0600 {BACKUP_KEY}")
    machine.write(GATEWAY_KEY, secrets.gateway_server_key + "\n")
    machine.run(f"chmod 0600 {GATEWAY_KEY}")
    said = _install(machine, fails=True)
    assert f"METERAI_GATEWAY_SERVER_KEY_FILE: the user meterai-worker can't read {GATEWAY_KEY}" in said
    machine.run(f"chgrp meterai-files {GATEWAY_KEY} && chmod 0640 {GATEWAY_KEY}")
    machine.write(f"/root/{PAYOUT_KEY}", secrets.payout_key)
    store = "/etc/credstore.encrypted"
    machine.run(
        f"mkdir -p -m 0700 {store} && cd /root && "
        f"systemd-creds encrypt --with-key=host {PAYOUT_KEY} {store}/{PAYOUT_KEY} && shred -u {PAYOUT_KEY}"
    )


def _environment(service: RunningService, database: EmbeddedPostgres, port: int) -> str:
    """Without the gateway's key, which is in a file, and the payout key, which is a credential."""
    secrets, places = Secrets(service.data), service.addresses
    values = {
        "METERAI_DATA": DATA,
        "METERAI_PORT": port,
        "METERAI_DATABASE_URL": database.url("postgres"),
        "METERAI_GATEWAY_URL": places.gateway,
        "METERAI_GATEWAY_SERVER_KEY_FILE": GATEWAY_KEY,
        "METERAI_PAYOUT_URL": f"{places.gateway}/iris/api/v1",
        "METERAI_TSA_URL": places.tsa,
        "METERAI_SMTP_URL": places.smtp,
        "METERAI_WHATSAPP_URL": f"{places.inbox}/whatsapp/messages",
        "METERAI_WHATSAPP_TOKEN": secrets.whatsapp_token,
        "METERAI_PG_BIN": f"/opt/meterai/{client_programs().relative_to(CHECKOUT)}",
        "METERAI_BACKUP_RECIPIENTS": backup_keys.SETTINGS["METERAI_BACKUP_RECIPIENTS"],
        "METERAI_BACKUP_SIGNING_KEY_FILE": BACKUP_KEY,
    }
    return "".join(f'{name}="{value}"\n' for name, value in values.items())


@as_root
@pytest.mark.parametrize("unit", ROLES)
def test_each_process_runs_as_its_own_user(installed: tuple[BootedMachine, int], unit: str) -> None:
    machine, _ = installed
    machine.run(f"systemctl is-active {unit}")
    told = machine.run(f"ps -o user:32= -p $(systemctl show -p MainPID --value {unit})")
    assert told.strip() == ROLES[unit]


KEYS = ("pki/code.key.pem", "pki/stamp.key.pem", "signer", "secrets/database.json")
"""Of stamps and of the database."""
CLOSED = {
    "meterai-site": (
        *KEYS,
        "secrets/day-close.key.pem",
        "queue/lama/secret/controller.json",
        "/etc/meterai/units/worker.env",
        "/etc/meterai/environment",
    ),
    "meterai-worker": (
        *KEYS,
        "secrets/day-close.key.pem",
        "queue/lama/secret/controller.json",
        "/etc/meterai/units/signer.env",
        "/etc/meterai/environment",
    ),
    "meterai-queue": (*KEYS, "secrets/application.json", "objects", "/etc/meterai/units/site.env"),
    "meterai-gate": (
        *KEYS,
        "secrets/application.json",
        "queue/lama/secret/controller.json",
        "objects",
        "run",
        "/etc/meterai/units/queue.env",
    ),
    "meterai-verifier": (*KEYS, "secrets/application.json", "objects", "run", "queue"),
    "meterai-closer": (*KEYS, "secrets/application.json", "objects", "run", "queue"),
    "meterai-follower": (
        "pki/code.key.pem",
        "pki/stamp.key.pem",
        "secrets/database.json",
        "queue/lama/secret/controller.json",
        "/etc/meterai/units/worker.env",
        "/etc/meterai/units/follower.env",
        "/etc/meterai/environment",
    ),
    "meterai-wal": (*KEYS, "secrets/application.json", "objects", "queue", "/etc/meterai/environment"),
    "meterai-signer": ("secrets/application.json", "secrets/database.json", "objects", "queue"),
}


@as_root
@pytest.mark.parametrize(("user", "path"), [(user, path) for user, paths in CLOSED.items() for path in paths])
def test_what_belongs_to_another_role_can_not_be_read(
    installed: tuple[BootedMachine, int], user: str, path: str
) -> None:
    machine, _ = installed
    place = path if path.startswith("/") else f"{DATA}/{path}"
    machine.run(f"test -e {place}")
    read = f"test -d {place} && ls {place} || cat {place}"
    assert "ermission denied" in machine.run(read, as_user=user, fails=True)


@as_root
def test_the_day_close_reads_its_key_and_closes_what_is_over(installed: tuple[BootedMachine, int]) -> None:
    """Here nothing is: the books were opened today."""
    machine, _ = installed
    machine.run("systemctl start meterai-day-close")
    assert "Nothing was done" in machine.run("journalctl --no-pager -u meterai-day-close")


@as_root
def test_a_gate_s_user_reads_the_keys_of_tickets_and_puts_no_others_in_their_place(
    installed: tuple[BootedMachine, int],
) -> None:
    machine, _ = installed
    told = json.loads(machine.run(f"cat {OLDER_QUEUE}", as_user="meterai-gate"))
    assert told.keys() == {"ticket", "event"}
    queues = Path(OLDER_QUEUE).parents[2]
    for act in (f"mkdir {queues}/baru", f"mv {queues}/lama/secret {queues}/lama/lain"):
        said = machine.run(act, as_user="meterai-gate", fails=True)
        assert "not permitted" in said or "ermission denied" in said
    machine.run(f"cat {queues}/lama/secret/controller.json", as_user="meterai-queue")


@as_root
@pytest.mark.parametrize("user", ["meterai-gate", "meterai-site", "meterai-worker", "meterai-operator"])
def test_the_root_of_the_seeds_is_in_no_file_that_others_read(
    installed: tuple[BootedMachine, int], user: str
) -> None:
    """Of a queue that its controller made after everything was handed over."""
    machine, _ = installed
    kept = f"{DATA}/queue/casn/secret/controller.json"
    machine.run(f"timeout 60 sh -c 'until test -e {kept}; do sleep 0.2; done'")
    chain = json.loads(machine.run(f"cat {kept}"))["chain"]
    look = f"grep -rlse {chain} {DATA} /etc/meterai || true"
    assert machine.run(look).split() == [kept]
    assert machine.run(look, as_user=user) == ""


@as_root
def test_only_the_worker_has_the_payout_key(
    installed: tuple[BootedMachine, int], service: RunningService
) -> None:
    machine, _ = installed
    key, look = Secrets(service.data).payout_key, "/proc/$(systemctl show -p MainPID --value {})"
    assert machine.run(f"grep -rls {key} /etc /var/lib/meterai || true") == ""
    site, worker = (look.format(f"meterai-{role}@1.service") for role in ("site", "worker"))
    assert key not in machine.run(f"cat {site}/environ {worker}/environ")
    of_worker, of_site = (f"/run/credentials/meterai-{role}@1.service" for role in ("worker", "site"))
    assert machine.run(f"cat {of_worker}/{PAYOUT_KEY}", as_user="meterai-worker") == key
    assert "ermission denied" in machine.run(
        f"cat {of_worker}/{PAYOUT_KEY}", as_user="meterai-site", fails=True
    )
    machine.run(f"test ! -e {of_site}/{PAYOUT_KEY}")


@as_root
def test_a_key_in_a_file_is_named_and_not_repeated(
    installed: tuple[BootedMachine, int], service: RunningService
) -> None:
    machine, _ = installed
    named = machine.run(f"grep -l {GATEWAY_KEY} /etc/meterai/units/*").split()
    assert named == ["/etc/meterai/units/site.env", "/etc/meterai/units/worker.env"]
    assert (
        machine.run(f"grep -l {Secrets(service.data).gateway_server_key} /etc/meterai/units/* || true") == ""
    )


OPERATOR = "set -a; . /etc/meterai/units/operator.env; set +a; /opt/meterai/.venv/bin/python -m meterai.cli"


@as_root
def test_purchases_go_through_with_every_role_apart(
    installed: tuple[BootedMachine, int], service: RunningService, tmp_path: Path
) -> None:
    """The first without a line, the second behind it: gate and controller share the folder of the queues.

    Jails find their namespaces in the units, too.
    """
    machine, port = installed
    places = {
        "pid": os.getpid(),
        "site": f"http://127.0.0.1:{port}",
        "gate": f"http://127.0.0.1:{port + 6}",
        "inbox": service.addresses.inbox,
        "gateway": service.addresses.gateway,
    }
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "service.json").write_text(json.dumps(places))
    assert asyncio.run(run(tmp_path, [SAMPLE], tmp_path)) == 0
    as_operator = f"{OPERATOR} queue on --always --event casn --because 'a test'"
    machine.run(as_operator, as_user="meterai-operator")
    assert asyncio.run(run(tmp_path, [SAMPLE], tmp_path)) == 0
    assert "I8" in machine.run(f"{OPERATOR} check", as_user="meterai-operator")
    assert "not_confined" not in machine.run("journalctl --no-pager -u 'meterai-*'")


@as_root
def test_the_backup_unit_copies_what_every_role_keeps_when_its_disk_is_there(
    installed: tuple[BootedMachine, int],
) -> None:
    machine, _ = installed
    machine.run("mkdir -p /mnt/copy")
    machine.run("systemctl start meterai-backup", fails=True)
    assert machine.run("ls /mnt/copy") == ""
    machine.run("mount -t tmpfs none /mnt/copy")
    machine.run("systemctl start meterai-backup || { journalctl --no-pager -u meterai-backup; false; }")
    copied = machine.run("cd /mnt/copy/meterai/state && find . -type f").split()
    for name in ("database.dump", "secrets/database.json", "pki/code.key.pem", "queue/lama/secret/keys.json"):
        assert f"./{name}.age" in copied
    machine.run("systemctl enable --now meterai-backup.timer")
    assert "meterai-backup.service" in machine.run("systemctl list-timers --no-pager")


@as_root
def test_the_follower_copies_what_is_no_secret(installed: tuple[BootedMachine, int]) -> None:
    """In the walls of its unit. It has a role of its own, and reads no key."""
    machine, _ = installed
    followed = "/mnt/copy/followed"
    machine.run("mkdir -p /mnt/copy; mountpoint -q /mnt/copy || mount -t tmpfs none /mnt/copy")
    machine.run(f"install -d -m 0711 /mnt/copy && install -d -o meterai-follower -m 0700 {followed}")
    unit = "/etc/systemd/system/meterai-follower.service"
    machine.run(f"sed -i 's|follow {followed}|& --without-wal|' {unit} && systemctl daemon-reload")
    machine.run("systemctl start meterai-follower")
    machine.run(f"timeout 60 sh -c 'until test -e {followed}/mark.json; do sleep 0.2; done'")
    for name in ("queue/casn/public/log/entries.jsonl", "queue/casn/public/config.json"):
        machine.run(f"test -s {followed}/{name}")
    assert "config" in machine.run(f"cat {followed}/queue/casn/public/log/entries.jsonl")
    for name in ("queue/casn/secret", "queue/casn/secret/keys.json", "secrets", "pki"):
        machine.run(f"test ! -e {followed}/{name}")
    assert "follow_failed" not in machine.run("journalctl --no-pager -u meterai-follower")
