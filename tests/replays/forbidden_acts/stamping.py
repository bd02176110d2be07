"""Stamps: serial numbers, intents, releases, keys."""

from __future__ import annotations

from tests.replays.forbidden_acts.act import Act

_SERIAL = "'AAAAAAAAAAAAAAAAAAAAAA'"
_NEW = "gen_random_uuid()"

ACTS = [
    Act("forget documents past their term", "SELECT stamping.forget_old(now(), now())", may=["worker"]),
    Act("forget any document", "SELECT stamping.forget('{}', now())"),
    Act(
        "count a use of the key and read digests to be signed",
        f"SELECT stamping.begin_signing(ARRAY[{_SERIAL}], 'k', now())",
        may=["signer"],
    ),
    Act("abandon a counted attempt", "SELECT stamping.abandon_attempts(ARRAY[1], now())", may=["signer"]),
    Act(
        "count a use of the key by hand",
        f"INSERT INTO stamping.sign_attempt (serial, key_id, attempted_at) VALUES ({_SERIAL}, 'k', now())",
    ),
    Act(
        "write an intent",
        f"""INSERT INTO stamping.intent (serial, digest, prepared_object, gap_start, gap_end, created_at)
            VALUES ({_SERIAL}, sha256('x'), 'x', 1, 2, now())""",
    ),
    Act(
        "write an intent through the cycle's function",
        f"""SELECT stamping.store_intents(ARRAY[]::uuid[], ARRAY[]::bigint[], ARRAY[{_SERIAL}],
            ARRAY[sha256('x')], ARRAY['x'], ARRAY[1], ARRAY[2], ARRAY[]::text[], now(), now())""",
        refused_as=["SL003"],
    ),
    Act(
        "have a digest of one's choice dated",
        f"SELECT stamping.ask_token({_NEW}, sha256('x'), now())",
        refused_as=["SL003"],
    ),
    Act(
        "write a job",
        f"""INSERT INTO stamping.job (id, organisation_id, customer_id, document_id, idempotency_key,
                request_digest, lot_account_id, reference_id, input_digest, state, created_at)
            VALUES ({_NEW}, {_NEW}, {_NEW}, {_NEW}, 'x', 'x', {_NEW}, {_NEW}, 'x', 'accepted', now())""",
    ),
    Act("end a job", "UPDATE stamping.job SET state = 'released', ended_at = now()"),
    Act("give a job another lot", f"UPDATE stamping.job SET lot_account_id = {_NEW}"),
    Act("give a job other bytes", "UPDATE stamping.job SET input_digest = sha256('x')"),
    Act(
        "write a serial number",
        f"""INSERT INTO stamping.serial (serial, job_id, ordinal, reservation_id, placement, state,
                allocated_at)
            VALUES ({_SERIAL}, {_NEW}, 1, {_NEW}, '{{}}', 'allocated', now())""",
    ),
    Act("bring a serial number back", "UPDATE stamping.serial SET state = 'allocated'"),
    Act(
        "write a release",
        f"""INSERT INTO stamping.release (serial, version, sha256, bytes, pages, document_id, released_at)
            VALUES ({_SERIAL}, 1, repeat('0', 64), 1, 1, {_NEW}, now())""",
    ),
    Act(
        "release serial numbers of no job",
        f"""SELECT stamping.release_jobs(ARRAY[]::uuid[], ARRAY[]::bigint[], ARRAY[{_SERIAL}],
            ARRAY[repeat('0', 64)], ARRAY[1], ARRAY[1], ARRAY['k'], now(), now(), ARRAY[]::text[],
            ARRAY[]::bigint[], ARRAY[]::bigint[], now())""",
        refused_as=["SL003"],
    ),
    Act("add a key", "INSERT INTO stamping.signing_key DEFAULT VALUES"),
    Act(
        "let a key sign",
        "UPDATE stamping.signing_key SET active_from = now(), retired_at = NULL",
        may=["operator"],
    ),
    Act("let a key sign something else", "UPDATE stamping.signing_key SET purpose = 'hash'"),
    Act(
        "write the signature of a hash",
        f"INSERT INTO stamping.hash_signature VALUES ({_NEW}, 'k', decode(repeat('00', 256), 'hex'), now())",
    ),
    Act("change a requested hash", "UPDATE stamping.hash_request SET attributes = 'x'"),
    Act(
        "count an attempt to sign a hash",
        f"SELECT stamping.begin_hash_signing(ARRAY[{_NEW}], 'k', now())",
        may=["signer"],
    ),
    Act("hide a lost period", "DELETE FROM stamping.register_gap"),
    Act("forge the verifier's view", "UPDATE verification.released SET sha256 = repeat('0', 64)"),
    Act("change an intent", "UPDATE stamping.intent SET digest = sha256('x')"),
    Act("change a release", "UPDATE stamping.release SET sha256 = repeat('0', 64)"),
    Act("delete a release", "DELETE FROM stamping.release"),
    Act("delete a serial number", "DELETE FROM stamping.serial"),
    Act("delete a job", "DELETE FROM stamping.job"),
    Act("replace a key's certificates", "UPDATE stamping.signing_key SET certificates = '{}'"),
    Act("delete a key", "DELETE FROM stamping.signing_key"),
]
