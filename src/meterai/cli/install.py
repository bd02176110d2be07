"""`meterai install`: prepares an installation whose processes run as users of their own."""

from __future__ import annotations

import asyncio
import os
import shutil
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from meterai.accounting.reconciling import FOLDER
from meterai.kernel.clock import system_clock
from meterai.kit.installation import derive
from meterai.kit.installation_id import AnotherInstallation
from meterai.kit.installation_secrets import Secrets
from meterai.kit.secret_settings import kept_elsewhere
from meterai.kit.settings import Settings, from_environment, front_root, queue_root
from meterai.launcher.database_server import DatabaseServer
from meterai.launcher.embedded_postgres import PostgresFailed
from meterai.launcher.first_start import open_installation, record_known_officers
from meterai.launcher.gateway_key import check_gateway_key
from meterai.launcher.preparation import (
    LaunchProblem,
    Twins,
    check_settings,
    only_launcher,
    prepare_folders,
)
from meterai.launcher.process_list import addresses_of
from meterai.launcher.schema.migrate import NotMigrated
from meterai.launcher.units.environment_files import DEFAULT_FOLDER, ports_of_units, write_environment_files
from meterai.launcher.units.joining import Joining, join, remove_others
from meterai.launcher.units.ownership import DATA_RULES, FRONT_RULES, QUEUE_RULES, hand_over
from meterai.waiting_room.files.queue_folder import separate_keys_in

_NO_TWINS = Twins(gateway=False, tsa=False, inbox=False, revocation=False)


def install(
    units: Annotated[
        Path, typer.Option(help="Folder of the environment files that the units read.")
    ] = DEFAULT_FOLDER,
    data: Annotated[Path | None, typer.Option(help="The data directory.")] = None,
    joins: Annotated[
        list[Joining] | None,
        typer.Option(
            help="This host joins an installation with this role, or several of them: no secret is made and "
            "no schema changed (docs/several-hosts.md)."
        ),
    ] = None,
) -> None:
    """Make the secrets, migrate the database, and hand the files to the users of deploy/systemd.

    Run it as root, with the settings in the environment, before the first start and for each new release,
    while the units are stopped.
    """
    settings = from_environment()
    settings = msgspec.structs.replace(settings, data=(data or settings.data).absolute())
    try:
        _refuse_unfit(settings)
        if warning := check_gateway_key(settings):
            typer.echo(warning, err=True)
        os.umask(0o077)
        prepare_folders(settings.data, of_others=True)
        with only_launcher(settings.data):
            changed = None
            if joins:
                complete = asyncio.run(join(settings, joins))
                remove_others(units.absolute(), joins)
            else:
                complete, changed = asyncio.run(_prepare(settings))
            elsewhere = kept_elsewhere(os.environ)
            files = write_environment_files(complete, units.absolute(), elsewhere, roles=joins or ())
            given = _hand_over(complete, units.absolute(), joins=bool(joins))
    except (LaunchProblem, PostgresFailed, NotMigrated, AnotherInstallation) as problem:
        typer.echo(f"Not installed. {problem}", err=True)
        raise typer.Exit(1) from None
    if changed is not None:
        typer.echo("The database has the newest schema." + ("" if changed else " It had it before."))
    typer.echo(f"{given:,} files and folders have new owners or modes below {settings.data}.")
    typer.echo(f"{len(files)} environment files are in {units}.")
    typer.echo("Next: systemctl restart meterai.target")


def _refuse_unfit(settings: Settings) -> None:
    """Raises: LaunchProblem; ValueError for settings that production refuses."""
    if os.geteuid() != 0:
        raise LaunchProblem("It gives files to other users, and only root may: run it as root.")
    if not settings.database_url:
        raise LaunchProblem(
            "The embedded database belongs to `meterai up`. The units need a PostgreSQL server: "
            "set METERAI_DATABASE_URL (docs/first-start.md)."
        )
    check_settings(settings)


async def _prepare(settings: Settings) -> tuple[Settings, bool]:
    """Makes secrets and schema, as `meterai up` does. Returns the complete settings."""
    secrets = Secrets.of(settings)
    database = DatabaseServer(settings, secrets, may_make=not secrets.hold_application)
    changed = await database.make_ready()
    secrets.make_shared()
    addresses = addresses_of(settings, ports_of_units(settings), _NO_TWINS, database.owner_url, "")
    complete = derive(settings, addresses, secrets)
    await open_installation(complete, now=system_clock())
    await record_known_officers(database.owner_url, complete, now=system_clock())
    return complete, changed


def _hand_over(settings: Settings, units: Path, *, joins: bool) -> int:
    data, queues = settings.data, queue_root(settings)
    for folder in (data / "objects", data / FOLDER, data / "run" / "signer", data / "signer", queues):
        folder.mkdir(parents=True, exist_ok=True)
    (data / "run" / "service.json").unlink(missing_ok=True)  # of an earlier `meterai up`
    if (units / "operator.env").exists():
        shutil.chown(units / "operator.env", group="meterai-operator")
        (units / "operator.env").chmod(0o640)
    given = hand_over(data, DATA_RULES)
    if settings.nats_url:
        (front := front_root(settings)).mkdir(parents=True, exist_ok=True)
        given += hand_over(front, FRONT_RULES)
    elif joins and queues != data / "queue":  # the first host gave it to their users
        return given
    separate_keys_in(queues)
    return given + hand_over(queues, QUEUE_RULES)
