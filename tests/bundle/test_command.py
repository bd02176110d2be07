"""`meterai stamp` beside a running service: killed at every stage with kill -9, run again, stamped once."""

from __future__ import annotations

import asyncio
import errno
import hashlib
import os
import shlex
import signal
import subprocess
import sys
import time
import unicodedata
import uuid
import zipfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import msgspec
import pytest

from meterai.cli.stamp.input_files import read_given
from meterai.cli.stamp.output_folder import OutputFolder
from meterai.kit.files.object_store import FolderStore
from meterai.kit.installation import owner_url, settings_of_running
from meterai.kit.settings import Settings
from simulator.crowd.service import find_service
from tests.bundle.customer import QuotaBuyer
from tests.pdf import signed_files
from tests.running_service import RunningService, running_service
from tests.stamping.letters import make_letter

pytestmark = [pytest.mark.storage, pytest.mark.journey]
FILES = 50


@pytest.fixture(scope="module")
def own() -> Iterator[RunningService]:
    """A running service whose worker these tests kill."""
    with running_service() as service:
        yield service


def command(service: RunningService, *words: object) -> list[str]:
    return [sys.executable, "-m", "meterai.cli", "stamp", *map(str, words), "--data", str(service.data)]


def stamp(service: RunningService, *words: object) -> tuple[int, dict[str, Any], str]:
    """Runs the command to its end. Returns exit status, JSON report and printed text."""
    ran = subprocess.run([*command(service, *words), "--json"], capture_output=True, timeout=90)
    return ran.returncode, msgspec.json.decode(ran.stdout or b"{}"), ran.stderr.decode()


async def customer_with(service: RunningService, pieces: int) -> str:
    contact = f"kantor-{uuid.uuid4().hex[:10]}@contoh.id"
    await QuotaBuyer(find_service(service.data), contact).buy(pieces)
    return contact


def write_letters(folder: Path, count: int) -> Path:
    for number in range(count):
        path = folder / f"bagian {number % 3}" / f"surat {number:02}.pdf"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(make_letter(f"Surat {number}"))
    return folder


@asynccontextmanager
async def register(service: RunningService) -> AsyncIterator[Callable[..., Awaitable[Any]]]:
    """Looks into the database of the service."""
    settings = settings_of_running(Settings(data=service.data))
    connection = await asyncpg.connect(owner_url(settings))
    try:
        yield connection.fetchval
    finally:
        await connection.close()


async def until(condition: Callable[[], Awaitable[Any]], seconds: float = 40) -> Any:
    end = time.monotonic() + seconds
    while not (found := await condition()):
        assert time.monotonic() < end, "in vain"
        await asyncio.sleep(0.005)
    return found


def worker_of(service: RunningService) -> int:
    """The worker that runs now."""
    for process in service.children():
        line = Path(f"/proc/{process.pid}/cmdline")
        if line.exists() and b"meterai.processes.worker" in line.read_bytes():
            return process.pid
    return 0


