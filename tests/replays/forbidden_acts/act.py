"""One forbidden act."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from meterai.kit.database_urls import Role


@dataclass(frozen=True)
class Act:
    """A statement, and the roles that may do it."""

    what: str
    """What somebody would do with it, in a few words; the name of its test."""
    sql: str
    """One statement without parameters. Rows that it names need not exist."""
    may: Sequence[Role] = ()
    refused_as: Sequence[str] = ()
    """Error codes (SQLSTATE) of our own functions that count as a refusal, besides a missing privilege."""
