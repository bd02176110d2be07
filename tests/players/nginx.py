"""nginx with the shipped configuration (`deploy/nginx.conf`), on ports and folders of a test."""

from __future__ import annotations

import os
import pwd
import re
import shutil
import subprocess
import time
from pathlib import Path

from meterai.kit.child_processes import free_port
from tests.players.queue_twin import answers

SHIPPED = Path(__file__).parents[2] / "deploy" / "nginx.conf"


class NginxMissing(Exception):
    """Debian's package is not installed, or the configuration is missing in this checkout."""


class Nginx:
    """One nginx, ended at the end of a `with`. `processor`: the processor of its only worker.

    - `gates`, `site`: ports behind it. It speaks plain HTTP: the lines about TLS are left out.
    - `is_bare`: for comparison, a configuration with nothing but the one file of the status.

    Raises: NginxMissing.
    """

    def __init__(
        self, place: Path, queue: Path, *, gates: tuple[int, ...] = (9,), site: int = 9,
        processor: int | None = None, is_bare: bool = False,
    ) -> None:  # fmt: skip
        self.program = shutil.which("nginx") or "/usr/sbin/nginx"
        if not Path(self.program).exists() or not SHIPPED.exists():
            raise NginxMissing("apt-get install nginx-light")
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.processor = processor
        self._config = place / "nginx.conf"
        place.mkdir(parents=True, exist_ok=True)
        if is_bare:
            text = _BARE.format(user=_user(), place=place, port=self.port, queue=queue)
        else:
            text = _fitted(SHIPPED.read_text(), place, queue, self.port, gates=gates, site=site)
        self._config.write_text(text)

    def __enter__(self) -> Nginx:
        command = [self.program, "-e", "stderr", "-c", str(self._config), "-g", "daemon off;"]
        pinned = ["taskset", "--cpu-list", str(self.processor)] if self.processor is not None else []
        self.process = subprocess.Popen([*pinned, *command], stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and self.process.poll() is None:
            if answers(self.port):
                return self
            time.sleep(0.02)
        raise AssertionError("nginx did not start")

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.wait(60)


_BARE = """{user}
worker_processes 1;
pid {place}/nginx.pid;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    sendfile on;
    tcp_nopush on;
    keepalive_requests 1000000;
    open_file_cache max=16;
    server {{
        listen 127.0.0.1:{port};
        location = /antre/casn/d/status.json {{
            alias {queue}/casn/public/status.json;
            default_type application/json;
        }}
        location / {{ return 404; }}
    }}
}}
"""


def _user() -> str:
    return f"user {pwd.getpwuid(os.getuid()).pw_name};" if os.getuid() == 0 else ""


def _fitted(text: str, place: Path, queue: Path, port: int, *, gates: tuple[int, ...], site: int) -> str:
    """The shipped text with this place's ports and folders, and without TLS."""
    servers = "\n".join(f"        server 127.0.0.1:{gate} max_fails=2 fail_timeout=5s;" for gate in gates)
    text = re.sub(r"    server \{\n        listen 80;.*?\n    \}\n", "", text, flags=re.S)  # the way to TLS
    text = re.sub(r"^\s*(?:ssl_|listen 80|listen \[::\]).*\n", "", text, flags=re.M)
    for shipped, ours in (
        ("user www-data;", _user()),
        ("worker_processes auto;", "worker_processes 1;"),
        ("/run/nginx.pid", str(place / "nginx.pid")),
        ("/var/log/nginx", str(place)),
        ("/var/lib/meterai/queue", str(queue)),
        ("listen 443 ssl default_server;", f"listen 127.0.0.1:{port} default_server;"),
        ("listen 443 ssl;", f"listen 127.0.0.1:{port};"),
        ("server_name METERAI.EXAMPLE;", "server_name 127.0.0.1 x;"),
        ("        server 127.0.0.1:8006 max_fails=2 fail_timeout=5s;", servers),
        ("127.0.0.1:8000", f"127.0.0.1:{site}"),
    ):
        assert shipped in text, shipped
        text = text.replace(shipped, ours)
    return text
