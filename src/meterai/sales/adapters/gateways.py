"""The payment gateways that there are. `METERAI_PAYMENT_GATEWAYS` names those in use."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Protocol, Self

from meterai.jail.pool import JailPool
from meterai.kit.settings import Settings, gateway_names
from meterai.sales.adapters.midtrans import Midtrans
from meterai.sales.adapters.snap.gateway import Snap
from meterai.sales.gateways import Gateways
from meterai.sales.ports import ChannelOf, PaymentGateway


class GatewayAdapter(PaymentGateway, Protocol):
    """A payment gateway that opens itself from the settings."""

    @classmethod
    def from_settings(cls, settings: Settings, jail: JailPool, *, channel_of: ChannelOf) -> Self:
        """Opens the gateway with its address and keys. Connects when it is first asked.

        - `jail`: opens what the gateway sends and a parser has to read, such as pictures.
        - `channel_of`: for a gateway that is asked about each channel in another way.
        """
        ...

    async def close(self) -> None:
        """Closes the connections."""
        ...


GATEWAYS: dict[str, type[GatewayAdapter]] = {
    Midtrans.name: Midtrans,
    Snap.name: Snap,
}
"""Name -> adapter. The name is stored with each payment and stands in the address for notices."""


def adapters_of(settings: Settings) -> list[type[GatewayAdapter]]:
    """The adapters that the settings choose, in order of preference, each once.

    Raises: ValueError naming the gateways that there are.
    """
    names = gateway_names(settings)
    wrong = next((name for name in names if name not in GATEWAYS), None)
    if wrong is not None:
        raise ValueError(
            f"METERAI_PAYMENT_GATEWAYS: {wrong!r} is no gateway; there is {', '.join(sorted(GATEWAYS))}"
        )
    return [GATEWAYS[name] for name in names]


@asynccontextmanager
async def open_gateways(
    settings: Settings, jail: JailPool, *, channel_of: ChannelOf
) -> AsyncIterator[Gateways]:
    """Opens the gateways that the settings choose, and closes them at the end.

    Raises: ValueError, as `adapters_of`, and for keys that can't be used.
    """
    async with AsyncExitStack() as stack:
        opened = [
            adapter.from_settings(settings, jail, channel_of=channel_of) for adapter in adapters_of(settings)
        ]
        for gateway in opened:
            stack.push_async_callback(gateway.close)
        yield Gateways(opened)
