"""The jail around the rules, and the command line in front of them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from meterai.jail.pool import JailPool
from meterai.kernel.refusals import Kind, Refusal
from meterai.texts.mechanism.translation import translate
from meterai.texts.reasons import REASONS
from meterai.verification.in_jail import judge
from meterai.verification.model import JudgeRequest, Verdict
from meterai.verification.reasons import VERDICTS, most_important_first, verdict_of
from meterai.verification.trust import load_trust
from meterai.verification.use_cases.judge_document import JUDGE, judge_document
from tests.verification.making import NOW, Stamper, assemble, letter, stamp

pytestmark = pytest.mark.journey


@pytest_asyncio.fixture
async def small_jail() -> AsyncIterator[JailPool]:
    pool = JailPool([JUDGE], cpu_seconds=2)
    await pool.start()
    yield pool
    await pool.close()


async def test_a_file_that_breaks_the_jail_is_the_third_verdict_and_the_next_one_is_judged(
    stamper: Stamper, small_jail: JailPool, stamped: bytes
) -> None:
    slow = assemble([b"<< /Type /Catalog /Slow [" + b"0 " * 5_000_000 + b"] >>"])
    judgement = await judge_document(None, small_jail, slow, trust=stamper.trust, now=NOW)
    assert judgement.verdict is Verdict.CANNOT_CHECK
    assert judgement.reasons[0] == "pdf.too_heavy"
    after = await judge_document(None, small_jail, stamped, trust=stamper.trust, now=NOW)
    assert after.verdict is Verdict.GENUINE


async def test_a_busy_verifier_gives_the_third_verdict(stamper: Stamper, stamped: bytes) -> None:
    busy = JailPool([JUDGE], waiting_max=0)
    judgement = await judge_document(None, busy, stamped, trust=stamper.trust, now=NOW)
    assert judgement.verdict is Verdict.CANNOT_CHECK
    assert judgement.reasons[0] == "jail.busy"


def run(*arguments: object) -> tuple[int, str]:
    command = [sys.executable, "-m", "meterai.cli", "verify", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout or done.stderr


@pytest.fixture
def files(tmp_path: Path, stamper: Stamper) -> dict[str, Path]:
    made = stamp(letter(), stamper)
    position = made.index(b"stream") + 20
    contents = {
        "asli": made,
        "diubah": made[:position] + bytes([made[position] ^ 1]) + made[position + 1 :],
        "bukan": b"bukan PDF",
    }
    for name, content in contents.items():
        (tmp_path / f"{name}.pdf").write_bytes(content)
    return {name: tmp_path / f"{name}.pdf" for name in contents}


@pytest.mark.parametrize(("name", "code"), [("asli", 0), ("diubah", 1), ("bukan", 2)])
def test_the_command_line_tells_the_verdict_by_its_exit_code(
    stamper: Stamper, files: dict[str, Path], name: str, code: int
) -> None:
    exit_code, output = run(files[name], "--trust", stamper.folder / "trust", "--json")
    judgement = json.loads(output)
    assert exit_code == code
    assert judgement["register"] == "not_asked"
    assert judgement["verdict"] == ["ASLI", "TIDAK_ASLI", "TIDAK_DAPAT_DIPERIKSA"][code]


def test_the_command_line_says_in_words_that_the_register_was_not_asked(
    stamper: Stamper, files: dict[str, Path]
) -> None:
    _, output = run(files["asli"], "--trust", stamper.folder / "trust")
    assert "ASLI" in output
    assert "register was not asked" in " ".join(output.replace("│", " ").split())


def test_a_root_certificate_is_all_that_the_command_line_needs(
    stamper: Stamper, files: dict[str, Path], tmp_path: Path
) -> None:
    """No data directory, no home, no setting, no network."""
    alone = tmp_path / "alone"
    alone.mkdir()
    root = shutil.copy(stamper.folder / "root.pem", alone / "root.pem")
    program = [sys.executable, "-m", "meterai.cli", "verify", str(files["asli"]), "--json"]
    done = subprocess.run(
        [*_without_network(), *program, "--trust-root", root],
        capture_output=True,
        timeout=60,
        cwd=alone,
        env={"PATH": "/usr/bin:/bin", "METERAI_DATA": str(tmp_path / "missing")},
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["verdict"] == "ASLI"
    assert [path.name for path in alone.iterdir()] == ["root.pem"]
    assert not (tmp_path / "missing").exists()


def _without_network() -> list[str]:
    """What puts a command into a network namespace of its own, where this machine allows one."""
    prefix = ["unshare", "--map-root-user", "--net"]
    allowed = shutil.which("unshare") and subprocess.run([*prefix, "true"], capture_output=True)
    return prefix if allowed and allowed.returncode == 0 else []


@pytest.mark.everyday("strict")
@pytest.mark.parametrize(
    "encoding", ["utf-8:strict", "ascii", "latin-1:strict"], ids=["strict", "ascii", "no-boxes"]
)
def test_what_the_terminal_can_not_show_changes_no_verdict(
    stamper: Stamper, files: dict[str, Path], encoding: str
) -> None:
    name = files["asli"].rename(files["asli"].parent / os.fsdecode(b"[asli] \xe9.pdf"))
    command = [
        sys.executable,
        "-m",
        "meterai.cli",
        "verify",
        name,
        "--trust-root",
        stamper.folder / "root.pem",
    ]
    env = {**os.environ, "PYTHONIOENCODING": encoding}
    done = subprocess.run(command, capture_output=True, timeout=60, env=env)
    assert done.returncode == 0, done.stderr.decode()
    assert b"genuine" in done.stdout
    assert b"[asli]" in done.stdout


@pytest.mark.everyday("setting")
@pytest.mark.parametrize(
    ("limits", "settings", "said"),
    [
        ("-v 900000", {}, b"Error"),
        ("-f 100000", {"METERAI_PORT": "80o0"}, b"METERAI_PORT"),
    ],
    ids=["no-memory", "setting"],
)
def test_what_keeps_the_command_from_a_verdict_is_no_verdict(
    stamper: Stamper, files: dict[str, Path], limits: str, settings: dict[str, str], said: bytes
) -> None:
    shell = ["sh", "-c", f'ulimit {limits}; exec "$@"', "sh"]
    program = [*shell, sys.executable, "-m", "meterai.cli", "verify", files["asli"]]
    env = {**os.environ, "METERAI_DATA": str(stamper.folder.parent), **settings}
    done = subprocess.run(program, capture_output=True, timeout=60, env=env)
    assert (done.returncode, said in done.stderr) == (2, True), done.stderr.decode()
    assert done.stdout == b""


@pytest.mark.long
def test_who_reads_no_further_learns_no_verdict(stamper: Stamper, files: dict[str, Path]) -> None:
    program = [
        sys.executable,
        "-m",
        "meterai.cli",
        "verify",
        files["asli"],
        "--trust",
        stamper.folder / "trust",
    ]
    with subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as command:
        assert command.stdout is not None
        command.stdout.close()
    assert command.returncode == 2


@pytest.mark.long
def test_another_root_than_the_files_makes_a_stranger_of_the_stamp(
    other_stamper: Stamper, files: dict[str, Path]
) -> None:
    exit_code, output = run(files["asli"], "--json", "--trust-root", other_stamper.folder / "root.pem")
    assert exit_code == 1
    assert json.loads(output)["reasons"][0] == "chain.impostor"


def test_without_a_trust_root_nothing_is_judged(files: dict[str, Path], tmp_path: Path) -> None:
    exit_code, output = run(files["asli"], "--trust", tmp_path)
    assert exit_code == 2
    assert "trust" in output


@pytest.mark.parametrize("content", [b"", b"no certificate", b"-----BEGIN CERTIFICATE-----\nAAAA\n"])
def test_an_unreadable_trust_folder_is_refused_by_name(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "root.pem").write_bytes(content)
    with pytest.raises(Refusal) as refused:
        load_trust(tmp_path)
    assert (refused.value.kind, refused.value.code) == (Kind.INVALID, "trust.unreadable")


def test_the_verifier_reaches_no_key_and_no_stamping() -> None:
    """Imported on its own, it pulls in neither the stamping context nor anything that opens private keys."""
    program = (
        "import sys, meterai.verification.use_cases.judge_document, meterai.verification.in_jail, "
        "meterai.verification.use_cases.look_up_serial, meterai.verification.use_cases.picture_of_stamp; "
        "print([m for m in sys.modules if m.startswith(('meterai.stamping', 'meterai.sales', 'sandbox'))])"
    )
    out = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, env=dict(os.environ)
    )
    assert out.stdout.strip() == "[]"


def test_every_reason_has_its_texts_and_an_unknown_one_is_never_a_pass() -> None:
    assert list(REASONS) == list(VERDICTS)
    for code, reason in REASONS.items():
        assert reason.what, code
        assert reason.next, code
        for sentence in (reason.what, reason.next):
            assert translate(sentence, "en") != translate(sentence, "id"), code
    assert verdict_of(["genuine", "something.new"]) is Verdict.CANNOT_CHECK
    assert verdict_of(["something.new", "signature.broken"]) is Verdict.NOT_GENUINE
    assert verdict_of([]) is Verdict.CANNOT_CHECK
    assert verdict_of(["note.other_signature"]) is Verdict.CANNOT_CHECK
    assert most_important_first(["pdf.broken", "signature.broken", "pdf.broken"]) == (
        "signature.broken",
        "pdf.broken",
    )


def test_judging_the_same_file_twice_says_the_same(stamper: Stamper, stamped: bytes) -> None:
    request = JudgeRequest(data=stamped, trust=stamper.trust, moment=NOW)
    assert judge(request) == judge(request)
