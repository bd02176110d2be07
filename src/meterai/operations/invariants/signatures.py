"""I8: no signature without an earlier intent, and the key's own counter agrees with the counted attempts."""

# ruff: noqa: S608 (our own queries)

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path

from meterai.kit.database import Connection
from meterai.operations.invariants.fingerprint import Balance, Screen, Sum, hash_of
from meterai.operations.invariants.model import Findings, SqlInvariant
from meterai.operations.invariants.sources import OTHER_SERIALS, OTHERS_FOUND, SERIAL

_UNDER_WAY_SECONDS = 60
"""An attempt is counted before the key is used. After this long it has been, or the signer was restarted."""

_SIGNED = Sum(SERIAL, hash_of(texts=("serial",)), "state IN ('sealed', 'released')")
_ATTEMPTS = "stamping.sign_attempt"
# What is not sealed yet, or never will be, is looked up; so is what was signed again.
_OTHERS = f"""(SELECT s.serial, i.serial IS NOT NULL AS intended,
        EXISTS (SELECT FROM stamping.sign_attempt a WHERE a.serial = s.serial) AS tried,
        EXISTS (SELECT FROM stamping.sign_attempt a
                WHERE a.serial = s.serial AND a.abandoned_at IS NULL) AS used
    FROM {OTHER_SERIALS} LEFT JOIN stamping.intent i ON i.serial = s.serial
    WHERE s.state <> 'sealed') others"""
_AGAIN = """(SELECT serial, row_number() OVER (PARTITION BY serial) AS nth,
        CASE WHEN abandoned_at IS NULL
            THEN row_number() OVER (PARTITION BY serial, abandoned_at IS NULL) END AS nth_used
    FROM (SELECT serial FROM stamping.sign_attempt GROUP BY serial HAVING count(*) > 1) more
    JOIN stamping.sign_attempt USING (serial)) again"""


def _of(source: str, where: str = "") -> Sum:
    return Sum(source, hash_of(texts=("serial",)), where)


_INTENTS = _of("stamping.intent")
# Intents are those of the sealed and of some others. Serials with an attempt are all that have an intent, but
# for some others; serials with one that was not abandoned are the sealed and some others.
_INTENDED_BEFORE = Balance((_INTENTS,), (_SIGNED, _of(_OTHERS, "intended")))
_TRIED_AS_INTENDED = Balance(
    (_of(_ATTEMPTS), _of(_OTHERS, "intended AND NOT tried")), (_INTENTS, _of(_AGAIN, "nth > 1"))
)
_SIGNED_AS_TRIED = Balance(
    (_of(_ATTEMPTS, "abandoned_at IS NULL"),),
    (_SIGNED, _of(_OTHERS, "used"), _of(_AGAIN, "nth_used > 1")),
)

# That the intent came first is not read from the clocks, which may differ: the attempt's foreign key says it.
I8 = SqlInvariant(
    id="I8",
    title="No signature without an earlier intent; the key's counter = counted attempts",
    population=Sum(_ATTEMPTS),
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
    screens={
        0: Screen(balances=(_INTENDED_BEFORE, _TRIED_AS_INTENDED, *OTHERS_FOUND)),
        1: Screen(balances=(_INTENDED_BEFORE, _SIGNED_AS_TRIED, *OTHERS_FOUND)),
    },
)


def read_counters(folder: Path) -> dict[str, int]:
    """What software keys say of their own use: key id -> uses, from `KEY_ID.count` files of 20 digits.

    Raises: OSError, ValueError when one can't be read.
    """
    return {path.stem: int(path.read_text()) for path in folder.glob("*.count")}


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
