"""The words of messages about news: an officer's, a link, and the foot."""

from __future__ import annotations

from meterai.customers.choices import ChoiceLink, NewsKind, make_choice_token
from meterai.kit.messages import Message
from meterai.news.messages.model import Claimed
from meterai.news.model import Announcement, BothLanguages, Incident
from meterai.texts.mechanism.languages import prefix_of
from meterai.texts.mechanism.translation import translate
from meterai.texts.news_messages import FOOT, READ_MORE


def message_about(
    claimed: Claimed, news: Incident | Announcement, *, secret: bytes, public_url: str
) -> Message:
    """The message in its reader's language, with the link that turns such messages off."""
    base = f"{public_url.rstrip('/')}{prefix_of(claimed.language)}"
    kind = NewsKind.INCIDENT if isinstance(news, Incident) else NewsKind.ANNOUNCEMENT
    link = ChoiceLink(contact_id=claimed.contact_id, kind=kind)
    choices = f"{base}/pesan/{make_choice_token(secret, link)}"
    said = _text(news).in_language(claimed.language)
    parts = (
        news.title.in_language(claimed.language) if claimed.contact_kind == "phone" else "",
        said,
        translate(READ_MORE, claimed.language, {"link": f"{base}/status"}),
        translate(FOOT, claimed.language, {"link": choices}),
    )
    return Message(
        to_kind=claimed.contact_kind,
        to=claimed.contact_value,
        subject=news.title.in_language(claimed.language),
        text="\n\n".join(part for part in parts if part),
        language=claimed.language,
        unsubscribe=choices,
        key=claimed.id.hex,
    )


def _text(news: Incident | Announcement) -> BothLanguages:
    """An incident's newest update."""
    return news.updates[0].text if isinstance(news, Incident) else news.text
