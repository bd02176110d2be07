"""The status page goes on when everything else is dead, and says so."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from xml.etree import ElementTree

import msgspec
import pytest

from meterai.status_page.history import Day, History
from meterai.status_page.output import ChangedFiles, FolderOutput, open_output
from meterai.texts.status_page import Component, Health
from tests.status_page.scene import FIGURES, INCIDENT, NOTICE, START, status_page, turns_of

_ATOM = "{http://www.w3.org/2005/Atom}"


async def test_people_read_that_everything_works_with_the_figures(tmp_path: Path) -> None:
    async with status_page(tmp_path, figures=FIGURES) as scene:
        await scene.minutes(0)
        page = scene.page()
        assert "<h1>Semua layanan berjalan</h1>" in page
        for words in ("14.05 WIB", "1.234", "2,5 menit", "26,5 jam", "hari/2026-09-04", "cocok"):
            assert words in page
        assert "<h1>Everything works</h1>" in scene.page("en/index.html")
        assert scene.told["overall"] == "up"
        sizes = {path.name: path.stat().st_size for path in (tmp_path / "out").rglob("*.*")}
        assert max(sizes.values()) < 40_000, sizes


async def test_when_everything_else_is_dead_it_goes_on_and_says_so(tmp_path: Path) -> None:
    async with status_page(tmp_path, incidents=[INCIDENT], figures=FIGURES) as scene:
        await scene.minutes(0)
        assert "Ada gangguan yang sedang kami tangani" in scene.page()
        await scene.die()
        await scene.minutes(1)
        await scene.minutes(1)
        page = scene.page()
        assert "<h1>Layanan tidak dapat dipakai saat ini</h1>" in page
        assert "tidak menjawab sejak 5 September 2026 pukul 14.06 WIB" in page
        assert "QRIS tidak diterima" in page
        assert "kabar lama" in page
        assert "Angka lama, dari 5 September 2026 pukul 14.05 WIB" in page
        healths = {one["component"]: one["health"] for one in scene.told["components"]}
        assert (healths["home"], healths["payments"]) == ("down", "unknown")
        scene.notice(NOTICE)
        await scene.turns.turn()
        assert "Pusat data kehilangan listrik" in scene.page()
        assert "Our data centre lost its power" in scene.page("en/index.html")


async def test_a_restart_forgets_nothing_and_the_core_that_is_back_ends_outages(tmp_path: Path) -> None:
    async with status_page(tmp_path, incidents=[INCIDENT]) as scene:
        await scene.minutes(0)
        await scene.die()
        await scene.minutes(1)
    async with status_page(tmp_path) as scene:
        scene.moment = START + timedelta(minutes=9)
        await scene.minutes(1)
        assert "Semua layanan berjalan" in scene.page()
        assert "14.06 WIB sampai 5 September 2026 pukul 14.15 WIB" in scene.page()
        closed = scene.page("insiden/7.html")
        assert "Selesai pada 5 September 2026 pukul 14.15 WIB" in closed
        assert "Kami periksa." in closed
        assert "We look &lt;into&gt; it." in scene.page("en/insiden/7.html")


async def test_a_service_that_answers_again_is_looked_at_at_once(tmp_path: Path) -> None:
    """The page is started beside the service, and would say for a minute that nothing works."""
    async with status_page(tmp_path) as scene:
        await scene.die()
        await scene.minutes(0)
        assert "<h1>Layanan tidak dapat dipakai saat ini</h1>" in scene.page()
        await scene.rise()
        await scene.minutes(0.1)
        assert "<h1>Semua layanan berjalan</h1>" in scene.page()


async def test_one_question_without_an_answer_is_not_called_silence(tmp_path: Path) -> None:
    async with status_page(tmp_path) as scene:
        await scene.minutes(0)
        await scene.die()
        await scene.turns.turn()
        assert scene.told["core"]["silent_since"] is None
        await scene.turns.turn()
        assert scene.told["core"]["silent_since"] is not None


async def test_incidents_stay_while_the_service_can_not_read_its_news(tmp_path: Path) -> None:
    async with status_page(tmp_path, incidents=[INCIDENT]) as scene:
        await scene.minutes(0)
        scene.said |= {"incidents": None, "announcements": None, "figures": None}
        await scene.minutes(1)
        assert "QRIS tidak diterima" in scene.page()
        assert "Selesai" not in scene.page("insiden/7.html")


async def test_an_apology_is_linked_from_pages_and_feed(tmp_path: Path) -> None:
    url = "https://situs.example/kabar/7"
    apology = {"url": url, "published_at": "2026-09-05T08:00:00Z"}
    over = INCIDENT | {"ended_at": "2026-09-05T07:00:00Z", "next_update_at": None, "apology": apology}
    async with status_page(tmp_path, incidents=[over]) as scene:
        await scene.minutes(0)
        for page in ("index.html", "insiden/7.html"):
            assert f'href="{url}"' in scene.page(page)
        assert url in scene.page("feed.atom")
        assert "<updated>2026-09-05T08:00:00Z" in scene.page("feed.atom")


async def test_the_feed_has_stable_ids_and_what_rfc_4287_asks_for(tmp_path: Path) -> None:
    async with status_page(tmp_path, incidents=[INCIDENT]) as scene:
        await scene.minutes(0)
        first = ElementTree.fromstring(scene.page("feed.atom"))
        scene.said["incidents"] = [INCIDENT | {"updates": [*INCIDENT["updates"], _LATER]}]  # type: ignore[misc]
        await scene.minutes(30)
        await scene.die()
        await scene.minutes(1)
        again = ElementTree.fromstring(scene.page("feed.atom"))
    for feed in (first, again):
        for part in (feed, *feed.iter(f"{_ATOM}entry")):
            assert all(part.findtext(f"{_ATOM}{name}") for name in ("id", "title", "updated"))
        assert feed.find(f"{_ATOM}author/{_ATOM}name") is not None
    ids = [[one.findtext(f"{_ATOM}id") for one in feed.iter(f"{_ATOM}entry")] for feed in (first, again)]
    assert ids[0] == ["tag:status.example,2026:incident-7"]
    assert len(set(ids[1])) == len(ids[1]) > 1
    assert ids[0][0] in ids[1]
    changed = {
        entry.findtext(f"{_ATOM}id"): entry.findtext(f"{_ATOM}updated")
        for entry in again.iter(f"{_ATOM}entry")
    }
    assert changed[ids[0][0]] == "2026-09-05T07:20:00Z"


async def test_what_the_service_says_of_itself_counts(tmp_path: Path) -> None:
    async with status_page(tmp_path) as scene:
        scene.said["parts"] = [
            {"part": "payment", "state": "disrupted"},
            {"part": "stamping", "state": "delayed"},
            {"part": "site", "state": "disrupted"},
            {"part": "new", "state": "odd"},
        ]
        await scene.minutes(0)
        healths = {one["component"]: one["health"] for one in scene.told["components"]}
        assert healths == {
            "home": "degraded",
            "line": "up",
            "payments": "down",
            "stamping": "degraded",
            "verification": "up",
            "api": "up",
        }
        assert "<h1>Sebagian layanan terganggu</h1>" in scene.page()


async def test_time_in_which_nobody_looked_is_unknown(tmp_path: Path) -> None:
    async with status_page(tmp_path) as scene:
        for _ in range(3):
            await scene.minutes(1)
        await scene.minutes(60)
        seconds = scene.told["days"][-1]["components"]["home"]
        assert seconds == {"up": 120 + 90, "degraded": 0, "down": 0}
        again = turns_of(scene, scene.turns._core._site)
        scene.turns = again
        await scene.minutes(10)
        assert scene.told["days"][-1]["components"]["home"]["up"] == 210, "a start covers nothing"


def test_a_day_ends_at_midnight_in_jakarta_and_goes_after_90_days(tmp_path: Path) -> None:
    midnight = START.replace(hour=17, minute=0)
    history = History(tmp_path, START)
    history.add(
        {Component.API: Health.DOWN},
        since=midnight - timedelta(minutes=2),
        until=midnight + timedelta(minutes=1),
    )
    first, second = history.days((midnight + timedelta(hours=1)).date().replace(day=6))[-2:]
    assert (first.components[Component.API].down, second.components[Component.API].down) == (120, 60)
    assert (first.health_of(Component.API), first.health_of(Component.HOME)) == (Health.DOWN, Health.UNKNOWN)
    (tmp_path / "2026-09-01.json").write_bytes(b"torn")
    again = History(tmp_path, midnight)
    assert again.total(Component.API, midnight.date().replace(day=6)).down == 180
    later = History(tmp_path, START + timedelta(days=91))
    assert later.total(Component.API, (START + timedelta(days=91)).date()).known == 0
    assert [path.name for path in sorted(tmp_path.iterdir())] == ["2026-09-01.json"]
    assert msgspec.json.decode(msgspec.json.encode(first), type=Day) == first


async def test_only_what_changed_is_written_and_what_is_gone_is_deleted(tmp_path: Path) -> None:
    files = ChangedFiles(FolderOutput(tmp_path))
    assert await files.write({"index.html": b"1", "insiden/a.html": b"2"}) == 2
    assert await files.write({"index.html": b"1", "insiden/a.html": b"3"}) == 1
    assert await files.write({"index.html": b"1"}) == 0
    assert [path.name for path in tmp_path.rglob("*.html")] == ["index.html"]


async def test_a_faulty_notice_keeps_the_one_before_it(tmp_path: Path) -> None:
    async with status_page(tmp_path) as scene:
        scene.notice(NOTICE)
        await scene.turns.turn()
        scene.notice("severity = major")
        await scene.turns.turn()
        assert "Pusat data kehilangan listrik" in scene.page()
        scene.notice("until = 2026-09-05T14:06:00\n" + NOTICE)
        await scene.turns.turn()
        assert "Pusat data kehilangan listrik" in scene.page()
        scene.moment = START + timedelta(minutes=2)
        await scene.turns.turn()
        assert "Pusat data kehilangan listrik" not in scene.page(), "its end is in WIB"


def test_the_output_is_a_folder_or_a_bucket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(open_output(str(tmp_path)), FolderOutput)
    monkeypatch.setenv("AWS_REGION", "x")
    assert not isinstance(open_output("s3://bucket/status"), FolderOutput)


_LATER = {"at": "2026-09-05T07:20:00Z", "text": {"id": "Sudah pulih.", "en": "It is back."}}
