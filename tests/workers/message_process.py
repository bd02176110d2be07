"""A worker that sends messages only, one turn of each lane: `python -m tests.workers.message_process`.

The real one (`meterai.processes.worker`) needs the whole service; this one is killed by the tests. Its
settings come from the environment: TEST_DATABASE, TEST_SMTP, TEST_WHATSAPP, TEST_NOW and METERAI_FAIL_POINT.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from datetime import datetime
from types import SimpleNamespace
from typing import Any, cast

from meterai.background.queue_messages import tell_of_news
from meterai.background.topics import send_messages
from meterai.kit import fail_points
from meterai.kit.database import connect
from meterai.kit.messages import TOPICS, Messenger
from meterai.kit.settings import Settings
from meterai.kit.smtp_sender import SmtpSender
from meterai.kit.whatsapp_sender import WhatsAppSender


async def take_a_turn(variables: Mapping[str, str]) -> None:
    """Sends what is due, as the worker's loops do."""
    messenger = Messenger(
        email=SmtpSender(variables["TEST_SMTP"], sender="Meterai <meterai@example.id>"),
        phone=WhatsAppSender(variables["TEST_WHATSAPP"], token="secret"),
    )
    messenger.fail_point = fail_points.from_environment(variables, development=True)
    db = await connect(variables["TEST_DATABASE"], connections_max=2)
    now = datetime.fromisoformat(variables["TEST_NOW"])
    settings = Settings()
    app = SimpleNamespace(
        db=db,
        messenger=messenger,
        clock=lambda: now,
        settings=settings,
        secret=b"s" * 32,
        public_url="http://situs",
    )
    worker = cast("Any", app)
    for topic in TOPICS:
        await send_messages(worker, topic)
    while await tell_of_news(worker):
        pass
    await messenger.close()
    await db.close()


if __name__ == "__main__":
    asyncio.run(take_a_turn(os.environ))
