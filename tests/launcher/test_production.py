"""What production refuses among the settings, and what a refusal says."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from meterai.kit.operator import operator_of
from meterai.kit.settings import Settings, beacon_address, from_environment
from meterai.launcher.preparation import check_settings
from tests.run_here import RunHere

REAL = {
    "ENVIRONMENT": "production",
    "PUBLIC_URL": "https://meterai.example",
    "GATE_URL": "https://meterai.example",
    "DATABASE_URL": "postgresql://meterai:p@db.example/meterai?sslmode=verify-full",
    "TSA_URL": "http://tsa.example",
    "GATEWAY_URL": "https://gateway.example",
    "GATEWAY_SERVER_KEY": "key",
    "GATEWAY_MERCHANT_ID": "G123",
    "PAYOUT_URL": "https://payout.example",
    "PAYOUT_KEY": "key",
    "SMTP_URL": "smtp://mail.example:587",
    "WHATSAPP_URL": "https://graph.example/messages",
    "CONTACT": "bantuan@meterai.example",
    "OPERATOR_NAME": "PT Meterai Nyata",
    "OPERATOR_ADDRESS": "Jalan Nyata 1, Jakarta",
    "OPERATOR_BASIS": "UU 10/2020",
    "OPERATOR_APPOINTMENT": "Perjanjian Nomor 7/2026",
    "QUEUE_BEACON": "none",
}
DATABASES = ("DATABASE_URL", "DATABASE_SITE_URL", "DATABASE_VERIFIER_URL")


def variables(data: Path, **changed: str) -> dict[str, str]:
    """The variables of a production that may start, with some changed."""
    return {f"METERAI_{name}": value for name, value in (REAL | {"DATA": str(data)} | changed).items()}


def start(data: Path, **changed: str) -> None:
    """Checks as `meterai up` and `meterai install` do. Raises: ValueError."""
    check_settings(from_environment(variables(data, **changed)))


@pytest.mark.parametrize(
    "name", ["GATEWAY_URL", "SNAP_URL", "PAYOUT_URL", "WHATSAPP_URL", "PUBLIC_URL", "GATE_URL"]
)
def test_nothing_goes_to_another_machine_by_http(tmp_path: Path, name: str) -> None:
    for elsewhere in ("http://gateway.example", "http://10.0.0.5:8000/x", "http://localhost.example/"):
        with pytest.raises(ValueError, match=rf"^METERAI_{name}: production takes http to this machine only"):
            start(tmp_path, **{name: elsewhere})
        assert from_environment({f"METERAI_{name}": elsewhere}), "development may"
    for here in ("http://localhost:9", "http://127.0.0.8/x", "http://[::1]:8000", "https://gateway.example"):
        start(tmp_path, **{"PAYMENT_GATEWAYS": "midtrans", name: here})


@pytest.mark.parametrize("setting", ["OBJECTS_URL", "STATUS_TO"])
@pytest.mark.parametrize("name", ["AWS_ENDPOINT", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"])
def test_files_go_to_another_machine_by_https_alone(tmp_path: Path, setting: str, name: str) -> None:
    given = variables(tmp_path, **{setting: "s3://meterai/produksi"})
    for elsewhere in ("http://s3.example:9000", "HTTP://10.0.0.5"):
        with pytest.raises(ValueError, match=rf"^{name}: production takes http to this machine only"):
            from_environment(given | {name: elsewhere, "AWS_ALLOW_HTTP": "true"})
        assert from_environment(given | {name: elsewhere, "METERAI_ENVIRONMENT": "development"})
        assert from_environment(variables(tmp_path) | {name: elsewhere}), "files are in a folder"
    for fine in ("http://127.0.0.1:9000", "https://s3.example", ""):
        assert from_environment(given | {name: fine})
    for unmeant in (
        "s3.example:9000",
        "//s3.example",
        "https://",
        "https://u:s3cr3t@[::1",
        "ftp://s3.example",
    ):
        with pytest.raises(ValueError, match=rf"^{name}: Expected an address such as https://s3"):
            from_environment(given | {name: unmeant, "METERAI_ENVIRONMENT": "development"})


def test_the_certificate_of_the_object_store_is_checked(tmp_path: Path) -> None:
    given = variables(tmp_path, OBJECTS_URL="s3://meterai/produksi")
    with pytest.raises(ValueError, match=r"^AWS_ALLOW_INVALID_CERTIFICATES: production checks"):
        from_environment(given | {"AWS_ALLOW_INVALID_CERTIFICATES": "1"})
    assert from_environment(given | {"AWS_ALLOW_INVALID_CERTIFICATES": "false"})


def test_production_needs_what_each_of_its_gateways_needs(tmp_path: Path) -> None:
    snap = {
        "PAYMENT_GATEWAYS": "snap",
        "SNAP_URL": "https://bank.example",
        "SNAP_CLIENT_ID": "meterai",
        "SNAP_CLIENT_SECRET": "secret",
        "SNAP_PRIVATE_KEY": "/key.pem",
        "SNAP_BANK_KEY": "/bank.pem",
        "SNAP_COMPANIES": "va_bni=98829",
    }
    start(tmp_path, **snap, GATEWAY_URL="", GATEWAY_SERVER_KEY="", GATEWAY_MERCHANT_ID="")
    for name in set(snap) - {"PAYMENT_GATEWAYS", "SNAP_COMPANIES"}:
        with pytest.raises(ValueError, match=f"set METERAI_{name} as well"):
            start(tmp_path, **snap | {name: ""})
    with pytest.raises(ValueError, match="set METERAI_SNAP_MERCHANT_ID as well"):
        start(tmp_path, **snap | {"SNAP_COMPANIES": ""})
    with pytest.raises(ValueError, match="METERAI_GATEWAY_URL"):
        start(tmp_path, **snap | {"PAYMENT_GATEWAYS": "snap,midtrans"}, GATEWAY_URL="")


def test_production_is_no_sandbox_for_partners(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"^METERAI_PARTNER_SANDBOX: production has no sandbox"):
        start(tmp_path, PARTNER_SANDBOX="on")
    start(tmp_path, PARTNER_SANDBOX="off")


@pytest.mark.parametrize("host", ["0.0.0.0", "203.0.113.7", "meterai.example"])
def test_an_address_that_is_made_from_the_host_is_no_http_either(tmp_path: Path, host: str) -> None:
    with pytest.raises(ValueError, match=r"^METERAI_PUBLIC_URL: .* give the https address that people see"):
        start(tmp_path, HOST=host, PUBLIC_URL="")
    start(tmp_path, HOST=host)
    start(tmp_path, HOST="127.0.0.1", PUBLIC_URL="")


def test_the_gates_have_an_address_that_people_reach(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"^METERAI_GATE_URL: without it people would be led .* by http"):
        start(tmp_path, GATE_URL="")
    start(tmp_path, GATE_URL="", GATE_PROCESSES="0")
    start(tmp_path, GATE_URL="", PUBLIC_URL="http://localhost:8000")


@pytest.mark.parametrize("name", DATABASES)
@pytest.mark.parametrize(
    "address",
    [
        "postgresql://u:s3cr3t@db.example/d",
        "postgresql://u:s3cr3t@db.example/d?sslmode=require",
        "postgresql://u:s3cr3t@db.example/d?sslmode=verify-ca",
        "postgresql://u:s3cr3t@db.example/d?sslmode=verify-full&sslmode=disable",
        "postgresql://u:s3cr3t@localhost:5432,10.0.0.5:5432/d",
        "postgresql://u:s3cr3t@localhost/d?host=db.example",
        "postgresql://u:s3cr3t@[2001:db8::5]:5433/d",
        "postgresql:///d?service=remote",
    ],
)
def test_a_database_elsewhere_shows_its_certificate(tmp_path: Path, name: str, address: str) -> None:
    with pytest.raises(ValueError, match=rf"^METERAI_{name}: .* only with sslmode=verify-full") as caught:
        start(tmp_path, **{name: address})
    assert "s3cr3t" not in str(caught.value)


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://u:p@db.example,db2.example:5433/d?sslmode=verify-full",
        "postgresql://u:p@127.0.0.1:5432/d",
        "postgresql://u:p@[::1]:5433/d",
        "postgresql://u:p@%2Frun%2Fpostgresql/d",
        "postgresql://u@/d?host=/run/postgresql&port=5433",
        "postgresql:///d",
    ],
)
def test_a_database_on_this_machine_or_with_a_checked_certificate_is_taken(
    tmp_path: Path, address: str
) -> None:
    start(tmp_path, DATABASE_URL=address)


@pytest.mark.parametrize(
    "proxies",
    [
        "0.0.0.0/0",
        "::/0",
        "10.0.0.5, 0.0.0.0/1,128.0.0.0/1",
        "::ffff:0:0/96",
        "::/64",
        "2000::/3",
        ",".join(f"{first}.0.0.0/8" for first in range(256)),
    ],
)
def test_the_internet_is_no_proxy(tmp_path: Path, proxies: str) -> None:
    with pytest.raises(ValueError, match=r"^METERAI_TRUSTED_PROXIES: these networks hold strangers"):
        start(tmp_path, TRUSTED_PROXIES=proxies)


def test_proxies_of_an_operator_or_a_provider_are_taken(tmp_path: Path) -> None:
    start(tmp_path, TRUSTED_PROXIES="10.0.0.0/8, 192.168.7.1, fd00::/32, ::ffff:10.0.0.5, 2a06:98c0::/29")


def test_the_embedded_database_is_refused_unless_a_setting_accepts_it(tmp_path: Path) -> None:
    with pytest.raises(
        ValueError, match=r"^METERAI_DATABASE_URL: .*METERAI_EMBEDDED_DATABASE=accept"
    ) as caught:
        start(tmp_path, DATABASE_URL="")
    assert str(tmp_path / "postgres") in str(caught.value)
    start(tmp_path, DATABASE_URL="", EMBEDDED_DATABASE="accept")


@pytest.mark.parametrize("name", ["TSA_URL", "GATEWAY_URL", "GATEWAY_MERCHANT_ID", "PAYOUT_KEY", "SMTP_URL"])
def test_production_names_the_services_that_it_lacks(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match=rf"^METERAI_ENVIRONMENT: .* set METERAI_{name} as well"):
        start(tmp_path, **{name: ""})


def test_production_names_a_public_beacon_or_says_that_there_is_none(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"METERAI_QUEUE_BEACON: name a public beacon .* or none"):
        start(tmp_path, QUEUE_BEACON="")
    start(tmp_path, QUEUE_BEACON="https://api.drand.sh/52db")
    assert beacon_address(from_environment(variables(tmp_path))) == ""
    assert beacon_address(Settings()) == "", "development may go without"


def test_the_probe_has_a_contact_and_a_secret_that_no_machine_makes(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"METERAI_PROBE_CONTACT, METERAI_PROBE_SECRET: the probe"):
        start(tmp_path, PROBE="on")
    start(tmp_path, PROBE="on", PROBE_CONTACT="probe@meterai.example", PROBE_SECRET="p" * 32)


def test_production_says_whom_people_pay_and_where_to_reach_them(tmp_path: Path) -> None:
    names = [name for name in REAL if name.startswith("OPERATOR_")]
    with pytest.raises(ValueError, match=", ".join(f"METERAI_{name}" for name in names)):
        start(tmp_path, **dict.fromkeys(names, ""))
    for missing in (*names, "CONTACT"):
        with pytest.raises(ValueError, match=f"^METERAI_{missing}: pages of production"):
            start(tmp_path, **{missing: ""})
    whole = operator_of(from_environment(variables(tmp_path)))
    assert (whole.name, whole.is_example) == ("PT Meterai Nyata", False)
    example = operator_of(Settings())
    assert example.is_example
    assert all(text.startswith("CONTOH") for text in (example.name, example.address, example.basis))


@pytest.mark.parametrize(
    ("process", "lacks"),
    [
        ("site", {"GATEWAY_MERCHANT_ID": ""}),
        ("worker", {"GATEWAY_MERCHANT_ID": ""}),
        ("signer", {"TSA_URL": ""}),
        ("controller", {"QUEUE_BEACON": ""}),
        ("gate", {"TRUSTED_PROXIES": "0.0.0.0/0"}),
        ("verifier", {"DATABASE_VERIFIER_URL": "postgresql://v@db.example/d"}),
    ],
)
def test_each_process_refuses_too_in_one_line(tmp_path: Path, process: str, lacks: dict[str, str]) -> None:
    """Such as one whose environment file was edited."""
    command = [sys.executable, "-m", f"meterai.processes.{process}"]
    env = {**os.environ, **variables(tmp_path, **lacks)}
    started = subprocess.run(command, env=env, capture_output=True, text=True, timeout=20)
    assert started.returncode == 1
    assert started.stderr.startswith("Not started. METERAI_")
    assert f"METERAI_{next(iter(lacks))}" in started.stderr
    assert "Traceback" not in started.stderr


def test_the_settings_can_be_looked_at_before_a_start(run_here: RunHere) -> None:
    told = {"METERAI_ENVIRONMENT": "production", "METERAI_GATEWAY_URL": "http://gateway.example"}
    shown = run_here("config", env=told)
    assert shown.returncode == 1
    assert "METERAI_GATEWAY_URL: production takes http to this machine only" in shown.stderr