@pytest.mark.long
async def test_killed_at_every_stage_and_run_again_every_file_is_stamped_once(
    own: RunningService, tmp_path: Path
) -> None:
    contact = await customer_with(own, FILES + 5)
    given, out = write_letters(tmp_path / "in", FILES), tmp_path / "out"
    (given / "catatan.txt").write_text("bukan PDF")
    (given / "rusak.pdf").write_bytes(b"%PDF-1.7 rusak")
    words = (given, "--out", out, "--customer", contact)
    async with register(own) as ask:

        async def kill_when(condition: str, count: int) -> None:
            running = subprocess.Popen(
                command(own, *words), stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL
            )
            await until(lambda: enough(condition, count))
            running.kill()
            running.wait()

        async def enough(condition: str, count: int) -> bool:
            return bool(await ask(f"SELECT count(*) >= $1 FROM stamping.{condition}", count))

        await kill_when("bundle_file", 20)  # while it checks
        assert await ask("SELECT count(*) FROM stamping.serial") == 0, "no quota was touched"
        worker = worker_of(own)
        os.kill(worker, signal.SIGSTOP)
        await kill_when("serial", FILES)  # everything reserved, nothing stamped
        reserved = await ask("SELECT array_agg(serial ORDER BY serial) FROM stamping.serial")
        assert len(reserved) == FILES

        async def some_are_released() -> bool:
            os.kill(worker, signal.SIGCONT)  # for a moment: all are stamped in half a second
            await asyncio.sleep(0.02)
            os.kill(worker, signal.SIGSTOP)
            return await enough("release", 5)

        await until(some_are_released)
        assert not await enough("release", FILES), "in the middle of the stamping"
        os.kill(worker, signal.SIGKILL)  # the launcher starts another one
        code, report, said = stamp(own, *words)
        assert (code, report["stamped"], report["not_stamped"]) == (1, FILES, 2), said
        assert "catatan.txt: This is not a PDF file." in said
        assert "(archive.not_pdf" in said
        assert await ask("SELECT array_agg(serial ORDER BY serial) FROM stamping.release") == reserved
    stamped = {file["name"]: file["serial"] for file in report["files"] if file["outcome"] == "stamped"}
    assert sorted(stamped.values()) == reserved
    assert_results_lie_there(out, report)
    before = {path: path.stat().st_mtime_ns for path in out.rglob("*.pdf")}
    again = stamp(own, *words)
    assert again[1] == report, "run again: the same, nothing more"
    assert {path: path.stat().st_mtime_ns for path in out.rglob("*.pdf")} == before
    checked = subprocess.run(
        [sys.executable, "-m", "meterai.cli", "check", "--json", "--data", str(own.data)],
        capture_output=True,
        timeout=90,
    )
    assert checked.returncode == 0, checked.stdout


def assert_results_lie_there(out: Path, report: dict[str, Any]) -> None:
    for file in report["files"]:
        target = out / file["name"]
        if file["outcome"] == "stamped":
            assert hashlib.sha256(target.read_bytes()).hexdigest() == file["sha256"]
        else:
            assert file["reason"]
            assert not target.exists()
    assert msgspec.json.decode((out / "report.json").read_bytes()) == report
    assert len((out / "report.csv").read_text().splitlines()) == len(report["files"]) + 1


async def test_a_zip_too_little_quota_and_what_lies_in_the_way(own: RunningService, tmp_path: Path) -> None:
    contact = await customer_with(own, 3)
    source, out = tmp_path / "surat.zip", tmp_path / "out"
    with zipfile.ZipFile(source, "w") as archive:
        for path in sorted(write_letters(tmp_path / "in", 4).rglob("*.pdf")):
            archive.write(path, path.relative_to(tmp_path / "in"))
        archive.writestr("../jahat.pdf", b"%PDF-1.7")
    words = (source, "--out", out, "--customer", contact, "--place", "bottom-right", "--page", "first")

    code, report, said = stamp(own, *words)
    assert (code, report["stamped"]) == (3, 0)
    assert "4 needed, 3 available, 1 missing" in " ".join(said.split())
    code, report, _ = stamp(own, *words, "--dry-run")
    assert (code, report["stamped"]) == (1, 0)

    in_the_way = out / "bagian 1" / "surat 01.pdf"
    in_the_way.parent.mkdir(parents=True)
    in_the_way.write_bytes(b"mine")
    (out / "bagian 2").write_bytes(b"a file where a folder would go")
    code, report, said = stamp(own, *words)
    found = {file["name"]: (file["outcome"], file["reason"]) for file in report["files"]}
    assert found["bagian 1/surat 01.pdf"] == ("blocked", "output.exists"), said
    assert found["bagian 2/surat 02.pdf"] == ("blocked", "output.exists")
    assert found["../jahat.pdf"] == ("unfit", "archive.name")
    assert "Give it an ordinary name" in " ".join(said.split())
    assert (code, report["stamped"]) == (1, 2), "the others are stamped, and no quota is used for them"
    assert in_the_way.read_bytes() == b"mine"


