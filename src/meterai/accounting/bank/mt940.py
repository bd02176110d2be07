"""Reads MT940, the form in which SWIFT banks send statements. The library parses tags, we check the rest."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

from mt940.models import Amount, Balance, Transactions
from mt940.options import Options

from meterai.accounting.amounts import whole_rupiah
from meterai.accounting.bank.making import BYTES_MAX, LINES_MAX, clean, refuse, statement
from meterai.accounting.bank.model import BankLine, BankStatement

_BEGIN = re.compile(r"^(?=:20:)", re.MULTILINE)
_LINE_MAX = 400
"""Characters of a line. SWIFT allows 65; a few banks write more."""
# The library cuts amounts that are too long, and takes other signs for none.
_MOVEMENT = re.compile(r":61:\d{6}(?:\d{4})?R?[CD][A-Z]?\d{1,12},\d{0,2}[A-Z]", re.ASCII)
_BALANCE = re.compile(r":6[02][FM]:[CD]\d{6}[A-Z]{3}\d{1,15},\d{0,2}", re.ASCII)
_MONEY = re.compile(r"^:6[012][FM]?:.*$", re.MULTILINE)
logging.getLogger("mt940").setLevel(logging.CRITICAL)  # its messages quote what people wrote


def read_mt940(raw: bytes) -> list[BankStatement]:
    """Reads the statements in a file.

    Raises: Refusal INVALID `statement.unreadable`; also when a sum is no whole rupiah or does not add up.
    """
    if len(raw) > BYTES_MAX:
        refuse("size")
    text = raw.decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n")
    if text.count("\n:61:") > LINES_MAX or max(map(len, text.split("\n"))) > _LINE_MAX:
        refuse("size")
    for line in _MONEY.findall(text):
        if not (_MOVEMENT.match(line) or _BALANCE.fullmatch(line.rstrip())):
            refuse("amount")
    blocks = [block for block in _BEGIN.split(text) if block.startswith(":20:")]
    if not blocks or not all("\n:25:" in block for block in blocks):
        refuse("no_mt940")
    return [_read(block) for block in blocks if "\n:61:" in block]


def _read(block: str) -> BankStatement:
    try:
        parsed = Transactions(options=Options(reversal_sign=True))
        parsed.parse(block)
        return _statement(block, parsed)
    except (RuntimeError, ValueError, LookupError, TypeError, AttributeError, ArithmeticError):
        refuse("no_mt940")  # the library's ways to say that it does not understand


def _statement(block: str, parsed: Transactions) -> BankStatement:
    opening, closing = (
        _balance(parsed.data.get(f"final_{which}_balance")) for which in ("opening", "closing")
    )
    return statement(
        block.encode(),
        str(parsed.data.get("account_identification") or ""),
        list(_lines(parsed)),
        opening=opening,
        closing=closing,
    )


def _lines(parsed: Transactions) -> Iterator[BankLine]:
    for number, one in enumerate(parsed.transactions, 1):
        said: dict[str, Any] = one.data
        day: date = said.get("entry_date") or said["date"]
        amount = _rupiah(said["amount"].amount, number)
        yield BankLine(day=date(day.year, day.month, day.day), amount=amount, words=_words(said))


def _words(said: dict[str, Any]) -> str:
    names = ("customer_reference", "bank_reference", "extra_details", "transaction_details")
    return clean(" ".join(str(said[name]) for name in names if said.get(name)))


def _balance(found: Balance | None) -> int | None:
    if found is None:
        return None
    if not isinstance(found.amount, Amount):
        refuse("no_mt940")
    if found.amount.currency not in (None, "IDR"):
        refuse("currency")
    return _rupiah(found.amount.amount)


def _rupiah(amount: Decimal, line: int = 0) -> int:
    rupiah = whole_rupiah(amount)
    if rupiah is None or (line and not rupiah):
        refuse("amount", line)
    return rupiah
