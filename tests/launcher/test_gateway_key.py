"""The gateway's key is checked before the service starts. A gateway that is down stops nothing."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import msgspec
import pytest
import structlog

from meterai.kit.files.secret_files import keep_rsa_pair
from meterai.kit.installation_secrets import Secrets
from meterai.kit.settings import Settings
from meterai.launcher.gateway_key import check_gateway_key
from meterai.launcher.preparation import LaunchProblem
from meterai.sales.adapters.midtrans import Midtrans
from meterai.sales.gateways import Gateways
from meterai.sales.use_cases.check_gateway_key import note_gateway_keys
from tests.ports import free_port
from tests.run_here import RunHere
from tests.sandbox.twins import SERVER_KEY, running_gateway, running_snap

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="`meterai install` is for root")


def told(address: str, key: str, **more: str) -> dict[str, str]:
    return {"METERAI_GATEWAY_URL": address, "METERAI_GATEWAY_SERVER_KEY": key, **more}


@pytest.mark.parametrize("command", ["up", pytest.param("install", marks=as_root)])
async def test_a_wrong_key_is_said_before_anything_starts(
    tmp_path: Path, run_here: RunHere, command: str
) -> None:
    data = tmp_path / "data"
    async with running_gateway(tmp_path) as gateway:
        env = told(gateway.url, "salah", METERAI_DATABASE_URL="postgresql://u:p@127.0.0.1:1/d")
        shown = await asyncio.to_thread(run_here, command, "--data", str(data), env=env)
    said = " ".join((shown.stdout + shown.stderr).split())
    assert shown.returncode == 1
    assert "METERAI_GATEWAY_SERVER_KEY: the gateway at METERAI_GATEWAY_URL refuses this key (401)" in said
    assert "salah" not in said
    assert not data.exists()


async def test_the_right_key_passes_and_opens_no_payment(tmp_path: Path) -> None:
    async with running_gateway(tmp_path) as gateway:
        settings = Settings(gateway_url=gateway.url, gateway_server_key=SERVER_KEY)
        assert await asyncio.to_thread(check_gateway_key, settings) == ""


def test_a_gateway_that_is_down_is_a_warning() -> None:
    settings = Settings(gateway_url=f"http://127.0.0.1:{free_port()}", gateway_server_key="k")
    assert "gave no answer (ClientConnectorError)" in check_gateway_key(settings)
    assert check_gateway_key(Settings()) == "", "our own twin"


async def test_the_keys_of_snap_are_checked_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secrets = Secrets(tmp_path)
    keep_rsa_pair(secrets.snap_key_file, secrets.snap_public_key_file)
    async with running_snap(tmp_path) as bank:
        settings = Settings(
            payment_gateways="midtrans,snap",
            snap_url=bank.url,
            snap_client_id="meterai-test",
            snap_client_secret="s",
            snap_merchant_id="M0001",
            snap_private_key=str(secrets.snap_key_file),
            snap_bank_key=str(secrets.snap_public_key_file),
        )
        with pytest.raises(
            LaunchProblem, match=r"METERAI_SNAP_CLIENT_SECRET: the gateway at METERAI_SNAP_URL"
        ):
            await asyncio.to_thread(check_gateway_key, settings)
        missing = msgspec.structs.replace(settings, snap_private_key=str(tmp_path / "no.pem"))
        with pytest.raises(ValueError, match=r"METERAI_SNAP_PRIVATE_KEY: .*no\.pem"):
            await asyncio.to_thread(check_gateway_key, missing)
    secrets.snap_key_file.chmod(0o644)
    with pytest.raises(ValueError, match=r"METERAI_SNAP_PRIVATE_KEY: .*first run: chmod o="):
        await asyncio.to_thread(check_gateway_key, settings)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(secrets.folder))
    told = await asyncio.to_thread(check_gateway_key, settings)
    assert "gave no answer" in told, "who may read a credential, the service manager decides"


async def test_a_running_worker_logs_a_key_that_the_gateway_refuses(tmp_path: Path) -> None:
    async with running_gateway(tmp_path) as gateway:
        for key, logged in (("salah", ["gateway.key_refused"]), (SERVER_KEY, [])):
            midtrans = Midtrans(gateway.url, key)
            with structlog.testing.capture_logs() as logs:
                await note_gateway_keys(Gateways([midtrans]))
            await midtrans.close()
            assert [entry["event"] for entry in logs] == logged
