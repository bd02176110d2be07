"""A program that reached the signer's socket had a digest of its choice signed or dated.

Before, the signer answered every user that could open its socket, and dated any 32 bytes. The kernel names
the user at the other end (SO_PEERCRED), each user has a right, and digests come from the register alone.
"""

from __future__ import annotations

import asyncio
import os
import pwd
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import AsyncMock
from uuid import UUID

import msgspec
import pytest

from meterai.kernel.refusals import Kind, Refusal
from meterai.processes.signer import SignerServer
from meterai.stamping import signer_wire
from meterai.stamping.signer.askers import Askers
from tests.stamping.conftest import front, jail, pki, setup, shared_tsa  # noqa: F401
from tests.stamping.stamping_setup import StampingSetup

AS_ROOT = pytest.mark.skipif(os.getuid() != 0, reason="plays several users")
NOBODY = pwd.getpwnam("nobody")
ASKS = """
import socket, sys
asking = socket.socket(socket.AF_UNIX)
asking.connect(sys.argv[1])
for request in sys.argv[2:]:
    asking.sendall(bytes.fromhex(request))
    size = int.from_bytes(asking.recv(4), "big")
    print(asking.recv(size, socket.MSG_WAITALL).hex() if size else "shut")
"""
LOOK, DATE, SEAL, CODES, CHAIN, HASH = (
    signer_wire.Ping(),
    signer_wire.StampSignatures([bytes(32)]),
    signer_wire.SealSerials(["A" * 22]),
    signer_wire.SignCodes([("A" * 22, date(2026, 9, 5))]),
    signer_wire.ShowHashKey(),
    signer_wire.SignHashes([UUID(int=1)]),
)


@asynccontextmanager
async def signer_for(named: str) -> AsyncIterator[tuple[Path, Any]]:
    """A signer at a socket that every user can open. Yields the socket and the sealer."""
    hashes = SimpleNamespace(
        key=AsyncMock(return_value=signer_wire.HashKey("h", [])),
        sign=AsyncMock(return_value=signer_wire.HashSignatures({}, {}, "h")),
    )
    sealer = SimpleNamespace(
        hashes=hashes,
        identity=AsyncMock(return_value=signer_wire.Identity("k", [])),
        time_stamps=AsyncMock(return_value=signer_wire.Tokens([b"t"])),
        seal=AsyncMock(return_value=signer_wire.Seals({}, {}, "k")),
        sign_codes=AsyncMock(return_value=signer_wire.CodeSignatures([], 1)),
    )
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        Path(folder).chmod(0o711)
        path, stop = Path(folder) / "signer.sock", asyncio.Event()
        serving = asyncio.create_task(SignerServer(sealer, Askers(named)).serve(path, stop))  # type: ignore[arg-type]
        while not path.exists():
            await asyncio.sleep(0.01)
        path.chmod(0o666)
        yield path, sealer
        stop.set()
        await serving


async def ask_as_nobody(path: Path, *requests: signer_wire.Request) -> list[signer_wire.Answer | str]:
    """What another user is answered; "shut" when the connection was closed."""
    frames = [signer_wire.frame(request).hex() for request in requests]
    asking = await asyncio.create_subprocess_exec(
        sys.executable, "-c", ASKS, str(path), *frames, user=NOBODY.pw_uid, stdout=asyncio.subprocess.PIPE
    )  # fmt: skip
    out, _ = await asking.communicate()
    lines = out.decode().split()
    return [line if line == "shut" else signer_wire.read_answer(bytes.fromhex(line)) for line in lines]


NOT_ALLOWED = signer_wire.Refused(Kind.FORBIDDEN, "signer.not_allowed")


@AS_ROOT
async def test_a_user_that_is_not_named_is_not_heard() -> None:
    async with signer_for("") as (path, sealer):
        assert set(await ask_as_nobody(path, SEAL)) <= {"shut"}
        sealer.seal.assert_not_called()


@AS_ROOT
@pytest.mark.parametrize(
    ("right", "answered"),
    [
        ("look", [LOOK]),
        ("date", [LOOK, DATE]),
        ("hash", [LOOK, DATE, CODES, CHAIN, HASH]),
        ("seal", [LOOK, DATE, SEAL, CODES, CHAIN, HASH]),
    ],
)
async def test_a_user_is_answered_what_its_right_allows(
    right: str, answered: list[signer_wire.Request]
) -> None:
    async with signer_for(f"nobody:{right}") as (path, _):
        requests = [LOOK, DATE, SEAL, CODES, CHAIN, HASH]
        answers = await ask_as_nobody(path, *requests)
        allowed = [
            request
            for request, answer in zip(requests, answers, strict=True)
            if msgspec.to_builtins(answer) != msgspec.to_builtins(NOT_ALLOWED)
        ]
        assert allowed == answered


@pytest.mark.parametrize("named", ["no-such-user:seal", "nobody", "nobody:sign", "nobody:"])
def test_what_names_no_user_or_no_right_is_refused_at_the_start(named: str) -> None:
    with pytest.raises(ValueError, match="METERAI_SIGNER_USERS"):
        Askers(named)


def test_one_user_for_everything_needs_no_setting() -> None:
    assert Askers().right_of(os.getuid()) is not None
    assert Askers().right_of(NOBODY.pw_uid) is None


@pytest.mark.storage
async def test_a_digest_of_ones_choice_is_neither_sealed_nor_dated(setup: StampingSetup) -> None:  # noqa: F811
    """With the socket of the real signer, and a serial number that has an intent but no held stamp."""
    with pytest.raises(Refusal, match=r"stamping\.no_release"):
        await setup.client.time_stamps([bytes(32)])
    with pytest.raises(Refusal, match=r"stamping\.serial_not_allocated"):
        await setup.client.code_signatures([("A" * 22, date(2026, 9, 5))])  # type: ignore[list-item]
    async with setup.database.owner.transaction():
        await setup.database.owner.execute("SET LOCAL session_replication_role = replica")
        await setup.database.owner.execute(
            """INSERT INTO stamping.serial (serial, job_id, ordinal, reservation_id, placement, state,
                   allocated_at)
               VALUES ($1, gen_random_uuid(), 1, gen_random_uuid(), '{}', 'allocated', now())""",
            "A" * 22,
        )
        await setup.database.owner.execute(
            "INSERT INTO stamping.intent VALUES ($1, sha256('x'), 'x', 1, 2, now())", "A" * 22
        )
    outcomes = await setup.client.seal(["A" * 22])  # type: ignore[list-item]
    assert [refused.code for refused in outcomes.values() if isinstance(refused, Refusal)] == [
        "stamping.no_intent"
    ]
    assert await setup.database.owner.fetchval("SELECT count(*) FROM stamping.sign_attempt") == 0