async def test_a_newer_version_takes_the_place_of_a_result(own: RunningService, tmp_path: Path) -> None:
    contact = await customer_with(own, 1)
    given, out = write_letters(tmp_path / "in", 1), tmp_path / "out"
    words, result = (given, "--out", out, "--customer", contact), out / "bagian 0" / "surat 00.pdf"
    _, report, said = stamp(own, *words)
    assert report["stamped"] == 1, said
    newer = result.read_bytes() + b"\n"
    renewed = await FolderStore(own.data / "objects").put(newer)
    async with register(own) as ask:
        await ask(
            """INSERT INTO stamping.release
               (serial, version, sha256, bytes, pages, document_id, released_at, key_id)
               SELECT serial, 2, $2, $3, pages, document_id, released_at, key_id
               FROM stamping.release WHERE serial = $1""",
            report["files"][0]["serial"],
            renewed,
            len(newer),
        )
    code, again, said = stamp(own, *words)
    assert (code, again["files"][0]["outcome"], again["files"][0]["sha256"]) == (0, "stamped", renewed), said
    assert result.read_bytes() == newer
    result.write_bytes(b"mine")
    assert stamp(own, *words)[1]["files"][0]["reason"] == "output.exists"
    assert result.read_bytes() == b"mine"


async def test_what_carries_a_stamp_is_left_out_and_what_stamping_removes_is_told(
    own: RunningService, tmp_path: Path
) -> None:
    contact = await customer_with(own, 3)
    given = tmp_path / "in"
    given.mkdir()
    (given / "kosong.pdf").write_bytes(signed_files.waiting())
    first = (given, "--out", tmp_path / "out", "--customer", contact)
    code, report, said = stamp(own, *first, "--dry-run")
    assert (code, report["stamped"]) == (0, 0), "it could be stamped"
    assert said.splitlines()[-1] == f"Next: meterai {shlex.join(command(own, *first)[3:])} --json"
    assert "fields that are still empty stay only with --sign-later" in " ".join(said.split())
    assert "pdf.notice.signature_fields" in report["files"][0]["notices"]
    code, report, said = stamp(own, *first, "--sign-later")
    assert (code, report["stamped"]) == (0, 1), said
    result = tmp_path / "out" / "kosong.pdf"
    assert b"/FT /Sig" in result.read_bytes()

    write_letters(tmp_path / "lagi", 1)
    (tmp_path / "lagi" / "lama.pdf").write_bytes(result.read_bytes())
    second = (tmp_path / "lagi", "--out", tmp_path / "out 2", "--customer", contact)
    code, report, said = stamp(own, *second)
    assert (code, report["stamped"]) == (1, 1), said
    assert [file["outcome"] for file in report["files"]] == ["stamped", "skipped"]
    assert "run this again with --again" in " ".join(said.split())
    code, report, said = stamp(own, *second, "--again")
    assert (code, report["stamped"]) == (0, 2), said


@pytest.mark.long
async def test_a_stored_file_that_can_not_be_read_keeps_no_report_from_being_written(
    own: RunningService, tmp_path: Path
) -> None:
    contact = await customer_with(own, 2)
    given, out = write_letters(tmp_path / "in", 2), tmp_path / "out"
    words = (given, "--out", out, "--customer", contact)
    _, report, said = stamp(own, *words)
    assert report["stamped"] == 2, said
    lost, kept = (out / file["name"] for file in report["files"])
    content = lost.read_bytes()
    objects = FolderStore(own.data / "objects")
    await objects.delete(report["files"][0]["sha256"])
    lost.unlink()
    kept.unlink()
    try:
        code, report, said = stamp(own, *words)
    finally:
        await objects.put(content)
    assert (code, report["stamped"]) == (1, 1), said
    assert (report["files"][0]["outcome"], report["files"][0]["reason"]) == ("unread", "object.missing")
    assert "1 stamped, but not fetched: A stored file is missing." in " ".join(said.split())
    assert kept.exists()
    assert msgspec.json.decode((out / "report.json").read_bytes()) == report
    assert stamp(own, *words)[0] == 0
    assert lost.read_bytes() == content


