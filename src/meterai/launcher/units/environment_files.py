"""Writes one environment file for each role: exactly the settings and secrets that its process needs."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Final

import msgspec

from meterai.kit.files.atomic_write import write_whole
from meterai.kit.secret_settings import SECRETS, STORE_KEY
from meterai.kit.settings import Settings, trust_folder
from meterai.launcher.preparation import Ports
from meterai.launcher.process_list import (
    CONSOLE_SETTINGS,
    STATUS_SETTINGS,
    mirror_spec,
    product_specs,
    variables_passed_on,
)
from meterai.launcher.supervisor import Spec, needs_no_wait, python_module
from meterai.launcher.units.role_secrets import refuse_unreadable, without_secrets

DEFAULT_FOLDER: Final = Path("/etc/meterai/units")
ROLES: Final = ("signer", "worker", "site", "queue", "gate")
_KEPT_OUT: Final = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "VIRTUAL_ENV", "PYTHONPATH")
"""What `meterai up` passes on from its own shell. systemd gives units their own."""
_ASKERS: Final = "meterai-worker:seal,meterai-operator:date,meterai-site:hash"
"""The users of deploy/systemd/meterai-users.conf that may ask the signer, and for what."""
_VERIFIER: Final = (
    "environment",
    "database_verifier_url",
    "public_url",
    "contact",
    "trusted_proxies",
    "jail_slots",
    "jail_memory_bytes",
    "jail_cpu_seconds",
    "jail_wall_seconds",
    "log_level",
)
_FOLLOWER: Final = (
    "environment",
    "data",
    "database_follower_url",
    "objects_url",
    "queue_folder",
    "log_level",
)
_CLOSER: Final = ("environment", "data", "secrets_folder", "database_closer_url", "log_level")
_OPERATOR: Final = ("data", "queue_folder", "database_operator_url", "database_reader_url")
"""Beside what the worker gets, without its secrets: no command pays, asks the gateway or sends messages."""
_VERIFIER_PORT: Final = 8100
_STATUS: Final = {"METERAI_DATA": "/var/lib/meterai-status"}
"""The folder of the status page's unit, mostly on another host."""


def write_environment_files(
    settings: Settings, folder: Path, elsewhere: Mapping[str, str], *, roles: Collection[str] = ()
) -> list[Path]:
    """Writes `signer.env`, `worker.env`, `site.env`, `queue.env`, `gate.env`, `verifier.env`,
    `follower.env`, `closer.env`, `console.env`, `status.env` and `operator.env`; with NATS `mirror.env`.

    `settings` is complete (`kit.installation.derive`). `elsewhere`: the secrets that no file of ours repeats
    (`kit.secret_settings.kept_elsewhere`). The files have mode 0600: systemd reads them as root.
    Officers read `operator.env`; who may is the caller's part. `roles`: only these; empty: all.

    Raises: ValueError for a setting with a line break; LaunchProblem for a secret that its role can't read;
    OSError.
    """
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o711)  # officers pass through it to their file
    specs = role_specs(settings)
    found = {role: _of_spec(specs[role]) for role in ROLES}
    found["signer"]["METERAI_SIGNER_USERS"] = _ASKERS
    found["gate"]["METERAI_HOST"] = settings.host
    found["gate"]["METERAI_GATE_PORT"] = str(_gate_port(settings))
    found["mirror"] = _of_spec(specs["mirror"])
    found["verifier"] = {**_named(settings, _VERIFIER), "METERAI_PORT": str(_VERIFIER_PORT)}
    found["follower"] = _named(settings, _FOLLOWER)
    found["closer"] = _named(settings, _CLOSER)
    found["console"] = {**_named(settings, CONSOLE_SETTINGS), "METERAI_PORT": str(_console_port(settings))}
    found["status"] = _named(settings, STATUS_SETTINGS) | _STATUS
    found["operator"] = _of_operator(settings, found["worker"])
    found = {
        role: without_secrets(variables, elsewhere)
        for role, variables in found.items()
        if role in roles or not (roles or (role == "mirror" and not settings.nats_url))
    }
    refuse_unreadable(found, elsewhere)
    return [_write(folder / f"{role}.env", variables) for role, variables in sorted(found.items())]


def role_specs(settings: Settings) -> dict[str, Spec]:
    """How one process of each role is started by itself, by the name of its unit."""
    one: dict[str, object] = {
        f"{kind}_processes": 1 for kind in ("site", "worker", "queue", "gate", "console")
    }
    alone = _with(settings, one | {"status_page": "on"})
    verifier = Spec(
        name="verifier",
        argv=python_module("meterai.processes.verifier", "--trust", str(trust_folder(settings))),
        env={**variables_passed_on(), **_named(settings, (*_VERIFIER, "host", "port"))},
        ready=needs_no_wait,
    )
    specs = (*product_specs(alone, ports_of_units(settings)), verifier, mirror_spec(settings))
    return {spec.name: spec for spec in specs}


def _with(settings: Settings, changes: Mapping[str, object]) -> Settings:
    return msgspec.structs.replace(settings, **changes)


def ports_of_units(settings: Settings) -> Ports:
    """The units know no twins and no embedded database: only site and gate have a port."""
    gate, console = _gate_port(settings), _console_port(settings)
    return Ports(
        site=settings.port,
        gate=gate,
        console=console,
        gateway=0,
        tsa=0,
        inbox=0,
        smtp=0,
        postgres=0,
        revocation=0,
    )


def _gate_port(settings: Settings) -> int:
    return Ports.wanted(settings.port)["gate"]


def _console_port(settings: Settings) -> int:
    return Ports.wanted(settings.port)["console"]


def _of_spec(spec: Spec) -> dict[str, str]:
    return {name: value for name, value in spec.env.items() if name not in _KEPT_OUT}


def _of_operator(settings: Settings, worker: Mapping[str, str]) -> dict[str, str]:
    others = {name: value for name, value in worker.items() if name not in SECRETS or name == STORE_KEY}
    others.pop("METERAI_QUEUE_FOLDER", None)  # commands look into the controllers' folder
    return others | _named(settings, _OPERATOR)


def _named(settings: Settings, names: tuple[str, ...]) -> dict[str, str]:
    values = {f"METERAI_{name.upper()}": str(getattr(settings, name)) for name in names}
    return {name: value for name, value in values.items() if value}


def _write(path: Path, variables: Mapping[str, str]) -> Path:
    lines = ["# Written by `meterai install`. Change /etc/meterai/environment and run it again.\n"]
    lines += [f'{name}="{_quoted(name, value)}"\n' for name, value in sorted(variables.items())]
    write_whole(path, "".join(lines).encode(), mode=0o600)
    return path


def _quoted(name: str, value: str) -> str:
    """The text as systemd (systemd.exec(5), EnvironmentFile=) and a shell read it between double quotes."""
    if "\n" in value or "\r" in value:
        raise ValueError(f"{name}: a line break can't stand in a setting")
    return "".join(f"\\{letter}" if letter in '\\"$`' else letter for letter in value)
