"""The files of the store in an encrypted backup, each encrypted by itself under the digest of its content."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path

from meterai.kit.files.object_store import FolderStore, ObjectMissing
from meterai.kit.files.sealed_files import (
    Identities,
    Recipients,
    SealBroken,
    seal_bytes,
    unseal_bytes,
)


class SealedObjects(FolderStore):
    """Encrypts what is put in, and decrypts what is taken out.

    They need no signature: people who read one compare its content with its name, which the database has.
    """

    def __init__(self, root: Path, *, recipients: Recipients = (), identities: Identities = ()) -> None:
        super().__init__(root)
        self._recipients = recipients
        self._identities = identities

    async def put_all(self, contents: Mapping[str, bytes]) -> None:
        await super().put_all(await asyncio.to_thread(self._seal, contents))

    async def get(self, key: str) -> bytes:
        sealed = await super().get(key)
        try:
            return await asyncio.to_thread(unseal_bytes, sealed, self._identities)
        except SealBroken:
            raise ObjectMissing(key) from None

    def _seal(self, contents: Mapping[str, bytes]) -> dict[str, bytes]:
        return {key: seal_bytes(content, self._recipients) for key, content in contents.items()}
