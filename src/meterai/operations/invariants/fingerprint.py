"""Fingerprints: whether two tables say the same, in one pass over each and mostly without a join.

A sum of hashes under a salt that is random in every run. Two multisets with equal sums of 64-bit hashes are
the same but for a chance of 2^-64; for sums of amounts times 24 bits it is 2^-24 (decision 0012).
"""

# ruff: noqa: S608 (our own queries)

from __future__ import annotations

import msgspec

SALT = "$salt"
"""Stands in a statement for this run's random number."""
WIDE = "$wide"
"""Stands behind a weight for nothing, or for a cast that makes room for every amount."""
_BITS = 16_777_215  # 24 bits times an amount below 2^38 stays within a bigint


class Sum(msgspec.Struct, frozen=True):
    """A sum over rows. All sums over one source are taken in one pass (census.py)."""

    source: str
    """What stands behind FROM: a table, or a join, or a query in brackets with a name."""
    value: str = "1"
    """SQL, a bigint. What is unknown equals nothing: it counts 1."""
    where: str = ""
    """Only rows for which this is true."""

    def sql(self) -> str:
        """The aggregate."""
        only = f" FILTER (WHERE {self.where})" if self.where else ""
        if self.value == "1":
            return f"count(*){only}"
        return f"coalesce(sum(coalesce({self.value}, 1)){only}, 0)"


class Balance(msgspec.Struct, frozen=True):
    """Sums that must be equal to other sums."""

    ours: tuple[Sum, ...]
    theirs: tuple[Sum, ...] = ()


class Screen(msgspec.Struct, frozen=True, kw_only=True):
    """Says that a part of an invariant can't find anything, at a fraction of its cost.

    It must not pass when the part would find something. When it does not pass, that says nothing: the part is
    run.
    """

    balances: tuple[Balance, ...]
    nothing: tuple[str, ...] = ()
    """Queries that must find no row; `$1` is the time of the check."""

    def sums(self) -> tuple[Sum, ...]:
        """All that it wants to know."""
        return tuple(one for balance in self.balances for one in (*balance.ours, *balance.theirs))


_HASHED_FROM = 9


def one_of(column: str, *values: str) -> str:
    """SQL: whether a text column is one of some words.

    From nine on the server looks them up in a hash table; fewer it compares one by one, which costs more.
    """
    padding = values[:1] * (_HASHED_FROM - len(values))
    return f"{column} IN ({', '.join(f"'{value}'" for value in (*values, *padding))})"


def all_different(table: str, *key: str) -> Balance:
    """That no two rows have the same key, told by the key's index alone."""
    return Balance((Sum(table),), (Sum(f"(SELECT DISTINCT {', '.join(key)} FROM {table}) each_once"),))


def hash_of(*uuids: str, amounts: tuple[str, ...] = (), texts: tuple[str, ...] = ()) -> str:
    """SQL: one 64-bit hash of a tuple of text, uuid and bigint expressions, in this order."""
    seed = SALT
    for text in texts:
        seed = f"hashtextextended({text}, {seed})"
    for uuid in uuids:
        seed = f"uuid_hash_extended({uuid}, {seed})"
    for amount in amounts:
        seed = f"hashint8extended({amount}, {seed})"
    return seed


def weight(*uuids: str, column: int = 0) -> str:
    """SQL: a factor of 24 bits for an amount of a tuple of uuid expressions; others for each `column`."""
    number = hash_of(*uuids).replace(SALT, f"{SALT} + {column // 2}")
    return f"({number}{' >> 24' if column % 2 else ''} & {_BITS}){WIDE}"
