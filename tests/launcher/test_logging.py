"""Logs carry no secret and no contact."""

from __future__ import annotations

import json
import subprocess
import sys
import time

import pytest

from meterai.kit.logging import blot, set_up_logging


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("GET /p/kJ8sd_fG7hA2-qweRTY0 failed", "kJ8sd_fG7hA2"),
        ("GET https://localhost/pesanan/kJ8sd_fG7hA2-qweRTY0?x=1", "kJ8sd_fG7hA2"),
        ("550 <siti.rahma@contoh.go.id> unknown", "siti.rahma"),
        ("no such number +6281234567890", "81234567890"),
        ("no such number 081234567890.", "81234567890"),
        ("Authorization: Basic U0ItTWlkLXNlcnZlcg==", "U0ItTWlk"),
        ("can't reach postgresql://meterai_site:s3cr3t@127.0.0.1/x", "s3cr3t"),
    ],
)
def test_secrets_and_contacts_in_a_text_are_blotted_out(text: str, secret: str) -> None:
    assert secret not in blot(text)


@pytest.mark.parametrize(
    "text", ["order 2026-000123 paid", "/periksa/nomor/ABC", "/static/site-0123456789.css"]
)
def test_plain_texts_stay_as_they_are(text: str) -> None:
    assert blot(text) == text


@pytest.mark.parametrize("piece", ["x", "x.", "+", "a://b:", "a@b.", "/p/", "0", "basic "])
def test_a_long_text_takes_no_longer_than_its_length_says(piece: str) -> None:
    """What somebody has sent us may stand in a line, and the one that writes it answers nobody meanwhile."""
    began = time.process_time()
    blot(piece * (100_000 // len(piece)))
    assert time.process_time() - began < 2  # the square of it: 14 s


def test_lines_are_json_with_libraries_included() -> None:
    script = (
        "import logging, structlog; from meterai.kit.logging import set_up_logging; set_up_logging('INFO');"
        "structlog.get_logger('x').info('sent', token='abc', to=['budi@contoh.id'], n=3);"
        "logging.getLogger('asyncio').error('broke for %s', 'budi@contoh.id');"
        "structlog.get_logger('x').debug('not shown')"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    sent, broke = (json.loads(line) for line in done.stderr.splitlines())
    assert (sent["event"], sent["level"], sent["n"], sent["token"], sent["to"]) == (
        "sent",
        "info",
        3,
        "…",
        ["…@…"],
    )
    assert (broke["event"], broke["level"]) == ("broke for …@…", "error")


def test_an_unknown_level_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="METERAI_LOG_LEVEL"):
        set_up_logging("LOUD")


def test_a_full_disk_takes_the_lines_and_not_the_work() -> None:
    script = (
        "import logging, structlog; from meterai.kit.logging import set_up_logging; set_up_logging('INFO');"
        "structlog.get_logger('x').info('sent', n=3); logging.getLogger('asyncio').error('broke');"
        "structlog.get_logger('x').info('x' * 100_000); print('went on')"
    )
    with open("/dev/full", "w") as full:
        done = subprocess.run([sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=full, text=True)
    assert done.stdout == "went on\n"


def test_a_command_s_answer_is_alone_on_stdout_whatever_is_logged_meanwhile() -> None:
    script = """if True:
        import sys, types
        import structlog
        from meterai.cli import main

        def tell() -> None:
            structlog.get_logger("x").error("jail.start_failed", to="budi@contoh.id")
            print('{"ok":true}')

        sys.modules["told"] = module = types.ModuleType("told")
        module.tell = tell
        main.COMMANDS["tell"] = main._Entry("told", "tell", "")
        sys.argv = ["meterai", "tell"]
        main.main()
        """
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == '{"ok":true}\n'
    assert json.loads(done.stderr)["event"] == "jail.start_failed"
