"""Orders, payments and refunds."""

from __future__ import annotations

from tests.replays.forbidden_acts.act import Act

_NEW = "gen_random_uuid()"
_NOT_THERE = ["SL003"]  # our functions refuse what names no row

ACTS = [
    Act("forget an order's contact", "SELECT sales.forget_order_contacts(now())", may=["worker"]),
    Act("forget a receipt's buyer", "SELECT sales.forget_buyers(1)", may=["worker"]),
    Act("forget a bank account", "SELECT sales.forget_bank_accounts(now())", may=["worker"]),
    Act("forget what a notice says", "SELECT sales.forget_notices(now())", may=["worker"]),
    Act("read buyers on receipts", "SELECT name FROM sales.buyer", may=["site"]),
    # What is paid, and for what.
    Act("mark an order as paid", "UPDATE sales.orders SET state = 'paid', paid_at = now()"),
    Act("lower an order's price", "UPDATE sales.orders SET total = 1, face_value = 1, fee = 0, vat = 0"),
    Act("move the news of an order", "UPDATE sales.orders SET contact_value = 'mallory@example.com'"),
    Act("take an order over", f"UPDATE sales.orders SET customer_id = {_NEW}"),
    Act("let no figure count an order", "UPDATE sales.orders SET probe = 'unpaid'"),
    Act("extend an order", "UPDATE sales.orders SET expires_at = now()"),
    Act(
        "write an order that is paid",
        f"""INSERT INTO sales.orders (id, number, submit_id, token_digest, organisation_id, flow, state,
                language, created_at)
            VALUES ({_NEW}, 'x', 'x', sha256('x'), {_NEW}, 'quota', 'paid', 'id', now())""",
    ),
    Act("delete an order", "DELETE FROM sales.orders"),
    Act("change an item's price", "UPDATE sales.item SET unit_fee = 0, unit_vat = 0"),
    Act("change an item's quantity", "UPDATE sales.item SET quantity = 200"),
    Act("change an item's lot", f"UPDATE sales.item SET lot_account_id = {_NEW}"),
    Act("change an item's document", f"UPDATE sales.item SET document_id = {_NEW}"),
    Act("mark an item as refused", "UPDATE sales.item SET state = 'refused'"),
    Act("forget that pieces were given back", "UPDATE sales.item SET refunded_quantity = 0"),
    Act("delete an item", "DELETE FROM sales.item"),
    Act("change the tariff", "UPDATE sales.tariff SET face_value = 1"),
    Act("write a tariff", "INSERT INTO sales.tariff VALUES ('2026-01-01', 10000, 'x')"),
    Act("lower the price", "UPDATE sales.price SET unit_fee = 0"),
    Act("write a price", "INSERT INTO sales.price VALUES ('2026-01-01', 0, 0, DEFAULT, now())"),
    Act("record the settings' price", "SELECT sales.set_first_price(0, 0, now())", may=["worker"]),
    Act(
        "enter a price",
        """SELECT operations.set_price(
            '2099-01-01', '{"fee": 1, "vat_basis_points": 0}', 'x', NULL, now())""",
        may=["operator", "console"],
    ),
    Act("write what officers say of an event", "UPDATE sales.event_entry SET says = '{}'", may=["operator"]),
    Act(
        "end an event",
        """SELECT operations.enter_event(
            'event.close', 'x', '{"closes_at": "now"}', NULL, 'x', NULL, now())""",
        may=["operator", "console"],
        refused_as=["EV002"],
    ),
    Act(
        "place an order that is no draft",
        f"SELECT sales.place_order({_NEW}, {_NEW}, 'g', 'qris', now(), now(), now(), 200, now())",
        refused_as=_NOT_THERE,
    ),
    Act(
        "have an order's link sent",
        f"SELECT sales.send_link_for_officer({_NEW}, now(), 3, now())",
        may=["operator", "console"],
    ),
    Act("ask for a cancellation", f"SELECT sales.ask_to_cancel({_NEW}, now())", may=["operator", "console"]),
    Act(
        "move an order to another contact",
        f"SELECT sales.change_contact({_NEW}, 'email', 'a@b.id', 'proof', {_NEW}, {_NEW}, 'x', 'x', now())",
        may=["operator", "console"],
    ),
    Act(
        "look at the contact of an order",
        f"SELECT sales.look_at_contact({_NEW}, 'email', 'a@b.example')",
        may=["operator", "console"],
    ),
    Act("give an order a link", f"SELECT sales.renew_link({_NEW}, 1, sha256('x'))", may=["worker"]),
    Act("write that an order moved", "INSERT INTO sales.contact_change DEFAULT VALUES"),
    Act("call a contact proven", "SELECT customers.note_proof('email', 'a@b.example', now())"),
    Act(
        "try a stamping again",
        f"SELECT operations.retry_stamping({_NEW}, now())",
        may=["operator", "console"],
    ),
    # Payments.
    Act(
        "ask a gateway again",
        f"SELECT sales.ask_about_payments({_NEW}, now())",
        may=["operator", "console"],
    ),
    Act("mark a payment as settled", "UPDATE sales.payment SET state = 'settled', settled_at = now()"),
    Act("change what was paid", "UPDATE sales.payment SET paid_amount = 1000000"),
    Act("change what a payment is of", "UPDATE sales.payment SET amount = 1"),
    Act(
        "write a payment",
        f"""INSERT INTO sales.payment (id, order_id, gateway, channel, reference, amount, state, created_at,
                expires_at)
            VALUES ({_NEW}, {_NEW}, 'midtrans', 'qris', 'x', 1, 'settled', now(), now())""",
    ),
    Act(
        "credit an order",
        f"SELECT sales.settle_payment({_NEW}, 'x', 25000, 'credited', 0, now(), now())",
        may=["worker"],
    ),
    Act(
        "credit what is no payment of that sum",
        f"SELECT sales.settle_payment({_NEW}, 'x', 25000, 'credited', 0, now(), now())",
        refused_as=_NOT_THERE,
    ),
    Act("book a reversal", f"SELECT sales.reverse_payment({_NEW}, now())", may=["worker"]),
    Act("write an order as expired", f"SELECT sales.expire_order({_NEW}, now(), now())", may=["worker"]),
    Act(
        "cancel an order that is paid",
        f"SELECT sales.cancel_order({_NEW}, now(), now())",
        refused_as=_NOT_THERE,
    ),
    Act("forge a notice by hand", "UPDATE sales.notice SET raw = 'x'"),
    # Refunds.
    Act(
        "write a refund",
        f"""INSERT INTO sales.refund (id, order_id, payment_id, quantity, amount, reason, channel, state,
                bank, account_number, account_holder, next_attempt_at, created_at)
            VALUES ({_NEW}, {_NEW}, {_NEW}, 0, 2500000, 'late', 'payout', 'payable', 'bca', '1234567',
                'Mallory', now(), now())""",
    ),
    Act("make a refund larger", "UPDATE sales.refund SET amount = 2500000"),
    Act("change a refund's account", "UPDATE sales.refund SET account_number = '1234567'"),
    Act("have a refund paid once more", "UPDATE sales.refund SET state = 'payable'"),
    Act("delete a refund", "DELETE FROM sales.refund"),
    Act("book a refund as paid", f"SELECT sales.pay_refund({_NEW}, 'x', now(), now())", may=["worker"]),
    Act("write a refund as sent", f"SELECT sales.send_refund({_NEW}, 'x', now())", may=["worker"]),
    Act(
        "have a refund ordered again", f"SELECT sales.retry_refund({_NEW}, 'x', now(), now())", may=["worker"]
    ),
    Act("send a payout back", f"SELECT sales.refuse_refund({_NEW}, 'x', now())", may=["worker"]),
    Act("look at a refund", f"SELECT sales.refund_in_hand({_NEW})", may=["operator", "console"]),
    Act("end a refund by hand", f"SELECT sales.end_refund({_NEW}, 'x', now())"),
    Act("order a payout again by hand", f"SELECT sales.order_again({_NEW}, now())"),
    Act(
        "credit an order by the function behind",
        "SELECT sales.credit(o, p, now()) FROM sales.orders o, sales.payment p",
    ),
    Act(
        "end items as stamped",
        "SELECT sales.end_items(ARRAY[]::uuid[], NULL, now(), 'x', NULL, NULL, ARRAY[]::bigint[], now())",
        may=["worker"],
    ),
    Act("delete drafts", "SELECT sales.delete_drafts('2000-01-01', 1)", may=["worker"]),
    Act("change an event", "UPDATE sales.event SET active = false", may=["operator"]),
]
