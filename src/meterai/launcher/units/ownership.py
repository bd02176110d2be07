"""Hands the files of an installation to the users of the units (`deploy/systemd/meterai-users.conf`).

Each rule names a path below the data directory. The first rule that matches a path decides. Links are never
followed: a process that was taken over may have made one.
"""

from __future__ import annotations

import grp
import os
import pwd
import stat
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final

from meterai.launcher.preparation import LaunchProblem

USERS_FILE: Final = "deploy/systemd/meterai-users.conf"
FILES, LINE, RUN, COUNTS = "meterai-files", "meterai-line", "meterai-run", "meterai-counts"


@dataclass(frozen=True, slots=True)
class Rule:
    """The owner and the modes of what matches `pattern`. `pattern`: as in `fnmatch`; `*` also matches `/`."""

    pattern: str
    user: str
    group: str
    folder: int
    file: int


DATA_RULES: Final = (
    Rule(".", "root", "root", 0o711, 0),
    Rule("installation", "root", "root", 0, 0o644),
    Rule("objects", "meterai-worker", FILES, 0o770, 0),
    Rule("objects/*", "meterai-worker", FILES, 0o770, 0o660),
    Rule("reconciliation", "meterai-worker", FILES, 0o770, 0),
    Rule("reconciliation/*", "meterai-worker", FILES, 0o770, 0o660),
    Rule("run", "root", RUN, 0o1770, 0),
    Rule("run/signer*", "meterai-signer", RUN, 0o750, 0o660),
    Rule("run/worker-*", "meterai-worker", RUN, 0o770, 0o640),
    Rule("run/queue-*", "meterai-queue", RUN, 0o770, 0o640),
    Rule("signer", "meterai-signer", COUNTS, 0o750, 0),
    Rule("signer/*", "meterai-signer", COUNTS, 0o750, 0o640),
    Rule("pki", "root", "root", 0o711, 0),
    Rule("pki/*.key.pem", "meterai-signer", "root", 0, 0o400),
    Rule("pki/*", "root", "root", 0o755, 0o644),
    Rule("secrets", "root", "root", 0o711, 0),
    Rule("secrets/application.json", "root", FILES, 0, 0o640),
    Rule("secrets/metrics-token", "root", FILES, 0, 0o640),
    Rule("secrets/day-close.key.pem", "meterai-closer", "root", 0, 0o400),
    Rule("secrets/console-key", "meterai-console", "root", 0, 0o400),
    Rule("secrets/pkcs11-pin", "meterai-signer", "root", 0, 0o400),
    Rule("secrets/*", "root", "root", 0o700, 0o600),
)
"""Below the data directory. What no rule names (such as `postgres` and `logs`) stays as it is."""
QUEUE_RULES: Final = (
    Rule(".", "meterai-queue", LINE, 0o751, 0),
    Rule("installation", "meterai-queue", LINE, 0, 0o644),
    Rule("*/gates", "meterai-gate", LINE, 0o770, 0),
    Rule("*/gates/*", "meterai-gate", LINE, 0o770, 0o660),
    Rule("*/known", "meterai-gate", LINE, 0o770, 0),
    Rule("*/known/*", "meterai-gate", LINE, 0o770, 0o660),
    Rule("*/public", "meterai-queue", LINE, 0o755, 0),
    Rule("*/public/*", "meterai-queue", LINE, 0o755, 0o644),
    Rule("*/secret", "meterai-queue", LINE, 0o750, 0),
    Rule("*/secret/controller.json", "meterai-queue", LINE, 0, 0o600),
    Rule("*/secret/*", "meterai-queue", LINE, 0o750, 0o640),
    Rule("*/*", "meterai-queue", LINE, 0o700, 0o600),
    Rule("*", "meterai-queue", LINE, 0o1771, 0o640),
)
"""Below the folder of the queues; `*` stands for an event."""

FRONT_RULES: Final = tuple(
    replace(rule, user="meterai-mirror") if rule.user == "meterai-queue" else rule for rule in QUEUE_RULES
)
"""Below the folder of the queues of gates, sites and workers, where a mirror keeps it."""


def hand_over(folder: Path, rules: tuple[Rule, ...]) -> int:
    """Gives everything that a rule names below `folder` to its owner. Returns how many paths changed.

    The folder itself comes last, so that an interrupted run is continued by the next one.

    Raises: LaunchProblem when a user or group is missing; OSError.
    """
    owners = {rule: (_user(rule.user), _group(rule.group)) for rule in rules}
    changed = 0
    for path, rule in _matched(folder, rules):
        changed += _give(path, rule, *owners[rule])
    return changed


def _matched(folder: Path, rules: tuple[Rule, ...]) -> Iterator[tuple[Path, Rule]]:
    for place, folders, files in os.walk(folder, topdown=False):
        for name in (*files, *folders):
            path = Path(place, name)
            rule = _rule_of(path.relative_to(folder).as_posix(), rules)
            if rule is not None:
                yield path, rule
    if (top := _rule_of(".", rules)) is not None and folder.exists():
        yield folder, top


def _rule_of(name: str, rules: tuple[Rule, ...]) -> Rule | None:
    return next((rule for rule in rules if fnmatchcase(name, rule.pattern)), None)


def _give(path: Path, rule: Rule, user: int, group: int) -> bool:
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:  # a link, or a socket: nothing of an earlier user to keep
        if path.is_symlink() or stat.S_ISSOCK(path.lstat().st_mode):
            with suppress(FileNotFoundError):
                os.lchown(path, user, group)
            return False
        raise
    try:
        found = os.fstat(handle)
        mode = rule.folder if stat.S_ISDIR(found.st_mode) else rule.file
        if not mode or (found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode)) == (user, group, mode):
            return False
        os.fchown(handle, user, group)
        os.fchmod(handle, mode)
        return True
    finally:
        os.close(handle)


def _user(name: str) -> int:
    try:
        return pwd.getpwnam(name).pw_uid
    except KeyError:
        raise LaunchProblem(f"There is no user {name}. First run: systemd-sysusers {USERS_FILE}") from None


def _group(name: str) -> int:
    try:
        return grp.getgrnam(name).gr_gid
    except KeyError:
        raise LaunchProblem(f"There is no group {name}. First run: systemd-sysusers {USERS_FILE}") from None
