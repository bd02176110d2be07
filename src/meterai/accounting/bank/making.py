"""Makes a statement from what a file says, and refuses what does not add up."""

from __future__ import annotations

import hashlib
from typing import NoReturn

from meterai.accounting.bank.model import BankLine, BankStatement
from meterai.kernel.refusals import Kind, Refusal

BYTES_MAX = 16 << 20
LINES_MAX = 50_000
WORDS_MAX = 500
_ACCOUNT_MAX = 40


def statement(
    raw: bytes, account: str, lines: list[BankLine], *, opening: int | None, closing: int | None
) -> BankStatement:
    """The statement, whose lines must lead from one balance to the other.

    Raises: Refusal INVALID `statement.unreadable`.
    """
    account = "".join(account.split())
    if not account or len(account) > _ACCOUNT_MAX or not account.isprintable():
        refuse("account")
    if not lines:
        refuse("empty")
    if opening is not None and closing is not None and opening + sum(one.amount for one in lines) != closing:
        refuse("balance")
    return BankStatement(
        account=account,
        digest=hashlib.sha256(account.encode() + b"\x00" + raw).digest(),
        first=min(one.day for one in lines),
        last=max(one.day for one in lines),
        opening=opening,
        closing=closing,
        lines=lines,
    )


def clean(words: str) -> str:
    """The words of a line, on one line, without what no database or terminal takes."""
    kept = "".join(letter if letter.isprintable() else " " for letter in words)
    return " ".join(kept.split())[:WORDS_MAX]


def refuse(reason: str, line: int = 0) -> NoReturn:
    """Raises: Refusal INVALID `statement.unreadable`."""
    raise Refusal(Kind.INVALID, "statement.unreadable", reason=reason, line=line)
