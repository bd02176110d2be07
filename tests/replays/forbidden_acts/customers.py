"""People: contacts, codes, proofs, sessions."""

from __future__ import annotations

from tests.replays.forbidden_acts.act import Act

_NEW = "gen_random_uuid()"

ACTS = [
    Act("read the digest of a code", "SELECT code_digest FROM customers.code"),
    Act("read the key of the codes", "SELECT key FROM customers.code_key"),
    Act(
        "write a code that somebody knows",
        f"""INSERT INTO customers.code (id, kind, value, code_digest, address_mac, created_at, expires_at)
            VALUES ({_NEW}, 'email', 'a@b.id', sha256('x'), '', now(), now() + interval '1 hour')""",
    ),
    Act("give back tries of a code", "UPDATE customers.code SET attempts = 0"),
    Act("have a code of one's own sent to somebody", "SELECT customers.random_code(6)"),
    Act("compare a digest", f"SELECT customers.code_digest({_NEW}, '123456')"),
    Act(
        "make a code without its limits",
        f"""SELECT customers.make_code({_NEW}, 'email', 'a@b.id', 'known', NULL, 'sign_in', NULL, false, '',
            now(), '0', '{{}}')""",
    ),
    Act(
        "compare a code without acting on it",
        f"SELECT customers.check_code({_NEW}, 'sign_in', '1', now())",
    ),
    Act(
        "open a session without a code",
        f"""INSERT INTO customers.session (token_digest, customer_id, created_at, expires_at)
            VALUES (sha256('x'), {_NEW}, now(), now() + interval '1 day')""",
    ),
    Act("forget failures", "UPDATE customers.session SET failures = 0"),
    Act("make a browser known", "UPDATE customers.session SET mark_digest = sha256('x')"),
    Act("prolong a session", "UPDATE customers.session SET expires_at = expires_at + interval '1 year'"),
    Act(
        "make a customer without a code",
        f"INSERT INTO customers.customer VALUES ({_NEW}, {_NEW}, 'id', now())",
    ),
    Act("move a customer", f"UPDATE customers.customer SET organisation_id = {_NEW}"),
    Act("rename an organisation", "UPDATE customers.organisation SET name = 'x'"),
    Act(
        "give oneself a contact",
        f"""INSERT INTO customers.contact (id, customer_id, kind, value, verified_at)
            VALUES ({_NEW}, {_NEW}, 'email', 'a@b.id', now())""",
    ),
    Act("move a contact to another customer", f"UPDATE customers.contact SET customer_id = {_NEW}"),
    Act("delete a contact", "DELETE FROM customers.contact"),
    Act(
        "forget contacts whose term is over", "SELECT customers.forget_contacts(now(), now())", may=["worker"]
    ),
    Act("end everybody's sessions", "DELETE FROM customers.session", may=["worker"]),
    Act("forget wrong codes", "DELETE FROM customers.code", may=["worker"]),
    Act(
        "prove a contact without a code",
        f"""INSERT INTO customers.proof (id, customer_id, contact_id, purpose, subject, proved_at)
            VALUES ({_NEW}, {_NEW}, {_NEW}, 'order_act', 'x', now())""",
    ),
    Act("use a proof a second time", "UPDATE customers.proof SET used_at = NULL"),
    Act(
        "use up a proof without its act",
        f"SELECT customers.use_proof({_NEW}, {_NEW}, 'order_act', 'x', now())",
    ),
    # The probe of the status page.
    Act(
        "name the probe's account",
        f"SELECT customers.set_probe('email', 'a@b.id', 'stamped', {_NEW}, {_NEW}, now())",
        may=["worker"],
    ),
    Act("make oneself the probe", "INSERT INTO customers.probe VALUES (gen_random_uuid(), 'stamped', true)"),
    Act("let the probe pay", "UPDATE customers.probe SET reach = 'stamped'"),
    Act("see whose account the probe's is", "SELECT customer_id FROM customers.probe"),
    Act("sign the probe in", "SELECT customers.open_probe_session('x', now())", may=["site"]),
]
