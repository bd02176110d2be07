"""Sentences about keys that a restored register has forgotten, each with the next step (docs/backup.md)."""

from __future__ import annotations

from datetime import datetime

from meterai.stamping.signer_wire import UnregisteredKey


def words_of_unregistered(key: UnregisteredKey) -> str:
    """What is to be done about a key that the signer knows and the register lacks."""
    used = f"Key {key.key_id} is NOT in the register; the signer used it {key.uses:,} times"
    if key.retired:
        return (
            f"{used} and has marked it as retired{_since(key.retired_at)}. It never signs again. Next: do "
            "not add it. If it was stolen, see that the authority has revoked its certificate."
        )
    return (
        f"{used}. Next: if it was retired or stolen, do not add it. Else add and activate it again: "
        "meterai keys add --place PLACE --certificate FILE, with the certificate of its ceremony; then "
        f"meterai keys activate {key.key_id}."
    )


def words_of_unretired(key_id: str, state: str, retired_at: datetime | None) -> str:
    """What is to be done about a key whose retirement the register has forgotten."""
    first = "activate another key (meterai keys list), then " if state in ("active", "expired") else ""
    return (
        f"Key {key_id} is {state} in the register, which has forgotten that it is retired"
        f"{_since(retired_at)}. The signer has marked it and signs nothing with it. "
        f"Next: {first}meterai keys retire {key_id} --reason WHY."
    )


def _since(moment: datetime | None) -> str:
    return f" since {moment:%Y-%m-%d %H:%M:%S} UTC" if moment else ""
