"""One jail process served 10,000 files of different people.

A file that took over its process saw each later file, and answered for it: it could pass a broken seal in the
check after sealing. Now a process reads the files of one owner, alone in its PID namespace, as a user of its
own where root starts it. What checks a sealed file knows no other task. Other system calls than the allowed
ones end the process, and the log names their number.
"""

from __future__ import annotations

import asyncio
import io
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import zxingcpp
from PIL import Image
from structlog.testing import capture_logs

from meterai.bootstrap import JAIL_TASKS, JAIL_TASKS_APART
from meterai.jail.pool import JailPool
from meterai.jail.probe import ProbeRequest, ProbeResult
from meterai.kernel.refusals import Refusal
from meterai.sales.qr_image import READ_QR_IMAGE, QrImage, QrImageRequest
from tests.hostile.probing import PROBE
from tests.kept_fork_servers import end_kept

pytestmark = pytest.mark.hostile


@pytest.fixture(params=[0o022, 0o077], ids=["usual umask", "umask of meterai up"])
async def jail(request: pytest.FixtureRequest) -> AsyncIterator[JailPool]:
    pool = JailPool([PROBE], slots=2, production=True)
    before = os.umask(request.param)
    try:
        await pool.start()
        yield pool
        await pool.close()
    finally:
        os.umask(before)


async def visit(jail: JailPool, text: str, owner: str = "") -> ProbeResult:
    """A file that takes over its process, notes what it sees, and waits there for the next."""
    return await jail.run(PROBE, ProbeRequest(remember=text), ProbeResult, owner=owner)


async def test_a_taken_over_process_sees_no_file_of_another_person(jail: JailPool) -> None:
    for person in range(12):
        seen = await visit(jail, f"order of {person}", owner=f"order {person}")
        assert seen.remembered == []


async def test_a_person_s_own_files_may_share_a_process(jail: JailPool) -> None:
    await visit(jail, "first page", owner="draft")
    assert (await visit(jail, "second page", owner="draft")).remembered == ["first page"]


async def test_a_job_without_an_owner_shares_nothing(jail: JailPool) -> None:
    await visit(jail, "upload", owner="draft")
    assert [(await visit(jail, "check")).remembered for _ in range(3)] == [[], [], []]


async def test_what_checks_a_sealed_file_has_not_read_the_upload() -> None:
    """Even under the same owner: it is a copy of a process that knows no other task."""
    assert set(JAIL_TASKS_APART) == {"meterai.pdf.signed.seal_check:light_check"}
    assert set(JAIL_TASKS_APART) <= set(JAIL_TASKS)
    again = "meterai.jail.probe:probe_apart"
    pool = JailPool([PROBE, again], apart=[again])
    await visit(pool, "upload", owner="order")
    seen = await pool.run(again, ProbeRequest(), ProbeResult, owner="order")
    assert seen.remembered == []
    await pool.close()


@pytest.fixture
def others() -> set[int]:
    """The jail processes of earlier tests that still run."""
    end_kept()
    return confined()


@pytest.mark.everyday("usual umask")
async def test_kept_processes_are_few_and_end_soon(
    others: set[int], jail: JailPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("meterai.jail.supply._KEPT_SECONDS", 600)
    await resting(3, 3, but=others)
    for person in range(20):
        await visit(jail, "", owner=f"order {person}")
    await resting(4, 7, but=others)  # three have read nothing, four are kept
    monkeypatch.setattr("meterai.jail.supply._KEPT_SECONDS", 0.1)
    for person in range(4):  # these take the places of the four
        await visit(jail, "", owner=f"late order {person}")
    await resting(3, 3, but=others)


async def resting(at_least: int, at_most: int, *, but: set[int]) -> None:
    """Waits until the number of jail processes of this test is within these."""
    async with asyncio.timeout(60):
        while not at_least <= len(confined() - but) <= at_most:
            await asyncio.sleep(0.02)


def confined() -> set[int]:
    children = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    return {int(pid) for pid in children if filters_of(pid) > filters_of("self")}


def filters_of(pid: str) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("Seccomp_filters:"))


async def test_each_process_is_alone_and_has_its_own_user(jail: JailPool) -> None:
    seen = [await visit(jail, "", owner=f"order {person}") for person in range(4)]
    assert {one.process for one in seen} == {1}
    users = {one.user for one in seen}
    if os.geteuid() == 0:
        assert len(users) == 4
        assert min(users) > 1_900_000_000
    else:
        assert users == {os.geteuid()}


async def test_a_forbidden_call_ends_the_process_and_the_log_names_it(jail: JailPool) -> None:
    with capture_logs() as logs, pytest.raises(Refusal, match=r"pdf\.too_heavy"):
        await jail.run(PROBE, ProbeRequest(attempts=["connect_udp"]), ProbeResult)
    (line,) = [line for line in logs if line["event"] == "jail.forbidden_call"]
    socket_call = {"x86_64": 41, "aarch64": 198}[os.uname().machine]
    assert (line["number"], line["machine"]) == (socket_call, os.uname().machine)


async def test_a_process_that_is_started_from_a_file_is_the_end_of_both(jail: JailPool) -> None:
    """The C library blocks signals before that, so the process can't say the number."""
    for attempt in ("fork", "start_thread", "start_program"):
        with capture_logs() as logs, pytest.raises(Refusal, match=r"pdf\.too_heavy"):
            await jail.run(PROBE, ProbeRequest(attempts=[attempt]), ProbeResult)
        assert [line["event"] for line in logs][:1] == ["jail.forbidden_call"]


async def test_the_gateway_s_picture_is_opened_in_the_jail() -> None:
    """Neither site nor worker loads a library for it: see also the import contracts."""
    picture = io.BytesIO()
    zxing = zxingcpp.create_barcode("00020101", zxingcpp.BarcodeFormat.QRCode).to_image(scale=4)
    Image.fromarray(zxing).save(picture, "PNG")
    pool = JailPool(JAIL_TASKS, spare=False)
    read = await pool.run(READ_QR_IMAGE, QrImageRequest(picture.getvalue()), QrImage)
    await pool.close()
    assert read.text == "00020101"
    site = "import sys, meterai.processes.site, meterai.processes.worker; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", site], capture_output=True, text=True, check=True)
    assert "meterai.sales.in_jail.qr_image" not in loaded.stdout.split()
    assert "meterai.sales.adapters.midtrans" in loaded.stdout.split()
