"""Uploads of strangers must not fill the disk.

Before: anonymous uploads filled the disk with 640 MB in 9 s and were kept for 7 days. Codes and orders
failed.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg
import pytest
import pytest_asyncio

from meterai.kit.installation_secrets import Secrets
from simulator.crowd.applicant import Applicant
from simulator.crowd.browser import Browser, Response
from simulator.crowd.forms import form_with
from simulator.crowd.papers import make_letter
from simulator.crowd.service import find_service
from tests.places import passing_folder
from tests.running_service import RunningService, running_service

pytestmark = pytest.mark.journey
MB = 1_000_000
LETTER = make_letter("A", "B", size_bytes=900_000)
NETWORK_BYTES, ALL_BYTES = 4 * MB, 7 * MB
ROOM_BYTES = 768 << 20
"""Free space above the reserve when the service starts."""


@pytest.fixture(scope="module")
def small() -> Iterator[RunningService]:
    """A service with small quotas, and a reserve that a file of `ROOM_BYTES` touches."""
    with passing_folder("meterai-free-") as place:
        disk = os.statvfs(place)
        limits = {
            "METERAI_UNPROVEN_NETWORK_BYTES": str(NETWORK_BYTES),
            "METERAI_UNPROVEN_BYTES": str(ALL_BYTES),
            "METERAI_DISK_RESERVE_BYTES": str(disk.f_bavail * disk.f_frsize - ROOM_BYTES),
        }
        with running_service(limits) as service:
            yield service


@pytest.fixture
def disk(small: RunningService) -> Iterator[FullDisk]:
    with FullDisk(small.data / "filler") as disk:
        yield disk


class FullDisk:
    """A file on the service's disk that takes what is above the reserve."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> FullDisk:
        return self

    def fill(self) -> None:
        with self._path.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, 2 * ROOM_BYTES)

    def __exit__(self, *_: object) -> None:
        self._path.unlink(missing_ok=True)


@pytest_asyncio.fixture
async def owner(small: RunningService) -> AsyncIterator[asyncpg.Connection]:
    """The database as its owner, to let time pass."""
    connection = await asyncpg.connect(
        small.addresses.database, user="meterai_owner", password=Secrets(small.data).database_owner
    )
    try:
        yield connection
    finally:
        await connection.close()


async def upload(browser: Browser, *, event: str = "", file: bytes = LETTER) -> Response:
    page = await browser.get(f"/beli?acara={event}" if event else "/beli")
    form = form_with(page.text, "kiriman")
    return await browser.post_files(form.action, form.fields, [(form.files[0], "surat.pdf", file)])


def purge(small: RunningService, *words: str) -> dict[str, dict[str, Any]]:
    """What `meterai purge` says, by kind."""
    command = [sys.executable, "-m", "meterai.cli", "purge", "--json", "--data", str(small.data), *words]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert ("Next: meterai purge --json --data" in done.stderr) is ("--dry-run" in words)
    return {one["kind"]: one for one in json.loads(done.stdout)["due"]}


async def stored_bytes(small: RunningService) -> int:
    return sum(path.stat().st_size for path in (small.data / "objects").glob("*/*") if path.is_file())


async def until_an_hour_later(owner: asyncpg.Connection) -> None:
    """Lets the hour of every unproven upload pass."""
    await owner.execute(
        "UPDATE stamping.document SET retained_until = now() - interval '1 s' WHERE customer_id IS NULL"
    )


@pytest.mark.long
async def test_strangers_fill_their_quota_and_nobody_elses(
    small: RunningService, owner: asyncpg.Connection
) -> None:
    site = small.addresses.site
    said = ""
    for _ in range(8):
        answer = await upload(Browser(site, source_address="127.66.1.1"))
        if answer.status == 422:
            said = answer.text
            break
    assert "Dari jaringan Anda terlalu banyak dokumen" in said
    assert "Masuk dahulu" in said
    assert await stored_bytes(small) < NETWORK_BYTES + MB
    assert "/letak/1" in (await upload(Browser(site, source_address="127.77.1.1"))).url
    answers = [await upload(Browser(site, source_address=f"127.{n}.1.1")) for n in range(80, 90)]
    assert "Terlalu banyak dokumen menunggu" in answers[-1].text
    await until_an_hour_later(owner)
    purge(small)
    async with asyncio.timeout(60):  # the site reads every five seconds how much there is
        while "/letak/1" not in (await upload(Browser(site, source_address="127.77.1.1"))).url:
            await asyncio.sleep(1)


