"""Since when somebody waits for a stamp, whether it was paid for or is taken from quota."""

from __future__ import annotations

from datetime import datetime

from meterai.kit.database import Connection
from meterai.sales.queries.progress import oldest_order_being_stamped
from meterai.stamping.queries import documents_without_file, oldest_held_up


async def oldest_late_stamp(conn: Connection) -> datetime | None:
    """Since when the oldest order is paid, or the oldest document accepted whose last attempt did not finish:
    a bundle of thousands takes minutes while all is well. Not for files that are gone. None: nobody waits."""
    lost = await documents_without_file(conn)
    since = (await oldest_order_being_stamped(conn, but_for=lost), await oldest_held_up(conn, but_for=lost))
    return min((moment for moment in since if moment is not None), default=None)
