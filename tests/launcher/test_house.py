"""What the processes of the service are told, and what they are not."""

from __future__ import annotations

from pathlib import Path

import pytest

from meterai.cli.house import product_specs
from meterai.cli.launch import Ports
from meterai.kit.settings import Settings

PORTS = Ports(
    site=8100, gateway=8101, tsa=8102, inbox=8103, smtp=8104, postgres=8105, gate=8106, revocation=8107
)


@pytest.mark.parametrize(
    ("objects", "told"),
    [("s3://meterai/produksi", ["site", "worker"]), ("file:///srv/objects", []), ("", [])],
)
def test_who_keeps_documents_in_s3_gets_its_credentials_and_nobody_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, objects: str, told: list[str]
) -> None:
    given = {
        "AWS_ACCESS_KEY_ID": "ID",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_ENDPOINT": "https://s3.example",
    }
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    specs = product_specs(Settings(data=tmp_path, objects_url=objects), PORTS)
    have = {spec.name: {name: spec.env[name] for name in given if name in spec.env} for spec in specs}
    assert {"signer", "gate", "queue"} < have.keys()
    assert sorted(name for name, env in have.items() if env == given) == told
    assert sorted(name for name, env in have.items() if env) == told
