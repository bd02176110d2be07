"""Service fee and VAT of each month, for the tax return and the accountant."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import msgspec

from meterai.kit.database import Connection
from meterai.kit.files.atomic_write import write_whole
from meterai.kit.formats.csv_export import csv_table
from meterai.partners.reports.files import ReportFiles


class FeeMonth(msgspec.Struct, frozen=True, kw_only=True):
    """Service fee and its VAT of one month (WIB), in rupiah. The fee is without VAT: it is the tax base."""

    month: str
    """`2026-11`."""
    fee_charged: int
    fee_returned: int
    """With refunds."""
    fee: int
    """Charged less returned."""
    vat_charged: int
    vat_returned: int
    vat: int
    """To be paid for the month."""


COLUMNS = FeeMonth.__struct_fields__
_SQL = """
    WITH moved AS (
        SELECT to_char(t.business_date, 'YYYY-MM') AS month, d.kind AS debit, c.kind AS credit,
            sum(t.amount)::bigint AS amount
        FROM ledger.transfer t JOIN ledger.account d ON d.id = t.debit_account_id
        JOIN ledger.account c ON c.id = t.credit_account_id
        WHERE t.posted_at IS NOT NULL AND t.business_date <= $2
            AND ($1::date IS NULL OR t.business_date >= $1)
        GROUP BY 1, 2, 3
    ), sums AS (
        SELECT month,
            coalesce(sum(amount) FILTER (WHERE credit = 'fee_income'), 0)::bigint AS fee_charged,
            coalesce(sum(amount) FILTER (WHERE debit = 'fee_income'), 0)::bigint AS fee_returned,
            coalesce(sum(amount) FILTER (WHERE credit = 'vat_payable'), 0)::bigint AS vat_charged,
            coalesce(sum(amount) FILTER (WHERE debit = 'vat_payable'), 0)::bigint AS vat_returned
        FROM moved GROUP BY month
    )
    SELECT month, fee_charged, fee_returned, fee_charged - fee_returned AS fee, vat_charged, vat_returned,
        vat_charged - vat_returned AS vat
    FROM sums ORDER BY month"""


async def read_fees(conn: Connection, *, first: date | None, last: date) -> list[FeeMonth]:
    """The months of a period that have bookings. `first`: None for the whole history."""
    return [FeeMonth(**dict(row)) for row in await conn.fetch(_SQL, first, last)]


def fees_csv(months: list[FeeMonth]) -> str:
    """The months as CSV."""
    return csv_table(COLUMNS, (map(str, msgspec.structs.astuple(one)) for one in months))


def write_fees_xlsx(path: Path, months: list[FeeMonth]) -> None:
    """Writes the months as a workbook; its second sheet has the sums. Raises: OSError."""
    sums = {name: sum(getattr(one, name) for one in months) for name in COLUMNS if name != "month"}
    with ReportFiles("Service fee and VAT", COLUMNS) as files:
        files.add([msgspec.structs.astuple(one) for one in months])
        files.finish(sums, "Sums")
        write_whole(path, files.xlsx_path.read_bytes())
