"""Fixtures for everybody.

Storage tests run against real PostgreSQL, started once per session and only when a test asks for it:

    async def test_a_person_can_be_added(database: TestDatabase) -> None:
        async with database.app.transaction() as tx:      # kit Database: may do what site, worker,
            await tx.execute("INSERT ...")               # controller and operator may together
        rows = await database.owner.fetch("SELECT ...")    # asyncpg connection, as the owner: sees everything
        async with database.site.connection() as c: ...    # as meterai_site; .worker, .controller, .operator,
                                                           # .signer, .reader, .verifier: the login roles
        database.urls.app                                  # for a process that the test starts

Each test gets a database of its own, copied from a migrated template (about 40 ms), and dropped afterwards.

Journey and browser tests share a running service, started as a newcomer starts it:

    async def test_the_home_page_opens(service: RunningService) -> None:
        service.addresses.site, .gateway, .inbox           # base addresses
        service.data                                       # its data directory
"""

from __future__ import annotations

import gc
import os
from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio
from hypothesis import settings

from tests.kept import KEPT, SERVICE
from tests.kept_fork_servers import end_kept, keep_fork_servers
from tests.made_once import make_once
from tests.places import memory_with_room
from tests.prepared import FOLDER, share_prepared
from tests.run_here import RunHere, make_run_here
from tests.running_service import RunningService
from tests.speeds import FAST, mark, refuse_slow_processes, refuse_unknown_cases
from tests.storage_fixtures import TestCluster, TestDatabase, running_cluster

# How long an example takes is a matter of what else the machine does.
settings.register_profile("meterai", deadline=None)
settings.load_profile("meterai")

_BEGIN_FIRST = (
    "keys/test_runbook.py",
    "simulator/test_rehearsal.py",
    "launcher/test_backup.py",
    "stamping/test_recovery.py",
    "browser/test_wait_page.py",
    "waiting_room/test_controller.py",
    "launcher/",
    "simulator/",
    "corpus/",
    "browser/",
    "bundle/",
    "stamping/",
    "keys/",
    "gate/test_durability.py",
)
"""They wait more than they work, or take longest. Last, the other processors would stand idle beside them."""


def pytest_configure(config: pytest.Config) -> None:
    """Folders of tests (`tmp_path`) are in memory, too: much of it is forced to the disk at once."""
    if config.getoption("markexpr") == FAST:
        refuse_slow_processes()
    memory = memory_with_room()
    if memory is not None:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(memory))  # pytest's own name for where they are
    if FOLDER not in os.environ:  # the processes of pytest-xdist are given it
        share_prepared()


@pytest.hookimpl(tryfirst=True)  # pytest's own selects by the marks
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Marks what tests need, and puts the longest files first (`script/test` takes files in this order)."""
    tests = len(f"{config.rootpath / 'tests'}/")
    for item in items:
        mark(item, str(item.path)[tests:].partition("/")[0])
    if not any("::" in word for word in config.args):  # which names single cases
        refuse_unknown_cases(items)

    visitors = {  # files in a row use one service
        item.path for item in items if isinstance(item, pytest.Function) and "service" in item.fixturenames
    }

    def rank(item: pytest.Item) -> tuple[int, bool]:
        if item.path in visitors:
            return _BEGIN_FIRST.index("browser/"), False
        path = str(item.path)[tests:]
        return next(
            (rank for rank, start in enumerate(_BEGIN_FIRST) if path.startswith(start)), len(_BEGIN_FIRST)
        ), True

    items.sort(key=rank)


def pytest_collection_finish() -> None:
    """Keeps the garbage collector from walking over all tests and modules again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


@pytest.fixture(scope="session", autouse=True)
def made_once() -> Iterator[None]:
    """See `tests.made_once`."""
    with pytest.MonkeyPatch.context() as patch:
        make_once(patch)
        yield


@pytest.fixture(scope="session", autouse=True)
def kept_fork_servers() -> Iterator[None]:
    """See `tests.kept_fork_servers`."""
    with pytest.MonkeyPatch.context() as patch:
        keep_fork_servers(patch)
        yield
    end_kept()


@pytest.fixture(scope="module", autouse=True)
def kept_umask() -> Iterator[None]:
    """A file of tests leaves the umask of the process as it was: all later files would have another one."""
    before = os.umask(0o022)
    os.umask(before)
    yield
    after = os.umask(before)
    assert after == before, f"the umask is {after:03o} now"


@pytest.fixture
def run_here(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> RunHere:
    """See `tests.run_here`."""
    return make_run_here(monkeypatch, capsys)


@pytest.fixture(scope="session")
def cluster() -> Iterator[TestCluster]:
    """One PostgreSQL server with a migrated template, for the session."""
    with running_cluster() as running:
        yield running


@pytest_asyncio.fixture
async def database(cluster: TestCluster) -> AsyncIterator[TestDatabase]:
    """A fresh, migrated, empty database with its connections (see the top of this file)."""
    async with cluster.database() as fresh:
        yield fresh


@pytest.fixture(scope="session", autouse=True)
def nothing_kept() -> Iterator[None]:
    """Ends at last what files of tests hand on to each other."""
    yield
    for kept in KEPT.values():
        kept.end()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> Iterator[None]:
    """Ends the service and the browser before a file that has no use for them."""
    try:
        return (yield)
    finally:
        if nextitem is not None and nextitem.path != item.path:
            there = (each for each in item.session.items if each.path == nextitem.path)
            used = {name for each in there if isinstance(each, pytest.Function) for name in each.fixturenames}
            for fixture in KEPT.keys() - used:
                KEPT[fixture].end()


@pytest.fixture(scope="module")
def service() -> RunningService:
    """The whole service, ready, one for all files of tests in a row that use it."""
    return SERVICE.begin()
