"""The adapter and the real wire of a site: a serial number, a hash that is signed, a genuine file."""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
import uvicorn

from meterai.adapter.routes import build_adapter
from meterai.kit.http.listening import listen
from meterai.verification.model import Verdict
from meterai.verification.use_cases.judge_document import judge_document
from tests.adapter.conftest import ADDRESS, opened, order
from tests.api.conftest import running
from tests.api.wire.wire_site import WireSite, wire
from tests.pdf import samples
from tests.stamping.conftest import front, jail, pki, shared_tsa
from tests.stamping.shared_jail import SharedJail
from tests.web.asking import ask

__all__ = ["front", "jail", "pki", "running", "shared_tsa", "wire"]
pytestmark = pytest.mark.storage


@asynccontextmanager
async def served(wire: WireSite) -> AsyncIterator[str]:
    """The site on a port. Gives its address."""
    with listen("127.0.0.1", 0) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        app = wire.running.app
        app.settings, app.public_url = msgspec.structs.replace(app.settings, public_url=url), url
        server = uvicorn.Server(uvicorn.Config(wire.site, lifespan="off", log_config=None, ws="none"))
        task = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            yield url
        finally:
            server.should_exit = True
            await task


async def test_a_file_that_never_left_its_machine_is_genuine(
    wire: WireSite, adapter_jail: SharedJail, tmp_path: Path
) -> None:
    await wire.setup.start_signer()
    serials = await wire.taken(wire.chain.enterprise, 3)
    folder = tmp_path / "premises"
    folder.mkdir()
    async with served(wire) as url, opened(folder, adapter_jail, f"{url}/wire/stampservice") as adapter:
        application = build_adapter(adapter, documentation_url="")
        firm, other = await wire.of(wire.chain.enterprise), await wire.of(wire.chain.retailer)

        async def sign(number: int, *, token: str = firm.token, **changes: str) -> str:
            asked = order(
                jwToken=token, refToken=serials[number], dest=f"/sharefolder/{number}.pdf", **changes
            )
            sent = {"method": "POST", "headers": {"content-type": "application/json"}}
            answer = await ask(application, ADDRESS, body=json.dumps(asked).encode(), **sent)  # type: ignore[arg-type]
            return str(json.loads(answer.text)["errorCode"])

        (folder / "shared" / "surat.pdf").write_bytes(samples.letter())
        assert await sign(0, token=other.token) == "92", "a serial number of somebody else"
        codes = await asyncio.gather(sign(0), sign(1, certificatelevel="NO_CHANGES_ALLOWED"), sign(0))
        assert codes == ["00", "00", "00"]
        # A second stamp on the first file, which is signed now.
        assert await sign(2, src="/sharefolder/0.pdf", visLLX="60", visURX="160") == "00"
    states = [
        (await firm.get(f"backend/api/chanel/stamp/ext?filter={one}"))["result"]["data"] for one in serials
    ]
    assert [one[0]["status"] for one in states] == ["STAMP"] * 3
    assert (await firm.post("backend/function/saldopos"))["result"]["notstamp"] == 0
    for number in range(3):
        path = folder / "shared" / f"{number}.pdf"
        said = subprocess.run(["pdfsig", "-nocert", path], capture_output=True, text=True).stdout
        assert "Signature is Valid" in said
        assert "Total document signed" in said
        judged = await judge_document(
            wire.setup.database.verifier,
            wire.setup.jail,  # type: ignore[arg-type]
            path.read_bytes(),
            trust=wire.running.app.trust,
            now=datetime.now(UTC),
        )
        expected = (Verdict.WITH_ADDITIONS, "file.additions") if number == 2 else (Verdict.GENUINE, "genuine")
        assert (judged.verdict, judged.reasons[0]) == expected, number
        assert "register.confirmed" in judged.reasons
