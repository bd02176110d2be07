"""I8: no signature without an earlier intent, and the key's own counter agrees with the counted attempts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from meterai.kit.database import Connection
from meterai.operations.invariants.model import Findings, SqlInvariant

_UNDER_WAY_SECONDS = 60
"""An attempt is counted before the key is used. After this long it has been, or the signer was restarted."""

# Clocks may differ, so times do not prove that the intent came first. The attempt's foreign key does.
I8 = SqlInvariant(
    id="I8",
    title="No signature without an earlier intent; the key's counter = counted attempts",
    population="stamping.sign_attempt",
    parts=(
        """
        SELECT a.serial AS subject, format('attempt %s to sign without an intent', a.id) AS fact
        FROM stamping.sign_attempt a LEFT JOIN stamping.intent i ON i.serial = a.serial
        WHERE i.serial IS NULL
        """,
        """
        SELECT s.serial AS subject,
            format('%s %s', s.state, CASE WHEN i.serial IS NULL THEN 'without an intent'
                                     ELSE 'without a counted attempt to sign' END) AS fact
        FROM stamping.serial s LEFT JOIN stamping.intent i ON i.serial = s.serial
        WHERE s.state IN ('sealed', 'released') AND (i.serial IS NULL OR NOT EXISTS (
            SELECT FROM stamping.sign_attempt a WHERE a.serial = s.serial AND a.abandoned_at IS NULL))
        """,
    ),
)


async def compare_counters(
    conn: Connection, counters: Mapping[str, int], findings: Findings, now: datetime
) -> None:
    """Compares counters, read before this call, with the attempts counted, but for those under way."""
    rows = await conn.fetch(
        """SELECT key_id, sum(counted) AS counted, sum(settled) AS settled FROM (
               SELECT key_id, count(*) AS counted, count(*) FILTER (WHERE attempted_at < $1) AS settled
               FROM stamping.sign_attempt WHERE abandoned_at IS NULL GROUP BY key_id
               UNION ALL SELECT key_id, uses, uses FROM stamping.forgotten_use
           ) known GROUP BY key_id""",
        now - timedelta(seconds=_UNDER_WAY_SECONDS),
    )
    counted = {row["key_id"]: (row["settled"], row["counted"]) for row in rows}
    for key_id in counted.keys() | counters.keys():
        settled, all_counted = counted.get(key_id, (0, 0))
        used = counters.get(key_id)
        if used is None:
            findings.add(f"key {key_id}: its counter is missing, {all_counted} attempts were counted")
        elif not settled <= used <= all_counted:
            findings.add(f"key {key_id}: its counter says {used} uses, {all_counted} attempts were counted")
