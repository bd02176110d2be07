"""The pages of acts: the list, the form, the confirmation, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from litestar import Response, get, post

from meterai.bootstrap import ConsoleApp
from meterai.console.acts.forms import fields_of, read_form
from meterai.console.acts.model import ConsoleAct, Prepared, in_words
from meterai.console.acts.registry import acts_of, find_act
from meterai.console.approval import actor_of, approval_of, ask_here, is_checked_here
from meterai.console.pages import Asked, language_of, page
from meterai.console.session import SignedIn
from meterai.kernel.refusals import Refusal
from meterai.kit.acting import Actor
from meterai.kit.http.status import status_of
from meterai.operations.officers.act_text import Act
from meterai.texts.console_acts import GROUPS
from meterai.texts.mechanism.translation import translate
from meterai.texts.told import text_of

PAGE: Final = "/tindakan"
_STEP: Final = "langkah"
_BOTH: Final = 2
"""Signatures of an act for which a second officer is asked."""


@get(PAGE)
async def acts_page(request: Asked, officer: SignedIn) -> Response[bytes]:
    """Lists what this officer may do."""
    return page(request, "acts/list.html", groups=acts_of(officer), group_names=GROUPS)


@get(PAGE + "/{path:str}")
async def act_form(request: Asked, officer: SignedIn, path: str) -> Response[bytes]:
    """Shows the form of an act, filled in with what the address says."""
    return await _form(request, find_act(path, officer), dict(request.query_params))


@post(PAGE + "/{path:str}", status_code=200)
async def act(request: Asked, service: ConsoleApp, officer: SignedIn, path: str) -> Response[bytes]:
    """Shows what the act would do, then does it, or asks a second officer.

    Raises: Refusal FORBIDDEN `officer.role_missing`.
    """
    chosen = find_act(path, officer)
    typed = {name: value for name, value in (await request.form()).items() if isinstance(value, str)}
    form, wrong = read_form(chosen.form, typed, language_of(request))
    if wrong or typed.get(_STEP) == "ubah":
        return await _form(request, chosen, typed, wrong=wrong)
    try:
        prepared = await chosen.prepare(service, form)
        if typed.get(_STEP) != "kirim":
            return await _confirmation(request, chosen, typed, prepared)
        if chosen.signatures == _BOTH and await is_checked_here(service):
            approved = _approved(chosen, prepared)
            number = await ask_here(service, officer, approved, typed, person=prepared.person)
            return page(request, "acts/asked.html", act=chosen, number=number)
        actor = Actor(name=officer.officer)
        if chosen.signatures:
            actor = await actor_of(service, officer, _approved(chosen, prepared), typed)
        made = await chosen.carry_out(service, form, actor)
    except Refusal as refusal:
        return await _form(request, chosen, typed, refusal=refusal)
    language = language_of(request)
    facts = {name: in_words(value, language) for name, value in (made or {}).items()}
    done = translate(chosen.words.done, language, {"subject": prepared.subject, **facts})
    return page(request, "acts/done.html", act=chosen, done=done)


async def _confirmation(
    request: Asked, act: ConsoleAct, typed: Mapping[str, str], prepared: Prepared
) -> Response[bytes]:
    language, app = language_of(request), request.app.state.service
    return page(
        request,
        "acts/confirm.html",
        act=act,
        fields=fields_of(act.form, typed, {}, language),
        figures=prepared.shown(language),
        approval=await approval_of(app, _approved(act, prepared)) if act.signatures else None,
    )


def _approved(act: ConsoleAct, prepared: Prepared) -> Act:
    """What the officer approves."""
    return Act(kind=act.kind, subject=prepared.subject, facts=prepared.facts)


async def _form(
    request: Asked,
    act: ConsoleAct,
    typed: Mapping[str, str],
    *,
    wrong: Mapping[str, str] | None = None,
    refusal: Refusal | None = None,
) -> Response[bytes]:
    language = language_of(request)
    offered = await act.offer(request.app.state.service, language) if act.offer else {}
    status = status_of(refusal.kind) if refusal else 400 if wrong else 200
    return page(
        request,
        "acts/form.html",
        status,
        act=act,
        fields=fields_of(act.form, typed, wrong or {}, language, offered=offered),
        problem=refusal and text_of(refusal.code, language, refusal.facts),
    )


ROUTES: Final[list[Any]] = [acts_page, act_form, act]
