"""The world outside: gateway, payouts, mail, WhatsApp, time stamps, beacon; by TLS at their own names.

The twins run on our files, in a network of their own with a cable to the machine. No address is loopback.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tests.operator_day.authorities import make_authorities, make_server_certificate
from tests.operator_day.machine import OWN_ADDRESS, OperatorMachine
from tests.waiting import until

OWN_NAMES: Final = ("meterai.example", "db.example")
SITE: Final = f"https://{OWN_NAMES[0]}"
_PORTS: Final = {"gateway": 7001, "tsa": 7002, "inbox": 7003, "smtp": 7004, "beacon": 7005}
"""Of the twins, on 127.0.0.1 of the world."""
_PLACES: Final = {
    "api.midtrans.com": ("192.0.2.21", 443, "gateway"),
    "app.midtrans.com": ("192.0.2.22", 443, "gateway"),
    "tsa.example": ("192.0.2.23", 443, "tsa"),
    "whatsapp.example": ("192.0.2.24", 443, "inbox"),
    "mail.example": ("192.0.2.25", 465, "smtp"),
    "api.drand.sh": ("192.0.2.26", 443, "beacon"),
}
"""Name -> its address, its port with TLS, and the twin behind it."""
INBOX_URL: Final = f"http://127.0.0.1:{_PORTS['inbox']}"
GATEWAY_URL: Final = f"http://127.0.0.1:{_PORTS['gateway']}"
HOSTS: Final = "".join(
    [
        "127.0.0.1 localhost meterai\n",
        f"{OWN_ADDRESS} {' '.join(OWN_NAMES)}\n",
        *(f"{address} {name}\n" for name, (address, _, _) in _PLACES.items()),
    ]
)
_CABLE: Final = f"""
ip link add eth0 type veth peer name eth0 netns "$1"
ip address add {OWN_ADDRESS}/24 dev eth0 && ip link set eth0 up
exec nsenter -t "$1" --net sh -c 'ip link set lo up; ip link set eth0 up
for a in {" ".join(address for address, _, _ in _PLACES.values())}; do ip address add $a/24 dev eth0; done'
"""


class World:
    """The twins, as long as the day goes on. `folder`: their data, the authorities and `server-key`."""

    def __init__(self, machine: OperatorMachine, folder: Path) -> None:
        self.folder = folder
        self.pki = folder / "pki"
        self._machine = machine
        self._network = subprocess.Popen(["unshare", "--net", "sleep", "infinity"])
        self._processes = [self._network]
        make_authorities(self.pki)
        make_server_certificate(self.pki, "world", list(_PLACES))
        make_server_certificate(self.pki, "site", OWN_NAMES[:1])
        make_server_certificate(self.pki, "database", OWN_NAMES[1:])
        (folder / "hosts").write_text(HOSTS)

    def start(self) -> None:
        """Starts everything and waits until it listens."""
        time.sleep(0.2)  # until its network is its own
        words = ["nsenter", "-t", str(self._machine.init), "--net", "sh", "-ec", _CABLE, "cable"]
        subprocess.run([*words, str(self._network.pid)], check=True)
        self._start_twins()
        doors = [f"{address}:{port}:{_PORTS[twin]}" for address, port, twin in _PLACES.values()]
        certificate = self.pki / "world.pem", self.pki / "world.key.pem"
        self._begin("tests.operator_day.tls_doors", *certificate, *doors)
        self._until_open()

    def stop(self) -> None:
        """Ends the twins."""
        for process in self._processes:
            process.terminate()
        for process in self._processes:
            process.wait(20)

    def _until_open(self) -> None:
        tests = [f"</dev/tcp/{address}/{port}" for address, port, _ in _PLACES.values()]
        tests += [f"</dev/tcp/127.0.0.1/{port}" for port in _PORTS.values()]
        words = ["nsenter", "-t", str(self._network.pid), "--net", "bash", "-ec", "\n".join(tests)]
        until(
            lambda: subprocess.run(words, stderr=subprocess.DEVNULL).returncode == 0,
            f"the world outside does not start: {self.folder}/*.log",
            seconds=30,
        )

    def secret(self, name: str) -> str:
        """A key that the provider has given us: `server-key`, `payout-key`, `whatsapp-token`."""
        file = self.folder / name
        if not file.exists():
            file.write_text(f"Mid-server-{os.urandom(12).hex()}")
        return file.read_text()

    def run(self, module: str, *arguments: object) -> str:
        """Runs a module of ours as somebody outside. Returns its output. Raises: AssertionError."""
        words = self._outside(module, arguments)
        done = subprocess.run(words, capture_output=True, text=True, timeout=300, env=self._environment())
        assert done.returncode == 0, f"{module}\n{done.stdout}{done.stderr}"
        return done.stdout

    def begin_person(self, file: Path, out: Path, *, seconds: float) -> subprocess.Popen[str]:
        """Somebody begins to buy a stamp, as in `people`, and waits that long for the stamp."""
        words = self._outside("tests.operator_day.people", (file, out, "--seconds", seconds))
        return subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env=self._environment())

    def _start_twins(self) -> None:
        for name in ("server-key", "payout-key", "whatsapp-token"):
            self.secret(name)
        notices = f"{SITE}/api/v1/payments/midtrans/notices"
        self._begin(
            "sandbox.gateway", "--port", _PORTS["gateway"], "--data", self.folder / "gateway",
            "--notify-url", notices, "--server-key-file", self.folder / "server-key",
            "--payout-key-file", self.folder / "payout-key",
        )  # fmt: skip
        self._begin("tests.operator_day.beacon", _PORTS["beacon"])
        self._begin("sandbox.tsa", "--port", _PORTS["tsa"], "--pki", self.pki)
        self._begin(
            "sandbox.inbox", "--smtp-port", _PORTS["smtp"], "--http-port", _PORTS["inbox"],
            "--data", self.folder / "inbox", "--whatsapp-token-file", self.folder / "whatsapp-token",
        )  # fmt: skip

    def _begin(self, module: str, *arguments: object) -> None:
        log = (self.folder / f"{module}.log").open("wb")
        words = self._outside(module, arguments)
        self._processes.append(
            subprocess.Popen(words, stdout=log, stderr=log, stdin=subprocess.DEVNULL, env=self._environment())
        )

    def _outside(self, module: str, arguments: Sequence[object]) -> list[str]:
        """Our files, the world's network, and its names of hosts."""
        said = shlex.join([sys.executable, "-m", module, *map(str, arguments)])
        script = f"mount --bind {shlex.quote(str(self.folder / 'hosts'))} /etc/hosts && exec {said}"
        own_names = ["unshare", "--mount", "--propagation", "private", "sh", "-c", script]
        return ["nsenter", "-t", str(self._network.pid), "--net", *own_names]

    def _environment(self) -> dict[str, str]:
        return {**os.environ, "SSL_CERT_FILE": str(self.pki / "tls-root.pem")}
