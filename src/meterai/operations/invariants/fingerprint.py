"""Fingerprints: whether two tables say the same, in one pass over each and without a join.

A sum of hashes under a salt that is random in every run. Two multisets with equal sums of 64-bit hashes are
the same but for a chance of 2^-64; for two sums of amounts times 24 bits it is 2^-48 (decision 0012).
"""

from __future__ import annotations

SALT = "$salt"
"""Stands in a screen for this run's random number."""
_BITS = 16_777_215  # 24 bits times an amount below 2^39 stays within a bigint


def hash_of(*uuids: str, amounts: tuple[str, ...] = ()) -> str:
    """SQL: one 64-bit hash of a tuple of uuid expressions and bigint expressions, in this order."""
    seed = SALT
    for uuid in uuids:
        seed = f"uuid_hash_extended({uuid}, {seed})"
    for amount in amounts:
        seed = f"hashint8extended({amount}, {seed})"
    return seed


def text_hash(text: str) -> str:
    """SQL: one 64-bit hash of a text expression."""
    return f"hashtextextended({text}, {SALT})"


def weights(uuid: str, column: int = 0) -> tuple[str, str]:
    """SQL: two independent factors of 24 bits for an amount of `uuid`; others for each `column`."""
    number = f"uuid_hash_extended({uuid}, {SALT} + {column})"
    return f"({number} & {_BITS})", f"({number} >> 24 & {_BITS})"


def total(expression: str, source: str) -> str:
    """SQL: the sum of an expression over a source, 0 when that is empty. What is unknown equals nothing: it
    counts 1."""
    return f"(SELECT coalesce(sum(coalesce({expression}, 1)), 0) FROM {source})"  # noqa: S608 (our own queries)


def sums(amount: str, uuid: str, source: str) -> str:
    """SQL: a row of the two sums of an amount times the weights of a uuid."""
    first, second = weights(uuid)
    return f"""(SELECT (coalesce(sum({amount} * {first}), 0), coalesce(sum({amount} * {second}), 0))
        FROM {source})"""  # noqa: S608
