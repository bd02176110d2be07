"""`meterai run`: runs one process of the service by its settings, on any host."""

from __future__ import annotations

import os
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Final

import msgspec
import typer

from meterai.cli.data_folder import DataOption, data_folder
from meterai.kit.secret_settings import CREDENTIALS, kept_elsewhere
from meterai.kit.settings import Settings, from_environment
from meterai.launcher.role_ports import ROLE_PORTS
from meterai.launcher.supervisor import Spec
from meterai.launcher.units.environment_files import role_specs
from meterai.launcher.units.role_secrets import without_secrets


class Role(StrEnum):
    """A kind of process."""

    SITE = "site"
    GATE = "gate"
    WORKER = "worker"
    CONTROLLER = "controller"
    MIRROR = "mirror"
    SIGNER = "signer"
    VERIFIER = "verifier"
    STATUS = "status"
    CONSOLE = "console"
    CLOSER = "closer"


_UNIT_OF: Final = {Role.CONTROLLER: "queue"}
"""Where a role has another name among the units."""
_READ_BY_GROUP: Final = 0o007
"""Gates and controllers of different users share the folder of queues by their group, as with units."""
_READ_BY_ALL: Final = 0o022
"""A web server reads the status page."""


def run(
    role: Annotated[Role, typer.Argument(help="The process.", show_choices=True)],
    data: DataOption = None,
) -> None:
    """Run one process of the service. It gets the settings of its role alone, and ends on SIGTERM.

    `/readyz` at METERAI_ROLE_PORT says when it can do its work. docs/several-hosts.md says what each needs.
    """
    settings = msgspec.structs.replace(from_environment(), data=data_folder(data).absolute())
    spec = spec_of(role, settings)
    os.umask(_READ_BY_ALL if role is Role.STATUS else _READ_BY_GROUP)
    os.execve(spec.argv[0], list(spec.argv), environment_of(role, spec, settings))  # noqa: S606 - no shell


def spec_of(role: Role, settings: Settings) -> Spec:
    """How the process is started."""
    return role_specs(settings)[_UNIT_OF.get(role, role)]


def environment_of(role: Role, spec: Spec, settings: Settings) -> Mapping[str, str]:
    """The variables of the process: its own settings. Secrets that stand in files stay there."""
    wanted = settings.role_port if settings.role_port != "0" else str(_role_port(role, settings))
    own = without_secrets(spec.env, kept_elsewhere(os.environ)) | {"METERAI_ROLE_PORT": wanted}
    if CREDENTIALS in os.environ:
        own[CREDENTIALS] = os.environ[CREDENTIALS]
    return own


def _role_port(role: Role, settings: Settings) -> int:
    return settings.port + ROLE_PORTS[_UNIT_OF.get(role, role)]
