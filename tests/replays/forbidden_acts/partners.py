"""Stamps, money and agreements of partners."""

from __future__ import annotations

from tests.replays.forbidden_acts.act import Act

_ID = "gen_random_uuid()"

ACTS = [
    Act(
        "give a partner stamps",
        f"""INSERT INTO partners.block (id, giver, receiver, pieces, unit_price, service_fee,
                paid_by, period, at)
            VALUES ({_ID}, {_ID}, {_ID}, 1, 0, 0, 'funds', '2026-11-01', now())""",
    ),
    Act("make a block larger", "UPDATE partners.block SET pieces = pieces + 1"),
    Act("call a block paid", "UPDATE partners.block SET paid = paid + 1"),
    Act("give a partner credit", "UPDATE partners.agreement SET credit_limit = 1000000"),
    Act("wake a closed partner", "UPDATE partners.organisation SET state = 'active'"),
    Act(
        "add an organisation",
        f"SELECT partners.add_organisation({_ID}, {_ID}, 'x', 'collector', 'x', NULL, now())",
        may=["site", "operator", "console"],
        refused_as=("PA008",),
    ),
    Act(
        "register a client",
        f"""INSERT INTO partners.client (id, organisation_id, name, scopes, created_at)
            VALUES ({_ID}, {_ID}, 'x', '{{stamps:write}}', now())""",
        may=["operator", "console"],
        refused_as=("23503",),
    ),
    Act("change a client", "UPDATE partners.client SET networks = '{}'", may=["operator", "console"]),
    Act("end a key", "UPDATE partners.client_key SET ends_at = now()", may=["operator", "console"]),
    Act("give a client to another", f"UPDATE partners.client SET organisation_id = {_ID}"),
    Act(
        "end a login",
        "SELECT partners.end_login('x', now())",
        may=["operator", "console"],
        refused_as=("PW004",),
    ),
    Act("read a password's digest", "SELECT password_digest FROM partners.login", may=["site"]),
    Act(
        "become a member without an owner's session",
        f"INSERT INTO partners.member VALUES ({_ID}, {_ID}, 'owner', now())",
        may=["operator"],
        refused_as=("23503",),
    ),
    Act("become an owner", "UPDATE partners.member SET role = 'owner'", may=["operator"]),
    Act(
        "invite people without an owner's session",
        f"SELECT partners.invite('', {_ID}, {_ID}, '', 'email', 'x@x.id', 'x', 'owner', 9, now())",
        refused_as=("PM001",),
    ),
    Act("move a partner in the tree", f"UPDATE partners.organisation SET parent_id = {_ID}"),
    Act("take what a partner owns", f"UPDATE partners.organisation SET account_holder = {_ID}"),
    Act(
        "have serial numbers of a batch sent elsewhere",
        "UPDATE partners.wire_batch SET return_url = 'https://x.example'",
    ),
    Act(
        "have another serial number sent with a document",
        "UPDATE partners.wire_batch_document SET serial = NULL",
    ),
    Act(
        "book a deposit at the treasury",
        f"SELECT operations.partner_deposit({_ID}, 'NTPN', {_ID}, 1, now())",
        may=["operator", "console"],
    ),
    Act(
        "agree on what a collector may owe",
        f"SELECT operations.partner_agree({_ID}, {_ID}, '{{}}', now())",
        may=["operator", "console"],
    ),
    Act(
        "book what a collector paid",
        f"SELECT operations.partner_payment({_ID}, {_ID}, 1, 'x', now())",
        may=["operator", "console"],
    ),
    Act(
        "agree without officers by the function inside",
        f"SELECT partners.write_agreement({_ID}, NULL, '{{}}', now())",
    ),
    Act(
        "book a payment by the function inside",
        f"SELECT partners.write_payment({_ID}, NULL, 1, 'x', now())",
    ),
    Act(
        "pass a block",
        f"SELECT partners.pass_block({_ID}, {_ID}, 1, 'funds', now())",
        may=["site", "operator"],
    ),
    Act("take a block back", f"SELECT partners.take_back({_ID}, {_ID}, 1, now())", may=["site", "operator"]),
    Act(
        "act for an organisation",
        f"INSERT INTO partners.member VALUES ({_ID}, {_ID}, 'owner', now())",
        may=["site", "operator"],
    ),
]
