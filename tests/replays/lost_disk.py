"""A disk is lost while orders and stamps go on. It comes back from base backup, WAL and followed files.

    python -m tests.replays.lost_disk     # prints what was lost; fails when a promise does not hold

`LostDisk` has a step for each thing that an operator does (docs/backup.md). The gateway and the mailboxes
outlive the disk, as the world outside does.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import asyncpg

import meterai.sales
from meterai.cli.copies.followed_folder import FollowedFolder
from meterai.kernel.refusals import Refusal
from meterai.kit.installation_secrets import Secrets
from tests import backup_keys
from tests.places import passing_folder
from tests.prepared import copy_prepared, without_settings
from tests.replays.recovered_server import FollowedServer
from tests.running_service import RunningService, launch
from tests.stamp_buyers import Bought, buy

EVENTS: Final = (Path(meterai.sales.__file__).parent / "events.toml").read_text()


class LostDisk:
    """One installation: its disk, the disk with the copies, and the world outside, as folders of `place`."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.disk, self.copy, self.outside = (place / name for name in ("disk", "copy", "outside"))
        self.new = place / "new"
        self.bought: dict[str, Bought] = {}
        self.is_lost = threading.Event()
        self.lost_at = datetime.now(UTC)
        self._people: list[threading.Thread] = []
        self._service: RunningService | None = None
        self._server: FollowedServer | None = None
        self._follower: subprocess.Popen[bytes] | None = None
        events = EVENTS.replace("[event.queue]", "[event.queue]\nwindow_s = 2\n#")
        (place / "events.toml").write_text(events)

    # -------------------------------------------------------------- before

    def begin(self) -> None:
        """Starts the service on a server that is followed, and makes the first copies."""
        self.disk.mkdir(mode=0o711)
        for folder in (self.outside, self.copy / "followed"):
            folder.mkdir(parents=True)
        copy_prepared(self.disk / "data")
        (self.disk / "data" / "postgres").rename(self.disk / "server")
        (self.disk / "data" / "sandbox").symlink_to(self.outside)
        password = Secrets(self.disk / "data").database_owner
        self._server = FollowedServer(self.disk, self.copy, password=password)
        asyncio.run(self._server.begin())
        self.start_service()
        self.meterai("backup", str(self.copy / "rest"), "--without-database")
        self._follow()

    def _follow(self) -> None:
        words = ["follow", str(self.copy / "followed"), "--every", "0.5", "--data", str(self.data)]
        command = [sys.executable, "-m", "meterai.cli", *words]
        log = (self.place / "follow.log").open("ab")
        self._follower = subprocess.Popen(command, env=self._settings(), stdout=log, stderr=log)

    def people(self, count: int) -> None:
        """People buy one stamp after another until the disk is lost."""
        for number in range(count):
            self._people.append(threading.Thread(target=self._buy_on, args=(f"orang{number}n",)))
            self._people[-1].start()

    def someone(self, name: str, *, before_paying: Callable[[], object] = lambda: None) -> None:
        """One person buys, beside everything else."""
        buy = lambda: self.buy(name, before_paying=before_paying)  # noqa: E731
        self._people.append(threading.Thread(target=buy))
        self._people[-1].start()

    def _buy_on(self, name: str) -> None:
        count = 0
        while not self.is_lost.is_set():
            count += 1
            with suppress(Exception):  # people under way when the disk is lost get errors
                self.buy(f"{name}{count}")

    # ------------------------------------------------------------ the loss

    def stop_following(self) -> None:
        """Ends `meterai follow`: from now on everything will be lost."""
        assert self._follower is not None
        self._follower.kill()
        self._follower.wait()

    def lose(self) -> None:
        """Destroys the disk."""
        assert self._service is not None
        assert self._server is not None
        self.lost_at = datetime.now(UTC)
        self.is_lost.set()
        for pid in (self._service.launcher.pid, *(child.pid for child in self._service.children())):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._server.lose()
        self._service.launcher.wait(30)
        shutil.rmtree(self.disk)
        for person in self._people:
            person.join(60)

    # ------------------------------------------------------------- after it

    def recover(self) -> str:
        """Puts everything back on a new disk. Returns what `meterai restore` printed."""
        assert self._server is not None
        self.new.mkdir()
        target = (self.copy / "followed" / "recovery-target.conf").read_text()
        self._server.recover(self.new, target)
        words = ["restore", str(self.copy / "rest"), "--followed", str(self.copy / "followed")]
        said = self.meterai(*words, *backup_keys.opening(self.place))
        (self.data / "sandbox").symlink_to(self.outside)
        return said

    def start_service(self) -> None:
        """Starts the service."""
        self._service = launch(self.data, env=self._settings(), output=self.data.with_name("up.output"))
        self._service.wait_until_ready()

    def end(self) -> None:
        """Ends everything that still runs."""
        self.is_lost.set()
        if self._follower is not None and self._follower.poll() is None:
            self.stop_following()
        if self._service is not None and self._service.launcher.poll() is None:
            self._service.stop()
        if self._server is not None:
            self._server.stop()

    # --------------------------------------------------------------- beside

    @property
    def data(self) -> Path:
        """The data directory: on the lost disk, afterwards on the new one."""
        return (self.new if self.new.exists() else self.disk) / "data"

    @property
    def good_for(self) -> datetime | None:
        """The moment that the followed files are good for."""
        try:
            return FollowedFolder(self.copy / "followed").mark().at
        except Refusal:
            return None

    def meterai(self, *words: str, may_judge: bool = False) -> str:
        """Runs a command of the product. Returns what it printed. `may_judge`: exit code 1 is an answer."""
        command = [sys.executable, "-m", "meterai.cli", *words, "--data", str(self.data)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300, env=self._settings())
        assert done.returncode in ((0, 1) if may_judge else (0,)), done.stdout + done.stderr
        return done.stdout + done.stderr

    def rows(self, query: str, *values: object) -> list[Any]:
        """Asks the database as its owner."""

        async def fetch() -> list[Any]:
            assert self._server is not None
            connection = await asyncpg.connect(self._server.url())
            try:
                return list(await connection.fetch(query, *values))
            finally:
                await connection.close()

        return asyncio.run(fetch())

    def buy(
        self, name: str, event: str = "", *, before_paying: Callable[[], object] = lambda: None
    ) -> Bought:
        """One person's whole path to a stamped file."""
        self.bought[name] = buy(self.data, name, event=event, before=before_paying)
        return self.bought[name]

    def pause(self, module: str, *, goes_on: bool = False) -> None:
        """Freezes a process of the service, such as `sandbox.tsa`."""
        assert self._service is not None
        for child in self._service.children():
            with suppress(FileNotFoundError):
                if module in Path(f"/proc/{child.pid}/cmdline").read_text():
                    os.kill(child.pid, signal.SIGCONT if goes_on else signal.SIGSTOP)

    def _settings(self) -> dict[str, str]:
        assert self._server is not None
        return {
            **without_settings(),
            **backup_keys.SETTINGS,
            "METERAI_DATABASE_URL": self._server.url(),
            "METERAI_EVENTS_FILE": str(self.place / "events.toml"),
            "METERAI_GENERAL_PURCHASES_PER_MINUTE": "6000",
        }


def main() -> None:
    """Plays it once and prints what was lost."""
    from tests.replays.lost_disk_story import play

    with passing_folder("meterai-lost-disk-") as place:
        for line in play(place):
            print(line)


if __name__ == "__main__":
    main()
