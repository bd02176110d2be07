"""After the database was restored from a copy: says in the register what the register has lost."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

import msgspec

from meterai.kit.audit_trail import write_audit
from meterai.kit.database import Database
from meterai.stamping.store import keys

CLOCKS_APART = timedelta(minutes=5)
"""By so much the clock of the time-stamp authority may differ from ours."""


class NotedRestore(msgspec.Struct, frozen=True, kw_only=True):
    """What the register says of itself now."""

    lost_from: datetime
    lost_until: datetime
    forgotten: dict[str, int]
    """Key id -> uses that its counter tells of and the register did not. For other keys none is known of."""
    counters: dict[str, int]
    """Key id -> what its counter must say, where it says less: the register knows better."""


async def note_restore(
    db: Database, counters: Mapping[str, int], *, actor: str, now: datetime
) -> NotedRestore:
    """Notes the gap and the forgotten uses. The signer must not run. Repeating it adds a longer gap only.

    `counters`: what the keys' counters say (`read_counters`), the newest that are left of each.
    """
    async with db.transaction() as tx:
        await keys.lock_keys(tx)
        known = await keys.count_uses(tx)
        since = await keys.last_known(tx) or now
        noted = NotedRestore(
            lost_from=since - CLOCKS_APART,
            lost_until=now + CLOCKS_APART,
            forgotten={key: n - known.get(key, 0) for key, n in counters.items() if n > known.get(key, 0)},
            counters={key: n for key, n in known.items() if n > counters.get(key, 0)},
        )
        await keys.insert_gap(tx, noted.lost_from, noted.lost_until)
        for key, uses in noted.forgotten.items():
            await keys.insert_forgotten_uses(tx, key, uses, now)
        facts = {
            "lost_from": noted.lost_from.isoformat(),
            "lost_until": noted.lost_until.isoformat(),
            **{f"forgotten uses of {key}": uses for key, uses in noted.forgotten.items()},
        }
        await write_audit(
            tx, actor=actor, action="register.restore", subject="register", facts=facts, now=now
        )
    return noted
