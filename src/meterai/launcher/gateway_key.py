"""Checks the keys of the payment gateways before the service starts."""

from __future__ import annotations

import asyncio
from typing import Final

import msgspec

from meterai.kit.settings import Settings, gateway_names
from meterai.launcher.preparation import LaunchProblem

_KEYS: Final = {
    "midtrans": ("gateway_url", "gateway_server_key"),
    "snap": ("snap_url", "snap_client_secret"),
}
"""Gateway -> the settings of its address and of what it knows us by."""


def check_gateway_key(settings: Settings) -> str:
    """Asks each gateway for a payment that there is not. Returns a warning when one can't say.

    A gateway without an address is a twin of ours, and is not asked.

    Raises: LaunchProblem when a gateway refuses the key; ValueError for a key file that can't be used.
    """
    real = [name for name in gateway_names(settings) if name in _KEYS and _setting(settings, name, 0)]
    if not real:
        return ""
    from meterai.bootstrap import ask_gateways  # slow to import
    from meterai.sales.use_cases.check_gateway_key import is_wrong_key

    asked = msgspec.structs.replace(settings, payment_gateways=",".join(real))
    troubles = {name: why for name, why in asyncio.run(ask_gateways(asked)).items() if why}
    for name, why in troubles.items():
        if is_wrong_key(why):
            raise LaunchProblem(
                f"{_variable(name, 1)}: the gateway at {_variable(name, 0)} refuses this key (401), so "
                "nobody could pay. Copy the key of this merchant from the gateway's dashboard. Its test and "
                "its production have different keys and addresses."
            )
    return " ".join(
        f"The gateway gave no answer ({why}), so {_variable(name, 1)} was not checked. The worker looks "
        "again at its start and logs gateway.key_refused when it is wrong."
        for name, why in troubles.items()
    )


def _setting(settings: Settings, name: str, which: int) -> str:
    return str(getattr(settings, _KEYS[name][which]))


def _variable(name: str, which: int) -> str:
    return f"METERAI_{_KEYS[name][which].upper()}"
