"""Asks the payment gateway whether it knows our key, without opening a payment."""

from __future__ import annotations

import structlog

from meterai.kernel.refusals import Refusal
from meterai.sales.gateways import Gateways
from meterai.sales.ports import PaymentGateway

log = structlog.get_logger(__name__)
_NO_PAYMENT = "meterai-key-check"
"""A reference that no payment of ours has. The gateway answers that it is unknown, if it knows the key."""
_KEY_REFUSED = "status_code_401"


async def gateway_trouble(gateway: PaymentGateway) -> str:
    """Why the gateway gave no good answer; empty: it knows our key."""
    try:
        await gateway.get_status(_NO_PAYMENT)
    except Refusal as refusal:
        return str(refusal.facts.get("reason", refusal.code))
    return ""


def is_wrong_key(trouble: str) -> bool:
    """Whether the gateway refuses the key itself. Other troubles pass."""
    return trouble == _KEY_REFUSED


async def note_gateway_keys(gateways: Gateways) -> int:
    """Looks at the key of each gateway and logs when one refuses it."""
    for gateway in gateways:
        if is_wrong_key(await gateway_trouble(gateway)):
            log.error("gateway.key_refused", gateway=gateway.name)
    return 0
