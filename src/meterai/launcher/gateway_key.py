"""Checks the key of the payment gateway before the service starts."""

from __future__ import annotations

import asyncio

from meterai.kit.settings import Settings
from meterai.launcher.preparation import LaunchProblem


def check_gateway_key(settings: Settings) -> str:
    """Asks each gateway for a payment that there is not. Returns a warning when one can't say.

    Without METERAI_GATEWAY_URL a twin of ours is used, and nothing is asked.

    Raises: LaunchProblem when the gateway refuses the key.
    """
    if not settings.gateway_url:
        return ""
    from meterai.bootstrap import ask_gateways  # slow to import
    from meterai.sales.use_cases.check_gateway_key import is_wrong_key

    troubles = [trouble for trouble in asyncio.run(ask_gateways(settings)).values() if trouble]
    if any(map(is_wrong_key, troubles)):
        raise LaunchProblem(
            "METERAI_GATEWAY_SERVER_KEY: the gateway at METERAI_GATEWAY_URL refuses this key (401), so "
            "nobody could pay. Copy the server key of this merchant from the gateway's dashboard. Its test "
            "and its production have different keys and addresses."
        )
    if troubles:
        return (
            f"The gateway gave no answer ({troubles[0]}), so METERAI_GATEWAY_SERVER_KEY was not checked. The "
            "worker looks again at its start and logs gateway.key_refused when it is wrong."
        )
    return ""
