"""Business dates as invariants reckon them: the same day as the ledger books, up to the microsecond."""

from __future__ import annotations

import pytest

from meterai.operations.invariants.dates import OF_ANOTHER_DAY, day_of
from tests.storage_fixtures import TestDatabase

pytestmark = pytest.mark.storage
LAST, FIRST = "2026-12-31 16:59:59.999999Z", "2026-12-31 17:00Z"
"""The last moment of a year in Jakarta, and the first of the next."""


@pytest.mark.parametrize(
    "moment", ["1999-12-31 17:00Z", LAST, FIRST, "2028-02-28 17:00Z", "2030-06-30 23:59Z"]
)
async def test_a_day_is_the_one_that_the_ledger_books(database: TestDatabase, moment: str) -> None:
    ours, ledgers = await database.owner.fetchrow(
        f"SELECT {day_of('at')}, (at AT TIME ZONE 'Asia/Jakarta')::date"
        f" FROM (VALUES (TIMESTAMPTZ '{moment}')) v (at)"
    )
    assert ours == ledgers


@pytest.mark.parametrize(
    ("moment", "day", "other"),
    [
        (LAST, "2026-12-31", False),
        (LAST, "2027-01-01", True),
        (FIRST, "2026-12-31", True),
        (FIRST, "2027-01-01", False),
    ],
)
async def test_a_transfer_counts_on_the_day_on_which_it_was_made(
    database: TestDatabase, moment: str, day: str, *, other: bool
) -> None:
    found = await database.owner.fetchval(
        f"SELECT {OF_ANOTHER_DAY}"
        f" FROM (VALUES (TIMESTAMPTZ '{moment}', TIMESTAMPTZ '{moment}', DATE '{day}'))"
        " v (created_at, posted_at, business_date)"
    )
    assert found is other
