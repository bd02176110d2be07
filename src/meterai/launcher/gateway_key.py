"""Checks the key of the payment gateway before the service starts."""

from __future__ import annotations

import asyncio

from meterai.kit.settings import Settings
from meterai.launcher.preparation import LaunchProblem


def check_gateway_key(settings: Settings) -> str:
    """Asks the gateway for a payment that there is not. Returns a warning when the gateway can't say.

    Without METERAI_GATEWAY_URL a twin of ours is used, and nothing is asked.

    Raises: LaunchProblem when the gateway refuses the key.
    """
    if not settings.gateway_url:
        return ""
    from meterai.bootstrap import ask_gateway  # slow to import
    from meterai.sales.use_cases.check_gateway_key import is_wrong_key

    trouble = asyncio.run(ask_gateway(settings))
    if is_wrong_key(trouble):
        raise LaunchProblem(
            "METERAI_GATEWAY_SERVER_KEY: the gateway at METERAI_GATEWAY_URL refuses this key (401), so "
            "nobody could pay. Copy the server key of this merchant from the gateway's dashboard. Its test "
            "and its production have different keys and addresses."
        )
    if trouble:
        return (
            f"The gateway gave no answer ({trouble}), so METERAI_GATEWAY_SERVER_KEY was not checked. The "
            "worker looks again at its start and logs gateway.key_refused when it is wrong."
        )
    return ""
