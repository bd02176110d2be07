"""Whether the line was switched off in secret. Then everybody enters, and people in line are overtaken."""

from __future__ import annotations

from meterai.waiting_room.auditing.findings import Findings
from meterai.waiting_room.files.log_facts import CLOCK_SET_RIGHT, OperatorFacts

SAID_WITHIN_S = 5
"""The log puts rules before operator actions of the same second."""


class SwitchingCheck:
    """Finds cuts of time while people waited that nothing in the log explains.

    Time is cut again when people have to wait again. Before that nobody waited, or an operator had switched
    the line off, which stands in the log. It is cut within a second after the line was switched on.

    Time is also cut when the controller's clock had been ahead. Then an act says so, and windows are closed
    whose published end is still to come.
    """

    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self._is_off = False
        self._on_at = -SAID_WITHIN_S
        self._suspect: tuple[int, int] | None = None
        self._is_ahead = False

    def on_cut(self, n: int, at: int, *, are_waiting: bool, ended_at: int) -> None:
        """Notes that time was cut again.

        `are_waiting`: whether people are in windows that were closed before. `ended_at`: when the last of
        those windows ended, as published.
        """
        self._judge()
        self._is_ahead = ended_at > at
        is_said = self._is_off or at <= self._on_at + SAID_WITHIN_S
        if are_waiting and not is_said:
            self._suspect = n, at

    def on_operator(self, at: int, facts: OperatorFacts) -> None:
        """Notes that an operator switched the line."""
        if facts.action in ("on", "off"):
            self._is_off = facts.action == "off"
            self._on_at = at if facts.action == "on" else self._on_at
        elif facts.action != CLOCK_SET_RIGHT or not self._is_ahead:
            return
        if self._suspect is not None and at <= self._suspect[1] + SAID_WITHIN_S:
            self._suspect = None

    def finish(self) -> None:
        """Judges what is left at the end of the log."""
        self._judge()

    def _judge(self) -> None:
        if self._suspect is not None:
            self._findings.add("operator.hidden", self._suspect[0])
            self._suspect = None
