"""An adapter that is killed after its hash was signed uses no second stamp."""

from __future__ import annotations

import asyncio
import os
import sys

import aiohttp
import pytest

from tests.adapter.conftest import ADDRESS, Premises, order, serial
from tests.pdf import samples
from tests.ports import free_port


@pytest.mark.journey
async def test_a_repeat_after_kill_9_goes_on_with_the_same_hash(premises: Premises) -> None:
    (premises.root / "surat.pdf").write_bytes(samples.letter())
    data, port = premises.root.parent, free_port()
    (data / "journal").rename(data / "adapter")
    killed = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "meterai.cli", "adapter", "--service", premises.service.url,
        "--folder", str(premises.root), "--port", str(port), "--data", str(data),
        env={"PATH": os.environ["PATH"], "METERAI_FAIL_POINT": "after_sign", "METERAI_JAIL_SLOTS": "1",
             "METERAI_DATABASE_URL": "postgresql://a:owner-password@127.0.0.1/x"},
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert killed.stderr is not None
    said = b""
    while b"adapter_ready" not in said:
        line = await killed.stderr.readline()
        assert line, said
        said += line
    with open(f"/proc/{killed.pid}/environ", "rb") as environment:
        assert b"owner-password" not in environment.read()
    async with aiohttp.ClientSession() as session:
        async with session.get(f"http://127.0.0.1:{port}/adapter/") as welcome:
            assert (await welcome.json())["version"]
        with pytest.raises(aiohttp.ClientError):
            await session.post(f"http://127.0.0.1:{port}{ADDRESS}", json=order())
    assert await killed.wait() == 137
    assert not premises.made.exists()
    (data / "adapter").rename(data / "journal")
    assert (await premises.sign(retryFlag="1"))["errorCode"] == "00"
    assert premises.service.count("docSigningB") == 2
    assert len(premises.service.signed[serial()][1]) == 1
