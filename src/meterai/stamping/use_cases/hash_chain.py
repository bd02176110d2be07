"""Tells by which certificates hashes are signed now."""

from __future__ import annotations

from meterai.stamping.ports import HashSigner


async def hash_chain(signer: HashSigner) -> tuple[bytes, ...]:
    """Returns the chain of the key for hashes as DER: its own certificate first, without the root.

    Raises: Refusal UNAVAILABLE `signer.unavailable` or `key.*`.
    """
    return tuple((await signer.hash_key()).certificate_chain)
