"""Files in S3, on a real S3 server: everything goes its way, and goes on after the store was away."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event
from typing import Any

import pytest
import pytest_asyncio

import meterai.kit.files.object_store as object_store
from meterai.kit.files.object_store import open_store
from meterai.kit.settings import from_environment
from meterai.stamping.use_cases.clean_up import Orphans, clean_up_documents
from meterai.stamping.use_cases.run_cycle import run_due_jobs
from meterai.verification.in_jail import judge
from meterai.verification.model import JudgeRequest, Verdict
from tests.api.conftest import running, tokens
from tests.api.partner import Partner, code_of, json_of
from tests.api.test_stamps import DOCUMENTS, STAMPS, Partners, order, partners, uploaded
from tests.pdf import samples
from tests.running_service import RunningService, running_service
from tests.seaweed import Seaweed, running_seaweed
from tests.stamp_buyers import buy, judged
from tests.stamping.conftest import front, jail, pki, setup, shared_tsa
from tests.stamping.stamping_setup import until

__all__ = ["front", "jail", "partners", "pki", "running", "setup", "shared_tsa", "tokens"]
pytestmark = pytest.mark.storage

DOCS = Path(__file__).parents[2] / "docs"


def documented(page: str) -> set[str]:
    """The variables that the section "Objects in S3" of a page tells to set."""
    (section,) = re.findall(r"^## Objects in S3\n(.*?)(?=^## |\Z)", (DOCS / page).read_text(), re.M | re.S)
    (block,) = re.findall(r"^```sh\n(.*?)^```", section, re.M | re.S)
    return set(re.findall(r"^([A-Z_0-9]+)=", block, re.M))


@pytest.fixture(scope="module")
def seaweed() -> Iterator[Seaweed]:
    with running_seaweed() as server:
        yield server


@pytest_asyncio.fixture
async def in_s3(
    partners: Partners, seaweed: Seaweed, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Partners]:
    """Partners of a service that keeps its files in S3 by what the documents say, and by nothing else."""
    monkeypatch.setattr(object_store, "TRIES_FOR", timedelta(seconds=0.5))
    if not seaweed.is_alive:  # a test has failed while it was away
        seaweed.start()
    for name in documented("configuration.md"):
        monkeypatch.setenv(name, seaweed.variables[name])
    settings = from_environment()
    store = open_store(settings.objects_url, partners.setup.data, needs_mark=True)
    partners.site.app.objects = partners.setup.objects = store
    await partners.setup.start_signer()
    yield partners
    if seaweed.is_alive:
        for key in await kept(partners):
            await store.delete(key)


async def kept(partners: Partners) -> list[str]:
    """The keys of all objects in the store."""
    later = datetime.now(UTC).timestamp() + 60
    parts = [await partners.setup.objects.stored_before(later, part) for part in range(256)]
    return [key for part in parts for key in part]


def is_genuine(partners: Partners, file: bytes) -> bool:
    trust = partners.site.app.trust
    return judge(JudgeRequest(data=file, trust=trust, moment=datetime.now(UTC))).verdict is Verdict.GENUINE


async def ordered(partner: Partner, pages: int = 2) -> Any:
    """A stamp for a document that was uploaded."""
    document = await uploaded(partner, samples.nearly_empty(pages))
    answer = await partner.post(STAMPS, {"document_id": document["id"]})
    assert answer.status == 202, answer.body
    return json_of(answer)


async def now(partner: Partner, stamp: Any) -> Any:
    return json_of(await partner.get(f"{STAMPS}/{stamp['id']}"))


@pytest.mark.parametrize("page", ["configuration.md", "several-hosts.md"])
def test_the_documents_name_what_the_store_needs(page: str) -> None:
    assert documented(page) == {
        "METERAI_OBJECTS_URL",
        "AWS_ENDPOINT",
        "AWS_REGION",
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
    }


async def test_a_file_is_uploaded_stamped_handed_out_and_deleted_in_time(in_s3: Partners) -> None:
    partner, setup = in_s3.of(in_s3.chain.enterprise), in_s3.setup
    stamp = await ordered(partner)
    assert len(await kept(in_s3)) == 1, "the upload"
    await setup.work()
    stamped = await now(partner, stamp)
    assert stamped["state"] == "released"
    file = await partner.get(f"{STAMPS}/{stamp['id']}/file")
    assert is_genuine(in_s3, file.body)
    unstamped = await uploaded(partner, samples.nearly_empty(3))
    assert len(await kept(in_s3)) == 3, "two uploads and a release; the prepared revision is gone"
    assert not list((setup.data / "objects").iterdir()), "nothing lies in the folder"

    today, later = datetime.now(UTC), datetime.now(UTC) + timedelta(days=60)
    assert await clean_up_documents(setup.db, setup.objects, now=today) == 0
    assert await clean_up_documents(setup.db, setup.objects, now=later) == 2
    assert await kept(in_s3) == [stamped["file"]["sha256"]]
    assert (await partner.get(f"{STAMPS}/{stamp['id']}/file")).body == file.body
    assert (await partner.get(f"{DOCUMENTS}/{unstamped['id']}")).status == 404
    await setup.assert_sound()


@pytest.mark.everyday("after_sign")
@pytest.mark.parametrize("step", ["before_all", "after_sign", "before_read_back"])
async def test_a_document_is_stamped_once_although_the_store_was_killed_meanwhile(
    in_s3: Partners, seaweed: Seaweed, step: str
) -> None:
    partner, setup = in_s3.of(in_s3.chain.enterprise), in_s3.setup
    first = await ordered(partner)
    await setup.work()
    second = await ordered(partner, pages=3)

    def kill(reached: str) -> None:
        if reached == step:
            seaweed.kill()

    kill("before_all")
    assert await run_due_jobs(setup.tools(fail_point=kill), worker="test") == 1
    await waits(in_s3, second)
    await refused_while_away(in_s3, first)

    seaweed.start()
    await setup.work()
    released = await now(partner, second)
    assert (released["state"], released["serials"]) == ("released", second["serials"])
    file = await partner.get(f"{STAMPS}/{second['id']}/file")
    assert is_genuine(in_s3, file.body)
    assert is_genuine(in_s3, (await partner.get(f"{STAMPS}/{first['id']}/file")).body), "it lost nothing"
    assert await in_s3.left(in_s3.chain.enterprise) == 70 - 2
    assert await setup.value("SELECT count(*) FROM stamping.release") == 2
    await setup.assert_sound()
    await clean_up_documents(setup.db, setup.objects, now=datetime.now(UTC))
    listed = json_of(await partner.get(DOCUMENTS))["data"]
    assert [one["stamp_id"] for one in listed] == [second["id"], first["id"]], "what was refused is gone"

    soon = datetime.now(UTC) + timedelta(days=2)
    orphans = Orphans(setup.db, setup.objects, lambda: soon)
    for _ in range(256):
        await orphans.clean_up()
    lost = step == "before_read_back"  # a sealed file that no row names
    assert len(await kept(in_s3)) == 4 + lost, "uploads and releases"


async def waits(partners: Partners, stamp: Any) -> None:
    """Its stock is reserved, it is due again, and its number is the one it had."""
    found = await now(partners.of(partners.chain.enterprise), stamp)
    assert found["state"] in ("accepted", "sealing")
    assert (found["serials"], found["file"]) == (stamp["serials"], None)
    job = await partners.setup.row("SELECT * FROM stamping.job WHERE state <> 'released'")
    assert (job["trouble_code"], job["attempts"]) == ("stamping.fault", 1)
    assert job["next_attempt_at"] is not None
    assert await partners.left(partners.chain.enterprise) == 70 - 2


async def refused_while_away(partners: Partners, stamp: Any) -> None:
    """Uploads, orders with a file and downloads are answered at once, and change nothing."""
    partner = partners.of(partners.chain.enterprise)
    file = await partner.get(f"{STAMPS}/{stamp['id']}/file")
    upload = await partner.post(
        f"{DOCUMENTS}?name=x.pdf", samples.nearly_empty(4), content_type="application/pdf"
    )
    for answer in (file, upload, await partner.post(STAMPS, order())):
        assert code_of(answer) == (503, "server.fault")
        assert "retry-after" in answer.headers
    assert await partners.left(partners.chain.enterprise) == 70 - 2
    assert (await partner.get(STAMPS)).status == 200, "what needs no file goes on"

    setup = partners.setup
    with pytest.raises(OSError, match="the object store"):
        await clean_up_documents(setup.db, setup.objects, now=datetime.now(UTC) + timedelta(days=60))


@pytest.mark.long
@pytest.mark.journey
async def test_a_service_that_was_told_what_the_documents_say_sells_and_stamps(seaweed: Seaweed) -> None:
    """The store is killed between an order and its payment. The paid stamp waits, and comes by itself."""
    env = {name: seaweed.variables[name] for name in documented("several-hosts.md")}
    was_killed = Event()

    def kill() -> None:
        seaweed.kill()
        was_killed.set()

    with running_service(env) as service:
        alice = await asyncio.to_thread(buy, service.data, "alice")
        buying = asyncio.create_task(asyncio.to_thread(buy, service.data, "budi", before=kill))
        assert await asyncio.to_thread(was_killed.wait, 60)
        await until(lambda: "stamping.unavailable" in logged(service), 60, "the paid stamp")
        assert not buying.done()
        seaweed.start()  # in this thread: the server ends with the one that starts it
        for bought in (alice, await buying):
            assert (await asyncio.to_thread(judged, service.data, bought.content))[0] == "genuine"
        assert not list((service.data / "objects").glob("??"))
        command = [sys.executable, "-m", "meterai.cli", "check", "--all", "--data", str(service.data)]
        checked = subprocess.run(command, env=os.environ | env, capture_output=True, text=True, timeout=120)
        assert checked.returncode == 0, checked.stdout + checked.stderr


def logged(service: RunningService) -> str:
    return "".join(path.read_text() for path in (service.data / "logs").glob("worker*.log"))
