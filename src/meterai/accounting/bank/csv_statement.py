"""Reads a bank statement as CSV: account, date, description, amount and, if there is one, balance."""

from __future__ import annotations

from datetime import date

from meterai.accounting.amounts import read_rupiah
from meterai.accounting.bank.making import BYTES_MAX, LINES_MAX, clean, refuse, statement
from meterai.accounting.bank.model import BankLine, BankStatement
from meterai.accounting.csv_rows import read_rows

COLUMNS = ("account", "date", "description", "amount")


def read_csv_statement(raw: bytes) -> BankStatement:
    """Reads a statement of one account, in the order of its lines.

    Raises: Refusal INVALID `statement.unreadable`.
    """
    lines, accounts, balances = list[BankLine](), set[str](), list[int]()
    for number, row in read_rows(raw, COLUMNS, bytes_max=BYTES_MAX, rows_max=LINES_MAX, refuse=refuse):
        accounts.add(row["account"])
        lines.append(_line(row, number))
        if row.get("balance"):
            balances.append(_rupiah(row["balance"], number))
    if len(accounts) > 1:
        refuse("two_accounts")
    told = len(balances) == len(lines) > 0
    return statement(
        raw,
        next(iter(accounts), ""),
        lines,
        opening=balances[0] - lines[0].amount if told else None,
        closing=balances[-1] if told else None,
    )


def _line(row: dict[str, str], number: int) -> BankLine:
    try:
        day = date.fromisoformat(row["date"])
    except ValueError:
        refuse("day", number)
    amount = _rupiah(row["amount"], number)
    if not amount:
        refuse("amount", number)
    return BankLine(day=day, amount=amount, words=clean(row["description"]))


def _rupiah(text: str, number: int) -> int:
    amount = read_rupiah(text)
    if amount is None:
        refuse("amount", number)
    return amount
