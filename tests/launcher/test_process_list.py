"""Which settings and secrets the processes of the service get, and which not."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from meterai.kit.database_urls import ROLES
from meterai.kit.http.role_port import port_of
from meterai.kit.installation_secrets import Secrets
from meterai.kit.settings import Settings, public_url
from meterai.launcher.preparation import Ports, Twins
from meterai.launcher.process_list import product_specs, twin_specs
from meterai.launcher.role_ports import ROLE_PORTS, with_role_ports

DEPLOY = Path(__file__).parents[2] / "deploy"
PORTS = Ports(
    site=8100, gateway=8101, tsa=8102, inbox=8103, smtp=8104, postgres=8105, gate=8106, revocation=8107
)


def test_every_process_is_told_of_all_settings_that_it_reads(tmp_path: Path) -> None:
    given = {field.name: field.default or "set" for field in msgspec.structs.fields(Settings)}
    read: dict[str, set[str]] = {}
    specs, _ = with_role_ports(product_specs(Settings(**{**given, "data": tmp_path}), PORTS), 0)
    for spec in specs:
        read[spec.name] = settings_read_by(spec.argv[2])
        told = {name for name in given if f"METERAI_{name.upper()}" in spec.env}
        assert read[spec.name] <= told, spec.name
    assert read["gate"] >= {"queue_folder", "trusted_proxies"}
    assert read["queue"] >= {"queue_folder", "queue_beacon"}
    assert read["signer"] >= {"tsa_url", "pkcs11_pin_file"}


def test_every_process_gets_the_address_of_its_own_database_role_alone(tmp_path: Path) -> None:
    roles = {f"database_{role}_url": f"postgresql://meterai_{role}@h/d" for role in ROLES}
    settings = Settings(data=tmp_path, database_url="postgresql://owner@h/d", **roles)
    given = {
        spec.name: {value.split("@")[0][21:] for value in spec.env.values() if value.endswith("@h/d")}
        for spec in product_specs(settings, PORTS)
    }
    assert given == {
        "site": {"site"},
        "worker": {"worker"},
        "queue": {"controller"},
        "signer": {"signer"},
        "gate": set(),
        "closer": {"closer"},
        "console": {"console"},
    }


def test_only_the_worker_gets_the_payout_key_and_only_the_signer_the_pin(tmp_path: Path) -> None:
    settings = Settings(
        data=tmp_path,
        payout_key="IRIS",
        pkcs11_pin_file="/pin",
        whatsapp_token="W",
        tls_key="/key",
        status_page="on",
        probe_secret="P" * 32,
        probe_contact="probe@example.com",
    )
    told = {
        value: [spec.name for spec in product_specs(settings, PORTS) if value in spec.env.values()]
        for value in ("IRIS", "/pin", "W", "/key", "P" * 32, "probe@example.com")
    }
    assert told == {
        "IRIS": ["worker"],
        "/pin": ["signer"],
        "W": ["worker"],
        "/key": ["site"],
        "P" * 32: ["site", "status"],
        "probe@example.com": ["worker"],
    }


def test_with_nats_gates_and_sites_use_the_folder_that_a_mirror_keeps(tmp_path: Path) -> None:
    """No site gets the password of NATS, no gate the secret of the line; controllers have their own."""
    told = {"nats_url": "tls://nats.example", "line_key": "L" * 32, "line_controller_key": "C" * 32}
    settings = Settings(data=tmp_path, **told)  # type: ignore[arg-type]
    specs = {spec.name: spec.env for spec in product_specs(settings, PORTS)}
    front = str(tmp_path / "queue-front")
    folders = {name: env.get("METERAI_QUEUE_FOLDER") for name, env in specs.items()}
    assert folders == {
        **dict.fromkeys(("signer", "queue", "closer", "console")),
        **dict.fromkeys(("mirror", "gate", "site", "worker"), front),
    }
    have = {value: {name for name, env in specs.items() if value in env.values()} for value in told.values()}
    assert have == {
        "tls://nats.example": {"queue", "gate", "mirror"},
        "L" * 32: {"queue", "mirror"},
        "C" * 32: {"queue"},
    }
    shared = product_specs(Settings(data=tmp_path, queue_folder="/q"), PORTS)
    assert "mirror" not in {spec.name for spec in shared}
    assert {spec.env.get("METERAI_QUEUE_FOLDER", "/q") for spec in shared} == {"/q"}


def settings_read_by(name: str) -> set[str]:
    """What of the settings a process reads: its module, and whatever that hands them to."""
    module = importlib.import_module(name)
    read: set[str] = set()
    sources: list[Any] = [module]
    for source in sources:
        known = source if inspect.ismodule(source) else sys.modules[source.__module__]
        for node in ast.walk(ast.parse(inspect.getsource(source))):
            if isinstance(node, ast.Attribute) and is_settings(node.value):
                read.add(node.attr)
            elif isinstance(node, ast.Call) and any(is_settings(one) for one in node.args):
                called = getattr(known, ast.unparse(node.func), None)
                if called is public_url:
                    read.add("public_url")  # which the launcher sets; without it there is more to read
                elif called is not None and called not in sources:
                    sources.append(called)
    return read & set(Settings.__struct_fields__)


def is_settings(node: ast.expr) -> bool:
    return ast.unparse(node).rpartition(".")[2].lstrip("_") == "settings"


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


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("0.0.0.0", "127.0.0.1"),
        ("::", "127.0.0.1"),
        ("::1", "[::1]"),
        ("192.0.2.7", "192.0.2.7"),
    ],
)
def test_the_gateway_s_twin_notifies_the_site_where_it_listens(
    tmp_path: Path, host: str, expected: str
) -> None:
    settings = Settings(data=tmp_path, host=host)
    specs = twin_specs(settings, PORTS, Twins.needed(settings), Secrets(tmp_path))
    (gateway,) = (spec for spec in specs if spec.name == "gateway")
    address = gateway.argv[gateway.argv.index("--notify-url") + 1]
    assert address == f"http://{expected}:8100/api/v1/payments/midtrans/notices"


def test_each_process_has_a_port_of_its_own_for_monitors(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path, site_processes=2, role_port="1")
    specs, ports = with_role_ports(product_specs(settings, PORTS), 47_000)
    assert {spec.name: int(spec.env["METERAI_ROLE_PORT"]) for spec in specs} == ports
    assert (ports["signer"], ports["site-1"], ports["site-2"]) == (47_020, 47_031, 47_032)
    _, ports = with_role_ports(product_specs(settings, PORTS), 65_500)
    assert len(set(ports.values())) == len(specs), "beyond the last port any free one will do"


def test_the_units_have_the_same_ports_for_monitors_and_prometheus_asks_them() -> None:
    asked = (DEPLOY / "prometheus.yml").read_text()
    for role, behind in ROLE_PORTS.items():
        for unit in DEPLOY.glob(f"systemd/meterai-{role}*.service"):
            number = "1" if "@" in unit.name else ""
            found = re.search(r"^Environment=METERAI_ROLE_PORT=(.*)$", unit.read_text(), re.M)
            assert found, unit.name
            assert port_of(found[1].replace("%i", number)) == 8000 + behind
            if role != "adapter":  # it runs elsewhere
                assert f"127.0.0.1:{8000 + behind}" in asked
