"""Virtual accounts over BI-SNAP: create (27), status (26), delete (31). Money goes back by payout alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from meterai.kernel.money import Rupiah
from meterai.kernel.refusals import Kind
from meterai.sales.adapters.snap.client import SnapClient
from meterai.sales.adapters.snap.qr_codes import refused
from meterai.sales.adapters.snap.signing import timestamp
from meterai.sales.adapters.snap.wire import (
    Account,
    Meaning,
    More,
    Said,
    Service,
    account_no,
    amount_of,
    amount_text,
    customer_no,
    is_nothing,
    service_id,
    state_of,
    unusable,
)
from meterai.sales.ports import Channel, Charge, ChargeRequest, GatewayState, GatewayStatus


class Accounts:
    """Charges that people pay by transfer to a number of their own.

    `companies`: our company's number at the bank of each channel.
    """

    def __init__(self, client: SnapClient, companies: Mapping[Channel, str]) -> None:
        self._client, self._companies = client, companies

    async def open(self, request: ChargeRequest) -> Charge:
        """Opens an account for one payment, or finds the one that an earlier call opened."""
        body = self._account(request.reference, request.channel) | {
            "virtualAccountName": request.description[:50],
            "trxId": request.reference,
            "totalAmount": amount_text(request.amount),
            "virtualAccountTrxType": "C",  # takes this amount and no other
            "expiredDate": timestamp(request.expires_at),
        }
        said = await self._client.call(Service.CREATE_VA, "/v1.0/transfer-va/create-va", body)
        if said.meaning in (Meaning.DUPLICATE, Meaning.REPEATED_ID):
            return await self._find(request, said)
        if said.meaning is not Meaning.DONE:
            raise refused(said, "gateway.charge_refused", Kind.INVALID)
        account = said.virtual_account_data or Account()
        if account.trx_id != request.reference:
            raise unusable("answer_of_another_charge")
        return self._charge(request, account, GatewayState.PENDING)

    async def fetch(self, reference: str, channel: Channel) -> GatewayStatus:
        """What stands of a charge."""
        return (await self._status(reference, channel))[0]

    async def close(self, reference: str, channel: Channel) -> GatewayStatus:
        """Deletes an account that nobody paid into. Says what stands then."""
        status, _ = await self._status(reference, channel)
        if status.state is not GatewayState.PENDING:
            return status
        body = self._account(reference, channel) | {"trxId": reference}
        said = await self._client.call(
            Service.DELETE_VA, "/v1.0/transfer-va/delete-va", body, method="DELETE"
        )
        after = await self.fetch(reference, channel)
        if after.state is GatewayState.MISSING and said.meaning is Meaning.DONE:
            return GatewayStatus(reference=reference, state=GatewayState.EXPIRED, channel=channel)
        return after

    async def _find(self, request: ChargeRequest, answer: Said) -> Charge:
        status, account = await self._status(request.reference, request.channel)
        if status.state is GatewayState.MISSING:  # the number is somebody else's
            raise refused(answer, "gateway.charge_lost", Kind.CONFLICT)
        if amount_of(account.total_amount or account.paid_amount) != request.amount:
            raise refused(answer, "gateway.charge_mismatch", Kind.CONFLICT)
        return self._charge(request, account, status.state)

    async def _status(self, reference: str, channel: Channel) -> tuple[GatewayStatus, Account]:
        body = self._account(reference, channel) | {
            "inquiryRequestId": reference,
            "additionalInfo": {"trxId": reference},
        }
        said = await self._client.call(Service.STATUS_VA, "/v1.0/transfer-va/status", body, reads=True)
        account = said.virtual_account_data or Account()
        of_another = account.trx_id not in ("", reference)
        if said.meaning is Meaning.MISSING or (said.meaning is Meaning.DONE and of_another):
            return GatewayStatus(reference=reference, state=GatewayState.MISSING), account
        if said.meaning is not Meaning.DONE:
            raise unusable(f"response_code_{said.response_code}")
        if account_no(account.virtual_account_no) != self._number(reference, channel):
            raise unusable("answer_of_another_order")
        return _status(reference, channel, account), account

    def _charge(self, request: ChargeRequest, account: Account, state: GatewayState) -> Charge:
        """The charge for people. At Mandiri they choose our company first, and then type the rest."""
        number = account_no(account.virtual_account_no)
        if number != self._number(request.reference, request.channel):
            raise unusable("answer_of_another_charge")
        company = self._company(request.channel) if request.channel is Channel.VA_MANDIRI else ""
        return Charge(
            reference=request.reference,
            transaction_id=account.reference_no or number,
            channel=request.channel,
            amount=request.amount,
            state=state,
            va_number=number.removeprefix(company),
            biller_code=company,
            payment_page_url=(account.additional_info or More()).sandbox_payment_page,
        )

    def _account(self, reference: str, channel: Channel) -> dict[str, Any]:
        """The account by its parts. Spaces before the company's number belong to it."""
        company, customer = service_id(self._company(channel)), customer_no(reference)
        return {
            "partnerServiceId": company,
            "customerNo": customer,
            "virtualAccountNo": company + customer,
        }

    def _number(self, reference: str, channel: Channel) -> str:
        return self._company(channel) + customer_no(reference)

    def _company(self, channel: Channel) -> str:
        company = self._companies.get(channel)
        if company is None:  # it was taken out of the settings
            raise unusable("channel_not_set")
        return company


def _status(reference: str, channel: Channel, account: Account) -> GatewayStatus:
    state = state_of(account.payment_flag_status or "03")
    if state is GatewayState.MISSING:
        return GatewayStatus(reference=reference, state=state)
    paid = Rupiah(0) if is_nothing(account.paid_amount) else amount_of(account.paid_amount)
    if state is GatewayState.SETTLED and not paid:
        state = GatewayState.UNKNOWN  # it says that it was paid, and not how much
    return GatewayStatus(
        reference=reference,
        state=state,
        transaction_id=account.reference_no or account.payment_request_id,
        amount=paid or amount_of(account.total_amount),
        channel=channel,
    )
