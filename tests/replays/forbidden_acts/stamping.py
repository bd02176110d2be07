"""Stamps: serial numbers, intents, releases, keys."""

from __future__ import annotations

from tests.replays.forbidden_acts.act import Act

_SERIAL = "'AAAAAAAAAAAAAAAAAAAAAA'"
_NEW = "gen_random_uuid()"

ACTS = [
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
    Act("change an intent", "UPDATE stamping.intent SET digest = sha256('x')"),
    Act("change a release", "UPDATE stamping.release SET sha256 = repeat('0', 64)"),
    Act("delete a release", "DELETE FROM stamping.release"),
    Act("delete a serial number", "DELETE FROM stamping.serial"),
    Act("delete a job", "DELETE FROM stamping.job"),
    Act("replace a key's certificates", "UPDATE stamping.signing_key SET certificates = '{}'"),
    Act("delete a key", "DELETE FROM stamping.signing_key"),
]
