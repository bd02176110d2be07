"""Pages for a person: the open payments, and one payment with its code and a button that pays."""

from __future__ import annotations

from html import escape

from aiohttp import web

from sandbox.gateway import channels, qris
from sandbox.gateway.charges import Payment, jakarta
from sandbox.gateway.till import GatewayError, Till
from sandbox.page import both, reload_link
from sandbox.serving import page

_WORDS = {
    "pending": ("Menunggu", "Waiting", "wait"),
    "settlement": ("Lunas", "Paid", "good"),
    "expire": ("Kedaluwarsa", "Expired", "bad"),
    "cancel": ("Dibatalkan", "Cancelled", "bad"),
    "deny": ("Ditolak", "Denied", "bad"),
    "refund": ("Dana dikembalikan", "Refunded", ""),
    "partial_refund": ("Dana dikembalikan sebagian", "Partly refunded", ""),
    "chargeback": ("Ditarik kembali", "Charged back", "bad"),
}


class Pages:
    """The routes for people."""

    def __init__(self, till: Till) -> None:
        self.till = till

    def routes(self) -> list[web.RouteDef]:
        """All routes."""
        return [
            web.get("/", self.index),
            web.get("/pay/{key}", self.show),
            web.post("/pay/{key}", self.pay),
        ]

    async def index(self, _: web.Request) -> web.StreamResponse:
        waiting = self.till.book.newest("pending", 50)
        paid = self.till.book.newest("settlement", 10)
        body = (
            f"<h1>{both('Gerbang pembayaran', 'Payment gateway')}</h1>{reload_link('/')}"
            f'<section class="card"><h2>{both("Menunggu pembayaran", "Waiting for payment")}</h2>'
            f"{_list(waiting)}</section>"
            f'<section class="card"><h2>{both("Baru saja dibayar", "Just paid")}</h2>{_list(paid)}</section>'
        )
        return page("Gerbang pembayaran", body)

    async def show(self, request: web.Request) -> web.StreamResponse:
        try:
            payment = self.till.find(request.match_info["key"])
        except GatewayError:
            return _missing()
        return page("Pembayaran", _payment(payment, payable=self._payable(payment)))

    async def pay(self, request: web.Request) -> web.StreamResponse:
        try:
            payment = self.till.find(request.match_info["key"])
            self.till.pay(payment)
        except GatewayError as error:
            if error.code == 404:
                return _missing()
        raise web.HTTPSeeOther(f"/pay/{payment.transaction_id}")

    def _payable(self, payment: Payment) -> bool:
        late = (
            payment.status in ("expire", "cancel") and self.till.script.of(payment.order_id).pay_after_expiry
        )
        return payment.status == "pending" or late


def _missing() -> web.Response:
    text = both("Pembayaran tidak ditemukan", "There is no such payment")
    return page(
        "Tidak ditemukan", f'<h1>{text}</h1><p><a href="/">{both("Semua", "All")}</a></p>', status=404
    )


def _payment(payment: Payment, *, payable: bool) -> str:
    rows = [
        (both("Penjual", "Merchant"), "Meterai"),
        (both("Untuk", "For"), escape(payment.name or "-")),
        (both("Nomor", "Reference"), escape(payment.order_id)),
        (both("Bayar sebelum", "Pay before"), f"{jakarta(payment.expires_at)} WIB"),
    ]
    if payment.settled_at:
        rows.append((both("Dibayar", "Paid at"), f"{jakarta(payment.settled_at)} WIB"))
    listed = "".join(f"<dt>{name}</dt><dd>{value}</dd>" for name, value in rows)
    code = _code(payment) if payable else ""
    button = (
        f'<form method="post"><button name="pay" value="1">Bayar {_rupiah(payment.amount)}'
        ' <span lang="en">/ Pay</span></button></form>'
        if payable
        else f'<p class="soft">{both("Halaman toko mengikuti sendiri.", "The shop follows by itself.")}</p>'
    )
    amount = payment.paid_amount or payment.amount
    return (
        f'<h1>{both("Pembayaran", "Payment")}</h1><section class="card">'
        f'<div class="row"><p class="amount">{_rupiah(amount)}</p>{_tag(payment)}</div>'
        f"<dl>{listed}</dl></section>"
        f'{button}{code}<p class="soft"><a href="/">{both("Semua pembayaran", "All payments")}</a></p>'
    )


def _code(payment: Payment) -> str:
    name = f'<p class="soft">{channels.name_of(payment)}</p>'
    if payment.qr_string:
        hint = both("Pindai dengan aplikasi bank atau dompet", "Scan with a bank app or wallet")
        drawn = f'<div class="qr">{qris.svg(payment.qr_string)}</div>'
        return f'<section class="card">{name}{drawn}<p class="soft">{hint}</p></section>'
    if payment.app_link:
        return f'<section class="card">{name}</section>'
    biller = f'<p class="code">{payment.biller_code}</p>' if payment.biller_code else ""
    number = " ".join(payment.va_number[i : i + 4] for i in range(0, len(payment.va_number), 4))
    return f'<section class="card">{name}{biller}<p class="code">{number}</p></section>'


def _list(payments: list[Payment]) -> str:
    if not payments:
        return f'<p class="soft">{both("Tidak ada", "None")}</p>'
    items = (
        f'<li><div class="row"><a href="/pay/{p.transaction_id}"><strong>{_rupiah(p.amount)}</strong> '
        f"{escape(p.name or p.order_id)}</a>{_tag(p)}</div>"
        f'<span class="soft">{channels.name_of(p)} · '
        f"{jakarta(p.created_at)} WIB</span></li>"
        for p in payments
    )
    return f"<ul>{''.join(items)}</ul>"


def _tag(payment: Payment) -> str:
    indonesian, english, look = _WORDS.get(payment.status, (payment.status, payment.status, ""))
    return f'<span class="tag {look}">{indonesian} <span lang="en">/ {english}</span></span>'


def _rupiah(amount: int) -> str:
    return f"Rp{amount:,}".replace(",", ".")
