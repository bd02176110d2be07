"""After a restore of the database: notes in the register what it has lost."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

import msgspec

from meterai.kit.audit_trail import write_audit
from meterai.kit.database import Database
from meterai.stamping.keys.signing_keys import state_of
from meterai.stamping.signer.key_files import unregistered_keys
from meterai.stamping.signer_wire import UnregisteredKey
from meterai.stamping.store import keys

CLOCKS_APART = timedelta(minutes=5)
"""Largest difference between our clock and the time-stamp authority's."""


class NotedRestore(msgspec.Struct, frozen=True, kw_only=True):
    """What the register now says about the loss."""

    lost_from: datetime
    lost_until: datetime
    forgotten: dict[str, int]
    """Key id -> uses in its counter that the register did not have. Unknown for other keys."""
    counters: dict[str, int]
    """Key id -> the number to set its counter to, where the counter has less than the register."""
    unregistered: list[UnregisteredKey] = []
    """Keys with a counter or a mark that the register lacks: they were added since."""
    unretired: dict[str, tuple[str, datetime | None]] = {}
    """Key id -> its state in the register, and when it was retired by its mark: the register forgot that."""


async def note_restore(
    db: Database,
    counters: Mapping[str, int],
    marks: Mapping[str, datetime | None],
    *,
    actor: str,
    now: datetime,
) -> NotedRestore:
    """Notes the gap and the forgotten uses. The signer must not run. Repeating it only adds a longer gap.

    `counters`, `marks`: the newest available ones of the keys (`signer/key_files.py`). A forgotten retirement
    is only told: the signer obeys the mark, and officers repeat the act.
    """
    async with db.transaction() as tx:
        register = await keys.lock_keys(tx)
        known = await keys.count_uses(tx)
        since = await keys.last_known(tx) or now
        noted = NotedRestore(
            lost_from=since - CLOCKS_APART,
            lost_until=now + CLOCKS_APART,
            forgotten={key: n - known.get(key, 0) for key, n in counters.items() if n > known.get(key, 0)},
            counters={key: n for key, n in known.items() if n > counters.get(key, 0)},
            unregistered=unregistered_keys(register, counters, marks),
            unretired={
                key.key_id: (state_of(key, register, now), marks[key.key_id])
                for key in register
                if key.key_id in marks and key.retired_at is None
            },
        )
        await keys.insert_gap(tx, noted.lost_from, noted.lost_until)
        for key, uses in noted.forgotten.items():
            await keys.insert_forgotten_uses(tx, key, uses, now)
        facts = {
            "lost_from": noted.lost_from.isoformat(),
            "lost_until": noted.lost_until.isoformat(),
            **{f"forgotten uses of {key}": uses for key, uses in noted.forgotten.items()},
            **{f"forgotten key {key.key_id}": _told(key.retired) for key in noted.unregistered},
            **{f"forgotten retirement of {key}": state for key, (state, _) in noted.unretired.items()},
        }
        await write_audit(
            tx, actor=actor, action="register.restore", subject="register", facts=facts, now=now
        )
    return noted


def _told(retired: bool) -> str:
    return "retired" if retired else "not retired"
