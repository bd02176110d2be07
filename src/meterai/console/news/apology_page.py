"""The page of an apology: the published one, the form for what changes, or a draft and its approval."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from litestar import Response

from meterai.bootstrap import ConsoleApp
from meterai.console.approval import act_of, approval_of
from meterai.console.news.news_pages import WRITERS, news_page
from meterai.console.news.typed import Typed
from meterai.console.pages import Asked
from meterai.console.session import SignedIn
from meterai.kernel.refusals import Refusal
from meterai.news.apology.letter import ApologyLetter, letter_of
from meterai.news.apology.model import CHANGES_LENGTH_MAX, Apology
from meterai.news.apology.publish import KIND, draft_apology, facts_of
from meterai.news.model import BothLanguages
from meterai.news.queries import incident
from meterai.operations.officers.act_text import Act
from meterai.operations.officers.requests import ReleaseRequest, asked_for
from meterai.texts.mechanism.languages import languages


@dataclass(frozen=True, slots=True)
class Draft:
    """An apology as it would be published now, and the request for this text."""

    apology: Apology
    request: ReleaseRequest | None
    """None: nobody has asked for exactly this text."""
    replaces: bool
    """Whether another text waits. Its request ends when somebody asks for this one."""

    @property
    def act(self) -> Act:
        """What an officer approves."""
        if self.request:
            return act_of(self.request)
        return Act(kind=KIND, subject=str(self.apology.incident), facts=facts_of(self.apology.changes))


async def show_draft(service: ConsoleApp, number: int, changes: BothLanguages) -> Draft:
    """Drafts the apology with this text. Raises: what `draft_apology` raises."""
    drafted = await draft_apology(service.db, number, changes, now=service.clock())
    async with service.db.connection() as connection:
        asked = await asked_for(connection, KIND, str(number))
    is_same = asked is not None and asked.facts == facts_of(drafted.changes)
    return Draft(drafted, asked if is_same else None, replaces=asked is not None and not is_same)


async def draft_page(
    request: Asked, typed: Typed, draft: Draft, *, refusal: Refusal | None = None
) -> Response[bytes]:
    """Shows a draft, and asks officers who may publish it for their approval."""
    officer: SignedIn = request.user
    has_signed = draft.request is not None and officer.officer in draft.request.signed_by
    asks = officer.has(*WRITERS) and not has_signed
    return await apology_page(
        request,
        draft.apology.incident,
        typed,
        draft=draft,
        refusal=refusal,
        has_signed=has_signed,
        approval=await approval_of(request.app.state.service, draft.act) if asks else None,
    )


async def apology_page(
    request: Asked,
    number: int,
    typed: Typed,
    *,
    draft: Draft | None = None,
    published: Apology | None = None,
    refusal: Refusal | None = None,
    **approving: Any,
) -> Response[bytes]:
    """Shows the published apology, the draft, or the form.

    Raises: Refusal NOT_FOUND `news.incident_unknown`.
    """
    service: ConsoleApp = request.app.state.service
    async with service.db.connection() as connection:
        found = await incident(connection, number)
    officer: SignedIn = request.user
    return news_page(
        request,
        "apology.html",
        incident=found,
        letters=_letters(published or (draft.apology if draft else None)),
        is_published=published is not None,
        may_write=officer.has(*WRITERS) and published is None and found.ended_at is not None,
        writers=", ".join(WRITERS),
        draft=draft,
        changes_length_max=CHANGES_LENGTH_MAX,
        typed=typed,
        refusal=refusal,
        **approving,
    )


def _letters(apology: Apology | None) -> dict[str, ApologyLetter]:
    """The text in each language; empty: there is none."""
    return {language: letter_of(apology, language) for language in languages()} if apology else {}
