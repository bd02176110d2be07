"""Settlement reports and bank statements as gateways and banks write them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from meterai.accounting.bank.take_statement import take_statement
from meterai.accounting.matching.comparing import ask_about_differences, compare_again
from meterai.accounting.matching.model import Difference
from meterai.accounting.matching.queries import differences
from meterai.accounting.reports.take_report import take_report
from tests.sales.shop import Shop

ACCOUNT = "1234567890"
HEAD = "type,order_id,gross_amount,fee,settlement_date"


@dataclass
class Told:
    """A report that is written line by line. `payout`: None for what the lines make."""

    day: date
    lines: list[str] = field(default_factory=list)
    payout: int | None = None
    total: int = 0

    def says(self, kind: str, reference: str, amount: int, fee: int = 0) -> Told:
        sign = 1 if kind in ("payment", "carried") else -1
        self.total += sign * amount - fee
        self.lines.append(f"{kind},{reference},{amount}.00,{fee}.00,{self.day}")
        return self

    @property
    def paid_out(self) -> int:
        return self.total if self.payout is None else self.payout

    @property
    def reference(self) -> str:
        return f"PO{self.day:%Y%m%d}"

    @property
    def raw(self) -> bytes:
        last = [f"payout,{self.reference},{self.paid_out}.00,0,{self.day}"] * (self.paid_out > 0)
        return "\n".join([HEAD, *self.lines, *last, ""]).encode()


def mt940(day: date, movements: Iterable[tuple[int, str]], *, opening: int = 0) -> bytes:
    """A statement of one day as a bank sends it by SWIFT."""
    movements = list(movements)
    closing = opening + sum(amount for amount, _ in movements)
    lines = [":20:STATEMENT", f":25:{ACCOUNT}", ":28C:1/1", _balance("60F", day, opening)]
    for amount, words in movements:
        lines += [
            f":61:{day:%y%m%d}{day:%m%d}{'C' if amount > 0 else 'D'}{abs(amount)},00NTRFNONREF",
            f":86:{words}",
        ]
    return "\r\n".join([*lines, _balance("62F", day, closing), "-", ""]).encode()


def _balance(tag: str, day: date, amount: int) -> str:
    return f":{tag}:{'D' if amount < 0 else 'C'}{day:%y%m%d}IDR{abs(amount)},00"


async def report(shop: Shop, told: Told) -> str:
    """The gateway's report comes. Returns what became of it."""
    return (await take_report(shop.db, told.raw, gateway=shop.gateway.name, now=shop.clock()))[1]


async def bank(shop: Shop, raw: bytes) -> int:
    """A bank statement comes."""
    return await take_statement(shop.db, raw, now=shop.clock())


async def turn(shop: Shop) -> None:
    """A turn of the worker."""
    await ask_about_differences(shop.db, shop.gateways, clock=shop.clock)
    await compare_again(shop.db, [shop.gateway.name], clock=shop.clock)


async def found(shop: Shop, *, resolved: bool = False) -> list[Difference]:
    return await differences(shop.db, resolved=resolved, limit=100)


async def names(shop: Shop, *, resolved: bool = False) -> list[str]:
    return [one.name for one in await found(shop, resolved=resolved)]
