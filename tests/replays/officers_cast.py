"""Officers with real SSH keys, at the keyboard of an installation in production."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from meterai.kit.database import connect_alone
from meterai.kit.settings import Settings
from meterai.operations.officers.act_text import Act, Fresh, make_fresh, text_of
from meterai.operations.use_cases.record_officers import record_officers
from tests.officers import make_officers, make_ssh_key
from tests.prepared import without_settings
from tests.storage_fixtures import TestDatabase

ROLES = {
    "ani": ("finance", "keys", "admin"),
    "budi": ("finance", "keys", "admin"),
    "dewi": ("admin",),
    "gita": ("admin",),
    "hana": ("finance", "keys"),
}


@dataclass(frozen=True)
class Said:
    """How a command ended, and what it printed."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Office:
    """An installation, its data directory and the keys of four officers and of Eve, who is none."""

    database: TestDatabase
    folder: Path

    @property
    def officers(self) -> Path:
        """The officers file."""
        return self.folder / "keys" / "officers.toml"

    def key(self, name: str) -> Path:
        """The private key of somebody."""
        return self.folder / "keys" / name

    async def meterai(self, *words: str, given: str = "", **environment: str) -> Said:
        """Runs a command, as a timer or a person without terminal does."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "meterai.cli",
            *words,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            cwd=self.folder,
            env={
                **without_settings(),
                "METERAI_DATA": str(self.folder / "data"),
                "METERAI_DATABASE_OPERATOR_URL": self.database.urls.operator,
                "METERAI_DATABASE_READER_URL": self.database.urls.reader,
                "COLUMNS": "200",
                **environment,
            },
        )
        out, err = await process.communicate(given.encode())
        return Said(process.returncode or 0, out.decode(), err.decode())

    async def value(self, query: str, *arguments: object) -> Any:
        return await self.database.owner.fetchval(query, *arguments)

    async def stock(self) -> int:
        """Stamps that were ever issued."""
        found: int = await self.value(
            "SELECT coalesce(sum(amount), 0)::bigint FROM ledger.transfer WHERE code = 'issue'"
        )
        return found

    async def text(
        self, act: Act, *, fresh: Fresh | None = None, installation: uuid.UUID | None = None
    ) -> str:
        """The text of an act, as the command would write it."""
        here = installation or await self.value("SELECT id FROM operations.installation")
        return text_of(act, here, fresh or make_fresh(datetime.now(UTC)))

    def sign(self, name: str, text: str, file: str = "act", *, namespace: str = "meterai") -> str:
        """Writes `text` and its signature as the files that `--signature` reads. Returns the latter."""
        path = self.folder / file
        path.write_text(text)
        Path(f"{path}.sig").unlink(missing_ok=True)
        subprocess.run(
            ["ssh-keygen", "-q", "-Y", "sign", "-n", namespace, "-f", str(self.key(name)), str(path)],
            check=True,
            capture_output=True,
        )
        return f"{path}.sig"


async def open_office(database: TestDatabase, folder: Path, *, more: str = "") -> Office:
    """Makes the keys and the officers file, and records it as the owner does."""
    (folder / "data").mkdir()
    keys = folder / "keys"
    keys.mkdir()
    make_officers(keys, more=more, **ROLES)
    make_ssh_key(keys / "eve")
    office = Office(database, folder)
    await database.owner.execute(
        "INSERT INTO operations.environment (name, since) VALUES ('production', now())"
    )
    await record(office)
    return office


async def record(office: Office) -> bool:
    """Records the officers file as the owner."""
    owner = await connect_alone(office.database.urls.owner)
    try:
        settings = Settings(officers=str(office.officers))
        return await record_officers(owner, settings, actor="root", now=datetime.now(UTC))
    finally:
        await owner.close()
