"""Puts in place what an installation needs before the site opens."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import msgspec

from meterai.kit.database import Database, connect, connect_alone
from meterai.kit.files.object_store import MARK, FolderStore, open_store
from meterai.kit.settings import Settings
from meterai.launcher.preparation import LaunchProblem, other_environment
from meterai.operations.use_cases.keep_environment import keep_environment
from meterai.operations.use_cases.open_site import open_site
from meterai.operations.use_cases.record_officers import record_officers
from meterai.partners.sandbox.model import is_on
from meterai.partners.sandbox.use_cases.open_sandbox import open_sandbox
from meterai.stamping.keys.development_key import register_development_keys
from meterai.stamping.queries import some_released_objects

_LOOKED_FOR = 20
"""How many released files are looked for; an unmarked store must hold one of them."""


async def open_installation(settings: Settings, *, now: datetime) -> None:
    """Prepares the installation as the operator's role; `settings` is complete.

    Raises: LaunchProblem for an unreadable events file or development key. Before anything is written also
    for another environment, or a store whose disk is not mounted. asyncpg.PostgresError; OSError.
    """
    db = await connect(settings.database_operator_url, connections_max=1, application_name="meterai up")
    development = settings.environment == "development"
    try:
        kept = await keep_environment(db, settings.environment, now=now)
        if kept != settings.environment:
            raise LaunchProblem(other_environment(settings, kept))
        await know_store(db, settings)
        with _reading(f"METERAI_EVENTS_FILE ({settings.events_file})"):
            await open_site(db, events_file=settings.events_file, development=development, now=now)
        if development:
            with _reading("The development key", then=". Put pki back from a copy (docs/backup.md)."):
                await register_development_keys(db, settings.data, now=now)
        if is_on(settings):
            await open_sandbox(db, now=now)
    finally:
        await db.close()


async def record_known_officers(owner_url: str, settings: Settings, *, now: datetime) -> None:
    """Makes the database know the officers file, if the settings name one.

    Raises: LaunchProblem for a file that can't be used; asyncpg.PostgresError; OSError.
    """
    if not settings.officers:
        return
    owner = await connect_alone(owner_url, application_name="meterai officers")
    try:
        await record_officers(owner, settings, actor="meterai up", now=now)
    except ValueError as error:
        raise LaunchProblem(str(error)) from None
    finally:
        await owner.close()


@contextmanager
def _reading(file: str, *, then: str = "") -> Iterator[None]:
    """Raises: LaunchProblem when `file` can't be read; `then` is the next step."""
    try:
        yield
    except (OSError, ValueError, msgspec.MsgspecError) as error:
        if isinstance(error, OSError) and error.filename is None:  # the database's
            raise
        raise LaunchProblem(f"{file} can't be read: {error}{then}") from None


async def know_store(db: Database, settings: Settings) -> None:
    """Marks the folder of the object store in use: when nothing was released yet, or it holds released files.

    Raises: LaunchProblem.
    """
    store = open_store(settings.objects_url, settings.data)
    if not isinstance(store, FolderStore) or store.is_marked:
        return
    released = await some_released_objects(db, _LOOKED_FOR)
    if released and not any(map(store.has, released)):
        raise LaunchProblem(
            f"{store.root} holds none of the files that people bought. First look: is its own disk mounted? "
            "If the files are lost, put them back from a copy (docs/backup.md, 'Files that are missing'). "
            f"If there is no copy of them: touch {store.root / MARK}, then start."
        )
    store.mark()
