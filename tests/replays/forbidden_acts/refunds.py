"""Money that goes back: who asks for it, to which account, and when it is paid."""

from __future__ import annotations

from tests.replays.forbidden_acts.act import Act

_NEW = "gen_random_uuid()"
_ACCOUNT = "'bca', '9876543210', 'Mallory'"
_NO_PROOF = ["CU001"]  # nobody typed a fresh code

ACTS = [
    Act(
        "ask money back without a code",
        f"SELECT sales.ask_refund({_NEW}, 1, 0, {_ACCOUNT}, {_NEW}, '0', now())",
        refused_as=_NO_PROOF,
    ),
    Act(
        "name an account without a code",
        f"SELECT sales.name_refund_account({_NEW}, {_ACCOUNT}, {_NEW}, '0', now())",
        refused_as=_NO_PROOF,
    ),
    Act("give stamps back by hand", f"SELECT sales.give_back({_NEW}, 1, 0, {_ACCOUNT}, now())"),
    Act(
        "give stamps back without two officers",
        f"SELECT operations.give_refund({_NEW}, '{{}}', now())",
        may=["operator", "console"],
    ),
    Act(
        "look at what an order's stamps are worth",
        "SELECT sales.item_in_hand('x', 1)",
        may=["operator", "console"],
    ),
    Act(
        "use up a proof",
        f"SELECT customers.use_proof({_NEW}, {_NEW}, 'order_act', 'x', now())",
    ),
    Act(
        "write an account",
        "UPDATE sales.refund SET bank = 'bca', account_number = '9876543210', account_holder = 'Mallory'",
    ),
    Act("skip the wait", "UPDATE sales.refund SET pays_from = now(), named_at = now()"),
    Act("release a refund by hand", "UPDATE sales.refund SET needs_release = false, released_at = now()"),
    Act(
        "judge payouts by other limits",
        "SELECT sales.judge_payouts(9223372036854775807, '0', now())",
        may=["worker"],
    ),
    Act(
        "write a refund",
        f"""INSERT INTO sales.refund (id, order_id, payment_id, quantity, amount, reason, channel, state,
                created_at)
            VALUES ({_NEW}, {_NEW}, {_NEW}, 0, 1, 'late', 'payout', 'payable', now())""",
    ),
    Act(
        "tell a stranger of a refund",
        f"SELECT sales.tell_contacts(NULL::sales.refund, {_NEW}, 'refund_named', now())",
    ),
]
