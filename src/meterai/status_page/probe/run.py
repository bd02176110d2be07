"""What came of one purchase of the probe, as `status.json` says it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Final, Literal

import msgspec

from meterai.status_page.worst import worst
from meterai.texts.status_page import Component, Door, Health

type Reach = Literal["unpaid", "stamped"]
"""How far it goes: to an order that is cancelled, or through to the verdict."""
SLOW_S: Final = 3.0
"""A step that takes longer counts as slow."""


class Why(StrEnum):
    """Why a purchase stopped."""

    NO_ANSWER = "no_answer"
    LATE = "late"
    REFUSED = "refused"
    UNEXPECTED = "unexpected"
    """An answer that has not what a person needs for the next step."""
    OFF = "off"
    """The site does not know the probe. That says nothing of its doors."""
    TOO_SOON = "too_soon"
    """Another run of this account ordered less than a minute ago. That says nothing either."""


class Step(StrEnum):
    """What a person does, one after the other."""

    HOME = "home"
    SIGN_IN = "sign_in"
    TIDY_UP = "tidy_up"
    FORM = "form"
    UPLOAD = "upload"
    PLACE = "place"
    ORDER = "order"
    CHARGE = "charge"
    CANCEL = "cancel"
    PAY = "pay"
    PAID = "paid"
    STAMPED = "stamped"
    DOWNLOAD = "download"
    VERIFY = "verify"


DOORS: Final[Mapping[Step, Door]] = {
    Step.HOME: Door.HOME,
    Step.SIGN_IN: Door.CHECKOUT,
    Step.TIDY_UP: Door.GATEWAY,
    Step.FORM: Door.CHECKOUT,
    Step.UPLOAD: Door.CHECKOUT,
    Step.PLACE: Door.CHECKOUT,
    Step.ORDER: Door.PAYMENT,
    Step.CHARGE: Door.GATEWAY,
    Step.CANCEL: Door.GATEWAY,
    Step.PAY: Door.GATEWAY,
    Step.PAID: Door.PAYMENT,
    Step.STAMPED: Door.STAMPING,
    Step.DOWNLOAD: Door.STAMPING,
    Step.VERIFY: Door.VERIFICATION,
}
"""The door that each step goes through."""
_COMPONENTS: Final = {
    Door.HOME: Component.HOME,
    Door.CHECKOUT: Component.HOME,
    Door.PAYMENT: Component.PAYMENTS,
    Door.GATEWAY: Component.PAYMENTS,
    Door.STAMPING: Component.STAMPING,
    Door.VERIFICATION: Component.VERIFICATION,
}
_SLOW_FROM: Final = {Step.CHARGE: 10.0, Step.PAID: 10.0, Step.STAMPED: 30.0}
"""Steps that wait for work behind the site."""
_SAY_NOTHING: Final = (Why.OFF, Why.TOO_SOON)


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """A step that was done."""

    step: Step
    door: Door
    seconds: float


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """Where the purchase stopped."""

    step: Step
    door: Door
    why: Why

    @property
    def is_of_service(self) -> bool:
        """Whether the service is at fault, and not the probe."""
        return self.why not in _SAY_NOTHING


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """A purchase of the probe."""

    at: datetime
    """When it began."""
    reach: Reach
    seconds: float
    """From its beginning to its end, without the wait for its minute."""
    steps: Sequence[Taken]
    """Those that were done."""
    failure: Failure | None = None
    """None: it went through."""

    @property
    def doors(self) -> dict[Door, float]:
        """The seconds at each door that it passed."""
        found: dict[Door, float] = {}
        for one in self.steps:
            found[one.door] = round(found.get(one.door, 0) + one.seconds, 2)
        return found

    def healths(self) -> dict[Component, Health]:
        """How the components were that it went through. Those that it did not reach are left out."""
        seen: dict[Component, list[Health]] = {}
        for one in self.steps:
            slow = one.seconds > _SLOW_FROM.get(one.step, SLOW_S)
            seen.setdefault(_COMPONENTS[one.door], []).append(Health.DEGRADED if slow else Health.UP)
        if self.failure is not None and self.failure.is_of_service:
            seen.setdefault(_COMPONENTS[self.failure.door], []).append(Health.DOWN)
        return {component: worst(*healths) for component, healths in seen.items()}
