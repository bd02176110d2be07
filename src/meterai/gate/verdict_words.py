"""The words for a verdict on the wait page: its tone, its sentences, and its button."""

from __future__ import annotations

import math
from dataclasses import dataclass

from meterai.gate.time_texts import moment_text, time_text
from meterai.gate.waiting.presence import PRESENT_AROUND_CLOSING_S
from meterai.kit.formats.display import number_text
from meterai.texts.mechanism.translation import translate
from meterai.texts.queue.gate_verdicts import (
    CALL_LAPSED,
    CALLED_AT_THE_END,
    CALLED_DONE,
    CALLED_HELD,
    CALLED_STALLED,
    CALLED_UNSTAMPED,
    CALLED_UNTIL,
    ENTERED,
    KEPT,
    LINE_COUNTS,
    UNKNOWN_TIME,
    VERDICTS,
)
from meterai.waiting_room.files.published_documents import Status
from meterai.waiting_room.rules.verdict import Advice, Verdict

AMBER_BELOW = 0.8
"""A person with at least this chance gets no warning."""
_HEADLINES = ((0.9, "very_likely"), (0.5, "likely"), (0.1, "unlikely"), (0.0, "not_tonight"))
"""The headline from this chance on, by its key in `HEADLINES` (`texts/queue/gate.py`)."""
KEPT_FROM = 20
"""The number of due promises from which the page says how many were kept."""


@dataclass(frozen=True, slots=True)
class NamedTimes:
    """The times that a page may name, in Unix seconds, with their zone."""

    zone: str
    closes_at: int
    joined_at: int
    drawn_at: int
    claim_minutes: int
    line_counts: bool
    """Whether people who are in line at closing are served (`Policy.line_counts`)."""
    call_left_s: int | None = None
    """`PlaceInLine.call_left_s`."""


@dataclass(frozen=True, slots=True)
class VerdictText:
    """What the page says. `claim`: the words on the button to the site; empty when there is none.

    `claim_at`: the last part of the button's address.
    """

    tone: str
    told: str
    lines: tuple[str, ...]
    claim: str = ""
    claim_at: str = ""


def chance_headline(chance: float) -> str:
    """The key of the headline for a chance to be done before closing."""
    return next(headline for least, headline in _HEADLINES if chance >= least)


def verdict_text(
    verdict: Verdict, status: Status | None, moments: NamedTimes, *, language: str
) -> VerdictText:
    """The words for a verdict."""
    words = (LINE_COUNTS if moments.line_counts else VERDICTS).get(verdict.advice) or VERDICTS[verdict.advice]
    facts = _Facts(verdict, status, moments, language)

    def said(sentence: str) -> str:
        return translate(sentence, language).format_map(facts)

    lines = [said(line) for line in _lines_of(verdict.advice, words.lines, status, moments)]
    if verdict.advice is Advice.CALLED and verdict.latest is not None:
        lines.append(said(CALLED_DONE))
    if verdict.done_by is not None and status is not None and status.kept[1] >= KEPT_FROM:
        lines[-1] += " " + said(KEPT)
    return VerdictText(
        _tone(words.tone, verdict), said(words.told), tuple(lines), said(words.claim), words.claim_at
    )


def said_to_entered(language: str) -> VerdictText:
    """The words for a person who has entered the site."""
    lines = tuple(translate(line, language) for line in ENTERED.lines)
    return VerdictText(ENTERED.tone, "", lines, translate(ENTERED.claim, language), ENTERED.claim_at)


def _tone(usual: str, verdict: Verdict) -> str:
    """The colour of the box. Amber (empty) warns, so people with a good chance see another colour."""
    chance = verdict.probability
    if usual or chance is None or chance < AMBER_BELOW:
        return usual
    return "good" if chance_headline(chance) == "very_likely" else "calm"


def _lines_of(
    advice: Advice, usual: tuple[str, ...], status: Status | None, moments: NamedTimes
) -> tuple[str, ...]:
    """The lines for an advice: the usual ones, or others for the present state of the queue."""
    if status is None:
        return usual
    if advice is Advice.UNKNOWN and moments.drawn_at <= status.at:
        return (UNKNOWN_TIME,)
    if advice is not Advice.CALLED:
        return usual
    if status.state in CALLED_HELD:
        usual = (CALLED_HELD[status.state],)
    elif moments.closes_at - status.at <= moments.claim_minutes * 60:
        usual = (CALLED_AT_THE_END[moments.line_counts],)
    elif moments.call_left_s is not None and status.can_buy:
        usual = (CALLED_UNTIL if moments.call_left_s else CALL_LAPSED,)
    if not status.is_stamping:
        return (*usual, CALLED_UNSTAMPED)
    return usual if status.can_buy else (*usual, CALLED_STALLED)


@dataclass(frozen=True, slots=True)
class _Facts:
    """The values that words may name, made only when a text asks for one."""

    verdict: Verdict
    status: Status | None
    moments: NamedTimes
    language: str

    def __getitem__(self, name: str) -> str:
        verdict, moments, language = self.verdict, self.moments, self.language
        match name:
            case "percent":
                return "" if verdict.probability is None else f"{verdict.probability * 100:.0f}%"
            case "done_by":
                return self._clock(verdict.done_by)
            case "latest":
                return self._clock(verdict.latest)
            case "back":
                return self._clock(verdict.come_back_at)
            case "closes":
                return moment_text(moments.closes_at, language, moments.zone)
            case "joined":
                return moment_text(moments.joined_at, language, moments.zone, seconds=True)
            case "drawn":
                return moment_text(moments.drawn_at, language, moments.zone)
            case "check_from":
                return self._clock(moments.closes_at - PRESENT_AROUND_CLOSING_S)
            case "check_to":
                return self._clock(moments.closes_at + PRESENT_AROUND_CLOSING_S)
            case "enter_by":
                return self._clock(self._enter_by())
            case "left":
                return str(math.ceil((moments.call_left_s or 0) / 60))
            case "minutes":
                return str(moments.claim_minutes)
            case "kept":
                return number_text(self.status.kept[0] if self.status else 0, language)
            case "given":
                return number_text(self.status.kept[1] if self.status else 0, language)
        raise KeyError(name)

    def _enter_by(self) -> int | None:
        """The minute in which the call lapses."""
        left_s = self.moments.call_left_s
        return None if left_s is None or self.status is None else self.status.at + left_s

    def _clock(self, unix: int | None) -> str:
        if unix is None:
            return ""
        now = self.status.at if self.status else unix
        return time_text(unix, self.language, self.moments.zone, now=now)
