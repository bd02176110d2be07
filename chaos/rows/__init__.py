"""The rows, a module for each group."""

from __future__ import annotations

from typing import Final

from chaos.row import Row
from chaos.rows import database, files, links, money, neighbours, strain, workers

ROWS: Final[tuple[type[Row], ...]] = (
    *workers.ROWS,
    *money.ROWS,
    *database.ROWS,
    *files.ROWS,
    *links.ROWS,
    *neighbours.ROWS,
    *strain.ROWS,
)
"""In the order in which they are played: rows that disturb much come last."""
