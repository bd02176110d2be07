"""Officers, what they sign and release, the stop switch and the audit trail."""

from __future__ import annotations

from tests.replays.forbidden_acts.act import Act

_MAY_NOT_WRITE = ("OF006",)

ACTS = [
    Act(
        "look at a person",
        "SELECT operations.look_at_person('email', 'a@b.id')",
        may=["operator", "console"],
    ),
    Act(
        "read all of a person without a signature",
        "SELECT operations.export_person('x', '{}', 'a', NULL, now())",
        may=["operator"],
    ),
    Act(
        "erase a person without two officers",
        "SELECT operations.erase_person('x', '{}', 'a', NULL, now())",
        may=["operator", "console"],
    ),
    Act(
        "see the personal data of an order",
        "SELECT operations.look_at(gen_random_uuid(), 'order', 'M7KQ-3XPD-92RT', 'because', now())",
        may=["console"],
    ),
    Act("read what a case is about", "SELECT about FROM cases.case", may=["operator"]),
    Act("read what people wrote", "SELECT text FROM cases.case", may=["operator"]),
    Act("read the contact of a case", "SELECT contact_value FROM cases.case", may=["operator"]),
    Act("read the answers of officers", "SELECT text FROM cases.answer", may=["operator"]),
    Act(
        "read the story of a case",
        "SELECT operations.case_story('K-7KQF-2M9D', NULL, now())",
        may=["console", "operator"],
    ),
    Act(
        "find cases by a contact",
        "SELECT operations.find_cases('email', 'a@b.id', 9)",
        may=["console", "operator"],
    ),
    Act(
        "read the story of an order",
        "SELECT operations.order_story('M7KQ-3XPD-92RT', NULL, now())",
        may=["console", "operator"],
    ),
    Act(
        "find orders by a contact",
        "SELECT operations.find_orders('email', 'a@b.id', 9)",
        may=["console", "operator"],
    ),
    Act(
        "read the story of a partner",
        "SELECT operations.partner_story('toko', NULL, now())",
        may=["console", "operator"],
    ),
    Act(
        "find partners by a contact",
        "SELECT operations.find_partners('email', 'a@b.id', 9)",
        may=["console", "operator"],
    ),
    Act(
        "find requests of partners",
        "SELECT operations.find_api_requests('id', gen_random_uuid()::text, 9)",
        may=["console", "operator"],
    ),
    Act(
        "read what officers did with partners",
        "SELECT operations.partner_acts('toko', '{x}')",
        may=["console", "operator"],
    ),
    Act(
        "read the story of a certificate",
        "SELECT operations.certificate_story('M7KQ-3XPD-92RT', NULL, now())",
        may=["console", "operator"],
    ),
    Act(
        "find certificates",
        "SELECT operations.find_certificates('number', 'M7KQ-3XPD-92RT', 9)",
        may=["console", "operator"],
    ),
    Act("read the use of a key", "SELECT operations.key_story('x')", may=["console", "operator"]),
    Act(
        "read the names of files",
        "SELECT name FROM stamping.document",
        may=["site", "worker", "operator", "reader"],
    ),
    Act(
        "read what clients said of documents",
        "SELECT said FROM partners.wire_batch_document",
        may=["site", "worker", "operator", "reader"],
    ),
    Act("say that personal data is shown", "DELETE FROM console.look"),
    Act("run a query as the owner", "SELECT operations.rows_of('SELECT 1', ROW(1))"),
    Act(
        "forget old values of the audit trail", "SELECT operations.forget_audit_values(now())", may=["worker"]
    ),
    Act("forget accounts in the audit trail", "SELECT operations.forget_accounts('{x}')"),
    Act(
        "say that terms were kept", "UPDATE operations.retention_run SET finished_at = now()", may=["worker"]
    ),
    Act("release the stop switch", "UPDATE operations.switch SET thrown = false"),
    Act(
        "release the stop switch by its function",
        "SELECT operations.release_switch('sealing_stopped', 'because', now())",
        may=("operator", "console"),
    ),
    Act(
        "throw the stop switch",
        "SELECT operations.throw_switch('sealing_stopped', 'because', now())",
        may=("operator", "console"),
    ),
    Act(
        "write an entry of the audit trail",
        """INSERT INTO operations.audit_entry (id, at, actor, action, subject, facts, hash)
            VALUES (9, now(), 'ani', 'queue.on', 'x', '{}', '')""",
    ),
    Act(
        "write that an operator issued stamps",
        "SELECT operations.write_audit('ani', 'quota.issue', 'x', '{}', now())",
        may=("operator", "console"),
        refused_as=_MAY_NOT_WRITE,
    ),
    Act(
        "write that a customer changed a contact",
        "SELECT operations.write_audit('customer', 'contact.add', 'x', '{}', now())",
        may=("site", "worker"),
        refused_as=_MAY_NOT_WRITE,
    ),
    Act("change the audit trail", "UPDATE operations.audit_entry SET actor = 'ani'"),
    Act("move the head of the audit trail", "UPDATE operations.audit_head SET entry = 0"),
    Act(
        "read values of people in the audit trail", "SELECT * FROM operations.audit_value", may=("operator",)
    ),
    Act(
        "erase values of people in the audit trail",
        "SELECT operations.erase_audit_values('x')",
        may=("operator",),
    ),
    Act("let a role write acts of another", "INSERT INTO operations.audit_writer VALUES ('x', 'y')"),
    Act(
        "make oneself an officer",
        "INSERT INTO operations.officer VALUES ('eve', '{finance}', '{key}', '{}', now())",
    ),
    Act("need no second signature", "UPDATE operations.act SET signatures = 1"),
    Act(
        "sign for an officer",
        "SELECT operations.sign_release(1, 'ani', 'key', repeat('a', 32), 'text', 'signature', now())",
        may=("operator",),
    ),
    Act(
        "approve an act for an officer",
        "SELECT operations.approve_act('sealing.stop', 'x', 'ani', 'k', repeat('a', 32), 't', 's', now(), 1)",
        may=("console",),
    ),
    Act(
        "approve a request for an officer",
        "SELECT operations.approve_release(1, 'ani', 'k', repeat('a', 32), 't', 's', now(), 1)",
        may=("console",),
    ),
    Act(
        "invite oneself as an officer",
        """INSERT INTO operations.officer_invitation (token_hash, officer, made_at, expires_at)
            VALUES (sha256('x'), 'ani', now(), now())""",
    ),
    Act("set an officer's password", "UPDATE operations.officer_password SET hash = '$argon2id$x'"),
    Act(
        "give an officer a factor",
        """INSERT INTO operations.officer_factor (id, officer, kind, name, secret, added_at)
            VALUES (gen_random_uuid(), 'ani', 'totp', 'x', sha256('x'), now())""",
    ),
    Act("revive a factor", "UPDATE operations.officer_factor SET ended_at = NULL"),
    Act("read secrets of officers' apps", "SELECT secret FROM operations.officer_factor", may=("console",)),
    Act("read officers' passwords", "SELECT hash FROM operations.officer_password", may=("console",)),
    Act(
        "sign outside of a request",
        """INSERT INTO operations.officer_signature (nonce, officer, key, kind, subject, signed_text,
            signature, signed_at) VALUES (repeat('a', 32), 'ani', '', 'quota.issue', '', '', '', now())""",
    ),
    Act(
        "withdraw a request",
        "SELECT operations.withdraw_release(1, 'ani')",
        may=("operator", "console"),
    ),
    Act("release a request", "UPDATE operations.release_request SET released_at = now()"),
    Act(
        "ask for stamps",
        "SELECT operations.ask_release('quota.issue', 'x', '{}', interval '1 hour')",
        may=("operator", "console"),
        refused_as=("OF001",),
    ),
    Act(
        "issue stamps",
        "SELECT operations.issue_stock(gen_random_uuid(), 'x', 1, now())",
        may=("operator", "console"),
    ),
    Act("issue stamps without officers", "SELECT sales.issue_stock(gen_random_uuid(), 1, now())"),
    Act("end a refund without officers", "SELECT sales.end_refund(gen_random_uuid(), 'x', now())"),
    Act("pay a refund again without officers", "SELECT sales.order_again(gen_random_uuid(), now())"),
    Act("add a key", "SELECT operations.add_key('{}', now())", may=("operator", "console")),
    Act(
        "add a key without officers",
        """INSERT INTO stamping.signing_key (key_id, place, certificates, valid_from, valid_until, added_at)
            VALUES ('0123456789abcdef', 'file:x', '{}', now(), now() + interval '1 day', now())""",
    ),
    Act("make the installation one of development", "UPDATE operations.environment SET name = 'development'"),
]
