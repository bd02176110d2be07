"""News of an order for its customer. The sentences are in `texts/order_news.py`."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum

import msgspec

from meterai.customers.contacts import ContactKind
from meterai.kernel.money import format_rupiah
from meterai.kit.messages import Message
from meterai.sales.model import Flow, OrderState, RefundReason
from meterai.sales.ports import Channel
from meterai.texts.channels import CHANNEL_NAMES
from meterai.texts.mechanism.translation import translate
from meterai.texts.order_news import ORDER_NEWS
from meterai.texts.states import STATES

TOPIC = "sales.order_news"
"""The outbox topic: {order_id, news}, for news of a refund also its id. Handled by `use_cases.send_news`."""

PAID_NEWS_AFTER = timedelta(seconds=60)
"""An order whose stamps take longer than this gets a message that the payment came."""


class News(StrEnum):
    """What there is to tell."""

    PAID = "paid"
    COMPLETED = "completed"
    COMPLETED_PARTLY = "completed_partly"  # told instead, when a document was refused
    DOCUMENT_REFUSED = "document_refused"
    MONEY_RETURNS = "money_returns"  # it bought nothing and goes back by itself; as what follows, of a refund
    NEEDS_ACCOUNT = "needs_account"
    REFUND_PAID = "refund_paid"
    LINK = "link"  # asked for


class OrderToTell(msgspec.Struct, frozen=True, kw_only=True):
    """What a message to the customer says of an order, and where it goes."""

    id: uuid.UUID
    number: str
    submit_id: str
    """What is stored of its form's name: its link's token is made from that, and from the round.
    `token_digest` tells with which of our secrets."""
    token_round: int
    token_digest: bytes
    flow: Flow
    state: OrderState
    language: str
    total: int
    channel: Channel | None
    """How it was paid."""
    contact_kind: ContactKind | None
    contact_value: str | None
    customer_id: uuid.UUID | None = None
    """Whose choices count for where it goes."""
    all_stamped: bool
    """Every document of it, and there is one."""
    waits_for_choice: bool
    """A document was refused, and its customer has not chosen yet what to do."""
    is_of_probe: bool = False
    """Only news of its money are sent: it is ordered again and again."""


class RefundFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What every message about a refund names beside its order."""

    amount: int
    reason: RefundReason
    waits_for_account: bool

    def words(self, language: str) -> dict[str, str]:
        """The facts for the sentences."""
        reason = translate(STATES[f"reason.{self.reason}"].what, language)
        return {"amount": format_rupiah(self.amount), "reason": reason}


type Entry = tuple[str, Mapping[str, object]]


def news_entry(order_id: uuid.UUID, news: News) -> Entry:
    """The outbox row that tells the customer of an order."""
    return TOPIC, {"order_id": order_id, "news": news}


def refund_entry(order_id: uuid.UUID, refund_id: uuid.UUID, news: News) -> Entry:
    """The outbox row that tells the customer of a refund."""
    return TOPIC, {"order_id": order_id, "news": news, "refund_id": refund_id}


def message_of(
    order: OrderToTell, news: News, link: str, *, refund: RefundFacts | None = None
) -> Message | None:
    """The message for the order's contact; None when it has none, or when there is nothing to tell any more.

    `refund`: the one that the news are about.

    News may wait long for their sender: meanwhile another message may have said it all, or what they ask for
    was done.
    """
    is_over = {
        News.PAID: order.flow is Flow.STAMP and order.state is OrderState.COMPLETED,
        News.DOCUMENT_REFUSED: not order.waits_for_choice,
        News.NEEDS_ACCOUNT: refund is not None and not refund.waits_for_account,
    }
    if order.contact_kind is None or order.contact_value is None or is_over.get(news, False):
        return None
    if order.is_of_probe and refund is None:
        return None
    if news is News.COMPLETED and not order.all_stamped:
        news = News.COMPLETED_PARTLY
    subject, text = (translate(sentence, order.language) for sentence in ORDER_NEWS[news])
    facts = {"number": order.number, "total": format_rupiah(order.total), "link": link}
    if order.channel is not None:
        facts["channel"] = translate(CHANNEL_NAMES[order.channel], order.language)
    if refund is not None:
        facts |= refund.words(order.language)
    return Message(
        to_kind=order.contact_kind,
        to=order.contact_value,
        subject=subject.format_map(facts),
        text=text.format_map(facts),
        language=order.language,
    )