async def test_an_unproven_draft_ends_an_hour_after_its_last_use_and_says_so(
    small: RunningService, owner: asyncpg.Connection
) -> None:
    browser = Browser(small.addresses.site, source_address="127.91.1.1")
    page = await upload(browser)
    number = page.url.split("/")[4]
    left = await owner.fetchval(
        """SELECT extract(epoch FROM d.retained_until - now())::int FROM stamping.document d
           JOIN sales.item i ON i.document_id = d.id JOIN sales.orders o ON o.id = i.order_id
           WHERE o.number = $1""",
        number,
    )
    assert 3000 < left <= 3600
    await until_an_hour_later(owner)
    due = purge(small, "--dry-run")["unproven drafts"]
    assert due["count"] >= 1
    assert due["bytes"] >= 900_000
    assert due["oldest"]
    assert (await browser.get(page.url)).url == page.url, "a dry run deletes nothing"
    await until_an_hour_later(owner)
    purge(small)
    ended = await browser.get(page.url)
    assert ended.url.endswith(f"/pesanan/{number}")
    assert "satu jam sesudah terakhir dipakai" in ended.text
    assert purge(small, "--dry-run")["unproven drafts"]["count"] == 0


@pytest.mark.long
async def test_a_draft_stays_while_people_stand_in_line_for_its_event(
    small: RunningService, owner: asyncpg.Connection
) -> None:
    browser = Browser(small.addresses.site, source_address="127.92.1.1")
    page = await upload(browser, event="casn", file=make_letter("A", "B", size_bytes=0))
    number = page.url.split("/")[4]
    assert re.fullmatch(r"[0-9A-Z-]+", number)
    for order, state in ((("on", "--always"), "open"), (("off",), "off")):
        command = ["queue", *order, "--event", "casn", "--because", "a test", "--data", str(small.data)]
        subprocess.run([sys.executable, "-m", "meterai.cli", *command], check=True)
        async with asyncio.timeout(90):
            while await owner.fetchval("SELECT state FROM waiting_room.queue WHERE event = 'casn'") != state:
                await asyncio.sleep(0.2)
        await until_an_hour_later(owner)
        purge(small)
        found = await owner.fetchval("SELECT state FROM sales.orders WHERE number = $1", number)
        assert found == ("draft" if state == "open" else "cancelled")


class OnAFullDisk(Applicant):
    """Somebody whose documents are uploaded when the disk becomes full."""

    disk: FullDisk

    async def _give_contact(self, page: Response) -> Response:
        self.disk.fill()
        return await super()._give_contact(page)


async def test_on_a_full_disk_uploads_are_refused_and_what_is_begun_goes_on(
    small: RunningService, disk: FullDisk
) -> None:
    person = OnAFullDisk(find_service(small.data), contact="penuh@contoh.id", wait_seconds_max=60)
    OnAFullDisk.disk = disk
    outcome = await person.buy_and_stamp([("surat.pdf", make_letter("A", "B", size_bytes=0))])
    assert len(outcome.files) == 1
    assert outcome.files[0].content.startswith(b"%PDF")
    refused = await upload(Browser(small.addresses.site, source_address="127.93.1.1"))
    assert "Tempat penyimpanan kami hampir penuh" in refused.text
    assert "tetap dapat dibayar" in refused.text
    signed_in = await upload(person.browser)
    assert "Tempat penyimpanan kami hampir penuh" in signed_in.text


async def test_the_metrics_say_how_much_is_free_and_how_much_strangers_have(small: RunningService) -> None:
    token = {"Authorization": f"Bearer {Secrets(small.data).metrics_token}"}
    async with (
        aiohttp.ClientSession() as http,
        http.get(f"{small.addresses.site}/api/v1/metrics", headers=token) as answer,
    ):
        said = await answer.text()
    for name in ("meterai_disk_free_bytes", "meterai_disk_reserve_bytes", "meterai_unproven_upload_bytes"):
        assert re.search(rf"^{name}({{.*}})? \d", said, re.M), name
    for folder in ("data", "objects", "queue", "database"):
        assert f'meterai_disk_free_bytes{{folder="{folder}"}}' in said
