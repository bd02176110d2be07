"""Released files are raised to B-LT or B-LTA, and renewed before their proof ends."""

from __future__ import annotations

import pytest
from tests.archive.future import Future

from meterai.stamping.archive.level import Level
from meterai.verification.model import Verdict

pytestmark = pytest.mark.storage


@pytest.mark.parametrize("level", [Level.LT, Level.LTA])
async def test_a_released_file_is_raised_to_the_wanted_level(future: Future, level: Level) -> None:
    job = await future.stamped()
    await future.make_due()
    assert await future.look_after(future.tools(level)) == 1, (await future.book())["trouble_code"]
    first, second = await future.versions(job.document_id)
    assert second.startswith(first), "nothing that was released changes"
    assert b"/DSS" in second[len(first) :]
    assert (b"/DocTimeStamp" in second[len(first) :]) is (level is Level.LTA)
    assert future.judge(second).verdict is Verdict.GENUINE
    book = await future.book()
    assert (book["level"], book["attempts"], book["pending_object"]) == (level, 0, None)
    await future.make_due()
    assert await future.look_after(future.tools(level)) == 1
    assert len(await future.versions(job.document_id)) == 2, "what is well is left alone"
    await future.house.assert_sound()
