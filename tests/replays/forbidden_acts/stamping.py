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
    Act("change an intent", "UPDATE stamping.intent SET digest = sha256('x')"),
    Act("change a release", "UPDATE stamping.release SET sha256 = repeat('0', 64)"),
    Act("delete a release", "DELETE FROM stamping.release"),
    Act("delete a serial number", "DELETE FROM stamping.serial"),
    Act("delete a job", "DELETE FROM stamping.job"),
    Act("replace a key's certificates", "UPDATE stamping.signing_key SET certificates = '{}'"),
    Act("delete a key", "DELETE FROM stamping.signing_key"),
]
