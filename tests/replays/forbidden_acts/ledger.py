"""The books: accounts and transfers."""

from __future__ import annotations

from tests.replays.forbidden_acts.act import Act

_NEW = "gen_random_uuid()"
_NONE = "ARRAY[]::uuid[]"
_LINE = f"ROW({_NEW}, 'single', NULL, 'sale', {_NEW}, {_NEW}, 1, {_NEW}, {_NEW}, NULL)::ledger.line"

ACTS = [
    Act(
        "post transfers of one's choice",
        f"""SELECT ledger.post_transfers({_NONE}, ARRAY[]::text[], {_NONE}, {_NONE}, {_NONE},
            ARRAY[]::bigint[], ARRAY[]::text[], {_NONE}, {_NONE}, ARRAY[]::timestamptz[], now())""",
    ),
    Act("post lines of one's choice", f"SELECT ledger.post_lines(ARRAY[{_LINE}], now())"),
    Act(
        "open an account of one's choice",
        f"""SELECT ledger.open_accounts({_NONE}, ARRAY[]::text[], ARRAY[]::text[], {_NONE}, {_NONE},
            ARRAY[]::text[], now())""",
    ),
    Act("open the books of an installation", "SELECT ledger.open_books(now())", may=["operator"]),
    Act(
        "write a transfer",
        f"""INSERT INTO ledger.transfer (id, kind, debit_account_id, credit_account_id, unit, amount, code,
                reference_id, organisation_id, created_at, posted_at, business_date)
            VALUES ({_NEW}, 'single', {_NEW}, {_NEW}, 'STAMP', 1, 'sale', {_NEW}, {_NEW}, now(), now(),
                now())""",
    ),
    Act("change a transfer", "UPDATE ledger.transfer SET amount = 1"),
    Act("delete a transfer", "DELETE FROM ledger.transfer"),
    Act("fill an account", "UPDATE ledger.account SET credits_posted = credits_posted + 1"),
    Act("give a lot to another person", f"UPDATE ledger.account SET customer_id = {_NEW}"),
    Act(
        "issue stock",
        f"SELECT sales.issue_stock({_NEW}, 1000, now())",
    ),
]
