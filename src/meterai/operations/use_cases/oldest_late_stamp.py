"""Finds the stamp that somebody waits for longest, paid or from quota."""

from __future__ import annotations

from datetime import datetime

from meterai.kit.database import Connection
from meterai.sales.queries.progress import oldest_order_being_stamped
from meterai.stamping.queries import documents_without_file, oldest_held_up


async def oldest_late_stamp(conn: Connection) -> datetime | None:
    """When the oldest unfinished order was paid or the oldest held-up document accepted. None: nobody waits.

    A document is held up when its last attempt failed; a large bundle takes minutes even without trouble.
    Documents whose files are gone do not count.
    """
    lost = await documents_without_file(conn)
    since = (await oldest_order_being_stamped(conn, but_for=lost), await oldest_held_up(conn, but_for=lost))
    return min((moment for moment in since if moment is not None), default=None)
