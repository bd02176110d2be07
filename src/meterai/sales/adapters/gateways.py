"""The payment gateways that there are. `METERAI_PAYMENT_GATEWAY` names the one in use."""

from __future__ import annotations

from typing import Protocol, Self

from meterai.jail.pool import JailPool
from meterai.kit.settings import Settings
from meterai.sales.adapters.midtrans import Midtrans
from meterai.sales.ports import PaymentGateway


class GatewayAdapter(PaymentGateway, Protocol):
    """A payment gateway that opens itself from the settings."""

    @classmethod
    def from_settings(cls, settings: Settings, jail: JailPool) -> Self:
        """Opens the gateway with its address and keys. Connects when it is first asked.

        `jail`: opens what the gateway sends and a parser has to read, such as pictures.
        """
        ...

    async def close(self) -> None:
        """Closes the connections."""
        ...


GATEWAYS: dict[str, type[GatewayAdapter]] = {
    Midtrans.name: Midtrans,
}
"""Name -> adapter. The name is stored with each payment and stands in the address for notices."""


def adapter_of(settings: Settings) -> type[GatewayAdapter]:
    """The adapter that the settings choose. Raises: ValueError naming the gateways that there are."""
    adapter = GATEWAYS.get(settings.payment_gateway)
    if adapter is None:
        raise ValueError(
            f"METERAI_PAYMENT_GATEWAY: {settings.payment_gateway!r} is no gateway; "
            f"there is {', '.join(sorted(GATEWAYS))}"
        )
    return adapter
