"""I8: no signature without an earlier intent or requested hash.

The key's own counter agrees with the counted attempts.
"""

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
        SELECT coalesce(a.serial, a.hash_request_id::text) AS subject,
            format('attempt %s to sign without an intent or a requested hash', a.id) AS fact
        FROM stamping.sign_attempt a LEFT JOIN stamping.intent i ON i.serial = a.serial
        LEFT JOIN stamping.hash_request r ON r.id = a.hash_request_id
        WHERE i.serial IS NULL AND r.id IS NULL
        """,
        """
        SELECT s.serial AS subject,
            format('%s %s', s.state, CASE WHEN i.serial IS NULL THEN 'without an intent'
                                     ELSE 'without a counted attempt to sign' END) AS fact
        FROM stamping.serial s LEFT JOIN stamping.intent i ON i.serial = s.serial
        WHERE s.state IN ('sealed', 'released') AND (i.serial IS NULL OR NOT EXISTS (
            SELECT FROM stamping.sign_attempt a WHERE a.serial = s.serial AND a.abandoned_at IS NULL))
        """,
        # A hash was signed with the key of a counted attempt.
        """
        SELECT h.request_id::text AS subject,
            format('a hash signed with key %s, which no counted attempt used', h.key_id) AS fact
        FROM stamping.hash_signature h WHERE NOT EXISTS (SELECT FROM stamping.sign_attempt a
            WHERE a.hash_request_id = h.request_id AND a.key_id = h.key_id AND a.abandoned_at IS NULL)
        """,
        # Keys for hashes sign hashes alone, and nothing else signs them.
        """
        SELECT a.key_id AS subject, format('a key for %ss, attempt %s was for %s', k.purpose, a.id,
            coalesce(a.serial, a.hash_request_id::text)) AS fact
        FROM stamping.sign_attempt a JOIN stamping.signing_key k ON k.key_id = a.key_id
        WHERE (k.purpose = 'hash') <> (a.hash_request_id IS NOT NULL)
        """,
    ),
)


async def compare_counters(
    conn: Connection, counters: Mapping[str, int], *, signer: str, findings: Findings, now: datetime
) -> None:
    """Compares counters, read before this call, with the attempts counted, but for those under way.

    `signer`: the name of the signer that has them. The keys of others have their counters at other hosts.
    """
    rows = await conn.fetch(
        """SELECT key_id, sum(counted) AS counted, sum(settled) AS settled FROM (
               SELECT key_id, count(*) AS counted, count(*) FILTER (WHERE attempted_at < $1) AS settled
               FROM stamping.sign_attempt WHERE abandoned_at IS NULL GROUP BY key_id
               UNION ALL SELECT key_id, uses, uses FROM stamping.forgotten_use
           ) known
           WHERE NOT EXISTS (
               SELECT FROM stamping.signing_key k WHERE k.key_id = known.key_id AND k.signer <> $2)
           GROUP BY key_id""",
        now - timedelta(seconds=_UNDER_WAY_SECONDS),
        signer,
    )
    counted = {row["key_id"]: (row["settled"], row["counted"]) for row in rows}
    for key_id in counted.keys() | counters.keys():
        settled, all_counted = counted.get(key_id, (0, 0))
        used = counters.get(key_id)
        if used is None:
            findings.add(f"key {key_id}: its counter is missing, {all_counted} attempts were counted")
        elif not settled <= used <= all_counted:
            findings.add(f"key {key_id}: its counter says {used} uses, {all_counted} attempts were counted")
