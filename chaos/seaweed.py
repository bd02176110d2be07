"""A real S3 server: SeaweedFS, a process that can be killed and started again."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Final

import obstore
from obstore.exceptions import BaseError
from obstore.store import S3Store

from meterai.kit.child_processes import ending_with_parent

BUCKET: Final = "dokumen"
_KEY_ID, _SECRET = "METERAI", "rahasia-meterai"
_RIGHTS: Final = ("Read", "Write", "List")
"""In the bucket alone. Write includes to delete."""
_PARTS: Final = ("master", "volume", "filer", "s3", "admin")
"""Each has a port, and one for gRPC."""
PORTS: Final = 2 * len(_PARTS)
_OFF: Final = ("-admin.ui=false", "-webdav=false", "-s3.port.iceberg=0", "-s3.port.lance=0")
_START_SECONDS_MAX: Final = 60


class Seaweed:
    """The server, with one bucket. After each start it listens at the same ports of this machine."""

    def __init__(self, folder: Path, first: int) -> None:
        """`first`: of `PORTS` free ports in a row."""
        self._folder = folder
        self._ports = {part: first + 2 * place for place, part in enumerate(_PARTS)}
        self._process: subprocess.Popen[bytes] | None = None
        user = {
            "name": "meterai",
            "credentials": [{"accessKey": _KEY_ID, "secretKey": _SECRET}],
            "actions": [f"{right}:{BUCKET}" for right in _RIGHTS],
        }
        (folder / "s3.json").write_text(json.dumps({"identities": [user]}))

    @property
    def variables(self) -> dict[str, str]:
        """The settings of a service that keeps its files there."""
        return {
            "METERAI_OBJECTS_URL": f"s3://{BUCKET}/produksi",
            "AWS_ENDPOINT": f"http://127.0.0.1:{self._ports['s3']}",
            "AWS_REGION": "ap-southeast-3",
            "AWS_ACCESS_KEY_ID": _KEY_ID,
            "AWS_SECRET_ACCESS_KEY": _SECRET,
        }

    @property
    def is_alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Starts it, and waits until it answers."""
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                self.command(),
                stdout=log,
                stderr=log,
                preexec_fn=ending_with_parent(signal.SIGKILL),
                env=self.environment,
            )
        deadline = time.monotonic() + _START_SECONDS_MAX
        while not self.answers():
            assert self.is_alive, (self._folder / "log").read_text()[-3000:]
            assert time.monotonic() < deadline, "SeaweedFS does not answer"
            time.sleep(0.05)

    def kill(self) -> None:
        """Ends it with `kill -9`. What it has acknowledged is in its folder."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def end(self) -> None:
        """Ends it for good. It leaves sockets outside of its folder."""
        self.kill()
        for part, port in self._ports.items():
            socket = Path(f"/tmp/seaweedfs-{part}-grpc-{port + 1}.sock")  # noqa: S108 - its own name for it
            socket.unlink(missing_ok=True)

    @property
    def environment(self) -> dict[str, str]:
        """The variables with which it is started."""
        return {"PATH": os.environ["PATH"], "HOME": str(self._folder)}

    def command(self) -> list[str]:
        """The words that start it."""
        ports = {f"{part}.port": port for part, port in self._ports.items()}
        ports |= {f"{part}.port.grpc": port + 1 for part, port in self._ports.items()}
        return [
            f"{sys.prefix}/bin/weed",
            "-logtostderr=true",
            "mini",
            "-ip=127.0.0.1",
            "-ip.bind=127.0.0.1",
            f"-dir={self._folder}",
            f"-bucket={BUCKET}",
            f"-s3.config={self._folder}/s3.json",
            *(f"-{part}.localSocket={self._folder}/{part}.sock" for part in ("filer", "s3")),
            *(f"-{name}={port}" for name, port in ports.items()),
            *_OFF,
            "-master.telemetry=false",
        ]

    def answers(self) -> bool:
        """Whether it takes and forgets an object. The bucket comes last."""
        told = {name.lower(): value for name, value in self.variables.items() if name.startswith("AWS_")}
        config: Any = {**told, "aws_bucket": BUCKET}
        options: Any = {"allow_http": True}
        store = S3Store(config=config, client_options=options, retry_config={"max_retries": 0})
        try:
            obstore.put(store, "ready", b"")
            obstore.delete(store, "ready")
        except BaseError:
            return False
        return True
