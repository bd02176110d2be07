"""What a start puts in place, and what it keeps although the events file no longer names it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from meterai.kit.files.object_store import MARK, FolderStore
from meterai.kit.settings import Settings
from meterai.launcher.first_start import know_store, open_installation
from meterai.launcher.preparation import LaunchProblem, check_settings
from meterai.operations.use_cases.keep_environment import keep_environment
from meterai.operations.use_cases.open_site import _slug_of_next, open_site
from meterai.sales.events import EXAMPLE
from meterai.sales.queries.events import events
from meterai.sales.queries.offer import read_offer
from meterai.waiting_room.queries import queue_views
from meterai.waiting_room.rules.model import QueueState
from meterai.waiting_room.store.queues import read_queue
from meterai.waiting_room.use_cases.set_queue import KNOWN_AFTER_S
from tests.operations.world import build
from tests.storage_fixtures import TestDatabase

pytestmark = pytest.mark.storage

NOW = datetime(2026, 9, 4, 12, tzinfo=UTC)
YEARS = timedelta(days=365 * 10)


@pytest.mark.parametrize(
    ("state", "after", "stays"),
    [
        (QueueState.OPEN, timedelta(), True),
        (QueueState.LOTTERY, timedelta(), True),
        (QueueState.HALTED, timedelta(), True),
        (QueueState.DIRECT, timedelta(), False),
        (QueueState.CLOSED, timedelta(), False),
        (QueueState.OPEN, YEARS, False),
    ],
    ids=["line", "lottery", "halted", "nobody waits", "closed", "ended while it was open"],
)
async def test_an_event_that_was_renamed_keeps_its_door_while_people_stand_in_its_line(
    database: TestDatabase, tmp_path: Path, state: QueueState, after: timedelta, stays: bool
) -> None:
    file = tmp_path / "events.toml"
    file.write_text(EXAMPLE.read_text())
    await open_site(database.app, events_file=str(file), development=False, now=NOW)
    assert [event.slug for event in await events(database.app)] == ["casn"]
    await database.owner.execute(
        "UPDATE waiting_room.queue SET state = $1, memory = jsonb_set(memory, '{is_direct}', 'false')", state
    )
    file.write_text(EXAMPLE.read_text().replace('"casn"', '"casn-2026"'))
    await open_site(database.app, events_file=str(file), development=False, now=NOW + after)
    assert ("casn" in {event.slug for event in await events(database.app)}) is stays
    assert "casn-2026" in {event.slug for event in await events(database.app)}
    async with database.site.connection() as connection:
        former = (await read_offer(connection)).former
    assert [event.slug for event in former] == ["casn"] * (not stays)


CLOSED = NOW + timedelta(days=20)
NEXT_YEAR = {"opens_at": CLOSED + timedelta(days=340), "closes_at": CLOSED + timedelta(days=365)}


@pytest.mark.parametrize(
    ("changes", "later", "is_refused"),
    [
        (NEXT_YEAR, CLOSED + timedelta(days=2), True),
        (NEXT_YEAR | {"opens_at": CLOSED + timedelta(days=1)}, CLOSED + timedelta(days=2), True),
        (NEXT_YEAR, CLOSED - timedelta(hours=1), True),
        (NEXT_YEAR, NOW + timedelta(hours=1), False),
        ({"closes_at": CLOSED + timedelta(days=365)}, CLOSED + timedelta(days=2), False),
        ({}, CLOSED + timedelta(days=2), False),
    ],
    ids=[
        "a year later",
        "opened meanwhile",
        "written while it is open",
        "put off before anybody could join",
        "the same round goes on",
        "unchanged",
    ],
)
async def test_another_round_of_a_queue_that_people_could_join_needs_a_slug_of_its_own(
    database: TestDatabase, tmp_path: Path, changes: dict[str, datetime], later: datetime, is_refused: bool
) -> None:
    """Otherwise its lottery is never drawn, and people let in a year ago get their old pass."""
    file = tmp_path / "events.toml"

    def ask(**times: datetime) -> None:
        lines = [f"{name} = {time.isoformat()}" for name, time in times.items()]
        file.write_text("\n".join((EXAMPLE.read_text(), *lines)))

    times = {"opens_at": NOW + timedelta(days=1), "closes_at": CLOSED}
    ask(**times)
    await keep_environment(database.app, "development", now=NOW)
    await open_site(database.app, events_file=str(file), development=False, now=NOW)
    ask(**times | changes)
    settings = Settings(data=tmp_path, database_operator_url=database.urls.operator, events_file=str(file))
    if is_refused:
        with pytest.raises(LaunchProblem, match=r"its own slug, such as casn-202\d"):
            await open_installation(settings, now=later)
    else:
        await open_site(database.app, events_file=str(file), development=False, now=later)
    async with database.app.connection() as connection:
        queue = await read_queue(connection, "casn")
    assert queue is not None
    expected = CLOSED if is_refused else (times | changes)["closes_at"]
    assert queue.schedule.closes_at == int(expected.timestamp())


@pytest.mark.parametrize(
    ("slug", "proposed"),
    [
        ("undian", "undian-2026"),
        ("undian-2025", "undian-2026"),
        ("undian-2026", "undian-2026-09"),
        ("undian-2026-03", "undian-2026-09"),
        ("undian-2026-09", "undian-2026-09-2"),
    ],
)
def test_the_slug_that_is_proposed_for_another_round_names_its_year_once(slug: str, proposed: str) -> None:
    assert _slug_of_next(slug, datetime(2026, 9, 6, tzinfo=UTC)) == proposed


async def closing(database: TestDatabase) -> datetime:
    """Of the one queue."""
    [view] = await queue_views(database.app, 0)
    return datetime.fromtimestamp(view.closes_at, UTC)


async def test_a_start_between_the_closing_of_the_queue_and_that_of_its_event_changes_nothing(
    database: TestDatabase, tmp_path: Path
) -> None:
    file = tmp_path / "events.toml"
    closes_at = NOW + timedelta(hours=1)
    file.write_text(f"{EXAMPLE.read_text()}\ncloses_at = {closes_at.isoformat()}\n")
    for started_at in (NOW, closes_at, closes_at + timedelta(hours=1)):
        await open_site(database.app, events_file=str(file), development=False, now=started_at)
        assert await closing(database) == closes_at


@pytest.mark.parametrize("of_queue", ["", "last_call_at = {}\ncloses_at = {}\n"], ids=["event's", "its own"])
async def test_a_line_closes_with_its_event_that_is_ended_now(
    database: TestDatabase, tmp_path: Path, of_queue: str
) -> None:
    """Whatever its own table says, because nobody can buy any more."""
    file, later = tmp_path / "events.toml", (NOW + timedelta(days=1)).isoformat()
    example = EXAMPLE.read_text() + of_queue.format(later, later)
    file.write_text(example)
    await open_site(database.app, events_file=str(file), development=False, now=NOW)
    ended_at, started_at = NOW + timedelta(hours=1), NOW + timedelta(hours=1, minutes=5)
    file.write_text(example.replace("2034-12-31T23:59:00+07:00", ended_at.isoformat()))
    for again_s in (0, 20):
        again_at = started_at + timedelta(seconds=again_s)
        await open_site(database.app, events_file=str(file), development=False, now=again_at)
        assert await closing(database) == started_at + timedelta(seconds=KNOWN_AFTER_S)


@pytest.mark.parametrize(
    ("after", "opens_later", "is_told"),
    [(-1, True, False), (1, True, True), (1, False, False), (61, True, False)],
    ids=["before anybody could join", "while people join", "unchanged", "once it is open"],
)
async def test_who_moves_an_opening_for_which_people_have_joined_is_told_that_it_stays(
    database: TestDatabase, tmp_path: Path, after: int, *, opens_later: bool, is_told: bool
) -> None:
    """An officer who thinks that it was moved would find the sale open."""
    file, joins_from = tmp_path / "events.toml", NOW + timedelta(hours=1)

    def ask(opens_at: datetime) -> None:
        times = f"joins_from = {joins_from.isoformat()}\nopens_at = {opens_at.isoformat()}\n"
        file.write_text(f"{EXAMPLE.read_text()}\n{times}")

    opens_at = joins_from + timedelta(minutes=60)
    ask(opens_at)
    await open_site(database.app, events_file=str(file), development=False, now=NOW)
    ask(opens_at + timedelta(minutes=30 * opens_later))
    with capture_logs() as logs:
        now = joins_from + timedelta(minutes=after)
        await open_site(database.app, events_file=str(file), development=False, now=now)
    told = [line["opens_at"] for line in logs if line["event"] == "opening_not_moved"]
    assert told == ["2026-09-04T21:00:00+07:00"] * is_told
    async with database.app.connection() as connection:
        queue = await read_queue(connection, "casn")
    assert queue is not None
    assert (queue.schedule.opens_at == opens_at.timestamp()) == (after > 0)


async def transfers(database: TestDatabase) -> int:
    count: int = await database.owner.fetchval("SELECT count(*) FROM ledger.transfer")
    return count


@pytest.mark.parametrize("is_kept", [True, False], ids=["kept", "from before that was kept"])
async def test_production_that_is_started_as_development_books_no_made_up_deposit(
    database: TestDatabase, tmp_path: Path, is_kept: bool
) -> None:
    if is_kept:
        await keep_environment(database.app, "production", now=NOW)
    await open_site(database.app, events_file="", development=False, now=NOW)
    settings = Settings(data=tmp_path, database_operator_url=database.urls.operator)
    with pytest.raises(LaunchProblem, match="is a production installation"):
        await open_installation(settings, now=NOW)
    assert await transfers(database) == 0
    assert await keep_environment(database.app, "production", now=NOW) == "production"


async def test_development_is_never_started_as_production(database: TestDatabase, tmp_path: Path) -> None:
    assert await keep_environment(database.app, "development", now=NOW) == "development"
    settings = Settings(data=tmp_path, database_operator_url=database.urls.operator, environment="production")
    with pytest.raises(LaunchProblem, match="is a development installation"):
        await open_installation(settings, now=NOW)


@pytest.mark.parametrize("environment", ["development", "production"])
async def test_an_installation_with_development_s_deposit_is_what_it_runs_as(
    database: TestDatabase, environment: str
) -> None:
    """From a time before the environment was kept. It may have recorded the deposit in production."""
    await open_site(database.app, events_file="", development=True, now=NOW)
    assert await keep_environment(database.app, environment, now=NOW) == environment


async def test_a_store_whose_disk_is_not_mounted_is_not_begun_anew(
    database: TestDatabase, tmp_path: Path
) -> None:
    """Otherwise files of new sales would lie under the mount point."""
    settings = Settings(data=tmp_path, database_operator_url=database.urls.operator)
    store, disk = FolderStore(tmp_path / "objects"), tmp_path / "disk"
    await keep_environment(database.app, "development", now=NOW)
    await know_store(database.app, settings)
    assert store.is_marked, "nothing was sold yet"
    (store.root / MARK).unlink()
    await build(database, store)
    store.root.rename(disk)
    with pytest.raises(LaunchProblem, match="is its own disk mounted"):
        await open_installation(settings, now=NOW)
    assert not store.is_marked
    store.root.rmdir()
    disk.rename(store.root)
    await know_store(database.app, settings)
    assert store.is_marked, "of a release that made no marks"


def test_roots_that_were_pinned_by_hand_are_production_s(tmp_path: Path) -> None:
    trust = tmp_path / "pki" / "trust"
    trust.mkdir(parents=True)
    (trust / "root.pem").touch()
    with pytest.raises(LaunchProblem, match="is a production installation"):
        check_settings(Settings(data=tmp_path))
    (tmp_path / "pki" / "root.pem").touch()
    check_settings(Settings(data=tmp_path))
