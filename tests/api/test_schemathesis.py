"""Requests made from the description: schemathesis finds no fault and no answer that is not described."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import uvicorn

from meterai.kit.http.guarded_protocol import GuardedProtocol
from tests.api.partner import Tokens, caller_of, register
from tests.partners.organisations import make_chain
from tests.ports import free_port
from tests.waiting_room.line import NOON
from tests.web.running_site import RunningSite

ROOT = Path(__file__).parents[2]


@pytest.fixture
async def address(running: RunningSite) -> AsyncIterator[str]:
    """Where the site listens."""
    port = free_port()
    running.app.public_url = f"http://127.0.0.1:{port}"
    config = uvicorn.Config(
        running.site, port=port, http=GuardedProtocol, ws="none", lifespan="off", log_config=None
    )
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    yield running.app.public_url
    server.should_exit = True
    await serving


@pytest.mark.long
async def test_schemathesis_finds_nothing(running: RunningSite, tokens: Tokens, address: str) -> None:
    chain = await make_chain(running.line.database.app, now=NOON)
    await register(running.line.database.owner, chain.distributor.id)
    token = tokens.partner(running.site, caller_of(chain.distributor.id)).token
    program = Path(sys.executable).with_name("schemathesis")
    asked = await asyncio.create_subprocess_exec(
        str(program),
        "run",
        f"{address}/api/openapi.json",
        *("--header", f"Authorization: Bearer {token}"),
        *("--include-tag", "organisations", "--include-tag", "quota"),
        *("--include-tag", "verification", "--exclude-operation-id", "verifyDocument"),  # no jail here
        *("--max-examples", "2", "--seed", "1", "--continue-on-failure"),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await asked.communicate()
    assert asked.returncode == 0, said.decode()[-6000:]
