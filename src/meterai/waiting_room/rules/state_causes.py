"""Why a queue is in its state, or why its frontier stands: short codes for the public log. Pure."""

from __future__ import annotations

from enum import StrEnum


class StateCause(StrEnum):
    """The cause of a state. Words for auditors: `texts/queue/audit_report.py`."""

    PLANNED = "planned"  # by the schedule in the rules
    OPERATOR = "operator"  # an operator's act in the log: off, on, halt, a cap of 0
    NOBODY_WAITS = "nobody_waits"
    PEOPLE_WAIT = "people_wait"  # why a line began: somebody had taken a place
    MORE_THAN_RATE = "more_than_rate"  # why a line began: more people came than the rate or the cap
    SITE_FULL = "site_full"  # why a line began, or why nobody is called
    ASKED_FOR = "asked_for"  # why a line began: an operator wants everybody in line
    SITE_SILENT = "site_silent"
    CANNOT_BUY = "cannot_buy"  # no code is sent, or no charge is opened
    NO_STAMPS = "no_stamps"
    DRAW_LATE = "draw_late"  # everybody who is drawn is called, and the next draw is late
    DOOR_FULL = "door_full"  # people who were called wait at the full admission
    CALLING = "calling"  # nothing holds the line
    CONTROLLER_AWAY = "controller_away"  # the value is the number of seconds without a step

    @property
    def holds_people(self) -> bool:
        """Whether the frontier may stand while people wait."""
        return self in _HOLDING


_HOLDING = frozenset(
    {
        StateCause.OPERATOR,
        StateCause.SITE_FULL,
        StateCause.SITE_SILENT,
        StateCause.CANNOT_BUY,
        StateCause.NO_STAMPS,
        StateCause.DRAW_LATE,
        StateCause.DOOR_FULL,
    }
)
