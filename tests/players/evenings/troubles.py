"""What goes wrong on an evening. Each trouble starts itself, plans its end, and returns how long it lasts."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import msgspec

from meterai.kit.database import Database
from meterai.waiting_room.files.published_documents import Announcement
from meterai.waiting_room.use_cases import steer_queue
from meterai.waiting_room.use_cases.rewind_queues import rewind_queues
from tests.players.evenings.controllers import dies_at
from tests.players.evenings.evening import Evening

Trouble = Callable[[Evening], Awaitable[int]]
_RINA = "rina"


async def site_silent(evening: Evening) -> int:
    """No process of the site answers or reports."""
    evening.site.is_away = True

    async def back() -> None:
        evening.site.is_away = False

    return _until(evening, 4, 40, back)


async def site_slow(evening: Evening) -> int:
    """Everything takes long."""
    evening.site.p95_ms = evening.chance.uniform(700, 4_000)

    async def quick() -> None:
        evening.site.p95_ms = 50.0

    return _until(evening, 10, 40, quick)


async def database_away(evening: Evening) -> int:
    """Nobody reaches the database. Joins go on."""
    evening.lose_database()
    return _until(evening, 2, 45, evening.find_database)


async def controller_killed(evening: Evening) -> int:
    """Nobody leads for a while. People who are called go on entering."""
    evening.controllers.end()
    return _until(evening, 2, 60, evening.take_over)


async def controller_restarted(evening: Evening) -> int:
    """A release: another one leads within a second or two."""
    evening.controllers.end()
    return _until(evening, 1, 2, evening.take_over)


async def controller_dies_in_a_step(evening: Evening) -> int:
    """It dies between storing and publishing."""
    point = evening.chance.choice(("queue_decided", "queue_closed", "queue_logged"))
    await evening.controllers.take_over(dies_at(point, after=evening.chance.randint(0, 3)))
    return _until(evening, 8, 25, evening.take_over)


async def controller_returns(evening: Evening) -> int:
    """It slept, another one leads, and it wakes up too late."""

    async def wake() -> None:
        await evening.take_over()
        await evening.controllers.wake_former(evening.clocks.of("controller"))

    evening.controllers.end()
    return _until(evening, 4, 20, wake)


async def clock_ahead(evening: Evening) -> int:
    """All clocks are ahead together, and are set right."""
    return await _clock_wrong(evening, evening.chance.uniform(3, 90))


async def clock_behind(evening: Evening) -> int:
    """All clocks are late together, and are set right.

    With a beacon the audit rightly says that its rounds were known before such a list was closed.
    """
    if evening.has_beacon:
        return 0
    return await _clock_wrong(evening, -evening.chance.uniform(3, 30))


async def gate_dies(evening: Evening) -> int:
    """A gate dies, with tickets that its disk never had."""
    if len(evening.gates) < 2:
        return 0
    number = evening.chance.choice(list(evening.gates))
    gate = evening.gates.pop(number)
    if evening.chance.random() < 0.3:
        gate.lose_disk()
    else:
        gate.die(lost=evening.chance.randint(0, 3))

    async def back() -> None:
        evening.start_gate(number)

    return _until(evening, 3, 50, back)


async def cannot_buy(evening: Evening) -> int:
    """The gateway opens no charge."""
    evening.site.can_buy = False

    async def back() -> None:
        evening.site.can_buy = True

    return _until(evening, 8, 30, back)


async def out_of_stock(evening: Evening) -> int:
    """The stamps are sold out, and more arrive."""
    evening.site.stock = evening.chance.choice((0, 0, 10))

    async def back() -> None:
        evening.site.stock = 1_000_000

    return _until(evening, 8, 30, back)


async def beacon_away(evening: Evening) -> int:
    """No round of the beacon is known, so nothing is drawn."""
    evening.beacon.is_away = True

    async def back() -> None:
        evening.beacon.is_away = False

    return _until(evening, 5, 40, back)


async def halted(evening: Evening) -> int:
    """An operator halts the queue, and resumes it."""
    await steer_queue.halt_queue(*_where(evening), reason="api", actor=_RINA, now=evening.site.now)

    async def resume() -> None:
        await steer_queue.resume_queue(*_where(evening), reason="padam", actor=_RINA, now=evening.site.now)

    return _until(evening, 3, 40, resume)


async def capped(evening: Evening) -> int:
    """An operator lowers the cap, and lifts it."""
    people = evening.chance.choice((0, 30, 90))
    await steer_queue.cap_rate(*_where(evening), people, reason="bank", actor=_RINA, now=evening.site.now)

    async def lift() -> None:
        await steer_queue.cap_rate(*_where(evening), None, reason="bank", actor=_RINA, now=evening.site.now)

    return _until(evening, 8, 40, lift)


async def expected(evening: Evening) -> int:
    """An operator states what the site bears, and says hello."""
    rate = evening.chance.randint(60, evening.policy.rate_cap)
    now = evening.site.now
    await steer_queue.expect_rate(*_where(evening), rate, reason="uji", actor=_RINA, now=now)
    note = Announcement(id="Halo", en="Hello")
    await steer_queue.announce(*_where(evening), note, actor=_RINA, now=now)
    return 5


async def switched_off(evening: Evening) -> int:
    """An operator lets everybody enter, and makes people wait again."""
    switch = steer_queue.switch_queue
    await switch(*_where(evening), is_on=False, reason="sepi", actor=_RINA, now=evening.site.now)

    async def on() -> None:
        always = evening.chance.random() < 0.5
        await switch(
            *_where(evening), is_on=True, always=always, reason="ramai", actor=_RINA, now=evening.site.now
        )

    return _until(evening, 3, 30, on)


async def new_rules(evening: Evening) -> int:
    """The events file has another policy, or a later closing."""
    policy = msgspec.structs.replace(
        evening.policy, rate_cap=evening.chance.randint(evening.policy.rate_floor, 1_200)
    )
    later = evening.chance.choice((0, 60))
    schedule = msgspec.structs.replace(evening.schedule, closes_at=evening.schedule.closes_at + later)
    await evening.set_rules(schedule, policy)
    return 5


async def lull(evening: Evening) -> int:
    """Nobody comes, so the line may end."""
    before, evening.flow = evening.flow, 0.0

    async def rush() -> None:
        evening.flow = max(before, 1.0)

    return _until(evening, 30, 90, rush)


async def restored(evening: Evening) -> int:
    """Rows, or rows and files, come back from a copy. Meanwhile nothing runs.

    Files alone that come from a copy lack lists, which an audit says (docs/backup.md).
    """
    with_files = evening.chance.random() < 0.4
    evening.controllers.end()
    for gate in evening.gates.values():
        gate.close()
    numbers, evening.gates = list(evening.gates), {}
    evening.site.is_away = True
    await evening.seconds(evening.chance.randint(5, 30))
    await evening.copies.put_rows_back()
    evening.heads.clear()
    evening.statuses.clear()
    if with_files:
        evening.copies.put_files_back()
    await rewind_queues(evening.database.app, evening.folder.path.parent, actor=_RINA, now=evening.site.now)
    await evening.forget_what_is_gone()
    for number in numbers:
        evening.start_gate(number)
    evening.site.is_away = False
    await evening.take_over()
    return 10


LIGHT: tuple[Trouble, ...] = (site_slow, gate_dies, expected, new_rules, capped, cannot_buy, beacon_away)
"""Troubles that come on top of others."""
TROUBLES: tuple[Trouble, ...] = (
    site_silent,
    database_away,
    controller_killed,
    controller_restarted,
    controller_dies_in_a_step,
    controller_returns,
    clock_ahead,
    clock_behind,
    out_of_stock,
    halted,
    switched_off,
    lull,
    restored,
    *LIGHT,
)


def _until(evening: Evening, least: int, most: int, end: Callable[[], Awaitable[object]]) -> int:
    seconds = evening.chance.randint(least, most)
    evening.later(seconds, end)
    return seconds


def _where(evening: Evening) -> tuple[Database, str]:
    return evening.database.app, evening.folder.slug


async def _clock_wrong(evening: Evening, ahead_s: float) -> int:
    evening.clocks.all_ahead = ahead_s
    await evening.take_over()

    async def set_right() -> None:
        evening.clocks.all_ahead = 0.0
        await evening.take_over()

    return _until(evening, 4, 40, set_right)
