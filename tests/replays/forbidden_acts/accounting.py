"""Closed days and their statements."""

from __future__ import annotations

from tests.replays.forbidden_acts.act import Act

_EMPTY = "'\\x'::bytea"

ACTS = [
    Act("close a day", "SELECT ledger.close_day('2020-01-01', now())", may=["closer"]),
    Act("close a day by hand", "INSERT INTO ledger.closed_day VALUES ('2020-01-01', now())"),
    Act("open a closed day", "DELETE FROM ledger.closed_day"),
    Act(
        "store a statement",
        f"SELECT accounting.store_statement('2020-01-01', '{{}}'::bytea, {_EMPTY}, 'k', 'p', now())",
        may=["closer"],
    ),
    Act(
        "write a statement by hand",
        f"INSERT INTO accounting.day_statement VALUES ('2020-01-01', {_EMPTY}, {_EMPTY}, 'k', now())",
    ),
    Act("change a statement", "UPDATE accounting.day_statement SET key_id = key_id"),
    Act("exchange the key of statements", "UPDATE accounting.statement_key SET public_key = 'p'"),
]
