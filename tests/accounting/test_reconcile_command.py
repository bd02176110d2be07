"""What an officer does at the keyboard, as the operator's role."""

from __future__ import annotations

import asyncio
import subprocess
from pathlib import Path

import msgspec
import pytest

from tests.accounting.reports import Told, mt940
from tests.accounting.test_bank_statements import TODAY, TOMORROW
from tests.run_here import RunHere
from tests.sales.shop import Shop

pytestmark = pytest.mark.storage


async def test_an_officer_takes_files_in_and_explains_what_is_left(
    shop: Shop, run_here: RunHere, tmp_path: Path
) -> None:
    page = await shop.paid_quota(pieces=2)
    told = Told(TODAY).says("payment", page.payments[0].reference, 25_000, 175)
    (tmp_path / "report.csv").write_bytes(told.raw)
    (tmp_path / "day.sta").write_bytes(mt940(TOMORROW, [(24_825, told.reference), (700, "BUNGA")]))

    async def meterai(*words: str) -> subprocess.CompletedProcess[str]:
        env = {"METERAI_DATABASE_OPERATOR_URL": shop.database.urls.operator, "METERAI_DATA": str(tmp_path)}
        return await asyncio.to_thread(run_here, "reconcile", *words, env=env)

    taken = await meterai("report", str(tmp_path / "report.csv"), "--gateway", "fake")
    assert (taken.returncode, "Rp24.825. It is taken in." in taken.stdout) == (0, True), taken.stderr
    assert "2 lines" in (await meterai("statement", str(tmp_path / "day.sta"))).stdout
    shown = await meterai("differences", "--json")
    (left,) = msgspec.json.decode(shown.stdout)["differences"]
    assert (shown.returncode, left["name"], left["seen"]) == (1, "credit_unexplained", 700)
    assert "BUNGA" in (await meterai("differences")).stdout
    explained = await meterai("explain", left["subject"], "--as", "bank_cost", "--reason", "interest")
    assert explained.returncode == 0, explained.stderr
    assert (await meterai("differences")).returncode == 0
    again = await meterai("explain", left["subject"], "--as", "bank_cost", "--reason", "interest")
    assert (again.returncode, "Tidak ada uang" in again.stderr or "No money" in again.stderr) == (1, True)
    refused = await meterai("report", str(tmp_path / "day.sta"), "--gateway", "fake")
    assert (refused.returncode, "columns" in refused.stderr) == (1, True), refused.stderr
