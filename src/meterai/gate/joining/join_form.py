"""The page with the join form, and the notice that stands there before and after the event."""

from __future__ import annotations

import time

import msgspec

from meterai.gate.joining.form_fields import Form, read_form
from meterai.gate.time_texts import moment_text
from meterai.gate.visit import Visit
from meterai.kernel.refusals import Refusal
from meterai.kit.formats.display import wait_text
from meterai.kit.http.status import http_status
from meterai.kit.http.work_demand import WorkNeeded
from meterai.texts.mechanism.translation import translate
from meterai.texts.queue.gate import PROBLEMS

_FORM_PAGES_MAX = 32
_CONTACT_TEXT_MAX = 254
_TICKET_TEXT_MAX = 1_000


def join_form(
    visit: Visit,
    refusal: Refusal | None = None,
    *,
    forgets_ticket: bool = False,
) -> bytes:
    """The page with the form, or the notice that nobody can join now.

    `refusal`: of the form that was sent. `forgets_ticket`: the site refused the browser's ticket, so the
    browser forgets it.
    """
    if visit.event.issuer.window() is None:
        return closed_notice(visit, refusal)
    body = _render(visit, _facts(visit, refusal))
    more = visit.answers.no_cookie(visit.slug) if forgets_ticket else []
    return visit.page(http_status(refusal), body, *more, referrer="same-origin")


def closed_notice(visit: Visit, refusal: Refusal | None = None) -> bytes:
    """The notice that nobody can join yet, or any more. It names a refused ticket's problem."""
    event, language = visit.event, visit.language
    schedule = event.published.config.schedule
    is_early = event.issuer.now() < schedule.joins_from
    moment = schedule.joins_from if is_early else schedule.closes_at
    wrong = refusal if refusal is not None and refusal.code.startswith("ticket.") else None
    return visit.answers.notice(
        "not_yet" if is_early else "closed",
        language,
        f"/antre/{visit.slug}",
        409 if visit.is_post else 200,
        problem=translate(PROBLEMS[wrong.code], language) if wrong else "",
        ticket=_sent_fields(visit, wrong).ticket,
        event=event.facts.name_in(language),
        moment=moment_text(moment, language, event.facts.zone),
    )


def _facts(visit: Visit, refusal: Refusal | None) -> dict[str, str | bool]:
    event, language = visit.event, visit.language
    status, config, now = event.published.status, event.published.config, event.issuer.now()
    schedule, zone = config.schedule, event.facts.zone
    closes = moment_text(schedule.closes_at, language, zone)
    direct = visit.purchase if event.issuer.enters_directly() else ""
    asks_for_work = event.joining.load.asks_for_work(time.monotonic())
    wrong = refusal.code if refusal else ""
    sent = _sent_fields(visit, refusal)
    meant = str(refusal.facts.get("meant", "")) if refusal else ""
    needed = refusal if isinstance(refusal, WorkNeeded) else None
    return {
        "problem": translate(PROBLEMS[wrong], language).format(meant=meant) if wrong and not needed else "",
        "meant": meant,
        "asked": sent.asked,
        "is_contact_wrong": wrong == "contact.unreadable",
        "is_ticket_wrong": wrong.startswith("ticket."),
        "note": status.words_in(language) if status else "",
        "is_lottery": now < schedule.opens_at,
        "direct": direct,
        "enter_before": closes if direct else "",
        "is_last_call": schedule.last_call_at is not None and now >= schedule.last_call_at,
        "served_before": closes if config.policy.line_counts else "",
        "opens": moment_text(schedule.opens_at, language, zone),
        "is_busy": asks_for_work,
        "challenge": needed.challenge if needed else "",
        "wait": needed.wait if needed else "",
        "wait_text": wait_text(needed.seconds, language) if needed else "",
        "contact": sent.contact,
        "name": sent.name,
        "ticket": sent.ticket,
    }


def _render(visit: Visit, facts: dict[str, str | bool]) -> bytes:
    """Renders the page. Pages without anything that was typed are the same for everybody, and are kept."""
    kept, key = visit.event.form_pages, (visit.language, *facts.values())
    if (known := kept.get(key)) is not None:
        return known
    body = visit.pages.render(
        "join.html", visit.language, path=f"/antre/{visit.slug}", event=visit.event.facts, **facts
    )
    if not any(facts[typed] for typed in ("contact", "asked", "name", "ticket")):
        if len(kept) >= _FORM_PAGES_MAX:
            kept.clear()
        kept[key] = body
    return body


def _sent_fields(visit: Visit, refusal: Refusal | None) -> Form:
    """The fields of a refused form, to fill them in again; empty when no form was refused."""
    if refusal is None or not visit.is_post:
        return Form("", "", "", "")
    try:
        form = read_form(visit.request)
    except (Refusal, ValueError):
        return Form("", "", "", "")
    cut = {
        "contact": form.contact[:_CONTACT_TEXT_MAX],
        "asked": form.asked[:_CONTACT_TEXT_MAX],
        "ticket": form.ticket[:_TICKET_TEXT_MAX],
    }
    return msgspec.structs.replace(form, **cut)
