"""Replay: a thief copies the session cookie of somebody who can neither see nor end it.

Before: sessions stood in no list. Signing out ended only the browser's own one. A new sign-in left the old
one open. A copied cookie was good for seven days, used or not.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest

from meterai.customers.use_cases.use_session import NOTED_EVERY
from tests.replays.signing_in import BOB, CHROME, asks, newest_code, sign_in, types
from tests.web.conftest import running  # noqa: F401 - a fixture
from tests.web.running_site import RunningSite, Visitor

pytestmark = pytest.mark.storage
PAGE = "/saya/perangkat"


def copy_of(visitor: Visitor) -> Visitor:
    thief = Visitor(visitor.site)
    thief.cookies = dict(visitor.cookies)
    return thief


async def is_in(visitor: Visitor) -> bool:
    await visitor.get("/saya")
    return "/saya/keluar" in visitor.text


async def signed_in(running: RunningSite, user_agent: str = "") -> Visitor:  # noqa: F811
    visitor = running.visitor()
    visitor.user_agent = user_agent
    running.line.pass_time(1)
    return await sign_in(running, visitor=visitor)


def devices(visitor: Visitor) -> list[tuple[str, str]]:
    """The names on the page, and the value that ends each."""
    rows = re.findall(r'<li class="item">(.*?)</li>', visitor.text, re.S)
    return [
        (re.search(r'class="name">([^<]*)', row)[1], re.search(r'name="sesi" value="(\w+)"', row)[1])  # type: ignore[index]
        for row in rows
    ]


async def test_the_list_names_devices_and_ends_one_of_them(running: RunningSite) -> None:  # noqa: F811
    mine = await signed_in(running, CHROME)
    strange = await signed_in(running, "curl/8.5.0")
    await mine.get(PAGE)
    (own, _), (other, id) = devices(mine)
    assert own == "Chrome di Android · perangkat ini"
    assert other == "Perangkat yang tidak kami kenali"
    assert "5 September 2026" in mine.text
    assert await mine.post(PAGE, sesi=id, akhiri="ini") == PAGE
    assert not await is_in(strange)
    assert await is_in(mine)


@pytest.mark.parametrize("which", ["lain", "semua"])
async def test_a_stolen_cookie_is_dead_in_every_process_at_once(
    running: RunningSite,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
    which: str,
) -> None:
    other_process = RunningSite(running.line, monkeypatch)
    stolen, mine = await signed_in(running), await signed_in(running)
    thief, elsewhere = copy_of(stolen), copy_of(stolen)
    elsewhere.site = other_process.site
    assert await is_in(thief)
    assert await is_in(elsewhere)
    await mine.get(PAGE)
    await mine.post(PAGE, akhiri=which)
    assert not await is_in(thief)
    assert not await is_in(elsewhere)
    assert await is_in(mine) == (which == "lain")
    assert (mine.cookies["masuk"] == "") == (which == "semua")
    await asks(thief)
    asked_as = await running.line.database.owner.fetchval(
        "SELECT asker FROM customers.code ORDER BY id DESC LIMIT 1"
    )
    assert asked_as == "stranger", "nor is that browser known any more"


async def test_a_new_sign_in_of_a_browser_ends_its_old_session(running: RunningSite) -> None:  # noqa: F811
    mine = await signed_in(running)
    thief = copy_of(mine)
    await mine.get("/saya")
    await mine.post("/saya/masuk", kontak=BOB)
    assert await types(mine, await newest_code(running, BOB)) == "/saya"
    assert not await is_in(thief), "whoever signs in"
    assert await running.line.database.owner.fetchval("SELECT count(*) FROM customers.session") == 1


async def test_sign_out_ends_every_copy(running: RunningSite) -> None:  # noqa: F811
    mine = await signed_in(running)
    thief = copy_of(mine)
    await mine.get("/saya")
    await mine.post("/saya/keluar")
    assert not await is_in(thief)


async def test_a_session_ends_after_two_days_without_use(running: RunningSite) -> None:  # noqa: F811
    used, idle = await signed_in(running), await signed_in(running)
    for _ in range(6):
        running.line.now += timedelta(hours=25)
        assert await is_in(used)
    assert not await is_in(idle)
    await used.get(PAGE)
    assert "Sudah keluar sendiri" in used.text
    running.line.now += timedelta(hours=25)
    assert not await is_in(used), "seven days are the end in any case"


async def test_reading_pages_writes_once_an_hour(running: RunningSite) -> None:  # noqa: F811
    mine = await signed_in(running)

    async def row() -> Any:
        return await running.line.database.owner.fetchrow("SELECT xmin, used_at FROM customers.session")

    before = await row()
    for _ in range(3):
        running.line.now += NOTED_EVERY / 4
        await is_in(mine)
    assert await row() == before
    running.line.now += NOTED_EVERY / 2
    await is_in(mine)
    assert (await row())["used_at"] == running.line.now


async def test_nobody_ends_somebody_elses_session(running: RunningSite) -> None:  # noqa: F811
    mine, bob = await signed_in(running), await sign_in(running, BOB)
    await bob.get(PAGE)
    ((_, id),) = devices(bob)
    await mine.get(PAGE)
    await mine.post(PAGE, sesi=id, akhiri="ini")
    await mine.post(PAGE, akhiri="semua")
    assert await is_in(bob)
    assert not await is_in(mine)
    await mine.post(PAGE, akhiri="semua")
    assert mine.status == 403, "a stranger is asked to sign in"
