"""What all steps of the day share: the machine, the world outside, shells, and the documents."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Final

from tests.operator_day.machine import OperatorMachine
from tests.operator_day.pages import Page
from tests.operator_day.shell import Shell
from tests.operator_day.world import World

OFFICERS: Final = "/var/lib/officers"
"""Their keys on the machine, where the operator's commands read them. In production only they have them."""
DATA: Final = "/var/lib/meterai"


@dataclass
class Day:
    """The day so far. `folder`: its log, its secrets and what people got."""

    machine: OperatorMachine
    world: World
    folder: Path
    older: str
    """The release before this one: a commit or tag."""
    boot: Callable[[Path], OperatorMachine]
    """Boots another machine whose files are in this folder."""
    release: str = ""
    """What the machine has: another commit than ours, or nothing."""
    _shells: list[Shell] = field(default_factory=list)
    _pages: dict[str, Page] = field(default_factory=dict)

    @cached_property
    def root(self) -> Shell:
        """Root's shell on the machine, with the settings."""
        return self.new_root_shell()

    @cached_property
    def fetching(self) -> Shell:
        """Root's shell with the network of the host and its roots of TLS: packages are fetched in it."""
        shell = self._open(Shell(self.machine.entering_with_internet(), self.folder / "commands.log"))
        self.machine.write("/root/roots.pem", Path("/etc/ssl/certs/ca-certificates.crt").read_text())
        shell.run("export PIP_CERT=/root/roots.pem SSL_CERT_FILE=/root/roots.pem")
        return shell

    def renew_officer(self) -> None:
        """Leaves the shell of officers: the next one has groups that are new."""
        self.__dict__.pop("officer", None)

    @cached_property
    def officer(self) -> Shell:
        """The shell of officers (docs/first-start.md, 1), in the folder with their keys."""
        shell = self._open(Shell(self.machine.entering(), self.folder / "commands.log"))
        typed = self.page("first-start.md").block("runuser -u meterai-operator").filled()
        opener, _, rest = typed.partition("\n")
        shell.become(opener)
        shell.run(f"{rest}\ncd {OFFICERS}")
        return shell

    def new_root_shell(self) -> Shell:
        """A new one, for people with a folder and an `umask` of their own."""
        shell = self._open(Shell(self.machine.entering(), self.folder / "commands.log"))
        if "yes" in shell.run("test ! -e /etc/meterai/environment || echo yes"):
            shell.run(self.page("first-start.md").block("cat stamp-root.pem").text.partition("install")[0])
        return shell

    def page(self, name: str) -> Page:
        """A document below docs/."""
        return self._pages.setdefault(name, Page(name))

    def secret(self, name: str) -> str:
        """A password that the operator has made up once."""
        file = self.folder / "secrets.json"
        known: dict[str, str] = json.loads(file.read_text()) if file.exists() else {}
        if name not in known:
            known[name] = os.urandom(12).hex()
            file.write_text(json.dumps(known))
        return known[name]

    def close_shells(self) -> None:
        """Ends all shells."""
        for shell in self._shells:
            shell.close()

    def _open(self, shell: Shell) -> Shell:
        self._shells.append(shell)
        return shell