async def test_a_folder_that_has_had_its_files_asks_for_another_one(
    own: RunningService, tmp_path: Path
) -> None:
    contact = await customer_with(own, 1)
    words = (write_letters(tmp_path / "in", 1), "--out", tmp_path / "out", "--customer", contact)
    _, report, _ = stamp(own, *words, "--dry-run")
    async with register(own) as ask:
        await ask(
            """INSERT INTO stamping.bundle_file (id, bundle_id, path, sha256, bytes, refusal_code)
               SELECT gen_random_uuid(), $1, 'lama ' || n || '.pdf', repeat('0', 64), 1, 'pdf.unreadable'
               FROM generate_series(1, 4999) AS n""",
            uuid.UUID(report["batch_id"]),
        )
        await ask("UPDATE stamping.bundle SET files = 5000 WHERE id = $1", uuid.UUID(report["batch_id"]))
    write_letters(tmp_path / "in", 2)
    said = " ".join(stamp(own, *words)[2].split())
    assert "those of earlier runs included. Give another --out from now on." in said


def test_a_result_has_its_name_only_when_it_is_on_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a power cut it would be empty, and prevent the real result."""

    def power_cut(_: int) -> None:
        raise OSError(errno.EIO, "power cut")

    out = OutputFolder(tmp_path / "out")
    monkeypatch.setattr(os, "fsync", power_cut)
    with pytest.raises(OSError, match="power cut"):
        out.put("bagian/surat.pdf", b"the result")
    assert out.is_free("bagian/surat.pdf")
    out.close()


def test_nothing_goes_where_the_report_will_lie(tmp_path: Path) -> None:
    """Not even below it: a stamp would be used, and the report could not be written."""
    out = OutputFolder(tmp_path)
    assert [out.is_free(path) for path in ("report.csv/a.pdf", "report.json", "a/report.csv")] == [
        False,
        False,
        True,
    ]
    out.close()


def test_what_can_not_be_read_is_refused_and_the_rest_is_read(tmp_path: Path) -> None:
    given = write_letters(tmp_path / "in", 1)
    (given / "hilang.pdf").symlink_to(given / "nirgends.pdf")
    os.mkfifo(given / "pipa.pdf")
    found = {file.path: file.refusal for file in read_given(given, leave_out=tmp_path / "out")}
    assert [refusal and refusal.code for refusal in found.values()] == [
        "archive.damaged",
        "archive.damaged",
        None,
    ]
    assert list(found) == ["hilang.pdf", "pipa.pdf", "bagian 0/surat 00.pdf"]


def test_of_two_names_that_differ_in_their_unicode_form_the_second_is_refused(tmp_path: Path) -> None:
    """Both results would have one path."""
    for form in ("NFC", "NFD"):
        (tmp_path / unicodedata.normalize(form, "é.pdf")).write_bytes(make_letter(form))
    first, second = read_given(tmp_path, leave_out=tmp_path / "out")
    assert first.refusal is None
    assert second.refusal is not None
    assert second.refusal.code == "archive.name_twice"


@pytest.mark.long
async def test_a_stamp_over_text_is_used_only_when_that_is_allowed(
    own: RunningService, tmp_path: Path
) -> None:
    contact = await customer_with(own, 3)
    given, out = write_letters(tmp_path / "in", 1), tmp_path / "out"
    (given / "sudah.pdf").write_bytes(signed_files.signed(make_letter("Sudah ditandatangani")))
    words = (given, "--out", out, "--customer", contact, "--place", "top-left")
    code, report, said = stamp(own, *words)
    assert report, said
    found = {file["name"]: (file["outcome"], file["reason"]) for file in report["files"]}
    letter, signed = "bagian 0/surat 00.pdf", "sudah.pdf"
    assert found == {letter: ("covering", "placement.over_text"), signed: ("covering", "placement.covers")}
    assert (code, report["stamped"]) == (1, 0)
    assert "This stamp covers text on page 1." in said
    assert "--allow-over-text" in said
    code, report, said = stamp(own, *words, "--allow-over-text")
    found = {file["name"]: (file["outcome"], file["reason"]) for file in report["files"]}
    assert found == {letter: ("stamped", None), signed: ("covering", "placement.covers")}, said
    assert (code, report["stamped"]) == (1, 1)
    code, report, said = stamp(own, *words[:-2])
    assert (code, report["stamped"]) == (0, 2), said


def test_somebody_unknown_is_told_so(own: RunningService, tmp_path: Path) -> None:
    write_letters(tmp_path / "in", 1)
    code, _, said = stamp(own, tmp_path / "in", "--out", tmp_path / "out", "--customer", "siapa@contoh.id")
    assert code == 2
    assert "nobody has proven this contact" in said
