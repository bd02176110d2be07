"""docs/on-duty.md: new secrets, the emergency stop, and another release."""

from __future__ import annotations

import json
import re
import time
from typing import Final

from tests.operator_day import first_start, front, keys
from tests.operator_day.day import Day
from tests.operator_day.pages import DOCS
from tests.operator_day.people import SECONDS_OF_PATIENCE

_PAGE: Final = "on-duty.md"
_SEEN_STOPPED: Final = 10


def rotate_secrets(day: Day) -> None:
    """Each secret that has a command gets a successor; people go on buying."""
    commands = re.findall(r"\| `(meterai secrets rotate [a-z-]+)`", (DOCS / _PAGE).read_text())
    assert len(commands) >= 3, commands
    for command in commands:
        day.root.run(command)
    front.buy(day, "after-rotation")
    said = front.site_says(day, day.folder / "after-rotation.pdf")
    assert "confirmed" in said, said


def stop_and_resume(day: Day) -> None:
    """The stop switch: a paid order waits, the alarm rings; two officers resume, and the order ends."""
    block = day.page("keys.md").block("$ meterai stop-signing").text
    stop, _, resume = block.partition("$ meterai resume-signing")
    keys.walk(day.officer, stop)
    out = day.folder / "during-the-stop.pdf"
    customer = day.world.begin_person(front.LETTER, out, seconds=SECONDS_OF_PATIENCE)
    first_start.until(day, _RINGS, "the alarm SigningStopped does not ring")
    time.sleep(_SEEN_STOPPED)
    assert customer.poll() is None, customer.communicate()[0]
    keys.walk(day.officer, "$ meterai resume-signing" + resume)
    printed, _ = customer.communicate(timeout=SECONDS_OF_PATIENCE)
    assert json.loads(printed.splitlines()[-1])["verdict"] == "ASLI", printed


_RINGS: Final = (
    'curl --silent http://127.0.0.1:9090/api/v1/alerts | grep SigningStopped | grep \'"state":"firing"\''
)
