"""Messages about a refund, for every proven contact of its customer. Sentences: `texts/order_news.py`."""

from __future__ import annotations

import uuid
from datetime import datetime
from enum import StrEnum
from typing import Final

from meterai.customers.contacts import Contact
from meterai.kit.messages import Message
from meterai.sales.bank_account import BANKS
from meterai.sales.news import RefundFacts
from meterai.texts.mechanism.moments import moment_text
from meterai.texts.mechanism.translation import translate
from meterai.texts.order_news import REFUND_NEWS


class RefundNews(StrEnum):
    """What there is to tell. The database writes these rows with the act itself (`sales.tell_contacts`)."""

    ASKED = "refund_asked"  # an account is still to be named
    BY_GATEWAY = "refund_by_gateway"  # goes back to where the money came from
    NAMED = "refund_named"  # goes to an account after the wait
    STOPPED = "refund_stopped"
    GIVEN = "refund_given"  # by officers; the customer is to name an account
    GIVEN_BY_GATEWAY = "refund_given_by_gateway"
    GIVEN_NAMED = "refund_given_named"  # by officers, to an account that they named


_WAIT_FOR_ACCOUNT: Final = (RefundNews.ASKED, RefundNews.GIVEN)
_NAME_ACCOUNT: Final = (RefundNews.NAMED, RefundNews.GIVEN_NAMED)


class RefundToTell(RefundFacts, frozen=True, kw_only=True):
    """What a message says of a refund."""

    id: uuid.UUID
    namings: int
    bank: str | None
    account_tail: str | None
    account_holder: str | None
    pays_from: datetime | None
    customer_id: uuid.UUID
    """Of its order, as what follows."""
    number: str
    submit_id: str
    """Its order's link is made from this, and from the round."""
    token_round: int
    token_digest: bytes
    language: str


def refund_message(
    refund: RefundToTell, news: RefundNews, to: Contact, *, naming: int, link: str, stop: str
) -> Message | None:
    """The message for one contact; None when it is no longer true: an account was named since, or stopped.

    `link`: the order's page. `stop`: the page that stops the payout.
    """
    if refund.namings != naming or (news in _WAIT_FOR_ACCOUNT and not refund.waits_for_account):
        return None
    facts = {"number": refund.number, "link": link, "stop": stop, **refund.words(refund.language)}
    if news in _NAME_ACCOUNT:
        if refund.bank is None:
            return None
        facts["bank"] = BANKS.get(refund.bank, refund.bank)
        facts["tail"], facts["holder"] = str(refund.account_tail), str(refund.account_holder)
    if news is RefundNews.NAMED:
        if refund.pays_from is None:
            return None
        facts["moment"] = moment_text(refund.pays_from, refund.language)
    subject, text = (translate(sentence, refund.language) for sentence in REFUND_NEWS[news])
    return Message(
        to_kind=to.kind,
        to=to.value,
        subject=subject.format_map(facts),
        text=text.format_map(facts),
        language=refund.language,
    )
