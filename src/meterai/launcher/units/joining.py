"""A host that joins an installation with some of its roles. It makes no secret and changes no schema."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Final

import msgspec

from meterai.kit.application_secret import FILE as APPLICATION
from meterai.kit.database_urls import Role, role_url, without_user
from meterai.kit.installation_id import belong
from meterai.kit.installation_secrets import Secrets
from meterai.kit.settings import Settings
from meterai.launcher.database_server import installation_of
from meterai.launcher.preparation import LaunchProblem


class Joining(StrEnum):
    """A role with which a host joins, by the name of its units."""

    SIGNER = "signer"
    WORKER = "worker"
    SITE = "site"
    QUEUE = "queue"
    GATE = "gate"
    MIRROR = "mirror"
    VERIFIER = "verifier"
    CLOSER = "closer"
    CONSOLE = "console"
    FOLLOWER = "follower"
    OPERATOR = "operator"


_DATABASE_ROLES: Final[Mapping[Joining, tuple[Role, ...]]] = {
    Joining.SIGNER: ("signer",),
    Joining.WORKER: ("worker",),
    Joining.SITE: ("site",),
    Joining.QUEUE: ("controller",),
    Joining.GATE: (),
    Joining.MIRROR: (),
    Joining.VERIFIER: ("verifier",),
    Joining.CLOSER: ("closer",),
    Joining.CONSOLE: ("console",),
    Joining.FOLLOWER: ("follower",),
    Joining.OPERATOR: ("operator", "reader"),
}
_SECRETS: Final[Mapping[Joining, tuple[str, ...]]] = {
    Joining.WORKER: (APPLICATION,),
    Joining.SITE: (APPLICATION, "metrics-token"),
    Joining.CLOSER: ("day-close.key.pem",),
    Joining.CONSOLE: ("console-key",),
}
"""Files that a role reads in the folder of secrets (docs/several-hosts.md)."""


_LINE_SECRETS: Final[Mapping[Joining, tuple[str, ...]]] = {
    Joining.QUEUE: ("line-key", "line-controller-key"),
    Joining.MIRROR: ("line-key",),
}
"""Those of lines over NATS. A role gets them in its environment file, and reads no folder."""


async def join(settings: Settings, roles: Collection[Joining]) -> Settings:
    """Completes the settings with the URLs of the roles that this host has, and of no other.

    Raises: LaunchProblem for a secret that was not copied; AnotherInstallation; asyncpg.PostgresError;
    OSError.
    """
    secrets = Secrets.of(settings)
    try:
        settings = _with_line_secrets(settings, secrets, roles)
        for name in sorted({name for role in roles for name in _SECRETS.get(role, ())}):
            secrets.read(secrets.folder / name)
    except ValueError as missing:
        raise LaunchProblem(str(missing)) from None
    urls = _urls(settings, secrets, roles)
    if urls:
        found = await installation_of(next(iter(urls.values())))
        if found is None:
            raise LaunchProblem("The database has no schema of this release. First: meterai db migrate")
        belong(settings.data, found, where="the database")
    return msgspec.structs.replace(settings, **urls)


def _with_line_secrets(settings: Settings, secrets: Secrets, roles: Collection[Joining]) -> Settings:
    if not settings.nats_url:
        return settings
    names = sorted({name for role in roles for name in _LINE_SECRETS.get(role, ())})
    wanted = {name.replace("-", "_"): secrets.folder / name for name in names}
    read = {name: secrets.read(path) for name, path in wanted.items() if not getattr(settings, name)}
    return msgspec.structs.replace(settings, **read)


def _urls(settings: Settings, secrets: Secrets, roles: Collection[Joining]) -> dict[str, str]:
    passwords = secrets.kept_database_roles()
    database = settings.database_pooler_url or without_user(settings.database_url)
    urls = {}
    for role in dict.fromkeys(one for joining in roles for one in _DATABASE_ROLES[joining]):
        name = f"database_{role}_url"
        given = getattr(settings, name)
        if not given and role not in passwords:
            raise LaunchProblem(
                f"{secrets.folder / 'database.json'} holds no password of {role}. Copy it from the first "
                f"host, or set METERAI_{name.upper()} (docs/several-hosts.md)."
            )
        urls[name] = given or role_url(database, role, passwords[role])
    return urls


def remove_others(folder: Path, roles: Collection[str]) -> None:
    """Removes the environment files of roles that this host has no more: their units don't start then."""
    for role in Joining:
        if role not in roles:
            (folder / f"{role}.env").unlink(missing_ok=True)
