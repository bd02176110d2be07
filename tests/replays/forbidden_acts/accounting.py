"""What gateways and the bank say."""

from __future__ import annotations

from tests.replays.forbidden_acts.act import Act

_NEW = "gen_random_uuid()"
_EMPTY = "ARRAY[]::text[], ARRAY[]::text[], ARRAY[]::bigint[], ARRAY[]::bigint[]"

ACTS = [
    Act("ask for the close of a day", "SELECT accounting.ask_to_close(now())", may=["console"]),
    Act("ask in the name of an officer", "INSERT INTO accounting.closing_asked (asked_at) VALUES (now())"),
    Act(
        "take in a settlement report",
        f"SELECT accounting.take_report('fake', '2026-01-01', sha256('x'), 'PO-123', 1, {_EMPTY}, now())",
        may=["worker", "operator"],
    ),
    Act(
        "take in a bank statement",
        """SELECT accounting.take_statement('1', sha256('x'), '2026-01-01', '2026-01-01', NULL, NULL,
            ARRAY[]::date[], ARRAY[]::bigint[], ARRAY[]::text[], now())""",
        may=["worker", "operator"],
    ),
    Act(
        "explain a line of the bank",
        f"SELECT accounting.explain_line({_NEW}, 'other', NULL, now())",
        may=["operator", "console"],
        refused_as=["SL003"],
    ),
    Act("compare again", "SELECT accounting.compare_again(ARRAY[]::text[], now())", may=["worker"]),
    Act("resolve a difference", "UPDATE accounting.difference SET resolved_at = now()"),
    Act("hide a difference", "DELETE FROM accounting.difference"),
    Act("change what a gateway reported", "UPDATE accounting.settlement_report SET payout = 1"),
    Act("change what the bank said", "UPDATE accounting.bank_line SET amount = 1"),
    Act(
        "explain a line by the function behind",
        "SELECT accounting.explain(l, 'other', NULL, now()) FROM accounting.bank_line l",
    ),
]
