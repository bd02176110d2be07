"""News of an order for its customer: the kinds, and their text in both languages."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum

from meterai.kernel.money import format_rupiah
from meterai.kit.messages import Message
from meterai.sales.model import Flow, OrderState
from meterai.sales.store.orders import OrderToTell

TOPIC = "sales.order_news"
"""The outbox topic: {order_id, news}. Handled by `use_cases.tell_customer`, which makes the link."""

PAID_NEWS_AFTER = timedelta(seconds=60)
"""So long after its payment an order whose stamps are not done yet is told that the payment came."""


class News(StrEnum):
    """What there is to tell."""

    PAID = "paid"
    COMPLETED = "completed"
    COMPLETED_PARTLY = "completed_partly"  # told instead, when a document was refused
    DOCUMENT_REFUSED = "document_refused"
    MONEY_RETURNS = "money_returns"  # it bought nothing and goes back by itself
    NEEDS_ACCOUNT = "needs_account"
    REFUND_PAID = "refund_paid"
    LINK = "link"  # asked for


type Entry = tuple[str, Mapping[str, object]]


def news_entry(order_id: uuid.UUID, news: News) -> Entry:
    """The outbox row that tells the customer of an order."""
    return TOPIC, {"order_id": order_id, "news": news}


_TEXTS: dict[str, dict[News, tuple[str, str]]] = {
    "id": {
        News.PAID: (
            "Pembayaran diterima: pesanan {number}",
            "Pembayaran {total} untuk pesanan {number} sudah kami terima.\n\n"
            "Lihat pesanan, kuitansi, dan hasilnya di sini. Simpan tautan ini, jangan dibagikan:\n{link}",
        ),
        News.COMPLETED: (
            "Dokumen Anda sudah bermeterai: pesanan {number}",
            "Pembayaran {total} untuk pesanan {number} sudah kami terima, dan semua meterai sudah "
            "dibubuhkan.\n\nUnduh dokumen dan kuitansinya di sini. Simpan tautan ini, jangan "
            "dibagikan:\n{link}",
        ),
        News.COMPLETED_PARTLY: (
            "Dokumen lainnya sudah bermeterai: pesanan {number}",
            "Pembayaran {total} untuk pesanan {number} sudah kami terima. Meterai sudah dibubuhkan, kecuali "
            "pada dokumen yang tidak dapat dibubuhi.\n\nUnduh dokumen dan kuitansinya, dan lihat apa yang "
            "dapat dilakukan dengan yang lain, di sini. Simpan tautan ini, jangan dibagikan:\n{link}",
        ),
        News.DOCUMENT_REFUSED: (
            "Dokumen tidak dapat dibubuhi: pesanan {number}",
            "Satu dokumen pada pesanan {number} tidak dapat dibubuhi meterai. Meterainya tidak terpakai dan "
            "uang Anda tercatat.\n\nGanti dokumennya atau minta uangnya kembali di sini:\n{link}",
        ),
        News.MONEY_RETURNS: (
            "Uang Anda kembali: pesanan {number}",
            "Kami menerima pembayaran untuk pesanan {number} yang tidak dapat dipakai. Uangnya kami "
            "kembalikan seluruhnya kepada Anda.\n\nIkuti di sini:\n{link}",
        ),
        News.NEEDS_ACCOUNT: (
            "Isi rekening untuk pengembalian dana: pesanan {number}",
            "Uang dari pesanan {number} akan kami kembalikan ke rekening bank. Isi nomor rekeningnya di "
            "sini:\n{link}",
        ),
        News.REFUND_PAID: (
            "Uang sudah dikembalikan: pesanan {number}",
            "Pengembalian dana dari pesanan {number} sudah kami bayarkan. Rinciannya di sini:\n{link}",
        ),
        News.LINK: (
            "Tautan pesanan {number}",
            "Ini tautan pesanan {number}. Simpan dan jangan dibagikan:\n{link}",
        ),
    },
    "en": {
        News.PAID: (
            "Payment received: order {number}",
            "We have received {total} for order {number}.\n\n"
            "See the order, the receipt and the result here. Keep this link, do not share it:\n{link}",
        ),
        News.COMPLETED: (
            "Your document is stamped: order {number}",
            "We have received {total} for order {number}, and every stamp is on its document.\n\n"
            "Download document and receipt here. Keep this link, do not share it:\n{link}",
        ),
        News.COMPLETED_PARTLY: (
            "Your other documents are stamped: order {number}",
            "We have received {total} for order {number}. The stamps are on their documents, except on what "
            "could not be stamped.\n\nDownload documents and receipt, and see what can be done about the "
            "rest, here. Keep this link, do not share it:\n{link}",
        ),
        News.DOCUMENT_REFUSED: (
            "A document could not be stamped: order {number}",
            "A document of order {number} could not be stamped. Its stamp was not used, and your money is on "
            "record.\n\nReplace the document or ask for the money back here:\n{link}",
        ),
        News.MONEY_RETURNS: (
            "Your money goes back: order {number}",
            "We received a payment for order {number} that could not be used. We return all of it to "
            "you.\n\nFollow it here:\n{link}",
        ),
        News.NEEDS_ACCOUNT: (
            "Name an account for your refund: order {number}",
            "We return the money of order {number} to a bank account. Enter the account here:\n{link}",
        ),
        News.REFUND_PAID: (
            "Money returned: order {number}",
            "We have paid the refund of order {number}. The details are here:\n{link}",
        ),
        News.LINK: (
            "Link to order {number}",
            "This is the link to order {number}. Keep it and do not share it:\n{link}",
        ),
    },
}


def message_of(order: OrderToTell, news: News, link: str) -> Message | None:
    """The message for the order's contact; None when it has none, or when there is nothing to tell any more.

    News may wait long for their sender: meanwhile another message may have said it all, or what they ask for
    was done.
    """
    is_over = {
        News.PAID: order.flow is Flow.STAMP and order.state is OrderState.COMPLETED,
        News.DOCUMENT_REFUSED: not order.waits_for_choice,
        News.NEEDS_ACCOUNT: not order.needs_account,
    }
    if order.contact_kind is None or order.contact_value is None or is_over.get(news, False):
        return None
    if news is News.COMPLETED and not order.all_stamped:
        news = News.COMPLETED_PARTLY
    subject, text = _TEXTS["en" if order.language == "en" else "id"][news]
    facts = {"number": order.number, "total": format_rupiah(order.total), "link": link}
    return Message(
        to_kind=order.contact_kind,
        to=order.contact_value,
        subject=subject.format_map(facts),
        text=text.format_map(facts),
        language=order.language,
    )
