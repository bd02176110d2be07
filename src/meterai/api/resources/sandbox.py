"""The sandbox for partners: what a test installation does besides."""

from __future__ import annotations

from meterai.bootstrap import App
from meterai.kernel.refusals import Kind, Refusal
from meterai.partners.sandbox.model import is_on
from meterai.stamping.scenarios import Scenario, read_scenario

SCENARIO = "Meterai-Scenario"
SCENARIO_REFUSES = {"sandbox.off": Kind.MALFORMED, "sandbox.scenario": Kind.INVALID}


def scenario_of(service: App, name: str) -> Scenario | None:
    """The scenario that a request names.

    Raises: Refusal MALFORMED `sandbox.off`, INVALID `sandbox.scenario`.
    """
    if not name:
        return None
    if not is_on(service.settings):
        raise Refusal(Kind.MALFORMED, "sandbox.off")
    return read_scenario(name)
