"""A bank, or a payment service, that speaks BI-SNAP: QRIS and virtual accounts (docs/gateways.md)."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Self

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

from meterai.jail.pool import JailPool
from meterai.kernel.clock import Clock, system_clock
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.http.outside_service import CallLimits, CircuitBreaker
from meterai.kit.secret_settings import CREDENTIALS
from meterai.kit.settings import Settings
from meterai.sales.adapters.snap import notices
from meterai.sales.adapters.snap.accounts import Accounts
from meterai.sales.adapters.snap.client import Partner, SnapClient
from meterai.sales.adapters.snap.companies import read_companies
from meterai.sales.adapters.snap.notices import NoticeDoor
from meterai.sales.adapters.snap.qr_codes import QrCodes, refused
from meterai.sales.adapters.snap.wire import Said, unusable
from meterai.sales.ports import (
    Channel,
    ChannelOf,
    Charge,
    ChargeRequest,
    GatewayStatus,
    Notice,
    RefundResult,
    Reply,
)
from meterai.sales.prices import ChannelCost

KEY_BITS_LEAST: Final = 2048
OF_QRIS: Final = ChannelCost(basis_points=70)
OF_TRANSFERS: Final = ChannelCost(flat=3_000)
"""What a bank keeps. Bank Indonesia sets the rate for QRIS; the other is agreed with the bank."""


class Snap:
    """PaymentGateway over BI-SNAP.

    - `merchant`: our merchant id for QRIS; empty: it takes no QRIS.
    - `companies`: our company's number at the bank of each virtual account.
    - `channel_of`: QRIS and virtual accounts are asked for in different ways, and a reference does not say
      which it is.
    """

    name = "snap"
    notice_paths = frozenset(notices.SERVICES)

    def __init__(
        self,
        base_url: str,
        partner: Partner,
        *,
        bank_key: RSAPublicKey,
        merchant: str,
        companies: Mapping[Channel, str],
        channel_of: ChannelOf,
        clock: Clock = system_clock,
        limits: CallLimits | None = None,
        breaker: CircuitBreaker | None = None,
    ) -> None:
        self.costs: Mapping[Channel, ChannelCost] = {
            **({Channel.QRIS: OF_QRIS} if merchant else {}),
            **dict.fromkeys(companies, OF_TRANSFERS),
        }
        self._client = SnapClient(base_url, partner, clock=clock, limits=limits, breaker=breaker)
        self._codes = QrCodes(self._client, merchant)
        self._accounts = Accounts(self._client, companies)
        self._door = NoticeDoor(partner, bank_key, clock=clock)
        self._channel_of = channel_of

    @classmethod
    def from_settings(cls, settings: Settings, jail: JailPool, *, channel_of: ChannelOf) -> Self:
        """Opens the gateway at `METERAI_SNAP_URL`. Raises: ValueError for a key file that can't be used."""
        partner = Partner(
            client_id=settings.snap_client_id,
            channel_id=settings.snap_channel_id,
            secret=settings.snap_client_secret,
            key=_private_key(settings.snap_private_key),
        )
        return cls(
            settings.snap_url,
            partner,
            bank_key=_public_key(settings.snap_bank_key),
            merchant=settings.snap_merchant_id,
            companies=read_companies(settings.snap_companies),
            channel_of=channel_of,
        )

    @property
    def is_healthy(self) -> bool:
        """See PaymentGateway."""
        return self._client.is_healthy

    async def close(self) -> None:
        """Closes the connections."""
        await self._client.close()

    async def create_charge(self, request: ChargeRequest) -> Charge:
        """See PaymentGateway. A repeat is known by partnerReferenceNo, or trxId."""
        if request.channel not in self.costs:
            raise Refusal(Kind.INVALID, "gateway.charge_refused")
        way = self._codes if request.channel is Channel.QRIS else self._accounts
        return await way.open(request)

    async def get_status(self, reference: str) -> GatewayStatus:
        """See PaymentGateway."""
        channel = await self._channel(reference)
        if channel is Channel.QRIS:
            return await self._codes.fetch(reference)
        return await self._accounts.fetch(reference, channel)

    async def refund(self, reference: str, amount: int, refund_key: str, reason: str) -> RefundResult:
        """See PaymentGateway. A transfer to a virtual account goes back by payout alone."""
        if await self._channel(reference) is not Channel.QRIS:
            raise refused(Said(), "gateway.refund_refused", Kind.CONFLICT)
        return await self._codes.refund(reference, amount, refund_key=refund_key, reason=reason)

    async def expire(self, reference: str) -> GatewayStatus:
        """See PaymentGateway. A bank that deletes an account may forget it: that counts as expired."""
        channel = await self._channel(reference)
        if channel is Channel.QRIS:
            return await self._codes.close(reference)
        return await self._accounts.close(reference, channel)

    def parse_notice(self, raw: bytes, headers: Mapping[str, str], path: str) -> Notice | Reply:
        """See PaymentGateway. Before its notices the gateway fetches a token of ours."""
        return self._door.read(raw, headers, path)

    def acknowledge(self, raw: bytes, path: str) -> Reply:
        """See PaymentGateway."""
        return notices.acknowledge(raw, path)

    def refuse_notice(self, refusal: Refusal, path: str) -> Reply:
        """See PaymentGateway."""
        return notices.refuse(refusal, path)

    async def _channel(self, reference: str) -> Channel:
        """The payment's; for one that there is not, any of ours: the gateway says that it is missing."""
        found = await self._channel_of(reference) or min(self.costs, default=None)
        if found is None:
            raise unusable("channel_not_set")
        return found


def _private_key(path: str) -> RSAPrivateKey:
    try:
        is_credential = os.environ.get(CREDENTIALS) == str(Path(path).parent)
        if Path(path).stat().st_mode & 0o007 and not is_credential:
            raise ValueError(f"every user of this machine can use it; first run: chmod o= {path}")
        key = load_pem_private_key(Path(path).read_bytes(), password=None)
    except (OSError, ValueError, TypeError) as error:
        raise ValueError(f"METERAI_SNAP_PRIVATE_KEY: {path!r} is no key that we can use ({error})") from None
    if not isinstance(key, RSAPrivateKey) or key.key_size < KEY_BITS_LEAST:
        raise ValueError(f"METERAI_SNAP_PRIVATE_KEY: {path!r} must be an RSA key of {KEY_BITS_LEAST} bits")
    return key


def _public_key(path: str) -> RSAPublicKey:
    try:
        key = load_pem_public_key(Path(path).read_bytes())
    except (OSError, ValueError) as error:
        raise ValueError(f"METERAI_SNAP_BANK_KEY: {path!r} is no key that we can use ({error})") from None
    if not isinstance(key, RSAPublicKey) or key.key_size < KEY_BITS_LEAST:
        raise ValueError(f"METERAI_SNAP_BANK_KEY: {path!r} must be an RSA key of {KEY_BITS_LEAST} bits")
    return key
