"""Scripted outcomes: how a stamp shall end, for programs of partners in the sandbox."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

import msgspec

from meterai.kernel.refusals import Kind, Refusal


class Scenario(StrEnum):
    """The trouble that a stamp meets."""

    REFUSED_FILE = "refused-file"
    """The file is refused when the stamp is made. The reservation ends."""
    SLOW = "slow"
    """The stamp is made later."""
    SIGNER_DOWN = "signer-down"
    """The signer does not answer. The stamp is given up at last, and the reservation ends."""
    WEBHOOK_LOST = "webhook-lost"
    """The first message about the stamp to each webhook is lost."""


LASTS: Final[Mapping[Scenario, timedelta]] = {
    Scenario.SLOW: timedelta(seconds=6),
    Scenario.SIGNER_DOWN: timedelta(seconds=3),
}
"""How long a trouble lasts. The next attempt after it ends it."""


class Script(msgspec.Struct, frozen=True, kw_only=True):
    """How one job shall end."""

    scenario: Scenario
    until: datetime

    def refuse_start(self, now: datetime) -> None:
        """Raises, before the file is prepared: Refusal INVALID `sandbox.refused_file`; UNAVAILABLE
        `sandbox.slow`.
        """
        if self.scenario is Scenario.REFUSED_FILE:
            raise Refusal(Kind.INVALID, "sandbox.refused_file")
        if self.scenario is Scenario.SLOW and now < self.until:
            raise Refusal(Kind.UNAVAILABLE, "sandbox.slow")

    def refuse_seal(self, now: datetime) -> None:
        """Raises, in place of the signer: Refusal UNAVAILABLE `signer.unavailable`, at last CONFLICT
        `sandbox.signer_down`.
        """
        if self.scenario is not Scenario.SIGNER_DOWN:
            return
        if now < self.until:
            raise Refusal(Kind.UNAVAILABLE, "signer.unavailable")
        raise Refusal(Kind.CONFLICT, "sandbox.signer_down")


def read_scenario(name: str) -> Scenario:
    """The scenario of a name. Raises: Refusal INVALID `sandbox.scenario`."""
    try:
        return Scenario(name)
    except ValueError as error:
        raise Refusal(Kind.INVALID, "sandbox.scenario", names=", ".join(Scenario)) from error


def end_of(scenario: Scenario, now: datetime) -> datetime:
    """When the trouble ends that begins now."""
    return now + LASTS.get(scenario, timedelta())
