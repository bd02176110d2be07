"""The settlement report of each day (Jakarta): what came and went back, fees, and the payout of the rest."""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from datetime import date, datetime

from aiohttp import web

from sandbox.gateway.charges import JAKARTA, Payment
from sandbox.gateway.till import Till

_COLUMNS = "type,order_id,gross_amount,fee,settlement_date"
_SHARES = {"qris": 70, "gopay": 200, "shopeepay": 200}
"""Fees by channel, in hundredths of a percent, rounded up."""
type _Line = tuple[str, str, int, int]
"""Type, our partner's reference, amount, fee."""


class Settlements:
    """The route of the reports. `authorization`: the header that its merchant sends; `name`: how the
    references of its payouts begin; `flat_fee`: of a virtual account, in rupiah."""

    def __init__(self, till: Till, authorization: bytes, *, name: str, flat_fee: int = 4_000) -> None:
        self.till = till
        self._flat_fee = flat_fee
        self._name = name
        self._authorization = authorization

    def routes(self) -> list[web.RouteDef]:
        """All routes."""
        return [web.get("/settlements/{day}.csv", self.show)]

    async def show(self, request: web.Request) -> web.Response:
        """The report of a day, as CSV. 404: the day is not over, or its report is late by script."""
        said = request.headers.get("Authorization", "").encode()
        if not hmac.compare_digest(said, self._authorization):
            return web.Response(status=401)
        try:
            day = date.fromisoformat(request.match_info["day"])
        except ValueError:
            return web.Response(status=400)
        if day >= _day_of(self.till.clock()) or self.till.script.everywhere.report_late:
            return web.Response(status=404)
        return web.Response(text=self.report(day), content_type="text/csv")

    def report(self, day: date) -> str:
        """The report. A sum below zero is carried to the next day, until something is left to pay out."""
        by_day = dict[date, list[_Line]]()
        for payment in self.till.book.all():
            for on, line in self._lines(payment):
                by_day.setdefault(on, []).append(line)
        carried, left = 0, 0
        for each in sorted(on for on in by_day if on <= day):
            carried = min(0, left)
            left = _net(by_day[each]) + carried
        if day not in by_day:
            return f"{_COLUMNS}\n"
        lines = by_day[day]
        lines += [("carried", "", carried, 0)] * (carried < 0) + [("carried", "", -left, 0)] * (left < 0)
        lines += [("payout", f"{self._name}{day:%Y%m%d}", left, 0)] * (left > 0)
        return "\n".join([_COLUMNS, *(_row(line, day) for line in lines), ""])

    def _lines(self, payment: Payment) -> Iterator[tuple[date, _Line]]:
        """What a charge puts into the reports: the day and the line."""
        faults, reference = self.till.script.of(payment.order_id), payment.order_id
        if not payment.settled_at or faults.report_leaves_out:
            return
        settled, paid = _day_of(payment.settled_at), payment.paid_amount or payment.amount
        listed = faults.report_amount or paid
        yield settled, ("payment", reference, listed, faults.report_fee or self._fee(payment.channel, listed))
        for refund in payment.refunds:
            yield _day_of(refund.made_at), ("refund", reference, refund.amount, 0)
        if payment.status in ("deny", "chargeback") and paid > payment.refunded:
            yield settled, ("chargeback", reference, paid - payment.refunded, 0)

    def _fee(self, channel: str, amount: int) -> int:
        share = _SHARES.get(channel)
        return min(amount, self._flat_fee if share is None else -(-amount * share // 10_000))


def _net(lines: list[_Line]) -> int:
    return sum((amount if kind == "payment" else -amount) - fee for kind, _, amount, fee in lines)


def _row(line: _Line, day: date) -> str:
    kind, reference, amount, fee = line
    return f"{kind},{reference},{amount}.00,{fee}.00,{day}"


def _day_of(moment: float) -> date:
    return datetime.fromtimestamp(moment, JAKARTA).date()
