"""A turn of the worker: it fetches reports from the twin, takes dropped files, and settles what was lost."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest
import pytest_asyncio
from aiohttp import web

from meterai.accounting.reconciling import Reconciler
from meterai.accounting.reports.reading import read_report
from meterai.accounting.reports.server import ReportServers
from meterai.kit.settings import from_environment
from meterai.ledger.model import SELLER, AccountKind, account_id
from sandbox.gateway.charges import Book
from sandbox.gateway.core_api import basic_authorization
from sandbox.gateway.faults import Faults, FaultScript
from sandbox.gateway.notices import NoticeSender
from sandbox.gateway.settlements import Settlements
from sandbox.gateway.till import Till
from tests.accounting.reports import mt940, names
from tests.ports import free_port
from tests.sales.shop import Shop
from tests.sandbox.twins import served

TODAY, TOMORROW = date(2026, 9, 5), date(2026, 9, 6)
KEY = "a key"


def till_of(folder: Path, shop: Shop) -> Till:
    """The twin's till, by the shop's clock."""
    book = Book(folder, now=shop.clock().timestamp())
    sender = NoticeSender(book, notify_url="", server_key=KEY)
    return Till(book, FaultScript(), sender, clock=lambda: shop.clock().timestamp())


def charged(till: Till, reference: str, amount: int = 25_000, channel: str = "qris") -> None:
    """A charge that was paid."""
    payment = till.charge(
        order_id=reference,
        channel=channel,
        amount=amount,
        name="",
        expires_at=till.clock() + 900,
        idempotency_key="",
    )
    till.pay(payment)


@dataclass
class Worker:
    """The worker's turn, beside the twin."""

    shop: Shop
    till: Till
    folder: Path
    reconciler: Reconciler

    async def bank_transit(self) -> int:
        return -await self.shop.balance(account_id(AccountKind.BANK_TRANSIT, SELLER))


@pytest_asyncio.fixture
async def worker(shop: Shop, tmp_path: Path) -> AsyncIterator[Worker]:
    till = till_of(tmp_path / "twin", shop)
    application = web.Application()
    application.add_routes(Settlements(till, basic_authorization(KEY), name="MT").routes())
    async with served(application, free_port()) as url:
        settings = from_environment(
            {
                "METERAI_SETTLEMENT_REPORTS": f"fake={url}/settlements/{{day}}.csv",
                "METERAI_SETTLEMENT_KEYS": f"fake={KEY}",
            }
        )
        servers = ReportServers.from_settings(settings)
        folder = tmp_path / "reconciliation"
        yield Worker(
            shop,
            till,
            folder,
            Reconciler(
                shop.database.worker, shop.gateways, servers.by_gateway, folder=folder, clock=shop.clock
            ),
        )
        await servers.close()


@pytest.mark.storage
async def test_a_lost_payment_is_settled_from_the_report_and_its_payout_is_found_at_the_bank(
    worker: Worker,
) -> None:
    shop = worker.shop
    placed = await shop.placed_quota(pieces=2)
    shop.gateway.pay(placed.payment.reference)  # nobody hears of it
    charged(worker.till, placed.payment.reference)
    assert await worker.reconciler.turn() == 14, "the days before are empty, and this one is not over"
    shop.pass_time(days=1)
    assert await worker.reconciler.turn() == 2
    assert (await names(shop), await names(shop, resolved=True)) == ([], ["not_booked"])
    assert await worker.bank_transit() == 24_825
    bank = worker.folder / "bank"
    (bank / "day.sta").write_bytes(mt940(TOMORROW, [(24_825, f"MT{TODAY:%Y%m%d}")]))
    (bank / "bad.sta").write_bytes(b":20:nothing")
    (bank / ".half.sta").write_bytes(b"")
    assert await worker.reconciler.turn() == 2
    assert await worker.bank_transit() == 0
    found = sorted(str(path.relative_to(bank)) for path in bank.rglob("*.sta"))
    assert found == [".half.sta", "refused/bad.sta", "taken/day.sta"]


@pytest.mark.storage
async def test_a_report_that_is_late_is_missed_and_fetched_once_it_is_there(worker: Worker) -> None:
    shop = worker.shop
    page = await shop.paid_quota(pieces=2)
    charged(worker.till, page.payments[0].reference)
    worker.till.script.everywhere = Faults(report_late=True)
    shop.pass_time(days=1, hours=3)
    await worker.reconciler.turn()
    assert await names(shop) == ["report_missing"]
    worker.till.script.everywhere = Faults(report_fee=500)
    await worker.reconciler.turn()
    assert await names(shop) == ["report_missing"], "it was asked for a moment ago"
    shop.pass_time(minutes=15)
    await worker.reconciler.turn()
    assert await names(shop) == []
    assert -await shop.balance(account_id(AccountKind.GATEWAY_COST, SELLER)) == 500


@pytest.mark.storage
async def test_a_report_that_was_corrected_is_fetched_again(worker: Worker) -> None:
    shop = worker.shop
    page = await shop.paid_quota(pieces=2)
    reference = page.payments[0].reference
    charged(worker.till, reference)
    worker.till.script.set(reference, Faults(report_amount=20_000))
    shop.pass_time(days=1)
    await worker.reconciler.turn()
    assert await names(shop) == ["amount_differs"]
    worker.till.script.set(reference, Faults())
    shop.pass_time(hours=6, minutes=1)
    await worker.reconciler.turn()
    assert await names(shop) == []


def test_what_the_twin_reports_adds_up_over_days_below_zero(tmp_path: Path) -> None:
    clock = [1_788_600_000.0]  # 5 September 2026, 16.00 WIB
    book = Book(tmp_path, now=clock[0])
    sender = NoticeSender(book, notify_url="", server_key=KEY)
    till = Till(book, FaultScript(), sender, clock=lambda: clock[0])
    twin = Settlements(till, b"", name="MT")
    charged(till, "A-1")
    clock[0] += 86_400
    till.refund(till.find("A-1"), refund_key="r", amount=25_000, reason="")
    clock[0] += 86_400
    charged(till, "B-1", 30_000, channel="echannel")
    reports = [
        read_report(twin.report(date(2026, 9, 5 + day)).encode(), gateway="midtrans") for day in range(3)
    ]
    assert [one.payout for one in reports] == [24_825, 0, 1_000]
    for one in reports:
        signed = [
            line.amount * (1 if line.kind in ("payment", "carried") else -1) - line.fee for line in one.lines
        ]
        assert sum(signed) == one.payout
