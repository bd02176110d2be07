"""A jail and keys for all tests of the adapter; folders and a service for each."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from meterai.adapter.journal import Journal
from meterai.adapter.routes import build_adapter
from meterai.adapter.shared_folder import SharedFolder
from meterai.adapter.stampservice import Stampservice
from meterai.adapter.time_stamps import TimeStamps
from meterai.adapter.work import CHECK, PREPARE, Adapter
from meterai.kernel.serial_number import make_serial
from meterai.kit.fail_points import never
from tests.adapter.stand_in import StandIn, make_bench
from tests.pdf.sealing import SealingBench
from tests.stamping.shared_jail import SharedJail, shared_jail
from tests.web.asking import ask

ADDRESS = "/adapter/pdfsigning/rest/docSigningZ"


def serial(number: int = 1) -> str:
    return make_serial(number.to_bytes(1) * 32)


def order(**changes: Any) -> dict[str, Any]:
    """What a client sends."""
    usual = {
        "certificatelevel": "NOT_CERTIFIED", "src": "/sharefolder/surat.pdf", "dest": "/sharefolder/jadi.pdf",
        "docpass": "", "jwToken": "token-1", "refToken": serial(), "spesimenPath": "/sharefolder/qr.jpg",
        "location": "JAKARTA", "reason": "Surat Perjanjian", "profileName": "emeteraicertificateSigner",
        "visLLX": 400, "visLLY": 160.0, "visURX": "500", "visURY": 60, "visSignaturePage": 1,
    }  # fmt: skip
    return usual | changes


@dataclass
class Premises:
    """A client's machine: its folder, and the adapter beside it."""

    root: Path
    service: StandIn
    adapter: Adapter
    application: Any

    async def sign(self, path: str = ADDRESS, **changes: Any) -> dict[str, Any]:
        answer = await ask(
            self.application,
            path,
            method="POST",
            headers={"content-type": "application/json"},
            body=json.dumps(order(**changes)).encode(),
        )
        assert answer.status == 200
        found: dict[str, Any] = json.loads(answer.text)
        assert found["status"] == str(found["errorCode"] == "00")
        return found

    @property
    def made(self) -> Path:
        return self.root / "jadi.pdf"


@pytest.fixture(scope="session")
def bench(tmp_path_factory: pytest.TempPathFactory) -> SealingBench:
    return make_bench(tmp_path_factory.mktemp("keys"))


@pytest.fixture(scope="session")
def adapter_jail() -> Iterator[SharedJail]:
    with shared_jail([PREPARE, CHECK]) as shared:
        yield shared


@asynccontextmanager
async def opened(folder: Path, jail: SharedJail, service_url: str) -> AsyncIterator[Adapter]:
    """An adapter whose shared folder and journal lie in `folder`."""

    def now() -> datetime:
        return datetime.now(UTC)

    (folder / "shared").mkdir()
    stampservice = Stampservice(service_url, gateway_key="gateway")
    time_stamps = TimeStamps(b"", service_url=service_url, clock=now)
    yield Adapter(
        folder=SharedFolder(folder / "shared"),
        journal=Journal(folder / "journal"),
        jail=jail,  # type: ignore[arg-type]
        service=stampservice,
        time_stamps=time_stamps,
        clock=now,
        fail_point=never,
    )
    await stampservice.close()
    await time_stamps.close()


@pytest_asyncio.fixture
async def premises(bench: SealingBench, adapter_jail: SharedJail, tmp_path: Path) -> AsyncIterator[Premises]:
    service = StandIn(bench)
    await service.start()
    async with opened(tmp_path, adapter_jail, service.url) as adapter:
        application = build_adapter(adapter, documentation_url="https://meterai.example/pengembang/kawat")
        yield Premises(tmp_path / "shared", service, adapter, application)
    await service.stop()
